//! How often a step asks, and how long it waits in one run.

use std::time::Duration;

use engine::context::StepContext;
use engine::run::Cause as RunCause;
use engine::step::{Cause, ConfigError, StepError};
use fitness::records::strava::item;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::mark::Mark;

/// Shorter than an hour, so that the next hourly run reads what is new.
pub(super) const PATIENCE: &str = "45m";
/// The same, of the steps that are not set otherwise.
pub(super) const PATIENCE_USUAL: Duration = Duration::from_mins(45);

/// How often a step asks.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct EveryConfig {
    /// How often all of it is read; in between the step asks nothing, but lists segments where somebody asked for the
    /// run.
    every: String,
}

impl Default for EveryConfig {
    fn default() -> Self {
        // Less than a day, or a night that begins a little earlier would be left out.
        Self { every: "20h".to_owned() }
    }
}

impl EveryConfig {
    pub(super) fn every(&self) -> Result<Duration, ConfigError> {
        duration("every", &self.every)
    }
}

/// A duration of the configuration, such as `14d`.
pub(super) fn duration(key: &str, text: &str) -> Result<Duration, ConfigError> {
    let duration = engine::script::duration(text);
    duration.ok_or_else(|| ConfigError::at(key, format!("`{text}` is no duration such as `45m` or `14d`")))
}

/// True where somebody asked for the run and waits for what it reads.
pub(super) fn is_asked(ctx: &StepContext) -> bool {
    matches!(ctx.run.cause, RunCause::Cli | RunCause::Http)
}

/// True where items of a kind were fetched not longer ago than that.
pub(super) async fn is_fresh(
    ctx: &StepContext,
    kind: &'static str,
    every: Duration,
) -> Result<bool, StepError> {
    let athlete = ctx.run.partition.clone();
    let fetched_ms = ctx.read(move |tx| item::fetched_ms(tx, &athlete, kind)).await?;
    let every_ms = i64::try_from(every.as_millis()).unwrap_or(i64::MAX);
    Ok(fetched_ms.is_some_and(|fetched_ms| ctx.clock.now_ms() - fetched_ms < every_ms))
}

/// True where the quota is spent for longer than this run waits for it: what is left is for the next. Where it waits,
/// since when is kept.
pub(super) async fn is_over(
    ctx: &StepContext,
    error: &StepError,
    mark: &Mark<()>,
    patience: Duration,
) -> Result<bool, StepError> {
    let StepError::Later { after, source: Cause { code: "quota_spent", .. } } = error else {
        return Ok(false);
    };
    let age_ms = ctx.clock.now_ms().saturating_sub(mark.began_ms);
    let age = Duration::from_millis(u64::try_from(age_ms).unwrap_or(0));
    if age + *after > patience {
        return Ok(true);
    }
    mark.hold(ctx).await.map(|()| false)
}
