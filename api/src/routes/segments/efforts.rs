//! The efforts on a segment, and those of an activity.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use fitness::Scope;
use fitness::records::segment_effort::{self, OfActivity, Ranked};
use fitness::records::{activity, segment};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::{Error, ErrorBody};
use crate::page::{self, Page};
use crate::path::Segment;
use crate::query::{FromQuery, Params, Query};
use crate::state::Shared;

/// Which efforts.
#[derive(Debug)]
pub(crate) struct Asked {
    by_date: bool,
    limit: i64,
    /// How many efforts the pages before have.
    cursor: usize,
}

impl FromQuery for Asked {
    fn read(query: &mut Query) -> Result<Self, Error> {
        let by_date = match query.text("sort").as_deref() {
            None | Some("time") => false,
            Some("date") => true,
            Some(other) => {
                return Err(Error::parameter("sort", format!("must be `time` or `date`, not `{other}`")));
            }
        };
        let cursor = query.text("cursor").map(|text| text.parse().map_err(|_| page::bad_cursor()));
        Ok(Self { by_date, limit: page::limit(query)?, cursor: cursor.transpose()?.unwrap_or(0) })
    }
}

/// A page of the efforts on a segment.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Efforts {
    items: Vec<Effort>,
    /// The `cursor` of the next page; null at the end.
    #[schema(required = true)]
    next: Option<String>,
    /// Absent with fewer than 5 efforts or within 28 days.
    #[serde(skip_serializing_if = "Option::is_none")]
    trend: Option<Trend>,
}

/// By how much the times fall or rise: the median slope of all pairs of efforts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Trend {
    /// Negative where they become faster.
    seconds_per_year: f64,
    /// How many efforts it is of.
    efforts: usize,
}

/// An effort among all of its segment; what is unknown is absent.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Effort {
    /// From 1, the fastest first.
    rank: usize,
    activity: String,
    /// Epoch milliseconds.
    start_ms: i64,
    /// The local day.
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<String>,
    elapsed_s: f64,
    meters: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    avg_hr: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    avg_power: Option<f64>,
    /// At the start of the activity.
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature_c: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wind_mps: Option<f64>,
    /// The load of the day.
    #[serde(skip_serializing_if = "Option::is_none")]
    load: Option<f64>,
    /// Form on the morning of the day.
    #[serde(skip_serializing_if = "Option::is_none")]
    tsb: Option<f64>,
    /// What the licence of the weather's data asks to be shown beside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    attribution: Option<&'static str>,
}

/// An effort of an activity, with its segment.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SegmentEffort {
    segment: String,
    name: String,
    /// Among all efforts on the segment, from 1.
    rank: i64,
    /// Epoch milliseconds.
    start_ms: i64,
    elapsed_s: f64,
    meters: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    avg_hr: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    avg_power: Option<f64>,
}

/// Lists the efforts on a segment by time or by date, with the weather and the form of the day.
#[utoipa::path(
    get, path = "/segments/{id}/efforts", tag = "athlete", operation_id = "list_efforts_on_segment",
    params(
        ("id" = String, Path, description = "Id of the segment"),
        ("sort" = Option<String>, Query, description = "`time` or `date`"),
        ("limit" = Option<i64>, Query, description = "1 to 500; 50, if not given"),
        ("cursor" = Option<String>, Query, description = "The `next` of the page before"),
    ),
    responses(
        (status = 200, description = "The efforts", body = Efforts),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    Segment(id): Segment,
    Params(Asked { by_date, limit, cursor }): Params<Asked>,
) -> Result<Json<Efforts>, Error> {
    let (athlete, of) = (shared.state.partition.clone(), id.clone());
    let limit = usize::try_from(limit).unwrap_or(0);
    let read = shared.store().read(move |tx| {
        if segment::get(tx, &athlete, &of)?.is_none() {
            return Ok(None);
        }
        let mut ranked = segment_effort::ranked(tx, &athlete, Scope::All, &of)?;
        let trend = segment_effort::trend(&ranked);
        if by_date {
            ranked.sort_by_key(|effort| std::cmp::Reverse(effort.start_ms));
        }
        let next = cursor.saturating_add(limit);
        let next = (next < ranked.len()).then(|| next.to_string());
        let mut page: Vec<Ranked> = ranked.into_iter().skip(cursor).take(limit).collect();
        segment_effort::rain_or_shine(tx, &athlete, &mut page)?;
        Ok(Some((page, next, trend)))
    });
    let (page, next, trend) = read.await?.ok_or_else(|| super::refused(&super::SegmentError::Unknown(id)))?;
    let trend = trend.map(|slope| Trend { seconds_per_year: slope.per_year, efforts: slope.count });
    Ok(Json(Efforts { items: page.into_iter().map(Effort::from).collect(), next, trend }))
}

/// Lists the efforts of an activity on segments of the athlete's own, in their order.
#[utoipa::path(
    get, path = "/activities/{id}/segments", tag = "athlete", operation_id = "list_segments_of_activity",
    params(("id" = String, Path, description = "Id of the activity")),
    responses(
        (status = 200, description = "The efforts", body = Page<SegmentEffort>),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn of_activity(
    State(shared): State<Arc<Shared>>,
    Segment(id): Segment,
    _: Params<()>,
) -> Result<Json<Page<SegmentEffort>>, Error> {
    let (athlete, of) = (shared.state.partition.clone(), id.clone());
    let read = shared.store().read(move |tx| {
        let Some(shown) = activity::get(tx, &athlete, &of)? else { return Ok(None) };
        // Efforts are told of the record that counts.
        let counted = shown.row.duplicate_of.unwrap_or(shown.row.id);
        segment_effort::of_activity(tx, &athlete, Scope::All, &counted).map(Some)
    });
    let efforts = read.await?.ok_or_else(|| Error::NotFound(format!("activity `{id}`")))?;
    Ok(Json(Page::whole(efforts.into_iter().map(SegmentEffort::from).collect())))
}

impl From<Ranked> for Effort {
    fn from(of: Ranked) -> Self {
        Self {
            rank: of.rank,
            activity: of.activity,
            start_ms: of.start_ms,
            date: of.date.map(|date| date.to_string()),
            elapsed_s: of.elapsed_s,
            meters: of.meters,
            avg_hr: of.avg_hr,
            avg_power: of.avg_power,
            temperature_c: of.temperature_c,
            wind_mps: of.wind_mps,
            load: of.load,
            tsb: of.tsb,
            attribution: of.attribution,
        }
    }
}

impl From<OfActivity> for SegmentEffort {
    fn from(of: OfActivity) -> Self {
        Self {
            segment: of.segment,
            name: of.name,
            rank: of.rank,
            start_ms: of.start_ms,
            elapsed_s: of.elapsed_s,
            meters: of.meters,
            avg_hr: of.avg_hr,
            avg_power: of.avg_power,
        }
    }
}
