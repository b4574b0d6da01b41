//! What is new at the service that an athlete has connected.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use engine::Request;
use engine::run::Cause;
use fitness::records::strava::sync;
use serde::Serialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::error::{Error, ErrorBody};
use crate::query::{FromQuery, Params, Query};
use crate::request::RequestId;
use crate::state::Shared;

const CONNECTION: &str = "strava";
/// Reads what is new.
const HOURLY: &str = "hourly";
/// Reads everything.
const SWEEP: &str = "sweep";

/// How a sync is asked for.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `Force` reads")]
pub(crate) struct SyncParams {
    /// `1` reads everything, edits and deletions of long ago included, however long ago the last sync was.
    #[param(maximum = 1)]
    force: Option<u8>,
}

/// Whether everything is read.
pub(crate) struct Force(bool);

impl FromQuery for Force {
    fn read(query: &mut Query) -> Result<Self, Error> {
        Ok(Self(query.flag("force")?))
    }
}

/// What came of the wish for a sync.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Synced {
    /// The run that does it, or does it already; absent where the last sync was just now.
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<String>,
    /// True where the run is new.
    new: bool,
    /// When what is new was last read, in epoch milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    synced_ms: Option<i64>,
}

/// Reads what is new at Strava, unless that was done just now.
#[utoipa::path(
    post, path = "/sync", tag = "athlete", operation_id = "sync",
    params(SyncParams),
    responses(
        (status = 202, description = "A run was enqueued", body = Synced),
        (status = 200, description = "One is under way, or the last was just now", body = Synced),
        (status = 409, description = "Strava is not connected", body = ErrorBody),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn start(
    State(shared): State<Arc<Shared>>,
    Params(Force(force)): Params<Force>,
    id: RequestId,
) -> Result<(StatusCode, Json<Synced>), Error> {
    let (is_connected, synced_ms) = standing(&shared).await?;
    if !is_connected {
        let message =
            "Strava is not connected, or the connection needs attention; `GET /api/v1/strava` says more";
        return Err(Error::conflict("strava_not_connected", message.to_owned()));
    }
    let age_ms = synced_ms.map(|synced_ms| shared.state.engine.clock().now_ms() - synced_ms);
    let least_ms = i64::try_from(shared.state.sync_age.as_millis()).unwrap_or(i64::MAX);
    if !force && age_ms.is_some_and(|age_ms| (0..least_ms).contains(&age_ms)) {
        return Ok((StatusCode::OK, Json(Synced { run: None, new: false, synced_ms })));
    }
    let request = Request {
        pipeline: if force { SWEEP } else { HOURLY }.to_owned(),
        partition: shared.state.partition.clone(),
        params: Value::Null,
        cause: Cause::Http,
        force: false,
        fresh: false,
        key: None,
        request_id: Some(id.as_str().to_owned()),
    };
    let enqueued = shared.state.engine.enqueue(request).await?;
    let status = if enqueued.new { StatusCode::ACCEPTED } else { StatusCode::OK };
    Ok((status, Json(Synced { run: Some(enqueued.run), new: enqueued.new, synced_ms })))
}

/// Whether the athlete has connected Strava, and when what is new was last read.
async fn standing(shared: &Shared) -> Result<(bool, Option<i64>), Error> {
    let (registry, partition) = (shared.state.engine.registry().clone(), shared.state.partition.clone());
    let read = shared.store().read(move |tx| {
        let is_connected = match registry.find_connection(CONNECTION) {
            Some(connection) => connection.is_connected(tx, &partition)?,
            None => false,
        };
        Ok((is_connected, sync::get(tx, &partition)?.synced_ms))
    });
    Ok(read.await?)
}
