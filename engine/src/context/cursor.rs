//! The bookmark of a step: how far it came, moved in the transaction that moves it on.

use serde::Serialize;
use serde::de::DeserializeOwned;
use store::{Sql, Tx, params};

/// The bookmark of (pipeline, step, partition), as any JSON value.
#[derive(Debug, Default)]
pub struct Cursor {
    value: Option<String>,
    moved: bool,
}

impl Cursor {
    /// Where the step stands, or nothing where it never ran or its bookmark no longer reads.
    pub fn get<T: DeserializeOwned>(&self) -> Option<T> {
        self.value.as_deref().and_then(|text| serde_json::from_str(text).ok())
    }

    /// Moves the bookmark; it is stored with the transaction.
    pub fn set<T: Serialize>(&mut self, value: &T) -> store::Result<()> {
        self.value = Some(serde_json::to_string(value).map_err(store::Error::abort)?);
        self.moved = true;
        Ok(())
    }

    pub(crate) fn load(tx: &mut Tx<'_>, pipeline: &str, step: &str, partition: &str) -> store::Result<Self> {
        let value = tx.optional(&LOAD, &params![pipeline, step, partition], |row| row.get::<String>(0))?;
        Ok(Self { value, moved: false })
    }

    pub(crate) fn save(
        &self,
        tx: &mut Tx<'_>,
        pipeline: &str,
        step: &str,
        partition: &str,
        now_ms: i64,
    ) -> store::Result<()> {
        if let (true, Some(value)) = (self.moved, &self.value) {
            tx.execute(&SAVE, &params![pipeline, step, partition, value, now_ms])?;
        }
        Ok(())
    }
}

const LOAD: Sql =
    Sql::Both("SELECT value FROM step_cursor WHERE pipeline = $1 AND step = $2 AND partition = $3");
const SAVE: Sql = Sql::Both(
    "INSERT INTO step_cursor (pipeline, step, partition, value, changed_ms) VALUES ($1, $2, $3, $4, $5) \
     ON CONFLICT (pipeline, step, partition) DO UPDATE SET value = excluded.value, changed_ms = excluded.changed_ms",
);
pub(crate) const QUERIES: &[&Sql] = &[&LOAD, &SAVE];
