//! Asks for a part of one activity after the other, the newest first, for as long as the quota and the run allow.

use std::time::Duration;

use engine::context::StepContext;
use engine::step::{ConfigError, StepError};
use fitness::Changes;
use fitness::records::strava::activity::{self, Due, Part};
use fitness::records::strava::quota::Purpose;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::pace;
use super::tried::{self, Next, Tried};
use crate::client::{Client, Reply};
use crate::gone::{Found, Guard};
use crate::mark::Mark;

/// Activities that are looked up at once.
const BATCH: u32 = 20;

/// How long a step works at the past in one run.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct FetchConfig {
    /// Where a window of the quota is spent, it is waited for while the step is younger than this, such as `45m`; then
    /// the next run goes on. The end of a day is never waited for.
    patience: String,
}

impl Default for FetchConfig {
    fn default() -> Self {
        Self { patience: pace::PATIENCE.to_owned() }
    }
}

impl FetchConfig {
    pub(super) fn patience(&self) -> Result<Duration, ConfigError> {
        pace::duration("patience", &self.patience)
    }
}

/// What came of one activity.
pub(super) enum Outcome {
    Done,
    /// Strava knows no such activity.
    Gone,
    /// Strava fails at it.
    Faulty,
}

/// One part of an activity: how it is asked for, and what becomes of the answer.
pub(super) trait Fetch: Send + Sync {
    const PART: Part;
    const QUERY: &'static [(&'static str, &'static str)];

    /// Where it is.
    fn path(strava_id: i64) -> String;

    /// How many activities it may be ahead of the samples; nothing where it need not wait for them.
    fn ahead(&self) -> Option<u32> {
        None
    }

    /// Keeps what was told, and computes the activity anew with it; false where it cannot be read.
    fn keep(
        ctx: &StepContext,
        mark: &mut Mark<()>,
        due: Due,
        told: Value,
    ) -> impl Future<Output = Result<bool, StepError>> + Send;

    /// What it means that there is no such thing.
    fn none(
        ctx: &StepContext,
        mark: &mut Mark<()>,
        due: &Due,
    ) -> impl Future<Output = Result<Outcome, StepError>> + Send;
}

/// Asks for all that is due.
pub(super) async fn run<F: Fetch>(
    ctx: &StepContext,
    client: &Client,
    patience: Duration,
    fetch: &F,
) -> Result<Changes, StepError> {
    let mut mark = Mark::<()>::begin(ctx).await?;
    let mut guard = None;
    let mut tried = Tried::begin(F::PART);
    loop {
        let (due, mut left) = due(ctx, fetch, &tried).await?;
        if due.is_empty() {
            return tried.end::<F>(ctx, client).await.map(|()| mark.changes);
        }
        for due in due {
            let (strava_id, label) = (due.strava_id, due.activity_id.clone());
            let outcome = one::<F>(ctx, client, &mut mark, due).await;
            let failure = match outcome {
                Ok(Outcome::Faulty) => Some(tried::faulty()),
                Ok(outcome) => {
                    let is_gone = matches!(outcome, Outcome::Gone);
                    if is_gone {
                        let guard = Guard::at_first(&mut guard, ctx, Found::OneByOne).await?;
                        guard.remove(ctx, &mut mark, strava_id).await?;
                    }
                    tried.answered(ctx, strava_id, !is_gone).await?;
                    None
                }
                Err(error) => {
                    if pace::is_over(ctx, &error, &mark, patience).await? {
                        return Ok(mark.changes);
                    }
                    Some(error)
                }
            };
            if let Some(error) = failure
                && tried.failed::<F>(ctx, client, strava_id, error).await? == Next::Over
            {
                return Ok(mark.changes);
            }
            left = left.saturating_sub(1);
            ctx.progress.tell(tried.done, tried.done + u64::from(left), &label);
        }
    }
}

/// Asks for the part of an activity.
pub(super) async fn ask<F: Fetch>(
    ctx: &StepContext,
    client: &Client,
    strava_id: i64,
) -> Result<Reply, StepError> {
    client.get(ctx, &F::path(strava_id), F::QUERY, Purpose::Past).await
}

/// Asks for the part of one activity, and keeps it.
async fn one<F: Fetch>(
    ctx: &StepContext,
    client: &Client,
    mark: &mut Mark<()>,
    due: Due,
) -> Result<Outcome, StepError> {
    let is_kept = match ask::<F>(ctx, client, due.strava_id).await? {
        Reply::Told(told) => F::keep(ctx, mark, due, told).await?,
        Reply::Gone => return F::none(ctx, mark, &due).await,
        Reply::NotEntitled | Reply::Faulty(_) => false,
    };
    Ok(if is_kept { Outcome::Done } else { Outcome::Faulty })
}

/// The next ones, and how many there are.
async fn due<F: Fetch>(ctx: &StepContext, fetch: &F, tried: &Tried) -> Result<(Vec<Due>, u32), StepError> {
    let (athlete, ids, ahead) = (ctx.run.partition.clone(), tried.ids.clone(), fetch.ahead());
    // Those that failed in this run are still due and stand in front.
    let most = BATCH.saturating_add(tried.still_due);
    ctx.read(move |tx| {
        let mut due = activity::due(tx, &athlete, F::PART, most)?;
        due.retain(|due| !ids.contains(&due.strava_id));
        if let (Some(ahead), Some(next)) = (ahead, due.first())
            && activity::newer_streams(tx, &athlete, next.start_ms)? > ahead
        {
            due.clear();
        }
        Ok((due, activity::left(tx, &athlete, F::PART)?))
    })
    .await
}
