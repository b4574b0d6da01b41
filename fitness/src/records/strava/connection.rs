//! Who has connected Strava, with the sealed tokens. One pair of them is in force, and who wants a new one asks alone.

use store::{Result, Row, Sql, Tx, params};

use super::super::stored;

/// The table, as sealed tokens are bound to it.
pub const TABLE: &str = "strava_connection";

/// Somebody asks for a new pair for at most so long; then the row is free for others.
pub const LEASE_MS: i64 = 30_000;

/// A connection's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    pub athlete: String,
    /// Nothing where a grant was taken over and nobody was asked yet.
    pub strava_id: Option<i64>,
    /// What was granted, with commas; empty where a grant was taken over and nobody was asked yet whose it is.
    pub scopes: String,
    pub pair: Pair,
    /// Counts the pairs that came.
    pub number: i64,
    pub state: State,
    pub reason: Option<String>,
    pub connected_ms: i64,
    pub changed_ms: i64,
}

/// Two tokens, sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    pub access_token: String,
    pub refresh_token: String,
    /// When the access token ends.
    pub expires_ms: i64,
}

impl Connection {
    /// True where a grant was taken over, and whose it is was not asked yet.
    pub fn is_unproven(&self) -> bool {
        self.scopes.is_empty() && self.state != State::ScopeMissing
    }
}

/// How a connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Connected,
    /// Strava takes the tokens no more.
    NeedsReauth,
    /// What was granted is too little to see activities.
    ScopeMissing,
    /// Strava has put the application to rest.
    Inactive,
    /// The application has as many athletes as it may.
    AthleteLimit,
    /// What came from Strava is being deleted.
    Disconnecting,
}

impl State {
    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Connected => "connected",
            Self::NeedsReauth => "needs_reauth",
            Self::ScopeMissing => "scope_missing",
            Self::Inactive => "inactive",
            Self::AthleteLimit => "athlete_limit",
            Self::Disconnecting => "disconnecting",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        use State::*;
        let all = [Connected, NeedsReauth, ScopeMissing, Inactive, AthleteLimit, Disconnecting];
        all.into_iter().find(|state| state.as_str() == text)
    }
}

const GET: Sql = Sql::Both(
    "SELECT athlete, strava_id, scopes, access_token, refresh_token, expires_ms, pair, state, reason, \
     connected_ms, changed_ms FROM strava_connection WHERE athlete = $1",
);
const LIST: Sql = Sql::Both(
    "SELECT athlete, strava_id, scopes, access_token, refresh_token, expires_ms, pair, state, reason, \
     connected_ms, changed_ms FROM strava_connection ORDER BY athlete",
);
const OF_ACCOUNT: Sql = Sql::Both("SELECT athlete FROM strava_connection WHERE strava_id = $1");
const PUT: Sql = Sql::Both(
    "INSERT INTO strava_connection (athlete, strava_id, scopes, access_token, refresh_token, expires_ms, pair, \
     refreshing_until_ms, state, reason, connected_ms, changed_ms) \
     VALUES ($1, $2, $3, $4, $5, $6, 1, NULL, $7, $8, $9, $9) \
     ON CONFLICT (athlete) DO UPDATE SET strava_id = excluded.strava_id, scopes = excluded.scopes, \
     access_token = excluded.access_token, refresh_token = excluded.refresh_token, \
     expires_ms = excluded.expires_ms, pair = strava_connection.pair + 1, refreshing_until_ms = NULL, \
     state = excluded.state, reason = excluded.reason, connected_ms = excluded.connected_ms, \
     changed_ms = excluded.changed_ms",
);
// A lease further away than any is given was given by a clock that counts no more.
const LEASE: Sql = Sql::Both(
    "UPDATE strava_connection SET refreshing_until_ms = $4 WHERE athlete = $1 AND pair = $2 \
     AND (refreshing_until_ms IS NULL OR refreshing_until_ms <= $3 OR refreshing_until_ms > $4)",
);
const RELEASE: Sql =
    Sql::Both("UPDATE strava_connection SET refreshing_until_ms = NULL WHERE athlete = $1 AND pair = $2");
// A new pair proves that the grant is alive. What has begun to go stays on its way.
const RENEW: Sql = Sql::Both(
    "UPDATE strava_connection SET access_token = $3, refresh_token = $4, expires_ms = $5, pair = pair + 1, \
     refreshing_until_ms = NULL, changed_ms = $6, \
     reason = CASE WHEN state = 'needs_reauth' THEN NULL ELSE reason END, \
     state = CASE WHEN state = 'needs_reauth' THEN 'connected' ELSE state END \
     WHERE athlete = $1 AND pair = $2 AND state <> 'disconnecting'",
);
const REFUSE: Sql = Sql::Both(
    "UPDATE strava_connection SET refreshing_until_ms = NULL, state = $3, reason = $4, changed_ms = $5 \
     WHERE athlete = $1 AND pair = $2 AND state <> 'disconnecting'",
);
const NOTE: Sql = Sql::Both(
    "UPDATE strava_connection SET state = $3, reason = $4, changed_ms = $5 WHERE athlete = $1 AND pair = $2 \
     AND state <> 'disconnecting' AND (state <> $3 OR reason IS DISTINCT FROM $4)",
);
const IDENTIFY: Sql = Sql::Both(
    "UPDATE strava_connection SET strava_id = $2, scopes = $3, state = $4, reason = $5, changed_ms = $6 \
     WHERE athlete = $1 AND state <> 'disconnecting'",
);
// Written and not only read, so that a disconnect at the same time has to look again, or this has.
const HOLD: Sql =
    Sql::Both("UPDATE strava_connection SET state = state WHERE athlete = $1 AND state <> 'disconnecting'");
