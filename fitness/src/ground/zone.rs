//! Circles that nobody but the athlete is shown.

use sha2::{Digest, Sha256};

use super::plane::{Plane, away_m};
use super::{DEGREE_M, Place, eastward};

/// A circle that the athlete gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Zone {
    pub id: String,
    pub middle: Place,
    pub radius_m: f64,
}

/// All circles of an athlete, as they cut.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Zones(Vec<(Place, f64)>);

impl Zones {
    /// The circles that cut. Where tracks end lies on a circle, and its middle would be the door: so each is moved by
    /// a third of its radius, whichever way its id says, and so much larger that the given one stays inside.
    pub fn of(zones: &[Zone]) -> Self {
        Self(zones.iter().map(moved).collect())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// True where a place is not to be shown.
    pub fn cuts(&self, place: Place) -> bool {
        self.0.iter().any(|(middle, radius_m)| middle.meters_to(place) <= *radius_m)
    }

    /// The widest circle that hides a place: its middle, and how wide it is in metres.
    pub fn around(&self, place: Place) -> Option<(Place, f64)> {
        let hiding = self.0.iter().filter(|(middle, radius_m)| middle.meters_to(place) <= *radius_m);
        let (middle, radius_m) = hiding.max_by(|one, other| one.1.total_cmp(&other.1))?;
        Some((*middle, 2.0 * radius_m))
    }

    /// True where a line goes through a circle, be none of its places in it.
    pub fn meets(&self, line: &[Place]) -> bool {
        let within = |(middle, radius_m): &(Place, f64)| {
            let plane = Plane::at(*middle);
            let way: Vec<(f64, f64)> = line.iter().map(|place| plane.xy(*place)).collect();
            way.windows(2).any(|piece| away_m((0.0, 0.0), piece[0], piece[1]) <= *radius_m)
        };
        line.iter().any(|place| self.cuts(*place)) || self.0.iter().any(within)
    }
}

fn moved(zone: &Zone) -> (Place, f64) {
    let hash = Sha256::digest(zone.id.as_bytes());
    let turn = f64::from(u16::from_le_bytes([hash[0], hash[1]])) / f64::from(u16::MAX);
    let (north, east) = (turn * std::f64::consts::TAU).sin_cos();
    let degrees = zone.radius_m / 3.0 / DEGREE_M;
    let shrunk = zone.middle.latitude.to_radians().cos().max(0.01);
    let middle = Place {
        latitude: (zone.middle.latitude + north * degrees).clamp(-90.0, 90.0),
        longitude: eastward(0.0, zone.middle.longitude + east * degrees / shrunk),
    };
    // A hundredth more, since the ground is no plane.
    (middle, zone.radius_m * 4.0 / 3.0 * 1.01)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_cut_circle_holds_the_given_one(
            id in "[a-z]{1,9}", latitude in -70.0..70.0, longitude in -179.9..179.9, radius_m in 50.0..5000.0,
            turn in 0.0..std::f64::consts::TAU, share in 0.0..1.0,
        ) {
            let middle = Place { latitude, longitude };
            let zones = Zones::of(&[Zone { id, middle, radius_m }]);
            let (north, east) = turn.sin_cos();
            let degrees = share * radius_m / DEGREE_M;
            let inside = Place {
                latitude: latitude + north * degrees,
                longitude: longitude + east * degrees / latitude.to_radians().cos(),
            };
            prop_assert!(zones.cuts(inside));
            let outside = Place { latitude: latitude + 1.8 * radius_m / DEGREE_M, longitude };
            prop_assert!(!zones.cuts(outside));
        }
    }

    #[test]
    fn a_line_that_goes_through_a_circle_meets_it() {
        let at = |latitude, longitude| Place { latitude, longitude };
        let zones = Zones::of(&[Zone { id: "home".to_owned(), middle: at(47.0, 8.0), radius_m: 300.0 }]);
        assert!(zones.meets(&[at(47.0, 7.9), at(47.0, 8.1)]), "no place of it lies inside");
        assert!(!zones.meets(&[at(47.01, 7.9), at(47.01, 8.1)]));
        assert!(zones.meets(&[at(47.0, 8.0)]));
        assert!(!zones.meets(&[]));
    }

    #[test]
    fn of_the_circles_around_a_place_the_widest_is_told() {
        let middle = Place { latitude: 47.0, longitude: 180.0 };
        let zone = |id: &str, radius_m| Zone { id: id.to_owned(), middle, radius_m };
        let zones = Zones::of(&[zone("narrow", 300.0), zone("wide", 600.0), zone("other", 300.0)]);
        let (of_it, wide_m) = zones.around(middle).unwrap();
        assert!((wide_m - 1_616.0).abs() < 1.0, "{wide_m}");
        assert!(of_it.longitude.abs() <= 180.0 && (of_it.meters_to(middle) - 200.0).abs() < 2.0, "{of_it:?}");
        assert_eq!(zones.around(Place { latitude: 47.1, longitude: 180.0 }), None);
    }

    #[test]
    fn the_middle_of_what_is_cut_is_not_the_door() {
        let middle = Place { latitude: 47.0, longitude: 8.0 };
        let (of_cut, _) = moved(&Zone { id: "home".to_owned(), middle, radius_m: 300.0 });
        assert!((of_cut.meters_to(middle) - 100.0).abs() < 1.0);
    }
}
