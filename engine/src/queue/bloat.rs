//! What makes PostgreSQL's queue slow long before it is full: rows that are dead and cannot be cleared away, because a
//! transaction that was forgotten may still look at them.

use store::{Backend, Sql, Tx};

/// How much of the queue is dead, and who keeps it so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bloat {
    /// Dead rows in the table of jobs, as the server's statistics have it.
    pub dead_rows: i64,
    /// The transaction that has looked at the database for longest.
    pub oldest: Option<Snapshot>,
}

/// A transaction because of which nothing that died since can be cleared away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    pub age_ms: i64,
    /// The number of its process, which ends it; absent of one that is prepared.
    pub process: Option<i64>,
    /// What the program that holds it calls itself, or the name of one that is prepared.
    pub name: String,
}

/// Asks the server; SQLite clears up by itself and answers nothing.
///
/// Of transactions of other roles the server tells only who may read its statistics.
pub fn bloat(tx: &mut Tx<'_>) -> store::Result<Option<Bloat>> {
    if tx.backend() == Backend::Sqlite {
        return Ok(None);
    }
    let dead_rows = tx.optional(&DEAD_ROWS, &[], |row| row.get(0))?.unwrap_or(0);
    let oldest = tx.optional(&OLDEST, &[], |row| {
        Ok(Snapshot { age_ms: row.get(0)?, process: row.get(1)?, name: row.get(2)? })
    })?;
    Ok(Some(Bloat { dead_rows, oldest }))
}

const DEAD_ROWS: Sql = Sql::Per {
    sqlite: "SELECT 0",
    postgres: "SELECT n_dead_tup FROM pg_stat_user_tables WHERE relid = to_regclass('job')",
};
// How long a transaction is open only its own server can tell, by its own clock. A cleaner's snapshot holds up no other
// cleaner.
const OLDEST: Sql = Sql::Per {
    sqlite: "SELECT 0, 0, ''",
    postgres: "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp() - held.since) * 1000 AS BIGINT), held.process, held.name \
               FROM (SELECT xact_start AS since, CAST(pid AS BIGINT) AS process, CAST(application_name AS TEXT) AS name \
               FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() \
               AND backend_xmin IS NOT NULL AND xact_start IS NOT NULL AND backend_type <> 'autovacuum worker' \
               UNION ALL SELECT prepared, CAST(NULL AS BIGINT), CAST(gid AS TEXT) FROM pg_prepared_xacts \
               WHERE database = current_database()) AS held ORDER BY held.since LIMIT 1",
};
pub(crate) const QUERIES: &[&Sql] = &[&DEAD_ROWS, &OLDEST];
