//! What was done on each day, by sport.

use jiff::civil::Date;
use store::{Result, Sql, Tx, params};

use super::{count, date};
use crate::scope::{STRAVA_API, Scope};
use crate::volume::{Outings, Volume};

const LIST: Sql = Sql::Both(
    "SELECT a.local_date, a.sport, COUNT(*), \
     CAST(COALESCE(SUM(COALESCE(a.timer_s, a.moving_s, a.elapsed_s)), 0) AS DOUBLE PRECISION), \
     CAST(COALESCE(SUM(a.elapsed_s), 0) AS DOUBLE PRECISION), \
     CAST(COALESCE(SUM(a.distance_m), 0) AS DOUBLE PRECISION), \
     CAST(COALESCE(SUM(a.ascent_m), 0) AS DOUBLE PRECISION), \
     CAST(COALESCE(SUM(l.load), 0) AS DOUBLE PRECISION) \
     FROM activity a LEFT JOIN activity_load l ON l.activity_id = a.id \
     WHERE a.athlete = $1 AND a.local_date >= $2 AND a.local_date <= $3 AND a.duplicate_of IS NULL \
     AND a.provenance <> $4 AND ($5 = '' OR a.sport = $5) \
     GROUP BY a.local_date, a.sport ORDER BY a.local_date, a.sport",
);
const ACTIVE: Sql = Sql::Both(
    "SELECT DISTINCT local_date FROM activity \
     WHERE athlete = $1 AND local_date >= $2 AND duplicate_of IS NULL AND provenance <> $3 \
     AND ($4 = '' OR sport = $4) ORDER BY local_date",
);

/// What was done between two days, both included, by day and sport; of one sport alone where it is named.
pub fn between(
    tx: &mut Tx<'_>,
    athlete: &str,
    scope: Scope,
    (first, last): (Date, Date),
    sport: Option<&str>,
) -> Result<Vec<Outings>> {
    let (first, last) = (first.max(Date::ZERO).to_string(), last.max(Date::ZERO).to_string());
    let params = params![athlete, &first, &last, left_out(scope), sport.unwrap_or("")];
    tx.query(&LIST, &params, |row| {
        let volume = Volume {
            activities: count(row, 2)?,
            timer_s: row.get(3)?,
            elapsed_s: row.get(4)?,
            distance_m: row.get(5)?,
            ascent_m: row.get(6)?,
            load: row.get(7)?,
        };
        Ok(Outings { date: date(row, 0)?, sport: row.get(1)?, volume })
    })
}

/// The days with an activity, in their order.
pub fn active_days(tx: &mut Tx<'_>, athlete: &str, scope: Scope, sport: Option<&str>) -> Result<Vec<Date>> {
    let first = Date::ZERO.to_string();
    tx.query(&ACTIVE, &params![athlete, &first, left_out(scope), sport.unwrap_or("")], |row| date(row, 0))
}

/// The provenance whose rows do not belong into a scope; no row has an empty one.
fn left_out(scope: Scope) -> &'static str {
    if scope.includes(STRAVA_API) { "" } else { STRAVA_API }
}

#[cfg(test)]
pub(crate) const QUERIES: &[Sql] = &[LIST, ACTIVE];
