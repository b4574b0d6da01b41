//! Numbers from a power meter: normalized power, intensity, training stress, best mean power.

/// A longer step between power samples starts a new piece.
const GAP_MS: i64 = 10_000;
/// Seconds of the rolling mean under normalized power.
const WINDOW_S: usize = 30;
/// What a sample before a gap, and the last one, still count for.
const LONE_SAMPLE_MS: i64 = 1_000;

/// Normalized power in watts; `None` unless some piece without a gap lasts 30 s.
///
/// Allen and Coggan, *Training and Racing with a Power Meter*: 1 Hz, 30 s rolling mean from the 30th second,
/// fourth root of the mean of fourth powers. Evidence: useful, widely used; steadier than the mean, no physiology proven.
/// Zeros count; a gap of more than 10 s splits; one fourth-power mean over all pieces.
pub fn normalized(time_ms: &[i64], watts: &[f64]) -> Option<f64> {
    let mut rolling = Rolling::new();
    let mut last: Option<(i64, f64)> = None;
    let mut second_ms = 0;
    for (&time, &value) in time_ms.iter().zip(watts).filter(|(_, value)| !value.is_nan()) {
        match last {
            Some((before, held)) if time - before <= GAP_MS => {
                while second_ms < time {
                    rolling.push(held);
                    second_ms += 1_000;
                }
            }
            _ => {
                rolling.finish(last, second_ms);
                second_ms = time;
            }
        }
        last = Some((time, value));
    }
    rolling.finish(last, second_ms);
    rolling.normalized()
}

/// Thirty seconds of power and the fourth powers of their means so far.
struct Rolling {
    ring: [f64; WINDOW_S],
    seconds: usize,
    sum: f64,
    fourth_powers: f64,
    means: u64,
}

impl Rolling {
    fn new() -> Self {
        Self { ring: [0.0; WINDOW_S], seconds: 0, sum: 0.0, fourth_powers: 0.0, means: 0 }
    }

    fn push(&mut self, watts: f64) {
        let slot = self.seconds % WINDOW_S;
        self.sum += watts - self.ring[slot];
        self.ring[slot] = watts;
        self.seconds += 1;
        if self.seconds >= WINDOW_S {
            let mean = self.sum / WINDOW_S as f64;
            self.fourth_powers += mean * mean * mean * mean;
            self.means += 1;
        }
    }

    /// Ends a piece with the second of its last sample, where that is still to come.
    fn finish(&mut self, last: Option<(i64, f64)>, second_ms: i64) {
        if let Some((time, held)) = last
            && second_ms <= time
        {
            self.push(held);
        }
        self.ring = [0.0; WINDOW_S];
        self.seconds = 0;
        self.sum = 0.0;
    }

    fn normalized(&self) -> Option<f64> {
        (self.means > 0).then(|| (self.fourth_powers / self.means as f64).sqrt().sqrt())
    }
}

/// Intensity factor: normalized power over threshold power. Allen and Coggan; not rounded.
pub fn intensity(normalized_watts: f64, threshold_watts: f64) -> f64 {
    normalized_watts / threshold_watts
}

/// Training stress score: 100 for an hour at threshold power.
///
/// Allen and Coggan: t × NP × IF / (FTP × 3600) × 100, t being the timer's time. Evidence: useful convention.
pub fn training_stress(timer_s: f64, normalized_watts: f64, threshold_watts: f64) -> f64 {
    let intensity = intensity(normalized_watts, threshold_watts);
    timer_s * normalized_watts * intensity / (threshold_watts * 3600.0) * 100.0
}

/// The highest mean power over `window_s` seconds of elapsed time; a gap is 0 W.
///
/// `None` where the recording is shorter. A sample holds until the next one, before a gap and at the end for 1 s.
/// Costs one pass whatever the gaps, since the energy is linear between samples.
pub fn best_mean(time_ms: &[i64], watts: &[f64], window_s: u32) -> Option<f64> {
    let energy = Energy::of(time_ms, watts);
    let window_ms = i64::from(window_s) * 1000;
    let (first, last) = (*energy.time_ms.first()?, *energy.time_ms.last()?);
    if window_ms == 0 || last - first < window_ms {
        return None;
    }
    // The best window begins or ends where the power changes.
    let begins = energy.largest(|corner| corner, |corner| corner + window_ms, first, last);
    let ends = energy.largest(|corner| corner - window_ms, |corner| corner, first, last);
    Some(begins.max(ends) / window_ms as f64)
}

/// Energy so far at the corners of the power curve, in watt milliseconds.
struct Energy {
    time_ms: Vec<i64>,
    total: Vec<f64>,
}

impl Energy {
    fn of(time_ms: &[i64], watts: &[f64]) -> Self {
        let mut energy = Self { time_ms: Vec::with_capacity(time_ms.len() + 1), total: Vec::new() };
        let mut held: Option<(i64, f64)> = None;
        for (&time, &value) in time_ms.iter().zip(watts).filter(|(_, value)| !value.is_nan()) {
            match held {
                Some((before, power)) if time - before <= GAP_MS => energy.hold(time, power),
                Some((before, power)) => {
                    energy.hold(before + LONE_SAMPLE_MS, power);
                    energy.hold(time, 0.0);
                }
                None => energy.hold(time, 0.0),
            }
            held = Some((time, value));
        }
        if let Some((time, power)) = held {
            energy.hold(time + LONE_SAMPLE_MS, power);
        }
        energy
    }

