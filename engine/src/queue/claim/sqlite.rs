//! Takes runs on SQLite, which has one writer at a time and answers at once.

use std::collections::HashMap;

use store::{LeaseTime, Sql, Tx, params};

use super::{Lease, Taken};

/// A run that may be taken.
struct Found {
    run: String,
    lock_key: Option<String>,
}

/// Gives up the leases that ran out, and takes runs whose lock is free and these locks.
pub(super) fn take(tx: &mut Tx<'_>, lease: &Lease, limit: i64) -> store::Result<Vec<Taken>> {
    let clock = tx.lease_clock()?;
    tx.execute(&RECLAIM, &params![&clock.boot, clock.ms])?;
    let mut found = tx.query(&READY, &params![lease.now_ms, limit], |row| {
        Ok(Found { run: row.get(0)?, lock_key: row.get(1)? })
    })?;
    lock(tx, &mut found)?;
    take_found(tx, lease, &clock, &found)
}

/// Takes the locks of the runs, and leaves out those whose lock another run has.
fn lock(tx: &mut Tx<'_>, found: &mut Vec<Found>) -> store::Result<()> {
    let wanted = |found: &Found| Some((found.lock_key.clone()?, found.run.clone()));
    let wanted: Vec<_> = found.iter().filter_map(wanted).collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let rows: Vec<_> = wanted.iter().map(|(key, run)| params![key, run].into()).collect();
    tx.batch(&LOCK, &rows)?;
    let keys: Vec<String> = wanted.into_iter().map(|(key, _)| key).collect();
    let holders = tx.query(&LOCK_HOLDERS, &params![&keys], |row| row.get::<String>(0))?;
    found.retain(|found| found.lock_key.is_none() || holders.contains(&found.run));
    Ok(())
}

/// In the order in which they were found.
fn take_found(
    tx: &mut Tx<'_>,
    lease: &Lease,
    clock: &LeaseTime,
    found: &[Found],
) -> store::Result<Vec<Taken>> {
    let runs: Vec<String> = found.iter().map(|found| found.run.clone()).collect();
    if runs.is_empty() {
        return Ok(Vec::new());
    }
    let terms = params![&runs, &lease.worker, &clock.boot, clock.ms + lease.length_ms()];
    let taken = tx.query(&TAKE, &terms, |row| super::taken(row, row.get(0)?))?;
    let mut taken: HashMap<String, Taken> =
        taken.into_iter().map(|taken| (taken.run.clone(), taken)).collect();
    Ok(runs.iter().filter_map(|run| taken.remove(run)).collect())
}

const RECLAIM: Sql = Sql::Both(
    "UPDATE job SET worker = NULL, lease_boot = NULL, lease_until_ms = NULL \
     WHERE worker IS NOT NULL AND (lease_boot <> $1 OR lease_until_ms < $2)",
);
// `level` and `lane` step over the index from one priority, and one partition, to the next: what is read does not grow
// with the number of runs that wait. There is no LATERAL, but a correlated list is looked up by its index.
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
             ORDER BY waiting.ready_ms, waiting.run_id LIMIT $2)) \
             SELECT run_id, lock_key FROM ranked ORDER BY priority DESC, turn, ready_ms, run_id LIMIT $2",
    postgres: "SELECT $1, $2",
};
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
pub(in crate::queue) const QUERIES: &[&Sql] = &[&RECLAIM, &READY, &LOCK, &LOCK_HOLDERS, &TAKE];
