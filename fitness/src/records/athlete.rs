//! Athletes.

use store::{Result, Sql, Tx, params};

use super::change_number;

/// An athlete's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Athlete {
    pub id: String,
    /// IANA name.
    pub timezone: String,
    pub created_ms: i64,
}

const ENSURE: Sql = Sql::Both(
    "INSERT INTO athlete (id, timezone, created_ms) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING",
);
const GET: Sql = Sql::Both("SELECT id, timezone, created_ms FROM athlete WHERE id = $1");
const LIST: Sql = Sql::Both("SELECT id, timezone, created_ms FROM athlete ORDER BY id");
const SET_TIMEZONE: Sql = Sql::Both("UPDATE athlete SET timezone = $2 WHERE id = $1 AND timezone <> $2");

/// Makes sure that the athlete is there; an athlete who is keeps the time zone.
pub fn ensure(tx: &mut Tx<'_>, athlete: &Athlete) -> Result<()> {
    let params = params![&athlete.id, &athlete.timezone, athlete.created_ms];
    tx.execute(&ENSURE, &params).map(drop)
}

/// The athlete of an id.
pub fn get(tx: &mut Tx<'_>, id: &str) -> Result<Option<Athlete>> {
    tx.optional(&GET, &params![id], read)
}

/// Every athlete by id.
pub fn list(tx: &mut Tx<'_>) -> Result<Vec<Athlete>> {
    tx.query(&LIST, &[], read)
}

/// Sets the time zone, numbers the change, and says whether it was another; days of activities that are stored stay where they are.
pub fn set_timezone(tx: &mut Tx<'_>, id: &str, timezone: &str) -> Result<bool> {
    let is_other = tx.execute(&SET_TIMEZONE, &params![id, timezone])? > 0;
    if is_other {
        change_number::next(tx, id)?;
    }
    Ok(is_other)
}

fn read(row: &store::Row<'_>) -> Result<Athlete> {
    Ok(Athlete { id: row.get(0)?, timezone: row.get(1)?, created_ms: row.get(2)? })
}

#[cfg(test)]
pub(crate) const QUERIES: &[Sql] = &[ENSURE, GET, LIST, SET_TIMEZONE];
