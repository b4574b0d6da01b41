//! How far the syncs of an athlete are.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Result, Sql, Tx, params};

use super::super::{optional_json, to_json};
use super::activity;

/// When what was last done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sync {
    /// The last one that read what is new.
    pub synced_ms: Option<i64>,
    /// The last one that read everything.
    pub swept_ms: Option<i64>,
    pub held_back: Option<HeldBack>,
    /// Since when Strava says that the athlete has no right to efforts on segments.
    pub no_efforts_ms: Option<i64>,
    /// Since when what may be kept no longer has waited for a sweep.
    pub expiry_waits_since_ms: Option<i64>,
}

/// A sweep that found so much gone that it asks first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HeldBack {
    pub at_ms: i64,
    /// How many would be removed.
    pub missing: u32,
    pub of: u32,
}

const DAY_MS: i64 = 86_400_000;
/// Who comes later than that after the last time was away in between, and has not waited.
const AWAY_MS: i64 = 2 * DAY_MS;

const GET: Sql = Sql::Both(
    "SELECT synced_ms, swept_ms, held_back, no_efforts_ms, expiry_waits_since_ms FROM strava_sync \
     WHERE athlete = $1",
);
const SYNCED: Sql = Sql::Both(
    "INSERT INTO strava_sync (athlete, synced_ms) VALUES ($1, $2) \
     ON CONFLICT (athlete) DO UPDATE SET synced_ms = excluded.synced_ms",
);
const SWEPT: Sql = Sql::Both(
    "INSERT INTO strava_sync (athlete, synced_ms, swept_ms) VALUES ($1, $2, $2) \
     ON CONFLICT (athlete) DO UPDATE SET synced_ms = excluded.synced_ms, swept_ms = excluded.swept_ms, \
     held_back = NULL, expiry_waits_since_ms = NULL, expiry_waited_ms = NULL",
);
const EXPIRY_WAITS: Sql = Sql::Both(
    "INSERT INTO strava_sync (athlete, expiry_waits_since_ms, expiry_waited_ms) VALUES ($1, $2, $2) \
     ON CONFLICT (athlete) DO UPDATE SET expiry_waited_ms = excluded.expiry_waited_ms, \
     expiry_waits_since_ms = CASE WHEN strava_sync.expiry_waited_ms >= $3 \
     THEN strava_sync.expiry_waits_since_ms ELSE excluded.expiry_waits_since_ms END",
);
const HOLD_BACK: Sql = Sql::Both(
    "INSERT INTO strava_sync (athlete, held_back) VALUES ($1, $2) \
     ON CONFLICT (athlete) DO UPDATE SET held_back = excluded.held_back",
);
const NO_EFFORTS: Sql = Sql::Both(
    "INSERT INTO strava_sync (athlete, no_efforts_ms) VALUES ($1, $2) \
     ON CONFLICT (athlete) DO UPDATE SET no_efforts_ms = excluded.no_efforts_ms",
);

/// How far they are; nothing of an athlete of whom nothing was synced.
pub fn get(tx: &mut Tx<'_>, athlete: &str) -> Result<Sync> {
    let sync = tx.optional(&GET, &params![athlete], |row| {
        Ok(Sync {
            synced_ms: row.get(0)?,
            swept_ms: row.get(1)?,
            held_back: optional_json(row, 2)?,
            no_efforts_ms: row.get(3)?,
            expiry_waits_since_ms: row.get(4)?,
        })
    })?;
    Ok(sync.unwrap_or_default())
}

/// Notes that what is new was read.
pub fn synced(tx: &mut Tx<'_>, athlete: &str, now_ms: i64) -> Result<()> {
    tx.execute(&SYNCED, &params![athlete, now_ms]).map(drop)
}

/// Notes that everything was read, what is new included, and that what was gone is gone here.
pub fn swept(tx: &mut Tx<'_>, athlete: &str, now_ms: i64) -> Result<()> {
    activity::forget_fingerprints(tx, athlete, now_ms)?;
    tx.execute(&SWEPT, &params![athlete, now_ms]).map(drop)
}

/// Notes that somebody has to say whether all of that is to be removed.
pub fn hold_back(tx: &mut Tx<'_>, athlete: &str, held_back: &HeldBack) -> Result<()> {
    let held_back = to_json(held_back)?;
    tx.execute(&HOLD_BACK, &params![athlete, &held_back]).map(drop)
}

/// Notes since when the athlete has no right to efforts, or that there is one.
pub fn set_no_efforts(tx: &mut Tx<'_>, athlete: &str, since_ms: Option<i64>) -> Result<()> {
    tx.execute(&NO_EFFORTS, &params![athlete, since_ms]).map(drop)
}

/// Notes that what may be kept no longer waits for a sweep, and says since when it does. A time in which nobody was
/// there is no waiting.
pub fn expiry_waits(tx: &mut Tx<'_>, athlete: &str, now_ms: i64) -> Result<i64> {
    tx.execute(&EXPIRY_WAITS, &params![athlete, now_ms, now_ms - AWAY_MS])?;
    Ok(get(tx, athlete)?.expiry_waits_since_ms.unwrap_or(now_ms))
}

#[cfg(test)]
pub(crate) const QUERIES: &[Sql] = &[GET, SYNCED, SWEPT, HOLD_BACK, NO_EFFORTS, EXPIRY_WAITS];
