//! What activities were done with, where the athlete says otherwise than their sources.

use std::collections::HashMap;

use store::{Result, Sql, Tx, params};

const LIST: Sql =
    Sql::Both("SELECT activity_id, gear_id FROM gear_choice WHERE athlete = $1 ORDER BY activity_id");
const OF: Sql = Sql::Per {
    sqlite: "SELECT activity_id, gear_id FROM gear_choice WHERE athlete = $1 \
             AND activity_id IN (SELECT value FROM json_each($2)) ORDER BY activity_id",
    postgres: "SELECT activity_id, gear_id FROM gear_choice WHERE athlete = $1 AND activity_id = ANY($2) \
               ORDER BY activity_id",
};
// Of each record, so that it holds in whichever scope one of them counts and another is not seen.
const SAY: Sql = Sql::Both(
    "INSERT INTO gear_choice (athlete, activity_id, gear_id) \
     SELECT r.athlete, r.id, CAST($3 AS TEXT) FROM activity r WHERE r.athlete = $1 AND r.id IN ( \
     SELECT CAST($2 AS TEXT) \
     UNION SELECT a.duplicate_of FROM activity a WHERE a.id = $2 AND a.duplicate_of IS NOT NULL \
     UNION SELECT b.id FROM activity b WHERE b.duplicate_of = $2 \
     UNION SELECT b.id FROM activity a JOIN activity b ON b.duplicate_of = a.duplicate_of WHERE a.id = $2) \
     ON CONFLICT (athlete, activity_id) DO UPDATE SET gear_id = excluded.gear_id",
);
// Of all records of the activity: that one, the one that counts in its stead, and those that either counts for.
const FORGET: Sql = Sql::Both(
    "DELETE FROM gear_choice WHERE athlete = $1 AND activity_id IN (SELECT CAST($2 AS TEXT) \
     UNION SELECT a.duplicate_of FROM activity a WHERE a.id = $2 AND a.duplicate_of IS NOT NULL \
     UNION SELECT b.id FROM activity b WHERE b.duplicate_of = $2 \
     UNION SELECT b.id FROM activity a JOIN activity b ON b.duplicate_of = a.duplicate_of WHERE a.id = $2)",
);
const FORGET_RECORD: Sql = Sql::Both("DELETE FROM gear_choice WHERE athlete = $1 AND activity_id = $2");
const FORGET_GEAR: Sql = Sql::Both("DELETE FROM gear_choice WHERE athlete = $1 AND gear_id = $2");
const INHERIT: Sql = Sql::Both(
    "UPDATE gear_choice SET activity_id = $3 WHERE athlete = $1 AND activity_id = $2 \
     AND NOT EXISTS (SELECT 1 FROM gear_choice o WHERE o.athlete = $1 AND o.activity_id = $3)",
);
const IS_THEIRS: Sql = Sql::Both("SELECT 1 FROM activity WHERE athlete = $1 AND id = $2");

/// The gear of each activity that something was said of; empty for none.
pub(super) fn list(tx: &mut Tx<'_>, athlete: &str) -> Result<HashMap<String, String>> {
    let said = tx.query(&LIST, &params![athlete], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(said.into_iter().collect())
}

/// The same of these records alone.
pub(super) fn of(tx: &mut Tx<'_>, athlete: &str, records: &[String]) -> Result<HashMap<String, String>> {
    let said = tx.query(&OF, &params![athlete, records], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(said.into_iter().collect())
}

/// Keeps what was said of an activity, of each of its records.
pub(super) fn say(tx: &mut Tx<'_>, athlete: &str, activity: &str, gear: &str) -> Result<()> {
    tx.execute(&SAY, &params![athlete, activity, gear]).map(drop)
}

/// Forgets what was said of an activity, by whichever of its records.
pub(super) fn forget(tx: &mut Tx<'_>, athlete: &str, activity: &str) -> Result<()> {
    tx.execute(&FORGET, &params![athlete, activity]).map(drop)
}

/// Forgets of which activities gear was said to be.
pub(super) fn forget_gear(tx: &mut Tx<'_>, athlete: &str, gear: &str) -> Result<u64> {
    tx.execute(&FORGET_GEAR, &params![athlete, gear])
}

/// Says of one record what was said of another whose place it takes.
pub fn inherit(tx: &mut Tx<'_>, athlete: &str, (from, to): (&str, &str)) -> Result<()> {
    tx.execute(&INHERIT, &params![athlete, from, to])?;
    tx.execute(&FORGET_RECORD, &params![athlete, from]).map(drop)
}

/// True where the athlete has a record of that id.
pub(super) fn is_theirs(tx: &mut Tx<'_>, athlete: &str, activity: &str) -> Result<bool> {
    Ok(tx.optional(&IS_THEIRS, &params![athlete, activity], |_| Ok(()))?.is_some())
}

#[cfg(test)]
pub(super) const QUERIES: &[Sql] = &[LIST, OF, SAY, FORGET, FORGET_RECORD, FORGET_GEAR, INHERIT, IS_THEIRS];
