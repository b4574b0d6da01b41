//! Which outings went the same way: a route is what two or more of them have in common.

use super::plane::{Plane, away_m};
use super::{Line, POINTS_APART_M, Place, Walk};

/// Raises with the rules: then all activities are looked at again.
pub const VERSION: i64 = 1;

/// Places of a signature.
const PLACES: usize = 64;
/// A shorter way is no route.
const LEAST_M: f64 = 500.0;
/// Ways whose lengths differ by more than this share of the longer one are not the same.
const LENGTH_SHARE: f64 = 0.05;
/// Ways that begin farther apart than this, or than that share of their length, are not the same.
const START_APART_M: f64 = 200.0;
const START_SHARE: f64 = 0.02;
/// A place this far from the other way, or by that share of the length, is off it. The metres are what a receiver and
/// the other side of a street make up, the share what lies between two places of a signature on a long way.
const AWAY_M: f64 = 40.0;
const AWAY_SHARE: f64 = 0.005;
/// So many places of a signature must lie on the other way; the rest is a detour.
const PLACES_LEAST: usize = 58;
/// So many places before and behind are looked at: a way that is 5 % longer has fallen 3.2 places behind at its end.
const BEHIND: usize = 4;

/// A way at 64 places, equally far from each other.
#[derive(Debug, Clone, PartialEq)]
pub struct Signature {
    /// The group of sports that it is compared within.
    pub sports: String,
    pub meters: f64,
    pub places: Vec<Place>,
}

impl Signature {
    /// The signature of a walk; nothing of one that is shorter than 500 m. A gap counts as the straight way over it.
    pub fn of(walk: &Walk, sports: &str) -> Option<Self> {
        // What a receiver strays while somebody waits would add up to a longer way.
        let line = Line::of(walk.places.clone()).thinned(POINTS_APART_M);
        let meters = line.meters();
        (meters >= LEAST_M).then(|| Self {
            sports: sports.to_owned(),
            meters,
            places: line.resampled(PLACES),
        })
    }

    /// True where both went the same way, in the same direction, from about the same place.
    pub fn is_same(&self, other: &Self) -> bool {
        let longer_m = self.meters.max(other.meters);
        if (self.meters - other.meters).abs() > LENGTH_SHARE * longer_m || self.sports != other.sports {
            return false;
        }
        let (Some(start), Some(other_start)) = (self.places.first(), other.places.first()) else {
            return false;
        };
        if start.meters_to(*other_start) > START_APART_M.max(START_SHARE * longer_m) {
            return false;
        }
        let plane = Plane::at(*start);
        let drawn = |of: &Self| of.places.iter().map(|place| plane.xy(*place)).collect::<Vec<_>>();
        let (one, another) = (drawn(self), drawn(other));
        let away_m = AWAY_M.max(AWAY_SHARE * longer_m);
        keeps_to(&one, &another, away_m) && keeps_to(&another, &one, away_m)
    }
}

/// True where enough places lie on a way, each beside where it is as far along.
fn keeps_to(places: &[(f64, f64)], way: &[(f64, f64)], away_most_m: f64) -> bool {
    let is_on = |index: usize, place: (f64, f64)| {
        let to = (index + BEHIND + 1).min(way.len());
        let from = index.saturating_sub(BEHIND).min(to);
        way[from..to].windows(2).any(|piece| away_m(place, piece[0], piece[1]) <= away_most_m)
    };
    // Most ways are other ones, and show it soon.
    let off_most = places.len().saturating_sub(PLACES_LEAST);
    places.iter().enumerate().filter(|(index, place)| !is_on(*index, **place)).nth(off_most).is_none()
}

