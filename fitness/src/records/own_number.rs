//! What the athlete's own metrics say of activities and days.

use std::collections::BTreeSet;

use jiff::civil::Date;
use store::{Result, Row, Sql, Tx, Value, params};

use super::activity::{self, ActivityRow, Shown};
use super::{activity_stream, date, sortable, stored};
use crate::scope::Scope;
use crate::stream::Column;

/// What a metric says of something: a number, or why there is none.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OwnNumber {
    pub value: Option<f64>,
    pub why: Option<String>,
}

/// What a metric says of an activity in a scope.
#[derive(Debug, Clone, PartialEq)]
pub struct OfActivity {
    pub activity: String,
    pub name: String,
    pub scope: Scope,
    /// Of the text that says so.
    pub hash: String,
    pub number: OwnNumber,
}

/// What a metric says of a day in a scope.
#[derive(Debug, Clone, PartialEq)]
pub struct OfDay {
    pub date: Date,
    pub scope: Scope,
    pub number: OwnNumber,
}

/// A number as it is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Shows {
    pub date: Date,
    /// Of a number of an activity.
    pub activity: Option<String>,
    pub value: f64,
    pub hash: String,
}

/// An activity that metrics are to be asked about.
#[derive(Debug, Clone, PartialEq)]
pub struct Due {
    pub id: String,
    pub changed: i64,
    pub local_date: Option<Date>,
    pub sport: String,
    pub sub_sport: Option<String>,
    /// As the athlete sees it; nothing where another record counts instead.
    pub all: Option<ActivityRow>,
    /// As anybody may see it; nothing where it counts in no such number.
    pub shareable: Option<ActivityRow>,
    /// Compressed columns as they are stored, where they were asked for.
    pub blocks: Vec<(Column, Vec<u8>)>,
}

const AFTER: Sql = Sql::Both(
    "SELECT id, changed, duplicate_of IS NULL, shareable_of IS NULL AND provenance <> 'strava_api' FROM activity \
     WHERE athlete = $1 AND (changed, id) > ($2, $3) ORDER BY changed, id LIMIT $4",
);
const BETWEEN: Sql = Sql::Both(
    "SELECT id, changed, duplicate_of IS NULL, shareable_of IS NULL AND provenance <> 'strava_api' FROM activity \
     WHERE athlete = $1 AND local_date >= $2 AND local_date <= $3 ORDER BY local_date, id LIMIT $4",
);
const ONE: Sql = Sql::Both(
    "SELECT id, changed, TRUE, shareable_of IS NULL AND provenance <> 'strava_api' FROM activity \
     WHERE athlete = $1 AND id = $2",
);
const COUNT_AFTER: Sql =
    Sql::Both("SELECT COUNT(*) FROM activity WHERE athlete = $1 AND (changed, id) > ($2, $3)");
// An activity that went meanwhile keeps no number.
const PUT: Sql = Sql::Both(
    "INSERT INTO own_activity_number (activity_id, name, scope, athlete, value, why, hash) \
     SELECT id, CAST($2 AS TEXT), CAST($3 AS TEXT), athlete, CAST($5 AS DOUBLE PRECISION), CAST($6 AS TEXT), \
     CAST($7 AS TEXT) FROM activity WHERE id = $1 AND athlete = $4 \
     ON CONFLICT (activity_id, name, scope) DO UPDATE SET value = excluded.value, why = excluded.why, \
     hash = excluded.hash \
     WHERE (own_activity_number.value, own_activity_number.why, own_activity_number.hash) \
     IS DISTINCT FROM (excluded.value, excluded.why, excluded.hash)",
);
const FORGET: Sql =
    Sql::Both("DELETE FROM own_activity_number WHERE activity_id = $1 AND name = $2 AND scope = $3");
