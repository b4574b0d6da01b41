//! `paceline strava webhook`: whether Strava tells by itself that there is something new.

use clap::{Args, Subcommand};
use plugins::strava::subscription::{self, Subscribed};
use serde_json::json;

use super::problem;
use crate::cli::Form;
use crate::config::Config;
use crate::{error, output, program};

const AFTER_HELP: &str = "\
Examples:
  paceline strava webhook create    while `paceline serve` runs and is reachable from outside
  paceline strava webhook show
  paceline strava webhook delete

FITNESS_STRAVA_WEBHOOK_URL says where Strava reaches the server, such as
https://runs.example.org/api/v1/webhooks/strava. Without webhooks, syncs by schedule find the same.";
const CREATE_HELP: &str = "\
Example:
  paceline strava webhook create";
const SHOW_HELP: &str = "\
Example:
  paceline strava webhook show --json";
const DELETE_HELP: &str = "\
Example:
  paceline strava webhook delete";

/// Makes, shows and ends the subscription to webhooks
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Webhook {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Asks Strava to tell what is new
    #[command(after_help = CREATE_HELP)]
    Create(Form),
    /// Shows the subscription of the application
    #[command(after_help = SHOW_HELP)]
    Show(Form),
    /// Ends the subscription, whoever made it
    #[command(after_help = DELETE_HELP)]
    Delete(Form),
}

impl Webhook {
    pub(super) fn form(&self) -> Form {
        match self.verb {
            Verb::Create(form) | Verb::Show(form) | Verb::Delete(form) => form,
        }
    }

    pub(super) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        let means = program::means(config, program::store(config).await?);
        let (form, options) = (self.form(), &config.strava);
        let (there, verb) = match self.verb {
            Verb::Create(_) => (Some(subscription::create(&means, options).await.map_err(problem)?), "made"),
            Verb::Show(_) => (subscription::show(&means, options).await.map_err(problem)?, "there"),
            Verb::Delete(_) => (subscription::delete(&means, options).await.map_err(problem)?, "ended"),
        };
        tell(there.as_ref(), verb, form)?;
        Ok(error::DONE)
    }
}

fn tell(there: Option<&Subscribed>, verb: &str, form: Form) -> anyhow::Result<()> {
    if form.json {
        let one = |one: &Subscribed| json!({ "id": one.id, "address": one.address, "ours": one.is_ours });
        return output::json(&json!({ "subscription": there.map(one) }));
    }
    match there {
        Some(one) => {
            let whose = if one.is_ours { "" } else { ", made by another installation" };
            output::line(format!("subscription {} is {verb}: {}{whose}", one.id, one.address))?;
        }
        None => output::note("there is no subscription; `paceline strava webhook create` makes one"),
    }
    Ok(())
}
