//! Pools in the database.
//!
//! The order of locks on PostgreSQL: the job's row with its fence, the pool's row, the row of the use. Who enters or
//! leaves shares the fence and then locks the pool; a claim and the end of a run lock the job and then only delete uses,
//! whose rows nobody else locks who has not shared that fence first. Whoever holds a pool's row asks for nothing that
//! stands before it, so that no circle can close. Counting locks nothing but the pool's row: everybody who may add to the
//! count holds it, and one who leaves meanwhile only makes the count too high for a moment. Whoever opens a pool holds
//! its row and then changes jobs, but passes over those that are locked.

use store::{LeaseTime, Row, Sql, Tx, params};

use super::obstacle::{ClosedBy, Obstacle};
use super::overview::Holder;
use super::size::Size;
use super::state::{Closed, State};
use crate::run::Fence;

/// Reads a pool and keeps others from changing it until the transaction ends.
pub(super) fn lock(tx: &mut Tx<'_>, pool: &str, size: &Size, now_ms: i64) -> store::Result<State> {
    let mut found = tx.optional(&LOCK, &params![pool], state)?;
    if found.is_none() {
        tx.execute(&INSERT, &params![pool])?;
        found = tx.optional(&LOCK, &params![pool], state)?;
    }
    Ok(found.unwrap_or_default().at(now_ms, size))
}

/// Reads a pool as it stands.
pub(super) fn read(tx: &mut Tx<'_>, pool: &str, size: &Size, now_ms: i64) -> store::Result<State> {
    Ok(tx.optional(&READ, &params![pool], state)?.unwrap_or_default().at(now_ms, size))
}

/// Writes a pool that was locked.
pub(super) fn save(tx: &mut Tx<'_>, pool: &str, state: &State) -> store::Result<()> {
    let State { window_ms, calls, failures, closed, cooldown_ms } = state;
    let row = params![
        pool,
        *window_ms,
        *calls,
        *failures,
        closed.map(|closed| closed.since_ms),
        closed.map(|closed| closed.until_ms),
        closed.map(|closed| closed.by.as_str()),
        *cooldown_ms
    ];
    tx.execute(&SAVE, &row).map(drop)
}

/// The runs of all who are in beside this step: a row counts only while its run is held under its fence by a lease that
/// has not run out.
pub(super) fn others(tx: &mut Tx<'_>, pool: &str, run: &str, step: &str) -> store::Result<Vec<String>> {
    let LeaseTime { boot, ms } = tx.lease_clock()?;
    tx.query(&OTHERS, &params![pool, &boot, ms, run, step], |row| row.get(0))
}

/// All who are in a pool.
pub(super) fn holders(tx: &mut Tx<'_>) -> store::Result<Vec<(String, Holder)>> {
    let LeaseTime { boot, ms } = tx.lease_clock()?;
    tx.query(&HOLDERS, &params![&boot, ms], |row| {
        Ok((row.get(0)?, Holder { run: row.get(1)?, step: row.get(2)?, since_ms: row.get(3)? }))
    })
}

