//! `paceline db`: the database and its schema.

use clap::{Args, Subcommand};
use engine::clock::Clock;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use store::{Finding, MigrationState, MigrationStatus, Store};

use crate::cli::Form;
use crate::config::Config;
use crate::error::Problem;
use crate::table::Side::{Left, Right};
use crate::table::Table;
use crate::{error, output, program, units};

const AFTER_HELP: &str = "\
Examples:
  paceline db status
  paceline db check --json";
const MIGRATE_HELP: &str = "\
Example:
  paceline db migrate";
const STATUS_HELP: &str = "\
Example:
  paceline db status                changes nothing";
const CHECK_HELP: &str = "\
Example:
  paceline db check                 reads the whole database; exit code 1 where something is wrong";

/// Brings the schema up to date, or looks at the database
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Db {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Brings the schema up to date and says what was applied
    #[command(after_help = MIGRATE_HELP)]
    Migrate(Form),
    /// Shows each migration and whether it was applied
    #[command(after_help = STATUS_HELP)]
    Status(Form),
    /// Looks for damage, orphans, and differences from the schema that the migrations make
    #[command(after_help = CHECK_HELP)]
    Check(Form),
}

impl Db {
    pub(crate) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        match self.verb {
            Verb::Migrate(form) => migrate(&program::open(config).await?, form, config).await,
            Verb::Status(form) => status(&program::open(config).await?, form, config).await,
            Verb::Check(form) => look(config, form).await.map_err(|error| beyond_looking(&error).into()),
        }
    }

    pub(crate) fn form(&self) -> Form {
        match self.verb {
            Verb::Migrate(form) | Verb::Status(form) | Verb::Check(form) => form,
        }
    }
}

async fn migrate(store: &Store, form: Form, config: &Config) -> anyhow::Result<u8> {
    let migrated = store.migrate_at(Clock::system().now_ms()).await?;
    if form.json {
        output::json(&json!({ "database": config.db_url.to_string(), "applied": migrated.applied }))?;
    } else if migrated.applied.is_empty() {
        output::line(format!("{}: nothing to do, the schema is up to date", config.db_url))?;
    } else {
        let versions: Vec<String> = migrated.applied.iter().map(i64::to_string).collect();
        output::line(format!("{}: applied {}", config.db_url, versions.join(", ")))?;
    }
    Ok(error::DONE)
}

async fn status(store: &Store, form: Form, config: &Config) -> anyhow::Result<u8> {
    let migrations = store.migration_status().await?;
    if form.json {
        let migrations: Vec<Value> = migrations.iter().map(migration_json).collect();
        output::json(&json!({ "database": config.db_url.to_string(), "migrations": migrations }))?;
        return Ok(error::DONE);
    }
    let mut table = Table::new(&[("Version", Right), ("Name", Left), ("State", Left)]);
    for migration in &migrations {
        let (state, at_ms) = state(migration);
        let at = at_ms.map(|at_ms| format!(" {}", units::local_time(at_ms, None, &TimeZone::system())));
        let state = format!("{state}{}", at.unwrap_or_default());
        table.row([migration.version.to_string(), migration.name.to_owned(), state]);
    }
    output::line(format!("{}\n{table}", config.db_url))?;
    Ok(error::DONE)
}

fn migration_json(migration: &MigrationStatus) -> Value {
    let (state, at_ms) = state(migration);
    let mut json = json!({ "version": migration.version, "name": migration.name, "state": state });
    if let Some(at_ms) = at_ms {
        json["applied_ms"] = at_ms.into();
    }
    json
}

fn state(migration: &MigrationStatus) -> (&'static str, Option<i64>) {
    match migration.state {
        MigrationState::Pending => ("pending", None),
        MigrationState::Applied { at_ms } => ("applied", at_ms),
        MigrationState::Changed => ("changed", None),
    }
}

async fn look(config: &Config, form: Form) -> anyhow::Result<u8> {
    check(&program::open(config).await?, form).await
}

/// What others say of damage sends here; from here it goes on to a backup.
fn beyond_looking(error: &anyhow::Error) -> Problem {
    let problem = Problem::of(error);
    if problem.code != "storage_corrupt" {
        return problem;
    }
    problem
        .hint("keep a copy of the file; then restore a backup, or import your recordings into a new database")
}

async fn check(store: &Store, form: Form) -> anyhow::Result<u8> {
    let findings = store.check().await?;
    if form.json {
        let json = |finding: &Finding| json!({ "code": finding.code, "message": finding.message });
        let list: Vec<Value> = findings.iter().map(json).collect();
        output::json(&json!({ "ok": findings.is_empty(), "findings": list }))?;
    } else if findings.is_empty() {
        output::line("the database is well")?;
    } else {
        for finding in &findings {
            output::line(format!("{} [{}]", finding.message, finding.code))?;
        }
    }
    Ok(if findings.is_empty() { error::DONE } else { error::FAILED })
}
