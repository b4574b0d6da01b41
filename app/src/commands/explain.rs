//! `paceline explain`: how a number came about.

mod activity;
mod day;

use clap::{Args, Subcommand};

use crate::cli::Form;
use crate::config::Config;

const AFTER_HELP: &str = "\
Examples:
  paceline explain activity ejlnplolwatsywwes7pz37tiki
  paceline explain activity ejlnplolwatsywwes7pz37tiki load
  paceline explain day 2026-05-02 monotony

docs/METRICS.md tells the same of every number, without the values.";

/// Tells how a number came about: formula, source, inputs, choices
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Explain {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Activity(activity::Activity),
    Day(day::Day),
}

impl Explain {
    pub(crate) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        match self.what {
            What::Activity(activity) => activity.run(config).await,
            What::Day(day) => day.run(config).await,
        }
    }

    pub(crate) fn form(&self) -> Form {
        match &self.what {
            What::Activity(activity) => activity.form,
            What::Day(day) => day.form,
        }
    }
}
