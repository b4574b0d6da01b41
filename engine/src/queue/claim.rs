//! Takes runs out of the queue under a lease.

use std::collections::HashMap;
use std::time::Duration;

use store::{Backend, LeaseTime, Sql, Tx, params};

use super::finish;
use crate::run::{Fence, RunState};

/// How often in a row a run may be taken up without getting anything done: a step that kills its worker is not run
/// for ever.
pub const MAX_CLAIMS: i64 = 10;

/// At most so many runs are taken at once; the next ones are taken right after.
pub const BATCH: i64 = 20;

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

/// Takes up to `limit` ready runs, and no more than [`BATCH`], whose lock is free. At most one worker receives a given run.
///
/// The highest priority goes first; within one, the partition that has the fewest runs at work, then the oldest. Runs
/// whose lease ran out are ready again. A run that was asked to stop ends here instead of being handed out.
pub fn claim(tx: &mut Tx<'_>, lease: &Lease, limit: i64) -> store::Result<Vec<Claimed>> {
    let limit = limit.min(BATCH);
    let (clock, ready) = match tx.backend() {
        Backend::Sqlite => ready_after_reclaim(tx, lease, limit)?,
        Backend::Postgres => ready_with_reclaim(tx, lease, limit)?,
    };
    let runs = lock(tx, ready)?;
    if runs.is_empty() {
        return Ok(Vec::new());
    }
    take(tx, lease, &runs, &clock)
}

/// Runs that may be taken, each with the key of its lock.
type Found = Vec<(String, Option<String>)>;

fn ready_after_reclaim(tx: &mut Tx<'_>, lease: &Lease, limit: i64) -> store::Result<(LeaseTime, Found)> {
    let clock = tx.lease_clock()?;
    tx.execute(&RECLAIM, &params![&clock.boot, clock.ms])?;
    let candidates = limit.saturating_mul(CANDIDATES);
    let found =
        tx.query(&READY, &params![lease.now_ms, limit, candidates], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok((clock, found))
}

/// In one statement, which does not see what it reclaims itself: where there was something, it is asked again.
fn ready_with_reclaim(tx: &mut Tx<'_>, lease: &Lease, limit: i64) -> store::Result<(LeaseTime, Found)> {
    let asked = params![lease.now_ms, limit, LeaseTime::SERVER];
    loop {
        let (mut clock, mut reclaimed) = (LeaseTime { boot: LeaseTime::SERVER.to_owned(), ms: 0 }, 0_i64);
        let rows = tx.query(&READY, &asked, |row| {
            (clock.ms, reclaimed) = (row.get(0)?, row.get(1)?);
            Ok(row.get::<Option<String>>(2)?.zip(Some(row.get(3)?)))
        })?;
        if reclaimed == 0 {
            return Ok((clock, rows.into_iter().flatten().collect()));
        }
    }
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
    let mut taken = match tx.backend() {
        Backend::Sqlite => take_each(tx, lease, runs, clock)?,
        Backend::Postgres => take_all(tx, lease, runs, clock)?,
    };
    let mut claimed = Vec::with_capacity(runs.len());
    for run in runs {
        match taken.remove(run) {
            Some(Taken { fence, claims, is_started: true }) => {
                let fence = Fence::new(run, fence).after(claims);
                claimed.push(Claimed { run: run.clone(), fence, claims });
            }
            Some(Taken { is_started: false, .. }) => finish::end_cancelled(tx, run, lease.now_ms)?,
            None => {}
        }
    }
    Ok(claimed)
}

/// What became of a run that was to be taken.
struct Taken {
    fence: i64,
    claims: i64,
    /// False where it was asked to stop.
    is_started: bool,
}

fn take_each(
    tx: &mut Tx<'_>,
    lease: &Lease,
    runs: &[String],
    clock: &LeaseTime,
) -> store::Result<HashMap<String, Taken>> {
    let until_ms = clock.ms + lease.length_ms();
    let mut all = HashMap::new();
    for run in runs {
        // The fence goes first: from here on nothing of a former holder can be committed.
        let fence = tx.optional(&RAISE_FENCE, &params![run], |row| row.get(0))?;
        let taken = params![run, &lease.worker, &clock.boot, until_ms];
        let claims = tx.optional(&TAKE, &taken, |row| row.get(0))?;
        let started = params![run, RunState::Running.as_str(), lease.now_ms];
        let is_started = tx.execute(&START, &started)? > 0;
        if let (Some(fence), Some(claims)) = (fence, claims) {
            all.insert(run.clone(), Taken { fence, claims, is_started });
        }
    }
    Ok(all)
}

fn take_all(
    tx: &mut Tx<'_>,
    lease: &Lease,
    runs: &[String],
    clock: &LeaseTime,
) -> store::Result<HashMap<String, Taken>> {
    let until_ms = clock.ms + lease.length_ms();
    let state = RunState::Running.as_str();
    let asked = params![runs, &lease.worker, &clock.boot, until_ms, state, lease.now_ms];
    let rows = tx.query(&TAKE_ALL, &asked, |row| {
        Ok((row.get(0)?, Taken { fence: row.get(1)?, claims: row.get(2)?, is_started: row.get(3)? }))
    })?;
    Ok(rows.into_iter().collect())
}

// On SQLite alone, as all that names a single run; PostgreSQL does the same within READY and TAKE_ALL, where each
// statement is a wait for the server.
const RECLAIM: Sql = Sql::Both(
    "UPDATE job SET worker = NULL, lease_boot = NULL, lease_until_ms = NULL \
     WHERE worker IS NOT NULL AND (lease_boot <> $1 OR lease_until_ms < $2)",
);
// `level` and `lane` step over the index from one priority, and one partition, to the next: what is read does not grow
// with the number of runs that wait. SQLite has no LATERAL, but looks a correlated list up by its index; PostgreSQL
// would read the whole table for that. Its numbers of candidates are constants, because it makes one plan for all claims:
// with a parameter it expects a tenth of the table, and reads the whole of it. Many partitions give fewer each.
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
               SELECT pick.run_id, lane.priority, pick.ready_ms, COALESCE(held.runs, 0) + \
               ROW_NUMBER() OVER (PARTITION BY lane.priority, lane.partition ORDER BY pick.ready_ms, pick.run_id) \
               AS turn FROM lane LEFT JOIN held ON held.partition = lane.partition \
               CROSS JOIN LATERAL (\
               SELECT waiting.run_id, waiting.ready_ms FROM job AS waiting WHERE waiting.worker IS NULL \
               AND waiting.priority = lane.priority AND waiting.partition = lane.partition \
               AND waiting.ready_ms <= $1 AND NOT EXISTS (SELECT 1 FROM run_lock \
               WHERE run_lock.lock_key = waiting.lock_key AND run_lock.run_id <> waiting.run_id) \
               ORDER BY waiting.ready_ms, waiting.run_id \
               LIMIT (SELECT GREATEST(40, 80 / GREATEST(1, COUNT(partition))) FROM lane)) AS pick \
               ORDER BY lane.priority DESC, turn, pick.ready_ms, pick.run_id LIMIT 80), \
               picked AS MATERIALIZED (\
               SELECT job.run_id, job.lock_key, ranked.priority, ranked.turn, ranked.ready_ms \
               FROM ranked JOIN job ON job.run_id = ranked.run_id \
               WHERE job.worker IS NULL AND job.ready_ms <= $1 \
               ORDER BY ranked.priority DESC, ranked.turn, ranked.ready_ms, ranked.run_id \
               LIMIT $2 FOR UPDATE OF job SKIP LOCKED) \
               SELECT clock.ms, (SELECT COUNT(*) FROM reclaimed), picked.run_id, picked.lock_key \
               FROM clock LEFT JOIN picked ON TRUE \
               ORDER BY picked.priority DESC, picked.turn, picked.ready_ms, picked.run_id",
};
const LOCK: Sql =
    Sql::Both("INSERT INTO run_lock (lock_key, run_id) VALUES ($1, $2) ON CONFLICT (lock_key) DO NOTHING");
