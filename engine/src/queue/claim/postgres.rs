//! Takes runs on PostgreSQL, where each statement is a wait for the server: one statement does it all.

use store::{LeaseTime, Sql, Tx, params};

use super::{Lease, Taken};

/// Gives up the leases that ran out, and takes runs and their locks.
///
/// The statement does not see what it reclaims itself, which may go before all others: where there was something, it
/// takes nothing and is asked again.
pub(super) fn take(tx: &mut Tx<'_>, lease: &Lease, limit: i64) -> store::Result<Vec<Taken>> {
    let terms = params![lease.now_ms, limit, LeaseTime::SERVER, &lease.worker, lease.length_ms()];
    loop {
        let mut reclaimed = 0_i64;
        let taken = tx.query(&TAKE, &terms, |row| {
            reclaimed = row.get(4)?;
            row.get::<Option<String>>(0)?.map(|run| super::taken(row, run)).transpose()
        })?;
        if reclaimed == 0 {
            return Ok(taken.into_iter().flatten().collect());
        }
    }
}

// `lane` steps over the index from one partition that has runs waiting to the next, so that what is read does not grow
// with their number; `head_ms` is the readiness of its oldest run. `share` gives each lane what makes the partitions of
// one priority equal: the level of water that is poured into vessels filled by the runs at work. What is left of the
// water goes by one run to each, to the one that has waited longest first; a third helping has what lanes with fewer
// runs than their share left over. `picked` walks over the helpings in their order, passes over what others have
// locked, and stops when it has enough: what comes later is neither read nor locked. The constant limit is what the
// planner reckons with; with the parameter alone it would expect a tenth of the table, and read the whole of it.
//
// Of several runs of one lock the first gets it. Locks are taken in one order, or two workers could wait for each other;
// one that is there is looked at as it is now, and not as the statement began.
const TAKE: Sql = Sql::Per {
    sqlite: "SELECT $1, $2, $3, $4, $5",
    postgres: "WITH RECURSIVE clock (ms) AS MATERIALIZED (\
               SELECT CAST(FLOOR(EXTRACT(EPOCH FROM clock_timestamp()) * 1000) AS BIGINT)), \
               reclaimed AS (\
               UPDATE job SET worker = NULL, lease_boot = NULL, lease_until_ms = NULL \
               WHERE run_id IN (SELECT run_id FROM job WHERE worker IS NOT NULL \
               AND (lease_boot <> $3 OR lease_until_ms < (SELECT ms FROM clock)) FOR UPDATE SKIP LOCKED) \
               RETURNING run_id), \
               lane (priority, partition, head_ms) AS (\
               (SELECT priority, partition, ready_ms FROM job WHERE worker IS NULL \
               ORDER BY priority DESC, partition, ready_ms LIMIT 1) \
               UNION ALL SELECT next.priority, next.partition, next.ready_ms FROM lane CROSS JOIN LATERAL (\
               (SELECT priority, partition, ready_ms FROM job WHERE worker IS NULL \
               AND priority = lane.priority AND partition > lane.partition \
               ORDER BY priority DESC, partition, ready_ms LIMIT 1) \
               UNION ALL (SELECT priority, partition, ready_ms FROM job WHERE worker IS NULL \
               AND priority < lane.priority ORDER BY priority DESC, partition, ready_ms LIMIT 1) LIMIT 1) AS next), \
               held (partition, runs) AS (\
               SELECT partition, COUNT(*) FROM job WHERE worker IS NOT NULL GROUP BY partition), \
               poured AS (\
               SELECT lane.*, COALESCE(held.runs, 0) AS held, \
               (CAST($2 AS BIGINT) + SUM(COALESCE(held.runs, 0)) OVER emptiest) / ROW_NUMBER() OVER emptiest AS level \
               FROM lane LEFT JOIN held ON held.partition = lane.partition WHERE lane.head_ms <= $1 \
               WINDOW emptiest AS (PARTITION BY lane.priority \
               ORDER BY COALESCE(held.runs, 0), lane.head_ms ROWS UNBOUNDED PRECEDING)), \
               share AS (\
               SELECT *, GREATEST(0, CAST(FLOOR(MIN(level) OVER (PARTITION BY priority)) AS BIGINT) - held) AS runs \
               FROM poured), \
               reach AS (\
               SELECT share.*, CASE WHEN runs = 0 THEN head_ms ELSE (SELECT job.ready_ms FROM job \
               WHERE job.worker IS NULL AND job.priority = share.priority AND job.partition = share.partition \
               AND job.ready_ms <= $1 ORDER BY job.ready_ms, job.run_id OFFSET share.runs LIMIT 1) END AS next_ms \
               FROM share), \
               picked AS MATERIALIZED (\
               SELECT *, held + ROW_NUMBER() OVER (PARTITION BY priority, partition ORDER BY ready_ms, run_id) AS turn \
               FROM (SELECT * FROM (SELECT helping.priority, helping.partition, helping.held, pick.* FROM (SELECT * FROM (\
               SELECT reach.*, 1 AS time, 0::BIGINT AS first, runs AS most, head_ms AS since_ms FROM reach WHERE runs > 0 \
               UNION ALL SELECT reach.*, 2, runs, 1, next_ms FROM reach WHERE next_ms IS NOT NULL \
               UNION ALL SELECT reach.*, 3, runs + 1, $2, next_ms FROM reach WHERE next_ms IS NOT NULL) AS helpings \
               ORDER BY priority DESC, time, held + first, since_ms, partition) AS helping CROSS JOIN LATERAL (\
               SELECT waiting.run_id, waiting.lock_key, waiting.ready_ms FROM job AS waiting WHERE waiting.worker IS NULL \
               AND waiting.priority = helping.priority AND waiting.partition = helping.partition \
               AND waiting.ready_ms <= $1 AND (waiting.lock_key IS NULL OR NOT EXISTS (SELECT 1 FROM run_lock \
               WHERE run_lock.lock_key = waiting.lock_key AND run_lock.run_id <> waiting.run_id)) \
               ORDER BY waiting.ready_ms, waiting.run_id OFFSET helping.first LIMIT helping.most \
               FOR UPDATE SKIP LOCKED) AS pick LIMIT 20) AS batch LIMIT $2) AS enough), \
               locked AS (\
               INSERT INTO run_lock (lock_key, run_id) \
               SELECT DISTINCT ON (lock_key) lock_key, run_id FROM picked \
               WHERE lock_key IS NOT NULL AND NOT EXISTS (SELECT 1 FROM reclaimed) \
               ORDER BY lock_key, priority DESC, turn, ready_ms, run_id ON CONFLICT (lock_key) DO UPDATE SET lock_key = excluded.lock_key \
               WHERE run_lock.run_id = excluded.run_id RETURNING run_id), \
               taken AS (\
               UPDATE job SET worker = $4, lease_boot = $3, lease_until_ms = (SELECT ms FROM clock) + $5, \
               attempts = job.attempts + 1, fence = job.fence + 1 FROM picked WHERE job.run_id = picked.run_id \
               AND (picked.lock_key IS NULL OR picked.run_id IN (SELECT run_id FROM locked)) \
               AND NOT EXISTS (SELECT 1 FROM reclaimed) \
               RETURNING job.run_id, job.fence, job.attempts, job.cancel_asked, picked.priority, picked.turn, picked.ready_ms) \
               SELECT taken.run_id, taken.fence, taken.attempts, taken.cancel_asked, again.reclaimed \
               FROM (SELECT COUNT(*) AS reclaimed FROM reclaimed) AS again LEFT JOIN taken ON TRUE \
               ORDER BY taken.priority DESC, taken.turn, taken.ready_ms, taken.run_id",
};
pub(in crate::queue) const QUERIES: &[&Sql] = &[&TAKE];
