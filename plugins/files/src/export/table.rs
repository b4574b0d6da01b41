//! The table of activities: listed in one go, each row read when it is needed.

use std::collections::HashSet;
use std::sync::Arc;

use csv::ByteRecord;
use encoding_rs::Encoding;
use fitness::recording::Warning;

use super::cells::Cells;
use super::header::Header;
use super::names::{Field, Language};
use super::split::{self, Flaw, Span};
use super::{RefusedRow, Row, date, empty, figures, text};
use crate::decode::Refusal;

/// The code of a row that says that its activity begins in the future.
pub(crate) const FUTURE: &str = "time_out_of_range";

/// The table of activities, as text that nothing has been made of yet.
#[derive(Debug)]
pub(crate) struct Table {
    bytes: Arc<Vec<u8>>,
    header: Header,
    /// Behind the header.
    body: usize,
}

/// Where a row lies in its table, and whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub id: u64,
    start: u32,
    bytes: u32,
    line: u32,
    flaw: Option<Flaw>,
}

/// What is known of a row before it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listed {
    pub place: Place,
    /// Name of the file as it stands; nothing where it is empty or `#error#`.
    pub file: Option<String>,
    /// True where the source says that it lost the file.
    pub file_lost: bool,
}

impl Table {
    /// Takes the bytes of `activities.csv` in UTF-8, or in UTF-16 with or without its mark.
    pub(crate) fn open(bytes: Arc<Vec<u8>>) -> Result<Self, Refusal> {
        let bytes = match encoding_of(&bytes) {
            Some(encoding) => Arc::new(encoding.decode(&bytes).0.into_owned().into_bytes()),
            None => bytes,
        };
        let start = bytes.len() - super::without_mark(&bytes).len();
        let Some(span) = split::next(&bytes, start, None, &begins_rows) else { return Err(empty()) };
        if span.flaw == Some(Flaw::TooLarge) {
            let reason = format!("the header has more than {} bytes", split::ROW_BYTES);
            return Err(Refusal::new("export_header_too_large", reason));
        }
        let header = Header::of(&record(&bytes[span.start..span.end], None))?;
        Ok(Self { bytes, header, body: span.end })
    }

    /// The rows in order, each as far as it can be told what it is of. A row without an id or a date is refused and
    /// stops no other.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Result<Listed, RefusedRow>> {
        let (mut at, mut known) = (self.body, HashSet::new());
        let (mut counted, mut line) = (0, 1);
        std::iter::from_fn(move || {
            let span =
                split::next(&self.bytes, at, Some(self.header.columns.len()), &|line| self.is_row(line))?;
            line += split::lines(&self.bytes[counted..span.start]);
            (at, counted) = (span.end, span.start);
            Some(self.listed(span, line, &mut known))
        })
    }

    /// Reads a row, for somebody whose clock says that nothing can have begun after `latest_ms`.
    pub(crate) fn row(&self, place: &Place, latest_ms: i64) -> Row {
        let bytes = self.bytes_at(place);
        let record = self.record(bytes);
        let cells = Cells::of(&self.header, &record);
        let mut warnings = cells.warnings();
        warnings.extend(flaw(place.flaw, bytes));
        if std::str::from_utf8(bytes).is_err() {
            let detail = "the text is not UTF-8; it was read as that of Windows (1252)";
            warnings.push(warning("row_not_utf8", detail.to_owned()));
        }
        let start = cells.text(Field::Date).and_then(|date| date::moment(&date, self.header.language));
        let possible = start.filter(|start| start.ms <= latest_ms);
        if let (Some(_), None, Some(date)) = (start, possible, cells.text(Field::Date)) {
            warnings.push(warning(FUTURE, format!("`{}` is yet to come", text::short(&date))));
        }
        let figures = figures::of(&cells, possible, &mut warnings);
        let (source_id, line) = (place.id.to_string(), u64::from(place.line));
        Row { source_id, line, file: file(&cells).0, figures, columns: cells.filled(), warnings }
    }

    /// How much memory a row takes when it is read, about.
    pub(crate) fn weight(&self, place: &Place) -> u64 {
        u64::from(place.bytes) + self.header.name_bytes as u64
    }

    fn listed(&self, span: Span, line: usize, known: &mut HashSet<u64>) -> Result<Listed, RefusedRow> {
        let mut refused =
            RefusedRow { line: line as u64, source_id: None, code: "row_too_large", reason: String::new() };
        if span.flaw == Some(Flaw::TooLarge) {
            refused.reason = format!("more than {} bytes", split::ROW_BYTES);
            return Err(refused);
        }
        let record = self.record(&self.bytes[span.start..span.end]);
        let cells = Cells::of(&self.header, &record);
        refused.source_id = cells.text(Field::Id).map(|id| text::short(&id));
        match self.id(&cells, known) {
            Ok(id) => {
                let (start, bytes) = (small(span.start), small(span.end - span.start));
                let (file, file_lost) = file(&cells);
                let place = Place { id, start, bytes, line: small(line), flaw: span.flaw };
                Ok(Listed { place, file, file_lost })
            }
            Err((code, reason)) => Err(RefusedRow { code, reason, ..refused }),
        }
    }

    /// The id of a row that tells of an activity, or why it tells of none.
    fn id(&self, cells: &Cells<'_>, known: &mut HashSet<u64>) -> Result<u64, (&'static str, String)> {
        let Some(text) = cells.text(Field::Id) else {
            return Err(("row_without_id", "no id of the activity".to_owned()));
        };
        let Some(id) = id(&text) else {
            return Err(("row_bad_id", format!("`{}` is no id of an activity", text::short(&text))));
        };
        let Some(date) = cells.text(Field::Date) else {
            return Err(("row_without_date", "no date of the activity".to_owned()));
        };
        if date::moment(&date, self.header.language).is_none() {
            return Err(("row_bad_date", format!("`{}` is no date that is known", text::short(&date))));
        }
        if known.insert(id) {
            Ok(id)
        } else {
            Err(("row_duplicate", format!("activity `{id}` stands above already")))
        }
    }

    /// True for a line that has an id and either a date or all its fields.
    fn is_row(&self, line: &[u8]) -> bool {
        if !line.iter().any(u8::is_ascii_digit) {
            return false;
        }
        let record = record(line, None);
        let cells = Cells::of(&self.header, &record);
        let has_date = || {
            let date = cells.text(Field::Date);
            date.is_some_and(|date| date::moment(&date, self.header.language).is_some())
        };
        cells.text(Field::Id).and_then(|text| id(&text)).is_some()
            && (has_date() || record.len() == self.header.columns.len())
    }

    fn record(&self, row: &[u8]) -> ByteRecord {
        record(row, Some(self.header.columns.len()))
    }

    fn bytes_at(&self, place: &Place) -> &[u8] {
        let start = place.start as usize;
        self.bytes.get(start..start + place.bytes as usize).unwrap_or_default()
    }
}

