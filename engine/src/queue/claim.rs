//! Takes runs out of the queue under a lease.

pub(super) mod search;

use std::collections::HashMap;
use std::time::Duration;

use store::{Backend, LeaseTime, Row, Sql, Tx, params};

use super::finish;
use crate::run::Fence;

/// How often in a row a run may be taken up without getting anything done: a step that kills its worker is not run
/// for ever.
pub const MAX_CLAIMS: i64 = 10;

/// At most so many runs are taken at once; the next ones are taken right after.
pub const BATCH: i64 = 20;

/// The terms under which a worker takes runs.
#[derive(Debug, Clone)]
pub struct Lease {
    pub worker: String,
    pub length: Duration,
    /// Epoch milliseconds, against which `ready_ms` is held.
    pub now_ms: i64,
}

impl Lease {
    /// Whole milliseconds.
    pub(super) fn length_ms(&self) -> i64 {
        i64::try_from(self.length.as_millis()).unwrap_or(i64::MAX / 8)
    }
}

/// A run that this worker holds.
#[derive(Debug, Clone)]
pub struct Claimed {
    pub run: String,
    pub fence: Fence,
    /// Counts from 1; above 1 somebody held it before.
    pub claims: i64,
}

impl Claimed {
    /// Whether a worker held it before and went away without giving it back.
    pub fn is_rescue(&self) -> bool {
        self.claims > 1
    }
}

/// A run that may be taken.
struct Found {
    run: String,
    lock_key: Option<String>,
    /// What became of it, once it was taken.
    taken: Option<Taken>,
}

struct Taken {
    fence: i64,
    claims: i64,
    cancel_asked: bool,
}

/// Takes up to `limit` ready runs, and no more than [`BATCH`], whose lock is free. At most one worker receives a given run.
///
/// The highest priority goes first; within one, the partition that has the fewest runs at work, then the oldest. Runs
/// whose lease ran out are ready again. A run that was asked to stop ends here instead of being handed out.
pub fn claim(tx: &mut Tx<'_>, lease: &Lease, limit: i64) -> store::Result<Vec<Claimed>> {
    let limit = limit.min(BATCH);
    let (clock, mut found) = match tx.backend() {
        Backend::Sqlite => search::find(tx, lease, limit)?,
        Backend::Postgres => search::find_and_take(tx, lease, limit)?,
    };
    lock(tx, &mut found)?;
    take(tx, lease, &clock, &mut found)?;
    let mut claimed = Vec::with_capacity(found.len());
    for Found { run, taken, .. } in found {
        match taken {
            Some(Taken { cancel_asked: true, .. }) => finish::end_cancelled(tx, &run, lease.now_ms)?,
            Some(Taken { fence, claims, .. }) => {
                let fence = Fence::new(&run, fence).after(claims);
                claimed.push(Claimed { run, fence, claims });
            }
            None => {}
        }
    }
    Ok(claimed)
}

/// Takes the locks of the runs, and leaves out those whose lock another run has.
fn lock(tx: &mut Tx<'_>, found: &mut Vec<Found>) -> store::Result<()> {
    let mut wanted: Vec<(&str, &str)> =
        found.iter().filter_map(|found| Some((found.lock_key.as_deref()?, found.run.as_str()))).collect();
    if wanted.is_empty() {
        return Ok(());
    }
    // Always in the same order, or two workers could wait for each other. Of one key's runs the first one gets it.
    wanted.sort_by_key(|(key, _)| *key);
    let rows: Vec<_> = wanted.iter().map(|(key, run)| params![*key, *run].into()).collect();
    tx.batch(&LOCK, &rows)?;
    let keys: Vec<String> = wanted.iter().map(|(key, _)| (*key).to_owned()).collect();
    let holders = tx.query(&LOCK_HOLDERS, &params![&keys], |row| row.get::<String>(0))?;
    found.retain(|found| found.lock_key.is_none() || holders.contains(&found.run));
    Ok(())
}

/// Takes what was not taken when it was found.
fn take(tx: &mut Tx<'_>, lease: &Lease, clock: &LeaseTime, found: &mut [Found]) -> store::Result<()> {
    let left: Vec<String> =
        found.iter().filter(|found| found.taken.is_none()).map(|found| found.run.clone()).collect();
    if left.is_empty() {
        return Ok(());
    }
    let terms = params![&left, &lease.worker, &clock.boot, clock.ms + lease.length_ms()];
    let taken = tx.query(&TAKE, &terms, |row| Ok((row.get(0)?, taken(row, 1)?)))?;
    let mut taken: HashMap<String, Taken> = taken.into_iter().collect();
    for found in found.iter_mut().filter(|found| found.taken.is_none()) {
        found.taken = taken.remove(&found.run);
    }
    Ok(())
}

fn taken(row: &Row<'_>, first: usize) -> store::Result<Taken> {
    Ok(Taken { fence: row.get(first)?, claims: row.get(first + 1)?, cancel_asked: row.get(first + 2)? })
}

const LOCK: Sql =
    Sql::Both("INSERT INTO run_lock (lock_key, run_id) VALUES ($1, $2) ON CONFLICT (lock_key) DO NOTHING");
// Lists are bound in each database's own way.
const LOCK_HOLDERS: Sql = Sql::Per {
    sqlite: "SELECT run_id FROM run_lock WHERE lock_key IN (SELECT value FROM json_each($1)) ORDER BY run_id",
    postgres: "SELECT run_id FROM run_lock WHERE lock_key = ANY($1) ORDER BY run_id",
};
// With the fence: from here on nothing of a former holder can be committed.
const TAKE: Sql = Sql::Per {
    sqlite: "UPDATE job SET worker = $2, lease_boot = $3, lease_until_ms = $4, attempts = attempts + 1, \
             fence = fence + 1 WHERE run_id IN (SELECT value FROM json_each($1)) \
             RETURNING run_id, fence, attempts, cancel_asked",
    postgres: "UPDATE job SET worker = $2, lease_boot = $3, lease_until_ms = $4, attempts = attempts + 1, \
               fence = fence + 1 WHERE run_id = ANY($1) RETURNING run_id, fence, attempts, cancel_asked",
};
pub(super) const QUERIES: &[&Sql] = &[&LOCK, &LOCK_HOLDERS, &TAKE];
