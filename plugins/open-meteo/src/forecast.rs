//! The step that looks up today's weather where the athlete lives.

use engine::context::StepContext;
use engine::step::{ConfigError, Step, StepError};
use fitness::records::{athlete, change_number, insight, weather_home, weather_hour};
use fitness::weather::{Cell, Endpoint, Hour, Location, Request};
use fitness::{Changes, Scope};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::client::Client;
use crate::options::Options;
use crate::quota::QuotaConfig;
use crate::work;

/// A forecast stands for so long: the models are renewed each hour at most.
const FRESH_MS: i64 = 50 * 60_000;
/// Days after today that are kept.
const DAYS_AHEAD: i64 = 2;

/// Looks up what the weather of these days will be, where the athlete set a home.
#[derive(Debug)]
pub struct Forecast {
    client: Client,
}

/// How the forecast is asked for.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ForecastConfig {
    /// What the service gives away.
    quota: QuotaConfig,
}

impl Step for Forecast {
    const KIND: &'static str = "open_meteo.forecast";
    const ABOUT: &'static str =
        "Looks up the weather of today and the next two days, where the athlete set a home.";
    type Config = ForecastConfig;
    type Input = ();
    type Output = Changes;

    fn build(config: ForecastConfig) -> Result<Self, ConfigError> {
        Self::with(&config, Options::standard())
    }

    async fn run(&self, ctx: &StepContext, (): ()) -> Result<Changes, StepError> {
        let (partition, now_ms) = (ctx.run.partition.clone(), ctx.clock.now_ms());
        let wanted = ctx.read(move |tx| {
            let last = change_number::last(tx, &partition)?;
            let Some(cell) = weather_home::get(tx, &partition)? else { return Ok((last, None)) };
            let hour = Hour::before(now_ms);
            let kept = weather_hour::between(tx, cell, (hour, hour))?;
            let is_fresh = kept.first().is_some_and(|kept| now_ms - kept.fetched_ms < FRESH_MS);
            Ok((last, (!is_fresh).then_some(cell)))
        });
        let (last, cell) = wanted.await?;
        let Some(cell) = cell else { return Ok(Changes::none(last)) };
        self.fetch(ctx, cell).await?;
        renew(ctx, last).await
    }
}

impl Forecast {
    pub(crate) fn with(config: &ForecastConfig, options: Options) -> Result<Self, ConfigError> {
        Ok(Self { client: Client { options, limits: config.quota.limits() } })
    }

    async fn fetch(&self, ctx: &StepContext, cell: Cell) -> Result<(), StepError> {
        let now = Timestamp::from_millisecond(ctx.clock.now_ms()).unwrap_or(Timestamp::UNIX_EPOCH);
        let today = now.to_zoned(TimeZone::UTC).date();
        // A local day begins up to half a day before or after that of UTC.
        let (from, to) = (today.saturating_sub(1.day()), today.saturating_add(DAYS_AHEAD.days()));
        let request = Request { endpoint: Endpoint::Forecast, locations: vec![Location { cell, from, to }] };
        work::fetch(&self.client, ctx, request, &|_, _| true).await.map(drop)
    }
}

/// Lets go of today's advice, which rests on the forecast before.
async fn renew(ctx: &StepContext, last: i64) -> Result<Changes, StepError> {
    let (partition, now_ms) = (ctx.run.partition.clone(), ctx.clock.now_ms());
    ctx.commit(move |tx, _| {
        let zone = athlete::get(tx, &partition)?.and_then(|athlete| TimeZone::get(&athlete.timezone).ok());
        let now = Timestamp::from_millisecond(now_ms).unwrap_or(Timestamp::UNIX_EPOCH);
        let today = now.to_zoned(zone.unwrap_or(TimeZone::UTC)).date();
        for scope in Scope::BOTH {
            insight::remove_from(tx, &partition, scope, today)?;
        }
        let to = change_number::next(tx, &partition)?;
        Ok(Changes { from: last, to, days: Some(today.to_string()) })
    })
    .await
}
