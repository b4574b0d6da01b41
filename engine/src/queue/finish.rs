//! Takes a run out of the queue for good, or hands it back.

use store::{Sql, Tx, params};

use super::hint::hint;
use crate::child;
use crate::dead_letter;
use crate::pool;
use crate::run::{FailureClass, Fence, RunState, close_open};

/// How a run ended.
#[derive(Debug, Clone)]
pub struct Ended {
    pub state: RunState,
    /// Of a run that failed.
    pub class: Option<FailureClass>,
    pub error_code: Option<String>,
    pub error: Option<String>,
    pub now_ms: i64,
}

impl Ended {
    /// The end of a run that did not fail.
    pub fn well(state: RunState, now_ms: i64) -> Self {
        Self { state, class: None, error_code: None, error: None, now_ms }
    }
}

/// Ends a run that is still held under the fence: its lock is free and nothing of it can be committed any more.
pub fn finish(tx: &mut Tx<'_>, fence: &Fence, ended: &Ended) -> store::Result<()> {
    let run = fence.run();
    // Before the fence, in the order of a claim: the other way round two workers could wait for each other.
    let children = child::hold(tx, run)?;
    fence.check(tx)?;
    end(tx, run, &children, ended)
}

/// Ends a run whose job is locked, and with it the children that are not over.
fn end(tx: &mut Tx<'_>, run: &str, children: &[String], ended: &Ended) -> store::Result<()> {
    let Ended { state, error_code, error, now_ms, .. } = ended;
    child::end_all(tx, children, *now_ms)?;
    pool::drop_run(tx, run)?;
    let row = params![run, state.as_str(), *now_ms, error_code.as_deref(), error.as_deref()];
    let kin = tx
        .optional(&END_RUN, &row, |row| Ok((row.get::<Option<String>>(0)?, row.get::<Option<String>>(1)?)))?;
    let (letter, parent) = kin.unwrap_or_default();
    if *state != RunState::Succeeded {
        close_open(tx, run, *now_ms)?;
    }
    tx.execute(&DELETE_JOB, &params![run])?;
    let is_freed = free(tx, run)?;
    let is_woken = match parent {
        // What becomes of a child is its parent's matter.
        Some(parent) => child::wake_parent(tx, &parent, *now_ms)?,
        None => dead_letter::note_end(tx, run, letter.as_deref(), ended).map(|()| false)?,
    };
    if is_freed || is_woken || !children.is_empty() { hint(tx) } else { Ok(()) }
}

/// Hands a run back to the queue, to be taken up from `ready_ms` on; the claim is not counted.
pub fn release(tx: &mut Tx<'_>, fence: &Fence, ready_ms: i64) -> store::Result<()> {
    own(tx, fence)?;
    let run = fence.run();
    let ready_ms = if pool::is_called_back(tx, run)? { None } else { Some(ready_ms) };
    park(tx, run, ready_ms, None)?;
    hint(tx)
}

/// Hands a run back to the queue that waits for its children: it is ready when the last of them is over, which may be
/// now, or by `ready_ms`. Its time is counted on since `begun_ms`.
pub fn release_awaiting(
    tx: &mut Tx<'_>,
    fence: &Fence,
    (begun_ms, ready_ms): (i64, i64),
    now_ms: i64,
) -> store::Result<()> {
    own(tx, fence)?;
    let run = fence.run();
    park(tx, run, Some(ready_ms), Some(begun_ms))?;
    if !child::is_awaited(tx, run)? {
        child::wake_parent(tx, run, now_ms)?;
    }
    hint(tx)
}

/// Without `ready_ms` it is as ready as it was.
fn park(tx: &mut Tx<'_>, run: &str, ready_ms: Option<i64>, waits_since_ms: Option<i64>) -> store::Result<()> {
    pool::drop_slots(tx, run)?;
    tx.execute(&RELEASE_JOB, &params![run, ready_ms, waits_since_ms])?;
    tx.execute(&REQUEUE_RUN, &params![run, RunState::Queued.as_str()])?;
    tx.execute(&RAISE_FENCE, &params![run])?;
    // Children go on under the lock.
    tx.execute(&child::KEEP_LOCK, &params![run])?;
    Ok(())
}

