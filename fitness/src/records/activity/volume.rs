//! How much of each sport an athlete did between two days.

use jiff::civil::Date;
use serde::Serialize;
use store::{Result, Sql, Tx, params};

use super::super::count;

/// The activities of a sport, summed; duplicates add nothing.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Volume {
    pub sport: String,
    pub activities: u32,
    pub distance_m: f64,
    /// While the timer ran, else in motion, else in all.
    pub timer_s: f64,
    pub ascent_m: f64,
    pub load: f64,
}

const VOLUMES: Sql = Sql::Both(
    "SELECT a.sport, COUNT(*), COALESCE(SUM(a.distance_m), 0.0), \
     COALESCE(SUM(COALESCE(a.timer_s, a.moving_s, a.elapsed_s)), 0.0), COALESCE(SUM(a.ascent_m), 0.0), \
     COALESCE(SUM(l.load), 0.0) \
     FROM activity a LEFT JOIN activity_load l ON l.activity_id = a.id \
     WHERE a.athlete = $1 AND a.local_date >= $2 AND a.local_date <= $3 AND a.duplicate_of IS NULL \
     GROUP BY a.sport ORDER BY a.sport",
);

/// The volume of each sport between two days, both included.
pub fn volumes(tx: &mut Tx<'_>, athlete: &str, (first, last): (Date, Date)) -> Result<Vec<Volume>> {
    let (first, last) = (first.max(Date::ZERO).to_string(), last.to_string());
    tx.query(&VOLUMES, &params![athlete, &first, &last], |row| {
        Ok(Volume {
            sport: row.get(0)?,
            activities: count(row, 1)?,
            distance_m: row.get(2)?,
            timer_s: row.get(3)?,
            ascent_m: row.get(4)?,
            load: row.get(5)?,
        })
    })
}

#[cfg(test)]
pub(super) const QUERIES: &[Sql] = &[VOLUMES];
