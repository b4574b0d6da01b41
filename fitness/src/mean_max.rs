//! The best mean over each duration, of anything whose total grows with time.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A duration that curves tell of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Duration {
    pub seconds: u32,
    /// As programs call it.
    pub name: &'static str,
}

const fn of(seconds: u32, name: &'static str) -> Duration {
    Duration { seconds, name }
}

/// Every duration that is looked for, from short to long.
pub const DURATIONS: [Duration; 20] = [
    of(1, "1s"),
    of(5, "5s"),
    of(10, "10s"),
    of(15, "15s"),
    of(30, "30s"),
    of(60, "1min"),
    of(120, "2min"),
    of(180, "3min"),
    of(300, "5min"),
    of(480, "8min"),
    of(600, "10min"),
    of(720, "12min"),
    of(900, "15min"),
    of(1200, "20min"),
    of(1800, "30min"),
    of(2700, "45min"),
    of(3600, "60min"),
    of(5400, "90min"),
    of(7200, "2h"),
    of(10_800, "3h"),
];

/// The best mean over each duration that an activity lasted, by its seconds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Curve(pub BTreeMap<u32, f64>);

impl Curve {
    /// The curve of what is told for each duration; nothing where nothing is.
    pub fn of(best: impl Fn(u32) -> Option<f64>) -> Option<Self> {
        let points = DURATIONS.iter().map_while(|duration| {
            let value = best(duration.seconds)?;
            // More digits say nothing, and thousands of curves are kept.
            Some((duration.seconds, (value * 1000.0).round() / 1000.0))
        });
        let curve = Self(points.collect());
        (!curve.0.is_empty()).then_some(curve)
    }

    /// The value at a duration.
    pub fn at(&self, seconds: u32) -> Option<f64> {
        self.0.get(&seconds).copied()
    }

    /// The durations that the curve tells of, by their names.
    pub fn named(&self) -> impl Iterator<Item = (&'static str, f64)> {
        DURATIONS.iter().filter_map(|duration| Some((duration.name, self.at(duration.seconds)?)))
    }
}

/// A recording with fewer samples than one in so many seconds is not looked through second by second.
const SPARSEST: usize = 16;

/// A total that never falls, linear between its corners.
#[derive(Debug, Default)]
pub struct Total {
    time_ms: Vec<i64>,
    total: Vec<f64>,
}

impl Total {
    /// A total by its corners, of which times rise.
    pub fn new(time_ms: Vec<i64>, total: Vec<f64>) -> Self {
        Self { time_ms, total }
    }

    pub(crate) fn with_capacity(corners: usize) -> Self {
        Self { time_ms: Vec::with_capacity(corners), total: Vec::with_capacity(corners) }
    }

    /// Lets the total grow at a rate per millisecond until a moment; the first call only begins it.
    pub(crate) fn hold(&mut self, until_ms: i64, rate: f64) {
        let from_ms = self.time_ms.last().copied().unwrap_or(until_ms);
        let before = self.total.last().copied().unwrap_or(0.0);
        self.time_ms.push(until_ms);
        self.total.push(before + rate * (until_ms - from_ms) as f64);
    }

    /// The largest growth within a window, per millisecond of it; `None` where the total is shorter.
    ///
    /// One pass whatever the gaps: the best window begins or ends where the rate changes.
    pub fn best_rate(&self, window_ms: i64) -> Option<f64> {
        let (first, last) = (*self.time_ms.first()?, *self.time_ms.last()?);
        if window_ms <= 0 || last - first < window_ms {
            return None;
        }
        let begins = self.largest(|corner| corner, window_ms, first, last);
        let ends = self.largest(|corner| corner - window_ms, window_ms, first, last);
        Some(begins.max(ends) / window_ms as f64)
    }

    /// The total at each second since the first, where all corners lie on whole seconds of it and the recording is
    /// dense enough to be worth it: every window of whole seconds that can be the best begins and ends on one.
    fn each_second(&self) -> Option<Vec<f64>> {
        let (first, last) = (*self.time_ms.first()?, *self.time_ms.last()?);
        let seconds = usize::try_from((last - first) / 1000).ok()?;
        let is_whole = self.time_ms.iter().all(|time| (time - first) % 1000 == 0);
        if !is_whole || seconds > self.time_ms.len().saturating_mul(SPARSEST) {
            return None;
        }
        let mut grid = Vec::with_capacity(seconds + 1);
        grid.push(self.total[0]);
        for (time, total) in self.time_ms.windows(2).zip(self.total.windows(2)) {
            let steps = (time[1] - time[0]) / 1000;
            let rate = (total[1] - total[0]) / steps.max(1) as f64;
            grid.extend((1..steps).map(|step| total[0] + rate * step as f64));
            if steps > 0 {
                grid.push(total[1]);
            }
        }
        Some(grid)
    }

