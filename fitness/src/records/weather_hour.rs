//! Weather by cell and hour, as it was answered.

use std::collections::{BTreeSet, HashMap};

use store::{Result, Row, Sql, Tx, Value, params};

use super::{stored, to_json};
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

// Each stretch is a row `[latitude, longitude, first hour, last hour]` and found by the key: neither database unpacks a
// list of lists in the other's words.
const OF_STRETCHES: Sql = Sql::Per {
    sqlite: "SELECT h.hour, h.temperature_c, h.apparent_c, h.humidity, h.dew_point_c, h.precipitation_mm, \
             h.weather_code, h.cloud_cover, h.wind_mps, h.wind_direction_deg, h.gust_mps, h.is_final, \
             h.fetched_ms, h.latitude, h.longitude FROM json_each($1) s CROSS JOIN weather_hour h \
             WHERE h.latitude = json_extract(s.value, '$[0]') AND h.longitude = json_extract(s.value, '$[1]') \
             AND h.hour >= json_extract(s.value, '$[2]') AND h.hour <= json_extract(s.value, '$[3]') \
             ORDER BY h.latitude, h.longitude, h.hour",
    postgres: "SELECT h.hour, h.temperature_c, h.apparent_c, h.humidity, h.dew_point_c, h.precipitation_mm, \
               h.weather_code, h.cloud_cover, h.wind_mps, h.wind_direction_deg, h.gust_mps, h.is_final, \
               h.fetched_ms, h.latitude, h.longitude \
               FROM jsonb_array_elements(CAST(CAST($1 AS TEXT) AS JSONB)) s JOIN weather_hour h \
               ON h.latitude = CAST(s ->> 0 AS BIGINT) AND h.longitude = CAST(s ->> 1 AS BIGINT) \
               AND h.hour >= CAST(s ->> 2 AS BIGINT) AND h.hour <= CAST(s ->> 3 AS BIGINT) \
               ORDER BY h.latitude, h.longitude, h.hour",
};
/// Stretches of one statement.
const STRETCHES: usize = 500;

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
    Ok(of_tracks(tx, &[spots])?.pop().unwrap_or_default())
}

/// The same of many tracks, each with its own spots, in few statements.
pub fn of_tracks(tx: &mut Tx<'_>, tracks: &[&[Spot]]) -> Result<Vec<Vec<Option<Kept>>>> {
    let stretches = tracks.iter().flat_map(|spots| spots.chunk_by(|a, b| a.cell == b.cell));
    let stretches = stretches.map(|stretch| {
        let Spot { hour: Hour(first), cell: Cell { latitude, longitude } } = stretch[0];
        [i64::from(latitude), i64::from(longitude), first, stretch[stretch.len() - 1].hour.0]
    });
    // Those who were there together, or went there again and again, share a stretch.
    let stretches: Vec<[i64; 4]> = stretches.collect::<BTreeSet<_>>().into_iter().collect();
    let mut kept = HashMap::new();
    for chunk in stretches.chunks(STRETCHES) {
        let found = tx.query(&OF_STRETCHES, &params![&to_json(&chunk)?], |row| {
            let place: (i64, i64) = (row.get(13)?, row.get(14)?);
            let cell = stored(&format!("{place:?}"), |_| Cell::stored(place.0, place.1))?;
            let kept = read(row)?;
            Ok((Spot { hour: kept.hour, cell }, kept))
        })?;
        kept.extend(found);
    }
    let of = |spots: &&[Spot]| spots.iter().map(|spot| kept.get(spot).copied()).collect();
    Ok(tracks.iter().map(of).collect())
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
pub(crate) const QUERIES: &[Sql] = &[PUT, BETWEEN, OF_STRETCHES];
