//! Fewer samples for a chart: each stands for a stretch of the recording.

use crate::recording::{Channel, Samples};

impl Samples {
    /// At most so many samples, each for an equal number of them: the mean of what was measured, and time, place and
    /// distance as they were in the middle. Fewer samples than that stay as they are.
    ///
    /// The first and the last sample stay, so that a chart begins and ends with the recording.
    pub fn thinned(&self, points: usize) -> Self {
        let count = self.len();
        if count <= points || points < 3 {
            return self.clone();
        }
        let stretches = stretches(count, points);
        let middle = |stretch: &(usize, usize)| usize::midpoint(stretch.0, stretch.1 - 1);
        let column = |(channel, values): (&Channel, &Vec<f64>)| {
            let one = |stretch: &(usize, usize)| match channel {
                Channel::Latitude | Channel::Longitude | Channel::Distance => values[middle(stretch)],
                _ => mean(&values[stretch.0..stretch.1]),
            };
            (*channel, stretches.iter().map(one).collect())
        };
        let time_ms = if self.time_ms.is_empty() {
            Vec::new()
        } else {
            stretches.iter().map(|stretch| self.time_ms[middle(stretch)]).collect()
        };
        Self { time_ms, channels: self.channels.iter().map(column).collect(), breaks: Vec::new() }
    }
}

/// From one sample up to but without another, the first and the last sample alone.
fn stretches(count: usize, points: usize) -> Vec<(usize, usize)> {
    let (inner, parts) = (count - 2, points - 2);
    let edge = |part: usize| 1 + part * inner / parts;
    let between = (0..parts).map(|part| (edge(part), edge(part + 1)));
    [(0, 1)].into_iter().chain(between).chain([(count - 1, count)]).collect()
}

/// The mean of what is known; NaN where nothing is.
fn mean(values: &[f64]) -> f64 {
    let known = values.iter().filter(|value| !value.is_nan());
    let (sum, count) = known.fold((0.0, 0_u32), |(sum, count), value| (sum + value, count + 1));
    if count == 0 { f64::NAN } else { sum / f64::from(count) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(count: usize) -> Samples {
        let values = || (0..count).map(|index| index as f64);
        Samples {
            time_ms: (0..count as i64).map(|second| second * 1000).collect(),
            channels: [(Channel::Power, values().collect()), (Channel::Distance, values().collect())].into(),
            breaks: Vec::new(),
        }
    }

    #[test]
    fn an_hour_becomes_as_many_points_as_were_asked_for() {
        let thin = recorded(3600).thinned(100);
        let power = thin.channel(Channel::Power).unwrap();
        assert_eq!((thin.time_ms.len(), power.len()), (100, 100));
        assert_eq!((thin.time_ms[0], thin.time_ms[99]), (0, 3_599_000));
        let sum: f64 = power.iter().sum::<f64>() / 100.0;
        assert!((sum - 1799.5).abs() < 20.0, "{sum}");
    }

    #[test]
    fn few_samples_stay_as_they_are() {
        let samples = recorded(50);
        assert_eq!(samples.thinned(50), samples);
    }

    #[test]
    fn what_was_not_recorded_stays_so_and_does_not_count() {
        let mut samples = recorded(12);
        let power = samples.channels.get_mut(&Channel::Power).unwrap();
        power[1] = f64::NAN;
        power[6..11].fill(f64::NAN);
        let thin = samples.thinned(4);
        let power = thin.channel(Channel::Power).unwrap();
        assert_eq!((power[0], power[1], power[3]), (0.0, 3.5, 11.0));
        assert!(power[2].is_nan());
        assert!(thin.time_ms.is_sorted_by(|a, b| a < b));
    }
}
