//! What webhooks hinted at: each id is looked at, and nothing of a delivery is believed.

use std::collections::BTreeSet;
use std::time::Duration;

use engine::context::StepContext;
use engine::step::{Cause, ConfigError, Step, StepError};
use fitness::Changes;
use fitness::records::intake::Intake;
use fitness::records::strava::activity::{self, Due};
use fitness::records::strava::connection;
use fitness::records::strava::hint::{self, Hint};
use fitness::records::strava::quota::Purpose;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::details;
use super::tried::may_be_its_own;
use crate::client::{Client, Reply};
use crate::connection::{Asked, disconnect, go_on};
use crate::decode;
use crate::gone::{Found, Guard};
use crate::listing::{self, Changed, Stored};
use crate::mark::Mark;
use crate::options::Options;
use crate::steps::Made;
use crate::wire;

/// Several hints of one activity follow each other: they are collected until none came for this long, which is long
/// enough for the run to hold nothing up meanwhile.
const COLLECT_MS: i64 = 61_000;
/// No hint waits longer for others.
const COLLECT_MOST_MS: i64 = 300_000;
/// Hints that are looked into in one go.
const BATCH: u32 = 100;
/// What fails so often is left for the list and the sweep to find.
const ATTEMPTS: u32 = 3;
/// Where more fail at once it is not they.
const FAILED_MOST: usize = 2;

/// Looks into what webhooks hinted at.
#[derive(Debug)]
pub(crate) struct Hints {
    client: Client,
    options: Options,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct HintsConfig {}

impl Step for Hints {
    const KIND: &'static str = "strava.hints";
    const ABOUT: &'static str = "Looks up the activities that Strava's webhooks hinted at.";
    type Config = HintsConfig;
    type Input = ();
    type Output = Changes;

    fn build(config: HintsConfig) -> Result<Self, ConfigError> {
        Self::made(config, &Options::default())
    }

    async fn run(&self, ctx: &StepContext, (): ()) -> Result<Changes, StepError> {
        let mut mark = Mark::<()>::begin(ctx).await?;
        if go_on(ctx, &self.options).await? {
            return Ok(mark.changes);
        }
        let athlete = ctx.run.partition.clone();
        let connection = ctx.read(move |tx| connection::get(tx, &athlete)).await?;
        let Some(owner_id) = connection.and_then(|connection| connection.strava_id) else {
            return Ok(mark.changes);
        };
        collect(ctx, owner_id).await?;
        let mut guard = Guard::begin(ctx, Found::OneByOne).await?;
        loop {
            let hints = ctx.read(move |tx| hint::list(tx, owner_id, BATCH)).await?;
            if hints.is_empty() {
                return Ok(mark.changes);
            }
            self.look_into(ctx, &mut mark, &mut guard, owner_id, hints).await?;
        }
    }
}

impl Made for Hints {
    fn made(_: HintsConfig, options: &Options) -> Result<Self, ConfigError> {
        Ok(Self { client: Client::new(options.clone()), options: options.clone() })
    }
}

impl Hints {
    /// Looks at each id once, and forgets its hints with what was found.
    async fn look_into(
        &self,
        ctx: &StepContext,
        mark: &mut Mark<()>,
        guard: &mut Guard,
        owner_id: i64,
        hints: Vec<Hint>,
    ) -> Result<(), StepError> {
        if hints.iter().any(|hint| hint.is_deauthorization) && self.is_taken_back(ctx).await? {
            let message = "the athlete has taken the grant back at Strava; what came from there is removed";
            return Err(StepError::Hopeless(Cause::new("strava_deauthorized", message)));
        }
        let ids: BTreeSet<i64> =
            hints.iter().filter(|hint| hint.object_type == "activity").map(|hint| hint.object_id).collect();
        let mut failed = Vec::new();
        for strava_id in ids {
            match self.look_at(ctx, strava_id).await {
                Ok(Reply::Told(told)) if is_of(&told, (owner_id, strava_id)) => {
                    keep(ctx, mark, strava_id, told).await?;
                }
                Ok(Reply::Gone) => guard.remove(ctx, mark, strava_id).await?,
                // The sweep finds it.
                Ok(Reply::Told(_) | Reply::NotEntitled | Reply::Faulty(_)) => {}
                Err(error) if ctx.attempt >= ATTEMPTS && is_passed_over(&error, failed.len()) => {
                    failed.push(error);
                }
                Err(error) => return Err(error),
            }
        }
        // Where Strava answers, one activity at which it fails must not keep its hint, and all that follow, for ever.
        if let Some(error) = failed.into_iter().next()
            && !self.answers(ctx).await?
        {
            return Err(error);
        }
        ctx.commit(move |tx, _| hints.iter().try_for_each(|looked| hint::remove(tx, looked))).await
    }

