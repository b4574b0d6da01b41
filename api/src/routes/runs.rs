//! Runs: what happened, and the wish that one stop.

pub(crate) mod events;
pub(crate) mod follow;
pub(crate) mod log;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use engine::child::{self, Counts};
use engine::context::Readings;
use engine::log::Level;
use engine::log::record::{self as spoken, Which};
use engine::queue::{self, Why};
use engine::run::record::{self, AttemptRecord, RunRecord, StepRecord};
use serde::Serialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use self::log::LogLine;
use super::pools::PoolWait;
use crate::error::{Error, ErrorBody};
use crate::page::{self, Page};
use crate::path::{Segment, check_id};
use crate::query::{FromQuery, Params, Query};
use crate::state::Shared;

/// So many lines stand beside a run.
const LINES: i64 = 200;

/// A run of a pipeline.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Run {
    id: String,
    pipeline: String,
    /// Whose run it is.
    partition: String,
    #[schema(value_type = Object)]
    params: Value,
    /// What set it off: `cli`, `http`, `watch`, `schedule`, `pipeline`, `retry`, `replay`, `backfill`, `webhook`, `part` or
    /// `sub_pipeline`.
    cause: String,
    /// The request that set it off.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    /// The run that it follows by retry or replay.
    #[serde(skip_serializing_if = "Option::is_none")]
    follows: Option<String>,
    /// The run that waits for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<String>,
    /// The step of that run which does.
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_step: Option<String>,
    /// Counts from 0, where it is for a part of what that step was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    part: Option<i64>,
    /// `queued`, `running`, `succeeded`, `failed` or `cancelled`.
    state: &'static str,
    /// Equal for runs of the same plan.
    plan_hash: String,
    /// Epoch milliseconds.
    enqueued_ms: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_ms: Option<i64>,
    /// Why it failed; docs/ERRORS.md explains each code.
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// A run with its steps.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RunWithSteps {
    #[serde(flatten)]
    run: Run,
    /// Why nobody works on it; absent while somebody does, and once it is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    waits: Option<Waits>,
    steps: Vec<Step>,
    /// The runs that it waits or waited for, by step.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    children: Vec<Children>,
    /// The last 200 lines that its steps said; `/runs/{id}/log` has all.
    log: Vec<LogLine>,
}

/// How many children of a step stand how.
#[derive(Debug, Serialize, ToSchema)]
struct Children {
    /// The step that waits for them.
    step: String,
    queued: i64,
    running: i64,
    succeeded: i64,
    failed: i64,
    cancelled: i64,
}

/// What a run waits for.
#[derive(Debug, Serialize, ToSchema)]
struct Waits {
    /// `ready` waits for a free worker, `parked` until a time, `locked` for another run, `pool` for a pool, `children`
    /// for runs of its own.
    why: &'static str,
    /// Until when it is parked, in epoch milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    until_ms: Option<i64>,
    /// The run that holds the lock it waits for.
    #[serde(skip_serializing_if = "Option::is_none")]
    locked_by: Option<String>,
    /// The pool that a step of it waits for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pool: Option<PoolWait>,
    /// How many of its children are not over.
    #[serde(skip_serializing_if = "Option::is_none")]
    children: Option<Left>,
}

/// How many of how many are left.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChildrenLeft)]
struct Left {
    left: i64,
    of: i64,
}

/// A step of a run.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Step {
    /// Its name in the pipeline.
    step: String,
    kind: String,
    /// `pending`, `running`, `waiting`, `succeeded`, `skipped`, `failed` or `cancelled`.
    state: &'static str,
    meters: Meters,
    /// What it left to the steps after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    artifact: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// The run whose result stands here, where the step was not run again.
    #[serde(skip_serializing_if = "Option::is_none")]
    reused_from: Option<String>,
    attempts: Vec<Attempt>,
}

/// What a step counted.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Meters {
    /// Items it looked at.
    rows_in: u64,
    /// Rows it changed.
    rows_out: u64,
    /// Calls to outside services.
    upstream_calls: u64,
    /// Bytes it read.
    bytes: u64,
}

