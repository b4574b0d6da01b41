//! The connection to Strava: its way through the browser, how it is, and its end.
//!
//! The plugin of that name does all of it; here is what its answers look like over HTTP.

mod page;
mod view;

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use engine::registry::{self, Connection};
use engine::run::Cause;
use engine::step;
use engine::{Engine, EnqueueError, PlanError, Request};
use serde_json::Value;
use tracing::warn;

use crate::error::{Error, ErrorBody};
use crate::query::{FromQuery, Params, Query};
use crate::router::PREFIX;
use crate::state::Shared;

use view::{Begun, Connected, Receipt, Status};

const NAME: &str = "strava";

/// What comes back in the address, whatever it is called.
pub(crate) struct Returned(pub(crate) BTreeMap<String, String>);

impl FromQuery for Returned {
    fn read(query: &mut Query) -> Result<Self, Error> {
        Ok(Self(query.rest()))
    }
}

/// How the connection to Strava is.
#[utoipa::path(
    get, path = "/strava", tag = "server", operation_id = "show_strava",
    responses(
        (status = 200, description = "How it is", body = Status),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn show(State(shared): State<Arc<Shared>>, _: Params<()>) -> Result<Json<Status>, Error> {
    let (engine, partition) = (&shared.state.engine, &shared.state.partition);
    let status = connection(engine)?.status(&engine.means(), partition).await.map_err(refused)?;
    Ok(Json(status.into()))
}

/// Begins to connect Strava: a browser is sent there, and a program is told where.
#[utoipa::path(
    get, path = "/strava/connect", tag = "server", operation_id = "connect_strava",
    responses(
        (status = 200, description = "Where a person allows it", body = Begun),
        (status = 303, description = "To that address, where HTML is asked for"),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn connect(
    State(shared): State<Arc<Shared>>,
    _: Params<()>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let (engine, partition) = (&shared.state.engine, &shared.state.partition);
    // The guard lets through one host, and only a loopback.
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).ok_or(Error::HostRefused)?;
    let redirect = format!("http://{host}{PREFIX}/strava/callback");
    let begun = connection(engine)?.begin(&engine.means(), partition, &redirect).await.map_err(refused)?;
    Ok(if wants_html(&headers) {
        Redirect::to(&begun).into_response()
    } else {
        Json(Begun { url: begun }).into_response()
    })
}

/// Ends what was begun, with what Strava sends back: once, within ten minutes, and for whom it was begun.
#[utoipa::path(
    get, path = "/strava/callback", tag = "server", operation_id = "return_from_strava",
    params(
        ("state" = String, Query, description = "What was sent along"),
        ("code" = Option<String>, Query, description = "What is exchanged for the access"),
        ("scope" = Option<String>, Query, description = "What was allowed"),
        ("error" = Option<String>, Query, description = "`access_denied` where nothing was"),
    ),
    responses(
        (status = 200, description = "What was allowed and what not; a page, where HTML is asked for", body = Connected),
        (status = 400, description = "Not ours, too old, used already, or denied", body = ErrorBody),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn callback(
    State(shared): State<Arc<Shared>>,
    Params(Returned(query)): Params<Returned>,
    headers: HeaderMap,
) -> Response {
    let (engine, partition) = (shared.state.engine.clone(), shared.state.partition.clone());
    // What came for a browser that is closed meanwhile is kept all the same.
    let finished = detached(async move {
        let connection = connection(&engine)?;
        let connected = connection.finish(&engine.means(), &partition, &query).await.map_err(refused)?;
        start(&engine, &partition, connected.then).await;
        Ok(connected)
    });
    match (finished.await, wants_html(&headers)) {
        (Ok(connected), true) => success(connected),
        (Ok(connected), false) => Json(Connected::from(connected)).into_response(),
        (Err(error), true) => failure(&error),
        (Err(error), false) => error.into_response(),
    }
}

/// Gives the access back and deletes all that came through it. It goes on where it was cut off, if it was.
#[utoipa::path(
    post, path = "/strava/disconnect", tag = "server", operation_id = "disconnect_strava",
    responses(
        (status = 200, description = "What was deleted", body = Receipt),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn disconnect(
    State(shared): State<Arc<Shared>>,
    _: Params<()>,
) -> Result<Json<Receipt>, Error> {
    let (engine, partition) = (shared.state.engine.clone(), shared.state.partition.clone());
    let done = detached(async move {
        let receipt = connection(&engine)?.disconnect(&engine.means(), &partition).await.map_err(refused)?;
        start(&engine, &partition, receipt.then).await;
        Ok(Receipt::from(receipt))
    });
    done.await.map(Json)
}

/// Goes on though whoever asked has gone.
async fn detached<T: Send + 'static>(
    work: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> Result<T, Error> {
    let done = tokio::spawn(work).await;
    done.unwrap_or_else(|error| Err(Error::Internal(format!("a connection's work ended: {error}"))))
}

pub(crate) fn connection(engine: &Engine) -> Result<&dyn Connection, Error> {
    let found = engine.registry().find_connection(NAME);
    found.ok_or_else(|| Error::NotFound(format!("connection `{NAME}`")))
}

/// Starts the pipeline that has something to do now; without it the schedules will. A run that is at work may have
/// read already what is gone, and does not stand for it.
async fn start(engine: &Engine, partition: &str, pipeline: Option<&'static str>) {
    let Some(pipeline) = pipeline else { return };
    let request = Request {
        pipeline: pipeline.to_owned(),
        partition: partition.to_owned(),
        params: Value::Null,
        cause: Cause::Http,
        force: true,
        fresh: false,
        key: None,
        request_id: None,
    };
    match engine.enqueue(request).await {
        Ok(_) | Err(EnqueueError::Plan(PlanError::Unknown { .. })) => {}
        Err(error) => warn!(pipeline, error = %error, "a pipeline was not started"),
    }
}

fn wants_html(headers: &HeaderMap) -> bool {
    let accept = headers.get_all(header::ACCEPT).iter();
    accept.filter_map(|value| value.to_str().ok()).any(|value| value.contains("text/html"))
}

/// The page that tells what was allowed.
pub(crate) fn success(connected: registry::Connected) -> Response {
    html(StatusCode::OK, page::connected(&connected.into()))
}

/// The page that tells why nothing is connected.
pub(crate) fn failure(error: &Error) -> Response {
    html(error.status(), page::failed(error))
}

/// A page that loads nothing and tells nobody its address, in which a code stood.
fn html(status: StatusCode, text: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::REFERRER_POLICY, "no-referrer"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ),
    ];
    let headers = headers.map(|(name, value)| (name, HeaderValue::from_static(value)));
    (status, headers, text).into_response()
}

pub(crate) fn refused(cause: step::Cause) -> Error {
    let status = match cause.code {
        "oauth_state_mismatch" | "strava_denied" | "strava_code_refused" => StatusCode::BAD_REQUEST,
        "strava_rate_limited" | "strava_refreshing" | "quota_spent" => StatusCode::SERVICE_UNAVAILABLE,
        code if code.starts_with("strava_") => StatusCode::CONFLICT,
        code if code.starts_with("upstream_") => StatusCode::BAD_GATEWAY,
        "config_invalid" => StatusCode::SERVICE_UNAVAILABLE,
        code if code.starts_with("secret_") => StatusCode::SERVICE_UNAVAILABLE,
        _ => return failed(cause),
    };
    Error::Refused { status, code: cause.code.into(), message: cause.message, details: None }
}

/// Trouble inside; the log says more.
fn failed(mut cause: step::Cause) -> Error {
    let Some(source) = cause.source.take() else {
        return Error::Internal(format!("{} [{}]", cause.message, cause.code));
    };
    match source.downcast::<store::Error>() {
        Ok(store) => Error::Store(*store),
        Err(source) => Error::Internal(format!("{}: {source} [{}]", cause.message, cause.code)),
    }
}
