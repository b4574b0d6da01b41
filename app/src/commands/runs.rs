//! `paceline runs`: what ran, and how.

mod card;
mod follow;
mod said;
mod show;
mod timeline;
mod watch;

use clap::{Args, Subcommand};
use engine::run::record::{self, Page, RunRecord};
use jiff::tz::TimeZone;
use store::Store;

use crate::cli::{Form, Whose};
use crate::config::Config;
use crate::error;
use crate::table::Side::{Left, Right};
use crate::table::Table;
use crate::{output, program, units};

const AFTER_HELP: &str = "\
Examples:
  paceline runs                     the newest runs
  paceline runs show                the newest run, step by step
  paceline runs show --follow       the same while it is at work
  paceline runs show ID --json      one run with attempts, artifacts and meters
  paceline runs retry ID            what failed once more, and what comes after it";
const LIST_HELP: &str = "\
Examples:
  paceline runs list --pipeline daily --limit 5
  paceline runs list --parent 0199c1a4-7c1e-7000-8000-5d1c0a3f9b21";

/// Shows what ran, and how it went
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP, args_conflicts_with_subcommands = true)]
pub(crate) struct Runs {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    list: List,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Lists runs, newest first
    List(List),
    Show(show::Show),
    Cancel(follow::Cancel),
    Retry(follow::Retry),
    Rerun(follow::Rerun),
}

#[derive(Debug, Args)]
#[command(after_help = LIST_HELP)]
struct List {
    /// Only runs of this pipeline
    #[arg(long, value_name = "NAME")]
    pipeline: Option<String>,
    /// Only the children of this run
    #[arg(long, value_name = "ID")]
    parent: Option<String>,
    /// Also runs that another run waits for
    #[arg(long)]
    children: bool,
    /// At most this many
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(i64).range(1..=1000))]
    limit: i64,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    form: Form,
}

impl Runs {
    pub(crate) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        match self.verb {
            Some(Verb::Show(show)) => show.run(&program::onlooker(config).await?).await,
            Some(Verb::List(list)) => list.run(&program::store(config).await?).await,
            Some(Verb::Cancel(cancel)) => cancel.run(config).await,
            Some(Verb::Retry(retry)) => retry.run(config).await,
            Some(Verb::Rerun(rerun)) => rerun.run(config).await,
            None => self.list.run(&program::store(config).await?).await,
        }
    }

    pub(crate) fn form(&self) -> Form {
        match &self.verb {
            Some(Verb::Show(show)) => show.form,
            Some(Verb::List(list)) => list.form,
            Some(Verb::Cancel(cancel)) => cancel.form,
            Some(Verb::Retry(retry)) => retry.form,
            Some(Verb::Rerun(rerun)) => rerun.form,
            None => self.list.form,
        }
    }
}

impl List {
    async fn run(self, store: &Store) -> anyhow::Result<u8> {
        let zone = program::time_zone(store, &self.whose.athlete).await?;
        let which =
            Page { pipeline: self.pipeline, parent: self.parent, children: self.children, ..Page::default() };
        let runs = page(store, &self.whose.athlete, which, self.limit).await?;
        if self.form.json {
            runs.iter().try_for_each(output::json)?;
        } else if runs.is_empty() {
            output::note("nothing ran yet");
        } else {
            output::line(table(&runs, &zone).to_string())?;
        }
        Ok(error::DONE)
    }
}

async fn page(store: &Store, athlete: &str, which: Page, limit: i64) -> store::Result<Vec<RunRecord>> {
    let page = Page { partition: Some(athlete.to_owned()), limit, ..which };
    store.read(move |tx| record::runs(tx, &page)).await
}

fn table(runs: &[RunRecord], zone: &TimeZone) -> Table {
    let mut table = Table::new(&[
        ("Run", Left),
        ("Pipeline", Left),
        ("State", Left),
        ("Asked", Left),
        ("Took", Right),
        ("Why", Left),
    ]);
    for run in runs {
        table.row([
            run.id.clone(),
            run.pipeline.clone(),
            run.state.as_str().to_owned(),
            units::local_time(run.enqueued_ms, None, zone),
            took(run.started_ms, run.finished_ms),
            run.error_code.clone().unwrap_or_default(),
        ]);
    }
    table
}

fn took(from_ms: Option<i64>, to_ms: Option<i64>) -> String {
    from_ms.zip(to_ms).map(|(from, to)| units::took(from, to)).unwrap_or_default()
}

#[cfg(test)]
pub(super) mod tests {
    use engine::run::RunState;
    use serde_json::json;

    use super::*;

    pub(super) fn run(state: RunState) -> RunRecord {
        RunRecord {
            id: "0199c1a4-7c1e-7000-8000-5d1c0a3f9b21".to_owned(),
            pipeline: "daily".to_owned(),
            partition: "me".to_owned(),
            params: json!({}),
            cause: "cli".to_owned(),
            request_id: None,
            state,
            plan_hash: String::new(),
            enqueued_ms: 1_709_335_800_000,
            started_ms: Some(1_709_335_800_100),
            finished_ms: Some(1_709_335_804_300),
            error_code: None,
            error: None,
            follows: None,
            parent: None,
            parent_step: None,
            part: None,
        }
    }

    #[test]
    fn a_run_is_one_line() {
        let text = table(&[run(RunState::Succeeded)], &TimeZone::UTC).to_string();
        let wanted = "0199c1a4-7c1e-7000-8000-5d1c0a3f9b21  daily     succeeded  2024-03-01 23:30  4.2 s";
        assert_eq!(text.lines().nth(1), Some(wanted));
    }
}
