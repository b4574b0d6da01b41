//! What became of each file of an import.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Result, Sql, Tx, Value, params};

use super::{from_json, stored, to_json};
use crate::recording::Warning;

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Imported,
    Updated,
    Unchanged,
    /// Another file holds the same activities.
    Duplicate,
    Refused,
}

impl Outcome {
    const ALL: [Self; 5] = [Self::Imported, Self::Updated, Self::Unchanged, Self::Duplicate, Self::Refused];

    /// The word that is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Imported => "imported",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
            Self::Duplicate => "duplicate",
            Self::Refused => "refused",
        }
    }

    /// The outcome of a stored word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == word)
    }
}

/// What an entry of an import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    File,
    /// A row of an export that has no file.
    Row,
    /// A list of an export, such as its gear.
    List,
}

impl Kind {
    const ALL: [Self; 3] = [Self::File, Self::Row, Self::List];

    /// The word that is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Row => "row",
            Self::List => "list",
        }
    }

    /// The kind of a stored word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// One entry of an import: a file, or what an export has instead of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImportFile {
    pub path: String,
    pub kind: Kind,
    /// The source's id of the row of the export that tells of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_row: Option<String>,
    pub outcome: Outcome,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    pub warnings: Vec<Warning>,
    /// Ids of the activities in it.
    pub activities: Vec<String>,
}

const PUT: Sql = Sql::Both(
    "INSERT INTO import_file \
     (run_id, position, path, outcome, code, reason, warnings, activities, kind, source_row) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
     ON CONFLICT (run_id, position) DO UPDATE SET \
     path = excluded.path, outcome = excluded.outcome, code = excluded.code, reason = excluded.reason, \
     warnings = excluded.warnings, activities = excluded.activities, kind = excluded.kind, \
     source_row = excluded.source_row",
);
const LIST: Sql = Sql::Both(
    "SELECT path, outcome, code, reason, warnings, activities, kind, source_row \
     FROM import_file WHERE run_id = $1 ORDER BY position",
);
const PATHS: Sql = Sql::Both("SELECT path FROM import_file WHERE run_id = $1 ORDER BY position");
const NEXT: Sql = Sql::Both("SELECT COALESCE(MAX(position), -1) + 1 FROM import_file WHERE run_id = $1");

/// Notes files of a run from a position on; the same positions again replace what was noted.
pub fn put(tx: &mut Tx<'_>, run_id: &str, position: u32, files: &[ImportFile]) -> Result<()> {
    let lists = files
        .iter()
        .map(|file| Ok((to_json(&file.warnings)?, to_json(&file.activities)?)))
        .collect::<Result<Vec<_>>>()?;
    let rows: Vec<Vec<Value<'_>>> = files
        .iter()
        .zip(&lists)
        .zip(i64::from(position)..)
        .map(|((file, (warnings, activities)), position)| {
            let (outcome, code, reason) = (file.outcome.as_str(), &file.code, &file.reason);
            let (kind, row) = (file.kind.as_str(), &file.source_row);
            params![run_id, position, &file.path, outcome, code, reason, warnings, activities, kind, row]
                .into()
        })
        .collect();
    tx.batch(&PUT, &rows).map(drop)
}

/// The position after the last file that was noted, so that a run which was cut carries on.
pub fn next_position(tx: &mut Tx<'_>, run_id: &str) -> Result<u32> {
    Ok(tx.optional(&NEXT, &params![run_id], |row| super::count(row, 0))?.unwrap_or(0))
}

/// The paths of a run's files in their order.
pub fn paths(tx: &mut Tx<'_>, run_id: &str) -> Result<Vec<String>> {
    tx.query(&PATHS, &params![run_id], |row| row.get(0))
}

/// The files of a run in their order.
pub fn list(tx: &mut Tx<'_>, run_id: &str) -> Result<Vec<ImportFile>> {
    tx.query(&LIST, &params![run_id], |row| {
        Ok(ImportFile {
            path: row.get(0)?,
            outcome: stored(row.text(1)?, Outcome::parse)?,
            code: row.get(2)?,
            reason: row.get(3)?,
            warnings: from_json(row, 4)?,
            activities: from_json(row, 5)?,
            kind: stored(row.text(6)?, Kind::parse)?,
            source_row: row.get(7)?,
        })
    })
}

#[cfg(test)]
pub(crate) const QUERIES: &[Sql] = &[PUT, LIST, PATHS, NEXT];
