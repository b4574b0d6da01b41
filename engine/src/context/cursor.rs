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

/// Whose bookmark it is.
pub(super) enum Bookmark<'a> {
    Step {
        pipeline: &'a str,
        step: &'a str,
        partition: &'a str,
    },
    /// Of one part of what a step was given in one run: another run has other parts.
    Part {
        run: &'a str,
        step: &'a str,
        part: i64,
    },
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

    pub(super) fn load(tx: &mut Tx<'_>, bookmark: &Bookmark<'_>) -> store::Result<Self> {
        let value = match *bookmark {
            Bookmark::Step { pipeline, step, partition } => {
                tx.optional(&LOAD, &params![pipeline, step, partition], |row| row.get::<String>(0))?
            }
            Bookmark::Part { run, step, part } => {
                tx.optional(&LOAD_PART, &params![run, step, part], |row| row.get::<String>(0))?
            }
        };
        Ok(Self { value, moved: false })
    }

    pub(super) fn save(&self, tx: &mut Tx<'_>, bookmark: &Bookmark<'_>, now_ms: i64) -> store::Result<()> {
        let (true, Some(value)) = (self.moved, &self.value) else { return Ok(()) };
        match *bookmark {
            Bookmark::Step { pipeline, step, partition } => {
                tx.execute(&SAVE, &params![pipeline, step, partition, value, now_ms])?;
            }
            Bookmark::Part { run, step, part } => {
                tx.execute(&SAVE_PART, &params![run, step, part, value])?;
            }
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
const LOAD_PART: Sql =
    Sql::Both("SELECT value FROM part_cursor WHERE run_id = $1 AND step = $2 AND part = $3");
const SAVE_PART: Sql = Sql::Both(
    "INSERT INTO part_cursor (run_id, step, part, value) VALUES ($1, $2, $3, $4) \
     ON CONFLICT (run_id, step, part) DO UPDATE SET value = excluded.value",
);
pub(crate) const QUERIES: &[&Sql] = &[&LOAD, &SAVE, &LOAD_PART, &SAVE_PART];
