//! The cell that an athlete wants a forecast for. Nothing finer is kept.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use store::{Result, Sql, Tx, params};

use super::{athlete, change_number, insight, stored, weather_hour};
use crate::day::local_date;
use crate::scope::Scope;
use crate::weather::{Cell, Hour, Outlook, Told};

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

/// Sets the athlete's cell, or forgets it, and says whether it is another than before: then the advice of today goes,
/// because it rests on the weather of elsewhere.
pub fn set(tx: &mut Tx<'_>, athlete: &str, cell: Option<Cell>, now_ms: i64) -> Result<bool> {
    // Held before it is looked at, so that advice that is being written meanwhile is asked for anew.
    change_number::hold(tx, athlete)?;
    if get(tx, athlete)? == cell {
        return Ok(false);
    }
    match cell {
        Some(Cell { latitude, longitude }) => {
            tx.execute(&PUT, &params![athlete, latitude, longitude, now_ms])?;
        }
        None => {
            tx.execute(&REMOVE, &params![athlete])?;
        }
    }
    change_number::next(tx, athlete)?;
    let today = local_date(now_ms, None, &zone(tx, athlete)?).unwrap_or(Date::ZERO);
    Scope::BOTH.into_iter().try_for_each(|scope| insight::remove_from(tx, athlete, scope, today))?;
    Ok(true)
}

/// What the air of a local day will be like at home, or was; nothing without a home, and for days that nobody told of.
pub fn outlook(tx: &mut Tx<'_>, athlete: &str, date: Date) -> Result<Option<Outlook>> {
    Ok(outlook_at(tx, athlete, date, i64::MIN)?.map(|(outlook, _)| outlook))
}

/// The same, and whether it is too old at a moment for advice to rest on it.
pub fn outlook_at(
    tx: &mut Tx<'_>,
    athlete: &str,
    date: Date,
    now_ms: i64,
) -> Result<Option<(Outlook, bool)>> {
    let zone = zone(tx, athlete)?;
    let Some((first, last)) = Outlook::hours(date, &zone) else { return Ok(None) };
    let outlook = Outlook::of(&between(tx, athlete, (first, last))?, &zone);
    Ok(outlook.map(|outlook| {
        let is_old = outlook.is_old(last, now_ms);
        (outlook, is_old)
    }))
}

/// What is kept of every hour that begins on a local day at home, in their order.
pub fn hours(tx: &mut Tx<'_>, athlete: &str, date: Date) -> Result<Vec<Told>> {
    let zone = zone(tx, athlete)?;
    let midnight = |date: Date| zone.to_timestamp(date.at(0, 0, 0, 0)).map(jiff::Timestamp::as_millisecond);
    let (Ok(from_ms), Ok(until_ms)) = (midnight(date), date.tomorrow().and_then(midnight)) else {
        return Ok(Vec::new());
    };
    between(tx, athlete, (Hour::after(from_ms), Hour(Hour::after(until_ms).0 - 1)))
}

fn between(tx: &mut Tx<'_>, athlete: &str, hours: (Hour, Hour)) -> Result<Vec<Told>> {
    let Some(cell) = get(tx, athlete)? else { return Ok(Vec::new()) };
    let kept = weather_hour::between(tx, cell, hours)?;
    Ok(kept
        .into_iter()
        .map(|kept| Told { hour: kept.hour, air: kept.air, told_ms: kept.fetched_ms })
        .collect())
}

fn zone(tx: &mut Tx<'_>, athlete: &str) -> Result<TimeZone> {
    let zone = athlete::get(tx, athlete)?.and_then(|athlete| TimeZone::get(&athlete.timezone).ok());
    Ok(zone.unwrap_or(TimeZone::UTC))
}

#[cfg(test)]
pub(crate) const QUERIES: &[Sql] = &[GET, PUT, REMOVE];
