//! What a rule sees of a day: a map of a few dozen figures, where an unknown one is an absent key.

mod forecast;
mod heat;
mod long_run;
mod races;
mod recent;
mod recovery;
mod wind;
mod zones;

use std::cmp::Ordering;

use fitness::calendar::DayRow;
use jiff::civil::{Date, Weekday};
use serde::Serialize;

use crate::best::Best;
use crate::history::View;
pub(crate) use recent::{Recent, was_hard};

/// Until then fitness is still climbing from zero and form says little.
pub(crate) const WARMING_UP_DAYS: usize = 42;

/// A day as rules see it. Keys and units are explained in `docs/RULES.md`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figures {
    date: Date,
    weekday: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    history: Option<Length>,
    #[serde(skip_serializing_if = "Option::is_none")]
    form: Option<Form>,
    #[serde(skip_serializing_if = "Option::is_none")]
    load: Option<Load>,
    #[serde(skip_serializing_if = "Option::is_none")]
    yesterday: Option<Yesterday>,
    #[serde(skip_serializing_if = "Option::is_none")]
    week: Option<Week>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usual: Option<Usual>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rest: Option<Rest>,
    #[serde(skip_serializing_if = "Option::is_none")]
    streak: Option<Streak>,
    #[serde(skip_serializing_if = "Option::is_none")]
    long_run: Option<long_run::LongRun>,
    #[serde(skip_serializing_if = "Option::is_none")]
    race: Option<races::Races>,
    #[serde(skip_serializing_if = "Option::is_none")]
    zones: Option<zones::Zones>,
    #[serde(skip_serializing_if = "Option::is_none")]
    heat: Option<heat::Heat>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wind: Option<wind::Wind>,
    #[serde(skip_serializing_if = "Option::is_none")]
    forecast: Option<forecast::Forecast>,
    #[serde(skip_serializing_if = "Option::is_none")]
    best: Option<NewBest>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recovery: Option<recovery::Recovery>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Length {
    days: usize,
    warming_up: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Form {
    ctl: f64,
    atl: f64,
    tsb: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    ctl_four_weeks_ago: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Load {
    today: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    yesterday: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    week: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    four_weeks: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ratio: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    monotony: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    strain: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    week_before: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ramp_percent: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Yesterday {
    minutes: i64,
    hard: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Week {
    hours: f64,
    activities: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Usual {
    load: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    minutes: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Rest {
    days_since: usize,
    longest_break_days: usize,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Streak {
    days: usize,
    since_easy_days: usize,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct NewBest {
    distance: &'static str,
    days_since: i64,
    seconds: i64,
    gain_s: i64,
}

/// A best is news for so many days.
const NEWS_DAYS: i64 = 7;

/// Every key that a day may lack, so that an insight can name those that were missing. What only happens at
/// times, as a race, is not missing on other days.
const MAY_BE_UNKNOWN: [&str; 21] = [
    "form.atl",
    "form.ctl",
    "form.ctl_four_weeks_ago",
    "form.tsb",
    "history.days",
    "load.four_weeks",
    "load.monotony",
    "load.ramp_percent",
    "load.ratio",
    "load.strain",
    "load.today",
    "load.week",
    "load.week_before",
    "load.yesterday",
    "long_run.minutes",
    "rest.days_since",
    "usual.minutes",
    "week.hours",
    "yesterday.hard",
    "yesterday.minutes",
    "zones.easy_percent",
];

impl Figures {
    /// The figures of the day of a view.
    pub(crate) fn of(view: &View<'_>) -> Self {
        let recent = Recent::of(view.days);
        Self {
            date: view.today,
            weekday: weekday(view.today),
            history: recent.as_ref().map(length),
            form: recent.as_ref().map(form),
            load: recent.as_ref().map(load),
            yesterday: recent.as_ref().and_then(yesterday),
            week: recent.as_ref().and_then(week),
            usual: recent.as_ref().and_then(usual),
            rest: recent.as_ref().map(rest),
            streak: recent.as_ref().map(streak),
            long_run: long_run::of(view),
            race: races::of(view),
            zones: zones::of(view),
            heat: heat::of(view),
            wind: wind::of(view),
            forecast: view.forecast.map(forecast::of),
            best: new_best(view),
            recovery: recovery::of(view),
        }
    }
}

/// The figure at a path such as `load.ratio`.
pub(crate) fn at<'a>(day: &'a serde_json::Value, path: &str) -> Option<&'a serde_json::Value> {
    path.split('.').try_fold(day, |value, key| value.get(key))
}

/// The keys that are absent because nothing is known.
pub(crate) fn unknown(day: &serde_json::Value) -> Vec<&'static str> {
    MAY_BE_UNKNOWN.into_iter().filter(|path| at(day, path).is_none()).collect()
}

fn length(recent: &Recent<'_>) -> Length {
    let days = recent.all.len();
    Length { days, warming_up: days < WARMING_UP_DAYS }
}

fn form(recent: &Recent<'_>) -> Form {
    let today = recent.today;
    Form {
        ctl: rounded(today.ctl, 1),
        atl: rounded(today.atl, 1),
        tsb: rounded(today.tsb, 1),
        ctl_four_weeks_ago: recent.ago(28).map(|day| rounded(day.ctl, 1)),
    }
}

fn load(recent: &Recent<'_>) -> Load {
    let one_decimal = |load: Option<f64>| load.map(|load| rounded(load, 1));
    Load {
        today: rounded(recent.today.load, 1),
        yesterday: one_decimal(recent.yesterday().map(|day| day.load)),
        week: one_decimal(recent.week_load()),
        four_weeks: one_decimal(recent.last(28).map(sum)),
        ratio: recent.ratio().map(|value| rounded(value, 2)),
        monotony: recent.monotony().map(|value| rounded(value, 2)),
        strain: recent.strain().map(|value| rounded(value, 0)),
        week_before: one_decimal(recent.week_load_before()),
        ramp_percent: recent.ramp_percent().map(|percent| percent.round() as i64),
    }
}

fn yesterday(recent: &Recent<'_>) -> Option<Yesterday> {
    let day = recent.yesterday()?;
    Some(Yesterday { minutes: (day.timer_s / 60.0).round() as i64, hard: recent.yesterday_was_hard() })
}

fn week(recent: &Recent<'_>) -> Option<Week> {
    let days = recent.last(7)?;
    Some(Week {
        hours: rounded(recent.week_hours()?, 1),
        activities: days.iter().map(|day| day.activities).sum(),
    })
}

fn usual(recent: &Recent<'_>) -> Option<Usual> {
    let days = recent.last(28)?;
    Some(Usual { load: rounded(sum(days) / 28.0, 1), minutes: recent::usual_minutes(days) })
}

fn rest(recent: &Recent<'_>) -> Rest {
    Rest { days_since: recent.days_since_active(), longest_break_days: recent.longest_break_days() }
}

fn streak(recent: &Recent<'_>) -> Streak {
    Streak { days: recent.days_in_a_row(), since_easy_days: recent.days_since_easy() }
}

/// The newest best of the last days, of several the one over the longest distance.
fn new_best(view: &View<'_>) -> Option<NewBest> {
    let news = view.bests.iter().filter(|best| view.number - best.day < NEWS_DAYS);
    let best: &Best = news.max_by(|a, b| {
        (a.day, a.distance_m).partial_cmp(&(b.day, b.distance_m)).unwrap_or(Ordering::Equal)
    })?;
    Some(NewBest {
        distance: best.name(),
        days_since: view.number - best.day,
        seconds: best.seconds.round() as i64,
        gain_s: (best.gain_s.round() as i64).max(1),
    })
}

fn sum(days: &[DayRow]) -> f64 {
    days.iter().map(|day| day.load).sum()
}

/// Rounds for people, which also keeps the last bits of a sum out of an insight.
pub(crate) fn rounded(value: f64, decimals: i32) -> f64 {
    let scale = 10_f64.powi(decimals);
    // Adding zero turns -0 into 0.
    (value * scale).round() / scale + 0.0
}

fn weekday(date: Date) -> &'static str {
    match date.weekday() {
        Weekday::Monday => "monday",
        Weekday::Tuesday => "tuesday",
        Weekday::Wednesday => "wednesday",
        Weekday::Thursday => "thursday",
        Weekday::Friday => "friday",
        Weekday::Saturday => "saturday",
        Weekday::Sunday => "sunday",
    }
}

#[cfg(test)]
mod tests;
