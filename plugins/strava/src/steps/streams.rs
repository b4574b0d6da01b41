//! The samples of each activity.

use std::time::Duration;

use engine::context::StepContext;
use engine::step::{ConfigError, Gather, Step, StepError};
use fitness::Changes;
use fitness::recording::Samples;
use fitness::records::intake::Intake;
use fitness::records::strava::activity::{self, Due, Part, StreamsState};
use serde_json::Value;

use super::fetch::{self, Fetch, FetchConfig, Outcome};
use crate::client::Client;
use crate::decode;
use crate::listing::{Stored, blocking};
use crate::mark::Mark;
use crate::options::Options;
use crate::part;
use crate::steps::Made;
use crate::wire::{Detail, KEYS, Streams, Summary, streams_of};

/// Reads the samples of activities that are new or were recorded anew.
#[derive(Debug)]
pub(crate) struct StreamsStep {
    client: Client,
    patience: Duration,
}

impl Step for StreamsStep {
    const KIND: &'static str = "strava.streams";
    const ABOUT: &'static str = "Reads the samples of activities, the newest first.";
    type Config = FetchConfig;
    type Input = (Gather<Changes>,);
    type Output = Changes;

    fn build(config: FetchConfig) -> Result<Self, ConfigError> {
        Self::made(config, &Options::default())
    }

    // What is due stands in the store, whichever run listed it.
    async fn run(&self, ctx: &StepContext, _changes: (Gather<Changes>,)) -> Result<Changes, StepError> {
        fetch::run(ctx, &self.client, self.patience, &OfOne).await
    }
}

impl Made for StreamsStep {
    fn made(config: FetchConfig, options: &Options) -> Result<Self, ConfigError> {
        Ok(Self { client: Client::new(options.clone()), patience: config.patience()? })
    }
}

/// The samples of one activity.
struct OfOne;

impl Fetch for OfOne {
    const PART: Part = Part::Streams;
    const QUERY: &'static [(&'static str, &'static str)] = &[("keys", KEYS), ("key_by_type", "true")];

    fn path(strava_id: i64) -> String {
        format!("activities/{strava_id}/streams")
    }

    async fn keep(ctx: &StepContext, mark: &mut Mark<()>, due: Due, told: Value) -> Result<bool, StepError> {
        if is_nothing(&told) {
            return Self::none(ctx, mark, &due).await.map(|_| true);
        }
        let Ok(streams) = blocking(move || Streams::read(&told)).await? else { return Ok(false) };
        let (strava_id, streams_of) = (due.strava_id, hangs_on(&due));
        let told = Told { strava_id, streams_of, now_ms: ctx.clock.now_ms(), streams };
        part::keep(ctx, mark, strava_id, told).await
    }

    // One that was typed in has none, and one that is gone is found by its details and by the sweep.
    async fn none(ctx: &StepContext, mark: &mut Mark<()>, due: &Due) -> Result<Outcome, StepError> {
        let (strava_id, streams_of, now_ms) = (due.strava_id, hangs_on(due), ctx.clock.now_ms());
        let write = move |intake: &mut Intake<'_, '_>| {
            let which = (strava_id, streams_of.as_str());
            activity::put_streams(intake.tx, intake.athlete, which, StreamsState::None, now_ms).map(drop)
        };
        mark.commit(ctx, (), write).await?;
        Ok(Outcome::Done)
    }
}

/// Samples as they came.
struct Told {
    strava_id: i64,
    streams_of: String,
    now_ms: i64,
    streams: Streams,
}

impl part::Part for Told {
    fn beside(&self, summary: &Summary, stored: &Stored) -> Option<(Option<Detail>, Samples)> {
        Some((stored.detail(), decode::samples(summary, &self.streams)))
    }

    fn put(&self, intake: &mut Intake<'_, '_>) -> store::Result<bool> {
        let which = (self.strava_id, self.streams_of.as_str());
        activity::put_streams(intake.tx, intake.athlete, which, StreamsState::Kept, self.now_ms)
    }
}

/// True where the answer is whole and names no stream.
fn is_nothing(told: &Value) -> bool {
    let is_empty_list = told.as_array().is_some_and(Vec::is_empty);
    is_empty_list || told.as_object().is_some_and(serde_json::Map::is_empty)
}

fn hangs_on(due: &Due) -> String {
    let value: Value = serde_json::from_str(&due.summary).unwrap_or_default();
    streams_of(&value)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_empty_list_or_object_names_no_stream() {
        let found = [json!({}), json!([]), json!({ "time": {} }), json!([1]), json!(null), json!("")];
        assert_eq!(found.map(|told| is_nothing(&told)), [true, true, false, false, false, false]);
    }
}
