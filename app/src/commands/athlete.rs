//! `paceline athlete`: what the athlete says of himself or herself.

mod set;
mod show;

use clap::{Args, Subcommand};

use crate::cli::Form;
use crate::config::Config;

const AFTER_HELP: &str = "\
Examples:
  paceline athlete show
  paceline athlete set --hr-rest 50 --hr-max 190 --lthr 170
  paceline athlete set --ftp 260 --from 2026-03-01";

/// Sets or shows thresholds, weight and time zone
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Athlete {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    // Boxed, because it has an option for each setting.
    Set(Box<set::Set>),
    Show(show::Show),
}

impl Athlete {
    pub(crate) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        match self.verb {
            Verb::Set(set) => set.run(config).await,
            Verb::Show(show) => show.run(config).await,
        }
    }

    pub(crate) fn form(&self) -> Form {
        match &self.verb {
            Verb::Set(set) => set.form,
            Verb::Show(show) => show.form,
        }
    }
}
