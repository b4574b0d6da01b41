//! Which outings went the same way: a route is what two or more of them have in common.

use std::collections::HashMap;

use super::plane::{Plane, away_m};
use super::{Line, POINTS_APART_M, Place, Walk};

/// Raises with the rules: then all activities are looked at again.
pub const VERSION: i64 = 2;

/// Places of a signature.
const PLACES: usize = 64;
/// A shorter way is no route.
const LEAST_M: f64 = 500.0;
/// Ways whose lengths differ by more than this share of the longer one are not the same.
const LENGTH_SHARE: f64 = 0.05;
/// What sorts ways by their length lets so much more through, so that no rounding parts two.
const SLACK: f64 = 1.001;
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
        Founder::of(self).is_some_and(|founder| founder.is_same(other))
    }

    /// Between which lengths a way must be to be the same; a little more than that.
    pub fn lengths_m(&self) -> (f64, f64) {
        let share = 1.0 - SLACK * LENGTH_SHARE;
        (share * self.meters, self.meters / share)
    }
}

/// A way that others are compared with, drawn in the plane at its start once for all of them.
struct Founder<'a> {
    of: &'a Signature,
    start: Place,
    plane: Plane,
    xy: Vec<(f64, f64)>,
}

impl<'a> Founder<'a> {
    /// Nothing of a way without places.
    fn of(of: &'a Signature) -> Option<Self> {
        let start = *of.places.first()?;
        let plane = Plane::at(start);
        let xy = of.places.iter().map(|place| plane.xy(*place)).collect();
        Some(Self { of, start, plane, xy })
    }

