//! The best efforts of an athlete over all time and by season, and the records as they fell.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::Date;
use store::{Result, Row, Sql, Tx, params};

use super::{activity, activity_stream, date, optional_json, sortable};
use crate::critical::Critical;
use crate::curve::{self, Curve, Fallen, Kind, Point};
use crate::load::is_cycling;
use crate::mean_max;
use crate::recording::{Channel, Samples};
use crate::scope::Scope;

const TWENTY_MINUTES_S: u32 = 1200;
/// Critical power changes with training; that of so many days before a ride is its own.
const SEASON_DAYS: i64 = 90;

// The first of each distance and year; where times are equal, the one that was there first.
const PACE: Sql = Sql::Both(
    "SELECT local_date, activity_id, distance_m, elapsed_s FROM ( \
     SELECT a.local_date, e.activity_id, e.distance_m, e.elapsed_s, ROW_NUMBER() OVER ( \
     PARTITION BY e.distance_m, SUBSTR(a.local_date, 1, 4) ORDER BY e.elapsed_s, a.local_date, a.id) AS place \
     FROM activity a JOIN best_effort e ON e.activity_id = a.id \
     WHERE a.athlete = $1 AND a.local_date >= $2 AND a.local_date <= $3 AND a.sport = $4 \
     AND CASE WHEN $5 = '' THEN a.duplicate_of ELSE a.shareable_of END IS NULL \
     AND a.provenance <> $5) AS ranked \
     WHERE place = 1 ORDER BY distance_m, local_date, activity_id",
);
const SPORT: Sql = Sql::Both("SELECT sport, sub_sport FROM activity WHERE id = $1");
const MEANS: Sql = Sql::Both(
    "SELECT a.local_date, a.id, a.sport, a.sub_sport, n.power_curve, n.hr_curve, a.best_20min_power \
     FROM activity a LEFT JOIN activity_number n ON n.activity_id = a.id \
     WHERE a.athlete = $1 AND a.local_date >= $2 AND a.local_date <= $3 \
     AND CASE WHEN $4 = '' THEN a.duplicate_of ELSE a.shareable_of END IS NULL \
     AND a.provenance <> $4 ORDER BY a.local_date, a.id",
);
// Each effort that beats all before it.
const FALLEN: Sql = Sql::Both(
    "SELECT local_date, activity_id, distance_m, elapsed_s FROM ( \
     SELECT a.local_date, e.activity_id, e.distance_m, e.elapsed_s, MIN(e.elapsed_s) OVER ( \
     PARTITION BY e.distance_m ORDER BY a.local_date, a.id \
     ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before_s \
     FROM activity a JOIN best_effort e ON e.activity_id = a.id \
     WHERE a.athlete = $1 AND a.local_date >= $2 AND a.local_date <= $3 AND a.sport = $4 \
     AND CASE WHEN $5 = '' THEN a.duplicate_of ELSE a.shareable_of END IS NULL \
     AND a.provenance <> $5) AS ranked \
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
        Kind::Power | Kind::HeartRate => means(tx, athlete, scope, kind, days)?,
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
        Kind::Power | Kind::HeartRate => means(tx, athlete, scope, kind, days)?,
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

/// What was left of W' along an activity.
#[derive(Debug, Clone, PartialEq)]
pub struct Balance {
    pub critical: Critical,
    pub time_ms: Vec<i64>,
    /// Joules, one for each sample.
    pub left: Vec<f64>,
}

/// What was left of W' along an activity, by the critical power of the 90 days up to it. Nothing where there is no
/// such activity, and nothing inside where its power or the critical power is not known.
pub fn balance(tx: &mut Tx<'_>, athlete: &str, scope: Scope, id: &str) -> Result<Option<Option<Balance>>> {
    let Some(shown) = activity::get(tx, athlete, id)? else { return Ok(None) };
    // The watts of a runner or rower have another threshold.
    let is_ride = tx.optional(&SPORT, &params![id], |row| {
        let sub_sport: Option<String> = row.get(1)?;
        Ok(is_cycling(row.text(0)?, sub_sport.as_deref()))
    })?;
    let is_ride = is_ride.unwrap_or(false);
    let Some(day) = shown.local_date.filter(|_| is_ride) else { return Ok(Some(None)) };
    let season = (day.saturating_sub(SEASON_DAYS.days()), day);
    let best = best(means(tx, athlete, scope, Kind::Power, season)?);
    let Some(critical) = Curve::of(None, Kind::Power, best).critical else { return Ok(Some(None)) };
    let samples = Samples::unpack(&activity_stream::all(tx, id)?);
    let Some(watts) = samples.channels.get(&Channel::Power) else { return Ok(Some(None)) };
    let left = critical.balance(&samples.time_ms, watts);
    Ok(Some(Some(Balance { critical, time_ms: samples.time_ms, left })))
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
    let (first, last) = (sortable(days.0), sortable(days.1));
    tx.query(query, &params![athlete, &first, &last, sport, scope.left_out()], |row: &Row<'_>| {
        Ok(Point::of_pace(row.get(2)?, row.get(3)?, date(row, 0)?, row.get(1)?))
    })
}

/// Each mean of each activity's curve; the best 20 min alone where its curve was not computed yet.
fn means(tx: &mut Tx<'_>, athlete: &str, scope: Scope, kind: Kind, days: (Date, Date)) -> Result<Vec<Point>> {
    let (first, last) = (sortable(days.0), sortable(days.1));
    let mut points = Vec::new();
    tx.query(&MEANS, &params![athlete, &first, &last, scope.left_out()], |row| {
        let sub_sport: Option<String> = row.get(3)?;
        if kind == Kind::Power && !is_cycling(row.text(2)?, sub_sport.as_deref()) {
            return Ok(());
        }
        let curve: Option<mean_max::Curve> = optional_json(row, if kind == Kind::Power { 4 } else { 5 })?;
        let best_20min: Option<f64> = row.get(6)?;
        let lone = best_20min.filter(|_| kind == Kind::Power).map(|watts| (TWENTY_MINUTES_S, watts));
        let means = curve.map_or_else(|| lone.into_iter().collect(), |curve| curve.0);
        let (date, id): (Date, String) = (date(row, 0)?, row.get(1)?);
        points.extend(
            means.into_iter().map(|(seconds, mean)| Point::of_mean(kind, seconds, mean, date, id.clone())),
        );
        Ok(())
    })?;
    Ok(points)
}

#[cfg(test)]
pub(crate) const QUERIES: &[Sql] = &[PACE, MEANS, FALLEN, SPORT];
