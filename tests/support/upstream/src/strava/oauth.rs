//! Consent, codes and tokens over HTTP.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Url;
use serde_json::{Value, json};

use super::desk::{Consent, Tokens};
use super::list::param;
use super::refusal::Refusal;
use super::{ATHLETE, CLIENT_ID, CLIENT_SECRET, Strava};
use crate::frame;

type Pairs = Vec<(String, String)>;

pub(super) fn router() -> Router<Strava> {
    Router::new()
        .route("/authorize", get(authorize))
        .route("/token", post(token))
        .route("/revoke", post(revoke))
        .route("/deauthorize", post(deauthorize))
}

/// The athlete is sent on at once, as one who was asked before and has answered.
async fn authorize(State(strava): State<Strava>, Query(query): Query<Pairs>) -> Response {
    match redirect(&strava, &query) {
        Ok(target) => (StatusCode::FOUND, [(header::LOCATION, target)]).into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

fn redirect(strava: &Strava, query: &Pairs) -> Result<String, Refusal> {
    let bad = |field| Refusal::bad(["Application", field, "invalid"]);
    if param(query, "client_id") != Some(CLIENT_ID) {
        return Err(bad("client_id"));
    }
    let mut target = param(query, "redirect_uri").and_then(|uri| Url::parse(uri).ok());
    let target = target.as_mut().filter(|target| is_callback(strava, target)).ok_or(bad("redirect_uri"))?;
    if param(query, "response_type") != Some("code") {
        return Err(bad("response_type"));
    }
    let asked = param(query, "scope").filter(|scope| !scope.is_empty()).ok_or(bad("scope"))?;
    let switches = strava.switches();
    if switches.is_full {
        return Err(Refusal::full());
    }
    let mut pairs = target.query_pairs_mut();
    pairs.append_pair("state", param(query, "state").unwrap_or_default());
    if switches.is_denied {
        pairs.append_pair("error", "access_denied");
    } else {
        let granted = granted(asked, &switches.unticked);
        let athlete_id = switches.consents_as.unwrap_or(ATHLETE);
        let code = strava.with(|state| state.desk.code(Consent { athlete_id, scopes: granted.clone() }));
        pairs.append_pair("code", &code).append_pair("scope", &granted.join(","));
    }
    Ok(pairs.finish().to_string())
}

fn is_callback(strava: &Strava, target: &Url) -> bool {
    let domain = strava.with(|state| state.switches.callback_domain.clone());
    let host = target.host_str().unwrap_or_default();
    let is_inside = host == domain || host.ends_with(&format!(".{domain}"));
    target.scheme().starts_with("http") && (["localhost", "127.0.0.1"].contains(&host) || is_inside)
}

/// What is left ticked; `read` has no box.
fn granted(asked: &str, unticked: &[String]) -> Vec<String> {
    let asked = asked.split([',', ' ']).map(str::trim).filter(|scope| !scope.is_empty() && *scope != "read");
    let ticked = asked.filter(|scope| !unticked.iter().any(|other| other == scope));
    ["read"].into_iter().chain(ticked).map(str::to_owned).collect()
}

/// What comes in the query and in a form.
pub(super) fn sent(query: Pairs, body: &[u8]) -> Pairs {
    let form = serde_urlencoded::from_bytes::<Pairs>(body).unwrap_or_default();
    form.into_iter().chain(query).collect()
}

/// Whether it is the application that asks.
pub(super) fn check_client(sent: &Pairs) -> Result<(), Refusal> {
    if param(sent, "client_id") != Some(CLIENT_ID) {
        return Err(Refusal::bad(["Application", "client_id", "invalid"]));
    }
    match param(sent, "client_secret") {
        Some(CLIENT_SECRET) => Ok(()),
        _ => Err(Refusal::client()),
    }
}

pub(super) async fn token(State(strava): State<Strava>, Query(query): Query<Pairs>, body: Bytes) -> Response {
    let sent = sent(query, &body);
    let told = check_client(&sent).and_then(|()| match param(&sent, "grant_type") {
        Some("authorization_code") => exchange(&strava, param(&sent, "code").unwrap_or_default()),
        Some("refresh_token") => refresh(&strava, param(&sent, "refresh_token").unwrap_or_default()),
        _ => Err(Refusal::bad(["Application", "grant_type", "invalid"])),
    });
    match told {
        Ok(told) => frame::json(StatusCode::OK, told.to_string()),
        Err(refusal) => refusal.into_response(),
    }
}

fn exchange(strava: &Strava, code: &str) -> Result<Value, Refusal> {
    let invalid = || Refusal::bad(["AuthorizationCode", "code", "invalid"]);
    let now_s = strava.now_s();
    strava.with(|state| {
        if state.switches.is_full {
            return Err(Refusal::full());
        }
        if state.switches.code_races > 0 && state.desk.knows_code(code) {
            state.switches.code_races -= 1;
            return Err(invalid());
        }
        let (tokens, athlete_id) = state.desk.exchange(code, now_s).ok_or_else(invalid)?;
        let mut told = told(&tokens, now_s);
        let athlete = state.truth.athlete(athlete_id).map(super::Athlete::summary);
        told["athlete"] = athlete.unwrap_or_default();
        Ok(told)
    })
}

fn refresh(strava: &Strava, refresh_token: &str) -> Result<Value, Refusal> {
    let now_s = strava.now_s();
    let tokens = strava.with(|state| {
        let rotation = state.switches.rotation;
        state.desk.refresh(refresh_token, rotation, now_s)
    })?;
    Ok(told(&tokens, now_s))
}

fn told(tokens: &Tokens, now_s: i64) -> Value {
    json!({
        "token_type": "Bearer",
        "access_token": tokens.access_token,
        "expires_at": tokens.expires_at,
        "expires_in": tokens.expires_at - now_s,
        "refresh_token": tokens.refresh_token,
    })
}

/// A token that nobody knows is revoked already.
async fn revoke(State(strava): State<Strava>, headers: HeaderMap, body: Bytes) -> Response {
    if basic(&headers).as_deref() != Some(format!("{CLIENT_ID}:{CLIENT_SECRET}").as_str()) {
        return Refusal::client().into_response();
    }
    let sent = sent(Vec::new(), &body);
    let Some(token) = param(&sent, "token") else {
        return Refusal::bad(["Token", "token", "missing"]).into_response();
    };
    if let Some(athlete_id) = strava.with(|state| state.desk.owner(token)) {
        strava.deauthorize(athlete_id);
    }
    frame::json(StatusCode::OK, "{}")
}

fn basic(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let decoded = STANDARD.decode(value.strip_prefix("Basic ")?).ok()?;
    String::from_utf8(decoded).ok()
}

/// The old way, with the access token alone.
async fn deauthorize(
    State(strava): State<Strava>,
    Query(query): Query<Pairs>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let sent = sent(query, &body);
    let token = bearer(&headers).or(param(&sent, "access_token")).unwrap_or_default();
    let now_s = strava.now_s();
    let Some(caller) = strava.with(|state| state.desk.caller(token, now_s)) else {
        return Refusal::token().into_response();
    };
    strava.deauthorize(caller.athlete_id);
    frame::json(StatusCode::OK, json!({ "access_token": token }).to_string())
}

/// The token behind `Bearer`.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}
