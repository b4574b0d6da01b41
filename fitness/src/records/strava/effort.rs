//! Own efforts on segments.

use store::{Result, Row, Sql, Tx, Value, params};

/// An effort.
#[derive(Debug, Clone, PartialEq)]
pub struct Effort {
    pub effort_id: i64,
    pub segment_id: i64,
    /// The activity, by Strava's id.
    pub strava_id: Option<i64>,
    pub start_ms: i64,
    pub elapsed_s: Option<f64>,
    pub moving_s: Option<f64>,
    pub distance_m: Option<f64>,
    pub avg_hr: Option<f64>,
    pub avg_power: Option<f64>,
    pub pr_rank: Option<i64>,
}

// The lists of a segment tell less than the details of an activity, and must not take away what these told.
const PUT: Sql = Sql::Both(
    "INSERT INTO strava_effort (athlete, effort_id, segment_id, strava_id, start_ms, elapsed_s, moving_s, \
     distance_m, avg_hr, avg_power, pr_rank, fetched_ms) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) \
     ON CONFLICT (athlete, effort_id) DO UPDATE SET \
     segment_id = excluded.segment_id, strava_id = COALESCE(excluded.strava_id, strava_effort.strava_id), \
     start_ms = excluded.start_ms, elapsed_s = excluded.elapsed_s, \
     moving_s = COALESCE(excluded.moving_s, strava_effort.moving_s), \
     distance_m = COALESCE(excluded.distance_m, strava_effort.distance_m), \
     avg_hr = COALESCE(excluded.avg_hr, strava_effort.avg_hr), \
     avg_power = COALESCE(excluded.avg_power, strava_effort.avg_power), \
     pr_rank = COALESCE(excluded.pr_rank, strava_effort.pr_rank), fetched_ms = excluded.fetched_ms",
);
const OF_SEGMENT: Sql = Sql::Both(
    "SELECT effort_id, segment_id, strava_id, start_ms, elapsed_s, moving_s, distance_m, avg_hr, avg_power, \
     pr_rank FROM strava_effort WHERE athlete = $1 AND segment_id = $2 ORDER BY elapsed_s, effort_id",
);
const FORGET: Sql = Sql::Both("DELETE FROM strava_effort WHERE athlete = $1 AND strava_id = $2");

const FORGET_OLDER: Sql = Sql::Both("DELETE FROM strava_effort WHERE athlete = $1 AND fetched_ms < $2");

/// Forgets what was last fetched before a moment.
pub fn forget_older(tx: &mut Tx<'_>, athlete: &str, before_ms: i64) -> Result<()> {
    tx.execute(&FORGET_OLDER, &params![athlete, before_ms]).map(drop)
}

/// Keeps efforts.
pub fn put(tx: &mut Tx<'_>, athlete: &str, efforts: &[Effort], now_ms: i64) -> Result<()> {
    let row = |effort: &Effort| -> Vec<Value<'_>> {
        params![
            athlete,
            effort.effort_id,
            effort.segment_id,
            effort.strava_id,
            effort.start_ms,
            effort.elapsed_s,
            effort.moving_s,
            effort.distance_m,
            effort.avg_hr,
            effort.avg_power,
            effort.pr_rank,
            now_ms
        ]
        .into()
    };
    let mut rows = Vec::with_capacity(efforts.len());
    for effort in efforts {
        rows.push(row(effort));
    }
    tx.batch(&PUT, &rows).map(drop)
}

/// The efforts on a segment, the fastest first.
pub fn of_segment(tx: &mut Tx<'_>, athlete: &str, segment_id: i64) -> Result<Vec<Effort>> {
    tx.query(&OF_SEGMENT, &params![athlete, segment_id], read)
}

/// Forgets the efforts of an activity.
pub fn forget(tx: &mut Tx<'_>, athlete: &str, strava_id: i64) -> Result<()> {
    tx.execute(&FORGET, &params![athlete, strava_id]).map(drop)
}

fn read(row: &Row<'_>) -> Result<Effort> {
    Ok(Effort {
        effort_id: row.get(0)?,
        segment_id: row.get(1)?,
        strava_id: row.get(2)?,
        start_ms: row.get(3)?,
        elapsed_s: row.get(4)?,
        moving_s: row.get(5)?,
        distance_m: row.get(6)?,
        avg_hr: row.get(7)?,
        avg_power: row.get(8)?,
        pr_rank: row.get(9)?,
    })
}

#[cfg(test)]
pub(crate) const QUERIES: &[Sql] = &[FORGET_OLDER, PUT, OF_SEGMENT, FORGET];
