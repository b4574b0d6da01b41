//! The ground that the athlete has been to: tiles and how often.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use fitness::Scope;
use fitness::ground::explorer::{self, Heat};
use fitness::ground::{CELL_ZOOM, Place, Tile};
use fitness::records::activity_place::{self, Filter};
use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::{Error, ErrorBody};
use crate::query::{FromQuery, Params, Query};
use crate::sport;
use crate::state::Shared;

/// More cells than a map can show.
const CELLS_MOST: usize = 50_000;
const ZOOMS: std::ops::RangeInclusive<i64> = 8..=CELL_ZOOM as i64;
const ZOOM_OF_TILES: u32 = 14;
/// Finer tiles are nobody's to collect, and there would be millions.
const ZOOM_OF_TILES_MOST: u32 = 17;
const ZOOM_OF_HEAT: u32 = 16;

/// Which ground.
#[derive(Debug)]
pub(crate) struct Asked {
    zoom: Option<u32>,
    filter: Filter,
    bounds: Option<[Place; 2]>,
}

impl FromQuery for Asked {
    fn read(query: &mut Query) -> Result<Self, Error> {
        let year = query.number("year", 1900..=2199)?.and_then(|year| i16::try_from(year).ok());
        let day = |month, day| year.and_then(|year| Date::new(year, month, day).ok());
        let (from, to) = (query.date("from")?, query.date("to")?);
        let filter = Filter { sport: sport::read(query)?, from: from.or(day(1, 1)), to: to.or(day(12, 31)) };
        let zoom = query.number("zoom", ZOOMS)?.and_then(|zoom| u32::try_from(zoom).ok());
        Ok(Self { zoom, filter, bounds: query.text("bounds").map(|text| bounds(&text)).transpose()? })
    }
}

/// South, west, north, east.
fn bounds(text: &str) -> Result<[Place; 2], Error> {
    let wrong = || Error::parameter("bounds", "must be `south,west,north,east` in degrees");
    let degrees: Vec<f64> =
        text.split(',').map(|part| part.trim().parse().map_err(|_| wrong())).collect::<Result<_, _>>()?;
    let [south, west, north, east] = degrees.try_into().map_err(|_| wrong())?;
    let is_box = (-90.0..=90.0).contains(&south) && (-90.0..=90.0).contains(&north);
    let is_box = is_box && (-180.0..=180.0).contains(&west) && (-180.0..=180.0).contains(&east);
    if !is_box || south > north || west > east {
        return Err(wrong());
    }
    Ok([(north, west), (south, east)].map(|(latitude, longitude)| Place { latitude, longitude }))
}

/// The tiles that the athlete has been to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Tiles {
    zoom: u32,
    /// How many there are.
    tiles: usize,
    /// The largest square of visited tiles; absent where there is no tile.
    #[serde(skip_serializing_if = "Option::is_none")]
    square: Option<Square>,
    /// How many tiles the largest cluster has: connected ones whose four neighbours were visited too.
    cluster: usize,
    /// Rows of tiles: the `x` and `y` of the westernmost, and how many there are to the east, three numbers each.
    runs: Vec<u32>,
}

/// A square of tiles, by its north-western one.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Square {
    x: u32,
    y: u32,
    side: u32,
}

/// How many activities went through each tile.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HeatMap {
    zoom: u32,
    /// The most of any tile.
    most: u32,
    /// `x` and `y` that the cells count from.
    origin: [u32; 2],
    /// Each cell as three numbers: `x` and `y` from the origin, and how many activities went through.
    cells: Vec<u32>,
}

