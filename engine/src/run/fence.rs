//! The proof of ownership that every committing transaction checks first.

use std::sync::Arc;

use store::{Sql, Tx, params};

/// The run belongs to another worker now; whatever was being written is dropped.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the run belongs to another worker now")]
pub struct Fenced;

/// The number under which a worker holds a run; a rescue raises it.
#[derive(Debug, Clone)]
pub struct Fence {
    run: Arc<str>,
    number: i64,
    /// Claims before this one came to nothing.
    is_rescue: bool,
}

impl Fence {
    /// The fence that a claim answered.
    pub fn new(run: &str, number: i64) -> Self {
        Self { run: run.into(), number, is_rescue: false }
    }

    /// The same for a claim that is not the run's first.
    pub(crate) fn after(self, claims: i64) -> Self {
        Self { is_rescue: claims > 1, ..self }
    }

    /// Ends the transaction with [`Fenced`] unless the run is still held under this number.
    ///
    /// On PostgreSQL the job's key is shared, so that a rescue waits for a commit under way and a renewal does not.
    pub fn check(&self, tx: &mut Tx<'_>) -> store::Result<()> {
        if self.holds(tx)? { Ok(()) } else { Err(store::Error::abort(Fenced)) }
    }

    /// Whether the run is still held under this number; locked as by [`Fence::check`].
    pub(crate) fn holds(&self, tx: &mut Tx<'_>) -> store::Result<bool> {
        let is_held = tx.optional(&HELD, &params![&*self.run, self.number], |_| Ok(()))?.is_some();
        if !is_held {
            crate::telemetry::fenced();
        }
        Ok(is_held)
    }

    /// Forgets the claims that came to nothing, because this one did not.
    pub(crate) fn note_progress(&self, tx: &mut Tx<'_>) -> store::Result<()> {
        if self.is_rescue {
            tx.execute(&PROGRESSED, &params![&*self.run])?;
        }
        Ok(())
    }

    /// Grows with each time the run changes hands.
    pub(crate) fn number(&self) -> i64 {
        self.number
    }

    pub(crate) fn run(&self) -> &str {
        &self.run
    }
}

// A run that is over has no job. SQLite has one writer at a time: its transaction is the lock.
const HELD: Sql = Sql::Per {
    sqlite: "SELECT 1 FROM job WHERE run_id = $1 AND fence = $2",
    postgres: "SELECT 1 FROM job WHERE run_id = $1 AND fence = $2 FOR KEY SHARE",
};
const PROGRESSED: Sql = Sql::Both("UPDATE job SET attempts = 1 WHERE run_id = $1 AND attempts > 1");
pub(crate) const QUERIES: &[&Sql] = &[&HELD, &PROGRESSED];
