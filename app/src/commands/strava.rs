//! `paceline strava`: the connection to Strava.

mod connect;
mod disconnect;
mod progress;
mod receipt;
mod retry;
mod status;
mod webhook;

use clap::{Args, Subcommand};
use engine::Engine;
use engine::registry::{Connection, Means, Missing};
use engine::step::Cause;
use serde_json::{Value, json};

use crate::cli::Form;
use crate::config::Config;
use crate::error::{self, Problem};
use crate::program;

const AFTER_HELP: &str = "\
Examples:
  paceline strava connect           opens the page on which you allow it
  paceline strava status
  paceline strava disconnect        deletes all that came from Strava; it asks first

docs/STRAVA.md tells how to make the application that Strava wants, and what is done with your data.
Compatible with Strava.";

const NAME: &str = "strava";

/// Connects Strava, says how that is, and ends it
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Strava {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Connect(connect::Connect),
    Status(status::Status),
    Retry(retry::Retry),
    Disconnect(disconnect::Disconnect),
    Webhook(webhook::Webhook),
}

impl Strava {
    pub(crate) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        match self.verb {
            Verb::Connect(connect) => connect.run(config).await,
            Verb::Status(status) => status.run(config).await,
            Verb::Retry(retry) => retry.run(config).await,
            Verb::Disconnect(disconnect) => disconnect.run(config).await,
            Verb::Webhook(webhook) => webhook.run(config).await,
        }
    }

    pub(crate) fn form(&self) -> Form {
        match &self.verb {
            Verb::Connect(connect) => connect.form,
            Verb::Status(status) => status.form,
            Verb::Retry(retry) => retry.form,
            Verb::Disconnect(disconnect) => disconnect.form,
            Verb::Webhook(webhook) => webhook.form(),
        }
    }
}

/// The engine, with an athlete who is there.
async fn engine(config: &Config, athlete: &str) -> anyhow::Result<(Engine, Means)> {
    let engine = program::engine(config, None).await?;
    program::meet(engine.store(), athlete).await?;
    let means = engine.means();
    Ok((engine, means))
}

fn connection(engine: &Engine) -> Result<&dyn Connection, Problem> {
    let found = engine.registry().find_connection(NAME);
    found.ok_or_else(|| Problem::new("not_found", format!("no plugin connects `{NAME}`")))
}

/// What a person does about it.
#[expect(clippy::needless_pass_by_value, reason = "errors are mapped as they are")]
fn problem(cause: Cause) -> Problem {
    let problem = Problem::new(cause.code, cause.report());
    match cause.code {
        "strava_not_configured" => {
            let hint = "https://www.strava.com/settings/api makes an application; docs/STRAVA.md goes through it";
            Problem { exit: error::CONFIG, ..problem.hint(hint) }
        }
        "strava_application_refused" => {
            Problem { exit: error::CONFIG, ..problem.hint("compare both with https://www.strava.com/settings/api") }
        }
        "secret_key_missing" | "secret_key_invalid" => Problem {
            exit: error::CONFIG,
            ..problem.hint("docs/CONFIGURATION.md tells of FITNESS_SECRET_KEY and where else the key lies")
        },
        "secret_unreadable" => problem.hint("set the key that sealed it again, or disconnect and connect again"),
        "oauth_state_mismatch" | "strava_code_refused" | "strava_denied" | "strava_needs_reauth" => {
            problem.hint("`paceline strava connect` begins anew")
        }
        "quota_spent" => problem.hint(
            "what Strava has granted is kept, and the next sync goes on with it; `paceline strava status` says how it is",
        ),
        "strava_subscription_exists" => problem.hint("`paceline strava webhook delete` ends it"),
        "strava_subscription_refused" => problem.hint(
            "the server must run, and Strava must reach it at FITNESS_STRAVA_WEBHOOK_URL without any log-in page",
        ),
        _ => problem,
    }
}

fn missing(missing: &[Missing]) -> Vec<Value> {
    missing.iter().map(|one| json!({ "scope": one.scope, "without": one.without })).collect()
}

fn lacking(missing: &[Missing]) -> impl Iterator<Item = String> {
    missing.iter().map(|one| format!("not allowed: {}; without it, {}", one.scope, one.without))
}
