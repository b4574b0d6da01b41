//! New bests: what nobody could know on the day before.

use std::collections::BTreeMap;

use fitness::best_effort;
use fitness::records::session::Fastest;

use crate::outing::number;

/// How long a best stands.
pub(crate) const YEAR_DAYS: i64 = 365;
/// So many earlier days over the distance make a best worth the name.
const COMPARED_AT_LEAST: usize = 3;
/// Less is a matter of the receiver, and shorter ways too.
const LEAST_GAIN_SHARE: f64 = 0.002;
const SHORTEST_M: f64 = 1000.0;

/// A distance covered faster than in the year before.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Best {
    pub(crate) day: i64,
    pub(crate) distance_m: f64,
    pub(crate) seconds: f64,
    /// Seconds that the best of the year before was slower.
    pub(crate) gain_s: f64,
}

impl Best {
    /// The distance as a runner says it.
    pub(crate) fn name(&self) -> &'static str {
        let known = best_effort::DISTANCES.iter().find(|known| (known.meters - self.distance_m).abs() < 0.5);
        known.map_or("distance", |known| known.name)
    }
}

/// The bests among the fastest times of each day, by day and then from short to long.
pub(crate) fn all(fastest: &[Fastest]) -> Vec<Best> {
    let mut earlier: BTreeMap<u64, Vec<(i64, f64)>> = BTreeMap::new();
    let mut bests = Vec::new();
    for run in fastest.iter().filter(|run| run.distance_m >= SHORTEST_M) {
        let day = number(run.date);
        let times = earlier.entry(run.distance_m.to_bits()).or_default();
        let year = times.iter().rev().take_while(|(then, _)| day - then <= YEAR_DAYS);
        let (count, before) =
            year.fold((0, f64::MAX), |(count, best), (_, seconds)| (count + 1, best.min(*seconds)));
        let gain_s = before - run.elapsed_s;
        if count >= COMPARED_AT_LEAST && gain_s > LEAST_GAIN_SHARE * before {
            bests.push(Best { day, distance_m: run.distance_m, seconds: run.elapsed_s, gain_s });
        }
        times.push((day, run.elapsed_s));
    }
    bests
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;
    use jiff::civil::date;

    use super::*;

    /// 5 km in these seconds, ten days apart.
    fn check(seconds: &[f64], wanted: &[f64]) {
        let run = |(index, elapsed_s): (i64, &f64)| Fastest {
            date: date(2024, 1, 1) + (10 * index).days(),
            distance_m: 5000.0,
            elapsed_s: *elapsed_s,
        };
        let fastest: Vec<_> = (0..).zip(seconds).map(run).collect();
        let found: Vec<f64> = all(&fastest).iter().map(|best| best.gain_s).collect();
        assert_eq!(found, wanted);
    }

    #[test]
    fn faster_than_all_of_the_year_is_a_best() {
        check(&[1500.0, 1450.0, 1470.0, 1440.0, 1445.0], &[10.0]);
    }

    #[test]
    fn the_first_times_are_no_bests() {
        check(&[1500.0, 1400.0, 1300.0], &[]);
    }

    #[test]
    fn a_second_is_no_gain() {
        check(&[1500.0, 1500.0, 1500.0, 1499.0], &[]);
    }

    #[test]
    fn what_is_older_than_a_year_is_forgotten() {
        let mut seconds = vec![1200.0];
        seconds.extend([1500.0; 37]);
        seconds.push(1490.0);
        check(&seconds, &[10.0]);
    }
}