// Lists are bound in each database's own way.
const LOCK_HOLDERS: Sql = Sql::Per {
    sqlite: "SELECT run_id FROM run_lock WHERE lock_key IN (SELECT value FROM json_each($1)) ORDER BY run_id",
    postgres: "SELECT run_id FROM run_lock WHERE lock_key = ANY($1) ORDER BY run_id",
};
const RAISE_FENCE: Sql =
    Sql::Both("UPDATE run_fence SET fence = fence + 1 WHERE run_id = $1 RETURNING fence");
const TAKE: Sql = Sql::Both(
    "UPDATE job SET worker = $2, lease_boot = $3, lease_until_ms = $4, attempts = attempts + 1 \
     WHERE run_id = $1 RETURNING attempts",
);
const START: Sql = Sql::Both(
    "UPDATE run SET state = $2, started_ms = COALESCE(started_ms, $3) WHERE id = $1 AND NOT cancel_asked",
);
// The jobs are locked already. The fence goes first here too: the rest follows from what it answers. SQLite takes no
// statement that changes several tables.
const TAKE_ALL: Sql = Sql::Per {
    sqlite: "SELECT $1, $2, $3, $4, $5, $6",
    postgres: "WITH raised AS (\
               UPDATE run_fence SET fence = fence + 1 WHERE run_id = ANY($1) RETURNING run_id, fence), \
               taken AS (\
               UPDATE job SET worker = $2, lease_boot = $3, lease_until_ms = $4, attempts = attempts + 1 \
               FROM raised WHERE job.run_id = raised.run_id \
               RETURNING job.run_id, job.attempts, raised.fence), \
               started AS (\
               UPDATE run SET state = $5, started_ms = COALESCE(started_ms, $6) \
               FROM raised WHERE run.id = raised.run_id AND NOT run.cancel_asked RETURNING run.id) \
               SELECT taken.run_id, taken.fence, taken.attempts, started.id IS NOT NULL \
               FROM taken LEFT JOIN started ON started.id = taken.run_id ORDER BY taken.run_id",
};
pub(crate) const QUERIES: &[&Sql] =
    &[&RECLAIM, &READY, &LOCK, &LOCK_HOLDERS, &RAISE_FENCE, &TAKE, &START, &TAKE_ALL];