const SOME: Sql = Sql::Both(
    "SELECT DISTINCT activity_id FROM own_activity_number WHERE athlete = $1 AND name = $2 \
     ORDER BY activity_id LIMIT $3",
);
const FORGET_ALL: Sql = Sql::Both("DELETE FROM own_activity_number WHERE activity_id = $1 AND name = $2");
const OF_ACTIVITY: Sql = Sql::Both(
    "SELECT activity_id, name, scope, hash, value, why FROM own_activity_number WHERE activity_id = $1 \
     ORDER BY name, scope",
);
const PUT_DAY: Sql = Sql::Both(
    "INSERT INTO own_day_number (athlete, name, scope, local_date, value, why, hash) \
     VALUES ($1, $2, $3, $4, $5, $6, $7) \
     ON CONFLICT (athlete, name, scope, local_date) DO UPDATE SET value = excluded.value, \
     why = excluded.why, hash = excluded.hash \
     WHERE (own_day_number.value, own_day_number.why, own_day_number.hash) \
     IS DISTINCT FROM (excluded.value, excluded.why, excluded.hash)",
);
const FORGET_DAYS: Sql = Sql::Both(
    "DELETE FROM own_day_number WHERE athlete = $1 AND name = $2 AND scope = $3 AND local_date >= $4 \
     AND local_date <= $5",
);
const FORGET_METRIC: Sql = Sql::Both("DELETE FROM own_day_number WHERE athlete = $1 AND name = $2");
const DAYS: Sql = Sql::Both(
    "SELECT local_date, value, hash FROM own_day_number WHERE athlete = $1 AND name = $2 AND scope = $3 \
     AND local_date >= $4 AND local_date <= $5 AND value IS NOT NULL ORDER BY local_date",
);
const ACTIVITIES: Sql = Sql::Both(
    "SELECT a.local_date, n.activity_id, n.value, n.hash FROM activity a \
     JOIN own_activity_number n ON n.activity_id = a.id \
     WHERE a.athlete = $1 AND n.name = $2 AND n.scope = $3 AND a.local_date >= $4 AND a.local_date <= $5 \
     AND n.value IS NOT NULL ORDER BY a.local_date, a.start_ms, a.id",
);
const KNOWN: Sql = Sql::Both(
    "SELECT COUNT(n.value), COUNT(*) - COUNT(n.value) FROM own_activity_number n \
     WHERE n.athlete = $1 AND n.name = $2 AND n.scope = $3",
);
const KNOWN_DAYS: Sql = Sql::Both(
    "SELECT COUNT(value), COUNT(*) - COUNT(value) FROM own_day_number \
     WHERE athlete = $1 AND name = $2 AND scope = $3",
);
const DAY: Sql = Sql::Both(
    "SELECT name, value, hash FROM own_day_number WHERE athlete = $1 AND name = $2 AND scope = $3 \
     AND local_date = $4",
);

/// The next activities that changed after one, each as it counts in the two scopes.
pub fn after(tx: &mut Tx<'_>, athlete: &str, (changed, id): &(i64, String), limit: u32) -> Result<Vec<Due>> {
    let found = tx.query(&AFTER, &params![athlete, *changed, id, limit], found)?;
    found.into_iter().map(|found| due(tx, athlete, found, true)).collect()
}

/// How many they are.
pub fn count_after(tx: &mut Tx<'_>, athlete: &str, (changed, id): &(i64, String)) -> Result<u64> {
    let count: Option<i64> = tx.optional(&COUNT_AFTER, &params![athlete, *changed, id], |row| row.get(0))?;
    Ok(count.and_then(|count| u64::try_from(count).ok()).unwrap_or(0))
}

/// Activities between two days, both included, by day; with their samples or without.
pub fn between(
    tx: &mut Tx<'_>,
    athlete: &str,
    (first, last): (Date, Date),
    limit: u32,
    with_samples: bool,
) -> Result<Vec<Due>> {
    let (first, last) = (sortable(first), sortable(last));
    let found = tx.query(&BETWEEN, &params![athlete, &first, &last, limit], found)?;
    found.into_iter().map(|found| due(tx, athlete, found, with_samples)).collect()
}

/// One activity, counted or not; nothing where there is none of that id.
pub fn one(tx: &mut Tx<'_>, athlete: &str, id: &str, with_samples: bool) -> Result<Option<Due>> {
    let found = tx.optional(&ONE, &params![athlete, id], found)?;
    found.map(|found| due(tx, athlete, found, with_samples)).transpose()
}

