//! What predictions would have been worth: each race and hard effort foretold from what was known before it.

use jiff::ToSpan;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::form::{Form, HARD, rounded};
use super::{Effort, Evidence, FIRST_WINDOW_DAYS, Race};

/// So far back races and hard efforts are foretold.
pub const REACH_DAYS: i64 = 3 * 365;
/// Of more than this the newest.
const MOST_TESTS: usize = 120;
/// A test counts for a distance that is at most so many times as long or as short.
const NEAR: f64 = 1.25;
/// Fewer tests over a distance say less than those over all of them.
const TESTS_AT_LEAST: usize = 3;

/// How far off the predictions of the athlete's own races and hard efforts were.
///
/// Each is left out of its own prediction, and so is all that came after it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Backtest {
    /// The distance that was tested, or `all` where it has fewer than three tests.
    pub over: String,
    pub tests: u32,
    /// How many of them were races.
    pub races: u32,
    /// The median of how far off they were, in percent of the time that was run.
    pub error_pct: f64,
    /// The median with its sign: above 0 the predictions were too slow.
    pub bias_pct: f64,
}

/// One effort that was foretold.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Test {
    pub(super) distance_m: f64,
    pub(super) is_race: bool,
    /// Predicted less run, in percent of what was run, both on a flat way in cool air.
    pub(super) error_pct: f64,
}

/// Foretells the races and hard efforts up to a day.
pub(super) fn tests(evidence: &Evidence, date: Date) -> Vec<Test> {
    let first = date.saturating_sub(REACH_DAYS.days());
    let start = evidence.efforts.partition_point(|effort| effort.date < first);
    let end = evidence.efforts.partition_point(|effort| effort.date <= date);
    let activities =
        evidence.efforts[start..end.max(start)].chunk_by(|one, other| one.activity == other.activity);
    let targets: Vec<&Effort> = activities.filter_map(|efforts| target(evidence, efforts)).collect();
    targets[targets.len().saturating_sub(MOST_TESTS)..]
        .iter()
        .filter_map(|effort| foretell(evidence, effort))
        .collect()
}

impl Backtest {
    /// What the tests say of a distance; `None` without any.
    pub(super) fn over(tests: &[Test], race: &Race) -> Option<Self> {
        let is_near = |test: &&Test| {
            let stretch = (race.meters / test.distance_m).max(test.distance_m / race.meters);
            stretch <= NEAR
        };
        let near: Vec<&Test> = tests.iter().filter(is_near).collect();
        let (over, tests) = if near.len() >= TESTS_AT_LEAST {
            (race.name.clone(), near)
        } else {
            ("all".to_owned(), tests.iter().collect())
        };
        Some(Self {
            over,
            tests: tests.len() as u32,
            races: tests.iter().filter(|test| test.is_race).count() as u32,
            error_pct: rounded(median(tests.iter().map(|test| test.error_pct.abs()))?),
            bias_pct: rounded(median(tests.iter().map(|test| test.error_pct))?),
        })
    }

    /// True where there are tests enough, over the distance or over all.
    pub(super) fn is_telling(&self) -> bool {
        self.tests as usize >= TESTS_AT_LEAST
    }

    /// True where the distance itself was tested.
    pub(super) fn is_of_the_distance(&self) -> bool {
        self.over != "all"
    }
}

/// The effort of an activity that is worth foretelling: of a race the longest, else the best where it was hard.
fn target<'a>(evidence: &Evidence, efforts: &'a [Effort]) -> Option<&'a Effort> {
    let longest = efforts.iter().max_by(|one, other| one.distance_m.total_cmp(&other.distance_m))?;
    if longest.is_race {
        return Some(longest);
    }
    let best = efforts.iter().max_by(|one, other| one.vdot().total_cmp(&other.vdot()))?;
    let first = best.date.saturating_sub(FIRST_WINDOW_DAYS.days());
    let around = evidence.up_to(best.date).iter().filter(|effort| effort.date >= first);
    let best_around = around.map(Effort::vdot).fold(0.0, f64::max);
    (best.vdot() >= HARD * best_around).then_some(best)
}

/// Foretells an effort from those of earlier days; `None` where these say nothing of it.
fn foretell(evidence: &Evidence, effort: &Effort) -> Option<Test> {
    let before = effort.date.yesterday().ok()?;
    let form = Form::on(effort.date, evidence.up_to(before), evidence.weekly_m(before))?;
    let predicted_s = form.seconds(effort.distance_m)?;
    let run_s = effort.level_s();
    Some(Test {
        distance_m: effort.distance_m,
        is_race: effort.is_race,
        error_pct: 100.0 * (predicted_s - run_s) / run_s,
    })
}

fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    let low = *values.get(values.len().checked_sub(1)? / 2)?;
    Some(f64::midpoint(low, values[values.len() / 2]))
}
