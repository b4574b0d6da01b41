//! What can be done about a run: stop it, try again what failed, or run a part of it again.

use clap::Args;
use engine::rerun::{Preview, Start};
use serde_json::json;

use crate::cli::Form;
use crate::commands::run::tell;
use crate::config::Config;
use crate::confirm::confirm;
use crate::error::{self, Problem};
use crate::progress::Progress;
use crate::table::wrapped;
use crate::{output, program, work};

const CANCEL_HELP: &str = "\
Example:
  paceline runs cancel 0199c1a4-7c1e-7000-8000-5d1c0a3f9b21

What is done stays done. A step that does not heed it is left behind after some seconds.";
const RETRY_HELP: &str = "\
Example:
  paceline runs retry 0199c1a4-7c1e-7000-8000-5d1c0a3f9b21

It is a new run under the plan of the old one; what succeeded there is not run again.";
const RERUN_HELP: &str = "\
Examples:
  paceline runs rerun ID --from days            shows what runs again, and asks
  paceline runs rerun ID --from days --yes
  paceline runs rerun ID --from days --dry-run --json";

/// Stops a run
#[derive(Debug, Args)]
#[command(after_help = CANCEL_HELP)]
pub(super) struct Cancel {
    /// The run
    id: String,
    #[command(flatten)]
    pub(super) form: Form,
}

/// Runs again what did not succeed, and what comes after it
#[derive(Debug, Args)]
#[command(after_help = RETRY_HELP)]
pub(super) struct Retry {
    /// A run that failed or was cancelled
    id: String,
    #[command(flatten)]
    pub(super) form: Form,
}

/// Runs a step and everything after it again
#[derive(Debug, Args)]
#[command(after_help = RERUN_HELP)]
pub(super) struct Rerun {
    /// A run that is over
    id: String,
    /// The first step that runs again
    #[arg(long, value_name = "STEP")]
    from: String,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Only show what would run again
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
    #[command(flatten)]
    pub(super) form: Form,
}

impl Cancel {
    pub(super) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        let engine = program::engine(config, None).await?;
        if !engine.cancel(&self.id).await? {
            return Err(not_cancelled(&engine, &self.id).await?.into());
        }
        if self.form.json {
            output::json(&json!({ "run": self.id, "cancel_asked": true }))?;
        } else {
            output::line(format!("run {} was asked to stop", self.id))?;
        }
        Ok(error::DONE)
    }
}

async fn not_cancelled(engine: &engine::Engine, id: &str) -> store::Result<Problem> {
    let asked = id.to_owned();
    let found = engine.store().read(move |tx| engine::run::record::run(tx, &asked)).await?;
    Ok(match found {
        Some(run) => Problem::new("run_over", format!("run `{id}` is over: it {}", ended(run.state))),
        None => {
            Problem::new("not_found", format!("there is no run `{id}`")).hint("`paceline runs` lists them")
        }
    })
}

fn ended(state: engine::run::RunState) -> &'static str {
    match state {
        engine::run::RunState::Succeeded => "succeeded",
        engine::run::RunState::Cancelled => "was cancelled",
        _ => "failed",
    }
}

impl Retry {
    pub(super) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        follow(config, &self.id, &Start::Failed, self.form).await
    }
}

impl Rerun {
    pub(super) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        let start = Start::Step(self.from);
        let engine = program::engine(config, None).await?;
        let preview = engine.preview_rerun(&self.id, &start).await?;
        if self.dry_run && self.form.json {
            output::json(&preview)?;
            return Ok(error::DONE);
        }
        if self.dry_run {
            output::line(shown(&preview))?;
            return Ok(error::DONE);
        }
        if !self.yes {
            output::note(shown(&preview));
            confirm("run these steps again?").await?;
        }
        follow(config, &self.id, &start, self.form).await
    }
}

async fn follow(config: &Config, id: &str, start: &Start, form: Form) -> anyhow::Result<u8> {
    let progress = Progress::new(form.json);
    let engine = program::engine(config, progress.watcher()).await?;
    let enqueued = engine.rerun(id, start, None).await?;
    if !enqueued.new {
        progress.say("a run that follows it is under way already; waiting for that one");
    }
    tell(&work::see_through(config, &engine, &enqueued, &progress).await?, form)
}

fn shown(preview: &Preview) -> String {
    let names = |steps: &[String]| if steps.is_empty() { "nothing".to_owned() } else { steps.join(", ") };
    let lines =
        [wrapped("Again", &names(&preview.again), 10), wrapped("Reused", &names(&preview.reused), 10)];
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preview_says_what_runs_again_and_what_is_reused() {
        let preview = Preview {
            run: "0199".to_owned(),
            pipeline: "daily".to_owned(),
            partition: "me".to_owned(),
            again: vec!["days".to_owned(), "advice".to_owned()],
            reused: Vec::new(),
        };
        assert_eq!(shown(&preview), "Again     days, advice\nReused    nothing");
    }
}
