//! What a person said of pairs of records: that they are of one activity, or that they are not.

use serde::Serialize;
use store::{Result, Sql, Tx, params};

use crate::same::{Choices, pair};

/// What was said of a pair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Choice {
    /// The id of one record; the lower one of both.
    pub one: String,
    pub other: String,
    pub is_same: bool,
    pub decided_ms: i64,
}

const LIST: Sql = Sql::Both(
    "SELECT one, other, is_same, decided_ms FROM merge_choice WHERE athlete = $1 ORDER BY one, other",
);
const SAY: Sql = Sql::Both(
    "INSERT INTO merge_choice (athlete, one, other, is_same, decided_ms) VALUES ($1, $2, $3, $4, $5) \
     ON CONFLICT (athlete, one, other) DO UPDATE SET is_same = excluded.is_same, \
     decided_ms = excluded.decided_ms",
);
const FORGET: Sql = Sql::Both("DELETE FROM merge_choice WHERE athlete = $1 AND one = $2 AND other = $3");

/// All that was said, the lower ids first.
pub fn list(tx: &mut Tx<'_>, athlete: &str) -> Result<Vec<Choice>> {
    tx.query(&LIST, &params![athlete], |row| {
        Ok(Choice { one: row.get(0)?, other: row.get(1)?, is_same: row.get(2)?, decided_ms: row.get(3)? })
    })
}

/// The same, as the rule looks at it.
pub fn all(tx: &mut Tx<'_>, athlete: &str) -> Result<Choices> {
    let mut choices = Choices::default();
    for Choice { one, other, is_same, .. } in list(tx, athlete)? {
        choices.say(&one, &other, is_same);
    }
    Ok(choices)
}

/// Keeps what was said of two records, whatever was said before.
pub fn say(
    tx: &mut Tx<'_>,
    athlete: &str,
    (one, other): (&str, &str),
    is_same: bool,
    now_ms: i64,
) -> Result<()> {
    let (one, other) = pair(one, other);
    tx.execute(&SAY, &params![athlete, &one, &other, is_same, now_ms]).map(drop)
}

/// Forgets what was said of two records.
pub fn forget(tx: &mut Tx<'_>, athlete: &str, (one, other): (&str, &str)) -> Result<()> {
    let (one, other) = pair(one, other);
    tx.execute(&FORGET, &params![athlete, &one, &other]).map(drop)
}

/// Says of one record what was said of another whose place it takes.
pub fn inherit(tx: &mut Tx<'_>, athlete: &str, (from, to): (&str, &str)) -> Result<()> {
    for Choice { one, other, is_same, decided_ms } in list(tx, athlete)? {
        let partner = match (one == from, other == from) {
            (true, _) => &other,
            (_, true) => &one,
            _ => continue,
        };
        forget(tx, athlete, (&one, &other))?;
        if partner != to {
            say(tx, athlete, (partner, to), is_same, decided_ms)?;
        }
    }
    Ok(())
}

#[cfg(test)]
pub(crate) const QUERIES: &[Sql] = &[LIST, SAY, FORGET];