/// The founder of the route of each way, as its place in the list: the first way that it is the same as, or itself.
/// Whoever hands them over by time has the same groups in whichever order they came.
pub fn group(ways: &[&Signature]) -> Vec<usize> {
    let mut founders: Vec<usize> = Vec::new();
    let mut groups = Vec::with_capacity(ways.len());
    for (index, way) in ways.iter().enumerate() {
        let founder = founders.iter().copied().find(|founder| ways[*founder].is_same(way));
        if founder.is_none() {
            founders.push(index);
        }
        groups.push(founder.unwrap_or(index));
    }
    groups
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::DEGREE_M;
    use super::*;

    const LOOP: [(f64, f64); 5] = [(0.0, 0.0), (1500.0, 0.0), (1500.0, 1000.0), (0.0, 1000.0), (0.0, 30.0)];

    /// A way along corners in metres, with a place every 5 m, each moved as `noise` says.
    fn way(corners: &[(f64, f64)], noise: impl Fn(usize) -> (f64, f64)) -> Signature {
        let mut points: Vec<(f64, f64)> = Vec::new();
        for pair in corners.windows(2) {
            let (east, north) = (pair[1].0 - pair[0].0, pair[1].1 - pair[0].1);
            let steps = (east.hypot(north) / 5.0).ceil().max(1.0) as usize;
            points.extend((0..steps).map(|step| {
                let share = step as f64 / steps as f64;
                (pair[0].0 + share * east, pair[0].1 + share * north)
            }));
        }
        points.extend(corners.last());
        let shrunk = 47.0_f64.to_radians().cos();
        let places: Vec<Place> = points
            .iter()
            .enumerate()
            .map(|(index, (east, north))| {
                let (more_east, more_north) = noise(index);
                Place {
                    latitude: 47.0 + (north + more_north) / DEGREE_M,
                    longitude: 8.0 + (east + more_east) / DEGREE_M / shrunk,
                }
            })
            .collect();
        let walk = Walk { time_ms: Vec::new(), at: (0..places.len()).collect(), places, breaks: Vec::new() };
        Signature::of(&walk, "on foot").unwrap()
    }

    fn exact(corners: &[(f64, f64)]) -> Signature {
        way(corners, |_| (0.0, 0.0))
    }

    fn reversed(corners: &[(f64, f64)]) -> Vec<(f64, f64)> {
        corners.iter().rev().copied().collect()
    }

    fn check(corners: &[(f64, f64)], wanted: bool) {
        let (one, other) = (exact(&LOOP), exact(corners));
        assert_eq!((one.is_same(&other), other.is_same(&one)), (wanted, wanted), "{corners:?}");
    }

    #[test]
    fn a_signature_is_64_places_of_the_way() {
        let signature = exact(&LOOP);
        assert_eq!(signature.places.len(), 64);
        assert!((signature.meters - 4970.0).abs() < 15.0, "{}", signature.meters);
    }

    #[test]
    fn a_short_way_is_no_route() {
        let places: Vec<Place> =
            (0..40).map(|step| Place { latitude: 47.0 + f64::from(step) * 1e-4, longitude: 8.0 }).collect();
        let walk = Walk { time_ms: Vec::new(), at: (0..places.len()).collect(), places, breaks: Vec::new() };
        assert_eq!(Signature::of(&walk, "on foot"), None);
    }

    #[test]
    fn the_same_way_back_is_another_route() {
        check(&LOOP, true);
        check(&reversed(&LOOP), false);
    }

    #[test]
    fn a_loop_begun_elsewhere_is_another_route() {
        check(&[(1500.0, 0.0), (1500.0, 1000.0), (0.0, 1000.0), (0.0, 0.0), (1470.0, 0.0)], false);
    }

    #[test]
    fn noise_and_a_detour_of_50_m_do_not_part_it() {
        let noisy = way(&LOOP, |index| {
            let turn = index as f64 * 0.7;
            (3.0 * turn.sin(), 3.0 * (1.3 * turn).cos())
        });
        assert!(exact(&LOOP).is_same(&noisy) && noisy.is_same(&exact(&LOOP)));
        let round = [(700.0, 0.0), (700.0, -50.0), (800.0, -50.0), (800.0, 0.0)];
        let detour: Vec<(f64, f64)> = LOOP[..1].iter().chain(&round).chain(&LOOP[1..]).copied().collect();
        check(&detour, true);
    }

    #[test]
    fn another_length_or_another_side_of_the_lake_is_another_route() {
        check(&[(0.0, 0.0), (1500.0, 0.0), (1500.0, 1300.0), (0.0, 1300.0), (0.0, 30.0)], false);
        check(&[(0.0, 0.0), (1500.0, 0.0), (1500.0, -1000.0), (0.0, -1000.0), (0.0, -30.0)], false);
    }

    #[test]
    fn another_group_of_sports_has_routes_of_its_own() {
        let ridden = Signature { sports: "cycling".to_owned(), ..exact(&LOOP) };
        assert!(!exact(&LOOP).is_same(&ridden));
    }

    #[test]
    fn each_joins_the_first_that_it_is_same_as() {
        let (one, back) = (exact(&LOOP), exact(&reversed(&LOOP)));
        assert_eq!(group(&[&one, &back, &one, &back, &one]), [0, 1, 0, 1, 0]);
        assert!(group(&[]).is_empty());
    }

    proptest! {
        #[test]
        fn a_founder_is_of_its_own_route_and_the_same_way(
            east_m in prop::collection::vec(0.0..120.0_f64, 1..8),
        ) {
            let ways: Vec<Signature> = east_m
                .iter()
                .map(|east| exact(&[(0.0, 0.0), (*east, 600.0), (0.0, 1200.0)]))
                .collect();
            let groups = group(&ways.iter().collect::<Vec<_>>());
            for (index, founder) in groups.iter().enumerate() {
                prop_assert!(*founder <= index && groups[*founder] == *founder);
                prop_assert!(*founder == index || ways[*founder].is_same(&ways[index]));
            }
        }
    }
}
