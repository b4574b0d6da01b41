//! Brings a schema to the version this program knows.
//!
//! Each migration is a pair of files, applied once, in order, all missing ones in one transaction; what was
//! applied is remembered with its checksum.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use crate::{Backend, Error, Result, Sql, Store, Tx, params};

/// One step of the schema.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// Counts from 1 without gaps.
    pub version: i64,
    /// What the files are called after their number.
    pub name: &'static str,
    /// The statements for each database.
    pub script: Sql,
}

macro_rules! migration {
    ($version:literal, $file:literal, $name:literal) => {
        Migration {
            version: $version,
            name: $name,
            script: Sql::Per {
                sqlite: include_str!(concat!("../../migrations/sqlite/", $file)),
                postgres: include_str!(concat!("../../migrations/postgres/", $file)),
            },
        }
    };
}

/// Every migration, in order. A released one is never edited.
pub const MIGRATIONS: &[Migration] = &[
    migration!(1, "0001_start.sql", "start"),
    migration!(2, "0002_export.sql", "export"),
    migration!(3, "0003_dead_letter.sql", "dead_letter"),
    migration!(4, "0004_schedule.sql", "schedule"),
    migration!(5, "0005_workers.sql", "workers"),
    migration!(6, "0006_pool.sql", "pool"),
    migration!(7, "0007_child_run.sql", "child_run"),
    migration!(8, "0008_cached_step.sql", "cached_step"),
    migration!(9, "0009_fence.sql", "fence"),
    migration!(10, "0010_numbers.sql", "numbers"),
    migration!(11, "0011_daily_metric.sql", "daily_metric"),
    migration!(12, "0012_setting.sql", "setting"),
    migration!(13, "0013_running.sql", "running"),
    migration!(14, "0014_weather.sql", "weather"),
    migration!(15, "0015_old_best.sql", "old_best"),
    migration!(16, "0016_strava.sql", "strava"),
    migration!(17, "0017_purge.sql", "purge"),
    migration!(18, "0018_merge_choice.sql", "merge_choice"),
    migration!(19, "0019_shareable_link.sql", "shareable_link"),
    migration!(20, "0020_ways.sql", "ways"),
    migration!(21, "0021_script_version.sql", "script_version"),
    migration!(22, "0022_open_run.sql", "open_run"),
    migration!(23, "0023_own_numbers.sql", "own_numbers"),
    migration!(24, "0024_routes.sql", "routes"),
    migration!(25, "0025_gear.sql", "gear"),
    migration!(26, "0026_zone_weather.sql", "zone_weather"),
    migration!(27, "0027_outside_record.sql", "outside_record"),
    migration!(28, "0028_step_log.sql", "step_log"),
];

/// What a migration run did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migrated {
    /// The versions that were applied now, in order.
    pub applied: Vec<i64>,
}

/// How a migration stands in a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MigrationState {
    /// Not applied yet.
    Pending,
    /// Applied, at this time where it was noted.
    Applied {
        /// Epoch milliseconds.
        at_ms: Option<i64>,
    },
    /// Applied with another text than this program has.
    Changed,
}

/// A migration and how it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrationStatus {
    /// Its number.
    pub version: i64,
    /// Its name.
    pub name: &'static str,
    /// How it stands.
    pub state: MigrationState,
}

struct Applied {
    version: i64,
    checksum: String,
    at_ms: Option<i64>,
}

/// Applies what is missing. Processes that start at once wait for each other.
pub(crate) async fn apply(
    store: &Store,
    known: &'static [Migration],
    now_ms: Option<i64>,
) -> Result<Migrated> {
    store.change_schema(move |tx| apply_missing(tx, known, now_ms)).await
}

