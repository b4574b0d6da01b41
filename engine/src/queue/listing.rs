//! What stands in the queue: what waits, for what, and who is at work.

use serde::Serialize;
use store::{LeaseTime, Row, Sql, Tx, params};

use super::Reason;

/// A run in the queue.
#[derive(Debug, Clone, Serialize)]
pub struct JobRecord {
    pub run: String,
    pub pipeline: String,
    pub partition: String,
    /// Higher goes first.
    pub priority: i64,
    /// Epoch milliseconds; nobody takes it before.
    pub ready_ms: i64,
    /// Why nobody works on it; absent while somebody does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<Why>,
    /// Who works on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worker: Option<String>,
    /// Until when nobody else takes it; renewed while the worker lives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lease_until_ms: Option<i64>,
    /// True once it was asked to stop.
    pub cancel_asked: bool,
}

/// Why a run waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Why {
    /// For a worker with a free hand.
    Ready,
    /// Until a time.
    Parked { until_ms: i64 },
    /// For the lock that another run holds.
    Locked { by: String },
}

impl Why {
    /// The same without its details.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Ready => Reason::Ready,
            Self::Parked { .. } => Reason::Parked,
            Self::Locked { .. } => Reason::Locked,
        }
    }
}

/// Runs in the queue, in the order in which they may be taken.
pub fn jobs(tx: &mut Tx<'_>, limit: i64, now_ms: i64) -> store::Result<Vec<JobRecord>> {
    let clock = tx.lease_clock()?;
    tx.query(&JOBS, &params![limit], |row| read(row, &clock, now_ms))
}

/// Why the run waits, where it is in the queue and nobody works on it.
pub fn waiting(tx: &mut Tx<'_>, run: &str, now_ms: i64) -> store::Result<Option<Why>> {
    let clock = tx.lease_clock()?;
    let job = tx.optional(&JOB, &params![run], |row| read(row, &clock, now_ms))?;
    Ok(job.and_then(|job| job.why))
}

fn read(row: &Row<'_>, clock: &LeaseTime, now_ms: i64) -> store::Result<JobRecord> {
    let ready_ms = row.get(4)?;
    let lease = row.get::<Option<String>>(6)?.zip(row.get::<Option<i64>>(7)?);
    // A lease of an earlier boot, or one that has run out, holds nothing.
    let left_ms = lease.filter(|(boot, _)| *boot == clock.boot).map(|(_, until_ms)| until_ms - clock.ms);
    let left_ms = left_ms.filter(|left_ms| *left_ms >= 0);
    let worker = row.get::<Option<String>>(5)?.filter(|_| left_ms.is_some());
    let why = match (&worker, row.get::<Option<String>>(8)?) {
        (Some(_), _) => None,
        (None, _) if ready_ms > now_ms => Some(Why::Parked { until_ms: ready_ms }),
        (None, Some(by)) => Some(Why::Locked { by }),
        (None, None) => Some(Why::Ready),
    };
    Ok(JobRecord {
        run: row.get(0)?,
        pipeline: row.get(1)?,
        partition: row.get(2)?,
        priority: row.get(3)?,
        ready_ms,
        why,
        lease_until_ms: left_ms.filter(|_| worker.is_some()).map(|left_ms| now_ms + left_ms),
        worker,
        cancel_asked: row.get(9)?,
    })
}

const JOBS: Sql = Sql::Both(
    "SELECT job.run_id, run.pipeline, run.partition, job.priority, job.ready_ms, job.worker, job.lease_boot, \
     job.lease_until_ms, run_lock.run_id, run.cancel_asked FROM job JOIN run ON run.id = job.run_id \
     LEFT JOIN run_lock ON run_lock.lock_key = job.lock_key AND run_lock.run_id <> job.run_id \
     ORDER BY job.priority DESC, job.ready_ms, job.run_id LIMIT $1",
);
const JOB: Sql = Sql::Both(
    "SELECT job.run_id, run.pipeline, run.partition, job.priority, job.ready_ms, job.worker, job.lease_boot, \
     job.lease_until_ms, run_lock.run_id, run.cancel_asked FROM job JOIN run ON run.id = job.run_id \
     LEFT JOIN run_lock ON run_lock.lock_key = job.lock_key AND run_lock.run_id <> job.run_id \
     WHERE job.run_id = $1",
);
pub(crate) const QUERIES: &[&Sql] = &[&JOBS, &JOB];
