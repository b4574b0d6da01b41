//! Curves of all time and of each season, and the records as they fell.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use fitness::Scope;
use fitness::curve::{Curve, Fallen, Kind};
use fitness::records::curve;
use jiff::civil::Date;
use utoipa::IntoParams;

use crate::error::{Error, ErrorBody};
use crate::page::Page;
use crate::query::{FromQuery, Params, Query};
use crate::sport;
use crate::state::Shared;

/// Which curves to show.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `Which` reads")]
pub(crate) struct CurvesParams {
    /// `pace` of runs, `power` on a bicycle, or `heart_rate`.
    #[param(required = false, default = "pace")]
    kind: String,
    /// One year alone.
    #[param(minimum = 1900, maximum = 2199)]
    season: Option<i64>,
}

/// The curves that were asked for.
pub(crate) struct Which {
    kind: Kind,
    season: Option<i16>,
}

impl FromQuery for Which {
    fn read(query: &mut Query) -> Result<Self, Error> {
        let season = query.number("season", 1900..=2199)?;
        Ok(Self { kind: kind(query)?, season: season.and_then(|year| i16::try_from(year).ok()) })
    }
}

fn kind(query: &mut Query) -> Result<Kind, Error> {
    let word = query.text("kind").unwrap_or_else(|| "pace".to_owned());
    Kind::parse(&word).ok_or_else(|| Error::parameter("kind", "must be `pace`, `power` or `heart_rate`"))
}

/// Shows the best over each distance or duration, of all time and then season by season, the newest first.
#[utoipa::path(
    get, path = "/curves", tag = "athlete", operation_id = "list_curves",
    params(CurvesParams),
    responses(
        (status = 200, description = "The curves, with critical speed or power where they show it", body = Object),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    Params(Which { kind, season }): Params<Which>,
) -> Result<Json<Page<Curve>>, Error> {
    let athlete = shared.state.partition.clone();
    let days = season
        .map_or((Date::ZERO, Date::MAX), |year| (Date::constant(year, 1, 1), Date::constant(year, 12, 31)));
    let mut curves =
        shared.store().read(move |tx| curve::curves(tx, &athlete, Scope::All, kind, days)).await?;
    curves.retain(|curve| season.is_none() || curve.season == season);
    Ok(Json(Page::whole(curves)))
}

/// Which records to show.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `WhichRecords` reads")]
pub(crate) struct RecordsParams {
    /// `pace` on foot, `power` on a bicycle, or `heart_rate`.
    #[param(required = false, default = "pace")]
    kind: String,
    /// The sport on foot.
    #[param(required = false, default = "running")]
    sport: String,
    /// True for those alone that still stand.
    #[param(required = false, default = false)]
    standing: bool,
}

/// The records that were asked for.
pub(crate) struct WhichRecords {
    kind: Kind,
    sport: String,
    standing: bool,
}

impl FromQuery for WhichRecords {
    fn read(query: &mut Query) -> Result<Self, Error> {
        Ok(Self {
            kind: kind(query)?,
            sport: sport::read(query)?.unwrap_or_else(|| "running".to_owned()),
            standing: query.flag("standing")?,
        })
    }
}

/// Lists personal records and when they fell, by distance or duration and then by date.
#[utoipa::path(
    get, path = "/records", tag = "athlete", operation_id = "list_records",
    params(RecordsParams),
    responses(
        (status = 200, description = "The records", body = Object),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn records(
    State(shared): State<Arc<Shared>>,
    Params(WhichRecords { kind, sport, standing }): Params<WhichRecords>,
) -> Result<Json<Page<Fallen>>, Error> {
    sport::known(&shared, Some(&sport)).await?;
    let athlete = shared.state.partition.clone();
    let read = shared.store().read(move |tx| curve::records(tx, &athlete, Scope::All, kind, &sport));
    let mut records = read.await?;
    records.retain(|record| record.stands || !standing);
    Ok(Json(Page::whole(records)))
}
