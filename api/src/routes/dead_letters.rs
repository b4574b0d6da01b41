//! Dead letters: runs that failed for good, and what was decided about them.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use engine::dead_letter::{self, Filter, Letter, LetterError, LetterState, Replayed};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::pipelines::Started;
use crate::body;
use crate::error::{Error, ErrorBody};
use crate::page::{self, Page};
use crate::path::{Segment, check_id};
use crate::query::{FromQuery, Params, Query};
use crate::request::RequestId;
use crate::state::Shared;

const NOTE_LONGEST: usize = 1000;

/// A run that failed for good.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeadLetter {
    /// The id of the run that failed.
    id: String,
    pipeline: String,
    partition: String,
    /// What the run was given.
    #[schema(value_type = Object)]
    params: Value,
    /// docs/ERRORS.md explains each code.
    error_code: String,
    /// `hopeless`, `exhausted`, `timeout`, `panic` or `lost`.
    error_class: &'static str,
    error: String,
    /// How often in a row it failed.
    times: i64,
    /// The letter whose replay this run was.
    #[serde(skip_serializing_if = "Option::is_none")]
    former: Option<String>,
    /// `open`, `replayed` or `discarded`.
    state: &'static str,
    /// Epoch milliseconds.
    created_ms: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_ms: Option<i64>,
    /// Why it was discarded.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    /// The run that follows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    replay_run: Option<String>,
}

impl From<Letter> for DeadLetter {
    fn from(from: Letter) -> Self {
        Self {
            id: from.id,
            pipeline: from.pipeline,
            partition: from.partition,
            params: from.params,
            error_code: from.error_code,
            error_class: from.error_class.as_str(),
            error: from.error,
            times: from.times,
            former: from.former,
            state: from.state.as_str(),
            created_ms: from.created_ms,
            closed_ms: from.closed_ms,
            note: from.note,
            replay_run: from.replay_run,
        }
    }
}

/// Which letters to list.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `Listed` reads")]
pub(crate) struct LettersParams {
    /// `open`, which is what is listed if nothing is given, `replayed`, `discarded` or `all`.
    state: Option<String>,
    /// Only those of this pipeline.
    pipeline: Option<String>,
    /// Only those that failed with this code.
    code: Option<String>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// How many to answer, 50 if not given.
    #[param(default = 50, minimum = 1, maximum = 500)]
    limit: Option<i64>,
}

/// Which letters to list, checked.
pub(crate) struct Listed {
    filter: Filter,
    cursor: Option<String>,
    limit: i64,
}

impl FromQuery for Listed {
    fn read(query: &mut Query) -> Result<Self, Error> {
        let cursor = query.text("cursor");
        if cursor.as_deref().is_some_and(|cursor| Uuid::try_parse(cursor).is_err()) {
            return Err(page::bad_cursor());
        }
        let state = state(query.text("state").as_deref())?;
        let filter = Filter { state, ..group(query) };
        Ok(Self { filter, cursor, limit: page::limit(query)? })
    }
}

/// Those of a pipeline, of a code, or of both.
fn group(query: &mut Query) -> Filter {
    let (pipeline, told) = (query.text("pipeline"), query.text("code"));
    Filter { state: None, pipeline, code: told }
}

fn state(given: Option<&str>) -> Result<Option<LetterState>, Error> {
    match given {
        None => Ok(Some(LetterState::Open)),
        Some("all") => Ok(None),
        Some(word) => LetterState::parse(word).map(Some).ok_or_else(|| {
            Error::parameter(
                "state",
                format!("must be `open`, `replayed`, `discarded` or `all`, not `{word}`"),
            )
        }),
    }
}

/// Lists dead letters, those of the newest runs first.
#[utoipa::path(
    get, path = "/job_dead_letters", tag = "pipelines", operation_id = "list_dead_letters",
    params(LettersParams),
    responses(
        (status = 200, description = "A page of dead letters", body = Page<DeadLetter>),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    Params(Listed { filter, cursor, limit }): Params<Listed>,
) -> Result<Json<Page<DeadLetter>>, Error> {
    let read = move |tx: &mut store::Tx<'_>| dead_letter::letters(tx, &filter, cursor.as_deref(), limit + 1);
    let letters = shared.store().read(read).await?.into_iter().map(DeadLetter::from).collect();
    Ok(Json(Page::cut(letters, limit, |letter: &DeadLetter| letter.id.clone())))
}

