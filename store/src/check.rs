//! Looks for damage, orphans, and a schema that is not what the migrations make.

use std::collections::BTreeMap;

use crate::{Migration, MigrationState, Result, Store, migrate, postgres, sqlite};

/// Something a person should know about the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// `integrity`, `orphan_rows`, `schema_pending`, `schema_changed`, `schema_missing`, `schema_different` or
    /// `schema_unexpected`.
    pub code: &'static str,
    /// One line that names the place.
    pub message: String,
}

/// What a schema consists of: the name of each part (`table activity`, `column run.id`) and its definition.
pub(crate) type Facts = BTreeMap<String, String>;

/// Runs every check.
pub(crate) async fn run(store: &Store) -> Result<Vec<Finding>> {
    let status = store.migration_status().await?;
    let applied: Vec<&'static Migration> = migrate::MIGRATIONS
        .iter()
        .zip(&status)
        .filter(|(_, status)| status.state != MigrationState::Pending)
        .map(|(migration, _)| migration)
        .collect();
    let mut findings: Vec<Finding> = status.iter().filter_map(migration_finding).collect();
    let (wanted, found) = match store {
        Store::Sqlite(_) => {
            findings.extend(store.read(sqlite::findings).await?);
            (sqlite::facts(&applied)?, store.read(sqlite::found_facts).await?)
        }
        Store::Postgres(server) => {
            findings.extend(store.read(postgres::findings).await?);
            (server.facts(applied).await?, store.read(postgres::found_facts).await?)
        }
    };
    findings.extend(differences(&wanted, &found));
    Ok(findings)
}

fn migration_finding(status: &crate::MigrationStatus) -> Option<Finding> {
    let code = match status.state {
        MigrationState::Applied { .. } => return None,
        MigrationState::Pending => "schema_pending",
        MigrationState::Changed => "schema_changed",
    };
    Some(Finding { code, message: format!("migration {} ({})", status.version, status.name) })
}

fn differences(wanted: &Facts, found: &Facts) -> Vec<Finding> {
    let missing = wanted.iter().filter_map(|(part, definition)| match found.get(part) {
        None => Some(Finding { code: "schema_missing", message: format!("{part} is missing") }),
        Some(other) if other != definition => Some(Finding {
            code: "schema_different",
            message: format!("{part} is `{other}`, the migrations make `{definition}`"),
        }),
        Some(_) => None,
    });
    let unexpected = found.keys().filter(|part| !wanted.contains_key(*part));
    let unexpected = unexpected.map(|part| Finding {
        code: "schema_unexpected",
        message: format!("{part} is not made by any migration"),
    });
    missing.chain(unexpected).collect()
}
