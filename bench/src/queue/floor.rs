//! The least that a queue on PostgreSQL can do: claim twenty, mark twenty as done, each in a transaction of its own.
//!
//! It keeps what is done, as our runs are kept, but knows no lock, fence, priority, fairness or pipeline.

use std::time::Instant;

use store::{Sql, Store, Tx, params};

use super::BATCH;

pub(crate) async fn prepare(store: &Store) -> store::Result<()> {
    let make = |tx: &mut Tx<'_>| {
        tx.execute(&TABLE, &[])?;
        tx.execute(&INDEX, &[])
    };
    store.write(make).await.map(drop)
}

pub(crate) async fn fill(store: &Store, jobs: usize) -> store::Result<()> {
    let jobs = i64::try_from(jobs).unwrap_or(i64::MAX);
    let fill = move |tx: &mut Tx<'_>| {
        tx.execute(&EMPTY, &[])?;
        tx.execute(&FILL, &params![jobs])?;
        tx.execute(&ANALYZE, &[])
    };
    store.write(fill).await.map(drop)
}

pub(crate) async fn drain(store: Store) -> anyhow::Result<usize> {
    let mut done = 0;
    loop {
        let claim = |tx: &mut Tx<'_>| {
            tx.query(&CLAIM, &params![BATCH as i64, super::now_ms()], |row| row.get::<i64>(0))
        };
        let claimed = store.write_latest(claim).await?;
        if claimed.is_empty() {
            return Ok(done);
        }
        done += claimed.len();
        store.write_latest(move |tx| tx.execute(&FINISH, &params![&claimed, super::now_ms()])).await?;
    }
}

/// Milliseconds of the claim of one job.
pub(crate) async fn claim_and_finish(store: &Store) -> anyhow::Result<f64> {
    let start = Instant::now();
    let claim = |tx: &mut Tx<'_>| tx.query(&CLAIM, &params![1_i64, super::now_ms()], |row| row.get::<i64>(0));
    let claimed = store.write_latest(claim).await?;
    let milliseconds = start.elapsed().as_secs_f64() * 1e3;
    store.write(move |tx| tx.execute(&FINISH, &params![&claimed, super::now_ms()])).await?;
    Ok(milliseconds)
}

const TABLE: Sql = Sql::Both(
    "CREATE TABLE bare_job (id BIGINT PRIMARY KEY, state TEXT NOT NULL, ready_ms BIGINT NOT NULL, \
     attempts BIGINT NOT NULL, worker TEXT, lease_until_ms BIGINT, finished_ms BIGINT) WITH (fillfactor = 70)",
);
const INDEX: Sql = Sql::Both("CREATE INDEX bare_ready ON bare_job (ready_ms, id) WHERE worker IS NULL");
const EMPTY: Sql = Sql::Both("TRUNCATE bare_job");
const FILL: Sql = Sql::Both(
    "INSERT INTO bare_job (id, state, ready_ms, attempts) SELECT n, 'ready', n, 0 FROM generate_series(1, $1) AS n",
);
const ANALYZE: Sql = Sql::Both("ANALYZE bare_job");
const CLAIM: Sql = Sql::Both(
    "UPDATE bare_job SET state = 'running', worker = 'bench', lease_until_ms = $2 + 30000, attempts = attempts + 1 \
     WHERE id IN (SELECT id FROM bare_job WHERE worker IS NULL AND ready_ms <= $2 ORDER BY ready_ms, id \
     LIMIT $1 FOR UPDATE SKIP LOCKED) RETURNING id",
);
const FINISH: Sql = Sql::Both("UPDATE bare_job SET state = 'done', finished_ms = $2 WHERE id = ANY($1)");
