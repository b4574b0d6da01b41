//! The circles that nobody but the athlete is shown.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use fitness::ground::Place;
use fitness::records::athlete;
use fitness::records::privacy_zone::{self, New, PrivacyZone, ZoneError};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::segments::{PIPELINE, walk};
use crate::body;
use crate::error::{Error, ErrorBody};
use crate::page::Page;
use crate::path::Segment;
use crate::query::Params;
use crate::request::RequestId;
use crate::state::Shared;

/// A circle, as the athlete gave it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Zone {
    id: String,
    name: String,
    latitude: f64,
    longitude: f64,
    radius_m: f64,
}

/// A circle around a place, or around the start of an activity.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Given {
    name: String,
    #[serde(default)]
    latitude: Option<f64>,
    #[serde(default)]
    longitude: Option<f64>,
    /// Id of an activity, in place of latitude and longitude.
    #[serde(default)]
    start_of: Option<String>,
    /// 50 to 5000.
    radius_m: f64,
}

/// A circle that was kept, and the run that cuts it out of what others may see.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = KeptZone)]
pub(crate) struct Kept {
    zone: Zone,
    run: String,
}

/// The run that lets others see again what a circle hid.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Gone {
    run: String,
}

/// Lists the privacy zones.
#[utoipa::path(
    get, path = "/privacy_zones", tag = "athlete", operation_id = "list_privacy_zones",
    responses(
        (status = 200, description = "All of them", body = Page<Zone>),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    _: Params<()>,
) -> Result<Json<Page<Zone>>, Error> {
    let athlete = shared.state.partition.clone();
    let zones = shared.store().read(move |tx| privacy_zone::list(tx, &athlete)).await?;
    Ok(Json(Page::whole(zones.into_iter().map(Zone::from).collect())))
}

/// Keeps a circle out of whatever anybody but the athlete is shown.
#[utoipa::path(
    post, path = "/privacy_zones", tag = "athlete", operation_id = "add_privacy_zone",
    request_body(content = Given),
    responses(
        (status = 201, description = "It is kept", body = Kept),
        (status = 422, description = "That is no circle", body = ErrorBody),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn add(
    State(shared): State<Arc<Shared>>,
    _: Params<()>,
    request: RequestId,
    body::Json(given): body::Json<Given>,
) -> Result<(StatusCode, Json<Kept>), Error> {
    shared.state.engine.known(PIPELINE)?;
    let new = checked(&shared, given).await?;
    let (id, now_ms) = (shared.state.partition.clone(), shared.state.engine.clock().now_ms());
    let added = shared.store().write(move |tx| {
        if athlete::get(tx, &id)?.is_none() {
            return Ok(None);
        }
        let added = privacy_zone::add(tx, &id, &new, now_ms)?;
        let zones = privacy_zone::list(tx, &id)?;
        Ok(Some(added.map(|added| zones.into_iter().find(|zone| zone.id == added))))
    });
    let added = added.await?.ok_or_else(|| Error::NotFound("athlete".to_owned()))?;
    let zone = added.map_err(|error| refused(&error))?;
    let zone = zone.ok_or_else(|| Error::Internal("a privacy zone went at once".to_owned()))?;
    let run = walk(&shared, &request).await?;
    Ok((StatusCode::CREATED, Json(Kept { zone: zone.into(), run })))
}

/// Forgets a circle.
#[utoipa::path(
    delete, path = "/privacy_zones/{id}", tag = "athlete", operation_id = "remove_privacy_zone",
    params(("id" = String, Path, description = "Id of the privacy zone")),
    responses(
        (status = 202, description = "It is gone; a run brings back what it cut out", body = Gone),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn remove(
    State(shared): State<Arc<Shared>>,
    Segment(id): Segment,
    _: Params<()>,
    request: RequestId,
) -> Result<(StatusCode, Json<Gone>), Error> {
    shared.state.engine.known(PIPELINE)?;
    let (athlete, of) = (shared.state.partition.clone(), id.clone());
    if !shared.store().write(move |tx| privacy_zone::remove(tx, &athlete, &of)).await? {
        return Err(refused(&ZoneError::Unknown(id)));
    }
    Ok((StatusCode::ACCEPTED, Json(Gone { run: walk(&shared, &request).await? })))
}

async fn checked(shared: &Shared, given: Given) -> Result<New, Error> {
    let Given { name, latitude, longitude, start_of, radius_m } = given;
    let middle = match (latitude.zip(longitude), start_of) {
        (Some((latitude, longitude)), None) => Place { latitude, longitude },
        (None, Some(id)) => {
            let (athlete, of) = (shared.state.partition.clone(), id.clone());
            let start = shared.store().read(move |tx| privacy_zone::start_of(tx, &athlete, &of)).await?;
            start.ok_or_else(|| refused(&ZoneError::NoTrack(id)))?
        }
        _ => return Err(Error::parameter("body", "must have `latitude` and `longitude`, or `start_of`")),
    };
    New::of(&name, middle, radius_m).map_err(|error| refused(&error))
}

fn refused(error: &ZoneError) -> Error {
    let status = match error {
        ZoneError::Unknown(_) => StatusCode::NOT_FOUND,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    Error::Refused { status, code: error.code().into(), message: error.to_string(), details: None }
}

impl From<PrivacyZone> for Zone {
    fn from(of: PrivacyZone) -> Self {
        let PrivacyZone { id, name, latitude, longitude, radius_m, .. } = of;
        Self { id, name, latitude, longitude, radius_m }
    }
}
