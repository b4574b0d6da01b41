//! The ground that a walk went over, as a set of small tiles.

use super::{Place, Tile, Walk};

/// Tiles of this zoom are some 50 m wide in the middle latitudes.
pub const ZOOM: u32 = 19;

/// A sorted set of tiles of zoom 19; every tile farther out follows from it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cells(Vec<u64>);

impl Cells {
    /// The cells that a walk went through, where it is to be kept.
    pub fn of(walk: &Walk, is_kept: impl Fn(Place) -> bool) -> Self {
        let mut cells = Vec::new();
        let mut visit = |place: Place| {
            let cell = number(Tile::of(place, ZOOM));
            if cells.last() != Some(&cell) && is_kept(place) {
                cells.push(cell);
            }
        };
        walk.places.first().into_iter().for_each(|place| visit(*place));
        for index in 1..walk.places.len() {
            let (from, to) = (walk.places[index - 1], walk.places[index]);
            if walk.leads_to(index) {
                between(from, to).for_each(|share| visit(from.toward(to, share)));
            }
            visit(to);
        }
        Self::sorted(cells)
    }

    fn sorted(mut cells: Vec<u64>) -> Self {
        cells.sort_unstable();
        cells.dedup();
        Self(cells)
    }

    /// The tiles of a zoom that the cells are in, each once.
    pub fn tiles(&self, zoom: u32) -> Vec<Tile> {
        let out = ZOOM.saturating_sub(zoom);
        let mut tiles: Vec<Tile> = self.0.iter().map(|cell| tile(*cell).parent(out)).collect();
        tiles.sort_unstable();
        tiles.dedup();
        tiles
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The differences of the cells, seven bits a byte, the lowest first, the high bit saying that more follow.
    pub fn pack(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.0.len() * 2);
        let mut last = 0;
        for cell in &self.0 {
            let mut step = cell - last;
            while step >= 0x80 {
                bytes.push((step & 0x7f) as u8 | 0x80);
                step >>= 7;
            }
            bytes.push(step as u8);
            last = *cell;
        }
        bytes
    }

    /// The cells of bytes that [`Cells::pack`] made; nothing where they are damaged.
    pub fn unpack(bytes: &[u8]) -> Option<Self> {
        let mut cells = Vec::with_capacity(bytes.len() / 2);
        let (mut last, mut step, mut shift) = (0_u64, 0_u64, 0);
        for byte in bytes {
            step |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 != 0 {
                shift += 7;
                if shift > 35 {
                    return None;
                }
                continue;
            }
            let cell = last + step;
            if cell >> (2 * ZOOM) != 0 || (step == 0 && !cells.is_empty()) {
                return None;
            }
            cells.push(cell);
            (last, step, shift) = (cell, 0, 0);
        }
        (shift == 0).then_some(Self(cells))
    }
}

fn number(tile: Tile) -> u64 {
    u64::from(tile.y) << ZOOM | u64::from(tile.x)
}

fn tile(cell: u64) -> Tile {
    Tile { y: (cell >> ZOOM) as u32, x: (cell & ((1 << ZOOM) - 1)) as u32 }
}

/// Shares of a step at which to look so that no cell is stepped over; none where it stays in one.
fn between(from: Place, to: Place) -> impl Iterator<Item = f64> {
    let (one, other) = (Tile::of(from, ZOOM), Tile::of(to, ZOOM));
    let across = 1_u32 << ZOOM;
    let east = one.x.abs_diff(other.x);
    // The shorter way round, over the date line too.
    let cells = east.min(across - east).max(one.y.abs_diff(other.y));
    let pieces = cells * 3;
    (1..pieces).map(move |piece| f64::from(piece) / f64::from(pieces))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn walk(degrees: &[(f64, f64)], breaks: &[usize]) -> Walk {
        let places: Vec<Place> = degrees
            .iter()
            .map(|(latitude, longitude)| Place { latitude: *latitude, longitude: *longitude })
            .collect();
        Walk { time_ms: Vec::new(), at: (0..places.len()).collect(), places, breaks: breaks.to_vec() }
    }

    fn count(degrees: &[(f64, f64)], breaks: &[usize]) -> usize {
        Cells::of(&walk(degrees, breaks), |_| true).len()
    }

    #[test]
    fn a_long_step_goes_through_all_cells_between_and_a_gap_through_none() {
        // A cell is 360 / 2^19 degrees wide, here 52 m.
        let eastward = [(47.0, 8.0), (47.0, 8.01)];
        assert_eq!(count(&eastward, &[]), 16);
        assert_eq!(count(&eastward, &[1]), 2);
    }

    #[test]
    fn the_date_line_is_no_wall() {
        let cells = Cells::of(&walk(&[(0.0, 179.998), (0.0, -179.998)], &[]), |_| true);
        assert_eq!((cells.len(), cells.tiles(1).len()), (6, 2));
    }

    #[test]
    fn what_is_not_to_be_kept_is_left_out() {
        let kept = Cells::of(&walk(&[(47.0, 8.0), (47.0, 8.01)], &[]), |place| place.longitude > 8.005);
        assert_eq!(kept.len(), 8);
    }

    #[test]
    fn damaged_bytes_are_refused() {
        for bytes in [[0x80].as_slice(), &[1, 0], &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]] {
            assert_eq!(Cells::unpack(bytes), None, "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn cells_read_back(cells in prop::collection::vec(0_u64..1 << 38, 0..300)) {
            let cells = Cells::sorted(cells);
            prop_assert_eq!(Cells::unpack(&cells.pack()), Some(cells));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = Cells::unpack(&bytes);
        }
    }
}
