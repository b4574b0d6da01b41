//! `paceline weather`: what it was like where you were, and what it will be at home.

mod backfill;
mod home;
mod show;

use clap::{Args, Subcommand};

pub(crate) use show::{age, in_short};

use crate::cli::Form;
use crate::config::Config;

const AFTER_HELP: &str = "\
Examples:
  paceline weather show ejlnplolwatsywwes7pz37tiki     of an activity
  paceline weather show 2026-05-02                     of a day
  paceline weather home 47.05,8.31                     whose forecast `today` shows
  paceline weather backfill                            of the past; it says first what that costs

Weather data by Open-Meteo.com; docs/WEATHER.md tells what is asked for, when and how often.";

/// Shows the weather of activities and days, and looks up what is missing
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Weather {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Show(show::Show),
    Home(home::Home),
    Backfill(backfill::Backfill),
}

impl Weather {
    pub(crate) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        match self.verb {
            Verb::Show(show) => show.run(config).await,
            Verb::Home(home) => home.run(config).await,
            Verb::Backfill(backfill) => backfill.run(config).await,
        }
    }

    pub(crate) fn form(&self) -> Form {
        match &self.verb {
            Verb::Show(show) => show.form,
            Verb::Home(home) => home.form,
            Verb::Backfill(backfill) => backfill.form,
        }
    }
}
