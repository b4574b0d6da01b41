//! The details of each activity: what its list leaves out, its laps and its efforts on segments.

use std::time::Duration;

use engine::context::StepContext;
use engine::step::{ConfigError, Gather, Step, StepError};
use fitness::Changes;
use fitness::recording::Samples;
use fitness::records::intake::Intake;
use fitness::records::strava::activity::{self, Due, Part};
use fitness::records::strava::effort::{self, Effort};
use fitness::records::strava::quota::Purpose;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::fetch::{self, Fetch, Outcome};
use crate::client::{Client, Reply};
use crate::decode;
use crate::gone;
use crate::listing::{self, blocking};
use crate::mark::Mark;
use crate::options::Options;
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
        Self { patience: fetch::PATIENCE.to_owned(), ahead: 40 }
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
        let patience = fetch::duration("patience", &config.patience)?;
        Ok(Self { client: Client::new(options.clone()), patience, ahead })
    }
}

/// Asks for the details of one activity.
struct OfOne {
    ahead: Option<u32>,
}

impl Fetch for OfOne {
    const PART: Part = Part::Detail;

    fn ahead(&self) -> Option<u32> {
        self.ahead
    }

    async fn fetch(
        &self,
        ctx: &StepContext,
        client: &Client,
        mark: &mut Mark<()>,
        due: Due,
    ) -> Result<Outcome, StepError> {
        let path = format!("activities/{}", due.strava_id);
        let query = [("include_all_efforts", "true")];
        match client.get(ctx, &path, &query, Purpose::Past).await? {
            Reply::Told(told) => keep(ctx, mark, due, told).await,
            Reply::Gone => {
                gone(ctx, mark, due).await?;
                Ok(Outcome::Done)
            }
            Reply::NotEntitled | Reply::Faulty(_) => Ok(Outcome::Faulty),
        }
    }
}

async fn gone(ctx: &StepContext, mark: &mut Mark<()>, due: Due) -> Result<(), StepError> {
    let now_ms = ctx.clock.now_ms();
    let remove =
        move |intake: &mut Intake<'_, '_>| gone::forget(intake, (due.strava_id, &due.activity_id), now_ms);
    mark.commit(ctx, (), remove).await
}

/// Keeps details, and computes the activity anew with them.
pub(super) async fn keep(
    ctx: &StepContext,
    mark: &mut Mark<()>,
    due: Due,
    told: Value,
) -> Result<Outcome, StepError> {
    let (athlete, strava_id) = (ctx.run.partition.clone(), due.strava_id);
    let (zone, stored) = ctx
        .read(move |tx| {
            Ok((listing::time_zone(tx, &athlete)?, listing::Stored::read(tx, &athlete, strava_id)?))
        })
        .await?;
    let athlete = ctx.run.partition.clone();
    let read = blocking(move || {
        let summary = serde_json::from_str(&due.summary).ok().and_then(|value| Summary::read(&value).ok())?;
        let detail = Detail::read(&told).ok()?;
        let samples: Samples = stored.samples();
        let entry = decode::entry(&athlete, &summary, Some(&detail), samples, &zone);
        let row = decode::told(&athlete, &summary, Some(&detail));
        Some((due, entry, row, efforts(&told), told.to_string()))
    });
    let Some((due, entry, row, efforts, told)) = read.await? else { return Ok(Outcome::Faulty) };
    let now_ms = ctx.clock.now_ms();
    let write = move |intake: &mut Intake<'_, '_>| {
        let athlete = intake.athlete;
        activity::put_detail(intake.tx, athlete, &due, &told, now_ms)?;
        effort::forget(intake.tx, athlete, due.strava_id)?;
        effort::put(intake.tx, athlete, &efforts, now_ms)?;
        listing::write_one(intake, &entry, &row)
    };
    mark.commit(ctx, (), write).await?;
    Ok(Outcome::Done)
}

fn efforts(told: &Value) -> Vec<Effort> {
    let efforts = told.get("segment_efforts").and_then(Value::as_array).into_iter().flatten();
    efforts.filter_map(|effort| wire::Effort::read(effort).ok()).map(wire::Effort::into_record).collect()
}