    fn hold(&mut self, until_ms: i64, power: f64) {
        let from_ms = self.time_ms.last().copied().unwrap_or(until_ms);
        let before = self.total.last().copied().unwrap_or(0.0);
        self.time_ms.push(until_ms);
        self.total.push(before + power * (until_ms - from_ms) as f64);
    }

    /// The largest energy of the windows that each corner gives, inside the recording.
    fn largest(
        &self,
        begin: impl Fn(i64) -> i64,
        end: impl Fn(i64) -> i64,
        first_ms: i64,
        last_ms: i64,
    ) -> f64 {
        let (mut from, mut to) = (0, 0);
        let mut largest = 0.0_f64;
        for &corner in &self.time_ms {
            let (begin_ms, end_ms) = (begin(corner), end(corner));
            if begin_ms >= first_ms && end_ms <= last_ms {
                largest = largest.max(self.at(end_ms, &mut to) - self.at(begin_ms, &mut from));
            }
        }
        largest
    }

    /// Energy up to a moment; `cursor` only moves on, as the moments do.
    fn at(&self, moment_ms: i64, cursor: &mut usize) -> f64 {
        while *cursor + 1 < self.time_ms.len() && self.time_ms[*cursor + 1] <= moment_ms {
            *cursor += 1;
        }
        let (start, total) = (self.time_ms[*cursor], self.total[*cursor]);
        match (self.time_ms.get(*cursor + 1), self.total.get(*cursor + 1)) {
            (Some(&end), Some(&after)) if end > start => {
                total + (after - total) * (moment_ms - start) as f64 / (end - start) as f64
            }
            _ => total,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn each_second(watts: impl IntoIterator<Item = f64>) -> (Vec<i64>, Vec<f64>) {
        let watts: Vec<f64> = watts.into_iter().collect();
        ((0..watts.len() as i64).map(|second| second * 1000).collect(), watts)
    }

    fn near(value: Option<f64>, wanted: f64) {
        assert!(value.is_some_and(|value| (value - wanted).abs() < 5e-4), "{value:?} is not {wanted}");
    }

    /// FORMULAS: 30 min of 60 s at 300 W and 60 s at 100 W.
    fn intervals() -> (Vec<i64>, Vec<f64>) {
        each_second((0..1800).map(|second| if (second / 60) % 2 == 0 { 300.0 } else { 100.0 }))
    }

    #[test]
    fn normalized_power_of_alternating_minutes_is_239_235() {
        let (times, watts) = intervals();
        near(normalized(&times, &watts), 239.235);
    }

    #[test]
    fn normalized_power_counts_seconds_not_samples() {
        let (times, watts) = intervals();
        let smart = |index: &usize| index.is_multiple_of(6) || *index == 1799;
        let kept: Vec<usize> = (0..1800).filter(smart).collect();
        let times: Vec<i64> = kept.iter().map(|&index| times[index]).collect();
        let watts: Vec<f64> = kept.iter().map(|&index| watts[index]).collect();
        near(normalized(&times, &watts), 239.235);
    }

    #[test]
    fn normalized_power_does_not_bridge_a_gap() {
        let (mut times, mut watts) = each_second([200.0; 60]);
        times.extend((0..60).map(|second| 27 * 86_400_000 + second * 1000));
        watts.extend([200.0; 60]);
        near(normalized(&times, &watts), 200.0);
    }

    #[test]
    fn normalized_power_is_unknown_under_thirty_seconds() {
        let (times, watts) = each_second([200.0; 29]);
        assert_eq!(normalized(&times, &watts), None);
    }

    #[test]
    fn normalized_power_of_thirty_seconds_is_their_mean() {
        let (times, watts) = each_second([200.0; 30]);
        near(normalized(&times, &watts), 200.0);
    }

    #[test]
    fn an_hour_at_200_w_with_a_threshold_of_250_scores_64() {
        near(Some(training_stress(3600.0, 200.0, 250.0)), 64.0);
    }

    #[test]
    fn best_mean_power_finds_the_hard_minutes() {
        let (times, watts) =
            each_second((0..3600).map(|s| if (1000..2200).contains(&s) { 250.0 } else { 100.0 }));
        near(best_mean(&times, &watts, 1200), 250.0);
    }

    #[test]
    fn best_mean_power_counts_a_gap_as_nothing() {
        let (mut times, mut watts) = each_second([200.0; 600]);
        times.extend((0..600).map(|second| 1_200_000 + second * 1000));
        watts.extend([200.0; 600]);
        near(best_mean(&times, &watts, 1200), 100.0);
    }

    #[test]
    fn best_mean_power_needs_the_whole_window() {
        let (times, watts) = each_second([200.0; 1199]);
        assert_eq!(best_mean(&times, &watts, 1200), None);
    }

    #[test]
    fn best_mean_power_of_exactly_twenty_minutes_is_the_mean() {
        let (times, watts) = each_second([200.0; 1200]);
        near(best_mean(&times, &watts, 1200), 200.0);
    }

    #[test]
    fn weeks_between_two_samples_cost_nothing() {
        let times = [0, 1000, 27 * 86_400_000];
        near(best_mean(&times, &[240.0, 240.0, 100.0], 1200), 0.4);
    }
}
