//! Numbers the changes of an athlete's facts.

use store::{Error, Result, Sql, Tx, params};

use crate::changes::{Changes, Progress};

// The row stays locked until the commit, so numbers become visible in their order.
const NEXT: Sql = Sql::Both(
    "INSERT INTO change_number (athlete, last) VALUES ($1, 1) \
     ON CONFLICT (athlete) DO UPDATE SET last = change_number.last + 1 RETURNING last",
);
const LAST: Sql = Sql::Both("SELECT last FROM change_number WHERE athlete = $1");
// Written and not only locked, so that who numbers a change from an older snapshot has to look again.
const HOLD: Sql = Sql::Both("UPDATE change_number SET last = last WHERE athlete = $1");

/// The number of a new change; a transaction needs only one for all it changes.
pub fn next(tx: &mut Tx<'_>, athlete: &str) -> Result<i64> {
    let number = tx.optional(&NEXT, &params![athlete], |row| row.get(0))?;
    number.ok_or_else(|| Error::Other("the database gave no change number".to_owned()))
}

/// The number of the last change; 0 before the first.
pub fn last(tx: &mut Tx<'_>, athlete: &str) -> Result<i64> {
    Ok(tx.optional(&LAST, &params![athlete], |row| row.get(0))?.unwrap_or(0))
}

/// What a run changed before it was cut, or nothing where it begins.
pub fn carry_on(tx: &mut Tx<'_>, athlete: &str, run: &str, progress: Option<Progress>) -> Result<Changes> {
    match progress.filter(|progress| progress.run == run) {
        Some(progress) => Ok(progress.changes),
        None => Ok(Changes::none(last(tx, athlete)?)),
    }
}

/// Keeps everybody from numbering a change until the commit, so that what was read in it still holds then.
pub fn hold(tx: &mut Tx<'_>, athlete: &str) -> Result<()> {
    tx.execute(&HOLD, &params![athlete]).map(drop)
}

#[cfg(test)]
pub(crate) const QUERIES: &[Sql] = &[NEXT, LAST, HOLD];