/// Keeps what metrics say of activities and lets go of what they say no more; answers how many rows that were.
pub fn put(tx: &mut Tx<'_>, athlete: &str, numbers: &[OfActivity]) -> Result<u64> {
    let mut known: Vec<Vec<Value<'_>>> = Vec::new();
    let mut unknown: Vec<Vec<Value<'_>>> = Vec::new();
    for OfActivity { activity, name, scope, hash, number } in numbers {
        let OwnNumber { value, why } = number;
        if value.is_none() && why.is_none() {
            unknown.push(params![activity, name, scope.as_str()].into());
        } else {
            known.push(params![activity, name, scope.as_str(), athlete, *value, why, hash].into());
        }
    }
    Ok(tx.batch(&FORGET, &unknown)? + tx.batch(&PUT, &known)?)
}

/// Lets go of what a metric says of some activities, so many at a time, and answers which; none where none is left.
pub fn forget_some(tx: &mut Tx<'_>, athlete: &str, name: &str, limit: u32) -> Result<Vec<String>> {
    let ids: Vec<String> = tx.query(&SOME, &params![athlete, name, limit], |row| row.get(0))?;
    for id in &ids {
        tx.execute(&FORGET_ALL, &params![id, name])?;
    }
    Ok(ids)
}

/// What the metrics say of an activity in a scope, by name.
pub fn of_activity(tx: &mut Tx<'_>, id: &str, scope: Scope) -> Result<Vec<OfActivity>> {
    let numbers = tx.query(&OF_ACTIVITY, &params![id], |row| {
        Ok(OfActivity {
            activity: row.get(0)?,
            name: row.get(1)?,
            scope: stored(row.text(2)?, |word| Scope::BOTH.into_iter().find(|scope| scope.as_str() == word))?,
            hash: row.get(3)?,
            number: OwnNumber { value: row.get(4)?, why: row.get(5)? },
        })
    })?;
    Ok(numbers.into_iter().filter(|number| number.scope == scope).collect())
}

/// Keeps what a metric says of the days of a range, of which nothing else stays in either scope.
pub fn put_days(
    tx: &mut Tx<'_>,
    athlete: &str,
    (name, hash): (&str, &str),
    (first, last): (Date, Date),
    days: &[OfDay],
) -> Result<u64> {
    let is_known = |day: &&OfDay| day.number.value.is_some() || day.number.why.is_some();
    let known: Vec<(String, &OfDay)> =
        days.iter().filter(is_known).map(|day| (day.date.to_string(), day)).collect();
    let mut written = 0;
    for scope in Scope::BOTH {
        let told = known.iter().filter(|(_, day)| day.scope == scope).map(|(_, day)| day.date);
        for (from, to) in between_days((first, last), told.collect()) {
            let (from, to) = (sortable(from), sortable(to));
            written += tx.execute(&FORGET_DAYS, &params![athlete, name, scope.as_str(), &from, &to])?;
        }
    }
    let mut rows: Vec<Vec<Value<'_>>> = Vec::new();
    for (date, OfDay { scope, number: OwnNumber { value, why }, .. }) in &known {
        rows.push(params![athlete, name, scope.as_str(), date, *value, why, hash].into());
    }
    Ok(written + tx.batch(&PUT_DAY, &rows)?)
}

/// The parts of a range in which none of the days lies, both ends included.
fn between_days((first, last): (Date, Date), days: BTreeSet<Date>) -> Vec<(Date, Date)> {
    let mut parts = Vec::new();
    let mut next = Some(first);
    for day in days {
        let before = next.zip(day.yesterday().ok()).filter(|(from, to)| from <= to);
        parts.extend(before);
        next = day.tomorrow().ok();
    }
    parts.extend(next.filter(|from| *from <= last).map(|from| (from, last)));
    parts
}

/// Lets go of what a metric says of days outside of a range.
pub fn forget_days_outside(
    tx: &mut Tx<'_>,
    athlete: &str,
    name: &str,
    scope: Scope,
    (first, last): (Date, Date),
) -> Result<()> {
    let before = first.yesterday().map(|day| (Date::ZERO, day));
    let after = last.tomorrow().map(|day| (day, Date::MAX));
    for (from, to) in before.into_iter().chain(after) {
        let (from, to) = (sortable(from), sortable(to));
        tx.execute(&FORGET_DAYS, &params![athlete, name, scope.as_str(), &from, &to])?;
    }
    Ok(())
}

