//! `paceline demo`: writes the export of a demo athlete.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, ValueEnum};
use engine::clock::Clock;
use files::demo::{Export, Exported};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::json;

use crate::cli::Form;
use crate::{error, output, units};

const AFTER_HELP: &str = "\
Examples:
  paceline demo demo.zip && paceline import demo.zip
  paceline demo ./demo --language de --years 1

The same seed, years and language give the same export; its last day is yesterday.";

const YEAR_DAYS: u32 = 365;

/// Writes an export of an athlete who does not exist, to try Paceline with
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Demo {
    /// A zip file where it ends with `.zip`, else a folder; it is made where it is missing
    #[arg(value_name = "PATH")]
    path: PathBuf,
    /// How many years back the history goes
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=10))]
    years: u32,
    /// The language of the export
    #[arg(long, value_enum, default_value_t = Language::En)]
    language: Language,
    /// Another seed is another athlete
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    pub(crate) form: Form,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Language {
    /// English
    En,
    /// German
    De,
}

impl Demo {
    pub(crate) fn run(self) -> anyhow::Result<u8> {
        let last_day = last_day(Clock::system().now_ms())?;
        let wanted = Export {
            seed: self.seed,
            last_day,
            days: self.years * YEAR_DAYS,
            language: match self.language {
                Language::En => files::demo::Language::English,
                Language::De => files::demo::Language::German,
            },
            every_second: false,
        };
        let written = files::demo::export(&self.path, &wanted)
            .with_context(|| format!("cannot write to `{}`", self.path.display()))?;
        self.tell(&wanted, &written)?;
        Ok(error::DONE)
    }

    fn tell(&self, wanted: &Export, written: &Exported) -> anyhow::Result<()> {
        if self.form.json {
            return output::json(&json!({
                "path": self.path,
                "activities": written.rows,
                "files": written.files,
                "bytes": written.bytes,
                "samples": written.samples,
                "last_day": wanted.last_day,
            }));
        }
        let activities = units::count(usize::try_from(written.rows)?, "activity", "activities");
        let years = units::count(usize::try_from(self.years)?, "year", "years");
        let (files, path) = (written.files, self.path.display());
        output::line(format!("{activities} of {years}, {files} of them recorded, in `{path}`"))?;
        output::note(format!("`paceline import {path}` reads them"));
        Ok(())
    }
}

/// The last day of which nothing lies in the future, wherever the athlete is: the times of day are UTC.
fn last_day(now_ms: i64) -> anyhow::Result<Date> {
    Ok(Timestamp::from_millisecond(now_ms)?.to_zoned(TimeZone::UTC).date().yesterday()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_ends_before_today() {
        let morning: Timestamp = "2026-11-20T04:00:00Z".parse().unwrap();
        assert_eq!(last_day(morning.as_millisecond()).unwrap(), jiff::civil::date(2026, 11, 19));
    }
}
