//! Routes: ways that were gone more than once.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use fitness::Scope;
use fitness::ground::polyline;
use fitness::records::route::{self, Listed, Outing, UnknownRoute};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::error::{Error, ErrorBody};
use crate::page::Page;
use crate::path::Segment;
use crate::query::{FromQuery, Params, Query};
use crate::sport;
use crate::state::Shared;

/// Which routes to list.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `Asked` reads")]
pub(crate) struct RoutesParams {
    /// Only routes of the group of this sport, as `running`.
    sport: Option<String>,
}

/// The sport that was asked for.
pub(crate) struct Asked(Option<String>);

impl FromQuery for Asked {
    fn read(query: &mut Query) -> Result<Self, Error> {
        sport::read(query).map(Self)
    }
}

/// A way that was gone more than once; what is unknown is absent.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Route {
    /// That of the first activity on it.
    id: String,
    /// `cycling`, `on foot` or another group of sports.
    #[serde(skip_serializing_if = "Option::is_none")]
    sports: Option<String>,
    /// How many activities went it.
    outings: u32,
    /// The mean of them.
    meters: f64,
    /// The local day of the first of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    first_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_date: Option<String>,
}

/// A route with its outings; what is unknown is absent.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RouteWithOutings {
    /// That of the first activity on it.
    id: String,
    /// `cycling`, `on foot` or another group of sports.
    #[serde(skip_serializing_if = "Option::is_none")]
    sports: Option<String>,
    /// The mean of the outings.
    meters: f64,
    /// The way of the first outing, at 64 places, as an encoded polyline with five decimals.
    polyline: String,
    /// The median of the mean heart rates of the outings.
    #[serde(skip_serializing_if = "Option::is_none")]
    reference_bpm: Option<f64>,
    /// By time.
    outings: Vec<RouteOuting>,
    trend: RouteTrend,
}

/// An activity on a route; what is unknown is absent.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RouteOuting {
    activity: String,
    /// Epoch milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    start_ms: Option<i64>,
    /// The local day.
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<String>,
    /// In motion, as it was.
    speed_mps: f64,
    /// The same in still and cool air; of activities on foot.
    #[serde(skip_serializing_if = "Option::is_none")]
    corrected_mps: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    avg_hr: Option<f64>,
    /// Seconds a kilometre at the reference heart rate, of the corrected speed where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pace_at_hr_s_per_km: Option<f64>,
    /// What the licence of the weather's data asks to be shown beside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    attribution: Option<&'static str>,
}

/// Where the outings lead: median slopes of all pairs; absent with fewer than 5 outings or within 28 days.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RouteTrend {
    /// Negative where it becomes faster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pace_at_hr_s_per_km_per_year: Option<f64>,
    /// The same in percent of the median.
    #[serde(skip_serializing_if = "Option::is_none")]
    pace_at_hr_percent_per_year: Option<f64>,
    /// Of the speed alone, whatever the heart did; positive where it becomes faster.
    #[serde(skip_serializing_if = "Option::is_none")]
    speed_percent_per_year: Option<f64>,
    /// How many outings have a heart rate, where the pace at it has a trend, else how many there are.
    outings: usize,
    /// Of how many of them the weather is taken off.
    weather_known: usize,
}

/// Lists the routes, those with the most outings first.
#[utoipa::path(
    get, path = "/routes", tag = "athlete", operation_id = "list_routes",
    params(RoutesParams),
    responses(
        (status = 200, description = "All routes", body = Page<Route>),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    Params(Asked(sport)): Params<Asked>,
) -> Result<Json<Page<Route>>, Error> {
    sport::known(&shared, sport.as_deref()).await?;
    let athlete = shared.state.partition.clone();
    let listed =
        shared.store().read(move |tx| route::list(tx, &athlete, Scope::All, sport.as_deref())).await?;
    Ok(Json(Page::whole(listed.into_iter().map(Route::from).collect())))
}

/// Shows a route with every outing on it, and where they lead.
#[utoipa::path(
    get, path = "/routes/{id}", tag = "athlete", operation_id = "show_route",
    params(("id" = String, Path, description = "Id of the route")),
    responses(
        (status = 200, description = "The route", body = RouteWithOutings),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn show(
    State(shared): State<Arc<Shared>>,
    Segment(id): Segment,
    _: Params<()>,
) -> Result<Json<RouteWithOutings>, Error> {
    let (athlete, asked) = (shared.state.partition.clone(), id.clone());
    let found = shared.store().read(move |tx| route::get(tx, &athlete, Scope::All, &asked)).await?;
    found.map(|route| Json(RouteWithOutings::from(route))).ok_or_else(|| refused(&UnknownRoute(id)))
}

/// How a route that is not there is told.
fn refused(error: &UnknownRoute) -> Error {
    Error::Refused {
        status: StatusCode::NOT_FOUND,
        code: error.code().into(),
        message: error.to_string(),
        details: None,
    }
}

impl From<Listed> for Route {
    fn from(of: Listed) -> Self {
        Self {
            id: of.id,
            sports: of.sports,
            outings: of.outings,
            meters: of.meters,
            first_date: of.first_date.map(|date| date.to_string()),
            last_date: of.last_date.map(|date| date.to_string()),
        }
    }
}

impl From<route::Route> for RouteWithOutings {
    fn from(of: route::Route) -> Self {
        let trend = RouteTrend::of(&of);
        Self {
            id: of.listed.id,
            sports: of.listed.sports,
            meters: of.listed.meters,
            polyline: polyline::encode(&of.line),
            reference_bpm: of.reference_bpm,
            outings: of.outings.into_iter().map(RouteOuting::from).collect(),
            trend,
        }
    }
}

impl RouteTrend {
    fn of(route: &route::Route) -> Self {
        let (trend, (outings, weather_known)) = (&route.trend, route.compared());
        Self {
            pace_at_hr_s_per_km_per_year: trend.pace_at_hr.map(|slope| slope.per_year),
            pace_at_hr_percent_per_year: trend.pace_at_hr_percent,
            speed_percent_per_year: trend.speed_percent,
            outings,
            weather_known,
        }
    }
}

impl From<Outing> for RouteOuting {
    fn from(of: Outing) -> Self {
        Self {
            activity: of.activity,
            start_ms: of.start_ms,
            date: of.date.map(|date| date.to_string()),
            speed_mps: of.speed_mps,
            corrected_mps: of.corrected_mps,
            avg_hr: of.avg_hr,
            pace_at_hr_s_per_km: of.pace_at_hr_s_per_km,
            attribution: of.attribution,
        }
    }
}
