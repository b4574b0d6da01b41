//! What webhooks hinted at: an id to look at, and nothing that is believed.

use store::{Result, Row, Sql, Tx, params};

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

const PUT: Sql = Sql::Both(
    "INSERT INTO strava_hint (owner_id, object_type, object_id, aspect, event_s, is_deauthorization, received_ms) \
     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (owner_id, object_id, aspect, event_s) DO NOTHING",
);
const NEWEST: Sql = Sql::Both("SELECT MAX(received_ms) FROM strava_hint WHERE owner_id = $1");
const LIST: Sql = Sql::Both(
    "SELECT owner_id, object_type, object_id, aspect, event_s, is_deauthorization FROM strava_hint \
     WHERE owner_id = $1 ORDER BY event_s, object_id, aspect LIMIT $2",
);
const REMOVE: Sql = Sql::Both(
    "DELETE FROM strava_hint WHERE owner_id = $1 AND object_id = $2 AND aspect = $3 AND event_s = $4",
);

/// Keeps a hint, and says whether it is new.
pub fn put(tx: &mut Tx<'_>, hint: &Hint, now_ms: i64) -> Result<bool> {
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

/// When the newest of an athlete's came; nothing where none waits.
pub fn newest_ms(tx: &mut Tx<'_>, owner_id: i64) -> Result<Option<i64>> {
    Ok(tx.optional(&NEWEST, &params![owner_id], |row| row.get(0))?.flatten())
}

/// The oldest hints of an athlete at Strava.
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
pub(crate) const QUERIES: &[Sql] = &[PUT, NEWEST, LIST, REMOVE];
