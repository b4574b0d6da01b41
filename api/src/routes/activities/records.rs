//! The records of an activity, and what a person says of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use engine::Request;
use engine::run::Cause;
use fitness::records::activity::merged::{self, MergeError, Merged, Word};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::body;
use crate::error::{Error, ErrorBody};
use crate::path::Segment;
use crate::query::Params;
use crate::request::RequestId;
use crate::state::Shared;

/// Brings days and advice up to date.
const PIPELINE: &str = "daily";

/// All records of an activity.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Records {
    /// The one that counts in front.
    records: Vec<Record>,
    /// Fields that the one that counts lacks, and the ids of the records that told them.
    lent: BTreeMap<String, String>,
    /// What a person said of them.
    choices: Vec<Choice>,
}

/// A record of an activity; what is unknown is absent.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Record {
    id: String,
    /// True for the one that the numbers are of.
    counts: bool,
    /// True for the one that the numbers are of which others may see: never one of the Strava API.
    counts_shareable: bool,
    /// `file`, `bulk_export` or `strava_api`.
    provenance: String,
    /// Path of the file as it was given.
    file: String,
    sport: String,
    /// Epoch milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    start_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    elapsed_s: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    distance_m: Option<f64>,
    /// How many there are.
    samples: u32,
    /// What was sampled, such as `heart_rate`.
    channels: Vec<String>,
}

/// What a person said of two records.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Choice {
    one: String,
    other: String,
    /// True where both are of one activity, false where they are not.
    is_same: bool,
    /// Epoch milliseconds.
    decided_ms: i64,
}

/// The record that is of the same activity.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct With {
    with: String,
}

/// What followed from what was said.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Said {
    /// Ids of the records that count now.
    counted: Vec<String>,
    /// The first day that is counted otherwise than before; absent where none is.
    #[serde(skip_serializing_if = "Option::is_none")]
    first_day: Option<String>,
    /// The run that brings days and advice up to date.
    run: String,
}

/// Shows all records of an activity, whichever of them is named, the one that counts in front.
#[utoipa::path(
    get, path = "/activities/{id}/records", tag = "athlete", operation_id = "list_records_of_activity",
    params(("id" = String, Path, description = "Id of a record")),
    responses(
        (status = 200, description = "The records", body = Records),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    Segment(id): Segment,
    _: Params<()>,
) -> Result<Json<Records>, Error> {
    let (athlete, asked) = (shared.state.partition.clone(), id.clone());
    let read = shared.store().read(move |tx| merged::records(tx, &athlete, &asked)).await?;
    let found = read.ok_or_else(|| Error::NotFound(format!("activity `{id}`")))?;
    Ok(Json(Records {
        records: found.records.into_iter().map(Record::from).collect(),
        lent: found.lent,
        choices: found.choices.into_iter().map(Choice::from).collect(),
    }))
}

/// Makes a record an activity of its own, whatever is imported later.
#[utoipa::path(
    post, path = "/activities/{id}/split", tag = "athlete", operation_id = "split_activity",
    params(("id" = String, Path, description = "Id of the record")),
    responses(
        (status = 202, description = "It is; a run computes what follows", body = Said),
        (status = 409, description = "It is the only record of its activity", body = ErrorBody),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn split(
    State(shared): State<Arc<Shared>>,
    Segment(id): Segment,
    _: Params<()>,
    request: RequestId,
) -> Result<(StatusCode, Json<Said>), Error> {
    say(&shared, Word::Split(id), &request).await
}

/// Makes two records one activity, with all that is one with either, whatever is imported later.
#[utoipa::path(
    post, path = "/activities/{id}/join", tag = "athlete", operation_id = "join_activities",
    params(("id" = String, Path, description = "Id of one record")), request_body(content = With),
    responses(
        (status = 202, description = "They are; a run computes what follows", body = Said),
        (status = 409, description = "They are already, or cannot be", body = ErrorBody),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn join(
    State(shared): State<Arc<Shared>>,
    Segment(id): Segment,
    _: Params<()>,
    request: RequestId,
    body::Json(With { with }): body::Json<With>,
) -> Result<(StatusCode, Json<Said>), Error> {
    say(&shared, Word::Join(id, with), &request).await
}

/// Takes back what was said of the records of an activity, so that the rule decides again.
#[utoipa::path(
    post, path = "/activities/{id}/forget", tag = "athlete", operation_id = "forget_choices",
    params(("id" = String, Path, description = "Id of a record")),
    responses(
        (status = 202, description = "It is; a run computes what follows", body = Said),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn forget(
    State(shared): State<Arc<Shared>>,
    Segment(id): Segment,
    _: Params<()>,
    request: RequestId,
) -> Result<(StatusCode, Json<Said>), Error> {
    say(&shared, Word::Forget(id), &request).await
}

async fn say(shared: &Shared, word: Word, id: &RequestId) -> Result<(StatusCode, Json<Said>), Error> {
    shared.state.engine.known(PIPELINE)?;
    let (athlete, now_ms) = (shared.state.partition.clone(), shared.state.engine.clock().now_ms());
    let said = shared.store().write(move |tx| merged::say(tx, &athlete, &word, now_ms));
    let Merged { counted, first_day } = said.await.map_err(refused)?;
    let request = Request {
        pipeline: PIPELINE.to_owned(),
        partition: shared.state.partition.clone(),
        params: json!({}),
        cause: Cause::Http,
        // A run that is at work already may have read the records before.
        force: true,
        fresh: false,
        key: None,
        request_id: Some(id.as_str().to_owned()),
    };
    let run = shared.state.engine.enqueue(request).await?.run;
    let first_day = first_day.map(|day| day.to_string());
    Ok((StatusCode::ACCEPTED, Json(Said { counted, first_day, run })))
}

fn refused(error: store::Error) -> Error {
    match error.downcast_aborted::<MergeError>() {
        Ok(MergeError::Unknown(id)) => Error::NotFound(format!("activity `{id}`")),
        Ok(refused) => Error::conflict(refused.code(), refused.to_string()),
        Err(error) => error.into(),
    }
}

impl From<merged::RecordOf> for Record {
    fn from(of: merged::RecordOf) -> Self {
        Self {
            id: of.id,
            counts: of.counts,
            counts_shareable: of.counts_shareable,
            provenance: of.provenance,
            file: of.file,
            sport: of.sport,
            start_ms: of.start_ms,
            elapsed_s: of.elapsed_s,
            distance_m: of.distance_m,
            samples: of.samples,
            channels: of.channels,
        }
    }
}

impl From<fitness::records::merge_choice::Choice> for Choice {
    fn from(of: fitness::records::merge_choice::Choice) -> Self {
        Self { one: of.one, other: of.other, is_same: of.is_same, decided_ms: of.decided_ms }
    }
}
