//! The ways of activities, and the routes that two or more of them have in common, in each scope for itself: what
//! others may see does not rest on what the Strava API told.

use std::collections::{BTreeMap, HashMap};

use jiff::civil::Date;
use serde::Serialize;
use store::{Error, Result, Row, Sql, Tx, Value, params};

use super::{activity_weather, count, export_row, optional_date};
use crate::best_effort::is_on_foot;
use crate::ground::outing::{self, Comparison, Trend};
use crate::ground::route::{Signature, place};
use crate::ground::{Line, Place};
use crate::scope::Scope;
use crate::sport;

const DAY_MS: f64 = 86_400_000.0;
/// Where samples are sparse, hardly any of the way counts as moving; a time by which somebody was faster is none.
const FASTEST_MPS: f64 = 30.0;
const FASTEST_ON_FOOT_MPS: f64 = 10.0;
/// Where routes of all sports are listed.
const ANY: &str = "*";

/// A route in a list.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Listed {
    /// That of the first activity on it.
    pub id: String,
    /// `cycling`, `on foot` or another group of sports; absent where that is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sports: Option<String>,
    /// How many activities went it.
    pub outings: u32,
    /// The mean of them.
    pub meters: f64,
    /// Local days of the first and the last of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_date: Option<Date>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_date: Option<Date>,
}

/// A route with its outings.
#[derive(Debug, Clone, PartialEq)]
pub struct Route {
    pub listed: Listed,
    /// The way of the first outing, at 64 places.
    pub line: Vec<Place>,
    /// By time.
    pub outings: Vec<Outing>,
    /// The median of their mean heart rates.
    pub reference_bpm: Option<f64>,
    pub trend: Trend,
}

/// An activity on a route; what is unknown is absent.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outing {
    pub activity: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<Date>,
    /// In motion, as it was.
    pub speed_mps: f64,
    /// The same in still and cool air.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corrected_mps: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avg_hr: Option<f64>,
    /// Seconds a kilometre at the reference heart rate of the route, corrected where `corrected_mps` is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pace_at_hr_s_per_km: Option<f64>,
    /// What the licence of the weather's data asks to be shown beside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attribution: Option<&'static str>,
}

/// The route of an activity, and which of its outings it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfActivity {
    pub id: String,
    /// By speed in motion, from 1.
    pub rank: usize,
    pub outings: usize,
}

/// An activity that counts in a scope, with its way and the route that it was found to be of.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    pub activity: String,
    pub signature: Signature,
    pub route: Option<String>,
}

/// A way by its time and its activity.
pub type Key = (i64, String);

/// Ways that are of no route yet, and what it takes to place them among the routes that are there.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Homeless {
    /// By their keys.
    pub ways: Vec<(Key, Signature)>,
    /// The first ways of routes that are about as long as one of them.
    pub founders: Vec<(Key, Signature)>,
    /// The last way that has a route.
    pub last: Option<Key>,
}

/// There is no route of that id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no route `{0}`")]
pub struct UnknownRoute(pub String);

impl Route {
    /// How many outings the trend rests on, and of how many of them the weather is taken off.
    pub fn compared(&self) -> (usize, usize) {
        let is_at_hr = self.trend.pace_at_hr.is_some();
        let count = self.trend.pace_at_hr.map_or(self.outings.len(), |slope| slope.count);
        let with_hr = self.outings.iter().filter(|one| !is_at_hr || one.pace_at_hr_s_per_km.is_some());
        // Of very many the last ones lead somewhere.
        (count, with_hr.rev().take(count).filter(|one| one.corrected_mps.is_some()).count())
    }
}

impl UnknownRoute {
    /// The stable name of the refusal.
    pub fn code(&self) -> &'static str {
        "route_unknown"
    }
}

