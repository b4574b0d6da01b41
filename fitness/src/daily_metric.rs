//! What an athlete measures once a day apart from training: sleep, resting heart rate, its variability, weight, steps.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::day;

/// Something that has one value a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Name {
    /// Seconds asleep in the night before the day.
    #[serde(rename = "sleep_s")]
    Sleep,
    /// Beats per minute.
    RestingHr,
    /// Milliseconds, as the root mean square of successive differences (rMSSD).
    #[serde(rename = "hrv_ms")]
    Hrv,
    #[serde(rename = "weight_kg")]
    Weight,
    Steps,
}

/// A value that cannot be.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{name} of `{value}` is out of range; it must be {kind}from {low} to {high}")]
pub struct ValueError {
    kind: &'static str,
    name: &'static str,
    value: f64,
    low: f64,
    high: f64,
}

/// What was measured on a day.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DailyMetrics {
    pub date: Date,
    #[serde(flatten)]
    pub values: BTreeMap<Name, f64>,
}

/// A day on which nothing can have been measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is still to come")]
pub struct StillToCome(pub Date);

impl StillToCome {
    /// docs/ERRORS.md explains it.
    pub const CODE: &str = "date_in_future";
}

/// The zone that is furthest ahead.
const FURTHEST_AHEAD_MS: i64 = 14 * 3_600_000;

impl Name {
    /// Everything that has one value a day.
    pub const ALL: [Self; 5] = [Self::Sleep, Self::RestingHr, Self::Hrv, Self::Weight, Self::Steps];

    /// The word that is stored and shown, with its unit.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sleep => "sleep_s",
            Self::RestingHr => "resting_hr",
            Self::Hrv => "hrv_ms",
            Self::Weight => "weight_kg",
            Self::Steps => "steps",
        }
    }

    /// The name of a stored word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|name| name.as_str() == word)
    }

    /// The values that can be, both ends included.
    pub fn range(self) -> (f64, f64) {
        match self {
            Self::Sleep => (0.0, 86_400.0),
            Self::RestingHr => (20.0, 150.0),
            Self::Hrv => (1.0, 500.0),
            Self::Weight => (20.0, 400.0),
            Self::Steps => (0.0, 300_000.0),
        }
    }

    /// Checks a value.
    pub fn check(self, value: f64) -> Result<f64, ValueError> {
        let (low, high) = self.range();
        let is_whole = self != Self::Steps || value.fract() == 0.0;
        if (low..=high).contains(&value) && is_whole {
            return Ok(value);
        }
        let kind = if self == Self::Steps { "a whole number " } else { "" };
        Err(ValueError { kind, name: self.as_str(), value, low, high })
    }
}

/// Refuses days that have begun nowhere on earth yet.
///
/// Where the athlete is may be told wrong or not at all, so the zone that is furthest ahead, UTC+14, decides.
pub fn none_to_come(days: &[DailyMetrics], now_ms: i64) -> Result<(), StillToCome> {
    let latest = day::local_date(now_ms.saturating_add(FURTHEST_AHEAD_MS), None, &TimeZone::UTC);
    let to_come = days.iter().map(|day| day.date).find(|date| latest.is_some_and(|latest| *date > latest));
    to_come.map_or(Ok(()), |date| Err(StillToCome(date)))
}

/// The middle of some values; `None` for fewer than `at_least`.
pub fn median(mut values: Vec<f64>, at_least: usize) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    let low = values.get((values.len().max(1) - 1) / 2)?;
    (values.len() >= at_least).then(|| f64::midpoint(*low, values[middle]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_a_word_of_its_own_which_is_that_of_its_json() {
        for name in Name::ALL {
            assert_eq!(Name::parse(name.as_str()), Some(name));
            assert_eq!(serde_json::to_value(name).unwrap(), name.as_str());
        }
    }

    #[test]
    fn a_day_that_has_begun_nowhere_is_refused() {
        let now_ms = "2026-05-02T09:59:00Z".parse::<jiff::Timestamp>().unwrap().as_millisecond();
        let on = |day| DailyMetrics { date: Date::constant(2026, 5, day), values: BTreeMap::new() };
        assert_eq!(none_to_come(&[on(1), on(2)], now_ms), Ok(()));
        assert_eq!(none_to_come(&[on(2), on(3)], now_ms), Err(StillToCome(Date::constant(2026, 5, 3))));
        // On Kiritimati it is the third by now.
        assert_eq!(none_to_come(&[on(3)], now_ms + 60_000), Ok(()));
    }

    #[test]
    fn a_value_that_cannot_be_is_refused_with_what_can() {
        assert_eq!(Name::Weight.check(71.5), Ok(71.5));
        for value in [7.15, f64::NAN, f64::INFINITY] {
            let error = Name::Weight.check(value).unwrap_err().to_string();
            assert!(error.ends_with("is out of range; it must be from 20 to 400"), "{error}");
        }
    }

    #[test]
    fn the_median_is_between_the_middle_two() {
        assert_eq!(median(vec![3.0, 1.0, 2.0], 3), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0], 3), Some(2.5));
        assert_eq!((median(vec![1.0], 2), median(Vec::new(), 0)), (None, None));
    }

    #[test]
    fn a_day_shows_what_was_measured_and_nothing_else() {
        let values = BTreeMap::from([(Name::Weight, 71.5), (Name::Sleep, 27_000.0)]);
        let day = DailyMetrics { date: Date::constant(2026, 5, 2), values };
        let shown = serde_json::to_string(&day).unwrap();
        assert_eq!(shown, r#"{"date":"2026-05-02","sleep_s":27000.0,"weight_kg":71.5}"#);
    }
}
