//! Puts a run into the queue, once where it must not overlap.

use store::{Backend, Sql, Tx, params};

use super::finish;
use super::hint::hint;
use crate::plan::Overlap;
use crate::run::{Cause, RunState};

/// A run to be.
#[derive(Debug, Clone)]
pub struct Job {
    pub id: String,
    pub pipeline: String,
    pub partition: String,
    /// A JSON object.
    pub params: String,
    pub cause: Cause,
    pub request_id: Option<String>,
    pub lock_key: Option<String>,
    pub priority: i64,
    pub overlap: Overlap,
    pub script_hash: String,
    pub script_body: String,
    pub plan_hash: String,
    pub now_ms: i64,
}

/// The run that stands in the queue for a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enqueued {
    pub run: String,
    /// False where an unfinished run stands for the new one.
    pub new: bool,
}

/// Adds the run, or answers the unfinished one where the pipeline does not overlap.
pub fn enqueue(tx: &mut Tx<'_>, job: &Job) -> store::Result<Enqueued> {
    one_at_a_time(tx, job)?;
    let mut unfinished = unfinished(tx, job)?.into_iter();
    match (job.overlap, unfinished.next()) {
        (Overlap::Skip, Some(run)) => return Ok(Enqueued { run, new: false }),
        (Overlap::CancelOld, Some(newest)) => {
            for run in std::iter::once(newest).chain(unfinished) {
                finish::ask_cancel(tx, &run, job.now_ms)?;
            }
        }
        _ => {}
    }
    insert(tx, job, job.now_ms)?;
    Ok(Enqueued { run: job.id.clone(), new: true })
}

/// Lets nobody else enqueue for the pipeline and partition until the transaction ends; it may be asked for twice.
pub(crate) fn one_at_a_time(tx: &mut Tx<'_>, job: &Job) -> store::Result<()> {
    if tx.backend() == Backend::Postgres {
        let name = format!("enqueue {} {}", job.pipeline, job.partition);
        tx.query(&ONE_AT_A_TIME, &params![&name], |_| Ok(()))?;
    }
    Ok(())
}

/// Lets a run that has not begun make everything anew: kept results of `.cached()` steps do not stand for its own.
pub fn make_fresh(tx: &mut Tx<'_>, run: &str) -> store::Result<()> {
    tx.execute(&MAKE_FRESH, &params![run]).map(drop)
}

fn unfinished(tx: &mut Tx<'_>, job: &Job) -> store::Result<Vec<String>> {
    tx.query(&UNFINISHED, &params![&job.pipeline, &job.partition], |row| row.get(0))
}

/// Adds the run, whatever is unfinished.
pub(crate) fn insert(tx: &mut Tx<'_>, job: &Job, ready_ms: i64) -> store::Result<()> {
    tx.execute(&INSERT_SCRIPT, &params![&job.script_hash, &job.script_body])?;
    tx.execute(
        &INSERT_RUN,
        &params![
            &job.id,
            &job.pipeline,
            &job.partition,
            &job.params,
            job.cause.as_str(),
            job.request_id.as_deref(),
            RunState::Queued.as_str(),
            &job.script_hash,
            &job.plan_hash,
            job.now_ms
        ],
    )?;
    tx.execute(
        &INSERT_JOB,
        &params![&job.id, &job.partition, job.lock_key.as_deref(), job.priority, ready_ms],
    )?;
    hint(tx)
}

// Two requests at once must not both find nothing unfinished; SQLite has one writer anyway.
const ONE_AT_A_TIME: Sql = Sql::Per {
    sqlite: "SELECT $1",
    postgres: "SELECT 1 FROM (SELECT pg_advisory_xact_lock(hashtext($1::TEXT))) AS held",
};
const UNFINISHED: Sql = Sql::Both(
    "SELECT id FROM run WHERE pipeline = $1 AND partition = $2 AND finished_ms IS NULL \
     AND parent IS NULL ORDER BY id DESC",
);
const MAKE_FRESH: Sql = Sql::Both("UPDATE run SET fresh = TRUE WHERE id = $1");
const INSERT_SCRIPT: Sql =
    Sql::Both("INSERT INTO script (hash, body) VALUES ($1, $2) ON CONFLICT (hash) DO NOTHING");
const INSERT_RUN: Sql = Sql::Both(
    "INSERT INTO run (id, pipeline, partition, params, cause, request_id, state, script_hash, plan_hash, \
     enqueued_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
);
const INSERT_JOB: Sql = Sql::Both(
    "INSERT INTO job (run_id, partition, lock_key, priority, ready_ms, attempts) VALUES ($1, $2, $3, $4, $5, 0)",
);
pub(crate) const QUERIES: &[&Sql] =
    &[&ONE_AT_A_TIME, &UNFINISHED, &MAKE_FRESH, &INSERT_SCRIPT, &INSERT_RUN, &INSERT_JOB];