/// Lets go of everything that a metric says of days.
pub fn forget_days(tx: &mut Tx<'_>, athlete: &str, name: &str) -> Result<u64> {
    tx.execute(&FORGET_METRIC, &params![athlete, name])
}

/// What a metric says of the activities between two days, both included, that count in a scope, in their order.
pub fn activities(
    tx: &mut Tx<'_>,
    athlete: &str,
    name: &str,
    scope: Scope,
    (first, last): (Date, Date),
) -> Result<Vec<Shows>> {
    let (first, last) = (sortable(first), sortable(last));
    tx.query(&ACTIVITIES, &params![athlete, name, scope.as_str(), &first, &last], |row| {
        Ok(Shows { date: date(row, 0)?, activity: row.get(1)?, value: row.get(2)?, hash: row.get(3)? })
    })
}

/// What a metric says of the days between two, both included.
pub fn days(
    tx: &mut Tx<'_>,
    athlete: &str,
    name: &str,
    scope: Scope,
    (first, last): (Date, Date),
) -> Result<Vec<Shows>> {
    let (first, last) = (sortable(first), sortable(last));
    tx.query(&DAYS, &params![athlete, name, scope.as_str(), &first, &last], |row| {
        Ok(Shows { date: date(row, 0)?, activity: None, value: row.get(1)?, hash: row.get(2)? })
    })
}

/// What a metric says of one day.
pub fn day(tx: &mut Tx<'_>, athlete: &str, name: &str, scope: Scope, on: Date) -> Result<Option<f64>> {
    let found =
        tx.optional(&DAY, &params![athlete, name, scope.as_str(), &sortable(on)], |row| row.get(1))?;
    Ok(found.flatten())
}

/// Of how many activities or days a metric says a number, and of how many why there is none.
pub fn known(tx: &mut Tx<'_>, athlete: &str, name: &str, scope: Scope) -> Result<(u64, u64)> {
    let mut known = (0, 0);
    for sql in [&KNOWN, &KNOWN_DAYS] {
        let counts: Option<(i64, i64)> =
            tx.optional(sql, &params![athlete, name, scope.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let (numbers, reasons) = counts.unwrap_or_default();
        known = (known.0 + numbers.unsigned_abs(), known.1 + reasons.unsigned_abs());
    }
    Ok(known)
}

/// An id with its change, and in which scopes it counts.
type Found = (String, i64, [bool; 2]);

fn found(row: &Row<'_>) -> Result<Found> {
    Ok((row.get(0)?, row.get(1)?, [row.get(2)?, row.get(3)?]))
}

fn due(
    tx: &mut Tx<'_>,
    athlete: &str,
    (id, changed, [counts, is_shareable]): Found,
    with_samples: bool,
) -> Result<Due> {
    let shown = activity::get(tx, athlete, &id)?;
    let shareable = if is_shareable { activity::shareable(tx, athlete, &id)? } else { None };
    let counts_anywhere = counts || is_shareable;
    let blocks = if with_samples && counts_anywhere { activity_stream::all(tx, &id)? } else { Vec::new() };
    let (mut due, row) = match shown {
        Some(Shown { row, sub_sport, local_date, .. }) => {
            let sport = row.sport.clone();
            (Due { id, changed, local_date, sport, sub_sport, all: None, shareable, blocks }, Some(row))
        }
        None => {
            let (local_date, sport, sub_sport) = (None, String::new(), None);
            (Due { id, changed, local_date, sport, sub_sport, all: None, shareable, blocks }, None)
        }
    };
    due.all = row.filter(|_| counts);
    Ok(due)
}

#[cfg(test)]
pub(crate) const QUERIES: &[Sql] = &[
    AFTER,
    BETWEEN,
    ONE,
    COUNT_AFTER,
    PUT,
    FORGET,
    SOME,
    FORGET_ALL,
    OF_ACTIVITY,
    PUT_DAY,
    FORGET_DAYS,
    FORGET_METRIC,
    DAYS,
    ACTIVITIES,
    KNOWN,
    KNOWN_DAYS,
    DAY,
];
