//! Open-Meteo's control paths.

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, put};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

use super::{Host, Limits, OpenMeteo, Used};

pub(crate) fn router(service: OpenMeteo) -> Router {
    Router::new()
        .route("/used", get(used))
        .route("/spend", put(spend))
        .route("/limits", put(set_limits))
        .route("/keys", put(set_keys))
        .route("/null-from", put(set_null_from))
        .route("/nulls", put(set_null).delete(fill))
        .route("/hold", put(hold).delete(go_on))
        .with_state(service)
}

#[derive(Serialize)]
struct Standing {
    used: Used,
    limits: Limits,
    most_at_once: usize,
}

async fn used(State(service): State<OpenMeteo>) -> Json<Standing> {
    let limits = service.with(|state| state.limits);
    Json(Standing { used: service.used(), limits, most_at_once: service.most_at_once() })
}

#[derive(Deserialize)]
struct Cost {
    cost: f64,
}

async fn spend(State(service): State<OpenMeteo>, Json(Cost { cost }): Json<Cost>) -> StatusCode {
    service.spend(cost);
    StatusCode::NO_CONTENT
}

async fn set_limits(State(service): State<OpenMeteo>, Json(limits): Json<Limits>) -> StatusCode {
    service.set_limits(limits);
    StatusCode::NO_CONTENT
}

async fn set_keys(State(service): State<OpenMeteo>, Json(keys): Json<Vec<String>>) -> StatusCode {
    service.set_keys(&keys.iter().map(String::as_str).collect::<Vec<_>>());
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
struct From {
    host: Host,
    epoch_ms: Option<i64>,
}

async fn set_null_from(State(service): State<OpenMeteo>, Json(from): Json<From>) -> StatusCode {
    service.set_null_from(from.host, from.epoch_ms);
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
struct Hole {
    latitude: f64,
    longitude: f64,
    epoch_ms: i64,
}

async fn set_null(State(service): State<OpenMeteo>, Json(hole): Json<Hole>) -> StatusCode {
    service.set_null(hole.latitude, hole.longitude, hole.epoch_ms);
    StatusCode::NO_CONTENT
}

async fn fill(State(service): State<OpenMeteo>) -> StatusCode {
    service.fill();
    StatusCode::NO_CONTENT
}

async fn hold(State(service): State<OpenMeteo>) -> StatusCode {
    service.hold();
    StatusCode::NO_CONTENT
}

async fn go_on(State(service): State<OpenMeteo>) -> StatusCode {
    service.go_on();
    StatusCode::NO_CONTENT
}
