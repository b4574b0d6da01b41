//! The cell that an athlete wants a forecast for. Nothing finer is kept.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use store::{Result, Sql, Tx, params};

use super::{athlete, stored, weather_hour};
use crate::weather::{Cell, Outlook, Told};

const GET: Sql = Sql::Both("SELECT latitude, longitude FROM weather_home WHERE athlete = $1");
const PUT: Sql = Sql::Both(
    "INSERT INTO weather_home (athlete, latitude, longitude, changed_ms) VALUES ($1, $2, $3, $4) \
     ON CONFLICT (athlete) DO UPDATE SET latitude = excluded.latitude, longitude = excluded.longitude, \
     changed_ms = excluded.changed_ms",
);
const REMOVE: Sql = Sql::Both("DELETE FROM weather_home WHERE athlete = $1");

/// The athlete's cell, where there is one.
pub fn get(tx: &mut Tx<'_>, athlete: &str) -> Result<Option<Cell>> {
    tx.optional(&GET, &params![athlete], |row| {
        let (latitude, longitude): (i64, i64) = (row.get(0)?, row.get(1)?);
        stored(&format!("{latitude} {longitude}"), |_| Cell::stored(latitude, longitude))
    })
}

/// Sets the athlete's cell, or forgets it.
pub fn set(tx: &mut Tx<'_>, athlete: &str, cell: Option<Cell>, now_ms: i64) -> Result<()> {
    let Some(Cell { latitude, longitude }) = cell else {
        return tx.execute(&REMOVE, &params![athlete]).map(drop);
    };
    tx.execute(&PUT, &params![athlete, latitude, longitude, now_ms]).map(drop)
}

/// What the air of a local day will be like at home, or was; nothing without a home, and for days that nobody told of.
pub fn outlook(tx: &mut Tx<'_>, athlete: &str, date: Date) -> Result<Option<Outlook>> {
    let Some(cell) = get(tx, athlete)? else { return Ok(None) };
    let zone = athlete::get(tx, athlete)?.and_then(|athlete| TimeZone::get(&athlete.timezone).ok());
    let zone = zone.unwrap_or(TimeZone::UTC);
    let Some(hours) = Outlook::hours(date, &zone) else { return Ok(None) };
    let told: Vec<Told> = weather_hour::between(tx, cell, hours)?
        .into_iter()
        .map(|kept| Told { hour: kept.hour, air: kept.air, told_ms: kept.fetched_ms })
        .collect();
    Ok(Outlook::of(&told, &zone))
}

#[cfg(test)]
pub(crate) const QUERIES: &[Sql] = &[GET, PUT, REMOVE];
