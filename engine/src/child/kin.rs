//! The rows of a run and of those that wait for it: who is locked first, who ends with whom, who wakes whom.
//!
//! On PostgreSQL the job of a child is locked before that of its parent. A child that ends locks its parent's job before
//! it looks whether it was the last one: of two that end at once, the second one sees the end of the first. That takes a
//! transaction in which each statement sees what is committed (`Store::write_latest`); in any other the parent is woken
//! by its own look a minute later.

use store::{Sql, Tx, params};

use crate::pool;
use crate::run::close_all_open;

/// Locks the jobs of a run and of all below it that are not over, and answers these.
pub(crate) fn hold(tx: &mut Tx<'_>, run: &str) -> store::Result<Vec<String>> {
    let mut held = Vec::new();
    // Whoever waits for a row may find children that were put into the queue meanwhile: see `hold_one`.
    loop {
        let known = held.len();
        held = tx.query(&HOLD, &params![run], |row| row.get::<String>(0))?;
        if held.len() <= known {
            held.retain(|held| held != run);
            return Ok(held);
        }
    }
}

/// Locks the job of a run that is about to have children: who ends it comes before, or finds them.
pub(super) fn hold_one(tx: &mut Tx<'_>, run: &str) -> store::Result<()> {
    tx.query(&HOLD_ONE, &params![run], |_| Ok(())).map(drop)
}

/// Ends runs whose parent is over: from here on nothing of them can be committed.
pub(crate) fn end_all(tx: &mut Tx<'_>, runs: &[String], now_ms: i64) -> store::Result<()> {
    if runs.is_empty() {
        return Ok(());
    }
    close_all_open(tx, runs, now_ms)?;
    runs.iter().try_for_each(|run| pool::drop_run(tx, run))?;
    tx.execute(&CANCEL, &params![runs, now_ms])?;
    tx.execute(&DELETE_JOBS, &params![runs])?;
    tx.execute(&UNLOCK, &params![runs])?;
    Ok(())
}

/// Makes a run ready that waits for nothing but its children, where none of them is left; one that waits for something
/// else as well kept its lock for them alone. Answers whether another run may go on.
pub(crate) fn wake_parent(tx: &mut Tx<'_>, parent: &str, now_ms: i64) -> store::Result<bool> {
    hold_one(tx, parent)?;
    let is_woken = tx.execute(&WAKE, &params![parent, now_ms])? > 0;
    Ok(is_woken || tx.execute(&FREE_LOCK, &params![parent])? > 0)
}

// Ids grow with time, so that a child comes before its parent. SQLite has one writer at a time: its transaction is the
// lock.
const HOLD: Sql = Sql::Per {
    sqlite: "WITH RECURSIVE line (id) AS (SELECT $1 UNION ALL SELECT run.id FROM run JOIN line \
             ON run.parent = line.id WHERE run.finished_ms IS NULL) \
             SELECT run_id FROM job WHERE run_id IN (SELECT id FROM line) ORDER BY run_id DESC",
    postgres: "SELECT run_id FROM job WHERE run_id = ANY(ARRAY(\
               WITH RECURSIVE line (id) AS (SELECT $1::TEXT COLLATE \"C\" UNION ALL SELECT run.id FROM run JOIN line \
               ON run.parent = line.id WHERE run.finished_ms IS NULL) SELECT id FROM line)) \
               ORDER BY run_id DESC FOR UPDATE",
};
const HOLD_ONE: Sql = Sql::Per {
    sqlite: "SELECT 1 FROM job WHERE run_id = $1",
    postgres: "SELECT 1 FROM job WHERE run_id = $1 FOR UPDATE",
};
// Whoever waited for its children is as old as it ever was: it goes before runs that came after it.
const WAKE: Sql = Sql::Both(
    "UPDATE job SET ready_ms = (SELECT CASE WHEN run.enqueued_ms < $2 THEN run.enqueued_ms ELSE $2 END FROM run \
     WHERE run.id = $1) WHERE run_id = $1 AND worker IS NULL AND waits_since_ms IS NOT NULL \
     AND NOT EXISTS (SELECT 1 FROM run AS child WHERE child.parent = $1 AND child.finished_ms IS NULL)",
);
const FREE_LOCK: Sql = Sql::Both(
    "DELETE FROM run_lock WHERE run_id IN (SELECT job.run_id FROM job WHERE job.run_id = $1 AND job.worker IS NULL \
     AND job.waits_since_ms IS NULL \
     AND NOT EXISTS (SELECT 1 FROM run AS child WHERE child.parent = $1 AND child.finished_ms IS NULL))",
);
/// Frees the lock of a run that goes back into the queue, unless children work under it.
pub(crate) const KEEP_LOCK: Sql = Sql::Both(
    "DELETE FROM run_lock WHERE run_id = $1 \
     AND NOT EXISTS (SELECT 1 FROM run WHERE run.parent = $1 AND run.finished_ms IS NULL)",
);
// Lists are bound in each database's own way.
const CANCEL: Sql = Sql::Per {
    sqlite: "UPDATE run SET state = 'cancelled', finished_ms = $2, error_code = 'parent_over', \
             error = 'the run that it belongs to is over' WHERE id IN (SELECT value FROM json_each($1))",
    postgres: "UPDATE run SET state = 'cancelled', finished_ms = $2, \
               error_code = 'parent_over', error = 'the run that it belongs to is over' WHERE id = ANY($1)",
};
const DELETE_JOBS: Sql = Sql::Per {
    sqlite: "DELETE FROM job WHERE run_id IN (SELECT value FROM json_each($1))",
    postgres: "DELETE FROM job WHERE run_id = ANY($1)",
};
const UNLOCK: Sql = Sql::Per {
    sqlite: "DELETE FROM run_lock WHERE run_id IN (SELECT value FROM json_each($1))",
    postgres: "DELETE FROM run_lock WHERE run_id = ANY($1)",
};
pub(super) const QUERIES: &[&Sql] =
    &[&HOLD, &HOLD_ONE, &WAKE, &FREE_LOCK, &KEEP_LOCK, &CANCEL, &DELETE_JOBS, &UNLOCK];