/// The fields of a row. A quote that is not closed is taken for a character where that gives as many fields as there
/// are columns, or where their number is not known.
fn record(row: &[u8], columns: Option<usize>) -> ByteRecord {
    let as_it_stands = fields(row);
    if columns == Some(as_it_stands.len()) {
        return as_it_stands;
    }
    let Some(quote) = split::unclosed(row) else { return as_it_stands };
    let mended = fields(&[&row[..quote], &row[quote + 1..]].concat());
    if columns.is_none_or(|columns| columns == mended.len()) { mended } else { as_it_stands }
}

fn fields(row: &[u8]) -> ByteRecord {
    let mut record = ByteRecord::new();
    // Bytes in memory can always be read, and those of one row are one record.
    let _ = super::reader(row).read_byte_record(&mut record);
    record
}

/// True for a line that reads as a row below a header that is not known yet.
fn begins_rows(line: &[u8]) -> bool {
    let record = fields(line);
    let cell = |place| record.get(place).and_then(text::of);
    cell(0).is_some_and(|text| id(&text).is_some())
        && cell(1).is_some_and(|date| date::moment(&date, Language::English).is_some())
}

/// A number that can be an id; nobody writes it with noughts before it but programs for tables.
fn id(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// The file that a row names, and whether its source has lost it.
fn file(cells: &Cells<'_>) -> (Option<String>, bool) {
    let named = cells.text(Field::Filename);
    let is_lost = named.as_deref().is_some_and(|name| name.trim_matches('#').eq_ignore_ascii_case("error"));
    (named.filter(|_| !is_lost), is_lost)
}

fn flaw(flaw: Option<Flaw>, row: &[u8]) -> Option<Warning> {
    let detail = match flaw {
        Some(Flaw::HoldsRows) => "a field holds lines that read as rows; they were left in it",
        Some(Flaw::Unclosed) => "a quote is not closed; the row was ended before the next one",
        _ if split::unclosed(row).is_some() => "a quote is not closed",
        _ => return None,
    };
    Some(warning("row_quotes_broken", detail.to_owned()))
}

fn warning(code: &str, detail: String) -> Warning {
    Warning { code: code.to_owned(), detail }
}

/// UTF-16, where the table says so or begins with a character of two bytes.
fn encoding_of(bytes: &[u8]) -> Option<&'static Encoding> {
    match bytes {
        [0xff, 0xfe, ..] | [1..=255, 0, ..] => Some(encoding_rs::UTF_16LE),
        [0xfe, 0xff, ..] | [0, 1..=255, ..] => Some(encoding_rs::UTF_16BE),
        _ => None,
    }
}

/// A table is never larger than that.
fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
