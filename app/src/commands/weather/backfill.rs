//! `paceline weather backfill`: the weather of the past, after a look at what it costs.

use clap::Args;
use engine::Engine;
use engine::backfill::{Item, Wish};
use engine::run::Cause;
use fitness::records::activity_weather::{self, Preview, Window};
use fitness::records::weather_quota::{self, Span};
use fitness::weather::ATTRIBUTION;
use jiff::civil::Date;
use plugins::open_meteo::{HistoryConfig, QuotaConfig};
use serde_json::json;
use store::Store;

use crate::cli::{Form, Whose, date, in_order};
use crate::config::Config;
use crate::confirm::confirm;
use crate::error::Problem;
use crate::table::Side::{Left, Right};
use crate::table::Table;
use crate::{error, output, program, units};

const AFTER_HELP: &str = "\
Examples:
  paceline weather backfill --preview
  paceline weather backfill
  paceline weather backfill --from 2024-01-01 --to 2024-12-31 --yes

It says what is missing and what that costs, asks, and starts a backfill that `paceline serve` works
off; `paceline backfill show ID` says how far it is. A place costs one call for up to two weeks; the
free service gives 600 a minute, 5,000 an hour and 10,000 a day.";

/// The pipeline that looks weather up, from one day to another.
const PIPELINE: &str = "weather";
const PRIORITY: i64 = -20;
/// Activities that are looked at in one transaction.
const CHUNK: u32 = 64;

/// Looks up the weather of past activities, after it has said what that costs
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Backfill {
    /// The first UTC day
    #[arg(long, value_name = "DATE", value_parser = date)]
    from: Option<Date>,
    /// The last UTC day
    #[arg(long, value_name = "DATE", value_parser = date)]
    to: Option<Date>,
    /// Only say what it costs
    #[arg(long, conflicts_with = "yes")]
    preview: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    pub(super) form: Form,
}

impl Backfill {
    pub(super) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        in_order(self.from, self.to)?;
        let engine = program::engine(config, None).await?;
        let (store, now_ms) = (engine.store(), engine.clock().now_ms());
        let HistoryConfig { precision, quota, .. } = looking_back(&engine)?;
        program::meet(store, &self.whose.athlete).await?;
        look(store, &self.whose.athlete, precision, now_ms).await?;
        let window = Window { is_asked: true, ..Window::of_days(self.from, self.to) };
        let athlete = self.whose.athlete.clone();
        let read = store.read(move |tx| {
            let preview = activity_weather::preview(tx, &athlete, window, now_ms)?;
            Ok((preview, weather_quota::spent(tx, Span::Day, now_ms)?))
        });
        let (preview, spent) = read.await?;
        if self.preview || preview.parts.is_empty() {
            if self.form.json {
                output::json(&json!({ "preview": preview, "spent_today": spent }))?;
            } else {
                output::line(shown(&preview, spent, quota))?;
            }
            return Ok(error::DONE);
        }
        if !self.yes {
            output::note(shown(&preview, spent, quota));
            confirm("look all of that up?").await?;
        }
        let started = engine.start_backfill(self.wish(&preview)).await?;
        if self.form.json {
            output::json(&json!({ "preview": preview, "spent_today": spent, "backfill": started }))?;
        } else {
            output::line(format!("backfill {} started: {}", started.id, total(&preview)))?;
            output::note("  `paceline serve` works it off; `paceline backfill show ID` says how far it is");
        }
        Ok(error::DONE)
    }

    fn wish(&self, preview: &Preview) -> Wish {
        let item = |part: &activity_weather::Part| Item {
            pipeline: PIPELINE.to_owned(),
            partition: self.whose.athlete.clone(),
            params: json!({ "from": part.from, "to": part.to }),
        };
        let items = preview.parts.iter().map(item).collect();
        Wish { items, priority: PRIORITY, at_once: 1, cause: Cause::Cli, request_id: None }
    }
}

/// How the pipeline's step is set: a preview counts as the runs do that it speaks of.
fn looking_back(engine: &Engine) -> anyhow::Result<HistoryConfig> {
    let config = HistoryConfig::of(&*engine.plan(PIPELINE)?);
    config.ok_or_else(|| {
        let problem = Problem::new(
            "config_invalid",
            format!("the pipeline `{PIPELINE}` has no step that looks up the weather of activities"),
        );
        problem.hint("`open_meteo::history` in pipelines/weather.rhai is that step").into()
    })
}

