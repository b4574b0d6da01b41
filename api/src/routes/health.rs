//! How the server is: its database, its queue, its pipelines.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use engine::run::record;
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
    /// `ok`, or `unavailable` while the database is away.
    status: &'static str,
    /// Of the program.
    version: String,
    database: Database,
    /// Absent while the database is away.
    #[serde(skip_serializing_if = "Option::is_none")]
    queue: Option<Queue>,
    /// Absent until it looked for the first time since the start.
    #[serde(skip_serializing_if = "Option::is_none")]
    scheduler: Option<Scheduler>,
    pipelines: Vec<LastSuccess>,
    /// Everything that is wrong with pipelines and rules as they lie; what was last in order stays in force.
    script_errors: Vec<Diagnostic>,
}

/// How the scheduler of this server is. It looks once a second.
#[derive(Debug, Serialize, ToSchema)]
struct Scheduler {
    /// When it last looked to the end, in epoch milliseconds.
    last_tick_ms: i64,
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
    /// Runs that a worker holds.
    running: i64,
    workers: i64,
}

/// When a pipeline last did what it should.
#[derive(Debug, Serialize, ToSchema)]
struct LastSuccess {
    pipeline: String,
    /// Epoch milliseconds; absent where it never did.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_success_ms: Option<i64>,
}

/// Tells how the server is.
#[utoipa::path(
    get, path = "/health", tag = "server", operation_id = "show_health",
    responses(
        (status = 200, description = "All is well", body = Health),
        (status = 503, description = "The database is away", body = Health),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn show(State(shared): State<Arc<Shared>>, _: Params<()>) -> (StatusCode, Json<Health>) {
    let read = shared.store().read(|tx| Ok((record::queue(tx)?, record::last_successes(tx)?)));
    let read = match timeout(shared.state.limits.health_wait, read).await {
        Ok(read) => read.map_err(Error::from),
        Err(_) => {
            Err(store::Error::Unavailable { what: "no answer in time".to_owned(), maybe_committed: false }
                .into())
        }
    };
    match read {
        Ok((queue, successes)) => (StatusCode::OK, Json(well(&shared, &queue, successes))),
        Err(error) => {
            warn!(code = error.code(), error = %error, "the database is away");
            (StatusCode::SERVICE_UNAVAILABLE, Json(unwell(&shared, error.code().to_owned())))
        }
    }
}

fn well(shared: &Shared, queue: &record::QueueRecord, successes: Vec<record::LastSuccess>) -> Health {
    let last = successes.into_iter().map(|success| (success.pipeline, success.finished_ms)).collect();
    Health {
        status: "ok",
        version: shared.state.version.clone(),
        database: Database { ok: true, kind: kind(shared), code: None },
        queue: Some(Queue { queued: queue.queued, running: queue.running, workers: queue.workers }),
        scheduler: scheduler(shared),
        pipelines: pipelines(shared, &last),
        script_errors: script_errors(shared),
    }
}

fn unwell(shared: &Shared, code: String) -> Health {
    Health {
        status: "unavailable",
        version: shared.state.version.clone(),
        database: Database { ok: false, kind: kind(shared), code: Some(code) },
        queue: None,
        scheduler: scheduler(shared),
        pipelines: pipelines(shared, &BTreeMap::new()),
        script_errors: script_errors(shared),
    }
}

fn scheduler(shared: &Shared) -> Option<Scheduler> {
    shared.state.engine.scheduler_ticked_ms().map(|last_tick_ms| Scheduler { last_tick_ms })
}

fn pipelines(shared: &Shared, last: &BTreeMap<String, i64>) -> Vec<LastSuccess> {
    let known = shared.state.engine.pipelines().into_iter();
    known
        .map(|known| LastSuccess { last_success_ms: last.get(&known.name).copied(), pipeline: known.name })
        .collect()
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
