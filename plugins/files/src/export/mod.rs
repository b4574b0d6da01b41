//! Reads the tables of an athlete's export: its activities in every form that they have had, and its lists.
//!
//! A table is read by the names of its columns, never by their places: they grew from 10 to 103, moved, repeat
//! and are translated. Nothing but the tables named in [`List`] and `activities.csv` is ever opened.

mod cells;
mod date;
mod figures;
mod header;
mod lists;
mod lone;
mod names;
mod number;
mod range;
mod split;
mod sport;
mod table;
mod text;

use csv::{ByteRecord, ReaderBuilder};
use fitness::export::Figures;
use fitness::recording::Warning;

pub(crate) use lists::{Item, List, items};
pub(crate) use lone::{PROVENANCE, activity};
pub(crate) use table::{FUTURE, Listed, Place, Table};

use crate::decode::Refusal;

/// Name of the table of activities; what holds it is an export.
pub(crate) const ACTIVITIES: &str = "activities.csv";

/// A row of the table of activities.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    /// The source's own id of the activity: digits.
    pub source_id: String,
    /// In the table, from 1; a row may be longer than a line.
    pub line: u64,
    /// Name of the file as it stands; nothing where it is empty or `#error#`.
    pub file: Option<String>,
    pub figures: Figures,
    /// What is filled, in order: name without markup, which of that name (from 1), text as it stands.
    pub columns: Vec<(String, u32, String)>,
    /// What is not as it should be and was kept all the same.
    pub warnings: Vec<Warning>,
}

/// A row that tells of no activity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RefusedRow {
    pub line: u64,
    pub source_id: Option<String>,
    pub code: &'static str,
    pub reason: String,
}

/// A reader of fields as they are: of any number in a row, with line breaks in them.
fn reader(bytes: &[u8]) -> csv::Reader<&[u8]> {
    ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes)
}

/// The table without the mark of UTF-8 before it.
fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

fn first_record(reader: &mut csv::Reader<&[u8]>) -> Result<ByteRecord, Refusal> {
    let mut record = ByteRecord::new();
    match reader.read_byte_record(&mut record) {
        Ok(true) => Ok(record),
        Ok(false) => Err(empty()),
        Err(error) => Err(unreadable(&error)),
    }
}

fn empty() -> Refusal {
    Refusal::new("export_empty", "the table has not even a header")
}

fn unreadable(error: &csv::Error) -> Refusal {
    Refusal::new("export_unreadable", error.to_string())
}

#[cfg(test)]
mod tests;
