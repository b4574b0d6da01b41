//! What an activity's own page draws: samples for a chart, laps, splits, best efforts, curves.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use fitness::best_effort::{BestEffort as EffortRecord, Distance, MILE_M, is_on_foot};
use fitness::mean_max::{Curve as CurveRecord, DURATIONS};
use fitness::recording::Samples;
use fitness::records::{activity, activity_number, activity_stream, best_effort, lap};
use fitness::split::{self, Split as SplitRecord};
use fitness::stream::Column;
use serde::Serialize;
use store::Tx;
use utoipa::{IntoParams, ToSchema};

use super::streams::{self, Streams};
use super::view::Lap;
use crate::error::{Error, ErrorBody};
use crate::page::Page;
use crate::path::Segment;
use crate::query::{FromQuery, Params, Query};
use crate::state::Shared;

const POINTS_USUAL: i64 = 1000;

/// Which samples to answer, and how many.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `Wanted` reads")]
pub(crate) struct StreamsParams {
    /// Channels separated by commas, as `heart_rate,power`; all that were recorded, if not given.
    channels: Option<String>,
    /// At most so many samples, each the mean of a stretch; 1000, if not given.
    #[param(required = false, default = 1000, minimum = 3, maximum = 20000)]
    points: i64,
}

/// The channels and the number of samples.
pub(crate) struct Wanted {
    columns: Vec<Column>,
    points: usize,
}

impl FromQuery for Wanted {
    fn read(query: &mut Query) -> Result<Self, Error> {
        let channels = streams::channels(query, "channels")?;
        let points = query.number("points", 3..=20_000)?.unwrap_or(POINTS_USUAL);
        Ok(Self {
            columns: channels.into_iter().map(Column::Channel).collect(),
            points: usize::try_from(points).unwrap_or(3),
        })
    }
}

/// Shows the samples of an activity, thinned to as many as a chart draws.
#[utoipa::path(
    get, path = "/activities/{id}/streams", tag = "athlete", operation_id = "activity_streams",
    params(("id" = String, Path, description = "Id of the activity"), StreamsParams),
    responses(
        (status = 200, description = "The samples", body = Streams),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn streams(
    State(shared): State<Arc<Shared>>,
    Segment(id): Segment,
    Params(Wanted { columns, points }): Params<Wanted>,
) -> Result<Json<Streams>, Error> {
    let samples = samples(&shared, id, columns).await?;
    Ok(Json(Streams::of(&samples.thinned(points))))
}

/// Lists the laps of an activity.
#[utoipa::path(
    get, path = "/activities/{id}/laps", tag = "athlete", operation_id = "activity_laps",
    params(("id" = String, Path, description = "Id of the activity")),
    responses(
        (status = 200, description = "The laps, with the device's own totals", body = Page<Lap>),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn laps(
    State(shared): State<Arc<Shared>>,
    Segment(id): Segment,
    Params(()): Params<()>,
) -> Result<Json<Page<Lap>>, Error> {
    let laps = of_activity(&shared, id, lap::list).await?;
    Ok(Json(Page::whole(laps.into_iter().map(Lap::from).collect())))
}

/// A stretch of the way; what is unknown is absent.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Split {
    /// Way from the start to its end.
    to_m: f64,
    /// Its own way; the last one may be shorter.
    distance_m: f64,
    /// Pauses included.
    elapsed_s: f64,
    moving_s: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    avg_hr: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    avg_power: Option<f64>,
    /// How much higher its end is than its begin.
    #[serde(skip_serializing_if = "Option::is_none")]
    rise_m: Option<f64>,
    /// Mean grade-adjusted speed in motion, by the model fitted to heart rates.
    #[serde(skip_serializing_if = "Option::is_none")]
    gap_hr_mps: Option<f64>,
}

impl From<SplitRecord> for Split {
    fn from(from: SplitRecord) -> Self {
        Self {
            to_m: from.to_m,
            distance_m: from.distance_m,
            elapsed_s: from.elapsed_s,
            moving_s: from.moving_s,
            avg_hr: from.avg_hr,
            avg_power: from.avg_power,
            rise_m: from.rise_m,
            gap_hr_mps: from.gap_hr_mps,
        }
    }
}

/// How long a split is.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `Each` reads")]
pub(crate) struct SplitsParams {
    /// `km` or `mi`; `km`, if not given.
    #[param(required = false, default = "km")]
    unit: String,
}

/// Metres of a split.
pub(crate) struct Each(f64);

impl FromQuery for Each {
    fn read(query: &mut Query) -> Result<Self, Error> {
        match query.text("unit").as_deref() {
            None | Some("km") => Ok(Self(1000.0)),
            Some("mi") => Ok(Self(MILE_M)),
            Some(unit) => Err(Error::parameter("unit", format!("must be `km` or `mi`, not `{unit}`"))),
        }
    }
}

/// Lists an activity kilometre by kilometre, or mile by mile.
#[utoipa::path(
    get, path = "/activities/{id}/splits", tag = "athlete", operation_id = "activity_splits",
    params(("id" = String, Path, description = "Id of the activity"), SplitsParams),
    responses(
        (status = 200, description = "The splits; none without a distance", body = Page<Split>),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn splits(
    State(shared): State<Arc<Shared>>,
    Segment(id): Segment,
    Params(Each(meters)): Params<Each>,
) -> Result<Json<Page<Split>>, Error> {
    let (athlete, shown) = (shared.state.partition.clone(), id.clone());
    let activity = shared.store().read(move |tx| activity::get(tx, &athlete, &shown)).await?;
    let on_foot = activity.is_some_and(|activity| is_on_foot(&activity.row.sport));
    let samples = samples(&shared, id, Vec::new()).await?;
    Ok(Json(Page::whole(split::of(&samples, meters, on_foot).into_iter().map(Split::from).collect())))
}

/// The fastest stretch over a distance.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BestEffort {
    /// Such as `5km` or `half`.
    distance: &'static str,
    distance_m: f64,
    /// Pauses included.
    elapsed_s: f64,
    /// Seconds from the first sample to its begin.
    start_s: f64,
}

impl BestEffort {
    fn of(EffortRecord { distance_m, elapsed_s, start_s }: EffortRecord) -> Option<Self> {
        let distance = Distance::of(distance_m)?.key;
        Some(Self { distance, distance_m, elapsed_s, start_s })
    }
}

/// Lists the best efforts of an activity on foot, from short to long.
#[utoipa::path(
    get, path = "/activities/{id}/best-efforts", tag = "athlete", operation_id = "activity_best_efforts",
    params(("id" = String, Path, description = "Id of the activity")),
    responses(
        (status = 200, description = "The best efforts", body = Page<BestEffort>),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn best_efforts(
    State(shared): State<Arc<Shared>>,
    Segment(id): Segment,
    Params(()): Params<()>,
) -> Result<Json<Page<BestEffort>>, Error> {
    let efforts = of_activity(&shared, id, best_effort::list).await?;
    Ok(Json(Page::whole(efforts.into_iter().filter_map(BestEffort::of).collect())))
}

/// The highest means of an activity over each duration; a curve is absent where nothing of it was recorded.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Curves {
    /// Watts.
    #[serde(skip_serializing_if = "Option::is_none")]
    power: Option<Curve>,
    /// Beats per minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    heart_rate: Option<Curve>,
    /// Metres per second.
    #[serde(skip_serializing_if = "Option::is_none")]
    speed: Option<Curve>,
}

/// Durations, and the highest mean over each.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Curve {
    seconds: Vec<u32>,
    values: Vec<f64>,
}