/// Compares what this program knows with what was applied.
pub(crate) fn status(tx: &mut Tx<'_>, known: &'static [Migration]) -> Result<Vec<MigrationStatus>> {
    let applied = applied(tx)?;
    let backend = tx.backend();
    let state = |migration: &Migration| {
        let found = applied.iter().find(|applied| applied.version == migration.version);
        found.map_or(MigrationState::Pending, |found| {
            if found.checksum == checksum(migration, backend) {
                MigrationState::Applied { at_ms: found.at_ms }
            } else {
                MigrationState::Changed
            }
        })
    };
    Ok(known
        .iter()
        .map(|migration| MigrationStatus {
            version: migration.version,
            name: migration.name,
            state: state(migration),
        })
        .collect())
}

/// Fails where the database has a migration that this program does not know.
pub(crate) fn refuse_newer(tx: &mut Tx<'_>, known: &[Migration]) -> Result<()> {
    let newest = applied(tx)?.last().map_or(0, |applied| applied.version);
    refuse_newer_than(newest, known)
}

/// Fails where `found` is beyond what this program knows.
pub(crate) fn refuse_newer_than(found: i64, known: &[Migration]) -> Result<()> {
    let know = known.last().map_or(0, |migration| migration.version);
    if found > know {
        return Err(Error::SchemaNewer { found, know });
    }
    Ok(())
}

fn apply_missing(tx: &mut Tx<'_>, known: &[Migration], now_ms: Option<i64>) -> Result<Migrated> {
    const NOTE: Sql = Sql::Both(
        "INSERT INTO schema_migration (version, name, checksum, applied_ms) VALUES ($1, $2, $3, $4)",
    );
    lock(tx)?;
    let backend = tx.backend();
    let before = applied(tx)?;
    refuse_newer_than(before.last().map_or(0, |applied| applied.version), known)?;
    let mut versions = Vec::new();
    for migration in known {
        let checksum = checksum(migration, backend);
        match before.iter().find(|applied| applied.version == migration.version) {
            Some(applied) if applied.checksum != checksum => {
                return Err(Error::SchemaChanged { version: migration.version });
            }
            Some(_) => continue,
            None => {}
        }
        create_table(tx)?;
        tx.script(migration.script.text(backend))?;
        tx.execute(&NOTE, &params![migration.version, migration.name, &checksum, now_ms])?;
        versions.push(migration.version);
    }
    Ok(Migrated { applied: versions })
}

/// Keeps a second process out until the commit; on SQLite the transaction itself does.
fn lock(tx: &mut Tx<'_>) -> Result<()> {
    if tx.backend() == Backend::Postgres {
        tx.script("SET LOCAL statement_timeout = 0; SELECT pg_advisory_xact_lock(7022617393)")?;
    }
    Ok(())
}

fn create_table(tx: &mut Tx<'_>) -> Result<()> {
    tx.script(
        "CREATE TABLE IF NOT EXISTS schema_migration (
            version BIGINT NOT NULL PRIMARY KEY,
            name TEXT NOT NULL,
            checksum TEXT NOT NULL,
            applied_ms BIGINT
        )",
    )
}

fn applied(tx: &mut Tx<'_>) -> Result<Vec<Applied>> {
    // The catalogues have nothing in common.
    const EXISTS: Sql = Sql::Per {
        sqlite: "SELECT COUNT(*) FROM sqlite_schema WHERE name = 'schema_migration'",
        postgres: "SELECT COUNT(*) FROM pg_class WHERE oid = to_regclass('schema_migration')",
    };
    const APPLIED: Sql =
        Sql::Both("SELECT version, checksum, applied_ms FROM schema_migration ORDER BY version");
    if tx.optional(&EXISTS, &[], |row| row.get::<i64>(0))? != Some(1) {
        return Ok(Vec::new());
    }
    tx.query(&APPLIED, &[], |row| {
        Ok(Applied { version: row.get(0)?, checksum: row.get(1)?, at_ms: row.get(2)? })
    })
}

fn checksum(migration: &Migration, backend: Backend) -> String {
    let digest = Sha256::digest(migration.script.text(backend).as_bytes());
    digest.iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
