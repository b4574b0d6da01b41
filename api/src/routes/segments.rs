//! Segments of the athlete's own: lines whose times are compared.

pub(crate) mod efforts;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use engine::Request;
use engine::run::Cause;
use fitness::Scope;
use fitness::ground::{Place, polyline};
use fitness::records::athlete;
use fitness::records::segment::{self, Listed, New, SegmentError};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::insights::answer;
use crate::body;
use crate::error::{Error, ErrorBody};
use crate::page::Page;
use crate::path;
use crate::query::Params;
use crate::request::RequestId;
use crate::sport;
use crate::state::Shared;

/// Finds out of where the athlete went.
pub(super) const PIPELINE: &str = "ways";
/// Reads the line of a GPX text.
const LINE: &str = "files.line";

/// A segment, and what was done on it; what is unknown is absent.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Segment {
    id: String,
    name: String,
    /// `cycling`, `on foot` or another group of sports; absent where any is compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    sports: Option<String>,
    /// `activity`, `gpx` or `strava`.
    source: String,
    /// The activity that it was cut out of, or Strava's number of the starred segment.
    #[serde(skip_serializing_if = "Option::is_none")]
    source_id: Option<String>,
    meters: f64,
    /// False until the activities of the past were looked through for it.
    is_matched: bool,
    efforts: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    best_s: Option<f64>,
    /// The local day of the last effort.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_date: Option<String>,
    /// The line as an encoded polyline with five decimals; absent in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    polyline: Option<String>,
}

/// A segment to be: a part of an activity, a line of a GPX text, or that of a segment that is starred at Strava.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Defined {
    /// The name; of a GPX text or of a starred segment its own, if not given.
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    activity: Option<Part>,
    /// The text of a GPX file, of which the first track or route is the line.
    #[serde(default)]
    gpx: Option<String>,
    /// Whose group is compared on a line of GPX; any, if not given. A part of an activity has that of its activity.
    #[serde(default)]
    sport: Option<String>,
    /// Strava's number of a starred segment; what follows it is kept for as long as it is starred.
    #[serde(default)]
    starred: Option<StarredId>,
}

/// Strava's number of a segment, as a number or as the text that `source_id` is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
enum StarredId {
    Number(i64),
    Text(String),
}

/// A part of an activity.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Part {
    id: String,
    /// Metres from the start of the activity, as its device counted them.
    from_m: f64,
    to_m: f64,
}

/// Another name.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Name {
    name: String,
}

/// A segment that was made, and the run that looks for its efforts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Made {
    segment: Segment,
    run: String,
}

/// The line of a GPX text.
#[derive(Debug, Deserialize)]
struct Line {
    name: Option<String>,
    points: Vec<[f64; 2]>,
}

/// Lists the segments by name, with the best time on each.
#[utoipa::path(
    get, path = "/segments", tag = "athlete", operation_id = "list_segments",
    responses(
        (status = 200, description = "All segments", body = Page<Segment>),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    _: Params<()>,
) -> Result<Json<Page<Segment>>, Error> {
    let athlete = shared.state.partition.clone();
    let listed = shared.store().read(move |tx| segment::list(tx, &athlete, Scope::All)).await?;
    Ok(Json(Page::whole(listed.into_iter().map(Segment::from).collect())))
}

