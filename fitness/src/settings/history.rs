//! Which settings held on which day.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::estimate::{self, Peak, month_after, month_of};
use super::{Dated, Name, Setting, Settings, Source, Value};
use crate::heart_rate::Sex;
use crate::load::{LoadOf, LoadOrder};

/// The settings of an athlete over time: what was given, and what its activities let estimate.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SettingsHistory {
    given: BTreeMap<(Name, Date), Value>,
    /// By the first day of the month.
    peaks: BTreeMap<Date, Peak>,
}

impl SettingsHistory {
    /// Builds the history from dated settings, of which the given ones count, and the peaks of each month with activities.
    pub fn new(settings: &[Dated], peaks: impl IntoIterator<Item = (Date, Peak)>) -> Self {
        let given = settings.iter().filter(|dated| dated.source == Source::Given);
        Self {
            given: given.map(|dated| ((dated.name, dated.from), dated.value)).collect(),
            peaks: peaks.into_iter().map(|(day, peak)| (month_of(day), peak)).collect(),
        }
    }

    /// The settings of a day, each with its source.
    pub fn at(&self, day: Date) -> Settings {
        let month = month_of(day);
        let given_lthr = self.given_number(Name::Lthr, day);
        let hr_rest = or_estimate(self.given_number(Name::HrRest, day), || estimate::DEFAULT_REST_BPM);
        let hr_max = or_estimate(self.given_number(Name::HrMax, day), || {
            estimate::hr_max(&self.peaks, month, given_lthr)
        });
        let estimated_ftp = || estimate::ftp(&self.peaks, month);
        Settings {
            sex: self.sex(day),
            lthr: or_estimate(given_lthr, || estimate::lthr(hr_rest.value, hr_max.value)),
            hr_rest,
            hr_max,
            ftp: self
                .given(Name::Ftp, day)
                .or_else(|| estimated_ftp().map(|value| Setting { value, source: Source::Estimated })),
            threshold_pace_s_per_km: self.given(Name::ThresholdPace, day),
            css_s_per_100m: self.given(Name::Css, day),
            vt1: self.given(Name::Vt1, day),
            vt2: self.given(Name::Vt2, day),
            weight_kg: self.given(Name::Weight, day),
            load_by: LoadOf::ALL.into_iter().filter_map(|of| Some((of, self.load_order(of, day)?))).collect(),
        }
    }

    fn load_order(&self, of: LoadOf, day: Date) -> Option<LoadOrder> {
        match self.given_value(Name::LoadBy(of), day)? {
            Value::Order(order) => Some(order),
            Value::Sex(_) | Value::Number(_) => None,
        }
    }

    /// The races that the athlete announced, by day, with their metres.
    pub fn races(&self) -> Vec<(Date, f64)> {
        let races = self.given.range((Name::Race, Date::MIN)..=(Name::Race, Date::MAX));
        let on = |((_, day), value): (&(Name, Date), &Value)| match value {
            Value::Number(meters) if *meters > 0.0 => Some((*day, *meters)),
            _ => None,
        };
        races.filter_map(on).collect()
    }

    /// The estimates in force from the first month with activities through the month of a day, where they change.
    pub fn estimates(&self, through: Date) -> Vec<Dated> {
        let Some(first) = self.peaks.keys().next().copied() else {
            return Vec::new();
        };
        let months = std::iter::successors(Some(first), |month| Some(month_after(*month)));
        let mut last: BTreeMap<Name, Value> = BTreeMap::new();
        let mut estimates = Vec::new();
        for month in months.take_while(|month| *month <= through) {
            for (name, value) in estimated(&self.at(month)) {
                if last.insert(name, value) != Some(value) {
                    estimates.push(Dated { name, from: month, value, source: Source::Estimated });
                }
            }
        }
        estimates
    }

    fn sex(&self, day: Date) -> Setting<Sex> {
        match self.given_value(Name::Sex, day) {
            Some(Value::Sex(value)) => Setting { value, source: Source::Given },
            // Only the shape of the curve depends on it once the load is normalised.
            _ => Setting { value: Sex::Male, source: Source::Estimated },
        }
    }