    /// The largest growth of the windows that each corner gives, inside the recording.
    fn largest(&self, begin: impl Fn(i64) -> i64, window_ms: i64, first_ms: i64, last_ms: i64) -> f64 {
        let (mut from, mut to) = (0, 0);
        let mut largest = 0.0_f64;
        for &corner in &self.time_ms {
            let begin_ms = begin(corner);
            let end_ms = begin_ms + window_ms;
            if begin_ms >= first_ms && end_ms <= last_ms {
                largest = largest.max(self.at(end_ms, &mut to) - self.at(begin_ms, &mut from));
            }
        }
        largest
    }

    /// The total at a moment; `cursor` only moves on, as the moments do.
    fn at(&self, moment_ms: i64, cursor: &mut usize) -> f64 {
        while *cursor + 1 < self.time_ms.len() && self.time_ms[*cursor + 1] <= moment_ms {
            *cursor += 1;
        }
        let (start, total) = (self.time_ms[*cursor], self.total[*cursor]);
        if start == moment_ms {
            return total;
        }
        match (self.time_ms.get(*cursor + 1), self.total.get(*cursor + 1)) {
            (Some(&end), Some(&after)) if end > start => {
                total + (after - total) * (moment_ms - start) as f64 / (end - start) as f64
            }
            _ => total,
        }
    }
}

/// A total that is asked for many windows.
#[derive(Debug)]
pub struct Best {
    total: Total,
    /// The total at each second, which is faster to look through.
    grid: Option<Vec<f64>>,
}

impl Best {
    pub fn of(total: Total) -> Self {
        let grid = total.each_second();
        Self { total, grid }
    }

    /// The largest growth within so many seconds, per millisecond of them; `None` where the total is shorter.
    pub fn rate(&self, seconds: u32) -> Option<f64> {
        let Some(grid) = &self.grid else {
            return self.total.best_rate(i64::from(seconds) * 1000);
        };
        let window = usize::try_from(seconds).ok().filter(|window| *window > 0 && *window < grid.len())?;
        let growths = grid[window..].iter().zip(grid).map(|(after, before)| after - before);
        // Without a branch, so that several are compared at once.
        let largest =
            growths.fold(0.0_f64, |largest, growth| if growth > largest { growth } else { largest });
        Some(largest / (f64::from(seconds) * 1000.0))
    }
}

/// The best mean over a window within pieces that no longer gap divides; each sample holds until the next.
pub(crate) struct Pieces(Vec<Best>);

impl Pieces {
    pub(crate) fn of(time_ms: &[i64], values: &[f64], gap_ms: i64) -> Self {
        let mut pieces: Vec<Total> = Vec::new();
        let mut held: Option<(i64, f64)> = None;
        for (&time, &value) in time_ms.iter().zip(values).filter(|(_, value)| !value.is_nan()) {
            match (held, pieces.last_mut()) {
                (Some((before, rate)), Some(piece)) if time - before <= gap_ms => piece.hold(time, rate),
                _ => {
                    let mut piece = Total::default();
                    piece.hold(time, 0.0);
                    pieces.push(piece);
                }
            }
            held = Some((time, value));
        }
        Self(pieces.into_iter().map(Best::of).collect())
    }

    pub(crate) fn best_mean(&self, window_s: u32) -> Option<f64> {
        self.0.iter().filter_map(|piece| piece.rate(window_s)).reduce(f64::max)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_stretch_across_a_gap_is_no_stretch() {
        let times: Vec<i64> = (0..60).chain(200..260).map(|second| second * 1000).collect();
        let pieces = Pieces::of(&times, &vec![150.0; times.len()], 30_000);
        assert_eq!((pieces.best_mean(59), pieces.best_mean(60)), (Some(150.0), None));
    }

    proptest! {
        #[test]
        fn second_by_second_is_as_good_as_corner_by_corner(
            steps in prop::collection::vec((1_i64..12, 0.0..400.0_f64), 1..200),
            window in 1_u32..600,
        ) {
            let mut total = Total::default();
            let mut time = 5_000;
            total.hold(time, 0.0);
            for (seconds, rate) in steps {
                time += seconds * 1000;
                total.hold(time, rate);
            }
            let slow = total.best_rate(i64::from(window) * 1000);
            let best = Best::of(total);
            prop_assert!(best.grid.is_some());
            let fast = best.rate(window);
            prop_assert_eq!(fast.is_some(), slow.is_some());
            let (fast, slow) = (fast.unwrap_or_default(), slow.unwrap_or_default());
            prop_assert!((fast - slow).abs() <= 1e-9 * slow.max(1.0), "{} and {}", fast, slow);
        }
    }

    #[test]
    fn a_curve_ends_where_the_activity_does() {
        let curve = Curve::of(|seconds| (seconds <= 30).then_some(200.000_4)).unwrap();
        assert_eq!(curve.named().last(), Some(("30s", 200.0)));
        assert_eq!(Curve::of(|_| None), None);
    }

    #[test]
    fn a_curve_reads_back_from_its_text() {
        let curve = Curve::of(|seconds| Some(f64::from(seconds))).unwrap();
        let text = serde_json::to_string(&curve).unwrap();
        assert_eq!(serde_json::from_str::<Curve>(&text).unwrap(), curve);
    }
}
