//! `paceline daily-metrics`: sleep, resting heart rate, its variability, weight and steps, day by day.

mod table;

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, Subcommand};
use engine::clock::Clock;
use fitness::daily_metric::{DailyMetrics, Name, StillToCome, none_to_come};
use fitness::records::daily_metric;
use jiff::civil::Date;
use serde_json::json;

use crate::cli::{Form, Whose, date};
use crate::config::Config;
use crate::error::{self, Problem};
use crate::table::Side::{Left, Right};
use crate::table::Table;
use crate::{cli, output, program, units};

const AFTER_HELP: &str = "\
Examples:
  paceline daily-metrics                          what was measured, day by day
  paceline daily-metrics set --weight 71.4 --sleep 7.5
  paceline daily-metrics import ./health.csv
  paceline daily-metrics --json --from 2026-05-01

Rules see them as `recovery`; docs/RULES.md lists the figures.";
const SET_HELP: &str = "\
Examples:
  paceline daily-metrics set --resting-hr 48 --hrv 62
  paceline daily-metrics set --date 2026-05-02 --steps 9400";
const IMPORT_HELP: &str = "\
Examples:
  paceline daily-metrics import ./health.csv
  paceline daily-metrics import ./health.csv --json

The first line names the columns. One of them is `date`, as 2026-05-02; the others are any of
  sleep_s, sleep_min, sleep_h or sleep    the sleep of the night before, also as 7:30
  resting_hr or rhr                       beats per minute
  hrv_ms or hrv                           rMSSD in milliseconds
  weight_kg, weight_lb or weight          in kilograms where no unit is named
  steps
Columns of other names are left out and named. An empty cell is not known.";

/// What the command line measured and what a file told.
const BY_HAND: &str = "given";
const BY_FILE: &str = "csv";
/// A file of more bytes holds something else.
const LARGEST_BYTES: u64 = 64 * 1024 * 1024;

/// Lists what was measured once a day, sets it, or reads it from a table
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP, args_conflicts_with_subcommands = true)]
pub(crate) struct DailyMetricsCommand {
    #[command(subcommand)]
    verb: Option<Verb>,
    /// The first day
    #[arg(long, value_name = "DATE", value_parser = date)]
    from: Option<Date>,
    /// The last day
    #[arg(long, value_name = "DATE", value_parser = date)]
    to: Option<Date>,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    form: Form,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Set(Set),
    Import(Import),
}

/// Keeps what was measured on a day
#[derive(Debug, Args)]
#[command(after_help = SET_HELP)]
struct Set {
    /// The day; today if left out
    #[arg(long, value_name = "DATE", value_parser = date)]
    date: Option<Date>,
    /// Hours asleep in the night before
    #[arg(long, value_name = "HOURS")]
    sleep: Option<f64>,
    /// Beats per minute
    #[arg(long, value_name = "BPM")]
    resting_hr: Option<f64>,
    /// Heart-rate variability (rMSSD) in milliseconds
    #[arg(long, value_name = "MS")]
    hrv: Option<f64>,
    /// Kilograms
    #[arg(long, value_name = "KG")]
    weight: Option<f64>,
    #[arg(long, value_name = "COUNT")]
    steps: Option<f64>,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    form: Form,
}

/// Reads a table of comma-separated values
#[derive(Debug, Args)]
#[command(after_help = IMPORT_HELP)]
struct Import {
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    form: Form,
}

impl DailyMetricsCommand {
    pub(crate) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        match self.verb {
            Some(Verb::Set(set)) => set.run(config).await,
            Some(Verb::Import(import)) => import.run(config).await,
            None => self.list(config).await,
        }
    }

    pub(crate) fn form(&self) -> Form {
        match &self.verb {
            Some(Verb::Set(set)) => set.form,
            Some(Verb::Import(import)) => import.form,
            None => self.form,
        }
    }

    async fn list(self, config: &Config) -> anyhow::Result<u8> {
        cli::in_order(self.from, self.to)?;
        let store = program::store(config).await?;
        let range = (self.from.unwrap_or(Date::ZERO), self.to.unwrap_or(Date::MAX));
        let athlete = self.whose.athlete;
        let days = store.read(move |tx| daily_metric::between(tx, &athlete, range)).await?;
        if self.form.json {
            days.iter().try_for_each(output::json)?;
        } else if days.is_empty() {
            output::note("nothing was measured; `paceline daily-metrics import FILE` reads a table");
        } else {
            output::line(shown(&days).to_string())?;
        }
        Ok(error::DONE)
    }
}

