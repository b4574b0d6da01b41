//! `paceline sync`: reads what is new at Strava, here and now.

use clap::Args;
use engine::Request;
use engine::run::Cause;
use fitness::records::strava::sync;
use serde_json::json;

use super::run;
use crate::cli::{Form, Whose};
use crate::config::Config;
use crate::error::{self, Problem};
use crate::progress::Progress;
use crate::{output, program, units, work};

const AFTER_HELP: &str = "\
Examples:
  paceline sync             what is new; nothing where that was read a few minutes ago
  paceline sync --force     everything: edits and deletions of long ago too
  paceline sync --confirm   the same, and much that is gone at Strava goes here too
  paceline sync --json      the run with its steps, when it is over";

const CONNECTION: &str = "strava";
const HOURLY: &str = "hourly";
const SWEEP: &str = "sweep";
/// What to do is part of it, since `--json` has no hints.
const NOT_CONNECTED: &str =
    "Strava is not connected, or must be connected again; `paceline strava connect` does it";

/// Reads what is new at Strava and shows the steps as they end
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Sync {
    /// Read everything, however long ago the last sync was
    #[arg(long)]
    force: bool,
    /// Read everything, and remove what is gone at Strava even where it is much
    #[arg(long)]
    confirm: bool,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    pub(crate) form: Form,
}

impl Sync {
    pub(crate) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        let progress = Progress::new(self.form.json);
        let engine = program::engine(config, progress.watcher()).await?;
        let (registry, athlete) = (engine.registry().clone(), self.whose.athlete.clone());
        let read = engine.store().read(move |tx| {
            let connection = registry.find_connection(CONNECTION);
            let is_connected =
                connection.map(|connection| connection.is_connected(tx, &athlete)).transpose()?;
            Ok((is_connected.unwrap_or(false), sync::get(tx, &athlete)?.synced_ms))
        });
        let (is_connected, synced_ms) = read.await?;
        if !is_connected {
            let problem = Problem::new("strava_not_connected", NOT_CONNECTED);
            return Err(problem.hint("`paceline strava status` says how the connection is").into());
        }
        let everything = self.force || self.confirm;
        let age_ms = synced_ms.map(|synced_ms| engine.clock().now_ms() - synced_ms);
        let least_ms = i64::try_from(config.sync_age.as_millis()).unwrap_or(i64::MAX);
        if let Some(age_ms) = age_ms.filter(|age_ms| !everything && (0..least_ms).contains(age_ms)) {
            return self.just_now(age_ms, synced_ms);
        }
        let request = Request {
            pipeline: if everything { SWEEP } else { HOURLY }.to_owned(),
            partition: self.whose.athlete,
            params: if self.confirm { json!({ "confirm": true }) } else { json!({}) },
            cause: Cause::Cli,
            force: self.confirm,
            fresh: false,
            key: None,
            request_id: None,
        };
        let finished = work::carry_out(config, &engine, request, &progress).await?;
        run::tell(&finished, self.form)
    }

    fn just_now(&self, age_ms: i64, synced_ms: Option<i64>) -> anyhow::Result<u8> {
        if self.form.json {
            output::json(&json!({ "run": null, "synced_ms": synced_ms }))?;
        } else {
            let ago = units::took(0, age_ms);
            output::line(format!(
                "what is new was read {ago} ago; `paceline sync --force` reads everything"
            ))?;
        }
        Ok(error::DONE)
    }
}
