//! Takes runs out of the queue under a lease.

use std::collections::HashMap;
use std::time::Duration;

use store::{LeaseTime, Sql, Tx, params};

use super::finish;
use crate::run::{Fence, RunState};

/// How often in a row a run may be taken up without getting anything done: a step that kills its worker is not run
/// for ever.
pub const MAX_CLAIMS: i64 = 10;

/// How many candidates are looked at for each run that is wanted, because workers that claim at once look at the same
/// ones and pass over what another one has locked.
const CANDIDATES: i64 = 4;

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

/// Takes up to `limit` ready runs whose lock is free. At most one worker receives a given run.
///
/// The highest priority goes first; within one, the partition that has the fewest runs at work, then the oldest. Runs
/// whose lease ran out are ready again. A run that was asked to stop ends here instead of being handed out.
pub fn claim(tx: &mut Tx<'_>, lease: &Lease, limit: i64) -> store::Result<Vec<Claimed>> {
    let clock = tx.lease_clock()?;
    tx.execute(&RECLAIM, &params![&clock.boot, clock.ms])?;
    let candidates = limit.saturating_mul(CANDIDATES);
    let ready = tx.query(&READY, &params![lease.now_ms, limit, candidates], |row| {
        Ok((row.get::<String>(0)?, row.get::<Option<String>>(1)?))
    })?;
    let runs = lock(tx, ready)?;
    if runs.is_empty() {
        return Ok(Vec::new());
    }
    take(tx, lease, &runs, &clock)
}

/// Takes the locks of the runs, and leaves out those whose lock another run has.
fn lock(tx: &mut Tx<'_>, ready: Vec<(String, Option<String>)>) -> store::Result<Vec<String>> {
    let mut wanted: Vec<(&str, &str)> =
        ready.iter().filter_map(|(run, key)| Some((key.as_deref()?, run.as_str()))).collect();
    if wanted.is_empty() {
        return Ok(ready.into_iter().map(|(run, _)| run).collect());
    }
    // Always in the same order, or two workers could wait for each other. Of one key's runs the first one gets it.
    wanted.sort_by_key(|(key, _)| *key);
    let rows: Vec<_> = wanted.iter().map(|(key, run)| params![*key, *run].into()).collect();
    tx.batch(&LOCK, &rows)?;
    let keys: Vec<String> = wanted.iter().map(|(key, _)| (*key).to_owned()).collect();
    let holders = tx.query(&LOCK_HOLDERS, &params![&keys], |row| row.get::<String>(0))?;
    let has_lock = |run: &String, key: &Option<String>| key.is_none() || holders.contains(run);
    Ok(ready.into_iter().filter(|(run, key)| has_lock(run, key)).map(|(run, _)| run).collect())
}

fn take(tx: &mut Tx<'_>, lease: &Lease, runs: &[String], clock: &LeaseTime) -> store::Result<Vec<Claimed>> {
    // The fence goes first: from here on nothing of a former holder can be committed.
    let fences = by_run(tx.query(&RAISE_FENCES, &params![runs], |row| Ok((row.get(0)?, row.get(1)?)))?);
    let until_ms = clock.ms + lease.length_ms();
    let taken = params![runs, &lease.worker, &clock.boot, until_ms];
    let claims = by_run(tx.query(&TAKE, &taken, |row| Ok((row.get(0)?, row.get(1)?)))?);
    let started = params![runs, RunState::Running.as_str(), lease.now_ms];
    let started = tx.query(&STARTED, &started, |row| row.get::<String>(0))?;
    let mut claimed = Vec::with_capacity(runs.len());
    for run in runs {
        if !started.contains(run) {
            finish::end_cancelled(tx, run, lease.now_ms)?;
        } else if let (Some(number), Some(claims)) = (fences.get(run), claims.get(run)) {
            let fence = Fence::new(run, *number).after(*claims);
            claimed.push(Claimed { run: run.clone(), fence, claims: *claims });
        }
    }
    Ok(claimed)
}

fn by_run(rows: Vec<(String, i64)>) -> HashMap<String, i64> {
    rows.into_iter().collect()
}

