//! `paceline demo`: writes the files of a demo athlete.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use engine::clock::Clock;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::json;

use crate::cli::Form;
use crate::{error, output, units};

const AFTER_HELP: &str = "\
Example:
  paceline demo ./demo --seed 1 && paceline import ./demo

The same seed and days give the same files; the last day is today.";

/// Writes a year of plausible FIT files, to try Paceline with
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Demo {
    /// The folder to write to; it is made where it is missing
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Another seed is another athlete
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// How many days back the history goes
    #[arg(long, value_name = "N", default_value_t = 365, value_parser = clap::value_parser!(u32).range(1..=3660))]
    days: u32,
    #[command(flatten)]
    pub(crate) form: Form,
}

impl Demo {
    pub(crate) fn run(self) -> anyhow::Result<u8> {
        let today =
            Timestamp::from_millisecond(Clock::system().now_ms())?.to_zoned(TimeZone::system()).date();
        let written = files::demo::write(&self.folder, self.seed, today, self.days)
            .with_context(|| format!("cannot write to `{}`", self.folder.display()))?;
        if self.form.json {
            output::json(&json!({
                "folder": self.folder,
                "files": written.files,
                "bytes": written.bytes,
                "first_day": written.first_day,
                "last_day": written.last_day,
            }))?;
        } else {
            let files = units::count(usize::try_from(written.files)?, "file", "files");
            let days = format!("{} to {}", written.first_day, written.last_day);
            output::line(format!("{files} from {days} in `{}`", self.folder.display()))?;
            output::note(format!("`paceline import {}` reads them", self.folder.display()));
        }
        Ok(error::DONE)
    }
}