impl Set {
    async fn run(self, config: &Config) -> anyhow::Result<u8> {
        let given = [
            (Name::Sleep, self.sleep.map(|hours| hours * 3600.0)),
            (Name::RestingHr, self.resting_hr),
            (Name::Hrv, self.hrv),
            (Name::Weight, self.weight),
            (Name::Steps, self.steps),
        ];
        let given = given.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let checked = given.map(|(name, value)| Ok((name, name.check(value)?)));
        let values: Result<BTreeMap<Name, f64>, fitness::daily_metric::ValueError> = checked.collect();
        let values = values.map_err(|error| usage(error.to_string()))?;
        if values.is_empty() {
            return Err(usage("nothing to set; give --weight, --sleep or another").into());
        }
        let day = match self.date {
            Some(day) => day,
            None => today(config, &self.whose.athlete).await?,
        };
        keep(config, self.whose.athlete, vec![DailyMetrics { date: day, values }], BY_HAND, &[], self.form)
            .await
    }
}

impl Import {
    async fn run(self, config: &Config) -> anyhow::Result<u8> {
        let name = self.file.display().to_string();
        let size = std::fs::metadata(&self.file).with_context(|| format!("cannot read `{name}`"))?.len();
        if size > LARGEST_BYTES {
            return Err(
                Problem::new("table_invalid", format!("`{name}` is too large for a table of days")).into()
            );
        }
        let text = std::fs::read(&self.file).with_context(|| format!("cannot read `{name}`"))?;
        let table = table::read(&String::from_utf8_lossy(&text))
            .map_err(|error| Problem::new("table_invalid", format!("`{name}`: {error}")))?;
        keep(config, self.whose.athlete, table.days, BY_FILE, &table.left_out, self.form).await
    }
}

async fn today(config: &Config, athlete: &str) -> anyhow::Result<Date> {
    let store = program::store(config).await?;
    let zone = program::time_zone(&store, athlete).await?;
    let day = fitness::day::local_date(Clock::system().now_ms(), None, &zone);
    day.context("the clock says what no calendar has")
}

async fn keep(
    config: &Config,
    athlete: String,
    days: Vec<DailyMetrics>,
    provenance: &'static str,
    left_out: &[String],
    form: Form,
) -> anyhow::Result<u8> {
    let store = program::store(config).await?;
    program::meet(&store, &athlete).await?;
    let (now_ms, count) = (Clock::system().now_ms(), days.len());
    none_to_come(&days, now_ms).map_err(|error| Problem::new(StillToCome::CODE, error.to_string()))?;
    let written = store.write(move |tx| daily_metric::keep(tx, &athlete, &days, provenance, now_ms)).await?;
    if form.json {
        output::json(&json!({ "days": count, "changed": written.changed, "left_out": left_out }))?;
        return Ok(error::DONE);
    }
    if !left_out.is_empty() {
        output::note(format!("left out columns: {}", left_out.join(", ")));
    }
    let changed = usize::try_from(written.changed).unwrap_or(usize::MAX);
    output::line(format!(
        "{} read, {} changed",
        units::count(count, "day", "days"),
        units::count(changed, "value", "values")
    ))?;
    Ok(error::DONE)
}

fn usage(message: impl Into<String>) -> Problem {
    Problem { exit: error::USAGE, ..Problem::new("invalid_parameter", message) }
}

fn shown(days: &[DailyMetrics]) -> Table {
    let head = [
        ("Day", Left),
        ("Sleep", Right),
        ("Resting HR", Right),
        ("HRV", Right),
        ("Weight", Right),
        ("Steps", Right),
    ];
    let mut table = Table::new(&head);
    for day in days {
        let cell = |name: Name, shown: fn(f64) -> String| {
            day.values.get(&name).map(|value| shown(*value)).unwrap_or_default()
        };
        table.row([
            day.date.to_string(),
            cell(Name::Sleep, |seconds| {
                format!("{:.0}:{:02.0}", (seconds / 3600.0).floor(), (seconds / 60.0 % 60.0).floor())
            }),
            cell(Name::RestingHr, |bpm| format!("{bpm:.0} bpm")),
            cell(Name::Hrv, |ms| format!("{ms:.0} ms")),
            cell(Name::Weight, |kg| format!("{kg:.1} kg")),
            cell(Name::Steps, |steps| format!("{steps:.0}")),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_shows_what_was_measured() {
        let values =
            BTreeMap::from([(Name::Sleep, 27_300.0), (Name::RestingHr, 48.0), (Name::Weight, 71.44)]);
        let day = DailyMetrics { date: Date::constant(2026, 5, 2), values };
        let wanted = "\
Day         Sleep  Resting HR  HRV   Weight  Steps
2026-05-02   7:35      48 bpm       71.4 kg";
        assert_eq!(shown(&[day]).to_string(), wanted);
    }
}
