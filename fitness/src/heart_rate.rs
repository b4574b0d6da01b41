//! Heart rate as a load: seconds held per beat, Banister's TRIMP summed over them, hrTSS.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::moving::PAUSE_MS;

/// Highest heart rate that a sample may have.
const HIGHEST_BPM: usize = 250;

/// The sex that Banister's coefficients were fitted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sex {
    #[serde(rename = "m")]
    Male,
    #[serde(rename = "f")]
    Female,
}

/// What a heart rate is measured against.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HeartScale {
    pub sex: Sex,
    pub rest_bpm: f64,
    pub max_bpm: f64,
}

impl HeartScale {
    /// TRIMP of one minute at a heart rate: HRr × a × e^(b × HRr), HRr the share of the heart-rate reserve.
    ///
    /// Banister 1991; Morton, Fitz-Clarke and Banister 1990, J Appl Physiol 69:1171.
    /// Men a = 0.64, b = 1.92; women a = 0.86, b = 1.67. Evidence: useful, fitted to lactate of few athletes.
    pub fn trimp_per_minute(&self, bpm: f64) -> f64 {
        let (a, b) = match self.sex {
            Sex::Male => (0.64, 1.92),
            Sex::Female => (0.86, 1.67),
        };
        let reserve = ((bpm - self.rest_bpm) / (self.max_bpm - self.rest_bpm)).max(0.0);
        reserve * a * (b * reserve).exp()
    }

    /// Load on the scale of an hour at threshold = 100; `None` where the threshold is not above rest.
    ///
    /// TRIMP normalised by that of 60 min at the lactate-threshold heart rate. Evidence: convention.
    pub fn hrtss(&self, trimp: f64, threshold_bpm: f64) -> Option<f64> {
        let hour = 60.0 * self.trimp_per_minute(threshold_bpm);
        (hour > 0.0 && hour.is_finite()).then(|| 100.0 * trimp / hour)
    }
}

/// How long each heart rate was held, to the millisecond: all that a load by heart rate needs.
///
/// As text: the lowest rate, a colon and the seconds of it and each rate above, as `118:3,,12.5,40`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HrSeconds {
    lowest_bpm: usize,
    held_ms: Vec<u64>,
}

impl HrSeconds {
    /// Counts samples; each holds until the next heart-rate sample, unless that is more than 30 s away: then it counts nothing.
    ///
    /// `None` where no sample held.
    pub fn count(time_ms: &[i64], bpm: &[f64]) -> Option<Self> {
        let mut held_ms = vec![0_u64; HIGHEST_BPM + 1];
        let mut last: Option<(i64, f64)> = None;
        for (&time, &rate) in time_ms.iter().zip(bpm).filter(|(_, rate)| !rate.is_nan()) {
            if let Some((before, held)) = last
                && time - before <= PAUSE_MS
            {
                held_ms[(held.round() as usize).min(HIGHEST_BPM)] += (time - before).unsigned_abs();
            }
            last = Some((time, rate));
        }
        Self::trimmed(0, held_ms)
    }

    fn trimmed(lowest_bpm: usize, mut held_ms: Vec<u64>) -> Option<Self> {
        let first = held_ms.iter().position(|&held| held > 0)?;
        let last = held_ms.iter().rposition(|&held| held > 0)?;
        held_ms.truncate(last + 1);
        held_ms.drain(..first);
        held_ms.shrink_to_fit();
        Some(Self { lowest_bpm: lowest_bpm + first, held_ms })
    }

    /// Each heart rate that was held, with its seconds.
    pub fn iter(&self) -> impl Iterator<Item = (f64, f64)> {
        let held = self.held_ms.iter().enumerate().filter(|(_, held)| **held > 0);
        held.map(|(index, &held)| ((self.lowest_bpm + index) as f64, held as f64 / 1000.0))
    }

    /// Seconds with a heart rate.
    pub fn total_s(&self) -> f64 {
        self.held_ms.iter().sum::<u64>() as f64 / 1000.0
    }

    /// Banister's TRIMP, summed per sample: the exponential makes that of the mean heart rate too low.
    pub fn trimp(&self, scale: &HeartScale) -> f64 {
        self.iter().map(|(bpm, seconds)| seconds / 60.0 * scale.trimp_per_minute(bpm)).sum()
    }
}

impl fmt::Display for HrSeconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.lowest_bpm)?;
        for (index, held) in self.held_ms.iter().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            if *held > 0 {
                write!(f, "{}", *held as f64 / 1000.0)?;
            }
        }
        Ok(())
    }
}

