//! Circles that nobody but the athlete is shown.

use sha2::{Digest, Sha256};

use super::{DEGREE_M, Place};

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
}

fn moved(zone: &Zone) -> (Place, f64) {
    let hash = Sha256::digest(zone.id.as_bytes());
    let turn = f64::from(u16::from_le_bytes([hash[0], hash[1]])) / f64::from(u16::MAX);
    let (north, east) = (turn * std::f64::consts::TAU).sin_cos();
    let degrees = zone.radius_m / 3.0 / DEGREE_M;
    let shrunk = zone.middle.latitude.to_radians().cos().max(0.01);
    let middle = Place {
        latitude: (zone.middle.latitude + north * degrees).clamp(-90.0, 90.0),
        longitude: zone.middle.longitude + east * degrees / shrunk,
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
    fn the_middle_of_what_is_cut_is_not_the_door() {
        let middle = Place { latitude: 47.0, longitude: 8.0 };
        let (of_cut, _) = moved(&Zone { id: "home".to_owned(), middle, radius_m: 300.0 });
        assert!((of_cut.meters_to(middle) - 100.0).abs() < 1.0);
    }
}
