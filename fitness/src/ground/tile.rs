//! Tiles of the web's maps, by which ground is counted.

use super::Place;

/// Beyond this latitude the map ends.
const LATITUDE_MOST: f64 = 85.051_128;

/// A square of the map in Web Mercator; `x` counts to the east and `y` to the south.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    pub y: u32,
    pub x: u32,
}

impl Tile {
    /// The tile of a place; what lies beyond the map is on its edge.
    pub fn of(place: Place, zoom: u32) -> Self {
        let across = f64::from(1_u32 << zoom);
        let latitude = place.latitude.clamp(-LATITUDE_MOST, LATITUDE_MOST).to_radians();
        let east = (place.longitude + 180.0) / 360.0;
        let south = (1.0 - latitude.tan().asinh() / std::f64::consts::PI) / 2.0;
        let last = (1_u32 << zoom) - 1;
        // `as` saturates.
        Self { x: ((east * across) as u32).min(last), y: ((south * across) as u32).min(last) }
    }

    /// The tile that it is a part of, so many zooms farther out.
    pub fn parent(self, zooms: u32) -> Self {
        Self { x: self.x >> zooms, y: self.y >> zooms }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(latitude: f64, longitude: f64, zoom: u32, wanted: (u32, u32)) {
        let tile = Tile::of(Place { latitude, longitude }, zoom);
        assert_eq!((tile.x, tile.y), wanted);
    }

    #[test]
    fn tiles_are_those_of_the_maps() {
        check(0.0, 0.0, 1, (1, 1));
        check(47.05, 8.31, 14, (8570, 5759));
        check(51.5074, -0.1278, 10, (511, 340));
    }

    #[test]
    fn what_lies_beyond_the_map_is_on_its_edge() {
        check(90.0, 180.0, 4, (15, 0));
        check(-90.0, -180.0, 4, (0, 15));
    }

    #[test]
    fn a_tile_is_a_part_of_that_of_the_same_place_farther_out() {
        let place = Place { latitude: 47.05, longitude: 8.31 };
        assert_eq!(Tile::of(place, 19).parent(5), Tile::of(place, 14));
    }
}
