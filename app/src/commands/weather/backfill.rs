//! `paceline weather backfill`: the weather of the past, after a look at what it costs.

use clap::Args;
use engine::backfill::{Item, Wish};
use engine::run::Cause;
use fitness::records::activity_weather::{self, Preview};
use fitness::records::weather_quota::{self, Span};
use fitness::weather::{ATTRIBUTION, Cell};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::json;
use store::Store;

use crate::cli::{Form, Whose, date, in_order};
use crate::config::Config;
use crate::confirm::confirm;
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
/// The free service's calls of a day.
const CALLS_A_DAY: u64 = 10_000;
const CALLS_AN_HOUR: u64 = 5_000;
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
        program::meet(store, &self.whose.athlete).await?;
        look(store, &self.whose.athlete, now_ms).await?;
        let (athlete, window) = (self.whose.athlete.clone(), window(self.from, self.to));
        let read = store.read(move |tx| {
            let preview = activity_weather::preview(tx, &athlete, window, now_ms)?;
            Ok((preview, weather_quota::spent(tx, Span::Day, now_ms)?))
        });
        let (preview, spent) = read.await?;
        if self.preview || preview.parts.is_empty() {
            if self.form.json {
                output::json(&json!({ "preview": preview, "spent_today": spent }))?;
            } else {
                output::line(shown(&preview, spent))?;
            }
            return Ok(error::DONE);
        }
        if !self.yes {
            output::note(shown(&preview, spent));
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

/// Looks at activities that no run has looked at yet, so that the preview knows where they were.
async fn look(store: &Store, athlete: &str, now_ms: i64) -> anyhow::Result<()> {
    loop {
        let id = athlete.to_owned();
        let pending = store.read(move |tx| activity_weather::pending(tx, &id, CHUNK)).await?;
        if pending.is_empty() {
            return Ok(());
        }
        let plan = move || {
            let planned = pending.into_iter().map(|one| one.plan(Cell::DECIMALS_MOST, now_ms));
            planned.collect::<Vec<_>>()
        };
        let (planned, id) = (tokio::task::spawn_blocking(plan).await?, athlete.to_owned());
        store.write(move |tx| activity_weather::keep(tx, &id, &planned, now_ms)).await?;
    }
}

fn window(from: Option<Date>, to: Option<Date>) -> (i64, i64) {
    let midnight =
        |day: Date| day.to_zoned(TimeZone::UTC).ok().map(|midnight| midnight.timestamp().as_millisecond());
    let until = to.and_then(|day| day.tomorrow().ok()).and_then(midnight);
    (from.and_then(midnight).unwrap_or(i64::MIN), until.unwrap_or(i64::MAX))
}

fn shown(preview: &Preview, spent: u32) -> String {
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
    format!(
        "{table}\n\n{}\n{spent} of {CALLS_A_DAY} calls of the free service are spent today{}\n{ATTRIBUTION}",
        total(preview),
        patience(preview.calls, u64::from(spent))
    )
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

/// When it will be done at the earliest, by the windows of the free service.
fn patience(calls: u64, spent: u64) -> String {
    if calls + spent > CALLS_A_DAY {
        let days = (calls + spent).div_ceil(CALLS_A_DAY);
        return format!("; it will go on over {days} UTC days");
    }
    if calls > CALLS_AN_HOUR { "; it will take more than an hour".to_owned() } else { String::new() }
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
9500 of 10000 calls of the free service are spent today; it will go on over 2 UTC days
Weather data by Open-Meteo.com";
        assert_eq!(shown(&preview, 9_500), wanted);
        assert_eq!(shown(&Preview::default(), 0), "nothing is missing");
    }
}
