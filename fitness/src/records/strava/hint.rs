//! What webhooks hinted at: an id to look at, and nothing that is believed.

use store::{Result, Row, Sql, Tx, params};

use super::super::count;

/// A hint, which is the same again where it comes twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// The athlete at Strava.
    pub owner_id: i64,
    /// `activity` or `athlete`.
    pub object_type: String,
    pub object_id: i64,
    /// `create`, `update` or `delete`.
    pub aspect: String,
    /// Epoch seconds, as the sender says.
    pub event_s: i64,
    pub is_deauthorization: bool,
}

/// Hints of one athlete that are kept at most: whoever has not looked into so many lists everything anyway.
const MOST: u32 = 1_000;

const PUT: Sql = Sql::Both(
    "INSERT INTO strava_hint (owner_id, object_type, object_id, aspect, event_s, is_deauthorization, received_ms) \
     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (owner_id, object_id, aspect, event_s) DO NOTHING",
);
const COUNT: Sql = Sql::Both("SELECT COUNT(*) FROM strava_hint WHERE owner_id = $1");
const SPAN: Sql = Sql::Both("SELECT MIN(received_ms), MAX(received_ms) FROM strava_hint WHERE owner_id = $1");
const LIST: Sql = Sql::Both(
    "SELECT owner_id, object_type, object_id, aspect, event_s, is_deauthorization FROM strava_hint \
     WHERE owner_id = $1 ORDER BY is_deauthorization DESC, event_s, object_id, aspect LIMIT $2",
);
const REMOVE: Sql = Sql::Both(
    "DELETE FROM strava_hint WHERE owner_id = $1 AND object_id = $2 AND aspect = $3 AND event_s = $4",
);

/// Keeps a hint, and says whether it is new; where too many wait only one that says that the grant is taken back.
pub fn put(tx: &mut Tx<'_>, hint: &Hint, now_ms: i64) -> Result<bool> {
    let waiting = tx.optional(&COUNT, &params![hint.owner_id], |row| count(row, 0))?.unwrap_or(0);
    if waiting >= MOST && !hint.is_deauthorization {
        return Ok(false);
    }
    let params = params![
        hint.owner_id,
        &hint.object_type,
        hint.object_id,
        &hint.aspect,
        hint.event_s,
        hint.is_deauthorization,
        now_ms
    ];
    Ok(tx.execute(&PUT, &params)? > 0)
}

/// When the oldest and the newest of an athlete's came; nothing where none waits.
pub fn span_ms(tx: &mut Tx<'_>, owner_id: i64) -> Result<Option<(i64, i64)>> {
    let span = tx.optional(&SPAN, &params![owner_id], |row| {
        Ok((row.get::<Option<i64>>(0)?, row.get::<Option<i64>>(1)?))
    })?;
    Ok(span.and_then(|(oldest, newest)| oldest.zip(newest)))
}

/// The oldest hints of an athlete at Strava, first those that say that the grant is taken back.
pub fn list(tx: &mut Tx<'_>, owner_id: i64, most: u32) -> Result<Vec<Hint>> {
    tx.query(&LIST, &params![owner_id, most], read)
}

/// Forgets a hint that was looked into.
pub fn remove(tx: &mut Tx<'_>, hint: &Hint) -> Result<()> {
    tx.execute(&REMOVE, &params![hint.owner_id, hint.object_id, &hint.aspect, hint.event_s]).map(drop)
}

fn read(row: &Row<'_>) -> Result<Hint> {
    Ok(Hint {
        owner_id: row.get(0)?,
        object_type: row.get(1)?,
        object_id: row.get(2)?,
        aspect: row.get(3)?,
        event_s: row.get(4)?,
        is_deauthorization: row.get(5)?,
    })
}

#[cfg(test)]
pub(crate) const QUERIES: &[Sql] = &[PUT, COUNT, SPAN, LIST, REMOVE];
