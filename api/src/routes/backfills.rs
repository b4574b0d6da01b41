//! Backfills: finite lists of runs that are seen before they are started.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use engine::backfill::{self, Item, Wish};
use engine::run::Cause;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::pipelines::partition;
use crate::body;
use crate::error::{Error, ErrorBody};
use crate::page::{self, Page};
use crate::path::{Segment, check_id};
use crate::query::{self, FromQuery, Params, Query};
use crate::request::RequestId;
use crate::state::Shared;

/// A backfill as it stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Backfill {
    id: String,
    /// `open`, `done` or `cancelled`.
    state: String,
    /// Below 0: what somebody waits for goes first.
    priority: i64,
    /// So many of its runs may be unfinished at once.
    at_once: i64,
    /// How many items it began with.
    items: i64,
    /// Epoch milliseconds.
    created_ms: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_ms: Option<i64>,
    counts: Counts,
}

/// How many items stand how.
#[derive(Debug, Serialize, ToSchema)]
struct Counts {
    waiting: i64,
    /// Could not become a run.
    refused: i64,
    /// Queued or at work.
    unfinished: i64,
    succeeded: i64,
    failed: i64,
    cancelled: i64,
}

/// A backfill with the first of its items.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BackfillWithItems {
    #[serde(flatten)]
    backfill: Backfill,
    /// Items after `after`, at most `limit`.
    list: Vec<ListedItem>,
}

/// An item of a backfill.
#[derive(Debug, Serialize, ToSchema)]
struct ListedItem {
    /// Counts from 1.
    number: i64,
    pipeline: String,
    partition: String,
    #[schema(value_type = Object)]
    params: Value,
    /// `waiting`, `refused`, the state of its run, or `forgotten` where that is no longer kept.
    state: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// What a backfill would run.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Planned {
    /// In this order.
    items: Vec<PlannedItem>,
    priority: i64,
    at_once: i64,
}

/// A run to be.
#[derive(Debug, Serialize, ToSchema)]
struct PlannedItem {
    pipeline: String,
    partition: String,
    /// With what was not given at the pipeline's own value.
    #[schema(value_type = Object)]
    params: Value,
}

/// A list of runs: `items`, or a day each from `days`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewBackfill)]
pub(crate) struct Asked {
    pipeline: String,
    /// Whose runs they are; the athlete's, if not given.
    #[serde(default)]
    partition: Option<String>,
    /// The params of each run.
    #[serde(default)]
    #[schema(value_type = Option<Vec<Object>>)]
    items: Option<Vec<Map<String, Value>>>,
    #[serde(default)]
    days: Option<Days>,
    /// From -1000 to -1, -10 if not given.
    #[serde(default = "priority")]
    priority: i64,
    /// How many of its runs may be unfinished at once, from 1 to 100, 1 if not given.
    #[serde(default = "at_once")]
    at_once: i64,
}

/// A run for each day.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BackfillDays)]
struct Days {
    /// Like `2026-01-31`.
    from: String,
    /// The last day.
    to: String,
    /// The param that gets the day.
    param: String,
}

fn priority() -> i64 {
    -10
}

fn at_once() -> i64 {
    1
}

impl Asked {
    fn wish(self, shared: &Shared, request: &RequestId) -> Result<Wish, Error> {
        let partition = partition(shared, self.partition)?;
        let params = match (self.items, self.days) {
            (Some(items), None) => items.into_iter().map(Value::Object).collect(),
            (None, Some(Days { from, to, param })) => {
                backfill::days(query::date("days.from", &from)?, query::date("days.to", &to)?, &param)
            }
            _ => return Err(Error::parameter("items", "or `days` must be given, and not both")),
        };
        let item = |params| Item { pipeline: self.pipeline.clone(), partition: partition.clone(), params };
        Ok(Wish {
            items: params.into_iter().map(item).collect(),
            priority: self.priority,
            at_once: self.at_once,
            cause: Cause::Http,
            request_id: Some(request.as_str().to_owned()),
        })
    }
}

/// Whether to show only what would happen.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `Preview` reads")]
pub(crate) struct StartParams {
    /// `1` only lists what would run.
    #[param(maximum = 1)]
    preview: Option<u8>,
}

/// Whether to show only what would happen, checked.
pub(crate) struct Preview(bool);

impl FromQuery for Preview {
    fn read(query: &mut Query) -> Result<Self, Error> {
        Ok(Self(query.flag("preview")?))
    }
}

/// What comes of a list: a backfill, or its preview.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum Answer {
    Planned(Planned),
    Started(Backfill),
}

