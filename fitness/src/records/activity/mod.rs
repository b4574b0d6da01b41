//! Activities: the merged rows that a person sees.

pub mod duplicate;
mod effort;
mod expired;
mod lent;
mod list;
pub mod merged;
mod search;

pub use effort::{
    Measured, Pending, best_20min_power, contributions, count_pending, measured, peaks, pending, pending_of,
    with_reading,
};
pub(in crate::records) use expired::carry;
pub use list::{ActivityRow, PageKey, Shown, by_file, get, ids_by_content, list};
pub(in crate::records) use list::{list_shareable, shareable};
pub use search::{Filter, known_sport, search};

use jiff::civil::Date;
use store::{Result, Sql, Tx, Value, params};

use super::{optional_date, sortable, to_json};
use crate::identity;
use crate::recording::{Recording, Warning};
use crate::summary::Summary;

/// What is known of an activity whoever the athlete is.
#[derive(Debug, Clone, PartialEq)]
pub struct Activity {
    pub id: String,
    pub athlete: String,
    pub provenance: String,
    /// The source's own id.
    pub source_id: String,
    /// Path of the file as it was given.
    pub file: String,
    /// Of the file as it came, in hexadecimal.
    pub sha256: String,
    /// Place among the activities of its file, from 0.
    pub part: u32,
    pub parts: u32,
    pub sport: String,
    pub sub_sport: Option<String>,
    pub name: Option<String>,
    pub device: Option<String>,
    pub start_ms: Option<i64>,
    pub utc_offset_s: Option<i32>,
    pub local_date: Option<Date>,
    pub summary: Summary,
    pub warnings: Vec<Warning>,
}

/// Where an activity came from.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'a> {
    pub athlete: &'a str,
    pub provenance: &'a str,
    pub source_id: &'a str,
    pub file: &'a str,
    pub sha256: &'a str,
    pub part: u32,
    pub parts: u32,
}

impl Activity {
    /// The activity of a recording with clean samples; its id follows from athlete, provenance and source id.
    pub fn of(recording: &Recording, origin: Origin<'_>, local_date: Option<Date>) -> Self {
        Self {
            id: identity::activity_id(origin.athlete, origin.provenance, origin.source_id),
            athlete: origin.athlete.to_owned(),
            provenance: origin.provenance.to_owned(),
            source_id: origin.source_id.to_owned(),
            file: origin.file.to_owned(),
            sha256: origin.sha256.to_owned(),
            part: origin.part,
            parts: origin.parts,
            sport: recording.sport.clone(),
            sub_sport: recording.sub_sport.clone(),
            name: recording.name.clone(),
            device: recording.device.clone(),
            start_ms: recording.start_ms,
            utc_offset_s: recording.utc_offset_s,
            local_date,
            summary: Summary::of(recording),
            warnings: recording.warnings.clone(),
        }
    }
}

/// What an upsert did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    Unchanged,
    Inserted,
    Updated,
}

/// What an upsert did, and the first local day it touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Upserted {
    pub change: Change,
    /// Of the row before and after; nothing where it is unchanged or without a date.
    pub first_day: Option<Date>,
    /// When the row started before; nothing where it is new, unchanged or without a time.
    pub former_start_ms: Option<i64>,
}

/// What went with an activity; nothing where there was none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Removed {
    /// The first local day that is counted otherwise from now on.
    pub first_day: Option<Date>,
    /// When it started, and the records that it stood for.
    pub starts_ms: Vec<i64>,
}

