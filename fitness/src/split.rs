//! An activity kilometre by kilometre, or mile by mile.

use crate::distance;
use crate::grade::{Graded, MOVING_M_PER_S, Model};
use crate::moving::PAUSE_MS;
use crate::recording::{Channel, Samples};

/// A guard against a file whose distance is nonsense.
const MOST: usize = 10_000;

/// A stretch of the way; what is unknown is absent.
#[derive(Debug, Clone, PartialEq)]
pub struct Split {
    /// Of its end, from the start.
    pub to_m: f64,
    /// Its own way, shorter than the others in the last one.
    pub distance_m: f64,
    /// Pauses included.
    pub elapsed_s: f64,
    pub moving_s: f64,
    pub avg_hr: Option<f64>,
    pub avg_power: Option<f64>,
    /// How much higher its end is than its begin.
    pub rise_m: Option<f64>,
    /// Mean graded speed in motion, by the model fitted to heart rates.
    pub gap_hr_mps: Option<f64>,
}

/// The splits of clean samples, each so many metres long; none without times and a distance. Only on foot a speed is
/// graded.
pub fn of(samples: &Samples, each_m: f64, on_foot: bool) -> Vec<Split> {
    let times = &samples.time_ms;
    let Some(along) = distance::along(samples).filter(|_| times.len() > 1 && each_m > 0.0) else {
        return Vec::new();
    };
    let graded = Graded::of(samples, &along);
    let total_m = along[along.len() - 1];
    let mut splits = Vec::new();
    let (mut from_ms, mut from_m) = (times[0] as f64, 0.0);
    let mut after = 1;
    while from_m < total_m && splits.len() < MOST {
        let to_m = (from_m + each_m).min(total_m);
        while after + 1 < along.len() && along[after] < to_m {
            after += 1;
        }
        let way_m = along[after] - along[after - 1];
        let share = if way_m > 0.0 { ((to_m - along[after - 1]) / way_m).clamp(0.0, 1.0) } else { 1.0 };
        let to_ms = times[after - 1] as f64 + share * (times[after] - times[after - 1]) as f64;
        let to_ms = if to_m >= total_m { times[times.len() - 1] as f64 } else { to_ms };
        let split = split(samples, &graded, (from_ms, to_ms), (from_m, to_m));
        let gap_hr_mps = split.gap_hr_mps.filter(|_| on_foot);
        splits.push(Split { gap_hr_mps, ..split });
        (from_ms, from_m) = (to_ms, to_m);
    }
    splits
}

fn split(
    samples: &Samples,
    graded: &Graded,
    (from_ms, to_ms): (f64, f64),
    (from_m, to_m): (f64, f64),
) -> Split {
    let (moving_s, graded_m) = in_motion(graded, from_ms, to_ms);
    let mean = |channel| {
        samples.channel(channel).and_then(|column| held_mean(&samples.time_ms, column, from_ms, to_ms))
    };
    let height = |moment_ms| {
        samples.channel(Channel::Altitude).and_then(|column| at(&samples.time_ms, column, moment_ms))
    };
    Split {
        to_m,
        distance_m: to_m - from_m,
        elapsed_s: (to_ms - from_ms) / 1000.0,
        moving_s,
        avg_hr: mean(Channel::HeartRate),
        avg_power: mean(Channel::Power),
        rise_m: height(to_ms).zip(height(from_ms)).map(|(to, from)| to - from),
        gap_hr_mps: (graded.has_grade && moving_s > 0.0).then(|| graded_m / moving_s),
    }
}

/// Seconds in motion between two moments, and the graded way made in them.
fn in_motion(graded: &Graded, from_ms: f64, to_ms: f64) -> (f64, f64) {
    let (mut seconds, mut way_m) = (0.0, 0.0);
    for piece in graded.pieces() {
        let start_ms = piece.start_ms as f64;
        let first = (((from_ms - start_ms) / 1000.0).ceil().max(0.0) as usize).min(piece.speed.len());
        let end = (((to_ms - start_ms) / 1000.0).ceil().max(0.0) as usize).clamp(first, piece.speed.len());
        for second in first..end {
            if piece.speed[second] >= MOVING_M_PER_S {
                seconds += 1.0;
                way_m += piece.speed[second] * Model::DEFAULT.factor(piece.grade[second]);
            }
        }
    }
    (seconds, way_m)
}

