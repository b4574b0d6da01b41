//! Weather by cell and hour, as it was answered.

use store::{Result, Row, Sql, Tx, Value, params};

use crate::weather::{Air, Cell, Hour, Spot};

/// The air of an hour in a cell, ready to be kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WeatherHour {
    pub spot: Spot,
    pub air: Air,
    /// True for what nobody will know better; false for what is asked for again.
    pub is_final: bool,
}

/// What is kept of an hour.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Kept {
    pub hour: Hour,
    pub air: Air,
    pub is_final: bool,
    pub fetched_ms: i64,
}

// What is final stays as it is, whoever comes later; and what is unknown now does not undo what was known, nor does it
// make a forecast what somebody told afterwards.
const PUT: Sql = Sql::Both(
    "INSERT INTO weather_hour (latitude, longitude, hour, temperature_c, apparent_c, humidity, dew_point_c, \
     precipitation_mm, weather_code, cloud_cover, wind_mps, wind_direction_deg, gust_mps, source, is_final, \
     fetched_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) \
     ON CONFLICT (latitude, longitude, hour) DO UPDATE SET temperature_c = COALESCE(excluded.temperature_c, \
     weather_hour.temperature_c), apparent_c = COALESCE(excluded.apparent_c, weather_hour.apparent_c), \
     humidity = COALESCE(excluded.humidity, weather_hour.humidity), dew_point_c = \
     COALESCE(excluded.dew_point_c, weather_hour.dew_point_c), precipitation_mm = \
     COALESCE(excluded.precipitation_mm, weather_hour.precipitation_mm), weather_code = \
     COALESCE(excluded.weather_code, weather_hour.weather_code), cloud_cover = COALESCE(excluded.cloud_cover, \
     weather_hour.cloud_cover), wind_mps = COALESCE(excluded.wind_mps, weather_hour.wind_mps), \
     wind_direction_deg = COALESCE(excluded.wind_direction_deg, weather_hour.wind_direction_deg), gust_mps = \
     COALESCE(excluded.gust_mps, weather_hour.gust_mps), source = excluded.source, is_final = \
     excluded.is_final, fetched_ms = excluded.fetched_ms WHERE NOT weather_hour.is_final \
     AND COALESCE(excluded.temperature_c, excluded.apparent_c, excluded.humidity, excluded.dew_point_c, \
     excluded.precipitation_mm, excluded.weather_code, excluded.cloud_cover, excluded.wind_mps, \
     excluded.wind_direction_deg, excluded.gust_mps) IS NOT NULL",
);
const BETWEEN: Sql = Sql::Both(
    "SELECT hour, temperature_c, apparent_c, humidity, dew_point_c, precipitation_mm, weather_code, cloud_cover, \
     wind_mps, wind_direction_deg, gust_mps, is_final, fetched_ms FROM weather_hour \
     WHERE latitude = $1 AND longitude = $2 AND hour >= $3 AND hour <= $4 ORDER BY hour",
);

/// Keeps hours that one source told of; answers how many are new or others than before. Hours that are final already
/// stay as they are.
pub fn put(tx: &mut Tx<'_>, hours: &[WeatherHour], source: &str, fetched_ms: i64) -> Result<u64> {
    let row = |hour: &WeatherHour| {
        let WeatherHour { spot: Spot { hour, cell }, air, is_final } = *hour;
        let values: Vec<Value<'_>> = params![
            cell.latitude,
            cell.longitude,
            hour.0,
            air.temperature_c,
            air.apparent_c,
            air.humidity,
            air.dew_point_c,
            air.precipitation_mm,
            air.weather_code,
            air.cloud_cover,
            air.wind_mps,
            air.wind_direction_deg,
            air.gust_mps,
            source,
            is_final,
            fetched_ms
        ]
        .into();
        values
    };
    let rows: Vec<Vec<Value<'_>>> = hours.iter().map(row).collect();
    tx.batch(&PUT, &rows)
}

/// The hours of a cell from one through another, by hour; those that were never told of are not there.
pub fn between(tx: &mut Tx<'_>, cell: Cell, (first, last): (Hour, Hour)) -> Result<Vec<Kept>> {
    tx.query(&BETWEEN, &params![cell.latitude, cell.longitude, first.0, last.0], read)
}

/// What is kept of each of these spots, whose hours follow each other.
pub fn of_spots(tx: &mut Tx<'_>, spots: &[Spot]) -> Result<Vec<Option<Kept>>> {
    let mut kept = Vec::with_capacity(spots.len());
    for stretch in spots.chunk_by(|a, b| a.cell == b.cell) {
        let (first, last) = (stretch[0], stretch[stretch.len() - 1]);
        let found = between(tx, first.cell, (first.hour, last.hour))?;
        let of = |spot: &Spot| found.iter().find(|kept| kept.hour == spot.hour).copied();
        kept.extend(stretch.iter().map(of));
    }
    Ok(kept)
}

fn read(row: &Row<'_>) -> Result<Kept> {
    Ok(Kept {
        hour: Hour(row.get(0)?),
        air: Air {
            temperature_c: row.get(1)?,
            apparent_c: row.get(2)?,
            humidity: row.get(3)?,
            dew_point_c: row.get(4)?,
            precipitation_mm: row.get(5)?,
            weather_code: row.get(6)?,
            cloud_cover: row.get(7)?,
            wind_mps: row.get(8)?,
            wind_direction_deg: row.get(9)?,
            gust_mps: row.get(10)?,
        },
        is_final: row.get(11)?,
        fetched_ms: row.get(12)?,
    })
}

#[cfg(test)]
pub(crate) const QUERIES: &[Sql] = &[PUT, BETWEEN];