const EXISTS: Sql = Sql::Both("SELECT id FROM activity WHERE athlete = $1 AND id = $2");
const BEFORE: Sql = Sql::Both("SELECT local_date, start_ms FROM activity WHERE id = $1");
// Its duplicates have days of their own, and one of them counts from now on.
const LEAVING: Sql = Sql::Both(
    "SELECT local_date, start_ms FROM activity WHERE id = $1 OR duplicate_of = $1 OR shareable_of = $1 \
     ORDER BY local_date, id",
);
const UPSERT: Sql = Sql::Both(
    "INSERT INTO activity (id, athlete, provenance, source_id, file, sha256, part, parts, sport, sub_sport, \
     name, device, start_ms, utc_offset_s, local_date, elapsed_s, timer_s, moving_s, distance_m, ascent_m, \
     avg_hr, max_hr, avg_power, max_power, avg_cadence, samples, np, best_20min_power, hr_seconds, warnings, \
     changed) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, \
     $22, $23, $24, $25, $26, $27, $28, $29, $30, $31) \
     ON CONFLICT (id) DO UPDATE SET \
     file = excluded.file, sha256 = excluded.sha256, part = excluded.part, parts = excluded.parts, \
     sport = excluded.sport, sub_sport = excluded.sub_sport, name = excluded.name, device = excluded.device, \
     start_ms = excluded.start_ms, utc_offset_s = excluded.utc_offset_s, local_date = excluded.local_date, \
     elapsed_s = excluded.elapsed_s, timer_s = excluded.timer_s, moving_s = excluded.moving_s, \
     distance_m = excluded.distance_m, ascent_m = excluded.ascent_m, avg_hr = excluded.avg_hr, \
     max_hr = excluded.max_hr, avg_power = excluded.avg_power, max_power = excluded.max_power, \
     avg_cadence = excluded.avg_cadence, samples = excluded.samples, np = excluded.np, \
     best_20min_power = excluded.best_20min_power, hr_seconds = excluded.hr_seconds, \
     warnings = excluded.warnings, changed = excluded.changed \
     WHERE (activity.file, activity.sha256, activity.part, activity.parts, activity.sport, \
     activity.sub_sport, activity.name, activity.device, activity.start_ms, activity.utc_offset_s, \
     activity.local_date, activity.elapsed_s, activity.timer_s, activity.moving_s, activity.distance_m, \
     activity.ascent_m, activity.avg_hr, activity.max_hr, activity.avg_power, activity.max_power, \
     activity.avg_cadence, activity.samples, activity.np, activity.best_20min_power, activity.hr_seconds, \
     activity.warnings) \
     IS DISTINCT FROM (excluded.file, excluded.sha256, excluded.part, excluded.parts, excluded.sport, \
     excluded.sub_sport, excluded.name, excluded.device, excluded.start_ms, excluded.utc_offset_s, \
     excluded.local_date, excluded.elapsed_s, excluded.timer_s, excluded.moving_s, excluded.distance_m, \
     excluded.ascent_m, excluded.avg_hr, excluded.max_hr, excluded.avg_power, excluded.max_power, \
     excluded.avg_cadence, excluded.samples, excluded.np, excluded.best_20min_power, excluded.hr_seconds, \
     excluded.warnings)",
);
const TOUCH: Sql =
    Sql::Both("UPDATE activity SET changed = $4 WHERE athlete = $1 AND local_date >= $2 AND local_date < $3");
const TOUCH_UNDATED: Sql =
    Sql::Both("UPDATE activity SET changed = $2 WHERE athlete = $1 AND local_date IS NULL");
const TOUCH_ONE: Sql = Sql::Both("UPDATE activity SET changed = $2 WHERE id = $1");
const TOUCH_OTHERS: Sql =
    Sql::Both("UPDATE activity SET changed = $2 WHERE duplicate_of = $1 OR shareable_of = $1");
// A link to nothing is none of the ids.
const TOUCH_COUNTED: Sql = Sql::Both(
    "UPDATE activity SET changed = $2 WHERE id IN (SELECT a.duplicate_of FROM activity a WHERE a.id = $1 \
     UNION SELECT a.shareable_of FROM activity a WHERE a.id = $1)",
);
const SET_SPORT: Sql =
    Sql::Both("UPDATE activity SET sport = $2, sub_sport = $3, changed = $4 WHERE id = $1");
const SET_DEVICE: Sql =
    Sql::Both("UPDATE activity SET device = $2, changed = $3 WHERE id = $1 RETURNING local_date");
const REMOVE: Sql = Sql::Both("DELETE FROM activity WHERE id = $1");

/// Writes an activity; a row that says the same already keeps its change number.
///
/// Of one that changed [`duplicate::relink`] must hear, once its streams are written too.
pub fn upsert(tx: &mut Tx<'_>, activity: &Activity, changed: i64) -> Result<Upserted> {
    let before =
        tx.optional(&BEFORE, &params![&activity.id], |row| Ok((optional_date(row, 0)?, row.get(1)?)))?;
    if write(tx, activity, changed)? == 0 {
        return Ok(Upserted { change: Change::Unchanged, first_day: None, former_start_ms: None });
    }
    let change = if before.is_some() { Change::Updated } else { Change::Inserted };
    let (former_day, former_start_ms) = before.unwrap_or_default();
    let first_day = former_day.into_iter().chain(activity.local_date).min();
    Ok(Upserted { change, first_day, former_start_ms })
}