    fn is_same(&self, other: &Signature) -> bool {
        let longer_m = self.of.meters.max(other.meters);
        let is_as_long = (self.of.meters - other.meters).abs() <= LENGTH_SHARE * longer_m;
        if !is_as_long || self.of.sports != other.sports {
            return false;
        }
        let apart_most_m = START_APART_M.max(START_SHARE * longer_m);
        let begins_there = |start: &Place| self.start.meters_to(*start) <= apart_most_m;
        let is_from_there = other.places.first().is_some_and(begins_there);
        if !is_from_there {
            return false;
        }
        let another: Vec<_> = other.places.iter().map(|place| self.plane.xy(*place)).collect();
        let away_m = AWAY_M.max(AWAY_SHARE * longer_m);
        keeps_to(&self.xy, &another, away_m) && keeps_to(&another, &self.xy, away_m)
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
    let mut founders = Founders::default();
    let mut groups = Vec::with_capacity(ways.len());
    for (index, way) in ways.iter().enumerate() {
        let founder = founders.first_same(way);
        if founder.is_none() {
            founders.add(index, way);
        }
        groups.push(founder.unwrap_or(index));
    }
    groups
}

/// Founders by their place in time, apart by sports and by length, so that few are compared with a way.
#[derive(Default)]
struct Founders<'a>(HashMap<(&'a str, i64), Vec<(usize, Founder<'a>)>>);

impl<'a> Founders<'a> {
    fn add(&mut self, index: usize, way: &'a Signature) {
        let founder = Founder::of(way).map(|founder| (index, founder));
        self.0.entry((way.sports.as_str(), bucket(way.meters))).or_default().extend(founder);
    }

    /// The first of them that a way is the same as: of each bucket the first, because it is in the order of time.
    fn first_same(&self, way: &Signature) -> Option<usize> {
        let bucket = bucket(way.meters);
        let near = (bucket - 1..=bucket + 1).filter_map(|bucket| self.0.get(&(way.sports.as_str(), bucket)));
        let first = |near: &Vec<(usize, Founder<'_>)>| {
            near.iter().find(|(_, founder)| founder.is_same(way)).map(|(index, _)| *index)
        };
        near.filter_map(first).min()
    }
}

/// Ways whose lengths may be the same lie in neighbouring buckets, or in one.
fn bucket(meters: f64) -> i64 {
    (meters.max(1.0).ln() / -(1.0 - SLACK * LENGTH_SHARE).ln()).floor() as i64
}

/// Places new ways among founders that are there, all of them in the order of their keys: the key of the founder of
/// each, its own where it is one. Nothing where a new one would be the founder before another way, of which `last` is
/// the last: that one, and those behind it, may belong to it.
///
/// Where that is something, it is what [`group`] makes of all ways, because a way that founds nothing changes the route
/// of no other.
pub fn place<'a, K: Ord>(
    founders: &[(&'a K, &'a Signature)],
    new: &[(&'a K, &'a Signature)],
    last: Option<&K>,
) -> Option<Vec<&'a K>> {
    fn drawn<'b, T>((key, way): &(&'b T, &'b Signature)) -> Option<(&'b T, Founder<'b>)> {
        Some((*key, Founder::of(way)?))
    }
    let mut founders: Vec<(&K, Founder<'_>)> = founders.iter().filter_map(drawn).collect();
    let mut placed = Vec::with_capacity(new.len());
    for (key, way) in new {
        let mut before = founders.iter().take_while(|(founder, _)| founder < key);
        let found = before.find(|(_, founder)| founder.is_same(way)).map(|(founder, _)| *founder);
        if found.is_none() {
            if last.is_some_and(|last| last > *key) {
                return None;
            }
            founders.extend(drawn(&(*key, *way)));
        }
        placed.push(found.unwrap_or(*key));
    }
    Some(placed)
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

    #[test]
    fn ways_of_about_one_length_lie_in_neighbouring_buckets() {
        for meters in (5..5000).map(|step| f64::from(step) * 100.0) {
            let apart = bucket(meters) - bucket(meters * (1.0 - LENGTH_SHARE));
            assert!((0..=1).contains(&apart), "{meters} {apart}");
        }
    }

    /// A straight way, so many metres to the east and so much longer than 600 m.
    fn straight((east_m, more_m): (f64, f64)) -> Signature {
        exact(&[(east_m, 0.0), (east_m, 600.0 + more_m)])
    }

    /// The founders by comparing each way with each founder before it.
    fn compared(ways: &[&Signature]) -> Vec<usize> {
        let mut groups: Vec<usize> = Vec::new();
        for (index, way) in ways.iter().enumerate() {
            let founder = (0..index).find(|of| groups[*of] == *of && ways[*of].is_same(way));
            groups.push(founder.unwrap_or(index));
        }
        groups
    }

    #[test]
    fn one_that_founds_before_others_is_placed_by_grouping_all_alone() {
        let [west, middle, east] = [0.0, 30.0, 60.0].map(|east_m| straight((east_m, 0.0)));
        let there = [(&1, &west)];
        assert_eq!(place(&there, &[(&3, &middle)], Some(&2)), Some(vec![&1]));
        assert_eq!(place(&there, &[(&3, &east)], Some(&2)), Some(vec![&3]), "it is behind all of them");
        assert_eq!(place(&there, &[(&0, &east)], Some(&2)), None);
        assert_eq!(place(&there, &[(&0, &middle)], Some(&2)), None, "its like comes after it");
        assert_eq!(place(&[], &[(&1, &west), (&2, &middle)], None), Some(vec![&1, &1]));
    }

    proptest! {
        #[test]
        fn looking_among_few_founders_finds_what_looking_among_all_does(
            ways in prop::collection::vec((0.0..120.0_f64, 0.0..90.0_f64), 1..24),
        ) {
            let ways: Vec<Signature> = ways.into_iter().map(straight).collect();
            let ways: Vec<&Signature> = ways.iter().collect();
            prop_assert_eq!(group(&ways), compared(&ways));
        }

        #[test]
        fn what_is_placed_is_where_grouping_all_puts_it(
            ways in prop::collection::vec((0..5_u8, any::<bool>()), 1..12),
        ) {
            let all: Vec<Signature> =
                ways.iter().map(|(east, _)| straight((f64::from(*east) * 30.0, 0.0))).collect();
            let whole = group(&all.iter().collect::<Vec<_>>());
            let there: Vec<usize> = (0..all.len()).filter(|index| !ways[*index].1).collect();
            let new: Vec<usize> = (0..all.len()).filter(|index| ways[*index].1).collect();
            let before = group(&there.iter().map(|index| &all[*index]).collect::<Vec<_>>());
            let routes: Vec<usize> = before.iter().map(|founder| there[*founder]).collect();
            let founders: Vec<(&usize, &Signature)> = there
                .iter()
                .zip(&routes)
                .filter(|(index, route)| index == route)
                .map(|(index, _)| (index, &all[*index]))
                .collect();
            let added: Vec<(&usize, &Signature)> = new.iter().map(|index| (index, &all[*index])).collect();
            if let Some(placed) = place(&founders, &added, there.last()) {
                let mut routes: Vec<(usize, usize)> = there.iter().copied().zip(routes).collect();
                routes.extend(new.iter().copied().zip(placed.into_iter().copied()));
                routes.sort_unstable();
                prop_assert_eq!(routes, whole.into_iter().enumerate().collect::<Vec<_>>());
            }
        }

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
