//! What all services share: they are asked here, written down, and made to fail.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Query, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};

use crate::door::{Cut, Door};
use crate::fault::{Fault, Faults};
use crate::journal::{Call, Journal, Place};
use crate::replay::Replay;
use crate::{Clock, OpenMeteo, Strava, control, open_meteo, spoil, strava};

/// Larger than what a client sends to any service.
const REQUEST_BYTES: usize = 16 << 20;

pub(crate) struct Frame {
    pub(crate) clock: Clock,
    pub(crate) door: Door,
    pub(crate) faults: Faults,
    pub(crate) journal: Journal,
    pub(crate) replay: Replay,
    pub(crate) open_meteo: OpenMeteo,
    pub(crate) strava: Strava,
}

/// How a service says in the extensions of its answer what it counted the request as.
#[derive(Clone, Copy)]
pub(crate) struct Cost(pub(crate) f64);

impl Frame {
    pub(crate) fn new(clock: Clock, door: Door) -> Self {
        Self {
            open_meteo: OpenMeteo::new(clock.clone()),
            strava: Strava::new(clock.clone()),
            clock,
            door,
            faults: Faults::default(),
            journal: Journal::default(),
            replay: Replay::default(),
        }
    }
}

pub(crate) fn router(frame: &Arc<Frame>) -> Router {
    let services = Router::new()
        .nest("/open-meteo", open_meteo::router(frame.open_meteo.clone()))
        .nest("/strava", strava::router(frame.strava.clone()))
        // Recordings may be of paths that no service has.
        .fallback(async || StatusCode::NOT_FOUND)
        .layer(middleware::from_fn_with_state(Arc::clone(frame), ask));
    services.merge(control::router(Arc::clone(frame)))
}

async fn ask(
    State(frame): State<Arc<Frame>>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    Query(query): Query<Vec<(String, String)>>,
    request: Request,
    next: Next,
) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, REQUEST_BYTES).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let mut call = frame.begin(&head, &body, query);
    let answer = frame.answer(&mut call, Request::from_parts(head, Body::from(body)), next, &cut).await;
    if !call.fault.as_ref().is_some_and(Fault::is_without_answer) {
        frame.journal.change(call.place, |call| call.status = Some(answer.status().as_u16()));
    }
    answer
}

/// A request that is worked on.
struct Begun {
    place: Place,
    service: String,
    fault: Option<Fault>,
    recorded: Option<Response>,
}

impl Frame {
    fn begin(&self, head: &Parts, body: &Bytes, query: Vec<(String, String)>) -> Begun {
        let (method, path) = (head.method.as_str(), head.uri.path());
        let service = service_of(path);
        let fault = self.faults.take(&service, path);
        let recorded = self.replay.answer(method, path, &query);
        let place = self.journal.begin(Call {
            at_ms: self.clock.now_ms(),
            service: service.clone(),
            method: method.to_owned(),
            path: path.to_owned(),
            query,
            headers: headers(head),
            body: String::from_utf8_lossy(body).into_owned(),
            status: None,
            cost: 0.0,
            fault: fault.clone(),
        });
        Begun { place, service, fault, recorded }
    }

    async fn answer(&self, begun: &mut Begun, request: Request, next: Next, cut: &Cut) -> Response {
        match &begun.fault {
            Some(Fault::Recorded(name)) => {
                self.replay.error(name).unwrap_or_else(|| StatusCode::NOT_IMPLEMENTED.into_response())
            }
            Some(fault) if !fault.lets_through() => spoil::instead(fault, &begun.service, cut).await,
            fault => {
                let served = match begun.recorded.take() {
                    Some(recorded) => recorded,
                    None => next.run(request).await,
                };
                let cost = served.extensions().get::<Cost>().map_or(0.0, |cost| cost.0);
                self.journal.change(begun.place, |call| call.cost = cost);
                match fault {
                    Some(fault) => spoil::on_its_way(fault, served, cut).await,
                    None => served,
                }
            }
        }
    }
}

fn headers(head: &Parts) -> Vec<(String, String)> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    head.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect()
}

/// `/open-meteo/archive/v1/archive` is `open_meteo.archive`.
fn service_of(path: &str) -> String {
    let mut parts = path.split('/').filter(|part| !part.is_empty());
    let (service, host) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    format!("{service}.{host}").replace('-', "_")
}

/// The answer's body as JSON.
pub(crate) fn json(status: StatusCode, body: impl Into<Body>) -> Response {
    let kind = (axum::http::header::CONTENT_TYPE, "application/json; charset=utf-8");
    (status, [kind], body.into()).into_response()
}
