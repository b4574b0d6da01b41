//! The details of each activity: what its list leaves out, its laps and its efforts on segments.

use std::time::Duration;

use engine::context::StepContext;
use engine::step::{ConfigError, Gather, Step, StepError};
use fitness::Changes;
use fitness::recording::Samples;
use fitness::records::intake::Intake;
use fitness::records::strava::activity::{self, Due, Part};
use fitness::records::strava::effort::{self, Effort};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::fetch::{self, Fetch, Outcome};
use super::pace;
use crate::client::Client;
use crate::listing::Stored;
use crate::mark::Mark;
use crate::options::Options;
use crate::part;
use crate::steps::Made;
use crate::wire::{self, Detail, Summary};

/// How long and how far a run fetches details.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct DetailsConfig {
    /// Where a window of the quota is spent, it is waited for while the step is younger than this, such as `45m`; then
    /// the next run goes on. The end of a day is never waited for.
    patience: String,
    /// How many activities the details may be ahead of the samples, so that both share what may be asked; 0 where
    /// nothing asks for samples.
    ahead: u32,
}

impl Default for DetailsConfig {
    fn default() -> Self {
        Self { patience: pace::PATIENCE.to_owned(), ahead: 40 }
    }
}

/// Reads the details of activities that are new or another than before.
#[derive(Debug)]
pub(crate) struct Details {
    client: Client,
    patience: Duration,
    ahead: Option<u32>,
}

impl Step for Details {
    const KIND: &'static str = "strava.details";
    const ABOUT: &'static str =
        "Reads laps, gear, segment efforts and notes of activities, the newest first.";
    type Config = DetailsConfig;
    type Input = (Gather<Changes>,);
    type Output = Changes;

    fn build(config: DetailsConfig) -> Result<Self, ConfigError> {
        Self::made(config, &Options::default())
    }

    // What is due stands in the store, whichever run listed it.
    async fn run(&self, ctx: &StepContext, _changes: (Gather<Changes>,)) -> Result<Changes, StepError> {
        fetch::run(ctx, &self.client, self.patience, &OfOne { ahead: self.ahead }).await
    }
}

impl Made for Details {
    fn made(config: DetailsConfig, options: &Options) -> Result<Self, ConfigError> {
        let ahead = (config.ahead > 0).then_some(config.ahead);
        let patience = pace::duration("patience", &config.patience)?;
        Ok(Self { client: Client::new(options.clone()), patience, ahead })
    }
}

/// The details of one activity.
struct OfOne {
    ahead: Option<u32>,
}

impl Fetch for OfOne {
    const PART: Part = Part::Detail;
    const QUERY: &'static [(&'static str, &'static str)] = &QUERY;

    fn path(strava_id: i64) -> String {
        path(strava_id)
    }

    fn ahead(&self) -> Option<u32> {
        self.ahead
    }

    async fn keep(ctx: &StepContext, mark: &mut Mark<()>, due: Due, told: Value) -> Result<bool, StepError> {
        keep(ctx, mark, due, told).await
    }

    async fn none(_: &StepContext, _: &mut Mark<()>, _: &Due) -> Result<Outcome, StepError> {
        Ok(Outcome::Gone)
    }
}

/// What is asked along with it.
pub(super) const QUERY: [(&str, &str); 1] = [("include_all_efforts", "true")];

/// Where the details of an activity are.
pub(super) fn path(strava_id: i64) -> String {
    format!("activities/{strava_id}")
}

/// Keeps details, and computes the activity anew with them; false where they cannot be read.
pub(super) async fn keep(
    ctx: &StepContext,
    mark: &mut Mark<()>,
    due: Due,
    told: Value,
) -> Result<bool, StepError> {
    let strava_id = due.strava_id;
    part::keep(ctx, mark, strava_id, Told { due, now_ms: ctx.clock.now_ms(), value: told }).await
}

/// Details as they came.
struct Told {
    due: Due,
    now_ms: i64,
    value: Value,
}

impl part::Part for Told {
    fn beside(&self, _: &Summary, stored: &Stored) -> Option<(Option<Detail>, Samples)> {
        let detail = Detail::read(&self.value).ok().filter(|detail| detail.id == self.due.strava_id)?;
        Some((Some(detail), stored.samples()))
    }

    fn put(&self, intake: &mut Intake<'_, '_>) -> store::Result<bool> {
        let athlete = intake.athlete;
        if !activity::put_detail(intake.tx, athlete, &self.due, &self.value.to_string(), self.now_ms)? {
            return Ok(false);
        }
        effort::forget(intake.tx, athlete, self.due.strava_id)?;
        effort::put(intake.tx, athlete, &efforts(&self.value), self.now_ms)?;
        Ok(true)
    }
}

fn efforts(told: &Value) -> Vec<Effort> {
    let efforts = told.get("segment_efforts").and_then(Value::as_array).into_iter().flatten();
    efforts.filter_map(|effort| wire::Effort::read(effort).ok()).map(wire::Effort::into_record).collect()
}
