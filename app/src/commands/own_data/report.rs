//! `paceline data report`: what is kept, where it came from, how old it is, and what goes when.

use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::json;

use crate::cli::{Form, Whose};
use crate::config::Config;
use crate::table::Side::{Left, Right};
use crate::table::Table;
use crate::{cli, error, output, question, units};

const AFTER_HELP: &str = "\
Examples:
  paceline data report
  paceline data report --json

What is fetched again stays; what a file of yours tells of too never expires.";

const QUERY: &str = "data.report";

/// Counts what is kept by where it came from, and says what goes when
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Report {
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    pub(super) form: Form,
}

#[derive(Debug, Deserialize)]
struct Told {
    strava_retention_days: u32,
    items: Vec<Line>,
}

#[derive(Debug, Deserialize)]
struct Line {
    provenance: String,
    table: String,
    rows: usize,
    oldest_ms: Option<i64>,
    newest_ms: Option<i64>,
    expires: Option<Expiry>,
}

#[derive(Debug, Deserialize)]
struct Expiry {
    rows: usize,
    first_ms: i64,
    last_ms: i64,
}

impl Report {
    pub(super) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        let answer = question::ask(config, self.whose.athlete, QUERY, json!({})).await?;
        if self.form.json {
            output::json(&answer)?;
            return Ok(error::DONE);
        }
        let told: Told = serde_json::from_value(answer)?;
        if told.items.is_empty() {
            cli::nothing("data", false);
            return Ok(error::DONE);
        }
        output::line(shown(told))?;
        Ok(error::DONE)
    }
}

fn shown(mut told: Told) -> String {
    told.items.sort_by(|a, b| (&a.provenance, &a.table).cmp(&(&b.provenance, &b.table)));
    let mut table =
        Table::new(&[("Origin", Left), ("What", Left), ("Rows", Right), ("Fetched", Left), ("Goes", Left)]);
    let is_bound = told.items.iter().any(|line| line.expires.is_some());
    for Line { provenance, table: what, rows, oldest_ms, newest_ms, expires } in told.items {
        let goes = expires.map(|expires| {
            let span = span(Some(expires.first_ms), Some(expires.last_ms));
            if expires.rows == rows { span } else { format!("{span} ({} of them)", expires.rows) }
        });
        table.row([provenance, what, rows.to_string(), span(oldest_ms, newest_ms), goes.unwrap_or_default()]);
    }
    let days = usize::try_from(told.strava_retention_days).unwrap_or(usize::MAX);
    let days = units::count(days, "day", "days");
    let rule = format!(
        "\nWhat came from Strava's API goes {days} after it was last fetched, unless it is fetched again."
    );
    format!("{table}{}", if is_bound { rule.as_str() } else { "" })
}

/// A day, or from one through another; in UTC, as what goes is counted.
fn span(oldest_ms: Option<i64>, newest_ms: Option<i64>) -> String {
    let day = |ms: i64| {
        let moment = Timestamp::from_millisecond(ms).ok();
        moment.map(|moment| moment.to_zoned(TimeZone::UTC).date().to_string()).unwrap_or_default()
    };
    match (oldest_ms.map(day), newest_ms.map(day)) {
        (Some(oldest), Some(newest)) if oldest != newest => format!("{oldest} to {newest}"),
        (oldest, newest) => newest.or(oldest).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_shows_what_goes_and_what_stays() {
        const DAY_MS: i64 = 86_400_000;
        let line = |provenance: &str, table: &str, rows, fetched: Option<(i64, i64)>, expires| Line {
            provenance: provenance.to_owned(),
            table: table.to_owned(),
            rows,
            oldest_ms: fetched.map(|fetched| fetched.0 * DAY_MS),
            newest_ms: fetched.map(|fetched| fetched.1 * DAY_MS),
            expires,
        };
        let goes = |rows, first: i64, last: i64| {
            Some(Expiry { rows, first_ms: first * DAY_MS, last_ms: last * DAY_MS })
        };
        let items = vec![
            line("strava_api", "strava_activity.summary", 4, Some((20_000, 20_000)), goes(4, 20_007, 20_007)),
            line("strava_api", "strava_activity.detail", 3, Some((19_995, 20_000)), goes(1, 20_002, 20_002)),
            line("file", "activity", 2, None, None),
        ];
        let wanted = "\
Origin      What                     Rows  Fetched                   Goes
file        activity                    2
strava_api  strava_activity.detail      3  2024-09-29 to 2024-10-04  2024-10-06 (1 of them)
strava_api  strava_activity.summary     4  2024-10-04                2024-10-11
What came from Strava's API goes 7 days after it was last fetched, unless it is fetched again.";
        assert_eq!(shown(Told { strava_retention_days: 7, items }), wanted);
    }
}
