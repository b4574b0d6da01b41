//! What all services share: they are asked here, written down, and made to fail.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Query, Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};

use crate::door::{Cut, Door};
use crate::fault::{Fault, Faults};
use crate::journal::{Call, Journal};
use crate::{Clock, OpenMeteo, control, open_meteo, spoil};

/// Larger than what a client sends to any service.
const REQUEST_BYTES: usize = 16 << 20;

pub(crate) struct Frame {
    pub(crate) clock: Clock,
    pub(crate) door: Door,
    pub(crate) faults: Faults,
    pub(crate) journal: Journal,
    pub(crate) open_meteo: OpenMeteo,
}

/// How a service says in the extensions of its answer what it counted the request as.
#[derive(Clone, Copy)]
pub(crate) struct Cost(pub(crate) f64);

impl Frame {
    pub(crate) fn new(clock: Clock, door: Door) -> Self {
        Self {
            open_meteo: OpenMeteo::new(clock.clone()),
            clock,
            door,
            faults: Faults::default(),
            journal: Journal::default(),
        }
    }
}

pub(crate) fn router(frame: &Arc<Frame>) -> Router {
    let services = Router::new()
        .nest("/open-meteo", open_meteo::router(frame.open_meteo.clone()))
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
    let service = service_of(head.uri.path());
    let fault = frame.faults.take(&service);
    let place = frame.journal.begin(Call {
        at_ms: frame.clock.now_ms(),
        service,
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        query,
        body: String::from_utf8_lossy(&body).into_owned(),
        status: None,
        cost: 0.0,
        fault: fault.clone(),
    });
    let answer = answer(Request::from_parts(head, Body::from(body)), next, fault.as_ref(), &cut, |served| {
        let cost = served.extensions().get::<Cost>().map_or(0.0, |cost| cost.0);
        frame.journal.change(place, |call| call.cost = cost);
    });
    let answer = answer.await;
    if fault != Some(Fault::Reset) {
        frame.journal.change(place, |call| call.status = Some(answer.status().as_u16()));
    }
    answer
}

async fn answer(
    request: Request,
    next: Next,
    fault: Option<&Fault>,
    cut: &Cut,
    count: impl FnOnce(&Response),
) -> Response {
    match fault {
        Some(fault) if !fault.lets_through() => spoil::instead(fault, cut).await,
        fault => {
            let served = next.run(request).await;
            count(&served);
            match fault {
                Some(fault) => spoil::on_its_way(fault, served, cut).await,
                None => served,
            }
        }
    }
}

/// `/open-meteo/archive/v1/archive` is `open_meteo.archive`.
fn service_of(path: &str) -> String {
    let mut parts = path.split('/').filter(|part| !part.is_empty());
    let (service, host) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    format!("{service}.{host}").replace('-', "_")
}

/// The answer's body as JSON.
pub(crate) fn json(status: StatusCode, body: impl Into<Bytes>) -> Response {
    let kind = (axum::http::header::CONTENT_TYPE, "application/json; charset=utf-8");
    (status, [kind], body.into()).into_response()
}
