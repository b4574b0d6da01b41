//! What stands in the queue: what waits, for what, and who is at work.

use serde::Serialize;
use store::{LeaseTime, Row, Sql, Tx, params};

use super::Reason;
use crate::pool::Obstacle;

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
    /// Why it does not go on; absent while somebody works on it and none of its steps waits for a pool.
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
    /// For its children, so many of which are not over.
    Children { left: i64, of: i64 },
    /// For the lock that another run holds.
    Locked { by: String },
    /// For a pool; of a run that let go of its worker meanwhile, until when.
    Pool {
        pool: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        until_ms: Option<i64>,
        obstacle: Obstacle,
    },
}

impl Why {
    /// The word that lists use.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Ready => Reason::Ready.as_str(),
            Self::Parked { .. } => Reason::Parked.as_str(),
            Self::Locked { .. } => Reason::Locked.as_str(),
            Self::Children { .. } => "children",
            Self::Pool { .. } => "pool",
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
    let is_parked = worker.is_none() && ready_ms > now_ms;
    let pool = waits_for(row)?.filter(|(.., is_now)| is_parked || (worker.is_some() && *is_now));
    let left = row.get::<Option<i64>>(13)?.filter(|left| *left > 0 && worker.is_none());
    let why = match (&worker, row.get::<Option<String>>(8)?, pool, left) {
        (.., Some(left)) => Some(Why::Children { left, of: row.get(14)? }),
        (_, _, Some((pool, obstacle, _)), _) => {
            Some(Why::Pool { pool, until_ms: is_parked.then_some(ready_ms), obstacle })
        }
        (Some(_), ..) => None,
        (None, ..) if is_parked => Some(Why::Parked { until_ms: ready_ms }),
        (None, Some(by), ..) => Some(Why::Locked { by }),
        (None, None, ..) => Some(Why::Ready),
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

/// The pool that a step of the run waits for, and whether it was its present worker that noted so.
fn waits_for(row: &Row<'_>) -> store::Result<Option<(String, Obstacle, bool)>> {
    let why = row.get::<Option<String>>(11)?.and_then(|why| serde_json::from_str(&why).ok());
    let Some((pool, obstacle)) = row.get::<Option<String>>(10)?.zip(why) else { return Ok(None) };
    Ok(Some((pool, obstacle, row.get::<Option<bool>>(12)?.unwrap_or(false))))
}

// Of the steps of a run that wait for a pool one stands for all.
const JOBS: Sql = Sql::Both(
    "SELECT job.run_id, run.pipeline, run.partition, job.priority, job.ready_ms, job.worker, job.lease_boot, \
     job.lease_until_ms, run_lock.run_id, job.cancel_asked, pool_use.pool, pool_use.why, \
     pool_use.fence = job.fence, \
     CASE WHEN job.waits_since_ms IS NULL THEN NULL ELSE (SELECT COUNT(*) FROM run AS child \
     WHERE child.parent = job.run_id AND child.finished_ms IS NULL) END, \
     (SELECT COUNT(*) FROM run AS child WHERE child.parent = job.run_id) FROM job JOIN run ON run.id = job.run_id \
     LEFT JOIN run_lock ON run_lock.lock_key = job.lock_key AND run_lock.run_id <> job.run_id \
     LEFT JOIN pool_use ON pool_use.run_id = job.run_id AND pool_use.step = (SELECT MIN(waits.step) \
     FROM pool_use AS waits WHERE waits.run_id = job.run_id AND NOT waits.is_in) \
     ORDER BY job.priority DESC, job.ready_ms, job.run_id LIMIT $1",
);
const JOB: Sql = Sql::Both(
    "SELECT job.run_id, run.pipeline, run.partition, job.priority, job.ready_ms, job.worker, job.lease_boot, \
     job.lease_until_ms, run_lock.run_id, job.cancel_asked, pool_use.pool, pool_use.why, \
     pool_use.fence = job.fence, \
     CASE WHEN job.waits_since_ms IS NULL THEN NULL ELSE (SELECT COUNT(*) FROM run AS child \
     WHERE child.parent = job.run_id AND child.finished_ms IS NULL) END, \
     (SELECT COUNT(*) FROM run AS child WHERE child.parent = job.run_id) FROM job JOIN run ON run.id = job.run_id \
     LEFT JOIN run_lock ON run_lock.lock_key = job.lock_key AND run_lock.run_id <> job.run_id \
     LEFT JOIN pool_use ON pool_use.run_id = job.run_id AND pool_use.step = (SELECT MIN(waits.step) \
     FROM pool_use AS waits WHERE waits.run_id = job.run_id AND NOT waits.is_in) \
     WHERE job.run_id = $1",
);
pub(crate) const QUERIES: &[&Sql] = &[&JOBS, &JOB];
