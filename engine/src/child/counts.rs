//! How far the children of a run are, as people see it.

use serde::Serialize;
use store::{Sql, Tx, params};

use crate::run::RunState;

/// How many children of a step stand how.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// The step that waits for them.
    pub step: String,
    pub queued: i64,
    pub running: i64,
    pub succeeded: i64,
    pub failed: i64,
    pub cancelled: i64,
}

impl Counts {
    /// How many there are.
    pub fn all(&self) -> i64 {
        self.open() + self.succeeded + self.failed + self.cancelled
    }

    /// How many are not over.
    pub fn open(&self) -> i64 {
        self.queued + self.running
    }
}

/// The children of a run, counted by step.
pub fn counts(tx: &mut Tx<'_>, run: &str) -> store::Result<Vec<Counts>> {
    let rows = tx.query(&COUNTS, &params![run], |row| {
        Ok((row.get::<String>(0)?, RunState::parse(&row.get::<String>(1)?), row.get::<i64>(2)?))
    })?;
    let mut all: Vec<Counts> = Vec::new();
    for (step, state, count) in rows {
        if all.last().is_none_or(|last| last.step != step) {
            all.push(Counts { step, ..Counts::default() });
        }
        let Some(counts) = all.last_mut() else { continue };
        match state {
            Some(RunState::Queued) => counts.queued = count,
            Some(RunState::Running) => counts.running = count,
            Some(RunState::Succeeded) => counts.succeeded = count,
            Some(RunState::Cancelled) => counts.cancelled = count,
            Some(RunState::Failed) | None => counts.failed = count,
        }
    }
    Ok(all)
}

const COUNTS: Sql = Sql::Both(
    "SELECT parent_step, state, COUNT(*) FROM run WHERE parent = $1 GROUP BY parent_step, state \
     ORDER BY parent_step, state",
);
pub(super) const QUERIES: &[&Sql] = &[&COUNTS];
