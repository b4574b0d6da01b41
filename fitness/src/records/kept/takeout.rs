//! Everything that is kept of an athlete, table by table, for the athlete's own export. It is the athlete's own, so
//! nothing is left out of it, whoever told it.

mod parts;

pub use parts::PARTS;
use serde_json::{Map, Value};
use store::{Error, Result, Row, Sql, Tx, params};

use crate::recording::Channel;
use crate::records::stored;
use crate::stream;

/// A table of the export.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    /// What its file is called, without an ending.
    pub name: &'static str,
    columns: &'static [(&'static str, Kind)],
    sql: Sql,
}

/// How a column is read.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Text,
    Integer,
    Real,
    /// JSON that is kept as text.
    Json,
    /// JSON as a program told it; text where it is none that can be read, such as one that is very deep.
    Told,
    /// A packed column of samples.
    Packed(Channel),
}

use Kind::{Integer, Json, Packed, Real, Text, Told};

const HASHES: Sql = Sql::Both(
    "SELECT DISTINCT sha256 FROM source_file WHERE athlete = $1 AND sha256 > $2 ORDER BY sha256 LIMIT $3",
);
const WITH_SAMPLES: Sql = Sql::Both(
    "SELECT a.id FROM activity a WHERE a.athlete = $1 AND a.id > $2 \
     AND EXISTS (SELECT 1 FROM activity_stream s WHERE s.activity_id = a.id) ORDER BY a.id LIMIT $3",
);

/// A page of a part: each row as an object without what is not known.
pub fn page(tx: &mut Tx<'_>, athlete: &str, part: &Part, (limit, offset): (u32, u64)) -> Result<Vec<Value>> {
    let offset = i64::try_from(offset).unwrap_or(i64::MAX);
    tx.query(&part.sql, &params![athlete, limit, offset], |row| part.read(row))
}

/// Hashes of the athlete's files after one of them.
pub fn hashes(tx: &mut Tx<'_>, athlete: &str, after: &str, limit: u32) -> Result<Vec<String>> {
    tx.query(&HASHES, &params![athlete, after, limit], |row| row.get(0))
}

/// Activities that have samples, after one of them.
pub fn with_samples(tx: &mut Tx<'_>, athlete: &str, after: &str, limit: u32) -> Result<Vec<String>> {
    tx.query(&WITH_SAMPLES, &params![athlete, after, limit], |row| row.get(0))
}

impl Part {
    /// How many of its rows are read at once: what is kept as JSON may have 100 kB a row.
    pub fn rows_at_once(&self) -> u32 {
        if self.columns.iter().any(|(_, kind)| matches!(kind, Json | Told | Packed(_))) { 20 } else { 500 }
    }

    fn read(&self, row: &Row<'_>) -> Result<Value> {
        let mut object = Map::new();
        for (index, (name, kind)) in self.columns.iter().enumerate() {
            let value = kind.read(row, index)?;
            object.extend(value.map(|value| ((*name).to_owned(), value)));
        }
        Ok(Value::Object(object))
    }
}

impl Kind {
    fn read(self, row: &Row<'_>, index: usize) -> Result<Option<Value>> {
        Ok(match self {
            Text => row.get::<Option<String>>(index)?.map(Value::from),
            Integer => row.get::<Option<i64>>(index)?.map(Value::from),
            Real => row.get::<Option<f64>>(index)?.map(Value::from),
            Json => {
                let text: Option<String> = row.get(index)?;
                text.map(|text| stored(&text, |text| serde_json::from_str(text).ok())).transpose()?
            }
            Told => {
                let text: Option<String> = row.get(index)?;
                text.map(|text| serde_json::from_str(&text).unwrap_or(Value::String(text)))
            }
            Packed(channel) => {
                let block: Option<Vec<u8>> = row.get(index)?;
                let values = block.map(|block| stream::decode(channel, &block)).transpose();
                values.map_err(|error| Error::Corrupt(error.to_string()))?.map(Value::from)
            }
        })
    }
}

#[cfg(test)]
pub(super) fn queries() -> Vec<Sql> {
    PARTS.iter().map(|part| part.sql).chain([HASHES, WITH_SAMPLES]).collect()
}