// SQLite has neither row locks nor several writers.
const RECLAIM: Sql = Sql::Per {
    sqlite: "UPDATE job SET worker = NULL, lease_boot = NULL, lease_until_ms = NULL \
             WHERE worker IS NOT NULL AND (lease_boot <> $1 OR lease_until_ms < $2)",
    postgres: "UPDATE job SET worker = NULL, lease_boot = NULL, lease_until_ms = NULL \
               WHERE run_id IN (SELECT run_id FROM job WHERE worker IS NOT NULL \
               AND (lease_boot <> $1 OR lease_until_ms < $2) FOR UPDATE SKIP LOCKED)",
};
// `level` and `lane` step over the index from one priority, and one partition, to the next: what is read does not grow
// with the number of runs that wait. SQLite has no LATERAL, but looks a correlated list up by its index; PostgreSQL
// would read the whole table for that.
const READY: Sql = Sql::Per {
    sqlite: "WITH RECURSIVE level (priority) AS (\
             SELECT MAX(priority) FROM job WHERE worker IS NULL \
             UNION ALL SELECT (SELECT MAX(job.priority) FROM job \
             WHERE job.worker IS NULL AND job.priority < level.priority) \
             FROM level WHERE level.priority IS NOT NULL), \
             lane (priority, partition) AS (\
             SELECT level.priority, (SELECT MIN(job.partition) FROM job \
             WHERE job.worker IS NULL AND job.priority = level.priority) \
             FROM level WHERE level.priority IS NOT NULL \
             UNION ALL SELECT lane.priority, (SELECT MIN(job.partition) FROM job \
             WHERE job.worker IS NULL AND job.priority = lane.priority AND job.partition > lane.partition) \
             FROM lane WHERE lane.partition IS NOT NULL), \
             held (partition, runs) AS (\
             SELECT partition, COUNT(*) FROM job WHERE worker IS NOT NULL GROUP BY partition), \
             ranked AS (\
             SELECT pick.run_id, pick.lock_key, pick.priority, pick.ready_ms, COALESCE(held.runs, 0) + \
             ROW_NUMBER() OVER (PARTITION BY lane.priority, lane.partition ORDER BY pick.ready_ms, pick.run_id) \
             AS turn FROM lane LEFT JOIN held ON held.partition = lane.partition \
             CROSS JOIN job AS pick ON pick.run_id IN (\
             SELECT waiting.run_id FROM job AS waiting WHERE waiting.worker IS NULL \
             AND waiting.priority = lane.priority AND waiting.partition = lane.partition \
             AND waiting.ready_ms <= $1 AND NOT EXISTS (SELECT 1 FROM run_lock \
             WHERE run_lock.lock_key = waiting.lock_key AND run_lock.run_id <> waiting.run_id) \
             ORDER BY waiting.ready_ms, waiting.run_id LIMIT $3)) \
             SELECT run_id, lock_key FROM ranked ORDER BY priority DESC, turn, ready_ms, run_id LIMIT $2",
    postgres: "WITH RECURSIVE level (priority) AS (\
               SELECT MAX(priority) FROM job WHERE worker IS NULL \
               UNION ALL SELECT (SELECT MAX(job.priority) FROM job \
               WHERE job.worker IS NULL AND job.priority < level.priority) \
               FROM level WHERE level.priority IS NOT NULL), \
               lane (priority, partition) AS (\
               SELECT level.priority, (SELECT MIN(job.partition) FROM job \
               WHERE job.worker IS NULL AND job.priority = level.priority) \
               FROM level WHERE level.priority IS NOT NULL \
               UNION ALL SELECT lane.priority, (SELECT MIN(job.partition) FROM job \
               WHERE job.worker IS NULL AND job.priority = lane.priority AND job.partition > lane.partition) \
               FROM lane WHERE lane.partition IS NOT NULL), \
               held (partition, runs) AS (\
               SELECT partition, COUNT(*) FROM job WHERE worker IS NOT NULL GROUP BY partition), \
               ranked AS (\
               SELECT pick.run_id, lane.priority, pick.ready_ms, COALESCE(held.runs, 0) + \
               ROW_NUMBER() OVER (PARTITION BY lane.priority, lane.partition ORDER BY pick.ready_ms, pick.run_id) \
               AS turn FROM lane LEFT JOIN held ON held.partition = lane.partition \
               CROSS JOIN LATERAL (\
               SELECT waiting.run_id, waiting.ready_ms FROM job AS waiting WHERE waiting.worker IS NULL \
               AND waiting.priority = lane.priority AND waiting.partition = lane.partition \
               AND waiting.ready_ms <= $1 AND NOT EXISTS (SELECT 1 FROM run_lock \
               WHERE run_lock.lock_key = waiting.lock_key AND run_lock.run_id <> waiting.run_id) \
               ORDER BY waiting.ready_ms, waiting.run_id LIMIT $3) AS pick \
               ORDER BY lane.priority DESC, turn, pick.ready_ms, pick.run_id LIMIT $3) \
               SELECT job.run_id, job.lock_key FROM ranked JOIN job ON job.run_id = ranked.run_id \
               WHERE job.worker IS NULL AND job.ready_ms <= $1 \
               ORDER BY ranked.priority DESC, ranked.turn, ranked.ready_ms, ranked.run_id \
               LIMIT $2 FOR UPDATE OF job SKIP LOCKED",
};
const LOCK: Sql =
    Sql::Both("INSERT INTO run_lock (lock_key, run_id) VALUES ($1, $2) ON CONFLICT (lock_key) DO NOTHING");
// Lists are bound in each database's own way.
const LOCK_HOLDERS: Sql = Sql::Per {
    sqlite: "SELECT run_id FROM run_lock WHERE lock_key IN (SELECT value FROM json_each($1)) ORDER BY run_id",
    postgres: "SELECT run_id FROM run_lock WHERE lock_key = ANY($1) ORDER BY run_id",
};
const RAISE_FENCES: Sql = Sql::Per {
    sqlite: "UPDATE run_fence SET fence = fence + 1 WHERE run_id IN (SELECT value FROM json_each($1)) \
             RETURNING run_id, fence",
    postgres: "UPDATE run_fence SET fence = fence + 1 WHERE run_id = ANY($1) RETURNING run_id, fence",
};
const TAKE: Sql = Sql::Per {
    sqlite: "UPDATE job SET worker = $2, lease_boot = $3, lease_until_ms = $4, attempts = attempts + 1 \
             WHERE run_id IN (SELECT value FROM json_each($1)) RETURNING run_id, attempts",
    postgres: "UPDATE job SET worker = $2, lease_boot = $3, lease_until_ms = $4, attempts = attempts + 1 \
               WHERE run_id = ANY($1) RETURNING run_id, attempts",
};
const STARTED: Sql = Sql::Per {
    sqlite: "UPDATE run SET state = $2, started_ms = COALESCE(started_ms, $3) \
             WHERE id IN (SELECT value FROM json_each($1)) AND NOT cancel_asked RETURNING id",
    postgres: "UPDATE run SET state = $2, started_ms = COALESCE(started_ms, $3) \
               WHERE id = ANY($1) AND NOT cancel_asked RETURNING id",
};
pub(crate) const QUERIES: &[&Sql] = &[&RECLAIM, &READY, &LOCK, &LOCK_HOLDERS, &RAISE_FENCES, &TAKE, &STARTED];
