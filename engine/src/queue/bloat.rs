//! What makes PostgreSQL's queue slow long before it is full: rows that are dead and cannot be cleared away, because a
//! transaction that was forgotten may still look at them.

use store::{Backend, Sql, Tx};

pub use store::Snapshot;

/// How much of the queue is dead, and who keeps it so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bloat {
    /// Dead rows in the table of jobs, as the server's statistics have it.
    pub dead_rows: i64,
    /// The transaction that has looked at the database for longest.
    pub oldest: Option<Snapshot>,
}

/// Asks the server; SQLite clears up by itself and answers nothing.
pub fn bloat(tx: &mut Tx<'_>) -> store::Result<Option<Bloat>> {
    if tx.backend() == Backend::Sqlite {
        return Ok(None);
    }
    let dead_rows = tx.optional(&DEAD_ROWS, &[], |row| row.get(0))?.unwrap_or(0);
    Ok(Some(Bloat { dead_rows, oldest: store::oldest_snapshot(tx)? }))
}

// SQLite leaves no dead rows.
const DEAD_ROWS: Sql = Sql::Per {
    sqlite: "SELECT 0",
    postgres: "SELECT n_dead_tup FROM pg_stat_user_tables WHERE relid = to_regclass('job')",
};
pub(crate) const QUERIES: &[&Sql] = &[&DEAD_ROWS];
