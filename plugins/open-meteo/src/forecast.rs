//! The step that looks up today's weather where the athlete lives.

use engine::context::StepContext;
use engine::step::{ConfigError, Step, StepError};
use fitness::records::weather_hour::WeatherHour;
use fitness::records::{athlete, change_number, insight, weather_home, weather_hour};
use fitness::shareable::Shareable;
use fitness::weather::{Cell, Endpoint, Hour, Outlook, Spot};
use fitness::{Changes, Scope};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use schemars::JsonSchema;
use serde::Deserialize;
use tracing::warn;

use crate::client::{Client, Trouble};
use crate::options::Options;
use crate::quota::QuotaConfig;

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
            let Some(cell) = Shareable::home(tx, &partition)? else { return Ok((last, None)) };
            // Who looks up an activity never asks for the last of these days: its hours tell when a forecast was.
            let hours = Hour::of_day(days(now_ms).1);
            let kept = weather_hour::between(tx, *cell, (Hour(hours.start), Hour(hours.end - 1)))?;
            let is_fresh = kept.iter().any(|kept| now_ms - kept.fetched_ms < FRESH_MS);
            Ok((last, (!is_fresh).then_some(cell)))
        });
        let (last, cell) = wanted.await?;
        let Some(cell) = cell else { return Ok(Changes::none(last)) };
        let hours = self.fetch(ctx, &cell).await?;
        keep(ctx, last, hours).await
    }
}

impl Forecast {
    pub(crate) fn with(config: &ForecastConfig, options: Options) -> Result<Self, ConfigError> {
        Ok(Self { client: Client { options, limits: config.quota.limits() } })
    }

    /// What the service says of these days; nothing where it refuses them.
    async fn fetch(&self, ctx: &StepContext, cell: &Shareable<Cell>) -> Result<Vec<WeatherHour>, StepError> {
        let (from, to) = days(ctx.clock.now_ms());
        let places = match self.client.ask(ctx, &cell.forecast(from, to)).await {
            Ok(places) => places,
            Err(Trouble::Step(error)) => return Err(error),
            Err(Trouble::Wrong) => {
                warn!(code = "upstream_refused", "the weather service refuses a forecast");
                Vec::new()
            }
        };
        let cell = **cell;
        let hours = places.into_iter().flat_map(|place| place.hours);
        let hours = hours.filter(|(hour, _)| (from..=to).contains(&hour.date()));
        Ok(hours.map(|(hour, air)| WeatherHour { spot: Spot { hour, cell }, air, is_final: false }).collect())
    }
}

/// The first and the last UTC day that is asked for.
fn days(now_ms: i64) -> (Date, Date) {
    let now = Timestamp::from_millisecond(now_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    let today = now.to_zoned(TimeZone::UTC).date();
    // A local day begins up to half a day before or after that of UTC.
    (today.saturating_sub(1.day()), today.saturating_add(DAYS_AHEAD.days()))
}

/// Keeps a forecast, and lets go of today's advice where it rests on another one.
async fn keep(ctx: &StepContext, last: i64, hours: Vec<WeatherHour>) -> Result<Changes, StepError> {
    let (partition, now_ms) = (ctx.run.partition.clone(), ctx.clock.now_ms());
    ctx.commit(move |tx, _| {
        let zone = athlete::get(tx, &partition)?.and_then(|athlete| TimeZone::get(&athlete.timezone).ok());
        let now = Timestamp::from_millisecond(now_ms).unwrap_or(Timestamp::UNIX_EPOCH);
        let today = now.to_zoned(zone.unwrap_or(TimeZone::UTC)).date();
        let before = weather_home::outlook_at(tx, &partition, today, now_ms)?;
        weather_hour::put(tx, &hours, Endpoint::Forecast.as_str(), now_ms)?;
        let after = weather_home::outlook_at(tx, &partition, today, now_ms)?;
        if is_same(before, after.as_ref()) {
            return Ok(Changes::none(last));
        }
        for scope in Scope::BOTH {
            insight::remove_from(tx, &partition, scope, today)?;
        }
        let to = change_number::next(tx, &partition)?;
        Ok(Changes { from: last, to, days: Some(today.to_string()) })
    })
    .await
}

/// When it was told is no news by itself, unless rules did not see it any more.
fn is_same(before: Option<(Outlook, bool)>, after: Option<&(Outlook, bool)>) -> bool {
    match (before, after) {
        (Some((before, was_old)), Some((after, is_old))) => {
            was_old == *is_old && Outlook { told_ms: after.told_ms, ..before } == *after
        }
        (before, after) => before.is_none() && after.is_none(),
    }
}
