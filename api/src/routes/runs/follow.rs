//! Runs that follow a run which is over: a retry of what failed, or a rerun from a step.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use engine::rerun::Start;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::no_run;
use crate::error::{Error, ErrorBody};
use crate::path::{Segment, check_id};
use crate::query::{FromQuery, Params, Query};
use crate::request::RequestId;
use crate::state::Shared;

/// A run that follows another.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Follower {
    /// Its id; absent in a preview.
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<String>,
    /// False where an unfinished run that follows already stands for it; absent in a preview.
    #[serde(skip_serializing_if = "Option::is_none")]
    new: Option<bool>,
    /// The run that it follows.
    follows: String,
    /// Steps that run again.
    again: Vec<String>,
    /// Steps whose results are taken over.
    reused: Vec<String>,
}

/// How a run is retried.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `Retry` reads")]
pub(crate) struct RetryParams {
    /// `1` only says what would run again.
    #[param(maximum = 1)]
    preview: Option<u8>,
}

/// Where a run goes on.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `Rerun` reads")]
pub(crate) struct RerunParams {
    /// The first step that runs again.
    from: String,
    /// `1` only says what would run again.
    #[param(maximum = 1)]
    preview: Option<u8>,
}

/// Whether to show only what would happen.
pub(crate) struct Retry {
    preview: bool,
}

/// The same, from a step.
pub(crate) struct Rerun {
    from: String,
    preview: bool,
}

impl FromQuery for Retry {
    fn read(query: &mut Query) -> Result<Self, Error> {
        Ok(Self { preview: query.flag("preview")? })
    }
}

impl FromQuery for Rerun {
    fn read(query: &mut Query) -> Result<Self, Error> {
        let from =
            query.text("from").ok_or_else(|| Error::parameter("from", "must name a step of the run"))?;
        Ok(Self { from, preview: query.flag("preview")? })
    }
}

/// Runs again what did not succeed, and what comes after it, as a new run under the same plan.
#[utoipa::path(
    post, path = "/runs/{id}/retry", tag = "pipelines", operation_id = "retry_run",
    params(("id" = String, Path, description = "Id of a run that is over"), RetryParams),
    responses(
        (status = 202, description = "A new run was enqueued", body = Follower),
        (status = 200, description = "A preview, or the unfinished run that stands for it", body = Follower),
        (status = 409, description = "The run is not over, or nothing of it failed", body = ErrorBody),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn retry(
    State(shared): State<Arc<Shared>>,
    Segment(id): Segment,
    Params(Retry { preview }): Params<Retry>,
    request: RequestId,
) -> Result<(StatusCode, Json<Follower>), Error> {
    follow(&shared, &id, &Start::Failed, preview, &request).await
}

/// Lets a run go on that failed or was cancelled: another name of its retry.
#[utoipa::path(
    post, path = "/runs/{id}/resume", tag = "pipelines", operation_id = "resume_run",
    params(("id" = String, Path, description = "Id of a run that is over"), RetryParams),
    responses(
        (status = 202, description = "A new run was enqueued", body = Follower),
        (status = 200, description = "A preview, or the unfinished run that stands for it", body = Follower),
        (status = 409, description = "The run is not over, or nothing of it failed", body = ErrorBody),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn resume(
    shared: State<Arc<Shared>>,
    id: Segment,
    params: Params<Retry>,
    request: RequestId,
) -> Result<(StatusCode, Json<Follower>), Error> {
    retry(shared, id, params, request).await
}

/// Runs a step and everything after it again, as a new run under the same plan.
#[utoipa::path(
    post, path = "/runs/{id}/rerun", tag = "pipelines", operation_id = "rerun_run",
    params(("id" = String, Path, description = "Id of a run that is over"), RerunParams),
    responses(
        (status = 202, description = "A new run was enqueued", body = Follower),
        (status = 200, description = "A preview, or the unfinished run that stands for it", body = Follower),
        (status = 409, description = "The run is not over", body = ErrorBody),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn rerun(
    State(shared): State<Arc<Shared>>,
    Segment(id): Segment,
    Params(Rerun { from, preview }): Params<Rerun>,
    request: RequestId,
) -> Result<(StatusCode, Json<Follower>), Error> {
    follow(&shared, &id, &Start::Step(from), preview, &request).await
}

async fn follow(
    shared: &Shared,
    id: &str,
    start: &Start,
    preview: bool,
    request: &RequestId,
) -> Result<(StatusCode, Json<Follower>), Error> {
    check_id(id, no_run)?;
    let engine = &shared.state.engine;
    let found = engine.preview_rerun(id, start).await?;
    let mut follower =
        Follower { run: None, new: None, follows: found.run, again: found.again, reused: found.reused };
    if preview {
        return Ok((StatusCode::OK, Json(follower)));
    }
    let enqueued = engine.rerun(id, start, Some(request.as_str().to_owned())).await?;
    let status = if enqueued.new { StatusCode::ACCEPTED } else { StatusCode::OK };
    (follower.run, follower.new) = (Some(enqueued.run), Some(enqueued.new));
    Ok((status, Json(follower)))
}