// One that was removed or is another now is left out.
const PUT: Sql = Sql::Both(
    "INSERT INTO activity_route (activity_id, athlete, sports, start_ms, meters, latitude, longitude) \
     SELECT a.id, a.athlete, $3, COALESCE(a.start_ms, 0), $4, $5, $6 FROM activity a \
     WHERE a.id = $1 AND a.changed = $2 \
     ON CONFLICT (activity_id) DO UPDATE SET sports = excluded.sports, start_ms = excluded.start_ms, \
     meters = excluded.meters, latitude = excluded.latitude, longitude = excluded.longitude \
     WHERE (activity_route.sports, activity_route.start_ms, activity_route.meters, activity_route.latitude, \
     activity_route.longitude) IS DISTINCT FROM (excluded.sports, excluded.start_ms, excluded.meters, \
     excluded.latitude, excluded.longitude)",
);
const FORGET: Sql = Sql::Both("DELETE FROM activity_route WHERE activity_id = $1");
const LEAVE: Sql = Sql::Both("DELETE FROM route_outing WHERE activity_id = $1");
// A counted way without a route, one of a route whose founder is gone or went elsewhere, or one that counts no longer.
const IS_STALE: Sql = Sql::Both(
    "SELECT activity_route.activity_id FROM activity_route \
     JOIN activity a ON a.id = activity_route.activity_id \
     LEFT JOIN route_outing o ON o.activity_id = a.id AND o.scope = $3 \
     LEFT JOIN route_outing f ON f.activity_id = o.route_id AND f.scope = $3 \
     WHERE activity_route.athlete = $1 AND \
     CASE WHEN a.provenance <> $2 AND CASE WHEN $2 = '' THEN a.duplicate_of ELSE a.shareable_of END IS NULL \
     THEN f.route_id IS NULL OR f.route_id <> o.route_id ELSE o.route_id IS NOT NULL END \
     ORDER BY activity_route.start_ms, activity_route.activity_id LIMIT 1",
);
// A way of a route whose founder is gone or went elsewhere.
const IS_BROKEN: Sql = Sql::Both(
    "SELECT o.activity_id FROM route_outing o \
     LEFT JOIN route_outing f ON f.activity_id = o.route_id AND f.scope = $2 \
     WHERE o.athlete = $1 AND o.scope = $2 AND (f.route_id IS NULL OR f.route_id <> o.route_id) \
     ORDER BY o.activity_id LIMIT 1",
);
const HOMELESS: Sql = Sql::Both(
    "SELECT activity_route.start_ms, activity_route.activity_id, activity_route.sports, \
     activity_route.meters, activity_route.latitude, activity_route.longitude \
     FROM activity_route JOIN activity a ON a.id = activity_route.activity_id \
     LEFT JOIN route_outing o ON o.activity_id = a.id AND o.scope = $3 \
     WHERE activity_route.athlete = $1 AND a.provenance <> $2 AND o.route_id IS NULL \
     AND CASE WHEN $2 = '' THEN a.duplicate_of ELSE a.shareable_of END IS NULL \
     ORDER BY activity_route.start_ms, activity_route.activity_id LIMIT $4",
);
const FOUNDERS: Sql = Sql::Both(
    "SELECT r.start_ms, r.activity_id, r.sports, r.meters, r.latitude, r.longitude \
     FROM activity_route r JOIN route_outing o ON o.activity_id = r.activity_id AND o.scope = $2 \
     WHERE r.athlete = $1 AND o.route_id = r.activity_id AND r.sports = $3 AND r.meters BETWEEN $4 AND $5 \
     ORDER BY r.start_ms, r.activity_id",
);
const LAST: Sql = Sql::Both(
    "SELECT r.start_ms, r.activity_id FROM activity_route r \
     JOIN route_outing o ON o.activity_id = r.activity_id AND o.scope = $2 WHERE r.athlete = $1 \
     ORDER BY r.start_ms DESC, r.activity_id DESC LIMIT 1",
);
const COUNTED: Sql = Sql::Both(
    "SELECT activity_route.activity_id, activity_route.sports, activity_route.meters, \
     activity_route.latitude, activity_route.longitude, o.route_id \
     FROM activity_route JOIN activity a ON a.id = activity_route.activity_id \
     LEFT JOIN route_outing o ON o.activity_id = a.id AND o.scope = $3 \
     WHERE activity_route.athlete = $1 AND a.provenance <> $2 \
     AND CASE WHEN $2 = '' THEN a.duplicate_of ELSE a.shareable_of END IS NULL \
     ORDER BY activity_route.start_ms, activity_route.activity_id",
);
const JOIN: Sql = Sql::Both(
    "INSERT INTO route_outing (activity_id, scope, athlete, route_id) \
     SELECT r.activity_id, $2, r.athlete, $3 FROM activity_route r WHERE r.activity_id = $1 \
     ON CONFLICT (activity_id, scope) DO UPDATE SET route_id = excluded.route_id",
);
const LEAVE_THESE: Sql = Sql::Per {
    sqlite: "DELETE FROM route_outing WHERE scope = $1 AND activity_id IN (SELECT value FROM json_each($2))",
    postgres: "DELETE FROM route_outing WHERE scope = $1 AND activity_id = ANY($2)",
};
const LEAVE_ALL: Sql = Sql::Both("DELETE FROM route_outing WHERE athlete = $1");
const LEAVE_UNCOUNTED: Sql = Sql::Both(
    "DELETE FROM route_outing WHERE athlete = $1 AND scope = $3 AND activity_id IN ( \
     SELECT o.activity_id FROM route_outing o JOIN activity a ON a.id = o.activity_id \
     WHERE o.athlete = $1 AND o.scope = $3 AND (a.provenance = $2 \
     OR CASE WHEN $2 = '' THEN a.duplicate_of ELSE a.shareable_of END IS NOT NULL))",
);
const LIST: Sql = Sql::Both(
    "SELECT o.route_id, MIN(r.sports), COUNT(*), AVG(r.meters), MIN(a.local_date), MAX(a.local_date) \
     FROM route_outing o JOIN activity a ON a.id = o.activity_id \
     JOIN activity_route r ON r.activity_id = o.activity_id \
     WHERE o.athlete = $1 AND o.scope = $3 AND a.provenance <> $2 \
     AND CASE WHEN $2 = '' THEN a.duplicate_of ELSE a.shareable_of END IS NULL \
     AND ($4 = '*' OR r.sports = $4) \
     GROUP BY o.route_id HAVING COUNT(*) > 1 ORDER BY COUNT(*) DESC, o.route_id",
);
const OUTINGS: Sql = Sql::Both(
    "SELECT a.id, a.start_ms, a.local_date, a.sport, COALESCE(a.distance_m, r.meters), \
     a.moving_s, a.timer_s, a.elapsed_s, a.avg_hr, r.meters, r.sports \
     FROM route_outing o JOIN activity a ON a.id = o.activity_id \
     JOIN activity_route r ON r.activity_id = o.activity_id \
     WHERE o.athlete = $1 AND o.scope = $3 AND o.route_id = $4 AND a.provenance <> $2 \
     AND CASE WHEN $2 = '' THEN a.duplicate_of ELSE a.shareable_of END IS NULL \
     ORDER BY r.start_ms, a.id",
);
const LINE: Sql =
    Sql::Both("SELECT latitude, longitude FROM activity_route WHERE athlete = $1 AND activity_id = $2");
