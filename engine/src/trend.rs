//! How a pipeline went over time: how long its runs and steps took, and what they counted, day by day or week by week.

mod figures;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};

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
    read_of(tx, asked, MOST_RUNS)
}

/// The same of so many runs at most. Rows are added up as they come, because they are many.
fn read_of(tx: &mut Tx<'_>, asked: &Asked, most: i64) -> store::Result<Trend> {
    let Asked { pipeline, partition, since_ms, by } = asked;
    let mut all = Gathering::default();
    let since = first_id(*since_ms);
    tx.query(&RUNS, &params![pipeline, partition, &since, most + 1], |row| {
        all.add_run(read_run(row)?, *by, most);
        Ok(())
    })?;
    let Some(oldest) = all.oldest.clone() else { return Ok(Trend::default()) };
    tx.query(&STEPS, &params![pipeline, partition, &oldest], |row| {
        all.add_step(&read_step(row)?);
        Ok(())
    })?;
    tx.query(&FORMER, &params![pipeline, partition, &oldest], |row| {
        let state = StepState::parse(&row.get::<String>(3)?).unwrap_or(StepState::Lost);
        let meters = serde_json::from_str(&row.get::<String>(4)?).unwrap_or_default();
        if let Some(step) = all.step(&row.get::<String>(0)?, &(row.get(1)?, row.get(2)?)) {
            step.add_former(state, meters);
        }
        Ok(())
    })?;
    let Gathering { spans, is_cut, .. } = all;
    Ok(Trend { spans: spans.into_iter().map(Gathered::figures).collect(), is_cut })
}

/// What was read so far.
#[derive(Default)]
struct Gathering {
    spans: BTreeMap<i64, Gathered>,
    /// In which span each run lies.
    span_of: HashMap<String, i64>,
    oldest: Option<String>,
    is_cut: bool,
}

impl Gathering {
    /// Adds a run; they come the newest first.
    fn add_run(&mut self, run: Ended, by: Span, most: i64) {
        if self.span_of.len() as i64 >= most {
            self.is_cut = true;
            return;
        }
        let from_ms = by.begin(run.started_ms.unwrap_or(run.finished_ms));
        let span = self.spans.entry(from_ms).or_default();
        span.runs.add(run.state, run.started_ms.map(|started_ms| run.finished_ms - started_ms));
        if span.plan_hash.is_empty() {
            span.plan_hash = run.plan_hash;
        }
        self.oldest = Some(run.id.clone());
        self.span_of.insert(run.id, from_ms);
    }

    fn add_step(&mut self, done: &Done) {
        let span = self.span_of.get(&done.run).and_then(|from_ms| self.spans.get_mut(from_ms));
        if let Some(span) = span {
            span.steps.entry((done.position, done.step.clone())).or_default().add(done);
        }
    }

    fn step(&mut self, run: &str, step: &(i64, String)) -> Option<&mut StepSums> {
        self.spans.get_mut(self.span_of.get(run)?)?.steps.get_mut(step)
    }
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
    let (started_ms, finished_ms): (Option<i64>, Option<i64>) = (row.get(5)?, row.get(6)?);
    Ok(Done {
        run: row.get(0)?,
        position: row.get(1)?,
        step: row.get(2)?,
        kind: row.get(3)?,
        state: StepState::parse(&row.get::<String>(4)?).unwrap_or(StepState::Lost),
        took_ms: started_ms.zip(finished_ms).map(|(from, to)| (to - from).max(0)),
        meters: serde_json::from_str(&row.get::<String>(7)?).unwrap_or_default(),
        is_reused: row.get::<Option<String>>(8)?.is_some(),
    })
}

const RUNS: Sql = Sql::Both(
    "SELECT id, state, started_ms, finished_ms, plan_hash FROM run WHERE pipeline = $1 AND partition = $2 \
     AND part IS NULL AND finished_ms IS NOT NULL AND id >= $3 ORDER BY id DESC LIMIT $4",
);
const STEPS: Sql = Sql::Both(
    "SELECT step_run.run_id, step_run.position, step_run.step, step_run.kind, step_run.state, \
     step_run.started_ms, step_run.finished_ms, step_run.meters, step_run.reused_from \
     FROM run JOIN step_run ON step_run.run_id = run.id WHERE run.pipeline = $1 AND run.partition = $2 \
     AND run.part IS NULL AND run.finished_ms IS NOT NULL AND run.id >= $3 ORDER BY run.id, step_run.position",
);
// The last attempt is told by its step.
const FORMER: Sql = Sql::Both(
    "SELECT step_run.run_id, step_run.position, step_run.step, step_attempt.state, step_attempt.meters \
     FROM run JOIN step_run ON step_run.run_id = run.id JOIN step_attempt ON step_attempt.run_id = step_run.run_id \
     AND step_attempt.step = step_run.step AND step_attempt.attempt < step_run.attempts \
     WHERE run.pipeline = $1 AND run.partition = $2 AND run.part IS NULL AND run.finished_ms IS NOT NULL \
     AND run.id >= $3 ORDER BY run.id, step_run.position, step_attempt.attempt",
);
pub(crate) const QUERIES: &[&Sql] = &[&RUNS, &STEPS, &FORMER];
