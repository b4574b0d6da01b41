//! What was computed from samples that may be kept no longer: it stays, whatever else is told of the activity.

use store::{Result, Row, Sql, Tx, params};

use super::super::{count, stored};
use super::Activity;
use crate::summary::Summary;

const SUMMED_UP: Sql = Sql::Both(
    "SELECT elapsed_s, timer_s, moving_s, distance_m, ascent_m, avg_hr, max_hr, avg_power, max_power, \
     avg_cadence, samples, np, best_20min_power, hr_seconds FROM activity WHERE id = $1",
);

/// Takes over into an activity without samples what its samples once told, and says whether they did.
pub(in crate::records) fn carry(tx: &mut Tx<'_>, activity: &mut Activity) -> Result<bool> {
    let before = tx.optional(&SUMMED_UP, &params![&activity.id], read)?;
    let Some(before) = before.filter(|before| before.samples > 0) else { return Ok(false) };
    activity.summary = beside(before, &activity.summary);
    Ok(true)
}

/// The figures that samples tell better than totals, and the others as they are told now.
fn beside(before: Summary, told: &Summary) -> Summary {
    Summary {
        elapsed_s: told.elapsed_s.or(before.elapsed_s),
        timer_s: told.timer_s.or(before.timer_s),
        distance_m: told.distance_m.or(before.distance_m),
        ascent_m: told.ascent_m.or(before.ascent_m),
        moving_s: before.moving_s.or(told.moving_s),
        avg_hr: before.avg_hr.or(told.avg_hr),
        max_hr: before.max_hr.or(told.max_hr),
        avg_power: before.avg_power.or(told.avg_power),
        max_power: before.max_power.or(told.max_power),
        avg_cadence: before.avg_cadence.or(told.avg_cadence),
        ..before
    }
}

fn read(row: &Row<'_>) -> Result<Summary> {
    let hr_seconds: Option<String> = row.get(13)?;
    Ok(Summary {
        elapsed_s: row.get(0)?,
        timer_s: row.get(1)?,
        moving_s: row.get(2)?,
        distance_m: row.get(3)?,
        ascent_m: row.get(4)?,
        avg_hr: row.get(5)?,
        max_hr: row.get(6)?,
        avg_power: row.get(7)?,
        max_power: row.get(8)?,
        avg_cadence: row.get(9)?,
        samples: count(row, 10)?,
        np: row.get(11)?,
        best_20min_power: row.get(12)?,
        hr_seconds: hr_seconds.map(|text| stored(&text, |text| text.parse().ok())).transpose()?,
    })
}

#[cfg(test)]
pub(crate) const QUERIES: &[Sql] = &[SUMMED_UP];
