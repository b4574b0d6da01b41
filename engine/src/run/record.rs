//! What a person or a program reads of runs: states, steps, attempts, artifacts and meters.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::Value;
use store::{Row, Sql, Tx, params};

use super::journal::is_well;
use super::{RunState, StepState};
use crate::context::Readings;

/// A run as it stands.
#[derive(Debug, Clone, Serialize)]
pub struct RunRecord {
    pub id: String,
    pub pipeline: String,
    pub partition: String,
    pub params: Value,
    pub cause: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The run that this one follows by retry or replay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub follows: Option<String>,
    /// The run that waits for this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// The step of it that does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_step: Option<String>,
    /// Counts from 0; of a run for a part of what that step was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<i64>,
    pub state: RunState,
    pub plan_hash: String,
    pub enqueued_ms: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// A step of a run as it stands.
#[derive(Debug, Clone, Serialize)]
pub struct StepRecord {
    pub step: String,
    pub kind: String,
    pub state: StepState,
    pub meters: Readings,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifact: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The run whose result stands here, where the step was not run again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reused_from: Option<String>,
    pub attempts: Vec<AttemptRecord>,
}

/// One attempt at a step.
#[derive(Debug, Clone, Serialize)]
pub struct AttemptRecord {
    #[serde(skip)]
    pub step: String,
    pub attempt: i64,
    pub worker: String,
    pub state: StepState,
    pub started_ms: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    pub meters: Readings,
}

/// Which runs a page shows, newest first.
#[derive(Debug, Clone, Default)]
pub struct Page {
    pub partition: Option<String>,
    pub pipeline: Option<String>,
    /// Only runs older than this one.
    pub before: Option<String>,
    /// Only children of this run.
    pub parent: Option<String>,
    /// Children among the others.
    pub children: bool,
    pub limit: i64,
}

/// The run of that id.
pub fn run(tx: &mut Tx<'_>, id: &str) -> store::Result<Option<RunRecord>> {
    tx.optional(&RUN, &params![id], read_run)
}

/// A page of runs, newest first.
pub fn runs(tx: &mut Tx<'_>, page: &Page) -> store::Result<Vec<RunRecord>> {
    let Page { partition, pipeline, before, parent, children, limit } = page;
    let (partition, pipeline) = (partition.as_deref(), pipeline.as_deref());
    let (before, parent) = (before.as_deref(), parent.as_deref());
    // Children of one run are asked for as such.
    let is_any = *children || parent.is_some();
    tx.query(&RUNS, &params![partition, pipeline, before, *limit, parent, is_any], read_run)
}

/// How the runs of a partition stand now.
#[derive(Debug, Clone, Default)]
pub struct Standing {
    pub at_work: Option<RunRecord>,
    /// The last one that succeeded or failed.
    pub ended: Option<RunRecord>,
    /// How many wait.
    pub queued: u64,
}

/// How the runs of a partition stand, children aside.
pub fn standing(tx: &mut Tx<'_>, partition: &str) -> store::Result<Standing> {
    let queued: Option<i64> = tx.optional(&QUEUED, &params![partition], |row| row.get(0))?;
    Ok(Standing {
        at_work: tx.optional(&AT_WORK, &params![partition], read_run)?,
        ended: tx.optional(&ENDED, &params![partition], read_run)?,
        queued: queued.and_then(|queued| u64::try_from(queued).ok()).unwrap_or(0),
    })
}

/// The steps of a run with their attempts, in the plan's order.
pub fn steps(tx: &mut Tx<'_>, run: &str) -> store::Result<Vec<StepRecord>> {
    let mut kept: HashMap<String, Vec<AttemptRecord>> = HashMap::new();
    for attempt in tx.query(&ATTEMPTS, &params![run], read_attempt)? {
        kept.entry(attempt.step.clone()).or_default().push(attempt);
    }
    let steps = tx.query(&STEPS, &params![run], read_step)?;
    let whole = |(mut step, latest): (StepRecord, Option<AttemptRecord>)| {
        step.attempts = kept.remove(&step.step).unwrap_or_default();
        let is_kept =
            |latest: &AttemptRecord| step.attempts.iter().any(|kept| kept.attempt == latest.attempt);
        let latest = latest.filter(|latest| !is_kept(latest));
        step.attempts.extend(latest);
        step
    };
    Ok(steps.into_iter().map(whole).collect())
}

fn read_run(row: &Row<'_>) -> store::Result<RunRecord> {
    Ok(RunRecord {
        id: row.get(0)?,
        pipeline: row.get(1)?,
        partition: row.get(2)?,
        params: json(row.get::<String>(3)?),
        cause: row.get(4)?,
        request_id: row.get(5)?,
        state: RunState::parse(&row.get::<String>(6)?).unwrap_or(RunState::Failed),
        plan_hash: row.get(7)?,
        enqueued_ms: row.get(8)?,
        started_ms: row.get(9)?,
        finished_ms: row.get(10)?,
        error_code: row.get(11)?,
        error: row.get(12)?,
        follows: row.get(13)?,
        parent: row.get(14)?,
        parent_step: row.get(15)?,
        part: row.get(16)?,
    })
}

/// A step, and the attempt that its own row tells of.
fn read_step(row: &Row<'_>) -> store::Result<(StepRecord, Option<AttemptRecord>)> {
    let step = StepRecord {
        step: row.get(0)?,
        kind: row.get(1)?,
        state: state(&row.get::<String>(2)?),
        meters: serde_json::from_str(&row.get::<String>(3)?).unwrap_or_default(),
        artifact: row.get::<Option<String>>(4)?.map(json),
        started_ms: row.get(5)?,
        finished_ms: row.get(6)?,
        error_code: row.get(7)?,
        error: row.get(8)?,
        reused_from: row.get(12)?,
        attempts: Vec::new(),
    };
    let started = row.get::<Option<String>>(10)?.zip(row.get::<Option<i64>>(11)?);
    let Some((worker, started_ms)) =
        started.filter(|_| step.state == StepState::Running || is_well(step.state))
    else {
        return Ok((step, None));
    };
    let latest = AttemptRecord {
        step: step.step.clone(),
        attempt: row.get(9)?,
        worker,
        state: step.state,
        started_ms,
        finished_ms: step.finished_ms.filter(|_| step.state != StepState::Running),
        error_code: step.error_code.clone(),
        error: step.error.clone(),
        meters: step.meters,
    };
    Ok((step, Some(latest)))
}

fn read_attempt(row: &Row<'_>) -> store::Result<AttemptRecord> {
    Ok(AttemptRecord {
        step: row.get(0)?,
        attempt: row.get(1)?,
        worker: row.get(2)?,
        state: state(&row.get::<String>(3)?),
        started_ms: row.get(4)?,
        finished_ms: row.get(5)?,
        error_code: row.get(6)?,
        error: row.get(7)?,
        meters: serde_json::from_str(&row.get::<String>(8)?).unwrap_or_default(),
    })
}

fn state(text: &str) -> StepState {
    StepState::parse(text).unwrap_or(StepState::Lost)
}

fn json(text: String) -> Value {
    serde_json::from_str(&text).unwrap_or(Value::String(text))
}

const RUN: Sql = Sql::Both(
    "SELECT id, pipeline, partition, params, cause, request_id, state, plan_hash, enqueued_ms, started_ms, \
     finished_ms, error_code, error, follows, parent, parent_step, part FROM run WHERE id = $1",
);
const RUNS: Sql = Sql::Both(
    "SELECT id, pipeline, partition, params, cause, request_id, state, plan_hash, enqueued_ms, started_ms, \
     finished_ms, error_code, error, follows, parent, parent_step, part FROM run \
     WHERE (CAST($1 AS TEXT) IS NULL OR partition = $1) AND (CAST($2 AS TEXT) IS NULL OR pipeline = $2) \
     AND (CAST($3 AS TEXT) IS NULL OR id < $3) AND (CAST($5 AS TEXT) IS NULL OR parent = $5) \
     AND (CAST($6 AS BOOLEAN) OR parent IS NULL) ORDER BY id DESC LIMIT $4",
);
const QUEUED: Sql = Sql::Both(
    "SELECT COUNT(*) FROM run WHERE state = 'queued' AND part IS NULL AND parent IS NULL AND partition = $1",
);
const AT_WORK: Sql = Sql::Both(
    "SELECT id, pipeline, partition, params, cause, request_id, state, plan_hash, enqueued_ms, started_ms, \
     finished_ms, error_code, error, follows, parent, parent_step, part FROM run \
     WHERE state = 'running' AND part IS NULL AND parent IS NULL AND partition = $1 ORDER BY id DESC LIMIT 1",
);
// The newest ids end last, but for the few at once; there is one soon.
const ENDED: Sql = Sql::Both(
    "SELECT id, pipeline, partition, params, cause, request_id, state, plan_hash, enqueued_ms, started_ms, \
     finished_ms, error_code, error, follows, parent, parent_step, part FROM run \
     WHERE state IN ('succeeded', 'failed') AND parent IS NULL AND partition = $1 ORDER BY id DESC LIMIT 1",
);
const STEPS: Sql = Sql::Both(
    "SELECT step, kind, state, meters, artifact, started_ms, finished_ms, error_code, error, \
     attempts, worker, attempt_ms, reused_from FROM step_run WHERE run_id = $1 ORDER BY position",
);
const ATTEMPTS: Sql = Sql::Both(
    "SELECT step, attempt, worker, state, started_ms, finished_ms, error_code, error, meters FROM step_attempt \
     WHERE run_id = $1 ORDER BY step, attempt",
);
pub(crate) const QUERIES: &[&Sql] = &[&RUN, &RUNS, &QUEUED, &AT_WORK, &ENDED, &STEPS, &ATTEMPTS];