const LEAVE: Sql = Sql::Both(
    "UPDATE strava_connection SET state = 'disconnecting', reason = NULL, changed_ms = $2 \
     WHERE athlete = $1 AND state <> 'disconnecting'",
);
const REMOVE: Sql = Sql::Both("DELETE FROM strava_connection WHERE athlete = $1");

/// The connection of an athlete.
pub fn get(tx: &mut Tx<'_>, athlete: &str) -> Result<Option<Connection>> {
    tx.optional(&GET, &params![athlete], read)
}

/// Every connection by athlete.
pub fn list(tx: &mut Tx<'_>) -> Result<Vec<Connection>> {
    tx.query(&LIST, &[], read)
}

/// Who has connected an account.
pub fn of_account(tx: &mut Tx<'_>, strava_id: i64) -> Result<Option<String>> {
    tx.optional(&OF_ACCOUNT, &params![strava_id], |row| row.get(0))
}

/// Writes what a person has granted; the number of the pair is counted on, and nobody else's asking is waited for.
pub fn put(tx: &mut Tx<'_>, connection: &Connection) -> Result<()> {
    let Connection { athlete, strava_id, scopes, pair, state, reason, connected_ms, .. } = connection;
    let params = params![
        athlete,
        *strava_id,
        scopes,
        &pair.access_token,
        &pair.refresh_token,
        pair.expires_ms,
        state.as_str(),
        reason,
        *connected_ms
    ];
    tx.execute(&PUT, &params).map(drop)
}

/// Whether the caller may ask for the pair after this one: nobody else does so for as long as a lease lasts.
pub fn lease(tx: &mut Tx<'_>, athlete: &str, number: i64) -> Result<bool> {
    let now_ms = tx.lease_clock()?.ms;
    Ok(tx.execute(&LEASE, &params![athlete, number, now_ms, now_ms + LEASE_MS])? > 0)
}

/// Lets others ask for the pair after this one.
pub fn release(tx: &mut Tx<'_>, athlete: &str, number: i64) -> Result<()> {
    tx.execute(&RELEASE, &params![athlete, number]).map(drop)
}

/// Puts the pair after this one in force; false where this one is not in force any more.
pub fn renew(tx: &mut Tx<'_>, athlete: &str, number: i64, pair: &Pair, now_ms: i64) -> Result<bool> {
    let params = params![athlete, number, &pair.access_token, &pair.refresh_token, pair.expires_ms, now_ms];
    Ok(tx.execute(&RENEW, &params)? > 0)
}

/// Notes what this pair was refused with; false where it is not in force any more.
pub fn refuse(
    tx: &mut Tx<'_>,
    athlete: &str,
    number: i64,
    (state, reason): (State, &str),
    now_ms: i64,
) -> Result<bool> {
    Ok(tx.execute(&REFUSE, &params![athlete, number, state.as_str(), reason, now_ms])? > 0)
}

/// Notes how the connection is by what a pair was told, and says whether that is news; of one that is not in force any
/// more it is none.
pub fn note(
    tx: &mut Tx<'_>,
    athlete: &str,
    number: i64,
    (state, reason): (State, Option<&str>),
    now_ms: i64,
) -> Result<bool> {
    Ok(tx.execute(&NOTE, &params![athlete, number, state.as_str(), reason, now_ms])? > 0)
}

/// Notes whose account it is, and what was granted.
pub fn identify(
    tx: &mut Tx<'_>,
    athlete: &str,
    (strava_id, scopes): (i64, &str),
    (state, reason): (State, Option<&str>),
    now_ms: i64,
) -> Result<()> {
    let params = params![athlete, strava_id, scopes, state.as_str(), reason, now_ms];
    tx.execute(&IDENTIFY, &params).map(drop)
}

/// Whether what comes from Strava may be written in this transaction; until its commit nobody disconnects.
pub fn hold(tx: &mut Tx<'_>, athlete: &str) -> Result<bool> {
    Ok(tx.execute(&HOLD, &params![athlete])? > 0)
}

/// Begins to disconnect: from here on no token is given out.
pub fn leave(tx: &mut Tx<'_>, athlete: &str, now_ms: i64) -> Result<bool> {
    Ok(tx.execute(&LEAVE, &params![athlete, now_ms])? > 0)
}

/// Removes the row with its tokens, and says how many there were.
pub fn remove(tx: &mut Tx<'_>, athlete: &str) -> Result<u64> {
    tx.execute(&REMOVE, &params![athlete])
}

fn read(row: &Row<'_>) -> Result<Connection> {
    Ok(Connection {
        athlete: row.get(0)?,
        strava_id: row.get(1)?,
        scopes: row.get(2)?,
        pair: Pair { access_token: row.get(3)?, refresh_token: row.get(4)?, expires_ms: row.get(5)? },
        number: row.get(6)?,
        state: stored(row.text(7)?, State::parse)?,
        reason: row.get(8)?,
        connected_ms: row.get(9)?,
        changed_ms: row.get(10)?,
    })
}

#[cfg(test)]
pub(crate) const QUERIES: &[Sql] =
    &[GET, LIST, OF_ACCOUNT, PUT, LEASE, RELEASE, RENEW, REFUSE, NOTE, IDENTIFY, HOLD, LEAVE, REMOVE];
