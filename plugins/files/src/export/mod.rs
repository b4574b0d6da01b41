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
mod sport;
mod text;

use std::collections::HashSet;

use csv::{ByteRecord, ReaderBuilder};
use fitness::export::Figures;
use fitness::recording::Warning;

pub(crate) use lists::{Item, List, items};
pub(crate) use lone::{PROVENANCE, activity};

use crate::decode::Refusal;
use cells::Cells;
use header::Header;
use names::Field;

/// Name of the table of activities; what holds it is an export.
pub(crate) const ACTIVITIES: &str = "activities.csv";

/// The table of activities.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Table {
    /// In the order of the table; no two have the same id.
    pub rows: Vec<Row>,
    pub refused: Vec<RefusedRow>,
}

/// A row of the table of activities.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    /// The source's own id of the activity: digits.
    pub source_id: String,
    /// In the table, from 1; a row may be longer than a line.
    pub line: u64,
    /// Name of the file as it stands; nothing where it is empty or `#error#`.
    pub file: Option<String>,
    /// True where the source says that it lost the file.
    pub file_lost: bool,
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

/// Reads `activities.csv`. A row without an id or a date is refused and stops no other.
pub(crate) fn rows(bytes: &[u8]) -> Result<Table, Refusal> {
    let bytes = without_mark(bytes);
    let mut reader = reader(bytes);
    let header = Header::of(&first_record(&mut reader)?)?;
    let mut table = Table { rows: Vec::new(), refused: Vec::new() };
    let mut known: HashSet<String> = HashSet::new();
    let mut record = ByteRecord::new();
    loop {
        match reader.read_byte_record(&mut record) {
            Ok(false) => return Ok(table),
            Ok(true) => match row(&header, &record, line(bytes, &record), &known) {
                Ok(row) => {
                    known.insert(row.source_id.clone());
                    table.rows.push(row);
                }
                Err(refused) => table.refused.push(refused),
            },
            Err(error) => return Err(unreadable(&error)),
        }
    }
}

fn row(header: &Header, record: &ByteRecord, line: u64, known: &HashSet<String>) -> Result<Row, RefusedRow> {
    let cells = Cells::of(header, record);
    let id = cells.text(Field::Id);
    let refuse = |code, reason: String| Err(RefusedRow { line, source_id: id.clone(), code, reason });
    let Some(source_id) = id.clone() else {
        return refuse("row_without_id", "no id of the activity".to_owned());
    };
    if !source_id.bytes().all(|byte| byte.is_ascii_digit()) {
        return refuse("row_bad_id", format!("`{}` is no id of an activity", text::short(&source_id)));
    }
    let Some(date) = cells.text(Field::Date) else {
        return refuse("row_without_date", "no date of the activity".to_owned());
    };
    let Some(start) = date::moment(&date, header.language) else {
        return refuse("row_bad_date", format!("`{}` is no date that is known", text::short(&date)));
    };
    if known.contains(&source_id) {
        return refuse("row_duplicate", format!("activity `{source_id}` stands above already"));
    }
    let mut warnings = cells.warnings();
    let figures = figures::of(&cells, start, &mut warnings);
    let named = cells.text(Field::Filename);
    let file_lost = named.as_deref().is_some_and(is_lost);
    let file = named.filter(|_| !file_lost);
    Ok(Row { source_id, line, file, file_lost, figures, columns: cells.filled(), warnings })
}

fn is_lost(name: &str) -> bool {
    name.trim_matches('#').eq_ignore_ascii_case("error")
}

/// A reader of fields as they are: of any number in a row, with line breaks in them.
fn reader(bytes: &[u8]) -> csv::Reader<&[u8]> {
    ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes)
}

/// The table without the mark of UTF-8 before it.
fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

/// The line that a record begins in: the reader's own count stands before what ends the last record.
fn line(bytes: &[u8], record: &ByteRecord) -> u64 {
    let Some(position) = record.position() else { return 0 };
    let start = usize::try_from(position.byte()).unwrap_or(usize::MAX);
    let ends = bytes.get(start..).unwrap_or_default().iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
    position.line() + ends.filter(|byte| **byte == b'\n').count() as u64
}

fn first_record(reader: &mut csv::Reader<&[u8]>) -> Result<ByteRecord, Refusal> {
    let mut record = ByteRecord::new();
    match reader.read_byte_record(&mut record) {
        Ok(true) => Ok(record),
        Ok(false) => Err(Refusal::new("export_empty", "the table has not even a header")),
        Err(error) => Err(unreadable(&error)),
    }
}

fn unreadable(error: &csv::Error) -> Refusal {
    Refusal::new("export_unreadable", error.to_string())
}

#[cfg(test)]
mod tests;
