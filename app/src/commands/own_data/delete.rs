//! `paceline data delete`: what came from somewhere, with all that hangs on it, and a receipt.

use std::sync::Arc;

use clap::{Args, ValueEnum};
use engine::clock::Clock;
use engine::context::Report;
use engine::run::Cause;
use engine::{PlanError, Request};
use fitness::records::kept::removal::{self, What};
use fitness::records::purge_receipt::{self, Deleted, Receipt};
use fitness::records::strava::connection;
use serde_json::{Value, json};
use store::Store;

use crate::cli::{Form, Whose};
use crate::config::Config;
use crate::confirm::confirm;
use crate::error::Problem;
use crate::progress::Progress;
use crate::{error, output, program, units, work};

const AFTER_HELP: &str = "\
Examples:
  paceline data delete --provenance bulk_export
  paceline data delete --provenance all --yes --json     prints the receipt

It says what goes, and asks. Days and advice are computed anew from what is left. One that was cut
off goes on with the next call. Files that still lie in a watched folder are read again; `paceline
data export FILE.zip` takes everything out before.";

/// Brings days and advice up to date.
const PIPELINE: &str = "daily";
const QUESTION: &str = "delete all of that for good?";

/// Deletes what came from somewhere, and all that hangs on it
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Delete {
    /// Where it came from: strava_api, file, bulk_export, manual, or all
    #[arg(long, value_enum, value_name = "FROM", hide_possible_values = true)]
    provenance: From,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    pub(super) form: Form,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
enum From {
    /// What Strava's API told
    StravaApi,
    /// Recordings, with the files as they came
    File,
    /// Rows and lists of an export
    BulkExport,
    /// Settings, daily metrics and the place of the forecast
    Manual,
    /// Everything
    All,
}

impl From {
    fn what(self) -> What {
        match self {
            Self::StravaApi => What::StravaApi,
            Self::File => What::File,
            Self::BulkExport => What::BulkExport,
            Self::Manual => What::Manual,
            Self::All => What::All,
        }
    }
}

impl Delete {
    pub(super) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        let what = self.provenance.what();
        let progress = Progress::new(self.form.json);
        let engine = program::engine(config, progress.watcher()).await?;
        let (store, whose) = (engine.store(), self.whose.athlete.clone());
        program::meet(store, &whose).await?;
        let (is_connected, rows) = store
            .read(move |tx| Ok((connection::get(tx, &whose)?.is_some(), removal::preview(tx, &whose, what)?)))
            .await?;
        if is_connected && matches!(what, What::StravaApi | What::All) {
            return Err(connected().into());
        }
        if !self.yes {
            output::note(listed(&rows, "would go").join("\n"));
            confirm(QUESTION).await?;
        }
        let receipt = delete(store, &self.whose.athlete, what, rows.values().sum(), &progress).await?;
        progress.end();
        if self.form.json {
            output::json(&to_json(what, &receipt))?;
        } else {
            output::line(listed(&receipt.deleted, "deleted").join("\n"))?;
        }
        if matches!(engine.plan(PIPELINE).err(), Some(PlanError::Unknown { .. })) {
            return Ok(error::DONE);
        }
        let request = Request {
            pipeline: PIPELINE.to_owned(),
            partition: self.whose.athlete,
            params: json!({}),
            cause: Cause::Cli,
            // A run that is at work already may have read what is gone.
            force: true,
            fresh: false,
            key: None,
            request_id: None,
        };
        let finished = work::carry_out(config, &engine, request, &progress).await?;
        finished.problem().map_or(Ok(error::DONE), |problem| Err(problem.into()))
    }
}

/// Each part is a transaction of its own that adds to the receipt, so that one that was cut off goes on where it was.
async fn delete(
    store: &Store,
    athlete: &str,
    what: What,
    total: u64,
    progress: &Progress,
) -> anyhow::Result<Receipt> {
    let watcher = progress.watcher();
    let step: Arc<str> = "delete".into();
    loop {
        let (athlete, now_ms, key) = (athlete.to_owned(), Clock::system().now_ms(), what.receipt_key());
        let part = move |tx: &mut store::Tx<'_>| {
            let mut receipt = purge_receipt::begin(tx, &athlete, &key, now_ms)?;
            let deleted = removal::some(tx, &athlete, what)?;
            receipt.done_ms = deleted.is_empty().then_some(now_ms);
            for (table, rows) in deleted {
                *receipt.deleted.entry(table).or_default() += rows;
            }
            purge_receipt::put(tx, &athlete, &key, &receipt)?;
            Ok(receipt)
        };
        let receipt = store.write(part).await?;
        if receipt.done_ms.is_some() {
            return Ok(receipt);
        }
        if let Some(tell) = &watcher {
            let done: u64 = receipt.deleted.values().sum();
            let item = "rows".to_owned();
            tell(Report { run: String::new(), step: step.clone(), done, total: total.max(done), item });
        }
    }
}

fn connected() -> Problem {
    let message = "Strava is connected: what is deleted would be fetched again";
    Problem::new("strava_connected", message)
        .hint("`paceline strava disconnect` ends the access and deletes what came through it")
}

fn to_json(what: What, receipt: &Receipt) -> Value {
    json!({
        "provenance": what.as_str(),
        "asked_ms": receipt.asked_ms,
        "done_ms": receipt.done_ms,
        "deleted": receipt.deleted,
    })
}

fn listed(rows: &Deleted, verb: &str) -> Vec<String> {
    if rows.is_empty() {
        return vec!["nothing is there that came from there".to_owned()];
    }
    let line = |(table, rows): (&String, &u64)| {
        let rows = units::count(usize::try_from(*rows).unwrap_or(usize::MAX), "row", "rows");
        format!("  {table}: {rows}")
    };
    [format!("{verb}:")].into_iter().chain(rows.iter().map(line)).collect()
}

#[cfg(test)]
mod tests {
    use fitness::records::athlete::{self, Athlete};
    use fitness::records::strava::purge;

    use super::*;

    #[test]
    fn each_origin_has_its_word() {
        for from in From::value_variants() {
            let word = from.to_possible_value().unwrap().get_name().to_owned();
            assert_eq!(What::parse(&word), Some(from.what()), "{word}");
        }
    }

    #[tokio::test]
    async fn its_receipt_is_none_of_an_access_that_has_ended() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("store.db").display());
        let store = Store::open(&url.parse().unwrap()).await.unwrap();
        store.migrate().await.unwrap();
        let me = Athlete { id: "me".to_owned(), timezone: "UTC".to_owned(), created_ms: 0 };
        store.write(move |tx| athlete::ensure(tx, &me)).await.unwrap();
        delete(&store, "me", What::StravaApi, 0, &Progress::new(true)).await.unwrap();
        let key = What::StravaApi.receipt_key();
        let read = move |tx: &mut store::Tx<'_>| {
            let of_access = purge_receipt::last(tx, "me", purge::PROVENANCE)?;
            Ok((of_access, purge_receipt::last(tx, "me", &key)?.is_some()))
        };
        assert_eq!(store.read(read).await.unwrap(), (None, true));
    }

    #[test]
    fn what_goes_is_listed_by_table() {
        let rows = [("activity".to_owned(), 1), ("export_row".to_owned(), 12)].into();
        assert_eq!(
            listed(&rows, "would go").join("\n"),
            "would go:\n  activity: 1 row\n  export_row: 12 rows"
        );
        assert_eq!(listed(&Deleted::new(), "deleted"), ["nothing is there that came from there"]);
    }
}
