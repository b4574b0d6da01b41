//! `paceline explain day`: the numbers of one day.

use clap::Args;
use fitness::metric::{self, Metric, Of};
use fitness::records::explain_day;
use jiff::civil::Date;

use super::activity::{in_full, table};
use crate::cli::{Form, Whose, date};
use crate::config::Config;
use crate::error::{self, Problem};
use crate::{output, program};

const AFTER_HELP: &str = "\
Examples:
  paceline explain day 2026-05-02
  paceline explain day 2026-05-02 tsb
  paceline explain day 2026-05-02 --json    one object a line for each number";

/// Explains the numbers of a day, or one of them in full
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Day {
    /// The day
    #[arg(value_name = "DATE", value_parser = date)]
    day: Date,
    /// The number, by the name that `days --json` has
    #[arg(value_name = "FIELD", value_parser = number)]
    field: Option<&'static Metric>,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    pub(super) form: Form,
}

fn number(name: &str) -> Result<&'static Metric, String> {
    metric::find(Of::Day, name)
        .ok_or_else(|| format!("`{name}` is no number of a day; docs/METRICS.md lists them"))
}

impl Day {
    pub(super) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        let store = program::store(config).await?;
        let (athlete, day, field) = (self.whose.athlete, self.day, self.field);
        let found = store.read(move |tx| explain_day::day(tx, &athlete, day, field)).await?;
        let Some(explanations) = found else {
            let problem = Problem::new("not_found", format!("nothing is known of {day}"));
            return Err(problem.hint("`paceline days` lists the days that are").into());
        };
        if self.form.json {
            explanations.iter().try_for_each(output::json)?;
        } else if self.field.is_some() {
            explanations.iter().try_for_each(|explanation| output::line(in_full(explanation)))?;
        } else {
            output::line(table(&explanations).to_string())?;
            output::note("`paceline explain day DATE FIELD` tells how one of them came about");
        }
        Ok(error::DONE)
    }
}
