//! When pipelines start by themselves, and how they are told to rest.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use engine::ScheduleInfo;
use engine::schedule::pause;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Pipeline;
use crate::body;
use crate::error::{Error, ErrorBody};
use crate::path::Segment;
use crate::query::Params;
use crate::state::Shared;

/// When a pipeline runs by itself.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Schedule {
    /// As `every 1h` or `cron 30 4 * * *`.
    rule: String,
    /// Whose wall a `cron` means; each athlete's own where the pipeline names none.
    #[serde(skip_serializing_if = "Option::is_none")]
    time_zone: Option<String>,
    /// What becomes of times that were missed: `none`, `last` or `all`.
    catch_up: &'static str,
    /// The next times, by athlete; none while the pipeline is paused or before a scheduler saw it.
    due: Vec<Due>,
}

/// When a pipeline is due for somebody.
#[derive(Debug, Serialize, ToSchema)]
struct Due {
    partition: String,
    /// Epoch milliseconds.
    next_ms: i64,
    /// What the wall showed at the latest time that got a run.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_slot: Option<String>,
}

/// Since when a pipeline rests.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Pause {
    /// Epoch milliseconds.
    since_ms: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

impl From<ScheduleInfo> for Schedule {
    fn from(from: ScheduleInfo) -> Self {
        let due = |due: engine::DueInfo| Due {
            partition: due.partition,
            next_ms: due.next_ms,
            last_slot: due.last_slot,
        };
        Self {
            rule: from.rule,
            time_zone: from.time_zone,
            catch_up: from.catch_up,
            due: from.due.into_iter().map(due).collect(),
        }
    }
}

impl From<pause::Pause> for Pause {
    fn from(from: pause::Pause) -> Self {
        Self { since_ms: from.since_ms, note: from.note }
    }
}

/// Why a pipeline shall rest. All of it may be left out.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rest {
    /// Up to 200 characters.
    #[serde(default)]
    note: Option<String>,
}

/// Pauses a pipeline: nothing starts it by itself, and requests still do. A paused one gets the new note.
#[utoipa::path(
    post, path = "/pipelines/{name}/pause", tag = "pipelines", operation_id = "pause_pipeline",
    params(("name" = String, Path, description = "Name of the pipeline")),
    request_body(content = Option<Rest>, description = "Why it shall rest"),
    responses(
        (status = 200, description = "It is paused", body = Pipeline),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn pause(
    State(shared): State<Arc<Shared>>,
    Segment(name): Segment,
    _: Params<()>,
    body::Json(rest): body::Json<Rest>,
) -> Result<Json<Pipeline>, Error> {
    shared.state.engine.pause(&name, rest.note).await?;
    one(&shared, &name).await
}

/// Lets a paused pipeline go on; what was due meanwhile counts as missed.
#[utoipa::path(
    post, path = "/pipelines/{name}/resume", tag = "pipelines", operation_id = "resume_pipeline",
    params(("name" = String, Path, description = "Name of the pipeline")),
    responses(
        (status = 200, description = "It is not paused any more, or was not", body = Pipeline),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn resume(
    State(shared): State<Arc<Shared>>,
    Segment(name): Segment,
    _: Params<()>,
) -> Result<Json<Pipeline>, Error> {
    shared.state.engine.resume(&name).await?;
    one(&shared, &name).await
}

async fn one(shared: &Shared, name: &str) -> Result<Json<Pipeline>, Error> {
    let pipelines = shared.state.engine.scheduled_pipelines().await?;
    let found = pipelines.into_iter().find(|pipeline| pipeline.name == name);
    Ok(Json(found.ok_or_else(|| Error::NotFound(format!("pipeline `{name}`")))?.into()))
}