    async fn look_at(&self, ctx: &StepContext, strava_id: i64) -> Result<Reply, StepError> {
        self.client.get(ctx, &details::path(strava_id), &details::QUERY, Purpose::Fresh).await
    }

    /// Whether Strava answers to something.
    async fn answers(&self, ctx: &StepContext) -> Result<bool, StepError> {
        match self.client.get(ctx, "athlete", &[], Purpose::Fresh).await {
            Err(StepError::Cancelled) => Err(StepError::Cancelled),
            reply => Ok(matches!(reply, Ok(Reply::Told(_)))),
        }
    }

    /// Asks Strava whether the grant is taken back, as somebody said; what is then to be removed is.
    async fn is_taken_back(&self, ctx: &StepContext) -> Result<bool, StepError> {
        if !self.client.is_refused(ctx).await? {
            return Ok(false);
        }
        let (means, athlete) = (ctx.means()?, &ctx.run.partition);
        let done = disconnect(&means, &self.options, athlete, Asked::AtStrava).await;
        done.map_err(StepError::Failed)?;
        Ok(true)
    }
}

/// Waits until nothing more was hinted at for a while.
async fn collect(ctx: &StepContext, owner_id: i64) -> Result<(), StepError> {
    let span_ms = ctx.read(move |tx| hint::span_ms(tx, owner_id)).await?;
    let Some((oldest_ms, newest_ms)) = span_ms else { return Ok(()) };
    let now_ms = ctx.clock.now_ms();
    // One of the future was received by a clock that counts no more.
    let is_new = (0..COLLECT_MS).contains(&(now_ms - newest_ms));
    if !is_new || now_ms - oldest_ms >= COLLECT_MOST_MS {
        return Ok(());
    }
    let after = Duration::from_millis(COLLECT_MS.unsigned_abs());
    let source = Cause::new("collecting", "more hints may follow; they are looked into together");
    Err(StepError::Later { after, source })
}

/// Whether a failure is one activity's, of which there are not many.
fn is_passed_over(error: &StepError, before: usize) -> bool {
    may_be_its_own(error) && before < FAILED_MOST
}

/// True where an answer is of the activity that was asked for, and of the athlete.
fn is_of(told: &Value, (owner_id, strava_id): (i64, i64)) -> bool {
    wire::has_id(told, strava_id) && wire::is_of_athlete(told, owner_id)
}

/// Keeps what the details say, as if a list had said it too.
async fn keep(ctx: &StepContext, mark: &mut Mark<()>, strava_id: i64, told: Value) -> Result<(), StepError> {
    let listed = listing::listed(&wire::as_listed(&told)).filter(|(listed, _)| listed.strava_id == strava_id);
    let Some((mut listed, summary)) = listed else { return Ok(()) };
    let (athlete, now_ms) = (ctx.run.partition.clone(), ctx.clock.now_ms());
    listed.activity_id = decode::activity_id(&athlete, strava_id);
    let (zone, kept, stored) = ctx
        .read(move |tx| {
            let kept = activity::known(tx, &athlete, &[strava_id])?.remove(&strava_id);
            Ok((listing::time_zone(tx, &athlete)?, kept, Stored::read(tx, &athlete, strava_id)?))
        })
        .await?;
    let athlete = ctx.run.partition.clone();
    let changed = Changed::of(&athlete, &zone, (listed, kept), &summary, &stored);
    let due = Due {
        strava_id,
        activity_id: changed.listed.activity_id.clone(),
        start_ms: changed.listed.start_ms,
        summary: changed.listed.summary.clone(),
        summary_sha256: changed.listed.summary_sha256.clone(),
        detail: None,
    };
    let write =
        move |intake: &mut Intake<'_, '_>| listing::write(intake, std::slice::from_ref(&changed), now_ms);
    mark.commit(ctx, (), write).await?;
    details::keep(ctx, mark, due, told).await.map(drop)
}