const ROUTE_OF: Sql =
    Sql::Both("SELECT route_id FROM route_outing WHERE activity_id = $2 AND scope = $3 AND athlete = $1");

/// Keeps the way of an activity, as it was after a change; answers how many rows that wrote.
pub fn put(tx: &mut Tx<'_>, activity: &str, changed: i64, way: Option<&Signature>) -> Result<u64> {
    let Some(way) = way else { return forget(tx, activity) };
    let [latitude, longitude] = Line::of(way.places.clone()).pack();
    let params = params![activity, changed, &way.sports, way.meters, &latitude, &longitude];
    let written = tx.execute(&PUT, &params)?;
    if written > 0 {
        // Another way may be of another route, and so may those that it founded.
        tx.execute(&LEAVE, &params![activity])?;
    }
    Ok(written)
}

/// Forgets which way an activity went.
pub fn forget(tx: &mut Tx<'_>, activity: &str) -> Result<u64> {
    tx.execute(&LEAVE, &params![activity])?;
    tx.execute(&FORGET, &params![activity])
}

/// True where the routes of a scope are not what follows from the ways that are kept.
pub fn is_stale(tx: &mut Tx<'_>, athlete: &str, scope: Scope) -> Result<bool> {
    let params = params![athlete, scope.left_out(), scope.as_str()];
    Ok(tx.optional(&IS_STALE, &params, |row| row.get::<String>(0))?.is_some())
}

