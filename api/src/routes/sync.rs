//! What is new at the service that an athlete has connected.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use engine::Request;
use engine::run::Cause;
use fitness::records::strava::{activity, progress, sync};
use serde::Serialize;
use serde_json::{Value, json};
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
const NOT_CONNECTED: &str = "Strava is not connected, or must be connected again; `GET /api/v1/strava/connect` in a \
                             browser does it, and `GET /api/v1/strava` says how the connection is";

/// How a sync is asked for.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `Wish` reads")]
pub(crate) struct SyncParams {
    /// `1` reads everything, edits and deletions of long ago included, however long ago the last sync was.
    #[param(maximum = 1)]
    force: Option<u8>,
    /// `1` reads everything, and removes what is gone at Strava even where it is much.
    #[param(maximum = 1)]
    confirm: Option<u8>,
}

/// How much is wanted.
pub(crate) struct Wish {
    everything: bool,
    /// What is gone goes here too, however much it is.
    confirm: bool,
}

impl FromQuery for Wish {
    fn read(query: &mut Query) -> Result<Self, Error> {
        let (force, confirm) = (query.flag("force")?, query.flag("confirm")?);
        Ok(Self { everything: force || confirm, confirm })
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

/// How far the syncs are.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Standing {
    /// True where syncs run by themselves.
    connected: bool,
    /// When what is new was last read, in epoch milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    synced_ms: Option<i64>,
    /// When everything was last read, in epoch milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    swept_ms: Option<i64>,
    /// What is gone at Strava and so much that a person has to say whether it goes here.
    #[serde(skip_serializing_if = "Option::is_none")]
    held_back: Option<HeldBack>,
    /// Those that are known.
    activities: u32,
    /// Those of them whose details and samples are there.
    whole: u32,
    /// Calls that the rest needs.
    calls_left: u32,
    /// Activities that a day's quota is enough for.
    per_day: u32,
    /// When the rest is there at that pace, in epoch milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    done_ms: Option<i64>,
    /// When the next call can be made, where the quota is spent, in epoch milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    waits_until_ms: Option<i64>,
    /// Those at which Strava failed again and again, and which are left alone until somebody asks for them.
    faulty: u32,
    /// Since when Strava gives no efforts on segments because the athlete has no subscription, in epoch milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    no_efforts_ms: Option<i64>,
}

/// A sweep that asks first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HeldBack {
    /// Epoch milliseconds.
    at_ms: i64,
    /// How many would be removed.
    missing: u32,
    of: u32,
}

/// How far the syncs with Strava are.
#[utoipa::path(
    get, path = "/sync", tag = "athlete", operation_id = "show_sync",
    responses(
        (status = 200, description = "How far they are", body = Standing),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn show(State(shared): State<Arc<Shared>>, _: Params<()>) -> Result<Json<Standing>, Error> {
    let (connected, _) = standing(&shared).await?;
    let (partition, now_ms) = (shared.state.partition.clone(), shared.state.engine.clock().now_ms());
    let read = shared.store().read(move |tx| {
        let faulty = activity::counts(tx, &partition)?.faulty;
        Ok((sync::get(tx, &partition)?, progress::of(tx, &partition, now_ms)?, faulty))
    });
    let (sync, progress, faulty) = read.await?;
    let held_back = sync.held_back.map(|of| HeldBack { at_ms: of.at_ms, missing: of.missing, of: of.of });
    Ok(Json(Standing {
        connected,
        synced_ms: sync.synced_ms,
        swept_ms: sync.swept_ms,
        held_back,
        activities: progress.activities,
        whole: progress.whole,
        calls_left: progress.calls_left,
        per_day: progress.per_day,
        done_ms: progress.done_ms,
        waits_until_ms: progress.waits_until_ms,
        faulty,
        no_efforts_ms: sync.no_efforts_ms,
    }))
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
    Params(wish): Params<Wish>,
    id: RequestId,
) -> Result<(StatusCode, Json<Synced>), Error> {
    let (is_connected, synced_ms) = standing(&shared).await?;
    if !is_connected {
        return Err(Error::conflict("strava_not_connected", NOT_CONNECTED.to_owned()));
    }
    let age_ms = synced_ms.map(|synced_ms| shared.state.engine.clock().now_ms() - synced_ms);
    let least_ms = i64::try_from(shared.state.sync_age.as_millis()).unwrap_or(i64::MAX);
    if !wish.everything && age_ms.is_some_and(|age_ms| (0..least_ms).contains(&age_ms)) {
        return Ok((StatusCode::OK, Json(Synced { run: None, new: false, synced_ms })));
    }
    let request = Request {
        pipeline: if wish.everything { SWEEP } else { HOURLY }.to_owned(),
        partition: shared.state.partition.clone(),
        params: if wish.confirm { json!({ "confirm": true }) } else { Value::Null },
        cause: Cause::Http,
        // A sweep that was not told to remove much does not stand for one that was.
        force: wish.confirm,
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
