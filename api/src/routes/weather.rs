//! The weather where the athlete lives, and where that is.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use fitness::records::{athlete, weather_home};
use fitness::weather::{ATTRIBUTION, Cell, Outlook, Told};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::activities::Air;
use crate::body;
use crate::error::{Error, ErrorBody};
use crate::query::{FromQuery, Params, Query};
use crate::state::Shared;
use crate::today::today;

/// Where a forecast is looked up for; without a home, both are absent.
#[derive(Debug, Default, PartialEq, Serialize, ToSchema)]
pub(crate) struct Home {
    /// Degrees, to two decimals.
    #[serde(skip_serializing_if = "Option::is_none")]
    latitude: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    longitude: Option<f64>,
}

/// A place in degrees, of which two decimals are kept.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Place {
    latitude: f64,
    longitude: f64,
}

impl From<Option<Cell>> for Home {
    fn from(cell: Option<Cell>) -> Self {
        let (latitude, longitude) = cell.map(Cell::degrees).unzip();
        Self { latitude, longitude }
    }
}

/// Shows the home of the athlete, as it is kept.
#[utoipa::path(
    get, path = "/weather/home", tag = "athlete", operation_id = "show_home",
    responses(
        (status = 200, description = "The home, or nothing of it", body = Home),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn home(State(shared): State<Arc<Shared>>, _: Params<()>) -> Result<Json<Home>, Error> {
    let athlete = shared.state.partition.clone();
    Ok(Json(shared.store().read(move |tx| weather_home::get(tx, &athlete)).await?.into()))
}

/// Sets the home; nothing finer than two decimals is kept or sent.
#[utoipa::path(
    put, path = "/weather/home", tag = "athlete", operation_id = "set_home",
    request_body(content = Place),
    responses(
        (status = 200, description = "It is set", body = Home),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn settle(
    State(shared): State<Arc<Shared>>,
    _: Params<()>,
    body::Json(Place { latitude, longitude }): body::Json<Place>,
) -> Result<Json<Home>, Error> {
    if !(-90.0..=90.0).contains(&latitude) {
        return Err(Error::parameter("latitude", "must be -90 to 90 degrees"));
    }
    let cell = Cell::of(latitude, longitude, Cell::DECIMALS_MOST);
    let cell = cell.ok_or_else(|| Error::parameter("longitude", "must be -180 to 180 degrees"))?;
    set(&shared, Some(cell)).await
}

/// Forgets the home: no forecast is looked up any more.
#[utoipa::path(
    delete, path = "/weather/home", tag = "athlete", operation_id = "forget_home",
    responses(
        (status = 200, description = "There is none", body = Home),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn forget(State(shared): State<Arc<Shared>>, _: Params<()>) -> Result<Json<Home>, Error> {
    set(&shared, None).await
}

async fn set(shared: &Shared, cell: Option<Cell>) -> Result<Json<Home>, Error> {
    let (id, now_ms) = (shared.state.partition.clone(), shared.state.engine.clock().now_ms());
    let set = shared.store().write(move |tx| {
        if athlete::get(tx, &id)?.is_none() {
            return Ok(false);
        }
        weather_home::set(tx, &id, cell, now_ms)?;
        Ok(true)
    });
    if set.await? || cell.is_none() {
        return Ok(Json(cell.into()));
    }
    Err(Error::NotFound("athlete".to_owned()))
}

/// Which day.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// As `2026-07-31`; today, if not given.
    #[param(value_type = Option<String>, format = Date)]
    date: Option<Date>,
}

impl FromQuery for Asked {
    fn read(query: &mut Query) -> Result<Self, Error> {
        Ok(Self { date: query.date("date")? })
    }
}

/// The weather of a day at home: what it will be, or what it was.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WeatherDay)]
pub(crate) struct Day {
    /// The athlete's local day.
    date: String,
    /// IANA name.
    timezone: String,
    /// The day from 6 to 21 in short, with `told_ms`, when it was told; absent where nothing is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    outlook: Option<Outlook>,
    /// Every hour of the day that is known.
    hours: Vec<Hour>,
    /// To be shown beside the data, with a link to <https://open-meteo.com/>.
    #[serde(skip_serializing_if = "Option::is_none")]
    attribution: Option<&'static str>,
}

/// An hour, and the air at its begin.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Hour {
    /// Epoch milliseconds.
    at_ms: i64,
    /// When it was told.
    told_ms: i64,
    #[serde(flatten)]
    air: Air,
}

impl From<Told> for Hour {
    fn from(Told { hour, air, told_ms }: Told) -> Self {
        Self { at_ms: hour.start_ms(), told_ms, air: air.rounded().into() }
    }
}

/// Shows the hours of a day where the athlete lives.
#[utoipa::path(
    get, path = "/weather", tag = "athlete", operation_id = "show_weather",
    params(Asked),
    responses(
        (status = 200, description = "The day, without hours where there is no home or nobody told of it", body = Day),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn show(
    State(shared): State<Arc<Shared>>,
    Params(Asked { date }): Params<Asked>,
) -> Result<Json<Day>, Error> {
    let (athlete, now_ms) = (shared.state.partition.clone(), shared.state.engine.clock().now_ms());
    let read = shared.store().read(move |tx| {
        let today = today(tx, &athlete, now_ms)?;
        let date = date.unwrap_or(today.date);
        let outlook = weather_home::outlook(tx, &athlete, date)?;
        Ok((date, today.timezone, outlook, weather_home::hours(tx, &athlete, date)?))
    });
    let (date, timezone, outlook, hours) = read.await?;
    let attribution = (!hours.is_empty()).then_some(ATTRIBUTION);
    let hours = hours.into_iter().map(Hour::from).collect();
    Ok(Json(Day { date: date.to_string(), timezone, outlook, hours, attribution }))
}
