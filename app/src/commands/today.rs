//! `paceline today`: what to do, why, and how that came about.

mod card;
mod ink;

use anyhow::Context;
use clap::Args;
use engine::clock::Clock;
use jiff::civil::Date;
use serde_json::{Value, json};

use crate::cli::{Form, Whose, date};
use crate::config::Config;
use crate::{error, output, question};

const AFTER_HELP: &str = "\
Examples:
  paceline today
  paceline today --date 2026-05-02
  paceline today --json             the same bytes for the same store and date

There is colour on a terminal, unless NO_COLOR is set.";

/// What the plugin that advises is asked.
const QUERY: &str = "insights.daily";

/// Says what to do today, why, and which rules lost
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Today {
    /// Another day
    #[arg(long, value_name = "DATE", value_parser = date)]
    date: Option<Date>,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    pub(crate) form: Form,
}

impl Today {
    pub(crate) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        let params = self.date.map_or_else(|| json!({}), |date| json!({ "date": date }));
        let insight = question::ask(config, self.whose.athlete, QUERY, params).await?;
        show(insight, self.date, self.form)?;
        Ok(error::DONE)
    }
}

/// Shows an insight as a card, or as it is.
pub(super) fn show(insight: Value, date: Option<Date>, form: Form) -> anyhow::Result<()> {
    if form.json {
        return output::json(&insight);
    }
    let insight: card::Insight = serde_json::from_value(insight).context("cannot read the insight")?;
    Ok(insight.card(date, Clock::system().now_ms()).show()?)
}