    fn given(&self, name: Name, day: Date) -> Option<Setting<f64>> {
        self.given_number(name, day).map(|value| Setting { value, source: Source::Given })
    }

    fn given_number(&self, name: Name, day: Date) -> Option<f64> {
        match self.given_value(name, day)? {
            Value::Number(number) => Some(number),
            Value::Sex(_) | Value::Order(_) => None,
        }
    }

    fn given_value(&self, name: Name, day: Date) -> Option<Value> {
        self.given.range((name, Date::MIN)..=(name, day)).next_back().map(|(_, value)| *value)
    }
}

fn or_estimate(given: Option<f64>, estimate: impl FnOnce() -> f64) -> Setting<f64> {
    match given {
        Some(value) => Setting { value, source: Source::Given },
        None => Setting { value: estimate(), source: Source::Estimated },
    }
}

fn estimated(settings: &Settings) -> impl Iterator<Item = (Name, Value)> {
    let number = |setting: Setting<f64>| setting.is_estimated().then_some(Value::Number(setting.value));
    [
        (Name::Sex, settings.sex.is_estimated().then_some(Value::Sex(settings.sex.value))),
        (Name::HrRest, number(settings.hr_rest)),
        (Name::HrMax, number(settings.hr_max)),
        (Name::Lthr, number(settings.lthr)),
        (Name::Ftp, settings.ftp.and_then(number)),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value?)))
}

#[cfg(test)]
mod tests {
    use super::super::differing;
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn given(name: Name, from: &str, number: f64) -> Dated {
        Dated { name, from: day(from), value: Value::Number(number), source: Source::Given }
    }

    fn history(given: &[Dated], peaks: &[(&str, f64, f64)]) -> SettingsHistory {
        let peaks = peaks.iter().map(|(from, max_hr, watts)| {
            (day(from), Peak { max_hr: Some(*max_hr), best_20min_power: Some(*watts) })
        });
        SettingsHistory::new(given, peaks)
    }

    fn hr_max(history: &SettingsHistory, on: &str) -> (f64, Source) {
        let setting = history.at(day(on)).hr_max;
        (setting.value, setting.source)
    }

    #[test]
    fn a_given_value_holds_from_its_date() {
        let history =
            history(&[given(Name::Ftp, "2024-03-10", 250.0), given(Name::Ftp, "2024-06-01", 260.0)], &[]);
        let ftp = |on: &str| history.at(day(on)).ftp.map(|ftp| ftp.value);
        assert_eq!(
            (ftp("2024-03-09"), ftp("2024-03-10"), ftp("2024-07-01")),
            (None, Some(250.0), Some(260.0))
        );
    }

    #[test]
    fn races_are_those_that_were_not_called_off() {
        let history =
            history(&[given(Name::Race, "2024-03-10", 10_000.0), given(Name::Race, "2024-06-01", 0.0)], &[]);
        assert_eq!(history.races(), [(day("2024-03-10"), 10_000.0)]);
    }

    #[test]
    fn the_first_month_has_defaults() {
        let history = history(&[], &[("2024-03-05", 199.0, 300.0)]);
        let settings = history.at(day("2024-03-31"));
        assert_eq!((settings.hr_max.value, settings.hr_rest.value, settings.ftp), (190.0, 60.0, None));
        assert_eq!(settings.lthr, Setting { value: 171.0, source: Source::Estimated });
    }

    #[test]
    fn the_next_month_knows_what_was_seen() {
        let history = history(&[], &[("2024-03-05", 199.0, 300.0)]);
        let settings = history.at(day("2024-04-01"));
        assert_eq!((settings.hr_max.value, settings.ftp.unwrap().value), (199.0, 285.0));
    }

    #[test]
    fn an_estimate_never_looks_at_its_own_month() {
        let seen = history(&[], &[("2024-03-05", 180.0, 250.0)]);
        let later = history(&[], &[("2024-03-05", 180.0, 250.0), ("2024-04-02", 200.0, 300.0)]);
        assert_eq!(seen.at(day("2024-04-30")), later.at(day("2024-04-30")));
    }

