//! Pipelines that were told to rest: nothing starts them by itself until they are told to go on.

use serde::Serialize;
use store::{Sql, Tx, params};

/// A pipeline that rests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pause {
    #[serde(skip)]
    pub pipeline: String,
    pub since_ms: i64,
    /// Why, in the words of whoever paused it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Pauses a pipeline. One that rests already keeps its time and gets the new note.
pub fn pause(tx: &mut Tx<'_>, pause: &Pause) -> store::Result<()> {
    let Pause { pipeline, since_ms, note } = pause;
    tx.execute(&PAUSE, &params![pipeline, *since_ms, note.as_deref()]).map(drop)
}

/// Lets a pipeline go on; answers false where it did not rest.
pub fn resume(tx: &mut Tx<'_>, pipeline: &str) -> store::Result<bool> {
    Ok(tx.execute(&RESUME, &params![pipeline])? > 0)
}

/// All pipelines that rest, by name.
pub fn pauses(tx: &mut Tx<'_>) -> store::Result<Vec<Pause>> {
    tx.query(&PAUSES, &[], |row| {
        Ok(Pause { pipeline: row.get(0)?, since_ms: row.get(1)?, note: row.get(2)? })
    })
}

pub(crate) fn is_paused(tx: &mut Tx<'_>, pipeline: &str) -> store::Result<bool> {
    Ok(tx.optional(&IS_PAUSED, &params![pipeline], |_| Ok(()))?.is_some())
}

const PAUSE: Sql = Sql::Both(
    "INSERT INTO pipeline_pause (pipeline, since_ms, note) VALUES ($1, $2, $3) \
     ON CONFLICT (pipeline) DO UPDATE SET note = excluded.note",
);
const RESUME: Sql = Sql::Both("DELETE FROM pipeline_pause WHERE pipeline = $1");
const PAUSES: Sql = Sql::Both("SELECT pipeline, since_ms, note FROM pipeline_pause ORDER BY pipeline");
const IS_PAUSED: Sql = Sql::Both("SELECT 1 FROM pipeline_pause WHERE pipeline = $1");
pub(super) const QUERIES: &[&Sql] = &[&PAUSE, &RESUME, &PAUSES, &IS_PAUSED];