/// Makes a segment of a part of an activity, a GPX line or a starred segment, and looks for its efforts everywhere.
#[utoipa::path(
    post, path = "/segments", tag = "athlete", operation_id = "define_segment",
    request_body(content = Defined),
    responses(
        (status = 201, description = "It is made; a run looks for its efforts", body = Made),
        (status = 422, description = "That is no line of a segment", body = ErrorBody),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn define(
    State(shared): State<Arc<Shared>>,
    _: Params<()>,
    request: RequestId,
    body::Json(defined): body::Json<Defined>,
) -> Result<(StatusCode, Json<Made>), Error> {
    shared.state.engine.known(PIPELINE)?;
    let (athlete, now_ms) = (shared.state.partition.clone(), shared.state.engine.clock().now_ms());
    let line = drawn(&shared, defined).await?;
    let written = shared.store().write(move |tx| {
        if athlete::get(tx, &athlete)?.is_none() {
            return Ok(None);
        }
        match &line {
            Drawn::New(new) => segment::define(tx, &athlete, new, now_ms).map(|id| Some(Ok(id))),
            Drawn::Starred { name, strava_id } => {
                segment::define_starred(tx, &athlete, name.as_deref(), *strava_id, now_ms).map(Some)
            }
        }
    });
    let id = written.await?.ok_or_else(|| Error::NotFound("athlete".to_owned()))?;
    let id = id.map_err(|error| refused(&error))?;
    let run = walk(&shared, &request).await?;
    Ok((StatusCode::CREATED, Json(Made { segment: find(&shared, id).await?, run })))
}

/// Shows a segment with its line.
#[utoipa::path(
    get, path = "/segments/{id}", tag = "athlete", operation_id = "show_segment",
    params(("id" = String, Path, description = "Id of the segment")),
    responses(
        (status = 200, description = "The segment", body = Segment),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn show(
    State(shared): State<Arc<Shared>>,
    path::Segment(id): path::Segment,
    _: Params<()>,
) -> Result<Json<Segment>, Error> {
    find(&shared, id).await.map(Json)
}

/// Gives a segment another name.
#[utoipa::path(
    patch, path = "/segments/{id}", tag = "athlete", operation_id = "rename_segment",
    params(("id" = String, Path, description = "Id of the segment")), request_body(content = Name),
    responses(
        (status = 200, description = "The segment", body = Segment),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn rename(
    State(shared): State<Arc<Shared>>,
    path::Segment(id): path::Segment,
    _: Params<()>,
    body::Json(Name { name }): body::Json<Name>,
) -> Result<Json<Segment>, Error> {
    let name = segment::checked_name(&name).map_err(|error| refused(&error))?;
    let (athlete, of) = (shared.state.partition.clone(), id.clone());
    shared.store().write(move |tx| segment::rename(tx, &athlete, &of, &name)).await?;
    find(&shared, id).await.map(Json)
}

/// Forgets a segment and its efforts.
#[utoipa::path(
    delete, path = "/segments/{id}", tag = "athlete", operation_id = "remove_segment",
    params(("id" = String, Path, description = "Id of the segment")),
    responses(
        (status = 204, description = "It is gone"),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn remove(
    State(shared): State<Arc<Shared>>,
    path::Segment(id): path::Segment,
    _: Params<()>,
) -> Result<StatusCode, Error> {
    let (athlete, of) = (shared.state.partition.clone(), id.clone());
    let is_gone = shared.store().write(move |tx| segment::remove(tx, &athlete, &of)).await?;
    if is_gone { Ok(StatusCode::NO_CONTENT) } else { Err(refused(&SegmentError::Unknown(id))) }
}

/// Finds out of where the athlete went what is not known yet, and answers the run that does.
pub(crate) async fn walk(shared: &Shared, id: &RequestId) -> Result<String, Error> {
    let request = Request {
        pipeline: PIPELINE.to_owned(),
        partition: shared.state.partition.clone(),
        params: json!({}),
        cause: Cause::Http,
        // A run that is at work already may have read before what was written now.
        force: true,
        fresh: false,
        key: None,
        request_id: Some(id.as_str().to_owned()),
    };
    Ok(shared.state.engine.enqueue(request).await?.run)
}

/// The line that a request draws.
enum Drawn {
    New(New),
    /// Read and followed in one transaction.
    Starred {
        name: Option<String>,
        strava_id: i64,
    },
}

/// The segment to be that a request draws.
async fn drawn(shared: &Arc<Shared>, defined: Defined) -> Result<Drawn, Error> {
    let Defined { name, activity, gpx, sport, starred } = defined;
    let drawn = match (activity, gpx, starred) {
        (Some(Part { id, from_m, to_m }), None, None) => {
            let is_part = from_m >= 0.0 && to_m > from_m && to_m.is_finite();
            if !is_part {
                return Err(Error::parameter("activity.to_m", "must lie beyond `from_m`"));
            }
            let (athlete, name) = (shared.state.partition.clone(), name.unwrap_or_default());
            let cut = move |tx: &mut store::Tx<'_>| segment::cut(tx, &athlete, &name, &id, (from_m, to_m));
            shared.store().read(cut).await?
        }
        (None, Some(gpx), None) => {
            sport::known(shared, sport.as_deref()).await?;
            let line = answer(shared, LINE, json!({ "gpx": gpx })).await?;
            let line: Line =
                serde_json::from_value(line).map_err(|error| Error::Internal(error.to_string()))?;
            let places = line
                .points
                .iter()
                .map(|[latitude, longitude]| Place { latitude: *latitude, longitude: *longitude });
            New::of_gpx(&name.or(line.name).unwrap_or_default(), sport.as_deref(), places.collect())
        }
        (None, None, Some(_)) if sport.is_some() => {
            return Err(Error::parameter(
                "sport",
                "goes with `gpx`; a starred segment has a sport of its own",
            ));
        }
        (None, None, Some(starred)) => return Ok(Drawn::Starred { name, strava_id: starred.number()? }),
        _ => return Err(Error::parameter("body", "must have one of `activity`, `gpx` and `starred`")),
    };
    drawn.map(Drawn::New).map_err(|error| refused(&error))
}

impl StarredId {
    fn number(self) -> Result<i64, Error> {
        let number = match self {
            Self::Number(number) => Some(number),
            Self::Text(text) => text.parse().ok(),
        };
        let number = number.filter(|number| *number > 0);
        number.ok_or_else(|| Error::parameter("starred", "must be Strava's number of a segment"))
    }
}

async fn find(shared: &Shared, id: String) -> Result<Segment, Error> {
    let (athlete, of) = (shared.state.partition.clone(), id.clone());
    let found = shared.store().read(move |tx| {
        let listed = segment::list(tx, &athlete, Scope::All)?.into_iter().find(|listed| listed.id == of);
        Ok(listed.zip(segment::get(tx, &athlete, &of)?))
    });
    let (listed, kept) = found.await?.ok_or_else(|| refused(&SegmentError::Unknown(id)))?;
    let polyline = Some(polyline::encode(&kept.line.places));
    Ok(Segment { polyline, ..Segment::from(listed) })
}

/// How a segment that cannot be, or is not there, is told.
fn refused(error: &SegmentError) -> Error {
    let status = match error {
        SegmentError::UnknownActivity(_) | SegmentError::Unknown(_) => StatusCode::NOT_FOUND,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    Error::Refused { status, code: error.code().into(), message: error.to_string(), details: None }
}

impl From<Listed> for Segment {
    fn from(of: Listed) -> Self {
        Self {
            id: of.id,
            name: of.name,
            sports: of.sports,
            source: of.source,
            source_id: of.source_id,
            meters: of.meters,
            is_matched: of.is_matched,
            efforts: of.efforts,
            best_s: of.best_s,
            last_date: of.last_date.map(|date| date.to_string()),
            polyline: None,
        }
    }
}
