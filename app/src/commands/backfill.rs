//! `paceline backfill`: finite lists of runs, seen before they are started.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, Subcommand};
use engine::backfill::{self, BackfillItem, Item, Wish};
use engine::run::Cause;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};
use store::{Store, Tx};

use crate::cli::{Form, Whose, date};
use crate::config::Config;
use crate::confirm::confirm;
use crate::error::{self, Problem};
use crate::table::Side::{Left, Right};
use crate::table::Table;
use crate::{output, program, units};

const AFTER_HELP: &str = "\
Examples:
  paceline backfill preview daily --from 2026-01-01 --to 2026-01-31 --param date
  paceline backfill start daily --from 2026-01-01 --to 2026-01-31 --param date --at-once 2
  paceline backfill list
  paceline backfill cancel ID

Its runs get into the queue a few at a time while `paceline serve` runs, and after all others.";
const PREVIEW_HELP: &str = "\
Examples:
  paceline backfill preview daily --from 2026-01-01 --to 2026-01-31 --param date
  paceline backfill preview import --file params.jsonl --json

A file has one JSON object a line: the params of one run.";
const START_HELP: &str = "\
Examples:
  paceline backfill start daily --from 2026-01-01 --to 2026-01-31 --param date
  paceline backfill start import --file params.jsonl --at-once 4 --yes";
const LIST_HELP: &str = "\
Example:
  paceline backfill list --json";
const SHOW_HELP: &str = "\
Example:
  paceline backfill show 0199c1a4-7c1e-7000-8000-5d1c0a3f9b21";
const CANCEL_HELP: &str = "\
Example:
  paceline backfill cancel 0199c1a4-7c1e-7000-8000-5d1c0a3f9b21

What is at work goes on to its end.";
/// So many items of a preview are shown to a person.
const SHOWN: usize = 20;

/// Runs a pipeline for a list of params, a few at a time and after everything else
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Backfill {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Shows what would run, and keeps nothing
    #[command(after_help = PREVIEW_HELP)]
    Preview(Preview),
    /// Shows what will run, asks, and starts it
    #[command(after_help = START_HELP)]
    Start(Start),
    /// Lists backfills, newest first
    #[command(after_help = LIST_HELP)]
    List(Form),
    /// Shows a backfill item by item
    #[command(after_help = SHOW_HELP)]
    Show(One),
    /// Removes what has not begun
    #[command(after_help = CANCEL_HELP)]
    Cancel(One),
}

/// Which runs.
#[derive(Debug, Args)]
struct List {
    /// The pipeline; `paceline check` lists them
    pipeline: String,
    /// A file with one JSON object of params a line
    #[arg(long, value_name = "FILE", required_unless_present = "from", conflicts_with = "from")]
    file: Option<PathBuf>,
    /// A run for each day from this one on
    #[arg(long, value_name = "DATE", value_parser = date, requires_all = ["to", "param"])]
    from: Option<Date>,
    /// The last day
    #[arg(long, value_name = "DATE", value_parser = date, requires = "from")]
    to: Option<Date>,
    /// The param that gets the day
    #[arg(long, value_name = "NAME", requires = "from")]
    param: Option<String>,
    /// From -1000 to -1; the highest goes first
    #[arg(long, value_name = "N", default_value_t = -10, allow_negative_numbers = true)]
    priority: i64,
    /// How many of its runs may be unfinished at once
    #[arg(long, value_name = "N", default_value_t = 1)]
    at_once: i64,
    #[command(flatten)]
    whose: Whose,
}

#[derive(Debug, Args)]
struct Preview {
    #[command(flatten)]
    list: List,
    #[command(flatten)]
    form: Form,
}

#[derive(Debug, Args)]
struct Start {
    #[command(flatten)]
    list: List,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    form: Form,
}

#[derive(Debug, Args)]
struct One {
    /// The backfill
    id: String,
    #[command(flatten)]
    form: Form,
}

impl Backfill {
    pub(crate) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        match self.verb {
            Verb::Preview(preview) => preview.run(config).await,
            Verb::Start(start) => start.run(config).await,
            Verb::List(form) => list(&program::store(config).await?, form).await,
            Verb::Show(one) => one.show(&program::store(config).await?).await,
            Verb::Cancel(one) => one.cancel(config).await,
        }
    }

    pub(crate) fn form(&self) -> Form {
        match &self.verb {
            Verb::Preview(preview) => preview.form,
            Verb::Start(start) => start.form,
            Verb::List(form) => *form,
            Verb::Show(one) | Verb::Cancel(one) => one.form,
        }
    }
}

impl List {
    fn wish(self) -> anyhow::Result<Wish> {
        let params = match (&self.file, self.from.zip(self.to), &self.param) {
            (Some(file), _, _) => {
                let text = std::fs::read_to_string(file);
                lines(&text.with_context(|| format!("cannot read `{}`", file.display()))?)?
            }
            (None, Some((from, to)), Some(param)) => backfill::days(from, to, param),
            _ => Vec::new(),
        };
        let item =
            |params| Item { pipeline: self.pipeline.clone(), partition: self.whose.athlete.clone(), params };
        let (priority, at_once) = (self.priority, self.at_once);
        let items = params.into_iter().map(item).collect();
        Ok(Wish { items, priority, at_once, cause: Cause::Cli, request_id: None })
    }
}

/// Params, one JSON object a line.
fn lines(text: &str) -> Result<Vec<Value>, Problem> {
    let numbered = text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty());
    let read = |(line, number): (&str, usize)| {
        let params: Result<Map<String, Value>, _> = serde_json::from_str(line);
        params.map(Value::Object).map_err(|error| {
            let message = format!("line {number} is no JSON object: {error}");
            Problem { exit: error::USAGE, ..Problem::new("invalid_parameter", message) }
        })
    };
    numbered.map(read).collect()
}

