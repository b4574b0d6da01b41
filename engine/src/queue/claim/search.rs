//! Whose turn it is.

use store::{LeaseTime, Sql, Tx, params};

use super::{Found, Lease, taken};

/// How many candidates are looked at for each run that is wanted, because workers that claim at once look at the same
/// ones and pass over what another one has locked.
const CANDIDATES: i64 = 4;

/// The runs that may be taken, once leases that ran out are given up.
pub(super) fn find(tx: &mut Tx<'_>, lease: &Lease, limit: i64) -> store::Result<(LeaseTime, Vec<Found>)> {
    let clock = tx.lease_clock()?;
    tx.execute(&RECLAIM, &params![&clock.boot, clock.ms])?;
    let candidates = limit.saturating_mul(CANDIDATES);
    let found = tx.query(&READY, &params![lease.now_ms, limit, candidates], |row| {
        Ok(Found { run: row.get(0)?, lock_key: row.get(1)?, taken: None })
    })?;
    Ok((clock, found))
}

/// The same on PostgreSQL, where each statement is a wait for the server: what wants no lock is taken as it is found.
///
/// The statement does not see what it reclaims itself, which may go before all others: where there was something, it
/// takes nothing and is asked again.
pub(super) fn find_and_take(
    tx: &mut Tx<'_>,
    lease: &Lease,
    limit: i64,
) -> store::Result<(LeaseTime, Vec<Found>)> {
    let terms = params![lease.now_ms, limit, LeaseTime::SERVER, &lease.worker, lease.length_ms()];
    loop {
        let (mut clock, mut reclaimed) = (LeaseTime { boot: LeaseTime::SERVER.to_owned(), ms: 0 }, 0_i64);
        let found = tx.query(&FIND_AND_TAKE, &terms, |row| {
            (clock.ms, reclaimed) = (row.get(0)?, row.get(1)?);
            let Some(run) = row.get(2)? else { return Ok(None) };
            let taken = row.get::<Option<i64>>(4)?.map(|_| taken(row, 4)).transpose()?;
            Ok(Some(Found { run, lock_key: row.get(3)?, taken }))
        })?;
        if reclaimed == 0 {
            return Ok((clock, found.into_iter().flatten().collect()));
        }
    }
}

const RECLAIM: Sql = Sql::Both(
    "UPDATE job SET worker = NULL, lease_boot = NULL, lease_until_ms = NULL \
     WHERE worker IS NOT NULL AND (lease_boot <> $1 OR lease_until_ms < $2)",
);
// `level` and `lane` step over the index from one priority, and one partition, to the next: what is read does not grow
// with the number of runs that wait. SQLite has no LATERAL, but looks a correlated list up by its index.
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
    postgres: "SELECT $1, $2, $3",
};
// The same, after what `RECLAIM` does. PostgreSQL would read the whole table for a correlated list. The numbers of
// candidates are constants, because it makes one plan for all claims: with a parameter it expects a tenth of the table,
// and reads the whole of it. Many partitions give fewer each. SQLite takes no statement that changes a table twice.
const FIND_AND_TAKE: Sql = Sql::Per {
    sqlite: "SELECT $1, $2, $3, $4, $5",
    postgres: "WITH RECURSIVE clock (ms) AS MATERIALIZED (\
               SELECT CAST(FLOOR(EXTRACT(EPOCH FROM clock_timestamp()) * 1000) AS BIGINT)), \
               reclaimed AS (\
               UPDATE job SET worker = NULL, lease_boot = NULL, lease_until_ms = NULL \
               WHERE run_id IN (SELECT run_id FROM job WHERE worker IS NOT NULL \
               AND (lease_boot <> $3 OR lease_until_ms < (SELECT ms FROM clock)) FOR UPDATE SKIP LOCKED) \
               RETURNING run_id), \
               level (priority) AS (\
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
               SELECT pick.run_id, lane.priority, pick.ready_ms, COALESCE(held.runs, 0) + pick.place AS turn \
               FROM lane LEFT JOIN held ON held.partition = lane.partition \
               CROSS JOIN LATERAL (\
               SELECT waiting.run_id, waiting.ready_ms, \
               ROW_NUMBER() OVER (ORDER BY waiting.ready_ms, waiting.run_id) AS place \
               FROM job AS waiting WHERE waiting.worker IS NULL \
               AND waiting.priority = lane.priority AND waiting.partition = lane.partition \
               AND waiting.ready_ms <= $1 AND (waiting.lock_key IS NULL OR NOT EXISTS (SELECT 1 FROM run_lock \
               WHERE run_lock.lock_key = waiting.lock_key AND run_lock.run_id <> waiting.run_id)) \
               ORDER BY waiting.ready_ms, waiting.run_id \
               LIMIT (SELECT GREATEST(20, 80 / GREATEST(1, COUNT(partition))) FROM lane)) AS pick \
               ORDER BY lane.priority DESC, turn, pick.ready_ms, pick.run_id LIMIT 80), \
               picked AS MATERIALIZED (\
               SELECT job.run_id, job.lock_key, ranked.priority, ranked.turn, ranked.ready_ms \
               FROM ranked JOIN job ON job.run_id = ranked.run_id \
               WHERE job.worker IS NULL AND job.ready_ms <= $1 \
               ORDER BY ranked.priority DESC, ranked.turn, ranked.ready_ms, ranked.run_id \
               LIMIT $2 FOR UPDATE OF job SKIP LOCKED), \
               taken AS (\
               UPDATE job SET worker = $4, lease_boot = $3, lease_until_ms = (SELECT ms FROM clock) + $5, \
               attempts = job.attempts + 1, fence = job.fence + 1 FROM picked WHERE job.run_id = picked.run_id \
               AND picked.lock_key IS NULL AND NOT EXISTS (SELECT 1 FROM reclaimed) \
               RETURNING job.run_id, job.fence, job.attempts, job.cancel_asked) \
               SELECT clock.ms, (SELECT COUNT(*) FROM reclaimed), picked.run_id, picked.lock_key, \
               taken.fence, taken.attempts, taken.cancel_asked \
               FROM clock LEFT JOIN picked ON TRUE LEFT JOIN taken ON taken.run_id = picked.run_id \
               ORDER BY picked.priority DESC, picked.turn, picked.ready_ms, picked.run_id",
};
pub(in crate::queue) const QUERIES: &[&Sql] = &[&RECLAIM, &READY, &FIND_AND_TAKE];
