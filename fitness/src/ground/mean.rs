//! The mean of what was measured on a part of the way.

use crate::moving::PAUSE_MS;
use crate::recording::{Channel, Samples};

/// The mean of a channel between two moments, weighted by time. A sample holds until the next one, unless that is more
/// than 30 s away: then it counts nothing. `None` where nothing was measured.
pub fn between(samples: &Samples, channel: Channel, (from_ms, to_ms): (i64, i64)) -> Option<f64> {
    let values = samples.channel(channel)?;
    let (mut sum, mut held_ms) = (0.0, 0.0);
    let mut last: Option<(i64, f64)> = None;
    for (&time_ms, &value) in samples.time_ms.iter().zip(values).filter(|(_, value)| !value.is_nan()) {
        if let Some((before_ms, held)) = last
            && time_ms - before_ms <= PAUSE_MS
        {
            let span_ms = (time_ms.min(to_ms) - before_ms.max(from_ms)).max(0) as f64;
            (sum, held_ms) = (sum + held * span_ms, held_ms + span_ms);
        }
        if time_ms >= to_ms {
            break;
        }
        last = Some((time_ms, value));
    }
    (held_ms > 0.0).then(|| sum / held_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(time_ms: &[i64], values: &[f64], part: (i64, i64), wanted: Option<f64>) {
        let channels = [(Channel::HeartRate, values.to_vec())].into();
        let samples = Samples { time_ms: time_ms.to_vec(), channels, breaks: Vec::new() };
        assert_eq!(between(&samples, Channel::HeartRate, part), wanted);
    }

    #[test]
    fn a_value_counts_as_long_as_it_was_held() {
        check(&[0, 1000, 4000], &[100.0, 140.0, 0.0], (0, 4000), Some(130.0));
        check(&[0, 1000, 4000], &[100.0, 140.0, 0.0], (500, 1500), Some(120.0));
    }

    #[test]
    fn a_pause_and_what_was_not_measured_count_nothing() {
        check(&[0, 10_000, 50_000, 60_000], &[100.0, 110.0, 150.0, 150.0], (0, 60_000), Some(125.0));
        check(&[0, 10_000, 20_000], &[100.0, f64::NAN, 140.0], (0, 20_000), Some(100.0));
        check(&[0, 10_000], &[f64::NAN, f64::NAN], (0, 10_000), None);
        check(&[0, 10_000], &[100.0, 100.0], (20_000, 30_000), None);
    }
}
