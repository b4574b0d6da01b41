//! Takes runs out of the queue under a lease, and keeps the lease alive.

use std::time::Duration;

use store::{Sql, Tx, params};

use crate::run::{Fence, RunState};

/// How often in a row a run may be taken up without getting anything done: a step that kills its worker is not run
/// for ever.
pub const MAX_CLAIMS: i64 = 10;

/// The terms under which a worker takes runs.
#[derive(Debug, Clone)]
pub struct Lease {
    pub worker: String,
    pub length: Duration,
    /// Epoch milliseconds, against which `ready_ms` is held.
    pub now_ms: i64,
}

/// A run that this worker holds.
#[derive(Debug, Clone)]
pub struct Claimed {
    pub run: String,
    pub fence: Fence,
    /// Counts from 1; above 1 somebody held it before.
    pub claims: i64,
}

/// Takes up to `limit` ready runs whose lock is free. At most one worker receives a given run.
pub fn claim(tx: &mut Tx<'_>, lease: &Lease, limit: i64) -> store::Result<Vec<Claimed>> {
    let clock = tx.lease_clock()?;
    let ready = tx.query(&READY, &params![lease.now_ms, &clock.boot, clock.ms, limit], |row| {
        Ok((row.get::<String>(0)?, row.get::<Option<String>>(1)?))
    })?;
    let until_ms = clock.ms + length_ms(lease);
    let mut claimed = Vec::new();
    for (run, lock_key) in ready {
        if !lock(tx, &run, lock_key.as_deref())? {
            continue;
        }
        claimed.extend(take(tx, lease, &run, &clock.boot, until_ms)?);
    }
    Ok(claimed)
}

fn lock(tx: &mut Tx<'_>, run: &str, lock_key: Option<&str>) -> store::Result<bool> {
    let Some(key) = lock_key else { return Ok(true) };
    tx.execute(&LOCK, &params![key, run])?;
    let holder = tx.optional(&LOCK_HOLDER, &params![key], |row| row.get::<String>(0))?;
    Ok(holder.as_deref() == Some(run))
}

fn take(
    tx: &mut Tx<'_>,
    lease: &Lease,
    run: &str,
    boot: &str,
    until_ms: i64,
) -> store::Result<Option<Claimed>> {
    // The fence goes first: from here on nothing of a former holder can be committed.
    let Some(number) = tx.optional(&RAISE_FENCE, &params![run], |row| row.get::<i64>(0))? else {
        return Ok(None);
    };
    let claims = tx.optional(&TAKE, &params![run, &lease.worker, boot, until_ms], |row| row.get::<i64>(0))?;
    tx.execute(&STARTED, &params![run, RunState::Running.as_str(), lease.now_ms])?;
    Ok(claims.map(|claims| Claimed {
        run: run.to_owned(),
        fence: Fence::new(run, number).after(claims),
        claims,
    }))
}

/// Renews the leases of the runs named; what does not come back is no longer this worker's.
pub fn renew(tx: &mut Tx<'_>, lease: &Lease, runs: &[String]) -> store::Result<Vec<String>> {
    let clock = tx.lease_clock()?;
    tx.execute(&SEEN, &params![&lease.worker, lease.now_ms])?;
    let until_ms = clock.ms + length_ms(lease);
    tx.query(&RENEW, &params![runs, &lease.worker, &clock.boot, until_ms], |row| row.get(0))
}

fn length_ms(lease: &Lease) -> i64 {
    i64::try_from(lease.length.as_millis()).unwrap_or(i64::MAX / 2)
}

// SQLite has neither row locks nor several writers.
const READY: Sql = Sql::Per {
    sqlite: "SELECT run_id, lock_key FROM job \
             WHERE ready_ms <= $1 AND (worker IS NULL OR lease_boot <> $2 OR lease_until_ms < $3) \
             AND NOT EXISTS (SELECT 1 FROM run_lock WHERE run_lock.lock_key = job.lock_key \
             AND run_lock.run_id <> job.run_id) \
             ORDER BY priority DESC, ready_ms, run_id LIMIT $4",
    postgres: "SELECT run_id, lock_key FROM job \
               WHERE ready_ms <= $1 AND (worker IS NULL OR lease_boot <> $2 OR lease_until_ms < $3) \
               AND NOT EXISTS (SELECT 1 FROM run_lock WHERE run_lock.lock_key = job.lock_key \
               AND run_lock.run_id <> job.run_id) \
               ORDER BY priority DESC, ready_ms, run_id LIMIT $4 FOR UPDATE SKIP LOCKED",
};
const LOCK: Sql =
    Sql::Both("INSERT INTO run_lock (lock_key, run_id) VALUES ($1, $2) ON CONFLICT (lock_key) DO NOTHING");
const LOCK_HOLDER: Sql = Sql::Both("SELECT run_id FROM run_lock WHERE lock_key = $1");
const RAISE_FENCE: Sql =
    Sql::Both("UPDATE run_fence SET fence = fence + 1 WHERE run_id = $1 RETURNING fence");
const TAKE: Sql = Sql::Both(
    "UPDATE job SET worker = $2, lease_boot = $3, lease_until_ms = $4, attempts = attempts + 1 \
     WHERE run_id = $1 RETURNING attempts",
);
const STARTED: Sql =
    Sql::Both("UPDATE run SET state = $2, started_ms = COALESCE(started_ms, $3) WHERE id = $1");
const SEEN: Sql = Sql::Both("UPDATE worker SET seen_ms = $2 WHERE id = $1");
// A row that is locked is being claimed or finished; skipping it is not losing it.
const RENEW: Sql = Sql::Per {
    sqlite: "UPDATE job SET lease_boot = $3, lease_until_ms = $4 \
             WHERE run_id IN (SELECT value FROM json_each($1)) AND worker = $2 RETURNING run_id",
    postgres: "UPDATE job SET lease_boot = $3, lease_until_ms = $4 \
               WHERE run_id = ANY($1) AND worker = $2 RETURNING run_id",
};
pub(crate) const QUERIES: &[&Sql] =
    &[&READY, &LOCK, &LOCK_HOLDER, &RAISE_FENCE, &TAKE, &STARTED, &SEEN, &RENEW];
