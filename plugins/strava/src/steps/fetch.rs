//! Asks for a part of one activity after the other, the newest first, for as long as the quota and the run allow.

use std::time::Duration;

use engine::context::StepContext;
use engine::step::{Cause, ConfigError, StepError};
use fitness::Changes;
use fitness::records::strava::activity::{self, Due, Part};
use schemars::JsonSchema;
use serde::Deserialize;

use super::tried::{self, Next, Tried};
use crate::client::{Client, Reply};
use crate::gone::{Found, Guard};
use crate::mark::Mark;

/// Activities that are looked up at once.
const BATCH: u32 = 20;
/// Shorter than an hour, so that the next hourly run reads what is new.
pub(super) const PATIENCE: &str = "45m";
/// The same, of the steps that are not set otherwise.
pub(super) const PATIENCE_USUAL: Duration = Duration::from_mins(45);

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
        Self { patience: PATIENCE.to_owned() }
    }
}

impl FetchConfig {
    pub(super) fn patience(&self) -> Result<Duration, ConfigError> {
        duration("patience", &self.patience)
    }
}

/// A duration of the configuration, such as `14d`.
pub(super) fn duration(key: &str, text: &str) -> Result<Duration, ConfigError> {
    let duration = engine::script::duration(text);
    duration.ok_or_else(|| ConfigError::at(key, format!("`{text}` is no duration such as `45m` or `14d`")))
}

/// What came of one activity.
pub(super) enum Outcome {
    Done,
    /// Strava knows no such activity.
    Gone,
    /// Strava fails at it.
    Faulty,
}

/// Asks for one part of one activity and keeps it.
pub(super) trait Fetch: Send + Sync {
    const PART: Part;

    /// Asks for the part of an activity.
    fn ask(
        ctx: &StepContext,
        client: &Client,
        strava_id: i64,
    ) -> impl Future<Output = Result<Reply, StepError>> + Send;

    /// How many activities it may be ahead of the samples; nothing where it need not wait for them.
    fn ahead(&self) -> Option<u32> {
        None
    }

    fn fetch(
        &self,
        ctx: &StepContext,
        client: &Client,
        mark: &mut Mark<()>,
        due: Due,
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
    let mut guard = Guard::begin(ctx, Found::OneByOne).await?;
    let mut tried = Tried::begin(F::PART);
    loop {
        let (due, mut left) = due(ctx, fetch, &tried).await?;
        if due.is_empty() {
            return tried.end::<F>(ctx, client).await.map(|()| mark.changes);
        }
        for due in due {
            let (strava_id, label) = (due.strava_id, due.activity_id.clone());
            let outcome = fetch.fetch(ctx, client, &mut mark, due).await;
            let failure = match outcome {
                Ok(Outcome::Faulty) => Some(tried::faulty()),
                Ok(outcome) => {
                    let is_gone = matches!(outcome, Outcome::Gone);
                    if is_gone {
                        guard.remove(ctx, &mut mark, strava_id).await?;
                    }
                    tried.answered(ctx, strava_id, !is_gone).await?;
                    None
                }
                Err(error) if is_over(ctx, &error, &mark, patience) => return Ok(mark.changes),
                Err(error) => Some(error),
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

/// True where the quota is spent for longer than this run waits for it: what is left is for the next.
pub(super) fn is_over(ctx: &StepContext, error: &StepError, mark: &Mark<()>, patience: Duration) -> bool {
    let StepError::Later { after, source: Cause { code: "quota_spent", .. } } = error else { return false };
    let age_ms = ctx.clock.now_ms().saturating_sub(mark.began_ms);
    let age = Duration::from_millis(u64::try_from(age_ms).unwrap_or(0));
    age + *after > patience
}