    #[test]
    fn twelve_months_later_a_peak_is_forgotten() {
        let history = history(&[], &[("2023-03-05", 200.0, 300.0), ("2023-09-05", 185.0, 250.0)]);
        assert_eq!((hr_max(&history, "2024-03-31").0, hr_max(&history, "2024-04-01").0), (200.0, 185.0));
    }

    #[test]
    fn after_a_long_break_the_last_months_stand() {
        let history = history(&[], &[("2020-01-01", 188.0, 300.0), ("2020-02-01", 180.0, 250.0)]);
        assert_eq!(hr_max(&history, "2024-01-01").0, 188.0);
    }

    #[test]
    fn easy_months_do_not_lower_the_maximum_below_170() {
        assert_eq!(hr_max(&history(&[], &[("2024-01-01", 150.0, 100.0)]), "2024-02-01").0, 170.0);
    }

    #[test]
    fn readings_beyond_a_heart_are_ignored() {
        let mut peak = Peak::default();
        peak.include(Some(238.0), None);
        peak.include(Some(182.0), None);
        assert_eq!(peak.max_hr, Some(182.0));
    }

    #[test]
    fn a_file_with_gaps_is_no_evidence_of_threshold_power() {
        let mut peak = Peak::default();
        peak.include(None, Some(3.2));
        assert_eq!(peak.best_20min_power, None);
    }

    #[test]
    fn an_estimated_maximum_stays_above_a_given_threshold() {
        let history = history(&[given(Name::Lthr, "2024-01-01", 185.0)], &[]);
        assert_eq!(hr_max(&history, "2024-01-01"), (195.0, Source::Estimated));
    }

    #[test]
    fn estimates_are_dated_where_they_change() {
        let history = history(&[], &[("2024-01-05", 195.0, 300.0), ("2024-02-05", 180.0, 250.0)]);
        let dates = history.estimates(day("2024-04-01"));
        let dates: Vec<(Name, String)> =
            dates.iter().map(|dated| (dated.name, dated.from.to_string())).collect();
        let wanted = [
            (Name::Sex, "2024-01-01"),
            (Name::HrRest, "2024-01-01"),
            (Name::HrMax, "2024-01-01"),
            (Name::Lthr, "2024-01-01"),
            (Name::HrMax, "2024-02-01"),
            (Name::Lthr, "2024-02-01"),
            (Name::Ftp, "2024-02-01"),
        ];
        assert_eq!(dates, wanted.map(|(name, from)| (name, from.to_owned())));
    }

    #[test]
    fn what_was_given_is_not_estimated() {
        let history = history(&[given(Name::HrMax, "2020-01-01", 190.0)], &[("2024-01-05", 195.0, 300.0)]);
        assert!(history.estimates(day("2024-04-01")).iter().all(|dated| dated.name != Name::HrMax));
    }

    #[test]
    fn only_the_months_that_differ_are_computed_again() {
        let old = [given(Name::HrMax, "2024-01-01", 190.0), given(Name::HrMax, "2024-03-01", 195.0)];
        let new = [
            given(Name::HrMax, "2024-01-01", 190.0),
            given(Name::HrMax, "2024-02-01", 192.0),
            given(Name::HrMax, "2024-03-01", 195.0),
        ];
        assert_eq!(differing(&old, &new), [(day("2024-02-01"), day("2024-03-01"))]);
    }

    #[test]
    fn another_weight_computes_no_load_again() {
        assert_eq!(differing(&[], &[given(Name::Weight, "2024-02-01", 70.0)]), []);
    }

    #[test]
    fn a_new_last_estimate_differs_for_ever() {
        let new = [given(Name::Ftp, "2024-02-01", 250.0)];
        assert_eq!(differing(&[], &new), [(day("2024-02-01"), Date::MAX)]);
    }

    #[test]
    fn given_heart_rates_must_be_in_order() {
        let wrong =
            history(&[given(Name::HrRest, "2024-01-01", 90.0), given(Name::Lthr, "2024-01-01", 85.0)], &[]);
        assert_eq!(
            wrong.at(day("2024-01-01")).check().unwrap_err().to_string(),
            "resting heart rate of 90 bpm must be below threshold heart rate of 85 bpm"
        );
    }
}
