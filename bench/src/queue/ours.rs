//! The queue as workers use it.

use std::time::Duration;

use anyhow::ensure;
use engine::queue::{self, Ended, Ending, Lease};
use engine::run::RunState;
use store::{Sql, Store, Tx, params};

use super::{BATCH, now_ms};
use crate::seed;

pub(super) async fn fill(store: &Store, jobs: usize) -> store::Result<()> {
    store.write(|tx| tx.execute(&EMPTY, &[])).await?;
    seed::waiting(store, "run", jobs).await
}

pub(super) async fn drain(store: Store) -> anyhow::Result<usize> {
    let mut done = 0;
    loop {
        let lease = Lease { worker: "bench".to_owned(), length: Duration::from_secs(30), now_ms: now_ms() };
        let claimed = store.write_latest(move |tx| queue::claim(tx, &lease, BATCH as i64)).await?;
        if claimed.is_empty() {
            return Ok(done);
        }
        done += claimed.len();
        // As the worker's finisher does with runs that end together.
        let ended = Ended::well(RunState::Succeeded, now_ms());
        let group: Vec<_> =
            claimed.into_iter().map(|run| Ending { fence: run.fence, ended: ended.clone() }).collect();
        let held = store.write_latest(move |tx| queue::finish_all(tx, &group)).await?;
        ensure!(held.iter().all(|is_held| *is_held), "a run was lost");
    }
}

/// Makes many runs that wait out of one.
pub(super) async fn multiply(store: &Store, run: &str, runs: usize) -> store::Result<()> {
    let (run, runs) = (run.to_owned(), i64::try_from(runs).unwrap_or(i64::MAX));
    let multiply = move |tx: &mut Tx<'_>| {
        tx.execute(&MORE_RUNS, &params![&run, runs])?;
        tx.execute(&MORE_JOBS, &params![&run])?;
        tx.execute(&MORE_FENCES, &params![&run])
    };
    store.write(multiply).await.map(drop)
}

/// How many jobs there are still.
pub(super) async fn unfinished(store: &Store) -> store::Result<i64> {
    store.read(|tx| Ok(tx.optional(&UNFINISHED, &[], |row| row.get(0))?.unwrap_or(0))).await
}

const EMPTY: Sql = Sql::Both("TRUNCATE run CASCADE");
const MORE_RUNS: Sql = Sql::Both(
    "INSERT INTO run (id, pipeline, partition, params, cause, state, script_hash, plan_hash, enqueued_ms) \
     SELECT id || CAST(n AS TEXT), pipeline, partition, params, cause, state, script_hash, plan_hash, enqueued_ms \
     FROM run, generate_series(1, $2 - 1) AS n WHERE id = $1",
);
const MORE_JOBS: Sql = Sql::Both(
    "INSERT INTO job (run_id, partition, priority, ready_ms, attempts) \
     SELECT id, partition, 0, enqueued_ms, 0 FROM run WHERE id <> $1",
);
const MORE_FENCES: Sql =
    Sql::Both("INSERT INTO run_fence (run_id, fence) SELECT id, 0 FROM run WHERE id <> $1");
const UNFINISHED: Sql = Sql::Both("SELECT COUNT(*) FROM job");
