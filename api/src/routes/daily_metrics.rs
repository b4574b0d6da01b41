//! What the athlete measures once a day: sleep, resting heart rate, its variability, weight, steps.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use fitness::daily_metric::{DailyMetrics, Name, StillToCome, none_to_come};
use fitness::records::{athlete, daily_metric};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::body;
use crate::error::{Error, ErrorBody};
use crate::page::{self, Page};
use crate::period::Period;
use crate::query::{FromQuery, Params, Query};
use crate::state::Shared;

/// More days at once are sent in parts.
const DAYS_AT_MOST: usize = 4000;
const PROVENANCE: &str = "api";

/// What was measured on a day; what was not is absent.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Measured {
    /// As `2026-07-31`.
    #[schema(format = Date)]
    date: String,
    /// Seconds asleep in the night before the day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sleep_s: Option<f64>,
    /// Beats per minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    resting_hr: Option<f64>,
    /// Heart-rate variability as rMSSD, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hrv_ms: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    weight_kg: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    steps: Option<f64>,
}

/// Several days, or the figures of one beside its date.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sent {
    #[serde(default)]
    items: Option<Vec<Measured>>,
    #[serde(default)]
    #[schema(format = Date)]
    date: Option<String>,
    #[serde(default)]
    sleep_s: Option<f64>,
    #[serde(default)]
    resting_hr: Option<f64>,
    #[serde(default)]
    hrv_ms: Option<f64>,
    #[serde(default)]
    weight_kg: Option<f64>,
    #[serde(default)]
    steps: Option<f64>,
}

/// What became of them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = KeptMetrics)]
pub(crate) struct Kept {
    /// Days that were read.
    days: usize,
    /// Values that are new or others than before.
    changed: u64,
}

impl Measured {
    fn values(&self) -> [(Name, Option<f64>); 5] {
        [
            (Name::Sleep, self.sleep_s),
            (Name::RestingHr, self.resting_hr),
            (Name::Hrv, self.hrv_ms),
            (Name::Weight, self.weight_kg),
            (Name::Steps, self.steps),
        ]
    }

    /// `place` names it where it is wrong: `items[3].`.
    fn read(&self, place: &str) -> Result<DailyMetrics, Error> {
        let date = fitness::day::parse(&self.date).ok_or_else(|| {
            Error::parameter(
                format!("{place}date"),
                format!("`{}` is not a day such as 2026-07-31", self.date),
            )
        })?;
        let mut values = BTreeMap::new();
        for (name, value) in self.values() {
            let Some(value) = value else { continue };
            let checked = name.check(value);
            let checked = checked
                .map_err(|error| Error::parameter(format!("{place}{}", name.as_str()), error.to_string()))?;
            values.insert(name, checked);
        }
        if values.is_empty() {
            return Err(Error::parameter(format!("{place}date"), "has nothing that was measured on it"));
        }
        Ok(DailyMetrics { date, values })
    }
}

impl Sent {
    fn read(self) -> Result<Vec<DailyMetrics>, Error> {
        let Self { items, date, sleep_s, resting_hr, hrv_ms, weight_kg, steps } = self;
        let has_figures = [sleep_s, resting_hr, hrv_ms, weight_kg, steps].iter().any(Option::is_some);
        match (items, date) {
            (Some(items), None) if !has_figures => {
                if items.is_empty() || items.len() > DAYS_AT_MOST {
                    let message = format!("must be 1 to {DAYS_AT_MOST} days, not {}", items.len());
                    return Err(Error::parameter("items", message));
                }
                let read = |(place, item): (usize, &Measured)| item.read(&format!("items[{place}]."));
                each_once(items.iter().enumerate().map(read).collect::<Result<_, _>>()?)
            }
            (None, Some(date)) => {
                Ok(vec![Measured { date, sleep_s, resting_hr, hrv_ms, weight_kg, steps }.read("")?])
            }
            (Some(_), _) => Err(Error::parameter("items", "stands alone, without a day beside it")),
            (None, None) => Err(Error::parameter("date", "is missing; give it, or `items`")),
        }
    }
}