/// A text that is no count of heart-rate seconds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not heart-rate seconds: `{0}`")]
pub struct HrSecondsError(String);

impl FromStr for HrSeconds {
    type Err = HrSecondsError;

    fn from_str(text: &str) -> Result<Self, HrSecondsError> {
        let error = || HrSecondsError(text.chars().take(40).collect());
        let (lowest, seconds) = text.split_once(':').ok_or_else(error)?;
        let lowest_bpm = lowest.parse().ok().filter(|bpm| *bpm <= HIGHEST_BPM).ok_or_else(error)?;
        let held_ms = seconds.split(',').map(parse_ms).collect::<Option<Vec<u64>>>().ok_or_else(error)?;
        Self::trimmed(lowest_bpm, held_ms).ok_or_else(error)
    }
}

fn parse_ms(seconds: &str) -> Option<u64> {
    if seconds.is_empty() {
        return Some(0);
    }
    let seconds: f64 = seconds.parse().ok()?;
    (0.0..1e12).contains(&seconds).then(|| (seconds * 1000.0).round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAN: HeartScale = HeartScale { sex: Sex::Male, rest_bpm: 50.0, max_bpm: 190.0 };
    const WOMAN: HeartScale = HeartScale { sex: Sex::Female, rest_bpm: 50.0, max_bpm: 190.0 };

    /// One sample a second for an hour, and the one that ends it.
    fn hour_at(bpm: f64) -> HrSeconds {
        let times: Vec<i64> = (0..=3600).map(|second| second * 1000).collect();
        HrSeconds::count(&times, &vec![bpm; times.len()]).unwrap()
    }

    fn near(value: f64, wanted: f64) {
        assert!((value - wanted).abs() < 5e-4, "{value} is not {wanted}");
    }

    #[test]
    fn trimp_of_an_hour_at_150_is_108_095_for_men() {
        near(hour_at(150.0).trimp(&MAN), 108.095);
    }

    #[test]
    fn trimp_at_seven_tenths_of_the_reserve_is_103_067_for_men() {
        near(hour_at(148.0).trimp(&MAN), 103.067);
    }

    #[test]
    fn trimp_at_seven_tenths_of_the_reserve_is_116_262_for_women() {
        near(hour_at(148.0).trimp(&WOMAN), 116.262);
    }

    #[test]
    fn trimp_of_an_hour_at_85_percent_of_the_reserve_is_166_924() {
        near(hour_at(169.0).trimp(&MAN), 166.924);
    }

    #[test]
    fn hrtss_of_an_hour_at_150_with_a_threshold_of_170_is_63_343() {
        near(MAN.hrtss(hour_at(150.0).trimp(&MAN), 170.0).unwrap(), 63.343);
    }

    #[test]
    fn hrtss_needs_a_threshold_above_rest() {
        assert_eq!(MAN.hrtss(100.0, 50.0), None);
    }

    #[test]
    fn below_rest_is_no_load() {
        near(hour_at(45.0).trimp(&MAN), 0.0);
    }

    #[test]
    fn intervals_weigh_more_than_their_mean() {
        let times: Vec<i64> = (0..=3600).map(|second| second * 1000).collect();
        let rates: Vec<f64> = (0..=3600).map(|s| if s % 120 < 60 { 120.0 } else { 180.0 }).collect();
        assert!(HrSeconds::count(&times, &rates).unwrap().trimp(&MAN) > hour_at(150.0).trimp(&MAN) * 1.1);
    }

    #[test]
    fn a_pause_counts_nothing() {
        let held = HrSeconds::count(&[0, 30_000, 61_000, 62_000], &[100.0; 4]).unwrap();
        near(held.total_s(), 31.0);
    }

    #[test]
    fn a_rate_holds_over_samples_without_one() {
        let held = HrSeconds::count(&[0, 1000, 2000], &[100.0, f64::NAN, 110.0]).unwrap();
        assert_eq!(held.to_string(), "100:2");
    }

    #[test]
    fn one_sample_holds_nothing() {
        assert_eq!(HrSeconds::count(&[0], &[100.0]), None);
    }

    #[test]
    fn text_form_reads_back() {
        let text = "118:3,,12.5,40.001";
        assert_eq!(text.parse::<HrSeconds>().unwrap().to_string(), text);
    }

    #[test]
    fn other_text_is_refused() {
        for text in ["", "118", "x:1", "118:-1", "118:1,nan", "118:,,", "900:1"] {
            assert!(text.parse::<HrSeconds>().is_err(), "{text}");
        }
    }
}
