//! Jobs: what waits in the queue and why, and who is at work.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use engine::queue::{self, JobRecord, Why};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::pools::PoolWait;
use crate::error::{Error, ErrorBody};
use crate::page::{self, Page};
use crate::query::{FromQuery, Params, Query};
use crate::state::Shared;

/// A run that waits or is at work.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Job {
    /// Id of the run.
    run: String,
    pipeline: String,
    partition: String,
    /// `waiting` or `running`.
    state: &'static str,
    /// Higher goes first.
    priority: i64,
    /// Epoch milliseconds; nobody takes it before.
    ready_ms: i64,
    /// Why it does not go on: `ready` waits for a free worker, `parked` until `ready_ms`, `children` for its children,
    /// `locked` for another run, `pool` for a pool, where one that has no worker comes back at `ready_ms`.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'static str>,
    /// The run that holds the lock it waits for.
    #[serde(skip_serializing_if = "Option::is_none")]
    locked_by: Option<String>,
    /// The pool that a step of it waits for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pool: Option<PoolWait>,
    /// Who works on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    worker: Option<String>,
    /// Until when nobody else takes it; renewed while its worker lives.
    #[serde(skip_serializing_if = "Option::is_none")]
    lease_until_ms: Option<i64>,
    /// True once it was asked to stop.
    cancel_asked: bool,
}

impl From<JobRecord> for Job {
    fn from(from: JobRecord) -> Self {
        let why = from.why.as_ref().map(Why::as_str);
        let (locked_by, pool) = match from.why {
            Some(Why::Locked { by }) => (Some(by), None),
            Some(Why::Pool { pool, obstacle, .. }) => (None, Some(PoolWait::new(pool, &obstacle))),
            _ => (None, None),
        };
        Self {
            run: from.run,
            pipeline: from.pipeline,
            partition: from.partition,
            state: if from.worker.is_some() { "running" } else { "waiting" },
            priority: from.priority,
            ready_ms: from.ready_ms,
            why,
            locked_by,
            pool,
            worker: from.worker,
            lease_until_ms: from.lease_until_ms,
            cancel_asked: from.cancel_asked,
        }
    }
}

/// How many jobs to list.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct JobsParams {
    /// How many to answer, 50 if not given.
    #[param(required = false, default = 50, minimum = 1, maximum = 500)]
    limit: i64,
}

impl FromQuery for JobsParams {
    fn read(query: &mut Query) -> Result<Self, Error> {
        Ok(Self { limit: page::limit(query)? })
    }
}

/// Lists what waits or runs, in the order in which it may be taken.
#[utoipa::path(
    get, path = "/jobs", tag = "pipelines", operation_id = "list_jobs",
    params(JobsParams),
    responses(
        (status = 200, description = "The first of the queue", body = Page<Job>),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    Params(JobsParams { limit }): Params<JobsParams>,
) -> Result<Json<Page<Job>>, Error> {
    let now_ms = shared.state.engine.clock().now_ms();
    let jobs = shared.store().read(move |tx| queue::jobs(tx, limit, now_ms)).await?;
    Ok(Json(Page::whole(jobs.into_iter().map(Job::from).collect())))
}
