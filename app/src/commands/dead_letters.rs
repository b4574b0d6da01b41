//! `paceline dead-letters`: runs that failed for good, and what is decided about them.

use anyhow::bail;
use clap::{Args, Subcommand};
use engine::Engine;
use engine::dead_letter::{self, Filter, Letter, LetterState, Replayed};
use engine::queue::Enqueued;
use jiff::tz::TimeZone;
use store::{Store, Tx};

use crate::cli::Form;
use crate::commands::run::tell;
use crate::config::Config;
use crate::error::{self, Problem};
use crate::progress::Progress;
use crate::table::Side::{Left, Right};
use crate::table::{Table, wrapped};
use crate::{output, program, units, work};

const AFTER_HELP: &str = "\
Examples:
  paceline dead-letters                              those that are open
  paceline dead-letters show ID                      one, with what its run was given
  paceline dead-letters replay ID                    runs it anew, with the script as it is now
  paceline dead-letters discard ID --note 'known'    leaves it

Each run that fails for good is one, by whomever it was asked for, and its id is the run's.";
const LIST_HELP: &str = "\
Examples:
  paceline dead-letters list --pipeline import
  paceline dead-letters list --state all --json";
const SHOW_HELP: &str = "\
Example:
  paceline dead-letters show 0199c1a4-7c1e-7000-8000-5d1c0a3f9b21";
const REPLAY_HELP: &str = "\
Examples:
  paceline dead-letters replay 0199c1a4-7c1e-7000-8000-5d1c0a3f9b21
  paceline dead-letters replay --code storage_full
  paceline dead-letters replay --pipeline import

`paceline runs retry ID` goes on under the old plan instead, from the step that failed.";
const DISCARD_HELP: &str = "\
Example:
  paceline dead-letters discard 0199c1a4-7c1e-7000-8000-5d1c0a3f9b21 --note 'the file is gone'";

/// Lists what failed for good, and replays or discards it
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP, args_conflicts_with_subcommands = true)]
pub(crate) struct DeadLetters {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    list: List,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Lists dead letters, the newest first
    List(List),
    /// Shows one with what its run was given
    Show(Show),
    /// Runs one or a group anew
    Replay(Replay),
    /// Closes one without another run
    Discard(Discard),
}

#[derive(Debug, Args)]
#[command(after_help = LIST_HELP)]
struct List {
    /// open, replayed, discarded or all
    #[arg(long, value_name = "STATE", default_value = "open", hide_possible_values = true, value_parser = ["open", "replayed", "discarded", "all"])]
    state: String,
    /// Only those of this pipeline
    #[arg(long, value_name = "NAME")]
    pipeline: Option<String>,
    /// Only those that failed with this code
    #[arg(long, value_name = "CODE")]
    code: Option<String>,
    /// At most this many
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=1000))]
    limit: i64,
    #[command(flatten)]
    form: Form,
}

#[derive(Debug, Args)]
#[command(after_help = SHOW_HELP)]
struct Show {
    /// The run that failed
    id: String,
    #[command(flatten)]
    form: Form,
}

#[derive(Debug, Args)]
#[command(after_help = REPLAY_HELP)]
struct Replay {
    /// The run that failed
    #[arg(required_unless_present_any = ["pipeline", "code"], conflicts_with_all = ["pipeline", "code"])]
    id: Option<String>,
    /// All open ones of this pipeline
    #[arg(long, value_name = "NAME")]
    pipeline: Option<String>,
    /// All open ones that failed with this code
    #[arg(long, value_name = "CODE")]
    code: Option<String>,
    #[command(flatten)]
    form: Form,
}

#[derive(Debug, Args)]
#[command(after_help = DISCARD_HELP)]
struct Discard {
    /// The run that failed
    id: String,
    /// Why it is left
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    #[command(flatten)]
    form: Form,
}

impl DeadLetters {
    pub(crate) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        match self.verb {
            Some(Verb::List(list)) => list.run(&program::store(config).await?).await,
            Some(Verb::Show(show)) => show.run(&program::store(config).await?).await,
            Some(Verb::Replay(replay)) => replay.run(config).await,
            Some(Verb::Discard(discard)) => discard.run(config).await,
            None => self.list.run(&program::store(config).await?).await,
        }
    }

    pub(crate) fn form(&self) -> Form {
        match &self.verb {
            Some(Verb::List(list)) => list.form,
            Some(Verb::Show(show)) => show.form,
            Some(Verb::Replay(replay)) => replay.form,
            Some(Verb::Discard(discard)) => discard.form,
            None => self.list.form,
        }
    }
}

impl List {
    async fn run(self, store: &Store) -> anyhow::Result<u8> {
        let (state, limit) = (LetterState::parse(&self.state), self.limit);
        let filter = Filter { state, pipeline: self.pipeline, code: self.code };
        let read = move |tx: &mut Tx<'_>| dead_letter::letters(tx, &filter, None, limit);
        let letters = store.read(read).await?;
        if self.form.json {
            letters.iter().try_for_each(output::json)?;
        } else if letters.is_empty() {
            output::note("there is none");
        } else {
            output::line(table(&letters, &TimeZone::system()).to_string())?;
        }
        Ok(error::DONE)
    }
}

