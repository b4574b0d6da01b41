//! Who keeps what is dead from being cleared away.

use crate::{Backend, Result, Sql, Tx};

/// A transaction because of which nothing that died since its begin can be cleared away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// For how long it has been open.
    pub age_ms: i64,
    /// The number of its process, by which the server ends it; absent of one that is prepared.
    pub process: Option<i64>,
    /// What the program that holds it calls itself, or the name of one that is prepared.
    pub name: String,
}

/// The transaction that has looked at the database for longest, this one aside; SQLite clears up by itself and has none.
///
/// Of transactions of other roles the server tells only those who may read its statistics.
pub fn oldest_snapshot(tx: &mut Tx<'_>) -> Result<Option<Snapshot>> {
    if tx.backend() == Backend::Sqlite {
        return Ok(None);
    }
    tx.optional(&OLDEST, &[], |row| {
        Ok(Snapshot { age_ms: row.get(0)?, process: row.get(1)?, name: row.get(2)? })
    })
}

// How long a transaction is open only the server can tell, by its own clock. A cleaner's snapshot holds up no other
// cleaner.
const OLDEST: Sql = Sql::Both(
    "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp() - held.since) * 1000 AS BIGINT), held.process, held.name
    FROM (SELECT xact_start AS since, CAST(pid AS BIGINT) AS process, CAST(application_name AS TEXT) AS name
        FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
        AND backend_xmin IS NOT NULL AND xact_start IS NOT NULL AND backend_type <> 'autovacuum worker'
        UNION ALL SELECT prepared, CAST(NULL AS BIGINT), CAST(gid AS TEXT) FROM pg_prepared_xacts
        WHERE database = current_database()) AS held
    ORDER BY held.since LIMIT 1",
);