/// The samples around a span of time: indexes from one up to but without the other.
fn around(times: &[i64], from_ms: f64, to_ms: f64) -> (usize, usize) {
    let from = times.partition_point(|time| (*time as f64) <= from_ms).saturating_sub(1);
    (from, times.partition_point(|time| (*time as f64) < to_ms).max(from))
}

/// The mean of a channel over a span; a sample holds until the next one, at most 30 s.
fn held_mean(times: &[i64], column: &[f64], from_ms: f64, to_ms: f64) -> Option<f64> {
    let (first, end) = around(times, from_ms, to_ms);
    let (mut sum, mut held_ms) = (0.0, 0.0);
    for index in first..end {
        let begin = (times[index] as f64).max(from_ms);
        let next = times.get(index + 1).map_or(begin, |next| *next as f64);
        let until = next.min(to_ms).min(times[index] as f64 + PAUSE_MS as f64);
        if !column[index].is_nan() && until > begin {
            sum += column[index] * (until - begin);
            held_ms += until - begin;
        }
    }
    (held_ms > 0.0).then(|| sum / held_ms)
}

/// The last known value up to a moment.
fn at(times: &[i64], column: &[f64], moment_ms: f64) -> Option<f64> {
    let end = times.partition_point(|time| (*time as f64) <= moment_ms);
    column[..end]
        .iter()
        .rev()
        .find(|value| !value.is_nan())
        .or_else(|| column.iter().find(|value| !value.is_nan()))
        .copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2,500 m at 2.5 m/s, climbing a metre in a hundred, with the heart faster in the second kilometre.
    fn run() -> Samples {
        let seconds = || (0..=1000).map(f64::from);
        Samples {
            time_ms: (0..=1000).map(|second| second * 1000).collect(),
            channels: [
                (Channel::Distance, seconds().map(|second| second * 2.5).collect()),
                (Channel::Altitude, seconds().map(|second| 100.0 + second * 0.025).collect()),
                (
                    Channel::HeartRate,
                    seconds().map(|second| if second < 400.0 { 140.0 } else { 160.0 }).collect(),
                ),
            ]
            .into(),
            breaks: Vec::new(),
        }
    }

    #[test]
    fn each_kilometre_has_its_own_numbers() {
        let splits = of(&run(), 1000.0, true);
        let told: Vec<_> = splits.iter().map(|split| (split.to_m, split.elapsed_s, split.avg_hr)).collect();
        assert_eq!(
            told,
            [(1000.0, 400.0, Some(140.0)), (2000.0, 400.0, Some(160.0)), (2500.0, 200.0, Some(160.0))]
        );
        let first = &splits[0];
        assert!((first.rise_m.unwrap() - 10.0).abs() < 1e-9 && (first.moving_s - 400.0).abs() <= 1.0);
        assert!((first.gap_hr_mps.unwrap() - 2.5 * 1.038).abs() < 0.01, "{first:?}");
    }

    #[test]
    fn a_pause_is_time_and_no_motion() {
        let mut paused = run();
        paused.time_ms.iter_mut().skip(100).for_each(|time| *time += 120_000);
        let first = &of(&paused, 1000.0, true)[0];
        assert_eq!(first.elapsed_s, 520.0);
        assert!((first.moving_s - 400.0).abs() <= 2.0, "{}", first.moving_s);
        assert!((first.avg_hr.unwrap() - 140.0).abs() < 1e-9);
    }

    #[test]
    fn splits_add_up_to_the_whole() {
        let splits = of(&run(), 1609.344, true);
        assert_eq!(splits.iter().map(|split| split.elapsed_s).sum::<f64>(), 1000.0);
        assert!((splits.iter().map(|split| split.distance_m).sum::<f64>() - 2500.0).abs() < 1e-9);
    }

    #[test]
    fn without_a_distance_there_are_none() {
        let mut samples = run();
        samples.channels.remove(&Channel::Distance);
        assert_eq!(of(&samples, 1000.0, true), []);
        assert_eq!(of(&Samples::default(), 1000.0, true), []);
    }
}
