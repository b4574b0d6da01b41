//! How the server is: its database, its queue, its pipelines.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use engine::condition::Condition;
use engine::queue::Reason;
use engine::schedule::Freshness;
use serde::Serialize;
use store::Backend;
use tokio::time::timeout;
use tracing::warn;
use utoipa::ToSchema;

use crate::diagnostic::{self, Diagnostic};
use crate::error::{Error, ErrorBody};
use crate::query::Params;
use crate::state::Shared;

/// How the server is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    /// `ok`; `late` while a pipeline, the queue or the scheduler is; `unavailable` while the database is away.
    status: &'static str,
    /// Of the program.
    version: String,
    database: Database,
    /// Absent while the database is away.
    #[serde(skip_serializing_if = "Option::is_none")]
    queue: Option<Queue>,
    /// Absent where this server has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    scheduler: Option<Scheduler>,
    pipelines: Vec<Pipeline>,
    /// Everything that is wrong with pipelines and rules as they lie; what was last in order stays in force.
    script_errors: Vec<Diagnostic>,
}

/// How the scheduler of this server is. It looks once a second.
#[derive(Debug, Serialize, ToSchema)]
struct Scheduler {
    /// When it last looked to the end, in epoch milliseconds; absent until it did for the first time.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_tick_ms: Option<i64>,
    /// For how long it has not.
    age_ms: i64,
    /// Whether that is more than 30 s.
    late: bool,
}

/// How the database is.
#[derive(Debug, Serialize, ToSchema)]
struct Database {
    ok: bool,
    /// `sqlite` or `postgres`.
    kind: &'static str,
    /// What is wrong; docs/ERRORS.md explains each code.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
}

/// How much is to be done.
#[derive(Debug, Serialize, ToSchema)]
struct Queue {
    /// Runs that wait.
    queued: i64,
    /// Those of them that any worker might take.
    ready: i64,
    /// Those that wait until a time.
    parked: i64,
    /// Those that wait for the lock of another run.
    locked: i64,
    /// For how long the oldest waits that any worker might take; 0 where none does.
    oldest_ready_age_ms: i64,
    /// Whether that is more than five minutes.
    late: bool,
    /// Runs that a worker holds.
    running: i64,
    /// Workers that were heard of lately.
    workers: i64,
    /// Runs that failed for good and that nobody has decided about.
    dead_letters: i64,
}

/// How fresh what a pipeline makes is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PipelineHealth)]
struct Pipeline {
    pipeline: String,
    /// When it last succeeded, in epoch milliseconds; absent where it never did.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_success_ms: Option<i64>,
    /// How long ago that was.
    #[serde(skip_serializing_if = "Option::is_none")]
    age_ms: Option<i64>,
    /// Whether it was due and has not succeeded since, although 15 minutes, or its longer timeout, are over. Absent where
    /// nothing starts it by schedule, or it is paused.
    #[serde(skip_serializing_if = "Option::is_none")]
    late: Option<bool>,
    /// When it was due; only where it is late.
    #[serde(skip_serializing_if = "Option::is_none")]
    due_ms: Option<i64>,
}

/// Tells how the server is. What is only late does not make it fail.
#[utoipa::path(
    get, path = "/health", tag = "server", operation_id = "show_health",
    responses(
        (status = 200, description = "The database can be read", body = Health),
        (status = 503, description = "The database is away", body = Health),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn show(State(shared): State<Arc<Shared>>, _: Params<()>) -> (StatusCode, Json<Health>) {
    let read = match timeout(shared.state.limits.health_wait, shared.state.engine.condition()).await {
        Ok(read) => read.map_err(Error::from),
        Err(_) => {
            Err(store::Error::Unavailable { what: "no answer in time".to_owned(), maybe_committed: false }
                .into())
        }
    };
    match read {
        Ok(condition) => (StatusCode::OK, Json(well(&shared, condition))),
        Err(error) => {
            warn!(code = error.code(), error = %error, "the database is away");
            (StatusCode::SERVICE_UNAVAILABLE, Json(unwell(&shared, error.code().to_owned())))
        }
    }
}

fn well(shared: &Shared, condition: Condition) -> Health {
    let queue = Queue::of(&condition);
    let at_ms = condition.at_ms;
    let pipelines: Vec<_> = condition.pipelines.into_iter().map(|fresh| Pipeline::of(fresh, at_ms)).collect();
    let scheduler = scheduler(shared);
    let is_late = queue.late
        || scheduler.as_ref().is_some_and(|scheduler| scheduler.late)
        || pipelines.iter().any(|pipeline| pipeline.late == Some(true));
    Health {
        status: if is_late { "late" } else { "ok" },
        version: shared.state.version.clone(),
        database: Database { ok: true, kind: kind(shared), code: None },
        queue: Some(queue),
        scheduler,
        pipelines,
        script_errors: script_errors(shared),
    }
}

fn unwell(shared: &Shared, code: String) -> Health {
    let known = shared.state.engine.pipelines().into_iter();
    let pipeline =
        |pipeline| Pipeline { pipeline, last_success_ms: None, age_ms: None, late: None, due_ms: None };
    Health {
        status: "unavailable",
        version: shared.state.version.clone(),
        database: Database { ok: false, kind: kind(shared), code: Some(code) },
        queue: None,
        scheduler: scheduler(shared),
        pipelines: known.map(|known| pipeline(known.name)).collect(),
        script_errors: script_errors(shared),
    }
}

impl Queue {
    fn of(condition: &Condition) -> Self {
        let queue = &condition.queue;
        let [ready, parked, locked] =
            [Reason::Ready, Reason::Parked, Reason::Locked].map(|why| queue.runs(why));
        Self {
            queued: ready + parked + locked,
            ready,
            parked,
            locked,
            oldest_ready_age_ms: condition.oldest_ready_ms(),
            late: condition.is_queue_late(),
            running: queue.held,
            workers: queue.workers,
            dead_letters: condition.dead_letters,
        }
    }
}

impl Pipeline {
    fn of(fresh: Freshness, at_ms: i64) -> Self {
        Self {
            pipeline: fresh.pipeline,
            last_success_ms: fresh.last_success_ms,
            age_ms: fresh.last_success_ms.map(|last_ms| (at_ms - last_ms).max(0)),
            late: fresh.lateness.map(|lateness| lateness.partitions > 0),
            due_ms: fresh.lateness.and_then(|lateness| lateness.due_ms),
        }
    }
}

fn scheduler(shared: &Shared) -> Option<Scheduler> {
    let ticking = shared.state.engine.ticking()?;
    Some(Scheduler { last_tick_ms: ticking.last_ms, age_ms: ticking.age_ms, late: ticking.is_late() })
}

fn script_errors(shared: &Shared) -> Vec<Diagnostic> {
    diagnostic::all(&shared.state.engine.script_errors())
}

fn kind(shared: &Shared) -> &'static str {
    match shared.store().backend() {
        Backend::Sqlite => "sqlite",
        Backend::Postgres => "postgres",
    }
}
