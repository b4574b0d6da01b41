//! The first row of a table: what its columns are called and which of them are known.

use std::collections::HashMap;

use csv::ByteRecord;

use super::names::{self, Field, Language};
use super::text;
use crate::decode::Refusal;

/// Most columns of a table; Strava's have a hundred.
const COLUMNS: usize = 512;
/// Most bytes of all their names; each row is kept with them.
const NAME_BYTES: usize = 16 << 10;

/// A column: its name without markup, and which of that name it is, from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    pub name: String,
    pub occurrence: u32,
}

/// The columns of the table of activities.
#[derive(Debug)]
pub(super) struct Header {
    pub columns: Vec<Column>,
    pub language: Language,
    /// True of the ten columns of 2018, whose only distance is in metres.
    pub is_first_form: bool,
    /// Of all names together.
    pub name_bytes: usize,
    fields: HashMap<Field, Vec<usize>>,
}

impl Header {
    /// Binds the columns by their names; refused where id or date cannot be found, or where there are too many.
    pub(super) fn of(record: &ByteRecord) -> Result<Self, Refusal> {
        let columns = columns(record);
        let name_bytes = columns.iter().map(|column| column.name.len()).sum();
        if columns.len() > COLUMNS || name_bytes > NAME_BYTES {
            let count = columns.len();
            let reason = format!(
                "{count} columns with names of {name_bytes} bytes, at most {COLUMNS} with {NAME_BYTES} are read"
            );
            return Err(Refusal::new("export_header_too_large", reason));
        }
        let plain: Vec<String> = columns.iter().map(|column| names::plain(&column.name)).collect();
        let is_first_form = names::is_first_form(&plain);
        let mut fields: HashMap<Field, Vec<usize>> = HashMap::new();
        for (index, name) in plain.iter().enumerate() {
            let field = if is_first_form { names::first_form(name) } else { names::field(name) };
            if let Some(field) = field {
                fields.entry(field).or_default().push(index);
            }
        }
        let header = Self { columns, language: names::language(&plain), is_first_form, name_bytes, fields };
        if header.places(Field::Id).is_empty() || header.places(Field::Date).is_empty() {
            return Err(header.unknown());
        }
        Ok(header)
    }

    /// The places of a field's columns, in order.
    pub(super) fn places(&self, field: Field) -> &[usize] {
        self.fields.get(&field).map_or(&[], Vec::as_slice)
    }

    /// How many fields have a column.
    #[cfg(test)]
    pub(super) fn known(&self) -> usize {
        self.fields.len()
    }

    fn unknown(&self) -> Refusal {
        let names: Vec<_> = self.columns.iter().take(4).map(|column| text::short(&column.name)).collect();
        let reason = format!(
            "no column is known as the activity's id and date (English, German and French are); the first are `{}`",
            names.join("`, `")
        );
        Refusal::new("export_header_unknown", reason)
    }
}

/// The names of the columns, numbered where they repeat.
pub(super) fn columns(record: &ByteRecord) -> Vec<Column> {
    let mut counts: HashMap<String, u32> = HashMap::new();
    let column = |cell: &[u8]| {
        let name = text::line(&text::without_tags(&text::of(cell).unwrap_or_default()));
        let count = counts.entry(name.clone()).or_default();
        *count += 1;
        Column { name, occurrence: *count }
    };
    record.iter().map(column).collect()
}
