//! Strava's control paths.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, patch, post, put};
use axum::{Json, Router};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::activity::fields;
use super::{ALL_SCOPES, ATHLETE, Athlete, Calls, Delivery, Event, Strava, Switches, Tokens, Trap, Truth};

pub(crate) fn router(strava: Strava) -> Router {
    Router::new()
        .route("/truth", get(truth))
        .route("/athletes", post(set_athlete))
        .route("/activities", post(add))
        .route("/activities/{id}", patch(edit).delete(delete))
        .route("/activities/{id}/streams", get(streams))
        .route("/grow", post(grow))
        .route("/traps", post(add_trap))
        .route("/switches", get(switches).put(switch))
        .route("/tokens", post(connect).get(misuse))
        .route("/access/{athlete_id}", axum::routing::delete(end_access))
        .route("/consent/{athlete_id}", axum::routing::delete(deauthorize))
        .route("/limits", put(set_limits))
        .route("/spend", put(spend))
        .route("/used", get(used))
        .route("/events", get(events).post(push_events))
        .route("/events/send", post(send_events))
        .with_state(strava)
}

/// The same with some fields changed, or what is wrong with these.
fn merged<T: Serialize + DeserializeOwned>(before: &T, changes: Value) -> Result<T, Response> {
    let wrong =
        |error: serde_json::Error| (StatusCode::UNPROCESSABLE_ENTITY, error.to_string()).into_response();
    let mut merged = fields(serde_json::to_value(before).map_err(wrong)?);
    merged.extend(fields(changes));
    serde_json::from_value(Value::Object(merged)).map_err(wrong)
}

async fn truth(State(strava): State<Strava>) -> Json<Truth> {
    Json(strava.truth())
}

async fn set_athlete(
    State(strava): State<Strava>,
    Json(changes): Json<Value>,
) -> Result<StatusCode, Response> {
    let id = changes["id"].as_i64().unwrap_or(ATHLETE);
    let athlete = strava.athlete(id).unwrap_or_else(|| Athlete::new(id));
    strava.set_athlete(merged(&athlete, changes)?);
    Ok(StatusCode::NO_CONTENT)
}

async fn add(State(strava): State<Strava>, Json(changes): Json<Value>) -> Result<Response, Response> {
    let athlete_id = changes["athlete_id"].as_i64().unwrap_or(ATHLETE);
    let start_ms = changes["start_ms"].as_i64().unwrap_or_else(|| strava.now_ms() - 2 * 3_600_000);
    let usual = strava.new_activity(athlete_id, start_ms);
    let id = strava.add_activity(merged(&usual, changes)?);
    Ok(Json(json!({ "id": id })).into_response())
}

async fn edit(
    State(strava): State<Strava>,
    Path(id): Path<i64>,
    Json(changes): Json<Value>,
) -> Result<StatusCode, Response> {
    let Some(before) = strava.activity(id) else { return Ok(StatusCode::NOT_FOUND) };
    let after = merged(&before, changes)?;
    strava.edit(id, |activity| *activity = after);
    Ok(StatusCode::NO_CONTENT)
}

async fn delete(State(strava): State<Strava>, Path(id): Path<i64>) -> StatusCode {
    if strava.delete(id) { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND }
}

async fn streams(State(strava): State<Strava>, Path(id): Path<i64>) -> Response {
    match strava.streams(id) {
        Some(streams) => Json(streams.columns()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

#[derive(Deserialize)]
struct Growth {
    #[serde(default = "usual_athlete")]
    athlete_id: i64,
    count: usize,
    until_ms: Option<i64>,
}

fn usual_athlete() -> i64 {
    ATHLETE
}

async fn grow(State(strava): State<Strava>, Json(growth): Json<Growth>) -> Json<Vec<i64>> {
    let until_ms = growth.until_ms.unwrap_or_else(|| strava.now_ms());
    Json(strava.grow(growth.athlete_id, growth.count, until_ms))
}

#[derive(Deserialize)]
struct Odd {
    #[serde(default = "usual_athlete")]
    athlete_id: i64,
    trap: Trap,
    start_ms: i64,
}

async fn add_trap(State(strava): State<Strava>, Json(odd): Json<Odd>) -> Json<Value> {
    Json(json!({ "id": strava.add_trap(odd.athlete_id, odd.trap, odd.start_ms) }))
}

async fn switches(State(strava): State<Strava>) -> Json<Switches> {
    Json(strava.switches())
}

async fn switch(State(strava): State<Strava>, Json(changes): Json<Value>) -> Result<StatusCode, Response> {
    let after = merged(&strava.switches(), changes)?;
    strava.switch(|switches| *switches = after);
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
struct Connection {
    #[serde(default = "usual_athlete")]
    athlete_id: i64,
    scopes: Option<Vec<String>>,
}

async fn connect(State(strava): State<Strava>, Json(connection): Json<Connection>) -> Json<Tokens> {
    let scopes = connection.scopes.unwrap_or_else(|| ALL_SCOPES.map(str::to_owned).to_vec());
    let scopes = scopes.iter().map(String::as_str).collect::<Vec<_>>();
    Json(strava.connect(connection.athlete_id, &scopes))
}

async fn misuse(State(strava): State<Strava>) -> Json<Value> {
    Json(json!(strava.misuse()))
}

async fn end_access(State(strava): State<Strava>, Path(athlete_id): Path<i64>) -> StatusCode {
    strava.end_access(athlete_id);
    StatusCode::NO_CONTENT
}

async fn deauthorize(State(strava): State<Strava>, Path(athlete_id): Path<i64>) -> StatusCode {
    strava.deauthorize(athlete_id);
    StatusCode::NO_CONTENT
}

async fn set_limits(State(strava): State<Strava>, Json(limits): Json<Calls>) -> StatusCode {
    strava.set_limits(limits);
    StatusCode::NO_CONTENT
}

async fn spend(State(strava): State<Strava>, Json(calls): Json<Calls>) -> StatusCode {
    strava.spend(calls);
    StatusCode::NO_CONTENT
}

async fn used(State(strava): State<Strava>) -> Json<Value> {
    let limits = strava.with(|state| state.counters.limits);
    let calls_while_spent = strava.calls_while_spent();
    Json(json!({ "used": strava.used(), "limits": limits, "calls_while_spent": calls_while_spent }))
}

async fn events(State(strava): State<Strava>) -> Json<Value> {
    Json(json!({ "pending": strava.pending_events(), "sent": strava.deliveries() }))
}

async fn push_events(State(strava): State<Strava>, Json(events): Json<Vec<Event>>) -> StatusCode {
    strava.push_events(events);
    StatusCode::NO_CONTENT
}

async fn send_events(State(strava): State<Strava>) -> Json<Vec<Delivery>> {
    Json(strava.send_events().await)
}
