//! What SQLite knows about its own health and schema.

use rusqlite::Connection;

use crate::check::{Facts, Finding};
use crate::{Backend, Error, Migration, Result, Row, Sql, Tx};

const SCHEMA: &str = "SELECT type || ' ' || name, sql FROM sqlite_schema
    WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name <> 'schema_migration' ORDER BY 1";

/// Damage and rows that refer to nothing.
pub(crate) fn findings(tx: &mut Tx<'_>) -> Result<Vec<Finding>> {
    const INTEGRITY: Sql = Sql::Both("PRAGMA integrity_check");
    const ORPHANS: Sql = Sql::Both(
        "SELECT \"table\", parent, COUNT(*) FROM pragma_foreign_key_check GROUP BY 1, 2 ORDER BY 1, 2",
    );
    tx.take_time()?;
    let mut findings = tx.query(&INTEGRITY, &[], integrity)?;
    findings.retain(|finding| finding.message != "ok");
    findings.extend(tx.query(&ORPHANS, &[], orphans)?);
    Ok(findings)
}

/// The schema as it is.
pub(crate) fn found_facts(tx: &mut Tx<'_>) -> Result<Facts> {
    const FOUND: Sql = Sql::Both(SCHEMA);
    let facts = tx.query(&FOUND, &[], |row| Ok((row.get(0)?, one_line(row.text(1)?))))?;
    Ok(facts.into_iter().collect())
}

/// The schema that the migrations make.
pub(crate) fn facts(migrations: &[&Migration]) -> Result<Facts> {
    let made = || -> rusqlite::Result<Facts> {
        let connection = Connection::open_in_memory()?;
        for migration in migrations {
            connection.execute_batch(migration.script.text(Backend::Sqlite))?;
        }
        let mut statement = connection.prepare(SCHEMA)?;
        let facts = statement.query_map([], |row| Ok((row.get(0)?, one_line(&row.get::<_, String>(1)?))))?;
        facts.collect()
    };
    made().map_err(Error::other)
}

fn integrity(row: &Row<'_>) -> Result<Finding> {
    Ok(Finding { code: "integrity", message: row.get(0)? })
}

fn orphans(row: &Row<'_>) -> Result<Finding> {
    let (child, parent, count) = (row.text(0)?, row.text(1)?, row.get::<i64>(2)?);
    Ok(Finding {
        code: "orphan_rows",
        message: format!("{count} rows of {child} refer to rows of {parent} that do not exist"),
    })
}

// Additive migrations keep the text of CREATE TABLE and append to it; only the spacing is free.
fn one_line(sql: &str) -> String {
    sql.split_whitespace().collect::<Vec<_>>().join(" ")
}
