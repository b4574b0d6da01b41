//! `paceline strava retry`: asks again for the activities at which Strava failed.

use clap::Args;
use fitness::records::strava::activity;
use serde_json::json;

use crate::cli::{Form, Whose};
use crate::config::Config;
use crate::{error, output, units};

const AFTER_HELP: &str = "\
Examples:
  paceline strava retry
  paceline strava retry --list      which these are, and what Strava answered";

/// Shown at once.
const MOST: u32 = 1_000;

/// Asks again for the activities at which Strava failed
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Retry {
    /// Only say which these are
    #[arg(long)]
    list: bool,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    pub(super) form: Form,
}

impl Retry {
    pub(super) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        let (engine, _) = super::engine(config, &self.whose.athlete).await?;
        let athlete = self.whose.athlete.clone();
        let read = engine.store().read(move |tx| {
            Ok((activity::faulty(tx, &athlete, MOST)?, activity::counts(tx, &athlete)?.faulty))
        });
        let (faulty, all) = read.await?;
        if !self.list {
            let athlete = self.whose.athlete.clone();
            engine.store().write(move |tx| activity::retry_faulty(tx, &athlete)).await?;
        }
        if self.form.json {
            let items = faulty.iter().map(
                |(strava_id, id, code)| json!({ "id": id, "strava_id": strava_id.to_string(), "code": code }),
            );
            output::json(
                &json!({ "items": items.collect::<Vec<_>>(), "all": all, "asked_again": !self.list }),
            )?;
            return Ok(error::DONE);
        }
        for (strava_id, id, code) in &faulty {
            output::line(format!("{id}  {strava_id}  {}", code.as_deref().unwrap_or_default()))?;
        }
        if all as usize > faulty.len() {
            output::line(format!("… and {} more", all as usize - faulty.len()))?;
        }
        let these = units::count(all as usize, "activity is", "activities are");
        let what = if self.list { "left alone" } else { "asked for again by the next sync" };
        output::line(format!("{these} {what}"))?;
        Ok(error::DONE)
    }
}