/// The ways without a route, where the others are where they belong and no more than so many are without; else all
/// are to be grouped anew. Those that count no longer must have left before.
pub fn homeless(tx: &mut Tx<'_>, athlete: &str, scope: Scope, most: u32) -> Result<Option<Homeless>> {
    let of_scope = params![athlete, scope.as_str()];
    if tx.optional(&IS_BROKEN, &of_scope, |row| row.get::<String>(0))?.is_some() {
        return Ok(None);
    }
    let limit = most.saturating_add(1);
    let ways = tx.query(&HOMELESS, &params![athlete, scope.left_out(), scope.as_str(), limit], keyed)?;
    if ways.len() > most as usize {
        return Ok(None);
    }
    let mut founders: BTreeMap<Key, Signature> = BTreeMap::new();
    for (_, way) in &ways {
        let (shortest_m, longest_m) = way.lengths_m();
        let params = params![athlete, scope.as_str(), &way.sports, shortest_m, longest_m];
        founders.extend(tx.query(&FOUNDERS, &params, keyed)?);
    }
    let last = tx.optional(&LAST, &of_scope, |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(Some(Homeless { ways, founders: founders.into_iter().collect(), last }))
}

impl Homeless {
    /// The route of each of them, with its activity; nothing where all must be grouped for that.
    pub fn placed(&self) -> Option<Vec<(String, String)>> {
        fn lent(ways: &[(Key, Signature)]) -> Vec<(&Key, &Signature)> {
            ways.iter().map(|(key, way)| (key, way)).collect()
        }
        let routes = place(&lent(&self.founders), &lent(&self.ways), self.last.as_ref())?;
        let named = self.ways.iter().zip(routes);
        Some(named.map(|((key, _), route)| (key.1.clone(), route.1.clone())).collect())
    }
}

/// The ways of the activities that count in a scope, by time.
pub fn counted(tx: &mut Tx<'_>, athlete: &str, scope: Scope) -> Result<Vec<Kept>> {
    let params = params![athlete, scope.left_out(), scope.as_str()];
    tx.query(&COUNTED, &params, |row| {
        let signature = Signature { sports: row.get(1)?, meters: row.get(2)?, places: line(row, 3)?.places };
        Ok(Kept { activity: row.get(0)?, signature, route: row.get(5)? })
    })
}

/// Notes which route each of these activities is of: the activity and the route.
pub fn join(tx: &mut Tx<'_>, scope: Scope, moves: &[(String, String)]) -> Result<u64> {
    let rows: Vec<Vec<Value<'_>>> = moves
        .iter()
        .map(|(activity, route)| {
            let row = params![activity, scope.as_str(), route];
            row.into()
        })
        .collect();
    tx.batch(&JOIN, &rows)
}

/// Takes activities off their routes in a scope.
pub fn leave(tx: &mut Tx<'_>, scope: Scope, activities: &[String]) -> Result<u64> {
    tx.execute(&LEAVE_THESE, &params![scope.as_str(), activities])
}

/// Takes all activities of an athlete off their routes, which other rules found.
pub fn leave_all(tx: &mut Tx<'_>, athlete: &str) -> Result<u64> {
    tx.execute(&LEAVE_ALL, &params![athlete])
}

/// Takes the activities that count no longer in a scope off their routes.
pub fn leave_uncounted(tx: &mut Tx<'_>, athlete: &str, scope: Scope) -> Result<u64> {
    tx.execute(&LEAVE_UNCOUNTED, &params![athlete, scope.left_out(), scope.as_str()])
}

/// The routes of a scope, those with the most outings first; all of them, or those of a sport's group.
pub fn list(tx: &mut Tx<'_>, athlete: &str, scope: Scope, sport: Option<&str>) -> Result<Vec<Listed>> {
    let sports = sport.map_or(ANY, |sport| sport::group(sport, None));
    let params = params![athlete, scope.left_out(), scope.as_str(), sports];
    tx.query(&LIST, &params, |row| {
        let sports: String = row.get(1)?;
        Ok(Listed {
            id: row.get(0)?,
            sports: Some(sports).filter(|sports| !sports.is_empty()),
            outings: count(row, 2)?,
            meters: row.get(3)?,
            first_date: optional_date(row, 4)?,
            last_date: optional_date(row, 5)?,
        })
    })
}

/// A route of a scope with all its outings, compared; nothing where fewer than two went it.
pub fn get(tx: &mut Tx<'_>, athlete: &str, scope: Scope, id: &str) -> Result<Option<Route>> {
    let went = went(tx, athlete, scope, id)?;
    let Some(first) = went.first() else { return Ok(None) };
    if went.len() < 2 {
        return Ok(None);
    }
    let line = tx.optional(&LINE, &params![athlete, &first.activity], |row| line(row, 0))?;
    let listed = Listed {
        id: id.to_owned(),
        sports: Some(first.sports.clone()).filter(|sports| !sports.is_empty()),
        outings: u32::try_from(went.len()).unwrap_or(u32::MAX),
        meters: went.iter().map(|went| went.meters).sum::<f64>() / went.len() as f64,
        first_date: went.iter().filter_map(|went| went.date).min(),
        last_date: went.iter().filter_map(|went| went.date).max(),
    };
    let (outings, compared) = compared(tx, athlete, &went)?;
    Ok(Some(Route {
        listed,
        line: line.map(|line| line.places).unwrap_or_default(),
        outings,
        reference_bpm: compared.reference_bpm,
        trend: compared.trend,
    }))
}

/// The route of a counted activity in a scope; nothing where nobody else went it.
pub fn of_activity(
    tx: &mut Tx<'_>,
    athlete: &str,
    scope: Scope,
    activity: &str,
) -> Result<Option<OfActivity>> {
    let params = params![athlete, activity, scope.as_str()];
    let Some(id) = tx.optional(&ROUTE_OF, &params, |row| row.get::<String>(0))? else { return Ok(None) };
    let went = went(tx, athlete, scope, &id)?;
    let Some(this) = went.iter().find(|went| went.activity == activity) else { return Ok(None) };
    let faster = went.iter().filter(|other| other.speed_mps > this.speed_mps).count();
    Ok((went.len() > 1).then_some(OfActivity { id, rank: faster + 1, outings: went.len() }))
}

/// An outing as it is kept.
struct Went {
    activity: String,
    start_ms: Option<i64>,
    date: Option<Date>,
    is_on_foot: bool,
    speed_mps: f64,
    avg_hr: Option<f64>,
    meters: f64,
    sports: String,
}

fn went(tx: &mut Tx<'_>, athlete: &str, scope: Scope, route: &str) -> Result<Vec<Went>> {
    let params = params![athlete, scope.left_out(), scope.as_str(), route];
    tx.query(&OUTINGS, &params, |row| {
        let is_on_foot = is_on_foot(row.text(3)?);
        let fastest_mps = if is_on_foot { FASTEST_ON_FOOT_MPS } else { FASTEST_MPS };
        let distance_m: f64 = row.get(4)?;
        let times_s: [Option<f64>; 3] = [row.get(5)?, row.get(6)?, row.get(7)?];
        let can_be = |seconds: &f64| *seconds > 0.0 && distance_m / seconds <= fastest_mps;
        let seconds = times_s.into_iter().flatten().find(can_be);
        Ok(Went {
            activity: row.get(0)?,
            start_ms: row.get(1)?,
            date: optional_date(row, 2)?,
            is_on_foot,
            // Without any time nothing is known of it.
            speed_mps: seconds.map_or(0.0, |seconds| distance_m / seconds),
            avg_hr: row.get(8)?,
            meters: row.get(9)?,
            sports: row.get(10)?,
        })
    })
}

/// Compares outings by what the weather at their start cost them.
fn compared(tx: &mut Tx<'_>, athlete: &str, went: &[Went]) -> Result<(Vec<Outing>, Comparison)> {
    let ids: Vec<String> = went.iter().map(|went| went.activity.clone()).collect();
    let told = export_row::told(tx, athlete, &ids)?;
    let airs = activity_weather::at_start(tx, &ids, &told)?;
    let winds: HashMap<String, f64> = activity_weather::wind_costs(tx, &ids)?;
    let known: Vec<outing::Outing> = went
        .iter()
        .map(|went| {
            let air = airs.get(&went.activity);
            // The source's own word on the air comes first, and says nothing of the way's wind.
            let is_the_service = air.is_some_and(|(_, attribution)| attribution.is_some());
            outing::Outing {
                day: went.start_ms.unwrap_or(0) as f64 / DAY_MS,
                speed_mps: went.speed_mps,
                avg_hr: went.avg_hr,
                is_on_foot: went.is_on_foot,
                heat_c: air.and_then(|(air, _)| air.heat()),
                wind_cost_percent: winds.get(&went.activity).copied().filter(|_| is_the_service),
            }
        })
        .collect();
    let compared = Comparison::of(&known);
    let outings = went.iter().zip(&compared.paces).map(|(went, pace)| Outing {
        activity: went.activity.clone(),
        start_ms: went.start_ms,
        date: went.date,
        speed_mps: went.speed_mps,
        corrected_mps: pace.is_corrected.then_some(pace.speed_mps),
        avg_hr: went.avg_hr,
        pace_at_hr_s_per_km: pace.at_hr_s_per_km,
        attribution: airs
            .get(&went.activity)
            .and_then(|(_, attribution)| *attribution)
            .filter(|_| pace.is_corrected),
    });
    Ok((outings.collect(), compared))
}

/// A way with its key.
fn keyed(row: &Row<'_>) -> Result<(Key, Signature)> {
    let signature = Signature { sports: row.get(2)?, meters: row.get(3)?, places: line(row, 4)?.places };
    Ok(((row.get(0)?, row.get(1)?), signature))
}

/// Two packed columns of positions.
fn line(row: &Row<'_>, index: usize) -> Result<Line> {
    let (latitude, longitude): (Vec<u8>, Vec<u8>) = (row.get(index)?, row.get(index + 1)?);
    let line = Line::unpack(&latitude, &longitude);
    line.ok_or_else(|| Error::Corrupt("the way of an activity is damaged".to_owned()))
}

#[cfg(test)]
pub(crate) const QUERIES: &[Sql] = &[
    PUT,
    FORGET,
    LEAVE,
    IS_STALE,
    IS_BROKEN,
    HOMELESS,
    FOUNDERS,
    LAST,
    COUNTED,
    JOIN,
    LEAVE_THESE,
    LEAVE_ALL,
    LEAVE_UNCOUNTED,
    LIST,
    OUTINGS,
    LINE,
    ROUTE_OF,
];
