//! What webhooks hinted at: each id is looked at, and nothing of a delivery is believed.

use std::collections::BTreeMap;
use std::time::Duration;

use engine::context::StepContext;
use engine::step::{Cause, ConfigError, Step, StepError};
use fitness::Changes;
use fitness::records::intake::Intake;
use fitness::records::strava::activity::{self, Due};
use fitness::records::strava::connection;
use fitness::records::strava::hint::{self, Hint};
use fitness::records::strava::quota::Purpose;
use fitness::records::{change_number, stale_day};
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
            return deleted(ctx, mark.changes).await;
        }
        let athlete = ctx.run.partition.clone();
        let connection = ctx.read(move |tx| connection::get(tx, &athlete)).await?;
        let Some(owner_id) = connection.and_then(|connection| connection.strava_id) else {
            // Another run may have been cut right after it removed everything.
            return deleted(ctx, mark.changes).await;
        };
        collect(ctx, owner_id).await?;
        let mut guard = Guard::begin(ctx, Found::OneByOne).await?;
        loop {
            let hints = ctx.read(move |tx| hint::list(tx, owner_id, BATCH)).await?;
            if hints.is_empty() {
                return Ok(mark.changes);
            }
            let (of_athlete, of_activities): (Vec<_>, Vec<_>) =
                hints.into_iter().partition(|hint| hint.object_type != "activity");
            let is_said = of_athlete.iter().any(|hint| hint.is_deauthorization);
            if is_said && is_taken_back(ctx, &self.options).await? {
                return deleted(ctx, mark.changes).await;
            }
            forget(ctx, of_athlete).await?;
            self.look_into(ctx, &mut mark, &mut guard, owner_id, of_activities).await?;
        }
    }
}

impl Made for Hints {
    fn made(_: HintsConfig, options: &Options) -> Result<Self, ConfigError> {
        Ok(Self { client: Client::new(options.clone()), options: options.clone() })
    }
}

impl Hints {
    /// Looks at each id once, and forgets its hints right after, so that a run that is cut does not begin anew.
    async fn look_into(
        &self,
        ctx: &StepContext,
        mark: &mut Mark<()>,
        guard: &mut Guard,
        owner_id: i64,
        hints: Vec<Hint>,
    ) -> Result<(), StepError> {
        let mut by_id = BTreeMap::<i64, Vec<Hint>>::new();
        for hint in hints {
            by_id.entry(hint.object_id).or_default().push(hint);
        }
        let mut failed = Vec::new();
        for (strava_id, hints) in by_id {
            match self.look_at(ctx, strava_id).await {
                Ok(Reply::Told(told)) if is_of(&told, (owner_id, strava_id)) => {
                    keep(ctx, mark, strava_id, told).await?;
                }
                Ok(Reply::Gone) => guard.remove(ctx, mark, strava_id).await?,
                // The sweep finds it.
                Ok(Reply::Told(_) | Reply::NotEntitled | Reply::Faulty(_)) => {}
                Err(error) if ctx.attempt >= ATTEMPTS && is_passed_over(&error, failed.len()) => {
                    failed.push((error, hints));
                    continue;
                }
                Err(error) => return Err(error),
            }
            forget(ctx, hints).await?;
        }
        // Where Strava answers, one activity at which it fails must not keep its hint, and all that follow, for ever.
        let (errors, hints): (Vec<_>, Vec<_>) = failed.into_iter().unzip();
        match errors.into_iter().next() {
            Some(error) if !self.answers(ctx).await? => Err(error),
            Some(_) => forget(ctx, hints.concat()).await,
            None => Ok(()),
        }
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
}

/// Asks Strava whether the grant is taken back, as somebody said; what is then to be removed is.
pub(super) async fn is_taken_back(ctx: &StepContext, options: &Options) -> Result<bool, StepError> {
    if !Client::new(options.clone()).is_refused(ctx).await? {
        return Ok(false);
    }
    let done = disconnect(&ctx.means()?, options, &ctx.run.partition, Asked::AtStrava).await;
    done.map_err(StepError::Failed)?;
    Ok(true)
}

async fn forget(ctx: &StepContext, hints: Vec<Hint>) -> Result<(), StepError> {
    ctx.commit(move |tx, _| hints.iter().try_for_each(|looked| hint::remove(tx, looked))).await
}

/// What the removal of everything changed, for the steps that compute days anew.
pub(super) async fn deleted(ctx: &StepContext, before: Changes) -> Result<Changes, StepError> {
    let athlete = ctx.run.partition.clone();
    let read = ctx.read(move |tx| Ok((change_number::last(tx, &athlete)?, stale_day::peek(tx, &athlete)?)));
    let (to, day) = read.await?;
    let removed = Changes { from: before.to, to, days: day.map(|day| day.to_string()) };
    Ok(before.merge(removed))
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
