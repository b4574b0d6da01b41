//! What an athlete measures once a day.

use std::collections::BTreeMap;

use jiff::civil::Date;
use store::{Result, Row, Sql, Tx, Value, params};

use super::{change_number, date, insight, own_metric, sortable, stored};
use crate::daily_metric::{DailyMetrics, Name};
use crate::scope::Scope;

const PUT: Sql = Sql::Both(
    "INSERT INTO daily_metric (athlete, local_date, name, value, provenance, changed_ms) \
     VALUES ($1, $2, $3, $4, $5, $6) \
     ON CONFLICT (athlete, local_date, name) DO UPDATE SET \
     value = excluded.value, provenance = excluded.provenance, changed_ms = excluded.changed_ms \
     WHERE daily_metric.value <> excluded.value",
);
const BETWEEN: Sql = Sql::Both(
    "SELECT local_date, name, value FROM daily_metric \
     WHERE athlete = $1 AND local_date >= $2 AND local_date <= $3 ORDER BY local_date, name",
);
// The day after the last one of a page, since a page holds whole days.
const NTH: Sql = Sql::Both(
    "SELECT DISTINCT local_date FROM daily_metric \
     WHERE athlete = $1 AND local_date >= $2 AND local_date <= $3 ORDER BY local_date LIMIT 1 OFFSET $4",
);

/// What a write did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// Values that are new or others than before.
    pub changed: u64,
    /// The first day that was told of.
    pub first_day: Option<Date>,
}

/// Keeps what was measured; of one day the last value counts.
pub fn put(
    tx: &mut Tx<'_>,
    athlete: &str,
    days: &[DailyMetrics],
    provenance: &str,
    now_ms: i64,
) -> Result<Written> {
    let dates: Vec<String> = days.iter().map(|day| day.date.to_string()).collect();
    let rows: Vec<Vec<Value<'_>>> = days
        .iter()
        .zip(&dates)
        .flat_map(|(day, date)| day.values.iter().map(move |(name, value)| (date, name, value)))
        .map(|(date, name, value)| params![athlete, date, name.as_str(), *value, provenance, now_ms].into())
        .collect();
    let changed = tx.batch(&PUT, &rows)?;
    Ok(Written { changed, first_day: days.iter().map(|day| day.date).min() })
}

/// As [`put`], numbers the change, and lets go of the advice that rests on what was known before.
pub fn keep(
    tx: &mut Tx<'_>,
    athlete: &str,
    days: &[DailyMetrics],
    provenance: &str,
    now_ms: i64,
) -> Result<Written> {
    let written = put(tx, athlete, days, provenance, now_ms)?;
    if let Some(first) = written.first_day.filter(|_| written.changed > 0) {
        change_number::next(tx, athlete)?;
        own_metric::lower(tx, athlete, first)?;
        for scope in Scope::BOTH {
            insight::remove_from(tx, athlete, scope, first)?;
        }
    }
    Ok(written)
}

/// What was measured between two days, both included, by day; days without a value are not there.
pub fn between(tx: &mut Tx<'_>, athlete: &str, (first, last): (Date, Date)) -> Result<Vec<DailyMetrics>> {
    let (first, last) = (sortable(first), sortable(last));
    let mut days: Vec<DailyMetrics> = Vec::new();
    tx.query(&BETWEEN, &params![athlete, &first, &last], |row| {
        let (date, name, value) = read(row)?;
        if days.last().is_none_or(|day| day.date != date) {
            days.push(DailyMetrics { date, values: BTreeMap::new() });
        }
        if let Some(day) = days.last_mut() {
            day.values.insert(name, value);
        }
        Ok(())
    })?;
    Ok(days)
}

/// As [`between`], at most so many days, and the day with which the next page begins.
pub fn page(
    tx: &mut Tx<'_>,
    athlete: &str,
    (first, last): (Date, Date),
    limit: u32,
) -> Result<(Vec<DailyMetrics>, Option<Date>)> {
    let (from, to) = (sortable(first), sortable(last));
    let next = tx.optional(&NTH, &params![athlete, &from, &to, limit], |row| date(row, 0))?;
    let last = next.map_or(last, |next| next.yesterday().unwrap_or(last));
    Ok((between(tx, athlete, (first, last))?, next))
}

fn read(row: &Row<'_>) -> Result<(Date, Name, f64)> {
    Ok((date(row, 0)?, stored(row.text(1)?, Name::parse)?, row.get(2)?))
}

#[cfg(test)]
pub(crate) const QUERIES: &[Sql] = &[PUT, BETWEEN, NTH];
