//! Tells workers of other processes that there may be something to take; polling stays the truth.

use store::{Backend, Sql, Tx};

/// The channel that a worker listens on.
pub const HINTS: &str = "paceline_job";

/// Hints that a run may be ready, once this transaction is committed; any number in one transaction is one.
///
/// SQLite has no such channel: a process wakes its own worker, and others poll.
pub(crate) fn hint(tx: &mut Tx<'_>) -> store::Result<()> {
    if tx.backend() == Backend::Postgres {
        tx.query(&HINT, &[], |_| Ok(()))?;
    }
    Ok(())
}

const HINT: Sql = Sql::Per { sqlite: "SELECT 1", postgres: "SELECT pg_notify('paceline_job', '')" };
pub(crate) const QUERIES: &[&Sql] = &[&HINT];
