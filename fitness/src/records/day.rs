//! Days in two scopes, computed ahead of time.

use jiff::ToSpan;
use jiff::civil::Date;
use store::{Result, Row, Sql, Tx, Value, params};

use super::{count, date, sortable};
use crate::calendar::DayRow;
use crate::pmc::State;
use crate::scope::Scope;
use crate::week::{self, DayFigures};

const LIST: Sql = Sql::Both(
    "SELECT local_date, load, ctl, atl, tsb, activities, timer_s, distance_m, elapsed_s FROM day \
     WHERE athlete = $1 AND scope = $2 AND local_date >= $3 AND local_date <= $4 ORDER BY local_date",
);
const BEFORE: Sql = Sql::Both(
    "SELECT local_date, ctl, atl FROM day \
     WHERE athlete = $1 AND scope = $2 AND local_date < $3 ORDER BY local_date DESC LIMIT 1",
);
const FIRST: Sql =
    Sql::Both("SELECT local_date FROM day WHERE athlete = $1 AND scope = $2 ORDER BY local_date LIMIT 1");
const PUT: Sql = Sql::Both(
    "INSERT INTO day \
     (athlete, scope, local_date, load, ctl, atl, tsb, activities, timer_s, distance_m, elapsed_s) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
     ON CONFLICT (athlete, scope, local_date) DO UPDATE SET \
     load = excluded.load, ctl = excluded.ctl, atl = excluded.atl, tsb = excluded.tsb, \
     activities = excluded.activities, timer_s = excluded.timer_s, distance_m = excluded.distance_m, \
     elapsed_s = excluded.elapsed_s",
);
const REMOVE_AFTER: Sql = Sql::Both("DELETE FROM day WHERE athlete = $1 AND scope = $2 AND local_date > $3");
const REMOVE_BEFORE: Sql = Sql::Both("DELETE FROM day WHERE athlete = $1 AND scope = $2 AND local_date < $3");

/// The days between two, both included, by date.
pub fn list(
    tx: &mut Tx<'_>,
    athlete: &str,
    scope: Scope,
    (first, last): (Date, Date),
) -> Result<Vec<DayRow>> {
    let (first, last) = (sortable(first), sortable(last));
    tx.query(&LIST, &params![athlete, scope.as_str(), &first, &last], read)
}

/// As [`list`], with what the days before each make of it.
pub fn figures(
    tx: &mut Tx<'_>,
    athlete: &str,
    scope: Scope,
    (first, last): (Date, Date),
) -> Result<Vec<DayFigures>> {
    let from = first.max(Date::ZERO).saturating_sub(week::LOOK_BACK_DAYS.days());
    let mut days = week::figures(&list(tx, athlete, scope, (from, last))?);
    days.drain(..days.partition_point(|day| day.row.date < first));
    Ok(days)
}

/// The first day of which anything is known.
pub fn first(tx: &mut Tx<'_>, athlete: &str, scope: Scope) -> Result<Option<Date>> {
    tx.optional(&FIRST, &params![athlete, scope.as_str()], |row| date(row, 0))
}

/// Where days carry on so that those from `day` on are new: the day after the last one before it, with fitness
/// and fatigue on its morning. Without a day before, that is `day` itself and nothing.
pub fn carry_on(tx: &mut Tx<'_>, athlete: &str, scope: Scope, day: Date) -> Result<(Date, State)> {
    let before = tx.optional(&BEFORE, &params![athlete, scope.as_str(), &sortable(day)], |row| {
        Ok((date(row, 0)?, State { ctl: row.get(1)?, atl: row.get(2)? }))
    })?;
    let next = before.and_then(|(date, state)| Some((date.tomorrow().ok()?, state)));
    Ok(next.unwrap_or((day, State::default())))
}

/// Replaces every day from the first of `rows` on, writes only those that differ, and answers how many it wrote.
///
/// `rows` are days without a hole, in their order; days after the last of them are removed.
pub fn replace_from(tx: &mut Tx<'_>, athlete: &str, scope: Scope, rows: &[DayRow]) -> Result<u64> {
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else {
        return Ok(0);
    };
    let stored = list(tx, athlete, scope, (first.date, last.date))?;
    let mut stored = stored.iter().peekable();
    let differing: Vec<(&DayRow, String)> = rows
        .iter()
        .filter(|row| {
            let same_day = stored.next_if(|stored| stored.date == row.date);
            same_day != Some(*row)
        })
        .map(|row| (row, row.date.to_string()))
        .collect();
    let params: Vec<Vec<Value<'_>>> =
        differing.iter().map(|(row, date)| write(athlete, scope, row, date)).collect();
    let written = tx.batch(&PUT, &params)?;
    let removed = tx.execute(&REMOVE_AFTER, &params![athlete, scope.as_str(), &last.date.to_string()])?;
    Ok(written + removed)
}

/// Removes the days before the first activity, after that one moved or went.
pub fn remove_before(tx: &mut Tx<'_>, athlete: &str, scope: Scope, first: Date) -> Result<u64> {
    tx.execute(&REMOVE_BEFORE, &params![athlete, scope.as_str(), &sortable(first)])
}

fn write<'a>(athlete: &'a str, scope: Scope, row: &DayRow, date: &'a str) -> Vec<Value<'a>> {
    params![
        athlete,
        scope.as_str(),
        date,
        row.load,
        row.ctl,
        row.atl,
        row.tsb,
        row.activities,
        row.timer_s,
        row.distance_m,
        row.elapsed_s
    ]
    .into()
}

fn read(row: &Row<'_>) -> Result<DayRow> {
    Ok(DayRow {
        date: date(row, 0)?,
        load: row.get(1)?,
        ctl: row.get(2)?,
        atl: row.get(3)?,
        tsb: row.get(4)?,
        activities: count(row, 5)?,
        timer_s: row.get(6)?,
        distance_m: row.get(7)?,
        elapsed_s: row.get(8)?,
    })
}

#[cfg(test)]
pub(crate) const QUERIES: &[Sql] = &[LIST, BEFORE, FIRST, PUT, REMOVE_AFTER, REMOVE_BEFORE];
