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

/// Calls that were paid for a request, and when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paid {
    calls: u32,
    at_ms: i64,
}

/// Takes a turn and pays for it, or waits until the window that is spent ends.
pub(crate) async fn pay(ctx: &StepContext, calls: u32, limits: Limits) -> Result<Paid, StepError> {
    ctx.permit().await?;
    let at_ms = ctx.clock.now_ms();
    let paid = ctx.commit(move |tx, _| weather_quota::pay(tx, calls, &limits, at_ms)).await?;
    match paid {
        Payment::Paid { of_day } => {
            ctx.calls_used(of_day).await?;
            Ok(Paid { calls, at_ms })
        }
        Payment::Spent { span, .. } => Err(spent(ctx, span).await?),
    }
}

impl Paid {
    /// Takes back what a refused request was paid too much: the service counts an error as one call.
    pub(crate) async fn back(self, ctx: &StepContext) -> Result<(), StepError> {
        let Self { calls, at_ms } = self;
        let over = calls.saturating_sub(1);
        if over == 0 {
            return Ok(());
        }
        ctx.commit(move |tx, _| weather_quota::take_back(tx, over, at_ms)).await
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
