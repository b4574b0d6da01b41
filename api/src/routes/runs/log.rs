//! What the steps of a run said.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use engine::log::Level;
use engine::log::record::{self, LineRecord, Which};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::no_run;
use crate::error::{Error, ErrorBody};
use crate::page::{self, Page};
use crate::path::{Segment, check_id};
use crate::query::{FromQuery, Params, Query};
use crate::state::Shared;

/// A line that a step said.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LogLine {
    /// Grows with each line of the run.
    seq: i64,
    step: String,
    /// The attempt that said it.
    attempt: i64,
    /// Epoch milliseconds.
    at_ms: i64,
    /// `info`, `warn` or `error`.
    level: &'static str,
    /// Secrets in it are masked.
    text: String,
}

impl From<LineRecord> for LogLine {
    fn from(LineRecord { seq, step, attempt, at_ms, level, text }: LineRecord) -> Self {
        Self { seq, step, attempt, at_ms, level: level.as_str(), text }
    }
}

/// Which lines to list.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct LogParams {
    /// Only lines of this step.
    step: Option<String>,
    /// Only lines of this attempt.
    #[param(minimum = 1)]
    attempt: Option<i64>,
    /// Only lines that matter at least so much: `info`, `warn` or `error`.
    #[param(value_type = Option<String>)]
    level: Level,
    /// `next` of the page before.
    #[param(value_type = Option<String>)]
    cursor: i64,
    /// How many to answer, 50 if not given.
    #[param(required = false, default = 50, minimum = 1, maximum = 500)]
    limit: i64,
}

impl FromQuery for LogParams {
    fn read(query: &mut Query) -> Result<Self, Error> {
        let (step, attempt) = (query.text("step"), query.number("attempt", 1..=i64::from(u32::MAX))?);
        let level = match query.text("level") {
            None => Level::Debug,
            Some(word) => Level::parse(&word).ok_or_else(|| {
                Error::parameter("level", format!("must be `info`, `warn` or `error`, not `{word}`"))
            })?,
        };
        let cursor = match query.text("cursor") {
            None => 0,
            Some(text) => text.parse::<i64>().ok().filter(|seq| *seq >= 0).ok_or_else(page::bad_cursor)?,
        };
        Ok(Self { step, attempt, level, cursor, limit: page::limit(query)? })
    }
}

/// Lists what the steps of a run said, in the order in which it was noted.
#[utoipa::path(
    get, path = "/runs/{id}/log", tag = "pipelines", operation_id = "list_run_log",
    params(("id" = String, Path, description = "Id of the run"), LogParams),
    responses(
        (status = 200, description = "A page of lines", body = Page<LogLine>),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    Segment(id): Segment,
    Params(LogParams { step, attempt, level, cursor, limit }): Params<LogParams>,
) -> Result<Json<Page<LogLine>>, Error> {
    check_id(&id, no_run)?;
    let which = Which { step, attempt, least: level, limit: limit + 1 };
    let asked = id.clone();
    let found = shared.store().read(move |tx| {
        if engine::run::record::run(tx, &asked)?.is_none() {
            return Ok(None);
        }
        record::lines_from(tx, &asked, &which, cursor).map(Some)
    });
    let lines = found.await?.ok_or_else(|| no_run(&id))?;
    let lines = lines.into_iter().map(LogLine::from).collect();
    Ok(Json(Page::cut(lines, limit, |line: &LogLine| (line.seq + 1).to_string())))
}
