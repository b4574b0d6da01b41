//! Pools: what runs share of an upstream, who has it, and until when it is closed.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use engine::pool::{ClosedBy, Obstacle, PoolRecord};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::{Error, ErrorBody};
use crate::page::Page;
use crate::path::Segment;
use crate::query::Params;
use crate::state::Shared;

/// What all who call one upstream share.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Pool {
    name: String,
    /// `open`, `closed`, or `trial` while one attempt at a time tries whether the upstream is back.
    state: &'static str,
    /// Attempts at work at one time; absent where they are not limited.
    #[serde(skip_serializing_if = "Option::is_none")]
    slots: Option<u32>,
    /// Who is in.
    holders: Vec<Holder>,
    /// The runs that wait for it.
    waiting: Vec<String>,
    /// The calls of the present window; absent where they are not limited.
    #[serde(skip_serializing_if = "Option::is_none")]
    calls: Option<Calls>,
    /// Attempts that failed in a row.
    failures: i64,
    /// Of a closed pool, in epoch milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_until_ms: Option<i64>,
    /// What closed it: `failures`, or `upstream` where that said when it will answer again.
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_by: Option<&'static str>,
}

/// A step at work in a pool.
#[derive(Debug, Serialize, ToSchema)]
struct Holder {
    run: String,
    step: String,
    /// Epoch milliseconds.
    since_ms: i64,
}

/// The calls of a window.
#[derive(Debug, Serialize, ToSchema)]
struct Calls {
    used: i64,
    of: u32,
    /// The length of a window.
    per_ms: i64,
    /// When this one ends, in epoch milliseconds.
    until_ms: i64,
}

/// For what of a pool a run waits.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PoolWait {
    name: String,
    /// `pool_full`, `pool_spent` or `pool_closed`.
    code: &'static str,
    /// A sentence for a person.
    message: String,
}

impl PoolWait {
    pub(super) fn new(name: String, obstacle: &Obstacle) -> Self {
        let time = |ms| Timestamp::from_millisecond(ms).map(|at| format!("{at:.0}")).unwrap_or_default();
        Self { code: obstacle.code(), message: obstacle.sentence(&name, time), name }
    }
}

impl From<PoolRecord> for Pool {
    fn from(from: PoolRecord) -> Self {
        let holder = |holder: engine::pool::Holder| Holder {
            run: holder.run,
            step: holder.step,
            since_ms: holder.since_ms,
        };
        let calls = |calls: engine::pool::Calls| Calls {
            used: calls.used,
            of: calls.of,
            per_ms: calls.per_ms,
            until_ms: calls.until_ms,
        };
        Self {
            name: from.name,
            state: from.state.as_str(),
            slots: from.slots,
            holders: from.holders.into_iter().map(holder).collect(),
            waiting: from.waiting,
            calls: from.calls.map(calls),
            failures: from.failures,
            closed_until_ms: from.closed_until_ms,
            closed_by: from.closed_by.map(ClosedBy::as_str),
        }
    }
}

/// Lists the pools that the pipelines size.
#[utoipa::path(
    get, path = "/pools", tag = "pipelines", operation_id = "list_pools",
    responses(
        (status = 200, description = "All pools, by name", body = Page<Pool>),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    _: Params<()>,
) -> Result<Json<Page<Pool>>, Error> {
    let pools = shared.state.engine.pools().await?;
    Ok(Json(Page::whole(pools.into_iter().map(Pool::from).collect())))
}

/// Opens a pool that is closed, and calls back the runs that were parked for it. One that is open stays so.
#[utoipa::path(
    post, path = "/pools/{name}/open", tag = "pipelines", operation_id = "open_pool",
    params(("name" = String, Path, description = "Name of the pool")),
    responses(
        (status = 200, description = "It is open", body = Pool),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn open(
    State(shared): State<Arc<Shared>>,
    Segment(name): Segment,
    _: Params<()>,
) -> Result<Json<Pool>, Error> {
    Ok(Json(shared.state.engine.open_pool(&name).await?.into()))
}
