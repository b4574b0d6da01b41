//! `paceline data`: what is kept of you, taken out or deleted.

mod delete;
mod export;
mod report;

use clap::{Args, Subcommand};

use crate::cli::Form;
use crate::config::Config;

const AFTER_HELP: &str = "\
Examples:
  paceline data report              what is kept, where it came from, what goes when
  paceline data export mine.zip     all of it, in one archive
  paceline data delete --provenance strava_api

docs/STRAVA.md tells what is kept of Strava, for how long, and why.";

/// Shows, takes out or deletes what is kept of you
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Data {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Report(report::Report),
    Export(export::Export),
    Delete(delete::Delete),
}

impl Data {
    pub(crate) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        match self.verb {
            Verb::Report(report) => report.run(config).await,
            Verb::Export(export) => export.run(config).await,
            Verb::Delete(delete) => delete.run(config).await,
        }
    }

    pub(crate) fn form(&self) -> Form {
        match &self.verb {
            Verb::Report(report) => report.form,
            Verb::Export(export) => export.form,
            Verb::Delete(delete) => delete.form,
        }
    }
}
