//! Which settings held on which day.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::estimate::{self, Heart, Peak, month_after, month_of};
use super::{Dated, Name, Setting, Settings, Source, Value, Zoned, Zones};
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
            estimate::hr_max(&self.peaks, month, Heart { age: self.age(month), given_lthr })
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
            zones: Zoned::ALL.into_iter().filter_map(|of| Some((of, self.given_zones(of, day)?))).collect(),
        }
    }

    fn load_order(&self, of: LoadOf, day: Date) -> Option<LoadOrder> {
        match self.given_value(Name::LoadBy(of), day)? {
            Value::Order(order) => Some(order),
            Value::Sex(_) | Value::Number(_) | Value::Zones(_) => None,
        }
    }

    fn given_zones(&self, zoned: Zoned, day: Date) -> Option<Zones> {
        match self.given_value(Name::Zones(zoned), day)? {
            Value::Zones(zones) => Some(zones),
            Value::Sex(_) | Value::Number(_) | Value::Order(_) => None,
        }
    }

    /// The birth year, where it was given.
    pub fn birth_year(&self) -> Option<f64> {
        self.given_number(Name::BirthYear, Date::MAX)
    }

    /// Years lived in the year of a month.
    fn age(&self, month: Date) -> Option<f64> {
        self.birth_year().map(|born| (f64::from(month.year()) - born).max(0.0))
    }

    /// The month and the reading that the estimate of a setting for a day rests on; nothing where it rests on none, as a
    /// default does, and a threshold heart rate below a maximum that was given.
    pub fn evidence(&self, name: Name, day: Date) -> Option<(Date, f64)> {
        let is_derived = name == Name::Lthr && self.given_number(Name::HrMax, day).is_some();
        estimate::evidence(&self.peaks, name, month_of(day)).filter(|_| !is_derived)
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
            Value::Sex(_) | Value::Order(_) | Value::Zones(_) => None,
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
    use jiff::ToSpan;
    use proptest::prelude::*;

    use super::super::{Measure, differing};
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
    fn evidence_is_the_month_that_the_estimate_rests_on() {
        let history = history(&[], &[("2023-03-05", 200.0, 240.0), ("2023-09-05", 185.0, 250.0)]);
        let evidence = |name, on| history.evidence(name, day(on));
        assert_eq!(evidence(Name::HrMax, "2024-03-31"), Some((day("2023-03-01"), 200.0)));
        assert_eq!(evidence(Name::HrMax, "2024-04-01"), Some((day("2023-09-01"), 185.0)));
        assert_eq!(evidence(Name::Ftp, "2023-09-30"), Some((day("2023-03-01"), 240.0)));
        assert_eq!(evidence(Name::Ftp, "2023-03-31"), None);
        assert_eq!(evidence(Name::HrRest, "2024-03-31"), None);
    }

    #[test]
    fn the_age_stands_in_for_a_maximum_that_was_never_seen() {
        let born = [given(Name::BirthYear, "0001-01-01", 1954.0)];
        let history = history(&born, &[("2024-03-05", 150.0, 100.0)]);
        // 208 - 0.7 × 70, and what is seen then may be as low.
        assert_eq!((hr_max(&history, "2024-03-31").0, hr_max(&history, "2024-04-01").0), (159.0, 159.0));
    }

    #[test]
    fn zones_of_the_sport_stand_before_those_of_every_sport() {
        let zones = |zoned, from: &str, edges: &[f64]| Dated {
            name: Name::Zones(zoned),
            from: day(from),
            value: Value::Zones(Zones::new(zoned, edges).unwrap()),
            source: Source::Given,
        };
        let given = [
            zones(Zoned::HeartRate, "2024-02-01", &[100.0, 150.0]),
            zones(Zoned::HeartRateRunning, "2024-03-01", &[110.0, 160.0]),
        ];
        let history = history(&given, &[]);
        let first = |sport, on| {
            let zones = history.at(day(on)).zones(Measure::HeartRate, sport);
            zones.map(|zones| zones.edges()[0])
        };
        assert_eq!((first("running", "2024-01-31"), first("running", "2024-02-01")), (None, Some(100.0)));
        assert_eq!(first("running", "2024-03-01"), Some(110.0));
        assert_eq!(first("cycling", "2024-03-01"), Some(100.0));
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
    fn an_estimate_that_gave_way_computes_nothing_again() {
        let given = given(Name::HrMax, "2024-01-01", 190.0);
        let estimated = |number| Dated {
            name: Name::HrMax,
            from: day("2024-01-01"),
            value: Value::Number(number),
            source: Source::Estimated,
        };
        assert_eq!(differing(&[given.clone(), estimated(180.0)], &[given.clone(), estimated(185.0)]), []);
        // The same number from another source changes what loads say of themselves.
        let said = [Dated { value: Value::Number(180.0), ..given }];
        assert_eq!(differing(&[estimated(180.0)], &said), [(day("2024-01-01"), Date::MAX)]);
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

    /// Settings of two names on some of sixty days, given or estimated.
    fn some() -> impl Strategy<Value = Vec<Dated>> {
        let one =
            (0_i32..60, 0_u8..2, any::<bool>(), 0_u8..3).prop_map(|(after, name, is_given, number)| Dated {
                name: if name == 0 { Name::HrMax } else { Name::Ftp },
                from: day("2024-01-01").saturating_add(after.days()),
                value: super::Value::Number(f64::from(number)),
                source: if is_given { Source::Given } else { Source::Estimated },
            });
        // One a day, name and source, as the store has them.
        prop::collection::vec(one, 0..12).prop_map(|all| {
            let keyed = all.into_iter().map(|dated| ((dated.name, dated.source, dated.from), dated));
            keyed.collect::<BTreeMap<_, _>>().into_values().collect()
        })
    }

    fn holds(all: &[Dated], name: Name, on: Date) -> Option<(Source, super::Value)> {
        let of = |source| {
            let begun = all.iter().filter(|dated| dated.name == name && dated.source == source);
            begun
                .filter(|dated| dated.from <= on)
                .max_by_key(|dated| dated.from)
                .map(|last| (source, last.value))
        };
        of(Source::Given).or(of(Source::Estimated))
    }

    proptest! {
        /// A day lies in a range exactly where something else holds on it.
        #[test]
        fn the_days_that_differ_are_in_the_ranges_and_no_others((old, new) in (some(), some())) {
            let ranges = differing(&old, &new);
            for on in day("2023-12-30").series(1.day()).take(70) {
                let differs = [Name::HrMax, Name::Ftp].iter().any(|name| holds(&old, *name, on) != holds(&new, *name, on));
                let is_inside = ranges.iter().any(|(from, until)| (*from..*until).contains(&on));
                prop_assert_eq!(differs, is_inside, "{}: {:?}", on, ranges);
            }
        }
    }
}
