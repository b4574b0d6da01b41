//! A run as it happens, as server-sent events.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use engine::live::{Cursor, Fact, Following, RunNews, StepNews};
use futures_util::stream;
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tracing::warn;
use utoipa::{IntoParams, ToSchema};

use super::log::LogLine;
use super::{Meters, Waits, no_run};
use crate::error::{Error, ErrorBody};
use crate::path::{Segment, check_id};
use crate::query::{FromQuery, Params, Query};
use crate::state::Shared;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// How often something is sent at least, so that nobody between takes the connection for dead.
const ALIVE: Duration = Duration::from_secs(15);
/// How long a client waits before it comes back.
const RETRY: Duration = Duration::from_secs(2);

/// What an event tells: how the run stands (`run`), how a step stands (`step`), or what a step said (`line`).
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum Told {
    Run(RunTold),
    Step(StepTold),
    Line(LogLine),
}

/// How a run stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RunTold {
    run: String,
    /// `queued`, `running`, `succeeded`, `failed` or `cancelled`.
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// Why nobody works on it, where it is queued.
    #[serde(skip_serializing_if = "Option::is_none")]
    waits: Option<Waits>,
}

/// How a step of a run stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StepTold {
    /// Its name in the pipeline.
    step: String,
    kind: String,
    /// `pending`, `running`, `waiting`, `succeeded`, `skipped`, `failed` or `cancelled`.
    state: &'static str,
    /// How many attempts were begun.
    attempts: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_ms: Option<i64>,
    /// When the latest attempt began.
    #[serde(skip_serializing_if = "Option::is_none")]
    attempt_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_ms: Option<i64>,
    meters: Meters,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// The run whose result stands here, where the step was not run again.
    #[serde(skip_serializing_if = "Option::is_none")]
    reused_from: Option<String>,
}

/// From where on a run is followed.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventsParams {
    /// The `id` of the last event that is known, for who cannot send `Last-Event-ID`.
    after: Option<String>,
}

impl FromQuery for EventsParams {
    fn read(query: &mut Query) -> Result<Self, Error> {
        Ok(Self { after: query.text("after") })
    }
}

/// Follows a run until its end: how it and its steps stand, and what they say.
///
/// Who comes back with the id of the last event hears what happened since.
#[utoipa::path(
    get, path = "/runs/{id}/events", tag = "pipelines", operation_id = "follow_run",
    params(
        ("id" = String, Path, description = "Id of the run"),
        EventsParams,
        ("Last-Event-ID" = Option<String>, Header, description = "The `id` of the last event that is known"),
    ),
    responses(
        (status = 200, description = "Events named `run`, `step` and `line`, each with JSON as its data; the last one \
         tells how the run ended", body = Told, content_type = "text/event-stream"),
        (status = 204, description = "The run is over, and all of it is known"),
        (status = 503, description = "Too many follow runs of this server already", body = ErrorBody),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn follow(
    State(shared): State<Arc<Shared>>,
    Segment(id): Segment,
    Params(EventsParams { after }): Params<EventsParams>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    check_id(&id, no_run)?;
    let cursor = known(&headers, after)?;
    let place = shared.streams.clone().try_acquire_owned().map_err(|_| too_many())?;
    let following = shared.state.engine.follow(&id, cursor).await?.ok_or_else(|| no_run(&id))?;
    if following.has_ended() {
        // A browser that is answered so does not come again.
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let stopping = shared.stopping.subscribe();
    let telling = Telling { following, stopping, is_first: true, _place: place };
    let events = Sse::new(stream::unfold(telling, Telling::next));
    Ok(events.keep_alive(KeepAlive::new().interval(ALIVE)).into_response())
}

/// What the client knows already.
fn known(headers: &HeaderMap, after: Option<String>) -> Result<Cursor, Error> {
    let header = headers.get(LAST_EVENT_ID).map(|id| id.to_str().unwrap_or_default().to_owned());
    let (name, id) = match (header, after) {
        (Some(id), _) => ("Last-Event-ID", id),
        (None, Some(id)) => ("after", id),
        (None, None) => return Ok(Cursor::START),
    };
    Cursor::parse(&id).ok_or_else(|| Error::parameter(name, "must be the id of an event"))
}

fn too_many() -> Error {
    Error::Refused {
        status: StatusCode::SERVICE_UNAVAILABLE,
        code: "too_many_streams".into(),
        message: "too many follow runs of this server already".to_owned(),
        details: None,
    }
}

/// One client, and how far it is.
struct Telling {
    following: Following,
    stopping: watch::Receiver<bool>,
    is_first: bool,
    _place: OwnedSemaphorePermit,
}

impl Telling {
    async fn next(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        let next = tokio::select! {
            biased;
            // The client comes back, and finds a server that stays.
            _ = self.stopping.wait_for(|stops| *stops) => return None,
            next = self.following.next() => next,
        };
        let (cursor, told) = match next {
            Ok(next) => next?,
            Err(error) => {
                warn!(code = error.code(), error = %error, "a run cannot be followed any further");
                return None;
            }
        };
        let text = told.text(|fact| serde_json::to_string(&Told::from(fact)).unwrap_or_default());
        let event = Event::default().event(name(&told.fact)).id(cursor.to_string()).data(text);
        let event = if std::mem::take(&mut self.is_first) { event.retry(RETRY) } else { event };
        Some((Ok(event), self))
    }
}

fn name(fact: &Fact) -> &'static str {
    match fact {
        Fact::Run(_) => "run",
        Fact::Step(_) => "step",
        Fact::Line(_) => "line",
    }
}

impl From<&Fact> for Told {
    fn from(fact: &Fact) -> Self {
        match fact.clone() {
            Fact::Run(RunNews { run, state, started_ms, finished_ms, error_code, error, waits }) => {
                let (state, waits) = (state.as_str(), waits.map(Waits::from));
                Self::Run(RunTold { run, state, started_ms, finished_ms, error_code, error, waits })
            }
            Fact::Step(news) => Self::Step(news.into()),
            Fact::Line(line) => Self::Line(line.into()),
        }
    }
}

impl From<StepNews> for StepTold {
    fn from(from: StepNews) -> Self {
        Self {
            step: from.step,
            kind: from.kind,
            state: from.state.as_str(),
            attempts: from.attempts,
            started_ms: from.started_ms,
            attempt_ms: from.attempt_ms,
            finished_ms: from.finished_ms,
            meters: from.meters.into(),
            error_code: from.error_code,
            error: from.error,
            reused_from: from.reused_from,
        }
    }
}
