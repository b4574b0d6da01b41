//! `paceline strava disconnect`: the access is given back, and all that came through it is deleted.

use clap::Args;
use engine::run::Cause;
use engine::{PlanError, Request};
use serde_json::Value;

use super::{connection, problem, receipt};
use crate::cli::{Form, Whose};
use crate::config::Config;
use crate::confirm::confirm;
use crate::progress::Progress;
use crate::{error, output, work};

const AFTER_HELP: &str = "\
Examples:
  paceline strava disconnect
  paceline strava disconnect --yes --json     prints the receipt

Activities that you also have as files stay, and count from the file. One that was cut off goes on
where it was with the next call. `paceline strava status` shows the last receipt.";

const QUESTION: &str = "Delete all that came from Strava, and end the access?";

/// Ends the access and deletes all that came from Strava
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Disconnect {
    /// Do not ask
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    pub(super) form: Form,
}

impl Disconnect {
    pub(super) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        let athlete = self.whose.athlete;
        let (engine, means) = super::engine(config, &athlete).await?;
        if !self.yes {
            confirm(QUESTION).await?;
        }
        let told = connection(&engine)?.disconnect(&means, &athlete).await.map_err(problem)?;
        if self.form.json {
            output::json(&receipt::to_json(&told))?;
        } else {
            receipt::lines(&told).iter().try_for_each(output::line)?;
        }
        let Some(pipeline) = told.then.filter(|name| !is_unknown(engine.plan(name).err().as_ref())) else {
            return Ok(error::DONE);
        };
        let request = Request {
            pipeline: pipeline.to_owned(),
            partition: athlete,
            params: Value::Null,
            cause: Cause::Cli,
            // One that is at work may have read already what is gone.
            force: true,
            fresh: false,
            key: None,
            request_id: None,
        };
        let progress = Progress::new(self.form.json);
        let finished = work::carry_out(config, &engine, request, &progress).await?;
        match finished.problem() {
            Some(problem) => Err(problem.into()),
            None => Ok(error::DONE),
        }
    }
}

fn is_unknown(error: Option<&PlanError>) -> bool {
    matches!(error, Some(PlanError::Unknown { .. }))
}
