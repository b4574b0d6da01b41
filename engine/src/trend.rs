//! How a pipeline went over time: how long its runs and steps took, and what they counted, day by day or week by week.

mod figures;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::Serialize;
use store::{Row, Sql, Tx, params};

use crate::context::Readings;
use crate::run::{RunState, StepState};
pub use figures::{RunFigures, StepFigures};
use figures::{StepSums, Sums};

const DAY_MS: i64 = 86_400_000;
/// The first Monday since the epoch.
const MONDAY_MS: i64 = 4 * DAY_MS;
/// So many runs are looked at, the newest first.
const MOST_RUNS: i64 = 20_000;

/// How long a span is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    Day,
    /// From Monday on.
    Week,
}

/// Which runs are asked for.
#[derive(Debug, Clone)]
pub struct Asked {
    pub pipeline: String,
    pub partition: String,
    /// Runs that were enqueued since.
    pub since_ms: i64,
    pub by: Span,
}

/// How a pipeline went.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Trend {
    /// The oldest first; a span without a run that ended is left out.
    pub spans: Vec<SpanFigures>,
    /// There were more runs than are looked at, and the oldest are left out.
    pub is_cut: bool,
}

/// How it went in one day or week, of UTC.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SpanFigures {
    pub from_ms: i64,
    /// The plan of the last run: another one than in the span before means that the script changed.
    pub plan_hash: String,
    pub runs: RunFigures,
    /// In the order of the plan.
    pub steps: Vec<StepFigures>,
}

impl Span {
    /// When the span began in which that time lies.
    fn begin(self, at_ms: i64) -> i64 {
        match self {
            Self::Day => at_ms.div_euclid(DAY_MS) * DAY_MS,
            Self::Week => (at_ms - MONDAY_MS).div_euclid(7 * DAY_MS) * 7 * DAY_MS + MONDAY_MS,
        }
    }
}

/// A run that ended.
struct Ended {
    id: String,
    state: RunState,
    started_ms: Option<i64>,
    finished_ms: i64,
    plan_hash: String,
}

/// A step of one.
struct Done {
    run: String,
    position: i64,
    step: String,
    kind: String,
    state: StepState,
    attempts: i64,
    meters: Readings,
    took_ms: Option<i64>,
    is_reused: bool,
}

#[derive(Default)]
struct Gathered {
    plan_hash: String,
    runs: Sums,
    /// By place in the plan and name, because a script that changed has other steps in the same places.
    steps: BTreeMap<(i64, String), StepSums>,
}

/// Reads how the pipeline went.
pub fn read(tx: &mut Tx<'_>, asked: &Asked) -> store::Result<Trend> {
    let Asked { pipeline, partition, since_ms, by } = asked;
    let since = first_id(*since_ms);
    let mut runs = tx.query(&RUNS, &params![pipeline, partition, &since, MOST_RUNS + 1], read_run)?;
    let is_cut = runs.len() as i64 > MOST_RUNS;
    runs.truncate(MOST_RUNS as usize);
    let Some(oldest) = runs.last().map(|run| run.id.clone()) else { return Ok(Trend::default()) };
    let steps = tx.query(&STEPS, &params![pipeline, partition, &oldest], read_step)?;
    let mut spans: BTreeMap<i64, Gathered> = BTreeMap::new();
    let mut span_of: BTreeMap<&str, i64> = BTreeMap::new();
    for run in runs.iter().rev() {
        let from_ms = by.begin(run.started_ms.unwrap_or(run.finished_ms));
        span_of.insert(&run.id, from_ms);
        let span = spans.entry(from_ms).or_default();
        span.plan_hash.clone_from(&run.plan_hash);
        span.runs.add(run.state, run.started_ms.map(|started_ms| run.finished_ms - started_ms));
    }
    for done in &steps {
        let span = span_of.get(done.run.as_str()).and_then(|from_ms| spans.get_mut(from_ms));
        if let Some(span) = span {
            let step = span.steps.entry((done.position, done.step.clone())).or_default();
            step.add(done);
        }
    }
    Ok(Trend { spans: spans.into_iter().map(Gathered::figures).collect(), is_cut })
}

impl Gathered {
    fn figures((from_ms, gathered): (i64, Self)) -> SpanFigures {
        let Self { plan_hash, runs, steps } = gathered;
        let steps = steps.into_iter().map(|((_, step), sums)| sums.figures(step)).collect();
        SpanFigures { from_ms, plan_hash, runs: runs.figures(), steps }
    }
}

/// What the ids of all runs come after that were enqueued since.
fn first_id(since_ms: i64) -> String {
    let since_ms = since_ms.clamp(0, (1 << 48) - 1);
    format!("{:08x}-{:04x}", since_ms >> 16, since_ms & 0xffff)
}

fn read_run(row: &Row<'_>) -> store::Result<Ended> {
    Ok(Ended {
        id: row.get(0)?,
        state: RunState::parse(&row.get::<String>(1)?).unwrap_or(RunState::Failed),
        started_ms: row.get(2)?,
        finished_ms: row.get(3)?,
        plan_hash: row.get(4)?,
    })
}

fn read_step(row: &Row<'_>) -> store::Result<Done> {
    let (started_ms, finished_ms): (Option<i64>, Option<i64>) = (row.get(6)?, row.get(7)?);
    Ok(Done {
        run: row.get(0)?,
        position: row.get(1)?,
        step: row.get(2)?,
        kind: row.get(3)?,
        state: StepState::parse(&row.get::<String>(4)?).unwrap_or(StepState::Lost),
        attempts: row.get(5)?,
        took_ms: started_ms.zip(finished_ms).map(|(from, to)| (to - from).max(0)),
        meters: serde_json::from_str(&row.get::<String>(8)?).unwrap_or_default(),
        is_reused: row.get::<Option<String>>(9)?.is_some(),
    })
}

const RUNS: Sql = Sql::Both(
    "SELECT id, state, started_ms, finished_ms, plan_hash FROM run WHERE pipeline = $1 AND partition = $2 \
     AND part IS NULL AND finished_ms IS NOT NULL AND id >= $3 ORDER BY id DESC LIMIT $4",
);
const STEPS: Sql = Sql::Both(
    "SELECT step_run.run_id, step_run.position, step_run.step, step_run.kind, step_run.state, step_run.attempts, \
     step_run.started_ms, step_run.finished_ms, step_run.meters, step_run.reused_from \
     FROM run JOIN step_run ON step_run.run_id = run.id WHERE run.pipeline = $1 AND run.partition = $2 \
     AND run.part IS NULL AND run.finished_ms IS NOT NULL AND run.id >= $3 ORDER BY run.id, step_run.position",
);
pub(crate) const QUERIES: &[&Sql] = &[&RUNS, &STEPS];
