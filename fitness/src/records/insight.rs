//! The advice of a day.

use jiff::civil::Date;
use store::{Result, Sql, Tx, params};

use super::sortable;
use crate::scope::Scope;

const PUT: Sql = Sql::Both(
    "INSERT INTO insight (athlete, scope, local_date, body) VALUES ($1, $2, $3, $4) \
     ON CONFLICT (athlete, scope, local_date) DO UPDATE SET body = excluded.body \
     WHERE insight.body <> excluded.body",
);
const GET: Sql = Sql::Both("SELECT body FROM insight WHERE athlete = $1 AND scope = $2 AND local_date = $3");
const NEWEST: Sql =
    Sql::Both("SELECT body FROM insight WHERE athlete = $1 AND scope = $2 ORDER BY local_date DESC LIMIT 1");
const REMOVE_FROM: Sql =
    Sql::Both("DELETE FROM insight WHERE athlete = $1 AND scope = $2 AND local_date >= $3");

/// Keeps the advice of a day, and says whether it is another than before.
pub fn put(tx: &mut Tx<'_>, athlete: &str, scope: Scope, day: Date, body: &str) -> Result<bool> {
    Ok(tx.execute(&PUT, &params![athlete, scope.as_str(), &day.to_string(), body])? > 0)
}

/// The advice of a day.
pub fn get(tx: &mut Tx<'_>, athlete: &str, scope: Scope, day: Date) -> Result<Option<String>> {
    tx.optional(&GET, &params![athlete, scope.as_str(), &day.to_string()], |row| row.get(0))
}

/// The advice of the last day that has one.
pub fn newest(tx: &mut Tx<'_>, athlete: &str, scope: Scope) -> Result<Option<String>> {
    tx.optional(&NEWEST, &params![athlete, scope.as_str()], |row| row.get(0))
}

/// Removes the advice of that day and of those after it, because the days it rests on became others.
pub fn remove_from(tx: &mut Tx<'_>, athlete: &str, scope: Scope, first: Date) -> Result<()> {
    // A year before 0 has a sign and would not sort.
    let first = sortable(first);
    tx.execute(&REMOVE_FROM, &params![athlete, scope.as_str(), &first]).map(drop)
}

#[cfg(test)]
pub(crate) const QUERIES: &[Sql] = &[PUT, GET, NEWEST, REMOVE_FROM];