/// Notes that a run shall stop; a run that nobody holds ends here.
pub fn ask_cancel(tx: &mut Tx<'_>, run: &str, now_ms: i64) -> store::Result<bool> {
    let children = child::hold(tx, run)?;
    let found = tx.execute(&ASK_CANCEL, &params![run])? > 0;
    if tx.execute(&DELETE_IDLE_JOB, &params![run])? > 0 {
        end(tx, run, &children, &Ended::well(RunState::Cancelled, now_ms))?;
    }
    Ok(found)
}

/// Ends a run that was asked to stop and that nobody works on.
pub(super) fn end_cancelled(tx: &mut Tx<'_>, run: &str, now_ms: i64) -> store::Result<()> {
    let children = child::hold(tx, run)?;
    end(tx, run, &children, &Ended::well(RunState::Cancelled, now_ms))
}

/// Which of the runs named were asked to stop.
pub fn cancelled(tx: &mut Tx<'_>, runs: &[String]) -> store::Result<Vec<String>> {
    tx.query(&CANCELLED, &params![runs], |row| row.get(0))
}

// The job's row is locked before the fence, in the order of a claim: the other way round two workers could
// wait for each other.
fn own(tx: &mut Tx<'_>, fence: &Fence) -> store::Result<()> {
    tx.query(&HOLD_JOB, &params![fence.run()], |_| Ok(()))?;
    fence.check(tx)
}

/// Answers whether the run had a lock that others may wait for.
fn free(tx: &mut Tx<'_>, run: &str) -> store::Result<bool> {
    tx.execute(&RAISE_FENCE, &params![run])?;
    Ok(tx.execute(&UNLOCK, &params![run])? > 0)
}

// SQLite has one writer at a time: its transaction is the lock.
const HOLD_JOB: Sql = Sql::Per {
    sqlite: "SELECT 1 FROM job WHERE run_id = $1",
    postgres: "SELECT 1 FROM job WHERE run_id = $1 FOR UPDATE",
};
const END_RUN: Sql = Sql::Both(
    "UPDATE run SET state = $2, finished_ms = $3, error_code = $4, error = $5 WHERE id = $1 \
     RETURNING letter, parent",
);
const DELETE_JOB: Sql = Sql::Both("DELETE FROM job WHERE run_id = $1");
const DELETE_IDLE_JOB: Sql = Sql::Both("DELETE FROM job WHERE run_id = $1 AND worker IS NULL");
const RELEASE_JOB: Sql = Sql::Both(
    "UPDATE job SET worker = NULL, lease_boot = NULL, lease_until_ms = NULL, \
     ready_ms = COALESCE($2, ready_ms), waits_since_ms = $3, attempts = attempts - 1 WHERE run_id = $1",
);
const REQUEUE_RUN: Sql = Sql::Both("UPDATE run SET state = $2 WHERE id = $1");
const ASK_CANCEL: Sql =
    Sql::Both("UPDATE run SET cancel_asked = TRUE WHERE id = $1 AND state IN ('queued', 'running')");
const CANCELLED: Sql = Sql::Per {
    sqlite: "SELECT id FROM run WHERE id IN (SELECT value FROM json_each($1)) AND cancel_asked ORDER BY id",
    postgres: "SELECT id FROM run WHERE id = ANY($1) AND cancel_asked ORDER BY id",
};
const UNLOCK: Sql = Sql::Both("DELETE FROM run_lock WHERE run_id = $1");
const RAISE_FENCE: Sql = Sql::Both("UPDATE run_fence SET fence = fence + 1 WHERE run_id = $1");
pub(crate) const QUERIES: &[&Sql] = &[
    &HOLD_JOB,
    &END_RUN,
    &DELETE_JOB,
    &DELETE_IDLE_JOB,
    &RELEASE_JOB,
    &REQUEUE_RUN,
    &ASK_CANCEL,
    &CANCELLED,
    &UNLOCK,
    &RAISE_FENCE,
];
