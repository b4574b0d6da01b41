//! Authorizations that were begun: known by the hash of their state, good once and for a while.

use store::{Result, Sql, Tx, params};

/// A page is left open for so long at most.
pub const LASTS_MS: i64 = 10 * 60_000;

const FORGET: Sql = Sql::Both("DELETE FROM strava_authorization WHERE until_ms <= $1");
const PUT: Sql = Sql::Both(
    "INSERT INTO strava_authorization (state_sha256, athlete, redirect, until_ms) VALUES ($1, $2, $3, $4)",
);
const TAKE: Sql =
    Sql::Both("DELETE FROM strava_authorization WHERE state_sha256 = $1 RETURNING athlete, until_ms");

/// Notes that an athlete was sent to Strava, and forgets those whose time is over.
pub fn begin(
    tx: &mut Tx<'_>,
    athlete: &str,
    (state_sha256, redirect): (&str, &str),
    now_ms: i64,
) -> Result<()> {
    tx.execute(&FORGET, &params![now_ms])?;
    tx.execute(&PUT, &params![state_sha256, athlete, redirect, now_ms.saturating_add(LASTS_MS)]).map(drop)
}

/// Who was sent with this state, once; nobody where its time is over.
pub fn take(tx: &mut Tx<'_>, state_sha256: &str, now_ms: i64) -> Result<Option<String>> {
    let begun =
        tx.optional(&TAKE, &params![state_sha256], |row| Ok((row.get::<String>(0)?, row.get::<i64>(1)?)))?;
    Ok(begun.filter(|(_, until_ms)| *until_ms > now_ms).map(|(athlete, _)| athlete))
}

#[cfg(test)]
pub(crate) const QUERIES: &[Sql] = &[FORGET, PUT, TAKE];
