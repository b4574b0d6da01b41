//! Races: the last one, and the next that was announced.

use serde::Serialize;

use super::rounded;
use crate::history::View;
use crate::outing::{Outing, number};

/// How far back and ahead races are looked for.
const REACH_DAYS: i64 = 60;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Races {
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<Last>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Next>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Last {
    days_since: i64,
    km: f64,
    minutes: i64,
    on_foot: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Next {
    days_to: i64,
    km: f64,
}

/// Absent where there is neither.
pub(super) fn of(view: &View<'_>) -> Option<Races> {
    let (last, next) = (last(view), next(view));
    (last.is_some() || next.is_some()).then_some(Races { last, next })
}

fn last(view: &View<'_>) -> Option<Last> {
    let races = view.last_outings(REACH_DAYS + 1).iter().filter(|outing| outing.is_race);
    let race: &Outing = races.max_by(|a, b| a.day.cmp(&b.day).then(a.seconds.total_cmp(&b.seconds)))?;
    Some(Last {
        days_since: view.number - race.day,
        km: rounded(race.distance_m / 1000.0, 1),
        minutes: race.minutes(),
        on_foot: race.is_run(),
    })
}

fn next(view: &View<'_>) -> Option<Next> {
    let races = view.settings.races().into_iter();
    let ahead = races.map(|(day, meters)| (number(day) - view.number, meters));
    let (days_to, meters) =
        ahead.filter(|(days_to, _)| (0..=REACH_DAYS).contains(days_to)).min_by_key(|next| next.0)?;
    Some(Next { days_to, km: rounded(meters / 1000.0, 1) })
}
