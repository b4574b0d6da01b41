//! `paceline activities records|split|join|forget`: the records of an activity, and what a person says of them.

use clap::Args;
use engine::run::Cause;
use engine::{PlanError, Request};
use fitness::records::activity::merged::{self, MergeError, Merged, RecordOf, Records, Word};
use jiff::tz::TimeZone;
use serde_json::json;

use crate::cli::{Form, Whose};
use crate::config::Config;
use crate::error::{self, Problem};
use crate::progress::Progress;
use crate::table::Side::{Left, Right};
use crate::table::Table;
use crate::{output, program, units, work};

const RECORDS_HELP: &str = "\
Examples:
  paceline activities records 2447hfyga3vqdfsd6h5bdll3ly
  paceline activities records 2447hfyga3vqdfsd6h5bdll3ly --json

The first one counts: all numbers are of it. Where the Strava API told it, others see nothing of
it, and another record counts for them. `paceline activities split` makes one of the others an
activity of its own, `paceline activities join` takes in one that was missed.";
const SPLIT_HELP: &str = "\
Examples:
  paceline activities split q7a4noaxlwfeg3kcbhxq2xvs7y

That holds whatever is imported later. `paceline activities forget` takes it back.";
const JOIN_HELP: &str = "\
Examples:
  paceline activities join 2447hfyga3vqdfsd6h5bdll3ly q7a4noaxlwfeg3kcbhxq2xvs7y

The one with more kinds of samples counts. That holds whatever is imported later;
`paceline activities forget` takes it back.";
const FORGET_HELP: &str = "\
Examples:
  paceline activities forget 2447hfyga3vqdfsd6h5bdll3ly

Which records are of one activity is then decided by file, start, sport, time and distance again.";

/// Brings days and advice up to date.
const PIPELINE: &str = "daily";

/// Shows the records of an activity
#[derive(Debug, Args)]
#[command(after_help = RECORDS_HELP)]
pub(super) struct Show {
    /// The activity, or any record of it
    id: String,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    pub(super) form: Form,
}

/// Makes a record an activity of its own
#[derive(Debug, Args)]
#[command(after_help = SPLIT_HELP)]
pub(super) struct Split {
    /// The record
    id: String,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    pub(super) form: Form,
}

/// Makes two records one activity
#[derive(Debug, Args)]
#[command(after_help = JOIN_HELP)]
pub(super) struct Join {
    /// One record
    id: String,
    /// The other one
    other: String,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    pub(super) form: Form,
}

/// Takes back what was said of the records of an activity
#[derive(Debug, Args)]
#[command(after_help = FORGET_HELP)]
pub(super) struct Forget {
    /// The activity, or any record of it
    id: String,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    pub(super) form: Form,
}

impl Show {
    pub(super) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        let store = program::store(config).await?;
        let (athlete, id) = (self.whose.athlete.clone(), self.id.clone());
        let found = store.read(move |tx| merged::records(tx, &athlete, &id)).await?;
        let records = found.ok_or_else(|| problem(&MergeError::Unknown(self.id)))?;
        if self.form.json {
            output::json(&records)?;
            return Ok(error::DONE);
        }
        let zone = program::time_zone(&store, &self.whose.athlete).await?;
        output::line(table(&records.records, &zone).to_string())?;
        lent(&records).iter().chain(&said(&records)).try_for_each(output::line)?;
        Ok(error::DONE)
    }
}

impl Split {
    pub(super) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        say(config, &self.whose.athlete, self.form, Word::Split(self.id)).await
    }
}

impl Join {
    pub(super) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        say(config, &self.whose.athlete, self.form, Word::Join(self.id, self.other)).await
    }
}

impl Forget {
    pub(super) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        say(config, &self.whose.athlete, self.form, Word::Forget(self.id)).await
    }
}

/// Keeps a word, and computes what follows from it.
async fn say(config: &Config, athlete: &str, form: Form, word: Word) -> anyhow::Result<u8> {
    let progress = Progress::new(form.json);
    let engine = program::engine(config, progress.watcher()).await?;
    let (whose, now_ms) = (athlete.to_owned(), engine.clock().now_ms());
    let written = engine.store().write(move |tx| merged::say(tx, &whose, &word, now_ms)).await;
    let Merged { counted, first_day } = written.map_err(|error| match error.downcast_aborted() {
        Ok(refused) => problem(&refused).into(),
        Err(error) => anyhow::Error::from(error),
    })?;
    if form.json {
        output::json(&json!({ "counted": counted, "first_day": first_day.map(|day| day.to_string()) }))?;
    } else {
        let these = units::count(counted.len(), "activity", "activities");
        output::line(format!("{these}: {}", counted.join(", ")))?;
    }
    if matches!(engine.plan(PIPELINE).err(), Some(PlanError::Unknown { .. })) {
        return Ok(error::DONE);
    }
    let request = Request {
        pipeline: PIPELINE.to_owned(),
        partition: athlete.to_owned(),
        params: json!({}),
        cause: Cause::Cli,
        // A run that is at work already may have read the records before.
        force: true,
        fresh: false,
        key: None,
        request_id: None,
    };
    let finished = work::carry_out(config, &engine, request, &progress).await?;
    finished.problem().map_or(Ok(error::DONE), |problem| Err(problem.into()))
}

fn problem(refused: &MergeError) -> Problem {
    let hint = match refused {
        MergeError::Unknown(_) => Some("`paceline activities --json` lists the ids"),
        MergeError::Alone(_) | MergeError::Together(..) => {
            Some("`paceline activities records ID` shows them")
        }
        MergeError::SameFile(..) | MergeError::NoStart(_) => None,
    };
    Problem {
        exit: error::USAGE,
        hint: hint.map(str::to_owned),
        ..Problem::new(refused.code(), refused.to_string())
    }
}

fn table(records: &[RecordOf], zone: &TimeZone) -> Table {
    let mut table = Table::new(&[
        ("Record", Left),
        ("Counts", Left),
        ("Source", Left),
        ("Start", Left),
        ("Distance", Right),
        ("Time", Right),
        ("Samples", Right),
        ("Of", Left),
    ]);
    for record in records {
        table.row([
            record.id.clone(),
            counts(record).to_owned(),
            record.provenance.clone(),
            record.start_ms.map(|at| units::local_moment(at, zone)).unwrap_or_default(),
            record.distance_m.map(units::distance).unwrap_or_default(),
            record.elapsed_s.map(units::duration).unwrap_or_default(),
            record.samples.to_string(),
            record.channels.join(" "),
        ]);
    }
    table
}

/// In whose eyes it counts.
fn counts(record: &RecordOf) -> &'static str {
    match (record.counts, record.counts_shareable) {
        (true, true) => "yes",
        (true, false) => "for you",
        (false, true) => "for others",
        (false, false) => "no",
    }
}

/// What the one that counts has of others, a line each.
fn lent(records: &Records) -> Vec<String> {
    records.lent.iter().map(|(field, of)| format!("`{field}` is from `{of}`")).collect()
}

/// What a person said of them, a line each.
fn said(records: &Records) -> Vec<String> {
    let line = |choice: &fitness::records::merge_choice::Choice| {
        let what = if choice.is_same { "one activity" } else { "two activities" };
        format!("you said that `{}` and `{}` are {what}", choice.one, choice.other)
    };
    records.choices.iter().map(line).collect()
}
