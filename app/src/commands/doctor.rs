//! `paceline doctor`: looks at everything that can be wrong with an installation.

use clap::Args;
use engine::clock::Clock;
use engine::registry::Checkup;
use engine::script;
use serde_json::{Value, json};
use store::{MigrationState, Store};

use crate::cli::Form;
use crate::commands::check;
use crate::config::Config;
use crate::error::{self, Problem};
use crate::table::wrapped;
use crate::{output, program, scripts, units};

const AFTER_HELP: &str = "\
Examples:
  paceline doctor
  paceline doctor --json            exit code 1 where something is not well";

const NAME_WIDTH: usize = 26;

/// Checks settings, database, scripts and plugins, and says what to do
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Doctor {
    #[command(flatten)]
    pub(crate) form: Form,
}

impl Doctor {
    pub(crate) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        let mut checkups =
            vec![settings(config), scripts(config).await?, script_memory(script::memory_is_bounded())];
        match program::store(config).await {
            Ok(store) => {
                checkups.push(database(&store, config).await);
                checkups.extend(plugins(&store, config).await?);
            }
            Err(error) => checkups.push(ill("database", Problem::of(&error).to_string())),
        }
        let well = checkups.iter().all(|checkup| checkup.ok);
        if self.form.json {
            let checks: Vec<Value> = checkups.iter().map(to_json).collect();
            output::json(&json!({ "ok": well, "checks": checks }))?;
        } else {
            checkups.iter().try_for_each(|checkup| output::line(line(checkup)))?;
        }
        Ok(if well { error::DONE } else { error::FAILED })
    }
}

fn settings(config: &Config) -> Checkup {
    let scripts = config
        .scripts_dir
        .as_ref()
        .map_or_else(|| "inside the program".into(), |path| path.to_string_lossy());
    let import = if config.local_import { "may" } else { "may not" };
    well(
        "settings",
        format!(
            "database {}; scripts {scripts}; listening on {}; requests {import} read files by path",
            config.db_url, config.listen
        ),
    )
}

async fn scripts(config: &Config) -> anyhow::Result<Checkup> {
    let checked = check::all(program::registry(config)?, &scripts::library(config)?).await?;
    let wrong: Vec<&str> =
        checked.iter().filter(|script| !script.ok).map(|script| script.path.as_str()).collect();
    Ok(if wrong.is_empty() {
        well("scripts", format!("{} without a mistake", units::count(checked.len(), "script", "scripts")))
    } else {
        ill("scripts", format!("mistakes in {}; `paceline check` shows them", wrong.join(", ")))
    })
}

fn script_memory(is_bounded: bool) -> Checkup {
    const NAME: &str = "script memory";
    if is_bounded {
        return well(NAME, "bounded for each script".to_owned());
    }
    let why = "has no bound, because another allocator was linked in; run only scripts that you trust";
    ill(NAME, why.to_owned())
}

async fn database(store: &Store, config: &Config) -> Checkup {
    let status = store.migration_status().await;
    let Ok(migrations) = &status else {
        return ill("database", status.err().map(|error| error.to_string()).unwrap_or_default());
    };
    let current =
        migrations.iter().all(|migration| matches!(migration.state, MigrationState::Applied { .. }));
    let version = migrations.last().map_or(0, |migration| migration.version);
    if current {
        well(
            "database",
            format!("{}, schema {version}; `paceline db check` looks at every row", config.db_url),
        )
    } else {
        ill(
            "database",
            "its schema is not the one of this program; `paceline db status` says more".to_owned(),
        )
    }
}

async fn plugins(store: &Store, config: &Config) -> anyhow::Result<Vec<Checkup>> {
    let (registry, clock) = (program::registry(config)?, Clock::system());
    let mut checkups = Vec::new();
    for check in registry.checks() {
        checkups.push(check.examine(store, &clock).await);
    }
    Ok(checkups)
}

fn well(name: &str, detail: String) -> Checkup {
    Checkup { name: name.to_owned(), ok: true, detail }
}

fn ill(name: &str, detail: String) -> Checkup {
    Checkup { name: name.to_owned(), ok: false, detail }
}

fn to_json(checkup: &Checkup) -> Value {
    json!({ "name": checkup.name, "ok": checkup.ok, "detail": checkup.detail })
}

fn line(checkup: &Checkup) -> String {
    let mark = if checkup.ok { "ok " } else { "BAD" };
    wrapped(&format!("{mark}  {}", checkup.name), &checkup.detail, NAME_WIDTH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_whether_it_is_well() {
        assert_eq!(line(&well("scripts", "7 scripts".to_owned())), "ok   scripts              7 scripts");
        assert_eq!(line(&ill("database", "gone".to_owned())), "BAD  database             gone");
    }

    #[test]
    fn scripts_without_a_bound_on_memory_are_not_well() {
        assert!(script_memory(true).ok);
        assert!(!script_memory(false).ok);
    }
}
