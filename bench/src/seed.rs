//! Rows of runs in bulk, many in one statement, because a history of years is not lived through for a figure.

use store::{Sql, Store, Tx, params};

/// Steps of each past run.
pub(crate) const STEPS: i64 = 20;
/// Rows in one statement, far within the time that one may take.
const CHUNK: i64 = 100_000;
/// When the first past run began; each begins an hour after the one before.
const START_MS: i64 = 1_700_000_000_000;
pub(crate) const HOUR_MS: i64 = 3_600_000;

/// Runs that wait, of eight partitions, with ids that begin with `prefix`.
pub(crate) async fn waiting(store: &Store, prefix: &str, count: usize) -> store::Result<()> {
    let (prefix, count) = (prefix.to_owned(), i64::try_from(count).unwrap_or(i64::MAX));
    let plant = move |tx: &mut Tx<'_>| {
        script(tx)?;
        tx.execute(&WAITING_RUNS, &params![&prefix, count, START_MS])?;
        tx.execute(&WAITING_JOBS, &params![&prefix])?;
        Ok(())
    };
    store.write(plant).await?;
    analyze(store).await
}

/// Runs that are over, each with all its steps.
pub(crate) async fn past(store: &Store, count: i64) -> store::Result<()> {
    store.write(script).await?;
    let per_chunk = CHUNK / STEPS;
    for first in (0..count).step_by(per_chunk as usize) {
        let last = (first + per_chunk).min(count);
        store
            .write(move |tx| {
                tx.execute(&PAST_RUNS, &params![first, last, START_MS, HOUR_MS])?;
                tx.execute(&PAST_STEPS, &params![&past_id(first), &past_id(last), STEPS])
            })
            .await?;
    }
    analyze(store).await
}

/// Has the first step of a run have said so much.
pub(crate) async fn lines(store: &Store, run: &str, count: i64) -> store::Result<()> {
    let run = run.to_owned();
    store.write(move |tx| tx.execute(&LINES, &params![&run, count])).await.map(drop)
}

/// The id of a past run.
pub(crate) fn past_id(number: i64) -> String {
    format!("past{}", 1_000_000_000 + number)
}

/// Lets the database look at what it holds, as it does by itself in time.
async fn analyze(store: &Store) -> store::Result<()> {
    store.write(|tx| tx.execute(&ANALYZE, &[])).await.map(drop)
}

fn script(tx: &mut Tx<'_>) -> store::Result<()> {
    tx.execute(&SCRIPT, &[]).map(drop)
}

const ANALYZE: Sql = Sql::Both("ANALYZE");
const SCRIPT: Sql =
    Sql::Both("INSERT INTO script (hash, body) VALUES ('bench', '{}') ON CONFLICT (hash) DO NOTHING");
const LINES: Sql = Sql::Both(
    "INSERT INTO step_log (run_id, seq, position, attempt, at_ms, level, text) \
     WITH RECURSIVE number (n) AS (SELECT CAST(0 AS BIGINT) UNION ALL SELECT n + 1 FROM number \
     WHERE n + 1 < CAST($2 AS BIGINT)) SELECT CAST($1 AS TEXT), n, 0, 1, n, 'info', \
     'a file was read, which is called 2024-05-02-lunch.fit and has so many rows as this: ' || CAST(n AS TEXT) \
     FROM number",
);
const WAITING_RUNS: Sql = Sql::Both(
    "INSERT INTO run (id, pipeline, partition, params, cause, state, script_hash, plan_hash, enqueued_ms) \
     WITH RECURSIVE number (n) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT n + 1 FROM number \
     WHERE n < CAST($2 AS BIGINT)) \
     SELECT CAST($1 AS TEXT) || CAST(1000000000 + n AS TEXT), 'noop', 'athlete' || CAST(n % 8 AS TEXT), '{}', \
     'cli', 'queued', 'bench', 'bench', CAST($3 AS BIGINT) + n FROM number",
);
const WAITING_JOBS: Sql = Sql::Both(
    "INSERT INTO job (run_id, partition, priority, ready_ms, attempts) \
     SELECT id, partition, 0, enqueued_ms, 0 FROM run WHERE id LIKE CAST($1 AS TEXT) || '%'",
);
const PAST_RUNS: Sql = Sql::Both(
    "INSERT INTO run (id, pipeline, partition, params, cause, state, script_hash, plan_hash, enqueued_ms, \
     started_ms, finished_ms) \
     WITH RECURSIVE number (n) AS (SELECT CAST($1 AS BIGINT) UNION ALL SELECT n + 1 FROM number \
     WHERE n + 1 < CAST($2 AS BIGINT)) \
     SELECT 'past' || CAST(1000000000 + n AS TEXT), 'hourly', 'me', '{}', 'schedule', 'succeeded', 'bench', \
     'bench', $3 + n * $4, $3 + n * $4 + 5, $3 + n * $4 + 900 FROM number",
);
const PAST_STEPS: Sql = Sql::Both(
    "INSERT INTO step_run (run_id, step, position, kind, state, attempts, artifact, meters, started_ms, \
     finished_ms, worker, attempt_ms) \
     WITH RECURSIVE number (n) AS (SELECT CAST(0 AS BIGINT) UNION ALL SELECT n + 1 FROM number \
     WHERE n + 1 < CAST($3 AS BIGINT)) \
     SELECT run.id, 'step' || CAST(n AS TEXT), n, 'bench.noop', 'succeeded', 1, '{\"from\":1,\"to\":2}', \
     '{\"counts\":{\"rows\":12}}', run.started_ms, run.finished_ms, 'worker', run.started_ms \
     FROM run CROSS JOIN number WHERE run.id >= $1 AND run.id < $2 ORDER BY run.id, n",
);