/// Looks at activities that no run has looked at yet, so that the preview knows where they were.
async fn look(store: &Store, athlete: &str, decimals: u8, now_ms: i64) -> anyhow::Result<()> {
    loop {
        let id = athlete.to_owned();
        let pending = store.read(move |tx| activity_weather::pending(tx, &id, CHUNK)).await?;
        if pending.is_empty() {
            return Ok(());
        }
        let plan = move || {
            let planned = pending.into_iter().map(|one| one.plan(decimals, now_ms));
            planned.collect::<Vec<_>>()
        };
        let (planned, id) = (tokio::task::spawn_blocking(plan).await?, athlete.to_owned());
        store.write(move |tx| activity_weather::keep(tx, &id, &planned, now_ms)).await?;
    }
}

fn shown(preview: &Preview, spent: u32, quota: QuotaConfig) -> String {
    if preview.parts.is_empty() {
        return "nothing is missing".to_owned();
    }
    let mut table = Table::new(&[
        ("From", Left),
        ("To", Left),
        ("Activities", Right),
        ("Requests", Right),
        ("Calls", Right),
    ]);
    for part in &preview.parts {
        let counts = [part.activities, part.requests, part.calls].map(|count| count.to_string());
        table.row([part.from.clone(), part.to.clone()].into_iter().chain(counts));
    }
    let of_day = match quota.per_day {
        0 => format!("{spent} calls are spent today"),
        most => format!("{spent} of {most} calls of the service are spent today"),
    };
    let patience = patience(preview.calls, u64::from(spent), quota);
    format!("{table}\n\n{}\n{of_day}{patience}\n{ATTRIBUTION}", total(preview))
}

fn total(preview: &Preview) -> String {
    let count =
        |number: u64, one, many| units::count(usize::try_from(number).unwrap_or(usize::MAX), one, many);
    let each = preview.calls as f64 / preview.activities.max(1) as f64;
    format!(
        "{} in {}, which count as {} ({each:.2} an activity)",
        count(preview.activities, "activity", "activities"),
        count(preview.requests, "request", "requests"),
        count(preview.calls, "call", "calls"),
    )
}

/// When it will be done at the earliest, by the windows that the service gives.
fn patience(calls: u64, spent: u64, quota: QuotaConfig) -> String {
    let (a_day, an_hour) = (u64::from(quota.per_day), u64::from(quota.per_hour));
    if a_day > 0 && calls + spent > a_day {
        let days = (calls + spent).div_ceil(a_day);
        return format!("; it will go on over {days} UTC days");
    }
    let is_long = an_hour > 0 && calls > an_hour;
    if is_long { "; it will take more than an hour".to_owned() } else { String::new() }
}

#[cfg(test)]
mod tests {
    use fitness::records::activity_weather::Part;

    use super::*;

    #[test]
    fn a_preview_says_what_it_costs_and_how_long_that_lasts() {
        let part = Part {
            from: "2020-01-01".to_owned(),
            to: "2023-12-31".to_owned(),
            activities: 2000,
            requests: 20,
            calls: 1000,
        };
        let preview = Preview { parts: vec![part], activities: 2000, requests: 20, calls: 1000 };
        let wanted = "\
From        To          Activities  Requests  Calls
2020-01-01  2023-12-31        2000        20   1000

2000 activities in 20 requests, which count as 1000 calls (0.50 an activity)
9500 of 10000 calls of the service are spent today; it will go on over 2 UTC days
Weather data by Open-Meteo.com";
        assert_eq!(shown(&preview, 9_500, QuotaConfig::default()), wanted);
        assert_eq!(shown(&Preview::default(), 0, QuotaConfig::default()), "nothing is missing");
        let own = QuotaConfig { per_minute: 0, per_hour: 0, per_day: 0 };
        let text = shown(&preview, 9_500, own);
        assert!(text.contains("\n9500 calls are spent today\n"), "{text}");
    }
}
