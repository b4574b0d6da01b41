//! The control paths: what a test in another process sets and reads.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{get, put};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

use crate::fault::Switch;
use crate::frame::Frame;
use crate::journal::Call;
use crate::{open_meteo, strava};

pub(crate) fn router(frame: Arc<Frame>) -> Router {
    let open_meteo = open_meteo::control(frame.open_meteo.clone());
    let strava = strava::control(frame.strava.clone());
    let shared = Router::new()
        .route("/calls", get(calls).delete(forget_calls))
        .route("/faults", get(faults).post(add_fault).delete(clear_faults))
        .route("/clock", get(clock).put(set_clock))
        .route("/door", put(set_door))
        .with_state(frame);
    Router::new().nest("/_control", shared.nest("/open-meteo", open_meteo).nest("/strava", strava))
}

async fn calls(State(frame): State<Arc<Frame>>) -> Json<Vec<Call>> {
    Json(frame.journal.calls())
}

async fn forget_calls(State(frame): State<Arc<Frame>>) -> StatusCode {
    frame.journal.clear();
    StatusCode::NO_CONTENT
}

async fn faults(State(frame): State<Arc<Frame>>) -> Json<Vec<Switch>> {
    Json(frame.faults.all())
}

async fn add_fault(State(frame): State<Arc<Frame>>, Json(switch): Json<Switch>) -> StatusCode {
    frame.faults.add(switch);
    StatusCode::NO_CONTENT
}

async fn clear_faults(State(frame): State<Arc<Frame>>) -> StatusCode {
    frame.faults.clear();
    StatusCode::NO_CONTENT
}

#[derive(Serialize)]
struct Time {
    now_ms: i64,
}

async fn clock(State(frame): State<Arc<Frame>>) -> Json<Time> {
    Json(Time { now_ms: frame.clock.now_ms() })
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Move {
    NowMs(i64),
    AdvanceMs(u64),
}

async fn set_clock(State(frame): State<Arc<Frame>>, Json(step): Json<Move>) -> impl IntoResponse {
    match step {
        Move::NowMs(epoch_ms) => frame.clock.set(epoch_ms),
        Move::AdvanceMs(millis) => frame.clock.advance(Duration::from_millis(millis)),
    }
    clock(State(frame)).await
}

#[derive(Deserialize)]
struct Open {
    open: bool,
}

async fn set_door(State(frame): State<Arc<Frame>>, Json(Open { open }): Json<Open>) -> StatusCode {
    frame.door.set_open(open);
    StatusCode::NO_CONTENT
}