/// The runs that wait for each pool.
pub(super) fn waiting(tx: &mut Tx<'_>) -> store::Result<Vec<(String, String)>> {
    tx.query(&WAITING, &[], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// Notes that a step is in, or for what it waits.
pub(super) fn note(
    tx: &mut Tx<'_>,
    (pool, step): (&str, &str),
    fence: &Fence,
    now_ms: i64,
    obstacle: Option<&Obstacle>,
) -> store::Result<()> {
    let why = obstacle.and_then(|obstacle| serde_json::to_string(obstacle).ok());
    let row = params![fence.run(), step, pool, fence.number(), now_ms, obstacle.is_none(), why.as_deref()];
    tx.execute(&NOTE, &row).map(drop)
}

/// Takes a step off the list of its pool.
pub(super) fn forget(tx: &mut Tx<'_>, run: &str, step: &str) -> store::Result<()> {
    tx.execute(&FORGET, &params![run, step]).map(drop)
}

/// Gives back what a run had that is handed back; that it waits, and for what, stays known.
pub(crate) fn drop_slots(tx: &mut Tx<'_>, run: &str) -> store::Result<()> {
    tx.execute(&DROP_SLOTS, &params![run]).map(drop)
}

/// Forgets a run that is over.
pub(crate) fn drop_run(tx: &mut Tx<'_>, run: &str) -> store::Result<()> {
    tx.execute(&DROP_RUN, &params![run]).map(drop)
}

/// Whether the pool for which a run is about to be parked was opened meanwhile: who opened it could not yet see that it
/// was going to be.
pub(crate) fn is_called_back(tx: &mut Tx<'_>, run: &str) -> store::Result<bool> {
    let waits = tx.query(&WAITS, &params![run], |row| {
        Ok((row.get::<String>(0)?, row.get::<Option<String>>(1)?.unwrap_or_default()))
    })?;
    for (pool, why) in waits {
        let Ok(Obstacle::Closed { until_ms, .. }) = serde_json::from_str(&why) else { continue };
        let now = tx.optional(&CLOSED_UNTIL, &params![&pool], |row| row.get::<Option<i64>>(0))?.flatten();
        if now.is_none_or(|now_ms| now_ms < until_ms) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Makes ready at once the parked runs that wait for the pool.
pub(super) fn recall(tx: &mut Tx<'_>, pool: &str, now_ms: i64) -> store::Result<u64> {
    tx.execute(&RECALL, &params![pool, now_ms])
}

fn state(row: &Row<'_>) -> store::Result<State> {
    let (since_ms, until_ms): (Option<i64>, Option<i64>) = (row.get(3)?, row.get(4)?);
    let by = ClosedBy::parse(&row.get::<Option<String>>(5)?.unwrap_or_default());
    let closed = since_ms.zip(until_ms).map(|(since_ms, until_ms)| Closed { since_ms, until_ms, by });
    Ok(State {
        window_ms: row.get(0)?,
        calls: row.get(1)?,
        failures: row.get(2)?,
        closed,
        cooldown_ms: row.get(6)?,
    })
}

const READ: Sql = Sql::Both(
    "SELECT window_ms, calls, failures, closed_ms, closed_until_ms, closed_by, cooldown_ms FROM pool WHERE name = $1",
);
// SQLite has one writer at a time: its transaction is the lock.
const LOCK: Sql = Sql::Per {
    sqlite: "SELECT window_ms, calls, failures, closed_ms, closed_until_ms, closed_by, cooldown_ms FROM pool \
             WHERE name = $1",
    postgres: "SELECT window_ms, calls, failures, closed_ms, closed_until_ms, closed_by, cooldown_ms FROM pool \
               WHERE name = $1 FOR UPDATE",
};
const INSERT: Sql = Sql::Both("INSERT INTO pool (name) VALUES ($1) ON CONFLICT (name) DO NOTHING");
const SAVE: Sql = Sql::Both(
    "UPDATE pool SET window_ms = $2, calls = $3, failures = $4, closed_ms = $5, closed_until_ms = $6, \
     closed_by = $7, cooldown_ms = $8 WHERE name = $1",
);
const OTHERS: Sql = Sql::Both(
    "SELECT pool_use.run_id FROM pool_use JOIN job ON job.run_id = pool_use.run_id \
     AND job.fence = pool_use.fence WHERE pool_use.pool = $1 AND pool_use.is_in AND job.worker IS NOT NULL \
     AND job.lease_boot = $2 AND job.lease_until_ms >= $3 \
     AND NOT (pool_use.run_id = $4 AND pool_use.step = $5) ORDER BY pool_use.run_id, pool_use.step",
);
const HOLDERS: Sql = Sql::Both(
    "SELECT pool_use.pool, pool_use.run_id, pool_use.step, pool_use.since_ms FROM pool_use \
     JOIN job ON job.run_id = pool_use.run_id AND job.fence = pool_use.fence \
     WHERE pool_use.is_in AND job.worker IS NOT NULL AND job.lease_boot = $1 AND job.lease_until_ms >= $2 \
     ORDER BY pool_use.pool, pool_use.since_ms, pool_use.run_id, pool_use.step",
);
const WAITING: Sql = Sql::Both(
    "SELECT DISTINCT pool_use.pool, pool_use.run_id FROM pool_use JOIN job ON job.run_id = pool_use.run_id \
     WHERE NOT pool_use.is_in ORDER BY pool_use.pool, pool_use.run_id",
);
const NOTE: Sql = Sql::Both(
    "INSERT INTO pool_use (run_id, step, pool, fence, since_ms, is_in, why) VALUES ($1, $2, $3, $4, $5, $6, $7) \
     ON CONFLICT (run_id, step) DO UPDATE SET pool = excluded.pool, fence = excluded.fence, \
     since_ms = excluded.since_ms, is_in = excluded.is_in, why = excluded.why",
);
const FORGET: Sql = Sql::Both("DELETE FROM pool_use WHERE run_id = $1 AND step = $2");
const DROP_SLOTS: Sql = Sql::Both("DELETE FROM pool_use WHERE run_id = $1 AND is_in");
const DROP_RUN: Sql = Sql::Both("DELETE FROM pool_use WHERE run_id = $1");
const WAITS: Sql = Sql::Both("SELECT pool, why FROM pool_use WHERE run_id = $1 AND NOT is_in ORDER BY pool");
// SQLite has one writer at a time.
const CLOSED_UNTIL: Sql = Sql::Per {
    sqlite: "SELECT closed_until_ms FROM pool WHERE name = $1",
    postgres: "SELECT closed_until_ms FROM pool WHERE name = $1 FOR SHARE",
};
// A row that is locked is being claimed, or is being handed back and then sees that the pool is open. It is not waited for,
// because the pool's row is held. SQLite has one writer at a time.
const RECALL: Sql = Sql::Per {
    sqlite: "UPDATE job SET ready_ms = $2 WHERE worker IS NULL AND ready_ms > $2 AND run_id IN \
             (SELECT run_id FROM pool_use WHERE pool = $1 AND NOT is_in)",
    postgres: "UPDATE job SET ready_ms = $2 WHERE run_id IN (SELECT run_id FROM job WHERE worker IS NULL \
               AND ready_ms > $2 AND run_id IN (SELECT run_id FROM pool_use WHERE pool = $1 AND NOT is_in) \
               FOR UPDATE SKIP LOCKED)",
};
pub(super) const QUERIES: &[&Sql] = &[
    &READ,
    &LOCK,
    &INSERT,
    &SAVE,
    &OTHERS,
    &HOLDERS,
    &WAITING,
    &NOTE,
    &FORGET,
    &DROP_SLOTS,
    &DROP_RUN,
    &WAITS,
    &CLOSED_UNTIL,
    &RECALL,
];