fn write(tx: &mut Tx<'_>, activity: &Activity, changed: i64) -> Result<u64> {
    let summary = &activity.summary;
    let local_date = activity.local_date.map(|date| date.to_string());
    let hr_seconds = summary.hr_seconds.as_ref().map(ToString::to_string);
    let warnings = to_json(&activity.warnings)?;
    let params: [Value<'_>; 31] = params![
        &activity.id,
        &activity.athlete,
        &activity.provenance,
        &activity.source_id,
        &activity.file,
        &activity.sha256,
        activity.part,
        activity.parts,
        &activity.sport,
        &activity.sub_sport,
        &activity.name,
        &activity.device,
        activity.start_ms,
        activity.utc_offset_s,
        &local_date,
        summary.elapsed_s,
        summary.timer_s,
        summary.moving_s,
        summary.distance_m,
        summary.ascent_m,
        summary.avg_hr,
        summary.max_hr,
        summary.avg_power,
        summary.max_power,
        summary.avg_cadence,
        summary.samples,
        summary.np,
        summary.best_20min_power,
        &hr_seconds,
        &warnings,
        changed
    ];
    tx.execute(&UPSERT, &params)
}

/// Gives the activities from one day up to, but without, another a change number, because what is computed from
/// them must be computed again. Answers how many they are.
pub fn touch(tx: &mut Tx<'_>, athlete: &str, (from, until): (Date, Date), changed: i64) -> Result<u64> {
    let (from, until) = (sortable(from), until.to_string());
    tx.execute(&TOUCH, &params![athlete, &from, &until, changed])
}

/// Does the same for the activities without a day. Answers how many they are.
pub fn touch_undated(tx: &mut Tx<'_>, athlete: &str, changed: i64) -> Result<u64> {
    tx.execute(&TOUCH_UNDATED, &params![athlete, changed])
}

/// Gives one activity another change number.
pub fn touch_one(tx: &mut Tx<'_>, id: &str, changed: i64) -> Result<()> {
    tx.execute(&TOUCH_ONE, &params![id, changed]).map(drop)
}

/// Gives an activity another sport.
pub fn set_sport(
    tx: &mut Tx<'_>,
    id: &str,
    (sport, sub_sport): (&str, Option<&str>),
    changed: i64,
) -> Result<()> {
    tx.execute(&SET_SPORT, &params![id, sport, sub_sport, changed]).map(drop)
}

/// Gives an activity another device, or none, and says on which day it is.
pub fn set_device(tx: &mut Tx<'_>, id: &str, device: Option<&str>, changed: i64) -> Result<Option<Date>> {
    Ok(tx.optional(&SET_DEVICE, &params![id, device, changed], |row| optional_date(row, 0))?.flatten())
}

/// True where the athlete has an activity of this id.
pub fn exists(tx: &mut Tx<'_>, athlete: &str, id: &str) -> Result<bool> {
    Ok(tx.optional(&EXISTS, &params![athlete, id], |row| row.get::<String>(0))?.is_some())
}

/// Gives the other records of an activity a change number, because something happens to it.
pub fn touch_others(tx: &mut Tx<'_>, id: &str, changed: i64) -> Result<()> {
    tx.execute(&TOUCH_OTHERS, &params![id, changed]).map(drop)
}

/// Gives the records that count in the stead of one a change number, because what they are lent is another.
pub fn touch_counted(tx: &mut Tx<'_>, id: &str, changed: i64) -> Result<()> {
    tx.execute(&TOUCH_COUNTED, &params![id, changed]).map(drop)
}

/// Removes an activity with all that hangs on it. Of the starts [`duplicate::relink`] must hear.
pub fn remove(tx: &mut Tx<'_>, id: &str) -> Result<Removed> {
    let leaving = tx.query(&LEAVING, &params![id], |row| Ok((optional_date(row, 0)?, row.get(1)?)))?;
    tx.execute(&REMOVE, &params![id])?;
    let mut removed = Removed::default();
    for (day, start_ms) in leaving {
        removed.first_day = removed.first_day.into_iter().chain(day).min();
        removed.starts_ms.extend::<Option<i64>>(start_ms);
    }
    Ok(removed)
}

/// When an activity starts, where it is there and that is known.
pub fn start_ms(tx: &mut Tx<'_>, id: &str) -> Result<Option<i64>> {
    Ok(tx.optional(&BEFORE, &params![id], |row| row.get(1))?.flatten())
}

#[cfg(test)]
pub(crate) const QUERIES: &[&[Sql]] = &[
    &[
        EXISTS,
        BEFORE,
        LEAVING,
        UPSERT,
        TOUCH,
        TOUCH_UNDATED,
        TOUCH_ONE,
        TOUCH_OTHERS,
        TOUCH_COUNTED,
        SET_SPORT,
        SET_DEVICE,
        REMOVE,
    ],
    duplicate::QUERIES[0],
    duplicate::QUERIES[1],
    duplicate::QUERIES[2],
    effort::QUERIES,
    expired::QUERIES,
    lent::QUERIES,
    list::QUERIES,
    merged::QUERIES,
    search::QUERIES,
];