/// One attempt at a step.
#[derive(Debug, Serialize, ToSchema)]
struct Attempt {
    /// Counts from 1.
    attempt: i64,
    worker: String,
    /// As of a step, or `lost` where its worker went away.
    state: &'static str,
    started_ms: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// What it counted by itself.
    meters: Meters,
}

/// Which runs to list.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RunsParams {
    /// Only runs of this pipeline.
    pipeline: Option<String>,
    /// Only children of this run.
    parent: Option<String>,
    /// `1` lists children among the others.
    #[param(value_type = Option<u8>, maximum = 1)]
    children: bool,
    /// `next` of the page before.
    cursor: Option<String>,
    /// How many to answer, 50 if not given.
    #[param(required = false, default = 50, minimum = 1, maximum = 500)]
    limit: i64,
}

impl FromQuery for RunsParams {
    fn read(query: &mut Query) -> Result<Self, Error> {
        let cursor = query.text("cursor");
        if cursor.as_deref().is_some_and(|cursor| Uuid::try_parse(cursor).is_err()) {
            return Err(page::bad_cursor());
        }
        let (parent, children) = (query.text("parent"), query.flag("children")?);
        Ok(Self { pipeline: query.text("pipeline"), parent, children, cursor, limit: page::limit(query)? })
    }
}

/// Lists runs, the newest first, without those that another run waits for.
#[utoipa::path(
    get, path = "/runs", tag = "pipelines", operation_id = "list_runs",
    params(RunsParams),
    responses(
        (status = 200, description = "A page of runs", body = Page<Run>),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    Params(RunsParams { pipeline, parent, children, cursor, limit }): Params<RunsParams>,
) -> Result<Json<Page<Run>>, Error> {
    let page = record::Page { partition: None, pipeline, before: cursor, parent, children, limit: limit + 1 };
    let found = shared.store().read(move |tx| record::runs(tx, &page)).await?;
    let runs = found.into_iter().map(Run::from).collect();
    Ok(Json(Page::cut(runs, limit, |run: &Run| run.id.clone())))
}

