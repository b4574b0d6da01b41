//! What was done on each day, by sport.

use jiff::civil::Date;
use store::{Result, Sql, Tx, params};

use super::{count, date, sortable};
use crate::scope::Scope;
use crate::volume::{self, Outings, Period, Span, Volume};

const LIST: Sql = Sql::Both(
    "SELECT a.local_date, a.sport, COUNT(*), \
     CAST(COALESCE(SUM(COALESCE(a.timer_s, a.moving_s, a.elapsed_s)), 0) AS DOUBLE PRECISION), \
     CAST(COALESCE(SUM(a.elapsed_s), 0) AS DOUBLE PRECISION), \
     CAST(COALESCE(SUM(a.distance_m), 0) AS DOUBLE PRECISION), \
     CAST(COALESCE(SUM(a.ascent_m), 0) AS DOUBLE PRECISION), \
     CAST(COALESCE(SUM(l.load), 0) AS DOUBLE PRECISION) \
     FROM activity a LEFT JOIN activity_load l ON l.activity_id = a.id \
     WHERE a.athlete = $1 AND a.local_date >= $2 AND a.local_date <= $3 \
     AND CASE WHEN $4 = '' THEN a.duplicate_of ELSE a.shareable_of END IS NULL \
     AND a.provenance <> $4 AND ($5 = '' OR a.sport = $5) \
     GROUP BY a.local_date, a.sport ORDER BY a.local_date, a.sport",
);
const ACTIVE: Sql = Sql::Both(
    "SELECT DISTINCT local_date FROM activity \
     WHERE athlete = $1 AND local_date >= $2 AND provenance <> $3 \
     AND CASE WHEN $3 = '' THEN duplicate_of ELSE shareable_of END IS NULL \
     AND ($4 = '' OR sport = $4) ORDER BY local_date",
);

const FIRST: Sql = Sql::Both(
    "SELECT local_date FROM activity \
     WHERE athlete = $1 AND local_date >= $2 AND local_date <= $3 AND provenance <> $4 \
     AND CASE WHEN $4 = '' THEN duplicate_of ELSE shareable_of END IS NULL \
     AND ($5 = '' OR sport = $5) ORDER BY local_date LIMIT 1",
);
const LAST: Sql = Sql::Both(
    "SELECT local_date FROM activity \
     WHERE athlete = $1 AND local_date >= $2 AND local_date <= $3 AND provenance <> $4 \
     AND CASE WHEN $4 = '' THEN duplicate_of ELSE shareable_of END IS NULL \
     AND ($5 = '' OR sport = $5) ORDER BY local_date DESC LIMIT 1",
);

/// Where a page of weeks, months or years stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Both included.
    pub days: (Date, Date),
    /// A day of the span that the page begins with; that of the last activity, where none is given.
    pub from: Option<Date>,
    pub limit: u32,
}

/// A page of spans, the newest first, down to that of the first activity between the days; those without an activity too.
pub fn page(
    tx: &mut Tx<'_>,
    athlete: &str,
    scope: Scope,
    (span, sport): (Span, Option<&str>),
    Place { days, from, limit }: Place,
) -> Result<Vec<Period>> {
    let (first, last) = (sortable(days.0), sortable(days.1));
    let params = params![athlete, &first, &last, scope.left_out(), sport.unwrap_or("")];
    let Some(oldest) = tx.optional(&FIRST, &params, |row| date(row, 0))? else { return Ok(Vec::new()) };
    let newest = match from {
        Some(from) => Some(from.min(days.1)),
        None => tx.optional(&LAST, &params, |row| date(row, 0))?,
    };
    let Some(newest) = newest.filter(|newest| span.last_of(*newest) >= oldest) else { return Ok(Vec::new()) };
    let first = span.back(newest, limit.saturating_sub(1)).max(oldest);
    let last = span.last_of(newest).min(days.1);
    let outings = between(tx, athlete, scope, (first, last), sport)?;
    let mut page = volume::periods_of(span, (first, newest), &outings);
    page.reverse();
    Ok(page)
}

/// What was done between two days, both included, by day and sport; of one sport alone where it is named.
pub fn between(
    tx: &mut Tx<'_>,
    athlete: &str,
    scope: Scope,
    (first, last): (Date, Date),
    sport: Option<&str>,
) -> Result<Vec<Outings>> {
    let (first, last) = (sortable(first), sortable(last));
    let params = params![athlete, &first, &last, scope.left_out(), sport.unwrap_or("")];
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
    tx.query(&ACTIVE, &params![athlete, &first, scope.left_out(), sport.unwrap_or("")], |row| date(row, 0))
}

#[cfg(test)]
pub(crate) const QUERIES: &[Sql] = &[LIST, ACTIVE, FIRST, LAST];

#[cfg(test)]
mod tests;
