//! Laps with the device's own totals.

use store::{Result, Sql, Tx, Value, params};

use crate::recording::{Lap, Totals};

const REMOVE: Sql = Sql::Both("DELETE FROM lap WHERE activity_id = $1");
const PUT: Sql = Sql::Both(
    "INSERT INTO lap (activity_id, position, start_ms, elapsed_s, timer_s, distance_m, ascent_m, \
     avg_hr, max_hr, avg_power, max_power, avg_cadence) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
);
const LIST: Sql = Sql::Both(
    "SELECT start_ms, elapsed_s, timer_s, distance_m, ascent_m, avg_hr, max_hr, avg_power, max_power, \
     avg_cadence FROM lap WHERE activity_id = $1 ORDER BY position",
);

/// Keeps the laps of an activity in place of those before, and says whether they are others.
pub fn replace(tx: &mut Tx<'_>, activity_id: &str, laps: &[Lap]) -> Result<bool> {
    let before = list(tx, activity_id)?;
    if before == laps {
        return Ok(false);
    }
    if !before.is_empty() {
        tx.execute(&REMOVE, &params![activity_id])?;
    }
    let rows: Vec<Vec<Value<'_>>> = laps
        .iter()
        .enumerate()
        .map(|(position, Lap { start_ms, totals })| {
            params![
                activity_id,
                position,
                *start_ms,
                totals.elapsed_s,
                totals.timer_s,
                totals.distance_m,
                totals.ascent_m,
                totals.avg_hr,
                totals.max_hr,
                totals.avg_power,
                totals.max_power,
                totals.avg_cadence
            ]
            .into()
        })
        .collect();
    tx.batch(&PUT, &rows)?;
    Ok(true)
}

/// The laps of an activity in their order.
pub fn list(tx: &mut Tx<'_>, activity_id: &str) -> Result<Vec<Lap>> {
    tx.query(&LIST, &params![activity_id], |row| {
        let totals = Totals {
            elapsed_s: row.get(1)?,
            timer_s: row.get(2)?,
            distance_m: row.get(3)?,
            ascent_m: row.get(4)?,
            avg_hr: row.get(5)?,
            max_hr: row.get(6)?,
            avg_power: row.get(7)?,
            max_power: row.get(8)?,
            avg_cadence: row.get(9)?,
        };
        Ok(Lap { start_ms: row.get(0)?, totals })
    })
}

#[cfg(test)]
pub(crate) const QUERIES: &[Sql] = &[REMOVE, PUT, LIST];