/// Shows a run with its steps, their attempts, artifacts and meters.
#[utoipa::path(
    get, path = "/runs/{id}", tag = "pipelines", operation_id = "show_run",
    params(("id" = String, Path, description = "Id of the run")),
    responses(
        (status = 200, description = "The run", body = RunWithSteps),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn show(
    State(shared): State<Arc<Shared>>,
    Segment(id): Segment,
    _: Params<()>,
) -> Result<Json<RunWithSteps>, Error> {
    read(&shared, id).await.map(Json)
}

/// Lists the steps of a run in the order of its plan.
#[utoipa::path(
    get, path = "/runs/{id}/steps", tag = "pipelines", operation_id = "list_run_steps",
    params(("id" = String, Path, description = "Id of the run")),
    responses(
        (status = 200, description = "The steps", body = Page<Step>),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn steps(
    State(shared): State<Arc<Shared>>,
    Segment(id): Segment,
    _: Params<()>,
) -> Result<Json<Page<Step>>, Error> {
    Ok(Json(Page::whole(read(&shared, id).await?.steps)))
}

/// Asks a run to stop. It may take a moment, and a run that was about to end may still succeed.
#[utoipa::path(
    post, path = "/runs/{id}/cancel", tag = "pipelines", operation_id = "cancel_run",
    params(("id" = String, Path, description = "Id of the run")),
    responses(
        (status = 202, description = "It was asked to stop", body = RunWithSteps),
        (status = 409, description = "It is over", body = ErrorBody),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn cancel(
    State(shared): State<Arc<Shared>>,
    Segment(id): Segment,
    _: Params<()>,
) -> Result<(StatusCode, Json<RunWithSteps>), Error> {
    check_id(&id, no_run)?;
    let asked = shared.state.engine.cancel(&id).await?;
    let run = read(&shared, id).await?;
    if asked { Ok((StatusCode::ACCEPTED, Json(run))) } else { Err(Error::RunOver(run.run.id)) }
}

async fn read(shared: &Shared, id: String) -> Result<RunWithSteps, Error> {
    check_id(&id, no_run)?;
    let (asked, now_ms) = (id.clone(), shared.state.engine.clock().now_ms());
    let found = shared
        .store()
        .read(move |tx| {
            let Some(run) = record::run(tx, &asked)? else { return Ok(None) };
            let why = queue::waiting(tx, &asked, now_ms)?;
            let which = Which { step: None, attempt: None, least: Level::Debug, limit: LINES };
            let log = spoken::last_lines(tx, &asked, &which)?;
            Ok(Some((run, why, record::steps(tx, &asked)?, child::counts(tx, &asked)?, log)))
        })
        .await?;
    let (run, why, steps, children, log) = found.ok_or_else(|| no_run(&id))?;
    Ok(RunWithSteps {
        run: run.into(),
        waits: why.map(Waits::from),
        steps: steps.into_iter().map(Step::from).collect(),
        children: children.into_iter().map(Children::from).collect(),
        log: log.into_iter().map(LogLine::from).collect(),
    })
}

pub(crate) fn no_run(id: &str) -> Error {
    Error::NotFound(format!("run `{id}`"))
}

impl From<RunRecord> for Run {
    fn from(from: RunRecord) -> Self {
        Self {
            id: from.id,
            pipeline: from.pipeline,
            partition: from.partition,
            params: from.params,
            cause: from.cause,
            request_id: from.request_id,
            follows: from.follows,
            parent: from.parent,
            parent_step: from.parent_step,
            part: from.part,
            state: from.state.as_str(),
            plan_hash: from.plan_hash,
            enqueued_ms: from.enqueued_ms,
            started_ms: from.started_ms,
            finished_ms: from.finished_ms,
            error_code: from.error_code,
            error: from.error,
        }
    }
}

impl From<Why> for Waits {
    fn from(why: Why) -> Self {
        let waits = Self { why: why.as_str(), until_ms: None, locked_by: None, pool: None, children: None };
        match why {
            Why::Ready => waits,
            Why::Parked { until_ms } => Self { until_ms: Some(until_ms), ..waits },
            Why::Locked { by } => Self { locked_by: Some(by), ..waits },
            Why::Children { left, of } => Self { children: Some(Left { left, of }), ..waits },
            Why::Pool { pool, until_ms, obstacle } => {
                Self { until_ms, pool: Some(PoolWait::new(pool, &obstacle)), ..waits }
            }
        }
    }
}

impl From<Counts> for Children {
    fn from(Counts { step, queued, running, succeeded, failed, cancelled }: Counts) -> Self {
        Self { step, queued, running, succeeded, failed, cancelled }
    }
}

impl From<StepRecord> for Step {
    fn from(from: StepRecord) -> Self {
        Self {
            step: from.step,
            kind: from.kind,
            state: from.state.as_str(),
            meters: from.meters.into(),
            artifact: from.artifact,
            started_ms: from.started_ms,
            finished_ms: from.finished_ms,
            error_code: from.error_code,
            error: from.error,
            reused_from: from.reused_from,
            attempts: from.attempts.into_iter().map(Attempt::from).collect(),
        }
    }
}

impl From<Readings> for Meters {
    fn from(Readings { rows_in, rows_out, upstream_calls, bytes }: Readings) -> Self {
        Self { rows_in, rows_out, upstream_calls, bytes }
    }
}

impl From<AttemptRecord> for Attempt {
    fn from(from: AttemptRecord) -> Self {
        Self {
            attempt: from.attempt,
            worker: from.worker,
            state: from.state.as_str(),
            started_ms: from.started_ms,
            finished_ms: from.finished_ms,
            error_code: from.error_code,
            error: from.error,
            meters: from.meters.into(),
        }
    }
}
