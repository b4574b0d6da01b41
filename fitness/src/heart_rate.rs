//! Heart rate as a load: seconds held per beat, Banister's TRIMP summed over them, hrTSS.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::held::{Held, HeldError};

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
        // A rate above the maximum counts as the maximum: the exponential would make a wrong setting a record load.
        let reserve = ((bpm - self.rest_bpm) / (self.max_bpm - self.rest_bpm)).clamp(0.0, 1.0);
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
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HrSeconds(Held);

/// Lower edges of Edwards' zones, in percent of the maximum heart rate.
pub const EDWARDS_PERCENT: [f64; 5] = [50.0, 60.0, 70.0, 80.0, 90.0];

impl HrSeconds {
    /// Counts samples; each holds until the next heart-rate sample, unless that is more than 30 s away: then it counts nothing.
    ///
    /// `None` where no sample held.
    pub fn count(time_ms: &[i64], bpm: &[f64]) -> Option<Self> {
        Held::count(time_ms, bpm, 1.0, HIGHEST_BPM).map(Self)
    }

    /// Each heart rate that was held, with its seconds.
    pub fn iter(&self) -> impl Iterator<Item = (f64, f64)> {
        self.0.iter()
    }

    /// Seconds with a heart rate.
    pub fn total_s(&self) -> f64 {
        self.0.total_s()
    }

    /// The mean heart rate over that time.
    pub fn mean_bpm(&self) -> Option<f64> {
        let beats: f64 = self.0.iter().map(|(bpm, seconds)| bpm * seconds).sum();
        let seconds = self.total_s();
        (seconds > 0.0).then(|| beats / seconds)
    }

    /// Banister's TRIMP, summed per sample: the exponential makes that of the mean heart rate too low.
    pub fn trimp(&self, scale: &HeartScale) -> f64 {
        self.0.iter().map(|(bpm, seconds)| seconds / 60.0 * scale.trimp_per_minute(bpm)).sum()
    }

    /// Edwards' TRIMP: minutes in the fifths above half of the maximum, times 1 to 5.
    ///
    /// Edwards 1993, *The Heart Rate Monitor Book*. Evidence: a convention of coaches.
    pub fn trimp_edwards(&self, max_bpm: f64) -> f64 {
        weighed(&self.zones(&edwards_edges(max_bpm)))
    }

    /// Lucia's TRIMP: minutes below the first ventilatory threshold, between the two, and above, times 1 to 3.
    ///
    /// Lucia et al. 2003, Med Sci Sports Exerc 35:872. Evidence: a convention of studies.
    pub fn trimp_lucia(&self, vt1_bpm: f64, vt2_bpm: f64) -> f64 {
        weighed(&self.zones(&[0.0, vt1_bpm, vt2_bpm]))
    }

    /// Seconds from each lower edge up to the next; a rate on an edge belongs above.
    pub fn zones(&self, edges_bpm: &[f64]) -> Vec<f64> {
        self.0.zones(edges_bpm)
    }
}

/// Lower edges of the zones of an athlete who set none.
pub fn edwards_edges(max_bpm: f64) -> [f64; 5] {
    // The percent last, so that a tenth of a whole rate is exact.
    EDWARDS_PERCENT.map(|percent| max_bpm * percent / 100.0)
}

/// Minutes in zones, times the number of each.
fn weighed(zones_s: &[f64]) -> f64 {
    zones_s.iter().zip(1..).map(|(seconds, weight)| seconds / 60.0 * f64::from(weight)).sum()
}

impl fmt::Display for HrSeconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for HrSeconds {
    type Err = HeldError;

    fn from_str(text: &str) -> Result<Self, HeldError> {
        let held: Held = text.parse()?;
        if held.iter().all(|(bpm, _)| bpm <= HIGHEST_BPM as f64) {
            Ok(Self(held))
        } else {
            Err(HeldError::of(text))
        }
    }
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

    /// FORMULAS: the factor a is in the load and in that of the hour at threshold alike.
    #[test]
    fn the_factor_cancels_in_hrtss() {
        let weighed = |a: f64, b: f64, bpm: f64| {
            let share = (bpm - 50.0) / 140.0;
            60.0 * share * a * (b * share).exp()
        };
        let with_that_of_men = 100.0 * weighed(0.64, 1.67, 150.0) / weighed(0.64, 1.67, 170.0);
        near(WOMAN.hrtss(hour_at(150.0).trimp(&WOMAN), 170.0).unwrap(), with_that_of_men);
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

    /// A count of minutes at the heart rates of a scale's zones.
    fn minutes(rates: &[(u32, u32)]) -> HrSeconds {
        let (lowest, highest) = (rates[0].0, rates[rates.len() - 1].0);
        let of = |bpm| rates.iter().find(|(rate, _)| *rate == bpm).map_or(0, |(_, minutes)| minutes * 60);
        let seconds: Vec<String> = (lowest..=highest).map(|bpm| of(bpm).to_string()).collect();
        format!("{lowest}:{}", seconds.join(",")).parse().unwrap()
    }

    #[test]
    fn edwards_of_10_20_15_10_and_5_minutes_is_160() {
        let held = minutes(&[(100, 10), (120, 20), (140, 15), (160, 10), (180, 5)]);
        near(held.trimp_edwards(190.0), 160.0);
    }

    #[test]
    fn edwards_counts_a_rate_on_an_edge_above_it() {
        // 70 % of 190 is 133.
        near(minutes(&[(132, 10)]).trimp_edwards(190.0), 20.0);
        near(minutes(&[(133, 10)]).trimp_edwards(190.0), 30.0);
        near(minutes(&[(94, 10)]).trimp_edwards(190.0), 0.0);
        near(minutes(&[(200, 10)]).trimp_edwards(190.0), 50.0);
    }

    #[test]
    fn lucia_weighs_three_phases() {
        near(minutes(&[(120, 30), (150, 20), (170, 10)]).trimp_lucia(150.0, 170.0), 30.0 + 40.0 + 30.0);
    }

    /// FORMULAS section 3: women have their own a; with that of men the load would be a quarter lower.
    #[test]
    fn women_are_not_weighed_with_the_factor_of_men() {
        let with_that_of_men = hour_at(148.0).trimp(&WOMAN) * 0.64 / 0.86;
        near(with_that_of_men, 86.521);
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
