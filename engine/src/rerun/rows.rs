//! The rows of a run that follows another.

use std::collections::HashMap;
use std::sync::Arc;

use store::{Sql, Tx, params};

use crate::plan::Plan;
use crate::queue::{self, Enqueued, Job};
use crate::run::{RunState, StepState, list_steps};

/// The run that is followed.
pub(super) struct Former {
    pub id: String,
    pub pipeline: String,
    pub partition: String,
    pub params: String,
    pub state: RunState,
    pub script_hash: String,
    pub script_body: String,
    pub plan_hash: String,
    /// The run that waited for it, where it was for a part of a step of that one.
    pub part_of: Option<String>,
}

/// What a new run takes over from a former one.
pub(super) struct Reuse {
    pub plan: Arc<Plan>,
    pub again: Vec<bool>,
    /// Steps are run again even where a result is kept for them.
    pub is_fresh: bool,
    pub former: String,
}

/// The history of the former run went away while it was read.
#[derive(Debug, thiserror::Error)]
#[error("the history of the run that is followed is gone")]
struct Gone;

pub(super) fn former(tx: &mut Tx<'_>, run: &str) -> store::Result<Option<Former>> {
    tx.optional(&FORMER, &params![run], |row| {
        let is_part = row.get::<Option<i64>>(8)?.is_some();
        Ok(Former {
            id: run.to_owned(),
            pipeline: row.get(0)?,
            partition: row.get(1)?,
            params: row.get(2)?,
            state: RunState::parse(&row.get::<String>(3)?).unwrap_or(RunState::Failed),
            script_hash: row.get(4)?,
            script_body: row.get(5)?,
            plan_hash: row.get(6)?,
            part_of: row.get::<Option<String>>(7)?.filter(|_| is_part),
        })
    })
}

pub(super) fn states(tx: &mut Tx<'_>, run: &str) -> store::Result<HashMap<String, StepState>> {
    let states = tx.query(&STATES, &params![run], |row| {
        Ok((row.get::<String>(0)?, StepState::parse(&row.get::<String>(1)?).unwrap_or(StepState::Lost)))
    })?;
    Ok(states.into_iter().collect())
}

/// Enqueues the run with the results that it takes over, or answers the unfinished one that follows already.
pub(super) fn enqueue(tx: &mut Tx<'_>, job: &Job, reuse: &Reuse) -> store::Result<Enqueued> {
    hold(tx, &reuse.former)?;
    if let Some(run) = tx.optional(&FOLLOWER, &params![&reuse.former], |row| row.get(0))? {
        return Ok(Enqueued { run, new: false });
    }
    let enqueued = queue::enqueue(tx, job)?;
    follow(tx, &job.id, &reuse.former)?;
    if reuse.is_fresh {
        queue::make_fresh(tx, &job.id)?;
    }
    list_steps(tx, &job.id, &reuse.plan, |position| reuse.again[position])?;
    let steps = reuse.plan.steps.iter().enumerate().filter(|(position, _)| !reuse.again[*position]);
    let rows: Vec<Vec<_>> = steps
        .map(|(position, step)| params![&job.id, &reuse.former, &*step.name, position as i64].into())
        .collect();
    if tx.batch(&REUSE, &rows)? != rows.len() as u64 {
        return Err(store::Error::abort(Gone));
    }
    Ok(enqueued)
}

/// Lets nobody else follow the run until the transaction ends.
pub(crate) fn hold(tx: &mut Tx<'_>, run: &str) -> store::Result<()> {
    tx.query(&HOLD, &params![run], |_| Ok(())).map(drop)
}

/// Notes that a run follows another: it has its origin, and answers for its dead letter.
pub(crate) fn follow(tx: &mut Tx<'_>, run: &str, former: &str) -> store::Result<()> {
    tx.execute(&FOLLOW, &params![run, former])?;
    tx.execute(&ANSWER, &params![run])?;
    Ok(())
}

const FORMER: Sql = Sql::Both(
    "SELECT run.pipeline, run.partition, run.params, run.state, run.script_hash, script.body, run.plan_hash, \
     run.parent, run.part \
     FROM run JOIN script ON script.hash = run.script_hash WHERE run.id = $1",
);
const STATES: Sql = Sql::Both("SELECT step, state FROM step_run WHERE run_id = $1 ORDER BY position");
// SQLite has one writer at a time: its transaction is the lock.
const HOLD: Sql = Sql::Per {
    sqlite: "SELECT 1 FROM run WHERE id = $1",
    postgres: "SELECT 1 FROM run WHERE id = $1 FOR UPDATE",
};
const FOLLOWER: Sql = Sql::Both(
    "SELECT id FROM run WHERE follows = $1 AND state IN ('queued', 'running') ORDER BY id DESC LIMIT 1",
);
const FOLLOW: Sql = Sql::Both(
    "UPDATE run SET follows = $2, \
     origin = (SELECT COALESCE(former.origin, former.cause) FROM run AS former WHERE former.id = $2), \
     letter = COALESCE((SELECT run_id FROM dead_letter WHERE run_id = $2 AND state = 'open'), \
     (SELECT former.letter FROM run AS former WHERE former.id = $2)) WHERE id = $1",
);
const ANSWER: Sql = Sql::Both(
    "UPDATE dead_letter SET replay_run = $1 \
     WHERE run_id = (SELECT letter FROM run WHERE id = $1) AND state = 'open'",
);
const REUSE: Sql = Sql::Both(
    "INSERT INTO step_run (run_id, step, position, kind, state, attempts, artifact, meters, started_ms, \
     finished_ms, error_code, error, worker, attempt_ms, reused_from) \
     SELECT $1, step, $4, kind, state, attempts, artifact, meters, started_ms, finished_ms, error_code, \
     error, worker, attempt_ms, COALESCE(reused_from, run_id) FROM step_run WHERE run_id = $2 AND step = $3",
);
pub(crate) const QUERIES: &[&Sql] = &[&FORMER, &STATES, &HOLD, &FOLLOWER, &FOLLOW, &ANSWER, &REUSE];