/// Shows a dead letter.
#[utoipa::path(
    get, path = "/job_dead_letters/{id}", tag = "pipelines", operation_id = "show_dead_letter",
    params(("id" = String, Path, description = "Id of the run that failed")),
    responses(
        (status = 200, description = "The letter", body = DeadLetter),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn show(
    State(shared): State<Arc<Shared>>,
    Segment(id): Segment,
    _: Params<()>,
) -> Result<Json<DeadLetter>, Error> {
    check_id(&id, unknown)?;
    let asked = id.clone();
    let found = shared.store().read(move |tx| dead_letter::letter(tx, &asked)).await?;
    found.map(|letter| Json(letter.into())).ok_or_else(|| LetterError::Unknown(id).into())
}

/// Runs the pipeline anew, as its script stands now, with what the failed run was given.
#[utoipa::path(
    post, path = "/job_dead_letters/{id}/replay", tag = "pipelines", operation_id = "replay_dead_letter",
    params(("id" = String, Path, description = "Id of the run that failed")),
    responses(
        (status = 202, description = "A new run was enqueued", body = Started),
        (status = 200, description = "The replay that is under way already", body = Started),
        (status = 409, description = "The letter is closed", body = ErrorBody),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn replay(
    State(shared): State<Arc<Shared>>,
    Segment(id): Segment,
    _: Params<()>,
    request: RequestId,
) -> Result<(StatusCode, Json<Started>), Error> {
    check_id(&id, unknown)?;
    Ok(Started::answer(shared.state.engine.replay(&id, Some(request.as_str().to_owned())).await?))
}

/// Which letters to replay.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `Group` reads")]
pub(crate) struct GroupParams {
    /// Those of this pipeline.
    pipeline: Option<String>,
    /// Those that failed with this code.
    code: Option<String>,
}

/// Which letters to replay, checked.
pub(crate) struct Group(Filter);

impl FromQuery for Group {
    fn read(query: &mut Query) -> Result<Self, Error> {
        let filter = group(query);
        if filter.pipeline.is_none() && filter.code.is_none() {
            return Err(Error::parameter("pipeline", "or `code` must say which letters are meant"));
        }
        Ok(Self(filter))
    }
}

/// What came of a letter of a group.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Replay {
    letter: String,
    /// The run that follows it, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<String>,
    /// Why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// Replays the open letters of a pipeline or of a code, the oldest first, at most 1000 at a time.
#[utoipa::path(
    post, path = "/job_dead_letters/replay", tag = "pipelines", operation_id = "replay_dead_letters",
    params(GroupParams),
    responses(
        (status = 202, description = "What came of each", body = Page<Replay>),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn replay_all(
    State(shared): State<Arc<Shared>>,
    Params(Group(filter)): Params<Group>,
    request: RequestId,
) -> Result<(StatusCode, Json<Page<Replay>>), Error> {
    let replayed = shared.state.engine.replay_all(filter, Some(request.as_str().to_owned())).await?;
    let items = replayed.into_iter().map(|Replayed { letter, run, error }| Replay { letter, run, error });
    Ok((StatusCode::ACCEPTED, Json(Page::whole(items.collect()))))
}

/// Why a letter is discarded.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Discard {
    #[serde(default)]
    #[schema(max_length = 1000)]
    note: Option<String>,
}

/// Closes a letter without another run.
#[utoipa::path(
    post, path = "/job_dead_letters/{id}/discard", tag = "pipelines", operation_id = "discard_dead_letter",
    params(("id" = String, Path, description = "Id of the run that failed")),
    request_body(content = Option<Discard>),
    responses(
        (status = 200, description = "The letter as it is now", body = DeadLetter),
        (status = 409, description = "The letter is closed, or its replay is under way", body = ErrorBody),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn discard(
    State(shared): State<Arc<Shared>>,
    Segment(id): Segment,
    _: Params<()>,
    body::Json(Discard { note }): body::Json<Discard>,
) -> Result<Json<DeadLetter>, Error> {
    check_id(&id, unknown)?;
    let is_wrong = |note: &String| note.contains('\0') || note.chars().count() > NOTE_LONGEST;
    if note.as_ref().is_some_and(is_wrong) {
        return Err(Error::parameter("note", "must be a text of at most 1000 characters"));
    }
    Ok(Json(shared.state.engine.discard(&id, note).await?.into()))
}

fn unknown(id: &str) -> Error {
    LetterError::Unknown(id.to_owned()).into()
}
