//! Pays for a request before it is made, so that no call goes out while a window is spent.

use std::time::Duration;

use engine::context::StepContext;
use engine::step::{Cause, StepError};
use fitness::records::weather_quota::{self, Limits, Payment, Span};
use schemars::JsonSchema;
use serde::Deserialize;

/// A clock of the service that is a little behind ours must not get a call of its old window.
const MARGIN_MS: i64 = 1_000;

/// The free service's own limits, each in calls: a place costs one for up to two weeks. 0 is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct QuotaConfig {
    /// Calls in a UTC minute.
    pub per_minute: u32,
    /// Calls in a UTC hour.
    pub per_hour: u32,
    /// Calls in a UTC day.
    pub per_day: u32,
}

impl Default for QuotaConfig {
    fn default() -> Self {
        Self { per_minute: 600, per_hour: 5_000, per_day: 10_000 }
    }
}

impl QuotaConfig {
    pub(crate) fn limits(self) -> Limits {
        let limit = |calls: u32| (calls > 0).then_some(calls);
        Limits { minute: limit(self.per_minute), hour: limit(self.per_hour), day: limit(self.per_day) }
    }
}

/// Takes a turn and pays for it, or waits until the window that is spent ends.
pub(crate) async fn pay(ctx: &StepContext, calls: u32, limits: Limits) -> Result<(), StepError> {
    ctx.permit().await?;
    let clock = ctx.clock.clone();
    let paid = ctx.commit(move |tx, _| weather_quota::pay(tx, calls, &limits, clock.now_ms())).await?;
    match paid {
        Payment::Paid { of_day } => ctx.calls_used(of_day).await,
        Payment::Spent { span, .. } => Err(spent(ctx, span).await?),
    }
}

/// Closes the pool until the window ends, and says how long that is.
pub(crate) async fn spent(ctx: &StepContext, span: Span) -> Result<StepError, StepError> {
    let now_ms = ctx.clock.now_ms();
    let until_ms = span.end_ms(now_ms) + MARGIN_MS;
    ctx.pool_spent(until_ms).await?;
    let after = Duration::from_millis(u64::try_from(until_ms - now_ms).unwrap_or(0));
    let message = format!("the weather service's quota of this UTC {} is spent", span.as_str());
    Ok(StepError::Later { after, source: Cause::new("quota_spent", message) })
}