impl Show {
    async fn run(self, store: &Store) -> anyhow::Result<u8> {
        let id = self.id.clone();
        let found = store.read(move |tx| dead_letter::letter(tx, &id)).await?;
        let Some(letter) = found else { bail!(dead_letter::LetterError::Unknown(self.id)) };
        tell_letter(&letter, self.form)
    }
}

impl Discard {
    async fn run(self, config: &Config) -> anyhow::Result<u8> {
        let engine = program::engine(config, None).await?;
        tell_letter(&engine.discard(&self.id, self.note).await?, self.form)
    }
}

fn tell_letter(letter: &Letter, form: Form) -> anyhow::Result<u8> {
    if form.json {
        output::json(letter)?;
    } else {
        output::line(card(letter, &TimeZone::system()))?;
    }
    Ok(error::DONE)
}

impl Replay {
    async fn run(self, config: &Config) -> anyhow::Result<u8> {
        let progress = Progress::new(self.form.json);
        let engine = program::engine(config, progress.watcher()).await?;
        if let Some(id) = &self.id {
            let enqueued = engine.replay(id, None).await?;
            return tell(&work::see_through(config, &engine, &enqueued, &progress).await?, self.form);
        }
        let filter = Filter { state: None, pipeline: self.pipeline, code: self.code };
        let replayed = engine.replay_all(filter, None).await?;
        if replayed.is_empty() {
            output::note("there is none");
        }
        let mut failed = 0;
        for one in &replayed {
            let succeeded = see(config, &engine, one, &progress).await?;
            failed += usize::from(!succeeded);
            if self.form.json {
                output::json(one)?;
            }
        }
        if failed > 0 {
            let message = format!("{failed} of {} failed again", replayed.len());
            bail!(Problem::new("run_failed", message).hint("`paceline dead-letters` lists them"));
        }
        Ok(error::DONE)
    }
}

/// Sees a replay through; answers whether it succeeded.
async fn see(
    config: &Config,
    engine: &Engine,
    replayed: &Replayed,
    progress: &Progress,
) -> anyhow::Result<bool> {
    let Some(run) = replayed.run.clone() else {
        let why = replayed.error.as_deref().unwrap_or_default();
        output::note(format!("{}: {why}", replayed.letter));
        return Ok(false);
    };
    let finished = work::see_through(config, engine, &Enqueued { run, new: true }, progress).await?;
    progress.say(&format!("{} {}", finished.run.id, finished.run.state.as_str()));
    Ok(finished.problem().is_none())
}

fn table(letters: &[Letter], zone: &TimeZone) -> Table {
    let mut table = Table::new(&[
        ("Run", Left),
        ("Pipeline", Left),
        ("Failed", Left),
        ("Times", Right),
        ("Class", Left),
        ("Code", Left),
    ]);
    for letter in letters {
        table.row([
            letter.id.clone(),
            letter.pipeline.clone(),
            units::local_time(letter.created_ms, None, zone),
            letter.times.to_string(),
            letter.error_class.as_str().to_owned(),
            letter.error_code.clone(),
        ]);
    }
    table
}

fn card(letter: &Letter, zone: &TimeZone) -> String {
    let time = |at_ms: i64| units::local_time(at_ms, None, zone);
    let times = units::count(usize::try_from(letter.times).unwrap_or(1), "time", "times");
    let mut lines = vec![
        wrapped("Run", &letter.id, 10),
        wrapped("Pipeline", &format!("{} for `{}`", letter.pipeline, letter.partition), 10),
        wrapped("Params", &letter.params.to_string(), 10),
        wrapped(
            "Failed",
            &format!("{}, {times} in a row, {}", time(letter.created_ms), letter.error_class.as_str()),
            10,
        ),
        wrapped("Why", &format!("{} [{}]", letter.error, letter.error_code), 10),
        wrapped("State", letter.state.as_str(), 10),
    ];
    let told = [("Note", &letter.note), ("Before", &letter.former), ("Replay", &letter.replay_run)];
    lines.extend(told.into_iter().filter_map(|(label, text)| Some(wrapped(label, text.as_ref()?, 10))));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use engine::run::FailureClass;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_letter_says_what_failed_why_and_how_often() {
        let letter = Letter {
            id: "0199".to_owned(),
            pipeline: "import".to_owned(),
            partition: "me".to_owned(),
            params: json!({"paths": ["/a"]}),
            error_code: "storage_full".to_owned(),
            error_class: FailureClass::Exhausted,
            error: "no space".to_owned(),
            times: 2,
            former: None,
            state: LetterState::Open,
            created_ms: 1_709_335_800_000,
            closed_ms: None,
            note: None,
            replay_run: None,
        };
        let text = card(&letter, &TimeZone::UTC);
        let wanted = "Params    {\"paths\":[\"/a\"]}\nFailed    2024-03-01 23:30, 2 times in a row, exhausted\n\
            Why       no space [storage_full]\nState     open";
        assert!(text.ends_with(wanted), "{text}");
    }
}
