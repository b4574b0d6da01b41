//! Each time that an activity followed a segment of the athlete's own.

use std::collections::HashMap;

use jiff::civil::Date;
use serde::Serialize;
use store::{Result, Row, Sql, Tx, Value, params};

use super::{activity_weather, export_row, optional_date, segment};
use crate::ground::trend::{self, Slope};
use crate::scope::Scope;

/// An effort as it was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Effort {
    /// The segment as it was looked for.
    pub segment: segment::Key,
    pub activity: String,
    pub start_ms: i64,
    pub elapsed_s: f64,
    pub meters: f64,
    pub avg_hr: Option<f64>,
    pub avg_power: Option<f64>,
}

/// An effort among all of its segment; what is unknown is absent.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ranked {
    /// From 1, the fastest first; of equal ones the earlier.
    pub rank: usize,
    pub activity: String,
    pub start_ms: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<Date>,
    pub elapsed_s: f64,
    pub meters: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avg_hr: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avg_power: Option<f64>,
    /// At the start of the activity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature_c: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wind_mps: Option<f64>,
    /// The load of the day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub load: Option<f64>,
    /// Form on the morning of the day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tsb: Option<f64>,
    /// What the licence of the weather's data asks to be shown beside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attribution: Option<&'static str>,
}

/// An effort of an activity, with the segment that it is on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OfActivity {
    pub segment: String,
    pub name: String,
    pub rank: i64,
    pub start_ms: i64,
    pub elapsed_s: f64,
    pub meters: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avg_hr: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avg_power: Option<f64>,
}

const FORGET: Sql = Sql::Both("DELETE FROM segment_effort WHERE activity_id = $1");
// A segment or an activity that went meanwhile is left out, and so is one that is another now: a line that was drawn
// anew meanwhile is not what was followed.
const PUT: Sql = Sql::Both(
    "INSERT INTO segment_effort (segment_id, activity_id, start_ms, elapsed_s, meters, avg_hr, avg_power) \
     SELECT s.id, a.id, $4, $5, $6, $7, $8 FROM segment s, activity a \
     WHERE s.id = $1 AND s.sports = $9 AND s.created_ms = $10 AND a.id = $2 AND a.changed = $3 \
     ON CONFLICT (segment_id, activity_id, start_ms) DO UPDATE SET elapsed_s = excluded.elapsed_s, \
     meters = excluded.meters, avg_hr = excluded.avg_hr, avg_power = excluded.avg_power",
);
const RANKED: Sql = Sql::Both(
    "SELECT e.activity_id, e.start_ms, a.local_date, e.elapsed_s, e.meters, e.avg_hr, e.avg_power, \
     d.load, d.tsb \
     FROM segment_effort e JOIN activity a ON a.id = e.activity_id \
     LEFT JOIN day d ON d.athlete = a.athlete AND d.scope = $4 AND d.local_date = a.local_date \
     WHERE e.segment_id = $1 AND a.athlete = $2 AND a.provenance <> $3 \
     AND CASE WHEN $3 = '' THEN a.duplicate_of ELSE a.shareable_of END IS NULL \
     ORDER BY e.elapsed_s, e.start_ms, e.activity_id",
);
const OF_ACTIVITY: Sql = Sql::Both(
    "SELECT s.id, s.name, e.start_ms, e.elapsed_s, e.meters, e.avg_hr, e.avg_power, \
     (SELECT COUNT(*) FROM segment_effort f JOIN activity b ON b.id = f.activity_id \
     WHERE f.segment_id = e.segment_id AND b.provenance <> $3 \
     AND CASE WHEN $3 = '' THEN b.duplicate_of ELSE b.shareable_of END IS NULL \
     AND (f.elapsed_s < e.elapsed_s OR (f.elapsed_s = e.elapsed_s AND f.start_ms < e.start_ms))) \
     FROM segment_effort e JOIN segment s ON s.id = e.segment_id JOIN activity a ON a.id = e.activity_id \
     WHERE e.activity_id = $2 AND a.athlete = $1 AND a.provenance <> $3 \
     AND CASE WHEN $3 = '' THEN a.duplicate_of ELSE a.shareable_of END IS NULL \
     AND s.provenance <> $3 ORDER BY e.start_ms, s.name, s.id",
);

