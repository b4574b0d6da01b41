//! The row of every day, from the loads of its activities.

use std::collections::BTreeMap;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::pmc::{self, State};
use crate::scope::{Counted, Scope};

/// One local day of an athlete.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DayRow {
    #[schemars(with = "String")]
    pub date: Date,
    pub load: f64,
    /// Fitness after the day.
    pub ctl: f64,
    /// Fatigue after the day.
    pub atl: f64,
    /// Form on the morning of the day.
    pub tsb: f64,
    #[serde(skip)]
    pub activities: u32,
    #[serde(skip)]
    pub timer_s: f64,
    #[serde(skip)]
    pub elapsed_s: f64,
    #[serde(skip)]
    pub distance_m: f64,
}

/// What one activity adds to its day.
#[derive(Debug, Clone, PartialEq)]
pub struct Contribution {
    pub date: Date,
    pub counted: Counted,
    /// Seconds of effort.
    pub duration_s: Option<f64>,
    pub elapsed_s: Option<f64>,
    pub distance_m: Option<f64>,
    pub load: Option<f64>,
}

#[derive(Clone, Copy, Default)]
struct Sums {
    activities: u32,
    timer_s: f64,
    elapsed_s: f64,
    distance_m: f64,
    load: f64,
}

/// Days from the first through the last, both included, carrying on from the state before the first.
///
/// The order of the contributions decides the last bits of a sum, so it must be the same each time.
pub fn days(
    before: State,
    (first, last): (Date, Date),
    scope: Scope,
    contributions: &[Contribution],
) -> Vec<DayRow> {
    let mut sums: BTreeMap<Date, Sums> = BTreeMap::new();
    for activity in contributions.iter().filter(|activity| activity.counted.is_in(scope)) {
        let day = sums.entry(activity.date).or_default();
        day.activities += 1;
        day.timer_s += activity.duration_s.unwrap_or(0.0);
        day.elapsed_s += activity.elapsed_s.unwrap_or(0.0);
        day.distance_m += activity.distance_m.unwrap_or(0.0);
        day.load += activity.load.unwrap_or(0.0);
    }
    let dates = std::iter::successors(Some(first), |date| date.tomorrow().ok());
    let dates: Vec<Date> = dates.take_while(|date| *date <= last).collect();
    let of = |date: &Date| sums.get(date).copied().unwrap_or_default();
    let loads = dates.iter().map(|date| of(date).load);
    dates.iter().zip(pmc::days(before, loads)).map(|(date, day)| row(*date, of(date), day)).collect()
}

fn row(date: Date, sums: Sums, day: pmc::Day) -> DayRow {
    DayRow {
        date,
        load: sums.load,
        ctl: day.state.ctl,
        atl: day.state.atl,
        tsb: day.tsb,
        activities: sums.activities,
        timer_s: sums.timer_s,
        elapsed_s: sums.elapsed_s,
        distance_m: sums.distance_m,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn activity(date: &str, provenance: &str, load: f64) -> Contribution {
        Contribution {
            date: day(date),
            counted: Counted { all: true, shareable: provenance != "strava_api" },
            duration_s: Some(3600.0),
            elapsed_s: Some(4000.0),
            distance_m: None,
            load: Some(load),
        }
    }

    fn rows(scope: Scope) -> Vec<DayRow> {
        let activities = [
            activity("2024-03-01", "file", 40.0),
            activity("2024-03-01", "strava_api", 60.0),
            activity("2024-03-03", "file", 50.0),
        ];
        days(State::default(), (day("2024-03-01"), day("2024-03-04")), scope, &activities)
    }

    #[test]
    fn days_without_activity_are_there_with_no_load() {
        let loads: Vec<f64> = rows(Scope::All).iter().map(|row| row.load).collect();
        assert_eq!(loads, [100.0, 0.0, 50.0, 0.0]);
    }

    #[test]
    fn the_shareable_days_know_nothing_of_the_api() {
        let first = &rows(Scope::Shareable)[0];
        assert_eq!((first.load, first.activities), (40.0, 1));
    }

    #[test]
    fn form_follows_the_day_before() {
        let rows = rows(Scope::All);
        assert_eq!(rows[1].tsb, rows[0].ctl - rows[0].atl);
    }

    #[test]
    fn a_day_shows_as_five_numbers() {
        let shown = serde_json::to_string(&rows(Scope::All)[0]).unwrap();
        assert!(shown.starts_with(r#"{"date":"2024-03-01","load":100.0,"ctl":2.35"#), "{shown}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap().as_object().unwrap().len(), 5);
    }
}