impl Preview {
    async fn run(self, config: &Config) -> anyhow::Result<u8> {
        let engine = program::engine(config, None).await?;
        let wish = self.list.wish()?;
        let items = engine.preview_backfill(&wish)?;
        if self.form.json {
            output::json(&json!({ "items": items, "priority": wish.priority, "at_once": wish.at_once }))?;
        } else {
            output::line(shown(&items))?;
        }
        Ok(error::DONE)
    }
}

impl Start {
    async fn run(self, config: &Config) -> anyhow::Result<u8> {
        let engine = program::engine(config, None).await?;
        program::meet(engine.store(), &self.list.whose.athlete).await?;
        let wish = self.list.wish()?;
        let items = engine.preview_backfill(&wish)?;
        if !self.yes {
            output::note(shown(&items));
            confirm("start these runs?").await?;
        }
        let started = engine.start_backfill(wish).await?;
        if self.form.json {
            output::json(&started)?;
        } else {
            output::line(format!("backfill {} started", started.id))?;
            output::note("  `paceline serve` works it off; `paceline backfill show ID` says how far it is");
        }
        Ok(error::DONE)
    }
}

impl One {
    async fn show(self, store: &Store) -> anyhow::Result<u8> {
        let id = self.id.clone();
        let read = move |tx: &mut Tx<'_>| {
            let Some(found) = backfill::backfill(tx, &id)? else { return Ok(None) };
            let most = i64::try_from(backfill::ITEMS_MOST).unwrap_or(i64::MAX);
            Ok(Some((found, backfill::items(tx, &id, 0, most)?)))
        };
        let Some((found, items)) = store.read(read).await? else {
            return Err(backfill::BackfillError::Unknown(self.id).into());
        };
        if self.form.json {
            let mut value = serde_json::to_value(&found)?;
            value["list"] = serde_json::to_value(&items)?;
            output::json(&value)?;
        } else {
            output::line(format!("{}\n\n{}", table(&[found], &TimeZone::system()), item_table(&items)))?;
        }
        Ok(error::DONE)
    }

    async fn cancel(self, config: &Config) -> anyhow::Result<u8> {
        let engine = program::engine(config, None).await?;
        let cancelled = engine.cancel_backfill(&self.id).await?;
        if self.form.json {
            output::json(&cancelled)?;
        } else {
            let left = units::count(usize::try_from(cancelled.counts.unfinished).unwrap_or(0), "run", "runs");
            output::line(format!("backfill {} cancelled; {left} at work", cancelled.id))?;
        }
        Ok(error::DONE)
    }
}

async fn list(store: &Store, form: Form) -> anyhow::Result<u8> {
    let found = store.read(|tx| backfill::backfills(tx, None, 50)).await?;
    if form.json {
        found.iter().try_for_each(output::json)?;
    } else if found.is_empty() {
        output::note("there is none");
    } else {
        output::line(table(&found, &TimeZone::system()).to_string())?;
    }
    Ok(error::DONE)
}

fn shown(items: &[Item]) -> String {
    let mut table = Table::new(&[("Item", Right), ("Pipeline", Left), ("For", Left), ("Params", Left)]);
    for (item, number) in items.iter().zip(1..).take(SHOWN) {
        let Item { pipeline, partition, params } = item;
        table.row([format!("{number}"), pipeline.clone(), partition.clone(), params.to_string()]);
    }
    let rest = items.len().saturating_sub(SHOWN);
    if rest == 0 { table.to_string() } else { format!("{table}\nand {rest} more") }
}

fn table(backfills: &[backfill::Backfill], zone: &TimeZone) -> Table {
    let mut table = Table::new(&[
        ("Backfill", Left),
        ("State", Left),
        ("Started", Left),
        ("Items", Right),
        ("Waiting", Right),
        ("Done", Right),
        ("Failed", Right),
    ]);
    for one in backfills {
        let counts = &one.counts;
        table.row([
            one.id.clone(),
            one.state.clone(),
            units::local_time(one.created_ms, None, zone),
            one.items.to_string(),
            (counts.waiting + counts.unfinished).to_string(),
            counts.succeeded.to_string(),
            (counts.failed + counts.refused).to_string(),
        ]);
    }
    table
}

fn item_table(items: &[BackfillItem]) -> Table {
    let mut table =
        Table::new(&[("Item", Right), ("State", Left), ("Run", Left), ("Params", Left), ("Why", Left)]);
    for item in items {
        table.row([
            item.number.to_string(),
            item.state.clone(),
            item.run.clone().unwrap_or_default(),
            item.params.to_string(),
            item.error_code.clone().unwrap_or_default(),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_one_object_a_line_and_a_wrong_line_is_named() {
        assert_eq!(lines("{\"n\": 1}\n\n{\"n\": 2}\n"), Ok(vec![json!({"n": 1}), json!({"n": 2})]));
        let problem = lines("{\"n\": 1}\n[2]\n").unwrap_err();
        assert_eq!(problem.exit, error::USAGE);
        assert!(problem.message.starts_with("line 2 is no JSON object"), "{}", problem.message);
    }

    #[test]
    fn a_long_preview_says_how_many_more_there_are() {
        let item = Item { pipeline: "daily".to_owned(), partition: "me".to_owned(), params: json!({"n": 1}) };
        assert!(shown(&vec![item.clone(); 25]).ends_with("\nand 5 more"));
        assert!(shown(&[item]).ends_with("   1  daily     me   {\"n\":1}"));
    }
}
