//! `paceline doctor`: looks at everything that can be wrong with an installation.

mod machine;
mod schedules;

use clap::Args;
use engine::queue::{self, Bloat};
use engine::registry::Checkup;
use engine::script::{self, Source};
use fitness::records::weather_home;
use fitness::records::weather_quota::{self, Span};
use fitness::weather::Cell;
use plugins::DEPRECATED_ARTIFACTS;
use plugins::open_meteo::HistoryConfig;
use serde_json::{Value, json};
use store::{MigrationState, Store};

use crate::cli::{ATHLETE, Form};
use crate::commands::check;
use crate::config::{Config, LOCAL_IMPORT};
use crate::error::{self, Problem};
use crate::table::wrapped;
use crate::{output, program, scripts, units};

const AFTER_HELP: &str = "\
Examples:
  paceline doctor
  paceline doctor --json            exit code 1 where something is not well";

const NAME_WIDTH: usize = 26;
const QUEUE: &str = "queue";
/// Ours last seconds; a backup of a small database takes less too.
const OLD_SNAPSHOT_MS: i64 = 5 * 60_000;
/// Fifty times as many as autovacuum waits for on this table.
const MANY_DEAD_ROWS: i64 = 50_000;

/// Checks settings, database, keys, scripts and services, and says what to do
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
        checkups.extend(config.local_import.then(artifacts));
        match program::store(config).await {
            Ok(store) => {
                checkups.push(database(&store, config).await);
                checkups.extend(machine::clock(&store).await);
                checkups.extend(machine::disk(config));
                checkups.push(machine::keys(config));
                checkups.extend(schedules::look(config, &store).await?);
                checkups.extend(queue(&store).await);
                checkups.push(weather(&store, config).await?);
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

fn artifacts() -> Checkup {
    well("artifacts", format!("allowed by {LOCAL_IMPORT}; {DEPRECATED_ARTIFACTS}"))
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

/// What makes a queue slow on PostgreSQL; SQLite has nothing of the kind.
async fn queue(store: &Store) -> Option<Checkup> {
    match store.read(queue::bloat).await {
        Ok(bloat) => bloat.as_ref().map(bloated),
        Err(error) => Some(ill(QUEUE, error.to_string())),
    }
}

fn bloated(bloat: &Bloat) -> Checkup {
    let mut wrong = Vec::new();
    if let Some(oldest) = bloat.oldest.as_ref().filter(|oldest| oldest.age_ms > OLD_SNAPSHOT_MS) {
        let (name, open) = (&oldest.name, units::took(0, oldest.age_ms));
        let end = match oldest.process {
            Some(process) => format!("SELECT pg_terminate_backend({process})"),
            None => format!("ROLLBACK PREPARED '{}'", name.replace('\'', "''")),
        };
        wrong.push(format!(
            "a transaction of `{name}` has been open for {open}, and meanwhile nothing that is dead in the queue can be \
             cleared away; `{end}` ends it"
        ));
    }
    let dead_rows = bloat.dead_rows;
    if dead_rows > MANY_DEAD_ROWS {
        wrong.push(format!(
            "{dead_rows} dead rows slow down every worker; `VACUUM job` clears them away, and autovacuum, which should \
             have, may be off"
        ));
    }
    if wrong.is_empty() {
        return well(QUEUE, format!("{dead_rows} dead rows, and no transaction that keeps them"));
    }
    ill(QUEUE, wrong.join("; "))
}

/// Whom the weather is asked of, and how much of today is left.
async fn weather(store: &Store, config: &Config) -> anyhow::Result<Checkup> {
    const NAME: &str = "weather";
    let (registry, library) = (program::registry(config)?, scripts::library(config)?);
    let plan = move || {
        let source = Source::of(&library, NAME)?;
        let planned = script::plan(&registry, &source).ok()?;
        HistoryConfig::of(&planned.plan)
    };
    let looked_up = tokio::task::spawn_blocking(plan).await?;
    let now_ms = engine::clock::Clock::system().now_ms();
    let read = store.read(move |tx| {
        let spent = weather_quota::spent(tx, Span::Day, now_ms)?;
        Ok((spent, weather_home::get(tx, ATHLETE)?.map(Cell::degrees)))
    });
    let (spent, home) = match read.await {
        Ok(read) => read,
        Err(error) => return Ok(ill(NAME, error.to_string())),
    };
    Ok(well(NAME, of_weather(&config.open_meteo.hosts(), looked_up.as_ref(), spent, home)))
}

fn of_weather(
    hosts: &[String],
    looked_up: Option<&HistoryConfig>,
    spent: u32,
    home: Option<(f64, f64)>,
) -> String {
    let Some(HistoryConfig { quota, .. }) = looked_up else {
        return "no pipeline `weather` looks it up".to_owned();
    };
    let of_day = if quota.per_day == 0 { String::new() } else { format!(" of {}", quota.per_day) };
    let home = home.map_or_else(
        || "no home is set; `paceline weather home LAT,LON` sets one for a forecast".to_owned(),
        |(latitude, longitude)| format!("home is around {latitude:.2},{longitude:.2}"),
    );
    format!("asked of {}; {spent}{of_day} calls of this UTC day are spent; {home}", hosts.join(", "))
}

async fn plugins(store: &Store, config: &Config) -> anyhow::Result<Vec<Checkup>> {
    let (registry, means) = (program::registry(config)?, program::means(config, store.clone()));
    let mut checkups = Vec::new();
    for check in registry.checks() {
        checkups.extend(check.examine(&means).await);
    }
    Ok(checkups)
}

fn well(name: &str, detail: impl Into<String>) -> Checkup {
    Checkup::well(name, detail)
}

fn ill(name: &str, detail: impl Into<String>) -> Checkup {
    Checkup::ill(name, detail)
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
    use engine::queue::Snapshot;
    use plugins::open_meteo::QuotaConfig;

    use super::*;

    #[test]
    fn a_line_says_whether_it_is_well() {
        assert_eq!(line(&well("scripts", "7 scripts".to_owned())), "ok   scripts              7 scripts");
        assert_eq!(line(&ill("database", "gone".to_owned())), "BAD  database             gone");
    }

    fn check(dead_rows: i64, oldest: Option<Snapshot>, expected: &str) {
        let checkup = bloated(&Bloat { dead_rows, oldest });
        let found = format!("{} {}", if checkup.ok { "ok" } else { "BAD" }, checkup.detail);
        assert!(found.contains(expected), "{found}");
    }

    fn open_for(age_ms: i64, process: Option<i64>) -> Option<Snapshot> {
        Some(Snapshot { age_ms, process, name: "o'report".to_owned() })
    }

    #[test]
    fn a_forgotten_transaction_is_named_with_what_ends_it() {
        check(0, None, "ok 0 dead rows");
        check(0, open_for(300_000, Some(4711)), "ok");
        check(0, open_for(723_000, Some(4711)), "BAD a transaction of `o'report` has been open for 12:03,");
        check(0, open_for(723_000, Some(4711)), "`SELECT pg_terminate_backend(4711)`");
        check(0, open_for(723_000, None), "`ROLLBACK PREPARED 'o''report'`");
    }

    #[test]
    fn dead_rows_are_told_once_they_are_many() {
        check(50_000, None, "ok 50000 dead rows");
        check(50_001, None, "BAD 50001 dead rows slow down every worker; `VACUUM job`");
    }

    #[test]
    fn the_line_of_the_weather_says_who_is_asked_how_much_is_spent_and_whose_forecast_comes() {
        let hosts = ["api.open-meteo.com".to_owned()];
        let usual = HistoryConfig::default();
        assert_eq!(
            of_weather(&hosts, Some(&usual), 312, Some((47.05, 8.31))),
            "asked of api.open-meteo.com; 312 of 10000 calls of this UTC day are spent; home is around 47.05,8.31"
        );
        let own = HistoryConfig {
            quota: QuotaConfig { per_minute: 0, per_hour: 0, per_day: 0 },
            ..HistoryConfig::default()
        };
        let text = of_weather(&hosts, Some(&own), 312, None);
        assert!(text.contains("; 312 calls of this UTC day are spent; no home is set; `paceline"), "{text}");
        assert_eq!(of_weather(&hosts, None, 0, None), "no pipeline `weather` looks it up");
    }

    #[test]
    fn scripts_without_a_bound_on_memory_are_not_well() {
        assert!(script_memory(true).ok);
        assert!(!script_memory(false).ok);
    }
}
