//! `paceline metrics`: numbers of your own making.

mod attempt;
mod backfill;
mod show;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::cli::{Form, Whose};
use crate::config::Config;
use crate::error::{self, Problem};
use crate::table::Side::{Left, Right};
use crate::table::Table;
use crate::{output, question, units};

const AFTER_HELP: &str = "\
Examples:
  paceline metrics
  paceline metrics show beats_per_km --by month
  paceline metrics try beats_per_km --on 2026-05-01..2026-05-31 --file draft.rhai
  paceline metrics backfill beats_per_km

A metric is a file in `scripts/metrics`; docs/SCRIPTS.md tells how to write one.
`paceline check` proves it by its own examples.";

const QUERY: &str = "metrics.list";

/// Shows, tries and computes metrics of your own
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP, args_conflicts_with_subcommands = true)]
pub(crate) struct Metrics {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    form: Form,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Show(show::Show),
    Try(attempt::Try),
    Backfill(backfill::Backfill),
}

impl Metrics {
    pub(crate) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        match self.verb {
            Some(Verb::Show(show)) => show.run(config).await,
            Some(Verb::Try(attempt)) => attempt.run(config).await,
            Some(Verb::Backfill(backfill)) => backfill.run(config).await,
            None => list(config, self.whose, self.form).await,
        }
    }

    pub(crate) fn form(&self) -> Form {
        match &self.verb {
            Some(Verb::Show(show)) => show.form,
            Some(Verb::Try(attempt)) => attempt.form,
            Some(Verb::Backfill(backfill)) => backfill.form,
            None => self.form,
        }
    }
}

async fn list(config: &Config, whose: Whose, form: Form) -> anyhow::Result<u8> {
    let listed = question::ask(config, whose.athlete, QUERY, json!({})).await?;
    let items = listed["items"].as_array().cloned().unwrap_or_default();
    if form.json {
        output::json(&listed)?;
    } else if items.is_empty() {
        output::note("no metrics; a file in `scripts/metrics` is one");
    } else {
        output::line(table(&items).to_string())?;
    }
    Ok(error::DONE)
}

fn table(items: &[Value]) -> Table {
    let mut table = Table::new(&[
        ("Name", Left),
        ("Per", Left),
        ("Unit", Left),
        ("Version", Left),
        ("Known of", Right),
        ("What it is", Left),
    ]);
    for item in items {
        let about = item["errors"][0]["message"].as_str().or(item["about"].as_str()).unwrap_or_default();
        let known = item["known"].as_u64().and_then(|count| usize::try_from(count).ok()).unwrap_or(0);
        table.row([
            word(&item["name"]),
            word(&item["per"]),
            word(&item["unit"]),
            word(&item["version"]),
            known.to_string(),
            about.to_owned(),
        ]);
    }
    table
}

fn word(value: &Value) -> String {
    value.as_str().unwrap_or("-").to_owned()
}

/// A number with its decimals, or a line where there is none.
fn decimal(value: &Value, digits: usize) -> String {
    value.as_f64().map_or_else(|| "-".to_owned(), |value| units::number(value, digits))
}

fn unknown(name: &str) -> Problem {
    Problem::new("metric_unknown", format!("there is no metric `{name}`"))
        .hint("`paceline metrics` lists them; a new one is computed with the next run")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_metric_is_listed_with_what_is_wrong() {
        let items = [
            json!({ "name": "beats", "per": "activity", "unit": "beats", "version": "3f2a91c07d55", "known": 7,
                "unknown": 1, "about": "Beats." }),
            json!({ "name": "worse", "known": 0, "unknown": 0, "about": "",
                "errors": [{ "code": "metric_about", "message": "no title" }] }),
        ];
        let shown = table(&items).to_string();
        assert!(shown.contains("3f2a91c07d55") && shown.contains("Beats."), "{shown}");
        assert!(shown.lines().last().is_some_and(|line| line.ends_with("no title")), "{shown}");
    }
}