impl From<DailyMetrics> for Measured {
    fn from(day: DailyMetrics) -> Self {
        let of = |name: Name| day.values.get(&name).copied();
        Self {
            date: day.date.to_string(),
            sleep_s: of(Name::Sleep),
            resting_hr: of(Name::RestingHr),
            hrv_ms: of(Name::Hrv),
            weight_kg: of(Name::Weight),
            steps: of(Name::Steps),
        }
    }
}

fn refused(error: StillToCome) -> Error {
    Error::Refused {
        status: StatusCode::UNPROCESSABLE_ENTITY,
        code: StillToCome::CODE.into(),
        message: error.to_string(),
        details: None,
    }
}

/// A day that stands in one request twice would leave open which of the two counts.
fn each_once(days: Vec<DailyMetrics>) -> Result<Vec<DailyMetrics>, Error> {
    let mut seen = BTreeMap::new();
    for (place, day) in days.iter().enumerate() {
        if let Some(before) = seen.insert(day.date, place) {
            let reason = format!("is the day of `items[{before}]` again");
            return Err(Error::parameter(format!("items[{place}].date"), reason));
        }
    }
    Ok(days)
}

/// Keeps what was measured: one day, or several as `items`, each day once.
#[utoipa::path(
    post, path = "/daily-metrics", tag = "athlete", operation_id = "keep_daily_metrics",
    request_body(content = Sent),
    responses(
        (status = 200, description = "They are kept", body = Kept),
        (status = 422, description = "A value cannot be; nothing is kept", body = ErrorBody),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn keep(
    State(shared): State<Arc<Shared>>,
    _: Params<()>,
    body::Json(sent): body::Json<Sent>,
) -> Result<Json<Kept>, Error> {
    let days = sent.read()?;
    let (id, now_ms, count) =
        (shared.state.partition.clone(), shared.state.engine.clock().now_ms(), days.len());
    none_to_come(&days, now_ms).map_err(refused)?;
    let kept = shared.store().write(move |tx| {
        if athlete::get(tx, &id)?.is_none() {
            return Ok(None);
        }
        daily_metric::keep(tx, &id, &days, PROVENANCE, now_ms).map(Some)
    });
    let written = kept.await?.ok_or_else(|| Error::NotFound("athlete".to_owned()))?;
    Ok(Json(Kept { days: count, changed: written.changed }))
}

/// Which days to list.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `Which` reads")]
pub(crate) struct DailyMetricsParams {
    #[param(value_type = Option<String>, format = Date)]
    from: Option<Date>,
    #[param(value_type = Option<String>, format = Date)]
    to: Option<Date>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// How many to answer, 50 if not given.
    #[param(required = false, default = 50, minimum = 1, maximum = 500)]
    limit: i64,
}

/// The page that was asked for.
pub(crate) struct Which {
    days: (Date, Date),
    limit: u32,
}

impl FromQuery for Which {
    fn read(query: &mut Query) -> Result<Self, Error> {
        let (first, last) = Period::read(query)?.days();
        let cursor = query.text("cursor");
        let cursor =
            cursor.map(|text| fitness::day::parse(&text).ok_or_else(page::bad_cursor)).transpose()?;
        let limit = u32::try_from(page::limit(query)?).unwrap_or(1);
        Ok(Self { days: (cursor.unwrap_or(first).max(first), last), limit })
    }
}

/// Lists the days on which something was measured, in their order.
#[utoipa::path(
    get, path = "/daily-metrics", tag = "athlete", operation_id = "list_daily_metrics",
    params(DailyMetricsParams),
    responses(
        (status = 200, description = "A page of days", body = Page<Measured>),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    Params(Which { days, limit }): Params<Which>,
) -> Result<Json<Page<Measured>>, Error> {
    let athlete = shared.state.partition.clone();
    let (items, next) = shared.store().read(move |tx| daily_metric::page(tx, &athlete, days, limit)).await?;
    let next = next.map(|next| next.to_string());
    Ok(Json(Page { items: items.into_iter().map(Measured::from).collect(), next }))
}