/// Tells which tiles the athlete has been to, with the largest square and cluster of them.
#[utoipa::path(
    get, path = "/places/tiles", tag = "athlete", operation_id = "show_tiles",
    params(
        ("zoom" = Option<i64>, Query, description = "8 to 17; 14, if not given"),
        ("sport" = Option<String>, Query, description = "Of this sport alone"),
        ("year" = Option<i64>, Query, description = "Of this year alone"),
        ("from" = Option<String>, Query, description = "The first day"),
        ("to" = Option<String>, Query, description = "The last day"),
    ),
    responses(
        (status = 200, description = "The tiles", body = Tiles),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn tiles(
    State(shared): State<Arc<Shared>>,
    Params(asked): Params<Asked>,
) -> Result<Json<Tiles>, Error> {
    if asked.bounds.is_some() {
        return Err(Error::parameter("bounds", "is not a parameter of this address"));
    }
    let zoom = asked.zoom.unwrap_or(ZOOM_OF_TILES);
    if zoom > ZOOM_OF_TILES_MOST {
        return Err(Error::parameter("zoom", "must be 8 to 17 here"));
    }
    let outings = outings(&shared, asked.filter).await?;
    let summed = move || {
        let tiles = explorer::Tiles::of(zoom, outings.iter().map(|outing| &outing.cells));
        let square = tiles.square().map(|of| Square { x: of.x, y: of.y, side: of.side });
        let runs = tiles.runs().into_iter().flat_map(|(tile, count)| [tile.x, tile.y, count]).collect();
        Tiles { zoom, tiles: tiles.len(), square, cluster: tiles.cluster(), runs }
    };
    worked_out(summed).await.map(Json)
}

/// Tells how many activities went through each tile.
#[utoipa::path(
    get, path = "/places/heat", tag = "athlete", operation_id = "show_heat",
    params(
        ("zoom" = Option<i64>, Query, description = "8 to 19; 16, if not given"),
        ("bounds" = Option<String>, Query, description = "`south,west,north,east` in degrees; all, if not given"),
        ("sport" = Option<String>, Query, description = "Of this sport alone"),
        ("year" = Option<i64>, Query, description = "Of this year alone"),
        ("from" = Option<String>, Query, description = "The first day"),
        ("to" = Option<String>, Query, description = "The last day"),
    ),
    responses(
        (status = 200, description = "The cells", body = HeatMap),
        (status = 422, description = "More cells than a map shows; the message names a zoom that fits", body = ErrorBody),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn heat(
    State(shared): State<Arc<Shared>>,
    Params(asked): Params<Asked>,
) -> Result<Json<HeatMap>, Error> {
    let zoom = asked.zoom.unwrap_or(ZOOM_OF_HEAT);
    let outings = outings(&shared, asked.filter).await?;
    let bounds = asked.bounds.map(|corners| corners.map(|place| Tile::of(place, zoom)));
    let is_within = move |tile: &Tile| {
        bounds.is_none_or(|[first, last]| {
            (first.x..=last.x).contains(&tile.x) && (first.y..=last.y).contains(&tile.y)
        })
    };
    let counted = move || {
        let heat = Heat::within(zoom, outings.iter().map(|outing| &outing.cells), is_within).0;
        if heat.len() > CELLS_MOST { Err(too_many(zoom, &heat)) } else { Ok(HeatMap::of(zoom, &heat)) }
    };
    worked_out(counted).await?.map(Json)
}

impl HeatMap {
    fn of(zoom: u32, heat: &[(Tile, u32)]) -> Self {
        let least = |of: fn(&Tile) -> u32| heat.iter().map(|(tile, _)| of(tile)).min().unwrap_or(0);
        let origin = [least(|tile| tile.x), least(|tile| tile.y)];
        let cell = |(tile, count): &(Tile, u32)| [tile.x - origin[0], tile.y - origin[1], *count];
        let most = heat.iter().map(|(_, count)| *count).max().unwrap_or(0);
        Self { zoom, most, origin, cells: heat.iter().flat_map(cell).collect() }
    }
}

/// Names the nearest zoom whose cells fit.
fn too_many(zoom: u32, heat: &[(Tile, u32)]) -> Error {
    let count = |out: u32| {
        let mut tiles: Vec<Tile> = heat.iter().map(|(tile, _)| tile.parent(out)).collect();
        tiles.sort_unstable();
        tiles.dedup();
        tiles.len()
    };
    let fits = (1..zoom).find(|out| count(*out) <= CELLS_MOST).map_or(0, |out| zoom - out);
    Error::Refused {
        status: StatusCode::UNPROCESSABLE_ENTITY,
        code: "too_many_cells".into(),
        message: format!("there are {} cells, at most {CELLS_MOST} are told; zoom {fits} fits", heat.len()),
        details: None,
    }
}

async fn outings(shared: &Arc<Shared>, filter: Filter) -> Result<Vec<activity_place::Outing>, Error> {
    sport::known(shared, filter.sport.as_deref()).await?;
    let athlete = shared.state.partition.clone();
    Ok(shared.store().read(move |tx| activity_place::outings(tx, &athlete, Scope::All, &filter)).await?)
}

async fn worked_out<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Error::Internal(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_a_box() {
        assert_eq!(bounds("46.9, 8, 47.1, 8.5").unwrap().map(|place| place.longitude), [8.0, 8.5]);
        for text in ["", "1,2,3", "1,2,3,4,5", "47,8,46,9", "46,9,47,8", "0,0,91,0", "a,0,1,1", "NaN,0,1,1"] {
            assert_eq!(bounds(text).unwrap_err().code(), "invalid_parameter", "{text}");
        }
    }

    #[test]
    fn a_zoom_that_fits_is_named() {
        let heat: Vec<(Tile, u32)> =
            (0..60_000).map(|index| (Tile { x: index % 300, y: index / 300 }, 1)).collect();
        assert!(too_many(16, &heat).to_string().ends_with("zoom 15 fits"));
    }

    #[test]
    fn cells_count_from_the_origin() {
        let map = HeatMap::of(14, &[(Tile { x: 9, y: 4 }, 2), (Tile { x: 7, y: 5 }, 3)]);
        assert_eq!((map.origin, map.most, map.cells), ([7, 4], 3, vec![2, 0, 2, 0, 1, 3]));
    }
}
