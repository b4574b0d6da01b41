//! How much waits in the queue, for what and since when, and how much is held.

use store::{Sql, Tx, params};

/// How the queue is.
#[derive(Debug, Clone, Default)]
pub struct Depth {
    /// Runs that nobody works on, by pipeline and by what they wait for; only those of which there are any.
    pub waiting: Vec<Waiting>,
    /// Runs that a worker holds under a lease that has not run out.
    pub held: i64,
    /// Workers that were heard of lately.
    pub workers: i64,
}

/// Runs of a pipeline that wait for the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    pub pipeline: String,
    pub reason: Reason,
    pub runs: i64,
    /// Since when the first of them might have been taken, or from when on where they are parked.
    pub first_ready_ms: i64,
}

/// What a run waits for, as it is counted: one that let go of its worker for longer is parked, whatever it waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// A worker with a free hand.
    Ready,
    /// A time.
    Parked,
    /// The lock that another run holds.
    Locked,
}

impl Reason {
    /// Each of them.
    pub const ALL: [Self; 3] = [Self::Ready, Self::Parked, Self::Locked];

    /// The word that lists and metrics use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Parked => "parked",
            Self::Locked => "locked",
        }
    }
}

impl Depth {
    /// How many runs wait for that.
    pub fn runs(&self, reason: Reason) -> i64 {
        self.of(reason).map(|waiting| waiting.runs).sum()
    }

    /// For how long the oldest run waits that any worker might take; 0 where none does.
    pub fn oldest_ready_ms(&self, now_ms: i64) -> i64 {
        let first = self.of(Reason::Ready).map(|waiting| waiting.first_ready_ms).min();
        first.map_or(0, |first_ms| (now_ms - first_ms).max(0))
    }

    fn of(&self, reason: Reason) -> impl Iterator<Item = &Waiting> {
        self.waiting.iter().filter(move |waiting| waiting.reason == reason)
    }
}

/// Counts the queue. Costs as much as the queue is long.
pub fn depth(tx: &mut Tx<'_>, now_ms: i64) -> store::Result<Depth> {
    let clock = tx.lease_clock()?;
    let waiting = tx.query(&WAITING, &params![now_ms, &clock.boot, clock.ms], |row| {
        let reason = row.get::<String>(1)?;
        Ok(Waiting {
            pipeline: row.get(0)?,
            reason: Reason::ALL.into_iter().find(|known| known.as_str() == reason).unwrap_or(Reason::Ready),
            runs: row.get(2)?,
            first_ready_ms: row.get(3)?,
        })
    })?;
    let count = |tx: &mut Tx<'_>, sql: &Sql| {
        Ok(tx.optional(sql, &params![&clock.boot, clock.ms], |row| row.get(0))?.unwrap_or(0))
    };
    Ok(Depth { waiting, held: count(tx, &HELD)?, workers: count(tx, &WORKERS)? })
}

// In the order in which `listing` decides why a run waits. A child goes by the age of its parent, and has its own.
const WAITING: Sql = Sql::Both(
    "SELECT run.pipeline, CASE WHEN job.ready_ms > $1 THEN 'parked' WHEN EXISTS (SELECT 1 FROM run_lock \
     WHERE run_lock.lock_key = job.lock_key AND run_lock.run_id <> job.run_id) THEN 'locked' ELSE 'ready' END, \
     COUNT(*), MIN(CASE WHEN run.parent IS NOT NULL AND run.enqueued_ms > job.ready_ms THEN run.enqueued_ms \
     ELSE job.ready_ms END) FROM job JOIN run ON run.id = job.run_id \
     WHERE job.worker IS NULL OR job.lease_boot <> $2 OR job.lease_until_ms < $3 GROUP BY 1, 2 ORDER BY 1, 2",
);
const HELD: Sql = Sql::Both(
    "SELECT COUNT(*) FROM job WHERE worker IS NOT NULL AND lease_boot = $1 AND lease_until_ms >= $2",
);
const WORKERS: Sql = Sql::Both("SELECT COUNT(*) FROM worker WHERE lease_boot = $1 AND lease_until_ms >= $2");
pub(crate) const QUERIES: &[&Sql] = &[&WAITING, &HELD, &WORKERS];
