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

/// As a busy worker does: what ends, and what is taken for it, is one commit.
pub(super) async fn drain(store: Store) -> anyhow::Result<usize> {
    let (mut done, mut group) = (0, Vec::new());
    loop {
        let lease = Lease { worker: "bench".to_owned(), length: Duration::from_secs(30), now_ms: now_ms() };
        let commit = move |tx: &mut Tx<'_>| {
            let held = queue::finish_all(tx, &group)?;
            Ok((held, queue::claim(tx, &lease, BATCH as i64)?))
        };
        let (held, claimed) = store.write_latest(commit).await?;
        ensure!(held.iter().all(|is_held| *is_held), "a run was lost");
        done += held.len();
        if claimed.is_empty() {
            return Ok(done);
        }
        let ended = Ended::well(RunState::Succeeded, now_ms());
        group = claimed.into_iter().map(|run| Ending { fence: run.fence, ended: ended.clone() }).collect();
    }
}

/// Makes many runs that wait out of one.
pub(super) async fn multiply(store: &Store, run: &str, runs: usize) -> store::Result<()> {
    let (run, runs) = (run.to_owned(), i64::try_from(runs).unwrap_or(i64::MAX));
    let multiply = move |tx: &mut Tx<'_>| {
        tx.execute(&MORE_RUNS, &params![&run, runs])?;
        tx.execute(&MORE_JOBS, &params![&run])
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
const UNFINISHED: Sql = Sql::Both("SELECT COUNT(*) FROM job");