impl Curve {
    fn of(curve: &CurveRecord) -> Self {
        let points =
            DURATIONS.iter().filter_map(|duration| Some((duration.seconds, curve.at(duration.seconds)?)));
        let (seconds, values) = points.unzip();
        Self { seconds, values }
    }
}

/// Shows the power, heart-rate and speed curves of an activity.
#[utoipa::path(
    get, path = "/activities/{id}/curves", tag = "athlete", operation_id = "activity_curves",
    params(("id" = String, Path, description = "Id of the activity")),
    responses(
        (status = 200, description = "The curves", body = Curves),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn curves(
    State(shared): State<Arc<Shared>>,
    Segment(id): Segment,
    Params(()): Params<()>,
) -> Result<Json<Curves>, Error> {
    let numbers = of_activity(&shared, id, activity_number::get).await?.unwrap_or_default();
    Ok(Json(Curves {
        power: numbers.power_curve.as_ref().map(Curve::of),
        heart_rate: numbers.hr_curve.as_ref().map(Curve::of),
        speed: numbers.pace_curve.as_ref().map(Curve::of),
    }))
}

/// Reads something of an activity that is the athlete's.
async fn of_activity<T: Send + 'static>(
    shared: &Shared,
    id: String,
    read: impl Fn(&mut Tx<'_>, &str) -> store::Result<T> + Send + Sync + 'static,
) -> Result<T, Error> {
    let (athlete, asked) = (shared.state.partition.clone(), id.clone());
    let found = shared.store().read(move |tx| {
        let known = activity::exists(tx, &athlete, &asked)?;
        if known { read(tx, &asked).map(Some) } else { Ok(None) }
    });
    found.await?.ok_or_else(|| Error::NotFound(format!("activity `{id}`")))
}

/// The samples of some columns with their times, or of all where none is named.
async fn samples(shared: &Shared, id: String, columns: Vec<Column>) -> Result<Samples, Error> {
    let blocks = of_activity(shared, id, move |tx, id| {
        if columns.is_empty() {
            return activity_stream::all(tx, id);
        }
        let mut blocks = Vec::new();
        for column in columns.iter().copied().chain([Column::Time]) {
            blocks.extend(activity_stream::get(tx, id, column)?.map(|block| (column, block)));
        }
        Ok(blocks)
    });
    Ok(Samples::unpack(&blocks.await?))
}
