//! What was measured in the morning: sleep, resting heart rate and its variability, beside what is usual.

use fitness::daily_metric::{DailyMetrics, Name, median};
use jiff::ToSpan;
use serde::Serialize;

use super::rounded;
use crate::history::View;

/// The usual is the median of so many days before.
const USUAL_DAYS: i64 = 28;
/// Fewer values are no habit.
const VALUES_AT_LEAST: usize = 7;
/// A weight holds for so many days.
const WEIGHT_DAYS: i64 = 28;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Recovery {
    #[serde(skip_serializing_if = "Option::is_none")]
    sleep_hours: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sleep_usual_hours: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resting_hr: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resting_hr_usual: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hrv_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hrv_usual_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    weight_kg: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    steps_yesterday: Option<f64>,
}

/// Absent where nothing of it is known.
pub(super) fn of(view: &View<'_>) -> Option<Recovery> {
    let today = |name| on(view.measured, view.today, name);
    let usual = |name| usual(view, name);
    let yesterday = view.today.yesterday().ok()?;
    let hours = |seconds: f64| rounded(seconds / 3600.0, 1);
    let whole = |value: f64| rounded(value, 0);
    let recovery = Recovery {
        sleep_hours: today(Name::Sleep).map(hours),
        sleep_usual_hours: usual(Name::Sleep).map(hours),
        resting_hr: today(Name::RestingHr).map(whole),
        resting_hr_usual: usual(Name::RestingHr).map(whole),
        hrv_ms: today(Name::Hrv).map(whole),
        hrv_usual_ms: usual(Name::Hrv).map(whole),
        weight_kg: weight(view).map(|kg| rounded(kg, 1)),
        steps_yesterday: on(view.measured, yesterday, Name::Steps).map(whole),
    };
    recovery.is_known().then_some(recovery)
}

impl Recovery {
    fn is_known(&self) -> bool {
        let now = [self.sleep_hours, self.resting_hr, self.hrv_ms, self.weight_kg, self.steps_yesterday];
        let usual = [self.sleep_usual_hours, self.resting_hr_usual, self.hrv_usual_ms];
        now.iter().chain(&usual).any(Option::is_some)
    }
}

fn on(measured: &[DailyMetrics], day: jiff::civil::Date, name: Name) -> Option<f64> {
    let place = measured.binary_search_by_key(&day, |measured| measured.date).ok()?;
    measured[place].values.get(&name).copied()
}

/// The median of the days before, without the day itself.
fn usual(view: &View<'_>, name: Name) -> Option<f64> {
    let first = view.today.saturating_sub(USUAL_DAYS.days());
    let before = view.measured.iter().filter(|day| day.date >= first && day.date < view.today);
    median(before.filter_map(|day| day.values.get(&name).copied()).collect(), VALUES_AT_LEAST)
}

fn weight(view: &View<'_>) -> Option<f64> {
    let first = view.today.saturating_sub(WEIGHT_DAYS.days());
    let recent = view.measured.iter().rev().take_while(|day| day.date >= first);
    recent.filter_map(|day| day.values.get(&Name::Weight).copied()).next()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::civil::date;

    use super::*;
    use crate::history::History;

    /// Nights of eight hours and a pulse of 48 in April, and then a first of May.
    fn shown(last: &[(Name, f64)]) -> serde_json::Value {
        let usual = |day: i8| DailyMetrics {
            date: date(2026, 4, day),
            values: BTreeMap::from([(Name::Sleep, 28_800.0), (Name::RestingHr, 48.0), (Name::Steps, 7000.0)]),
        };
        let mut measured: Vec<_> = (15..=30).map(usual).collect();
        measured.push(DailyMetrics { date: date(2026, 5, 1), values: last.iter().copied().collect() });
        let history = History { measured, ..History::nothing(date(2026, 5, 1)) };
        serde_json::to_value(of(&history.now())).unwrap()
    }

    #[test]
    fn a_night_stands_beside_the_usual_ones() {
        let wanted = serde_json::json!({
            "sleep_hours": 5.5, "sleep_usual_hours": 8.0, "resting_hr": 57.0, "resting_hr_usual": 48.0,
            "weight_kg": 71.4, "steps_yesterday": 7000.0,
        });
        let last =
            [(Name::Sleep, 19_800.0), (Name::RestingHr, 57.0), (Name::Weight, 71.42), (Name::Steps, 10.0)];
        assert_eq!(shown(&last), wanted);
    }

    #[test]
    fn what_was_not_measured_today_is_not_yesterdays() {
        let shown = shown(&[(Name::Steps, 10.0)]);
        assert_eq!((shown.get("sleep_hours"), &shown["sleep_usual_hours"]), (None, &serde_json::json!(8.0)));
    }

    #[test]
    fn nothing_measured_is_no_recovery() {
        assert_eq!(of(&History::nothing(date(2026, 5, 1)).now()), None);
    }
}
