//! The long run: how long it was of late, how long ago, and on which weekday it usually is.

use jiff::ToSpan;
use serde::Serialize;

use super::{rounded, weekday};
use crate::history::View;
use crate::outing::Outing;

const WINDOW_DAYS: i64 = 28;
/// Fewer runs have no long one among them.
const RUNS_AT_LEAST: usize = 4;
/// What is at least so much of the longest run was a long one too.
const LONG_SHARE: f64 = 0.8;
/// Weeks in which a weekday is looked for, and in how many of them it must have been the same.
const WEEKS: i64 = 8;
const SAME_WEEKDAY_AT_LEAST: usize = 4;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct LongRun {
    minutes: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    km: Option<f64>,
    days_since: i64,
    usual_minutes: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    weekday: Option<&'static str>,
}

/// Absent with fewer than four runs in four weeks.
pub(super) fn of(view: &View<'_>) -> Option<LongRun> {
    let runs: Vec<&Outing> = view.last_outings(WINDOW_DAYS).iter().filter(|outing| outing.is_run()).collect();
    if runs.len() < RUNS_AT_LEAST {
        return None;
    }
    let longest = *longest(&runs)?;
    let last = runs.iter().rev().find(|run| run.seconds >= LONG_SHARE * longest.seconds)?;
    let mut minutes: Vec<i64> = runs.iter().map(|run| run.minutes()).collect();
    minutes.sort_unstable();
    Some(LongRun {
        minutes: longest.minutes(),
        km: (longest.distance_m > 0.0).then(|| rounded(longest.distance_m / 1000.0, 1)),
        days_since: view.number - last.day,
        usual_minutes: minutes[minutes.len() / 2],
        weekday: usual_weekday(view),
    })
}

fn longest<'a, 'b>(runs: &'b [&'a Outing]) -> Option<&'b &'a Outing> {
    runs.iter().max_by(|a, b| a.seconds.total_cmp(&b.seconds))
}

/// The weekday of most of the longest runs of the last weeks, today's left out.
fn usual_weekday(view: &View<'_>) -> Option<&'static str> {
    // Days since 1970 modulo 7 tell weekdays apart.
    let mut counts = [0_usize; 7];
    for week in 0..WEEKS {
        let (first, end) = (view.number - 7 * (week + 1), view.number - 7 * week);
        let runs: Vec<&Outing> =
            view.outings.iter().filter(|run| run.is_run() && (first..end).contains(&run.day)).collect();
        if let Some(run) = longest(&runs) {
            counts[run.day.rem_euclid(7) as usize] += 1;
        }
    }
    let (place, count) = counts.iter().enumerate().max_by_key(|(_, count)| **count)?;
    let back = (view.number - place as i64).rem_euclid(7);
    (*count >= SAME_WEEKDAY_AT_LEAST).then(|| weekday(view.today.saturating_sub(back.days())))
}
