//! The first day whose numbers no longer follow from the activities.

use jiff::civil::Date;
use store::{Result, Sql, Tx, params};

use super::date;

const LOWER: Sql = Sql::Both(
    "INSERT INTO stale_day (athlete, from_date) VALUES ($1, $2) \
     ON CONFLICT (athlete) DO UPDATE SET from_date = excluded.from_date \
     WHERE stale_day.from_date > excluded.from_date",
);
const PEEK: Sql = Sql::Both("SELECT from_date FROM stale_day WHERE athlete = $1");
const TAKE: Sql = Sql::Both("DELETE FROM stale_day WHERE athlete = $1 RETURNING from_date");

/// Days from this one on must be computed again.
pub fn lower(tx: &mut Tx<'_>, athlete: &str, from: Date) -> Result<()> {
    tx.execute(&LOWER, &params![athlete, &from.to_string()]).map(drop)
}

/// The first day to compute again, or nothing.
pub fn peek(tx: &mut Tx<'_>, athlete: &str) -> Result<Option<Date>> {
    tx.optional(&PEEK, &params![athlete], |row| date(row, 0))
}

/// The first day to compute again, which the caller does in this transaction.
pub fn take(tx: &mut Tx<'_>, athlete: &str) -> Result<Option<Date>> {
    tx.optional(&TAKE, &params![athlete], |row| date(row, 0))
}

#[cfg(test)]
pub(crate) const QUERIES: &[Sql] = &[LOWER, PEEK, TAKE];
