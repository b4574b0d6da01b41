//! The best efforts of an athlete over all time and by season, and the records as they fell.

use std::collections::BTreeMap;

use jiff::civil::Date;
use store::{Result, Row, Sql, Tx, params};

use super::date;
use crate::curve::{self, Curve, Fallen, Kind, Point};
use crate::scope::{STRAVA_API, Scope};

const TWENTY_MINUTES_S: f64 = 1200.0;

// The first of each distance and year; where times are equal, the one that was there first.
const PACE: Sql = Sql::Both(
    "SELECT local_date, activity_id, distance_m, elapsed_s FROM ( \
     SELECT a.local_date, e.activity_id, e.distance_m, e.elapsed_s, ROW_NUMBER() OVER ( \
     PARTITION BY e.distance_m, SUBSTR(a.local_date, 1, 4) ORDER BY e.elapsed_s, a.local_date, a.id) AS place \
     FROM activity a JOIN best_effort e ON e.activity_id = a.id \
     WHERE a.athlete = $1 AND a.local_date >= $2 AND a.local_date <= $3 AND a.sport = $4 \
     AND a.duplicate_of IS NULL AND a.provenance <> $5) AS ranked \
     WHERE place = 1 ORDER BY distance_m, local_date, activity_id",
);
const POWER: Sql = Sql::Both(
    "SELECT local_date, id, best_20min_power, sport FROM activity \
     WHERE athlete = $1 AND local_date >= $2 AND local_date <= $3 AND duplicate_of IS NULL \
     AND provenance <> $4 AND best_20min_power IS NOT NULL ORDER BY local_date, id",
);
// Each effort that beats all before it.
const FALLEN: Sql = Sql::Both(
    "SELECT local_date, activity_id, distance_m, elapsed_s FROM ( \
     SELECT a.local_date, e.activity_id, e.distance_m, e.elapsed_s, MIN(e.elapsed_s) OVER ( \
     PARTITION BY e.distance_m ORDER BY a.local_date, a.id \
     ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before_s \
     FROM activity a JOIN best_effort e ON e.activity_id = a.id \
     WHERE a.athlete = $1 AND a.local_date >= $2 AND a.local_date <= $3 AND a.sport = $4 \
     AND a.duplicate_of IS NULL AND a.provenance <> $5) AS ranked \
     WHERE before_s IS NULL OR elapsed_s < before_s ORDER BY distance_m, local_date, activity_id",
);

/// The curve of all time, and then that of each season, the newest first; none where there is nothing.
pub fn curves(
    tx: &mut Tx<'_>,
    athlete: &str,
    scope: Scope,
    kind: Kind,
    days: (Date, Date),
) -> Result<Vec<Curve>> {
    let points = match kind {
        Kind::Pace => pace(tx, &PACE, athlete, scope, days, "running")?,
        Kind::Power => power(tx, athlete, scope, days)?,
    };
    let mut seasons: BTreeMap<i16, Vec<Point>> = BTreeMap::new();
    for point in &points {
        seasons.entry(point.date.year()).or_default().push(point.clone());
    }
    if points.is_empty() {
        return Ok(Vec::new());
    }
    let by_season = seasons.into_iter().rev().map(|(year, points)| Curve::of(Some(year), kind, best(points)));
    Ok([Curve::of(None, kind, best(points))].into_iter().chain(by_season).collect())
}

/// Every record as it fell: over each distance on foot in one sport, and of power on a bicycle; from the shortest
/// on, and of one distance by date.
pub fn records(tx: &mut Tx<'_>, athlete: &str, scope: Scope, kind: Kind, sport: &str) -> Result<Vec<Fallen>> {
    let days = (Date::ZERO, Date::MAX);
    let points = match kind {
        Kind::Pace => pace(tx, &FALLEN, athlete, scope, days, sport)?,
        Kind::Power => power(tx, athlete, scope, days)?,
    };
    let mut fallen = Vec::new();
    let mut grouped: BTreeMap<u64, Vec<Point>> = BTreeMap::new();
    for point in points {
        // Positive numbers sort as their bits do.
        grouped.entry(measure(&point).to_bits()).or_default().push(point);
    }
    grouped.into_values().for_each(|points| fallen.extend(curve::fallen(points)));
    Ok(fallen)
}

/// The best point of each distance or duration, from the shortest on.
fn best(points: Vec<Point>) -> Vec<Point> {
    let mut best: BTreeMap<u64, Vec<Point>> = BTreeMap::new();
    for point in points {
        best.entry(measure(&point).to_bits()).or_default().push(point);
    }
    best.into_values().filter_map(|points| Some(curve::fallen(points).pop()?.point)).collect()
}

fn measure(point: &Point) -> f64 {
    point.distance_m.unwrap_or(point.seconds)
}

fn pace(
    tx: &mut Tx<'_>,
    query: &Sql,
    athlete: &str,
    scope: Scope,
    days: (Date, Date),
    sport: &str,
) -> Result<Vec<Point>> {
    let (first, last) = sortable(days);
    tx.query(query, &params![athlete, &first, &last, sport, left_out(scope)], |row: &Row<'_>| {
        Ok(Point::of_pace(row.get(2)?, row.get(3)?, date(row, 0)?, row.get(1)?))
    })
}

fn power(tx: &mut Tx<'_>, athlete: &str, scope: Scope, days: (Date, Date)) -> Result<Vec<Point>> {
    let (first, last) = sortable(days);
    let points = tx.query(&POWER, &params![athlete, &first, &last, left_out(scope)], |row| {
        let point = Point::of_power(TWENTY_MINUTES_S, row.get(2)?, date(row, 0)?, row.get(1)?);
        Ok(crate::load::is_cycling(row.text(3)?, None).then_some(point))
    })?;
    Ok(points.into_iter().flatten().collect())
}

/// Dates as text that sorts as dates do; years before 0 have a sign and would not.
fn sortable((first, last): (Date, Date)) -> (String, String) {
    (first.max(Date::ZERO).to_string(), last.max(Date::ZERO).to_string())
}

/// The provenance whose rows do not belong into a scope; no row has an empty one.
fn left_out(scope: Scope) -> &'static str {
    if scope.includes(STRAVA_API) { "" } else { STRAVA_API }
}

#[cfg(test)]
pub(crate) const QUERIES: &[Sql] = &[PACE, POWER, FALLEN];
