//! Deletes runs that are older than anybody wants to look back.

use store::{Sql, params};

use crate::host::Engine;
use crate::run::forget_results;

/// So many runs go in one transaction.
const CHUNK: i64 = 500;
/// And so many lines of their steps, before them.
const LINES: i64 = 5_000;
const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// For how many days runs are kept after their end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    pub succeeded_days: u32,
    /// Of runs that failed or were cancelled.
    pub failed_days: u32,
}

impl Keep {
    /// What the program runs with.
    pub const STANDARD: Self = Self { succeeded_days: 90, failed_days: 365 };
}

impl Engine {
    /// Deletes old runs with their children, steps, attempts and closed dead letters, backfills that ended as long ago,
    /// and kept results of steps whose time is over.
    ///
    /// A run with an open dead letter stays, and so does the newest success of each pipeline and partition. Answers how
    /// many went, or nothing where a process did this within the last hour.
    pub async fn forget_history(&self, keep: &Keep) -> store::Result<Option<u64>> {
        let now_ms = self.clock().now_ms();
        let due =
            self.store().write(move |tx| tx.execute(&CLAIM, &params![now_ms, now_ms - HOUR_MS])).await?;
        if due == 0 {
            return Ok(None);
        }
        let before_ms = |days: u32| now_ms - i64::from(days) * DAY_MS;
        let before = (before_ms(keep.succeeded_days), before_ms(keep.failed_days));
        let mut deleted = 0;
        for (lines, runs) in [(&DELETE_LINES_OF_CHILDREN, &DELETE_CHILDREN), (&DELETE_LINES, &DELETE_RUNS)] {
            self.delete(lines, before, LINES).await?;
            deleted += self.delete(runs, before, CHUNK).await?;
        }
        let (_, failed_ms) = before;
        self.store().write(move |tx| tx.execute(&DELETE_BACKFILLS, &params![failed_ms])).await?;
        while self.store().write(move |tx| forget_results(tx, now_ms, CHUNK)).await? == CHUNK.unsigned_abs() {
        }
        Ok(Some(deleted))
    }

    /// Deletes what belongs to runs that ended so long ago, some rows in each transaction; answers how many went.
    async fn delete(&self, rows: &'static Sql, before: (i64, i64), at_once: i64) -> store::Result<u64> {
        let (succeeded_ms, failed_ms) = before;
        let mut deleted = 0;
        loop {
            let chunk = params![succeeded_ms, failed_ms, at_once];
            let gone = self.store().write(move |tx| tx.execute(rows, &chunk)).await?;
            deleted += gone;
            if gone < at_once.unsigned_abs() {
                return Ok(deleted);
            }
        }
    }
}

const CLAIM: Sql = Sql::Both(
    "INSERT INTO upkeep (name, done_ms) VALUES ('retention', $1) \
     ON CONFLICT (name) DO UPDATE SET done_ms = excluded.done_ms WHERE upkeep.done_ms <= $2",
);
/// The last success of each partition. It is asked for once and joined: to look for a newer run for each one that is old
/// would read, for a partition that has stopped, all that its pipeline did since.
macro_rules! newest {
    () => {
        "WITH newest AS (SELECT pipeline, partition, MAX(finished_ms) AS finished_ms FROM run \
         WHERE state = 'succeeded' AND parent IS NULL AND part IS NULL GROUP BY pipeline, partition) "
    };
}
/// Runs that belong to no other and are to be deleted. Successes that ended at once are all the newest.
macro_rules! old_runs {
    () => {
        "SELECT old.id FROM run AS old LEFT JOIN newest \
         ON newest.pipeline = old.pipeline AND newest.partition = old.partition \
         WHERE old.parent IS NULL AND old.part IS NULL \
         AND ((old.state = 'succeeded' AND old.finished_ms < $1 AND old.finished_ms < newest.finished_ms) \
         OR (old.state IN ('failed', 'cancelled') AND old.finished_ms < $2)) \
         AND NOT EXISTS (SELECT 1 FROM dead_letter \
         WHERE dead_letter.run_id = old.id AND dead_letter.state = 'open')"
    };
}
// What steps said goes first: a run takes all of its lines along at once.
const DELETE_LINES_OF_CHILDREN: Sql = Sql::Both(concat!(
    newest!(),
    "DELETE FROM step_log WHERE (run_id, seq) IN (SELECT line.run_id, line.seq FROM step_log AS line \
     JOIN run AS child ON child.id = line.run_id WHERE child.parent IN (",
    old_runs!(),
    ") ORDER BY line.run_id, line.seq LIMIT $3)"
));
const DELETE_LINES: Sql = Sql::Both(concat!(
    newest!(),
    "DELETE FROM step_log WHERE (run_id, seq) IN (SELECT line.run_id, line.seq FROM step_log AS line \
     WHERE line.run_id IN (",
    old_runs!(),
    ") ORDER BY line.run_id, line.seq LIMIT $3)"
));
// Before their parents, which would take them along all at once.
const DELETE_CHILDREN: Sql = Sql::Both(concat!(
    newest!(),
    "DELETE FROM run WHERE id IN (SELECT child.id FROM run AS child WHERE child.parent IN (",
    old_runs!(),
    ") ORDER BY child.id LIMIT $3)"
));
pub(super) const DELETE_RUNS: Sql =
    Sql::Both(concat!(newest!(), "DELETE FROM run WHERE id IN (", old_runs!(), " ORDER BY old.id LIMIT $3)"));
const DELETE_BACKFILLS: Sql = Sql::Both("DELETE FROM backfill WHERE state <> 'open' AND finished_ms < $1");
pub(super) const QUERIES: &[&Sql] =
    &[&CLAIM, &DELETE_LINES_OF_CHILDREN, &DELETE_LINES, &DELETE_CHILDREN, &DELETE_RUNS, &DELETE_BACKFILLS];