/// Starts a backfill; its runs get into the queue a few at a time.
#[utoipa::path(
    post, path = "/backfills", tag = "pipelines", operation_id = "start_backfill",
    params(StartParams),
    request_body(content = Asked),
    responses(
        (status = 202, description = "It was started", body = Backfill),
        (status = 200, description = "A preview", body = Planned),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn start(
    State(shared): State<Arc<Shared>>,
    Params(Preview(preview)): Params<Preview>,
    request: RequestId,
    body::Json(asked): body::Json<Asked>,
) -> Result<(StatusCode, Json<Answer>), Error> {
    let wish = asked.wish(&shared, &request)?;
    let engine = shared.state.engine.clone();
    if !preview {
        let started = engine.start_backfill(wish).await?;
        return Ok((StatusCode::ACCEPTED, Json(Answer::Started(started.into()))));
    }
    let items = engine.preview_backfill(&wish)?;
    let item = |Item { pipeline, partition, params }| PlannedItem { pipeline, partition, params };
    let (priority, at_once) = (wish.priority, wish.at_once);
    let planned = Planned { items: items.into_iter().map(item).collect(), priority, at_once };
    Ok((StatusCode::OK, Json(Answer::Planned(planned))))
}

/// Which backfills to list.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListParams {
    /// `next` of the page before.
    cursor: Option<String>,
    /// How many to answer, 50 if not given.
    #[param(required = false, default = 50, minimum = 1, maximum = 500)]
    limit: i64,
}

impl FromQuery for ListParams {
    fn read(query: &mut Query) -> Result<Self, Error> {
        let cursor = query.text("cursor");
        if cursor.as_deref().is_some_and(|cursor| Uuid::try_parse(cursor).is_err()) {
            return Err(page::bad_cursor());
        }
        Ok(Self { cursor, limit: page::limit(query)? })
    }
}

/// Lists backfills, the newest first.
#[utoipa::path(
    get, path = "/backfills", tag = "pipelines", operation_id = "list_backfills",
    params(ListParams),
    responses(
        (status = 200, description = "A page of backfills", body = Page<Backfill>),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    Params(ListParams { cursor, limit }): Params<ListParams>,
) -> Result<Json<Page<Backfill>>, Error> {
    let read = move |tx: &mut store::Tx<'_>| backfill::backfills(tx, cursor.as_deref(), limit + 1);
    let backfills = shared.store().read(read).await?.into_iter().map(Backfill::from).collect();
    Ok(Json(Page::cut(backfills, limit, |backfill: &Backfill| backfill.id.clone())))
}

/// Which items to show.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ItemsParams {
    /// Only items after this number.
    #[param(required = false, default = 0, minimum = 0)]
    after: i64,
    /// How many to answer, 50 if not given.
    #[param(required = false, default = 50, minimum = 1, maximum = 500)]
    limit: i64,
}

impl FromQuery for ItemsParams {
    fn read(query: &mut Query) -> Result<Self, Error> {
        let after = query.number("after", 0..=i64::from(u32::MAX))?.unwrap_or(0);
        Ok(Self { after, limit: page::limit(query)? })
    }
}

/// Shows a backfill with how its items stand.
#[utoipa::path(
    get, path = "/backfills/{id}", tag = "pipelines", operation_id = "show_backfill",
    params(("id" = String, Path, description = "Id of the backfill"), ItemsParams),
    responses(
        (status = 200, description = "The backfill", body = BackfillWithItems),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn show(
    State(shared): State<Arc<Shared>>,
    Segment(id): Segment,
    Params(ItemsParams { after, limit }): Params<ItemsParams>,
) -> Result<Json<BackfillWithItems>, Error> {
    check_id(&id, unknown)?;
    let asked = id.clone();
    let read = move |tx: &mut store::Tx<'_>| {
        let Some(found) = backfill::backfill(tx, &asked)? else { return Ok(None) };
        Ok(Some((found, backfill::items(tx, &asked, after, limit)?)))
    };
    let (found, items) = shared.store().read(read).await?.ok_or_else(|| unknown(&id))?;
    let list = items.into_iter().map(ListedItem::from).collect();
    Ok(Json(BackfillWithItems { backfill: found.into(), list }))
}

/// Removes what has not begun of a backfill. What is at work goes on.
#[utoipa::path(
    post, path = "/backfills/{id}/cancel", tag = "pipelines", operation_id = "cancel_backfill",
    params(("id" = String, Path, description = "Id of the backfill")),
    responses(
        (status = 200, description = "As it is now", body = Backfill),
        (status = 409, description = "It is over", body = ErrorBody),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn cancel(
    State(shared): State<Arc<Shared>>,
    Segment(id): Segment,
    _: Params<()>,
) -> Result<Json<Backfill>, Error> {
    check_id(&id, unknown)?;
    Ok(Json(shared.state.engine.cancel_backfill(&id).await?.into()))
}

fn unknown(id: &str) -> Error {
    Error::NotFound(format!("backfill `{id}`"))
}

impl From<backfill::Backfill> for Backfill {
    fn from(from: backfill::Backfill) -> Self {
        let backfill::Counts { waiting, refused, unfinished, succeeded, failed, cancelled } = from.counts;
        Self {
            id: from.id,
            state: from.state,
            priority: from.priority,
            at_once: from.at_once,
            items: from.items,
            created_ms: from.created_ms,
            finished_ms: from.finished_ms,
            counts: Counts { waiting, refused, unfinished, succeeded, failed, cancelled },
        }
    }
}

impl From<backfill::BackfillItem> for ListedItem {
    fn from(from: backfill::BackfillItem) -> Self {
        Self {
            number: from.number,
            pipeline: from.pipeline,
            partition: from.partition,
            params: from.params,
            state: from.state,
            run: from.run,
            error_code: from.error_code,
            error: from.error,
        }
    }
}