/// Forgets the efforts of an activity.
pub fn forget(tx: &mut Tx<'_>, activity: &str) -> Result<u64> {
    tx.execute(&FORGET, &params![activity])
}

/// Keeps efforts, each of an activity as it was after a change, on segments that are still what was looked for.
pub fn put(tx: &mut Tx<'_>, efforts: &[(Effort, i64)]) -> Result<u64> {
    let rows: Vec<Vec<Value<'_>>> = efforts
        .iter()
        .map(|(effort, changed)| {
            let Effort { segment, activity, start_ms, elapsed_s, meters, avg_hr, avg_power } = effort;
            let segment::Key { id, sports, created_ms } = segment;
            let row = params![
                id,
                activity,
                *changed,
                *start_ms,
                *elapsed_s,
                *meters,
                *avg_hr,
                *avg_power,
                sports,
                *created_ms
            ];
            row.into()
        })
        .collect();
    tx.batch(&PUT, &rows)
}

/// Every effort on a segment in a scope, the fastest first, without the weather.
pub fn ranked(tx: &mut Tx<'_>, athlete: &str, scope: Scope, segment: &str) -> Result<Vec<Ranked>> {
    let params = params![segment, athlete, scope.left_out(), scope.as_str()];
    let mut ranked = tx.query(&RANKED, &params, read)?;
    ranked.iter_mut().enumerate().for_each(|(place, effort)| effort.rank = place + 1);
    Ok(ranked)
}

/// Adds the weather at the start of their activities.
pub fn rain_or_shine(tx: &mut Tx<'_>, athlete: &str, efforts: &mut [Ranked]) -> Result<()> {
    let ids: Vec<String> = efforts.iter().map(|effort| effort.activity.clone()).collect();
    let told = export_row::told(tx, athlete, &ids)?;
    let airs: HashMap<_, _> = activity_weather::at_start(tx, &ids, &told)?;
    for effort in efforts {
        if let Some((air, attribution)) = airs.get(&effort.activity) {
            (effort.temperature_c, effort.wind_mps) = (air.temperature_c, air.wind_mps);
            effort.attribution = *attribution;
        }
    }
    Ok(())
}

/// By how many seconds a year the efforts grow, or shrink.
pub fn trend(efforts: &[Ranked]) -> Option<Slope> {
    const DAY_MS: f64 = 86_400_000.0;
    let point = |effort: &Ranked| (effort.start_ms as f64 / DAY_MS, effort.elapsed_s);
    let mut points: Vec<(f64, f64)> = efforts.iter().map(point).collect();
    points.sort_by(|one, other| one.0.total_cmp(&other.0));
    trend::theil_sen(&points)
}

/// The efforts of an activity in a scope, in their order.
pub fn of_activity(tx: &mut Tx<'_>, athlete: &str, scope: Scope, activity: &str) -> Result<Vec<OfActivity>> {
    tx.query(&OF_ACTIVITY, &params![athlete, activity, scope.left_out()], |row| {
        Ok(OfActivity {
            segment: row.get(0)?,
            name: row.get(1)?,
            start_ms: row.get(2)?,
            elapsed_s: row.get(3)?,
            meters: row.get(4)?,
            avg_hr: row.get(5)?,
            avg_power: row.get(6)?,
            rank: row.get::<i64>(7)? + 1,
        })
    })
}

fn read(row: &Row<'_>) -> Result<Ranked> {
    Ok(Ranked {
        rank: 0,
        activity: row.get(0)?,
        start_ms: row.get(1)?,
        date: optional_date(row, 2)?,
        elapsed_s: row.get(3)?,
        meters: row.get(4)?,
        avg_hr: row.get(5)?,
        avg_power: row.get(6)?,
        load: row.get(7)?,
        tsb: row.get(8)?,
        temperature_c: None,
        wind_mps: None,
        attribution: None,
    })
}

#[cfg(test)]
pub(crate) const QUERIES: &[Sql] = &[FORGET, PUT, RANKED, OF_ACTIVITY];
