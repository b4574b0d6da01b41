//! Numbers from a power meter: normalized power, intensity, training stress, best mean power.

use crate::mean_max::{Best, Total};

/// A longer step between power samples starts a new piece.
const GAP_MS: i64 = 10_000;
/// Seconds of the rolling mean under normalized power.
const WINDOW_S: usize = 30;
/// Time constant of xPower.
const XPOWER_S: f64 = 25.0;
/// What a sample before a gap, and the last one, still count for.
const LONE_SAMPLE_MS: i64 = 1_000;

/// Normalized power in watts; `None` unless some piece without a gap lasts 30 s.
///
/// Allen and Coggan, *Training and Racing with a Power Meter*: 1 Hz, 30 s rolling mean from the 30th second,
/// fourth root of the mean of fourth powers. Evidence: useful, widely used; steadier than the mean, no physiology proven.
/// Zeros count; a gap of more than 10 s splits; one fourth-power mean over all pieces.
pub fn normalized(time_ms: &[i64], watts: &[f64]) -> Option<f64> {
    let mut mean = FourthPower::default();
    smoothed(time_ms, watts, |_, watts| mean.add(watts));
    mean.root()
}

/// The 30 s rolling means under normalized power, each with the second on which it ends.
pub(crate) fn smoothed(time_ms: &[i64], watts: &[f64], mut each: impl FnMut(i64, f64)) {
    let mut rolling = Rolling::default();
    seconds(time_ms, watts, |second| match second {
        Second::Of(time, watts) => {
            if let Some(mean) = rolling.push(watts) {
                each(time, mean);
            }
        }
        Second::Gap => rolling = Rolling::default(),
    });
}

/// xPower in watts: as normalized power, with an exponentially weighted mean of 25 s in place of the rolling one.
///
/// Skiba, BikeScore: alpha = 1 - e^(-1/25), from 0 W on in each piece. Evidence: as useful as normalized power.
pub fn xpower(time_ms: &[i64], watts: &[f64]) -> Option<f64> {
    let alpha = 1.0 - (-1.0 / XPOWER_S).exp();
    let (mut smooth, mut length) = (0.0, 0_u32);
    let mut mean = FourthPower::default();
    // A piece shorter than a window of normalized power says nothing here either.
    let (mut piece, mut long) = (FourthPower::default(), false);
    seconds(time_ms, watts, |second| match second {
        Second::Of(_, watts) => {
            smooth += alpha * (watts - smooth);
            length += 1;
            piece.add(smooth);
            long |= length as usize >= WINDOW_S;
        }
        Second::Gap => {
            if long {
                mean.include(&piece);
            }
            (smooth, length, piece, long) = (0.0, 0, FourthPower::default(), false);
        }
    });
    mean.root()
}

/// A second of a recording, or the end of a piece.
enum Second {
    Of(i64, f64),
    Gap,
}

/// Tells the power once a second, held until the next sample, with a gap after each piece.
fn seconds(time_ms: &[i64], watts: &[f64], mut each: impl FnMut(Second)) {
    let mut last: Option<(i64, f64)> = None;
    let mut second_ms = 0;
    for (&time, &value) in time_ms.iter().zip(watts).filter(|(_, value)| !value.is_nan()) {
        match last {
            Some((before, held)) if time - before <= GAP_MS => {
                while second_ms < time {
                    each(Second::Of(second_ms, held));
                    second_ms += 1_000;
                }
            }
            Some((before, held)) => {
                finish(before, held, second_ms, &mut each);
                second_ms = time;
            }
            None => second_ms = time,
        }
        last = Some((time, value));
    }
    if let Some((time, held)) = last {
        finish(time, held, second_ms, &mut each);
    }
}

/// Ends a piece with the second of its last sample, where that is still to come.
fn finish(last_ms: i64, held: f64, second_ms: i64, each: &mut impl FnMut(Second)) {
    if second_ms <= last_ms {
        each(Second::Of(second_ms, held));
    }
    each(Second::Gap);
}

/// The last thirty seconds of a piece.
pub(crate) struct Rolling {
    ring: [f64; WINDOW_S],
    seconds: usize,
    sum: f64,
}

impl Default for Rolling {
    fn default() -> Self {
        Self { ring: [0.0; WINDOW_S], seconds: 0, sum: 0.0 }
    }
}

impl Rolling {
    /// Takes in a second and answers the mean of the last thirty, once there are as many.
    pub(crate) fn push(&mut self, value: f64) -> Option<f64> {
        let slot = self.seconds % WINDOW_S;
        self.sum += value - self.ring[slot];
        self.ring[slot] = value;
        self.seconds += 1;
        (self.seconds >= WINDOW_S).then(|| (self.sum / WINDOW_S as f64).max(0.0))
    }
}

/// The fourth root of a mean of fourth powers.
#[derive(Debug, Default)]
pub(crate) struct FourthPower {
    sum: f64,
    count: u64,
}

impl FourthPower {
    pub(crate) fn add(&mut self, value: f64) {
        let square = value * value;
        self.sum += square * square;
        self.count += 1;
    }

    fn include(&mut self, other: &Self) {
        self.sum += other.sum;
        self.count += other.count;
    }

    pub(crate) fn root(&self) -> Option<f64> {
        (self.count > 0).then(|| (self.sum / self.count as f64).sqrt().sqrt())
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
    energy(time_ms, watts).best_rate(i64::from(window_s) * 1000)
}

/// The same for many windows.
pub fn best(time_ms: &[i64], watts: &[f64]) -> Best {
    Best::of(energy(time_ms, watts))
}

/// Energy so far, in watt milliseconds.
fn energy(time_ms: &[i64], watts: &[f64]) -> Total {
    let mut energy = Total::with_capacity(time_ms.len() + 1);
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

    /// FORMULAS: others begin at once, with a window that grows up to 30 s; ours begins where a window is whole.
    #[test]
    fn with_a_first_window_that_grows_it_would_be_240_642() {
        let (times, watts) = intervals();
        let mut growing = FourthPower::default();
        for second in 0..watts.len() {
            let window = &watts[(second + 1).saturating_sub(WINDOW_S)..=second];
            growing.add(window.iter().sum::<f64>() / window.len() as f64);
        }
        near(growing.root(), 240.642);
        let more = growing.root().zip(normalized(&times, &watts)).map(|(theirs, ours)| theirs - ours);
        near(more, 240.642 - 239.235);
    }

    #[test]
    fn xpower_of_alternating_minutes_is_219_029() {
        let (times, watts) = intervals();
        near(xpower(&times, &watts), 219.029);
    }

    #[test]
    fn xpower_begins_anew_after_a_gap() {
        let (times, watts) = intervals();
        let mut twice = times.clone();
        twice.extend(times.iter().map(|time| time + 3_600_000));
        near(xpower(&twice, &[watts.clone(), watts].concat()), 219.029);
    }

    #[test]
    fn xpower_is_unknown_under_thirty_seconds() {
        let (times, watts) = each_second([200.0; 29]);
        assert_eq!(xpower(&times, &watts), None);
    }

    /// FORMULAS section 3: an intensity that is rounded to a whole percent moves the score by up to 1 %.
    #[test]
    fn the_intensity_is_not_rounded() {
        near(Some(training_stress(3600.0, 207.4, 250.0)), 68.8236);
        let rounded = (intensity(207.4, 250.0) * 100.0).round() / 100.0;
        near(Some(100.0 * rounded * 207.4 / 250.0), 68.8568);
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
