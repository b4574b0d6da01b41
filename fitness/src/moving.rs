//! How long the athlete moved. Everyone defines it differently; this is ours.
//!
//! Moving time is the sum of the steps between samples over which the athlete made at least 0.5 m/s (1.8 km/h).
//! The speed of a step is that of the way made from shortly before it to shortly after it, because distances come
//! in lumps: as long as the distance grows each second that is 2 s, in a pool that counts lengths up to 30 s.
//! A step of more than 30 s is judged by its own way alone: a pause covers none, a recorder that writes a point a
//! minute does. Steps between track segments count nothing.

use crate::distance;
use crate::recording::{Channel, Samples};

/// A longer step between samples is a pause.
pub const PAUSE_MS: i64 = 30_000;
/// Slower than this is standing: the drift of a receiver at rest stays below it.
const MOVING_M_PER_S: f64 = 0.5;
/// How far before and after a step its speed is looked for, at least.
const SHORTEST_REACH_MS: i64 = 2_000;

/// Seconds in motion; `None` where neither distance nor speed was recorded.
pub fn seconds(samples: &Samples) -> Option<f64> {
    seconds_along(samples, distance::along(samples).as_deref())
}

/// The same with the distance at every sample already known.
pub(crate) fn seconds_along(samples: &Samples, along: Option<&[f64]>) -> Option<f64> {
    if samples.time_ms.len() < 2 {
        return None;
    }
    let moving_ms = match along {
        Some(along) => {
            let reach_ms = reach_ms(&samples.time_ms, along);
            let pieces = pieces(samples).map(|piece| by_distance(&samples.time_ms, along, piece, reach_ms));
            pieces.sum::<i64>() + sparse(samples, along)
        }
        None => by_speed(samples)?,
    };
    Some(moving_ms as f64 / 1000.0)
}

/// Runs of samples without a pause and without a break between segments.
fn pieces(samples: &Samples) -> impl Iterator<Item = std::ops::Range<usize>> {
    let times = &samples.time_ms;
    let mut breaks = samples.breaks.iter().copied().peekable();
    let mut start = 0;
    (1..=times.len()).filter_map(move |index| {
        let is_break = breaks.next_if_eq(&index).is_some();
        let is_end = index == times.len() || is_break || times[index] - times[index - 1] > PAUSE_MS;
        is_end.then(|| std::mem::replace(&mut start, index)..index)
    })
}

/// The mean time between two steps on which the distance grew, which is the size of its lumps.
fn reach_ms(times: &[i64], along: &[f64]) -> i64 {
    let steps =
        times.windows(2).zip(along.windows(2)).map(|(time, way)| (time[1] - time[0], way[1] > way[0]));
    let (recorded_ms, grown) = steps
        .filter(|(step_ms, _)| *step_ms <= PAUSE_MS)
        .fold((0, 0), |(time, grown), (step_ms, grew)| (time + step_ms, grown + i64::from(grew)));
    (recorded_ms / grown.max(1)).clamp(SHORTEST_REACH_MS, PAUSE_MS)
}

fn by_distance(times: &[i64], along: &[f64], piece: std::ops::Range<usize>, reach_ms: i64) -> i64 {
    let (mut before, mut after) = (piece.start, piece.start);
    let mut moving_ms = 0;
    for step in piece.start + 1..piece.end {
        while before + 1 < step && times[before + 1] <= times[step - 1] - reach_ms {
            before += 1;
        }
        while after + 1 < piece.end && (after < step || times[after + 1] <= times[step] + reach_ms) {
            after += 1;
        }
        let way_m = along[after] - along[before];
        let time_ms = times[after] - times[before];
        if way_m * 1000.0 >= MOVING_M_PER_S * time_ms as f64 {
            moving_ms += times[step] - times[step - 1];
        }
    }
    moving_ms
}

/// Steps too long to be part of a piece, over which the athlete made way all the same.
fn sparse(samples: &Samples, along: &[f64]) -> i64 {
    let times = &samples.time_ms;
    let is_sparse = |step: &usize| {
        let time_ms = times[*step] - times[step - 1];
        let way_m = along[*step] - along[step - 1];
        time_ms > PAUSE_MS && way_m * 1000.0 >= MOVING_M_PER_S * time_ms as f64
    };
    let steps = (1..times.len()).filter(|step| samples.breaks.binary_search(step).is_err()).filter(is_sparse);
    steps.map(|step| times[step] - times[step - 1]).sum()
}

fn by_speed(samples: &Samples) -> Option<i64> {
    let speed = samples.channel(Channel::Speed)?;
    let steps = samples.time_ms.windows(2).zip(speed);
    let moving = steps.filter(|(step, speed)| **speed >= MOVING_M_PER_S && step[1] - step[0] <= PAUSE_MS);
    Some(moving.map(|(step, _)| step[1] - step[0]).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Metres per step of one second each, unless a time is given.
    fn check(steps: &[(i64, f64)], wanted_s: Option<f64>) {
        let (mut time_ms, mut along) = (vec![0], vec![0.0]);
        for (seconds, meters) in steps {
            time_ms.push(time_ms.last().unwrap() + seconds * 1000);
            along.push(along.last().unwrap() + meters);
        }
        let samples = Samples { time_ms, channels: [(Channel::Distance, along)].into(), breaks: Vec::new() };
        assert_eq!(seconds(&samples), wanted_s);
    }

    #[test]
    fn walking_counts_all_the_way() {
        check(&[(1, 1.4); 60], Some(60.0));
    }

    #[test]
    fn a_pause_between_samples_counts_nothing() {
        check(&[(1, 3.0), (31, 9.0), (1, 3.0)], Some(2.0));
    }

    #[test]
    fn a_point_a_minute_is_motion_where_there_is_way_between_the_points() {
        check(&[(60, 180.0), (60, 170.0), (300, 20.0), (60, 175.0)], Some(180.0));
    }

    #[test]
    fn a_step_of_thirty_seconds_is_still_motion() {
        check(&[(30, 60.0)], Some(30.0));
    }

    #[test]
    fn standing_counts_nothing_beyond_the_reach_of_the_speed() {
        let mut steps = vec![(1, 3.0); 60];
        steps.extend([(1, 0.0); 25]);
        check(&steps, Some(62.0));
    }

    #[test]
    fn distance_in_lumps_is_still_motion() {
        let steps: Vec<(i64, f64)> = (0..60).map(|i| (1, if i % 3 == 2 { 9.0 } else { 0.0 })).collect();
        check(&steps, Some(60.0));
    }

    #[test]
    fn lengths_of_a_pool_are_motion() {
        let steps: Vec<(i64, f64)> = (0..600).map(|i| (1, if i % 20 == 19 { 25.0 } else { 0.0 })).collect();
        check(&steps, Some(600.0));
    }

    #[test]
    fn a_week_between_two_samples_is_a_pause() {
        check(&[(1, 3.0), (27 * 86_400, 5.0), (1, 3.0)], Some(2.0));
    }

    #[test]
    fn recorded_speed_serves_where_no_distance_is_known() {
        let samples = Samples {
            time_ms: vec![0, 1000, 2000],
            channels: [(Channel::Speed, vec![3.0, 0.1, 0.0])].into(),
            breaks: Vec::new(),
        };
        assert_eq!(seconds(&samples), Some(1.0));
    }

    #[test]
    fn heart_rate_alone_says_nothing_about_motion() {
        let samples = Samples {
            time_ms: vec![0, 1000],
            channels: [(Channel::HeartRate, vec![100.0, 100.0])].into(),
            breaks: Vec::new(),
        };
        assert_eq!(seconds(&samples), None);
    }
}
