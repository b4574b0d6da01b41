//! Who works on the queue.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use engine::queue::{self, WorkerRecord};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::{Error, ErrorBody};
use crate::page::Page;
use crate::query::Params;
use crate::state::Shared;

/// A process that works off the queue.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Worker {
    /// New with each start.
    id: String,
    /// Name of its machine.
    host: String,
    /// Number of the process on that machine.
    process: i64,
    /// When it started, in epoch milliseconds.
    since_ms: i64,
    /// Its last heartbeat, in epoch milliseconds by its own clock.
    seen_ms: i64,
    /// The runs it holds.
    runs: Vec<String>,
}

/// Lists the workers.
#[utoipa::path(
    get, path = "/workers", tag = "server", operation_id = "list_workers",
    responses(
        (status = 200, description = "All workers, the oldest first", body = Page<Worker>),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    _: Params<()>,
) -> Result<Json<Page<Worker>>, Error> {
    let workers = shared.store().read(queue::workers).await?;
    Ok(Json(Page::whole(workers.into_iter().map(Worker::from).collect())))
}

impl From<WorkerRecord> for Worker {
    fn from(from: WorkerRecord) -> Self {
        let WorkerRecord { id, host, process, since_ms, seen_ms, runs } = from;
        Self { id, host, process, since_ms, seen_ms, runs }
    }
}
