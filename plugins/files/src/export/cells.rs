//! One row of the table of activities, asked by field.

use csv::ByteRecord;
use fitness::recording::Warning;

use super::header::{Column, Header};
use super::names::Field;
use super::{number, text};

/// The cells of a row below their header.
pub(super) struct Cells<'a> {
    pub header: &'a Header,
    record: &'a ByteRecord,
}

impl<'a> Cells<'a> {
    pub(super) fn of(header: &'a Header, record: &'a ByteRecord) -> Self {
        Self { header, record }
    }

    /// The text of a field; of several columns the last that is filled, because the later ones are exact.
    pub(super) fn text(&self, field: Field) -> Option<String> {
        self.header.places(field).iter().rev().find_map(|place| self.at(*place))
    }

    /// The text of the n-th column of a field, from 1.
    pub(super) fn nth_text(&self, field: Field, occurrence: usize) -> Option<String> {
        self.header.places(field).get(occurrence.checked_sub(1)?).and_then(|place| self.at(*place))
    }

    /// The number of a field; of several columns the last that has one.
    pub(super) fn number(&self, field: Field) -> Option<f64> {
        self.header.places(field).iter().rev().find_map(|place| self.number_at(*place))
    }

    /// The number of the n-th column of a field, from 1.
    pub(super) fn nth_number(&self, field: Field, occurrence: usize) -> Option<f64> {
        self.nth_text(field, occurrence).and_then(|text| number::parse(&text, self.header.language))
    }

    /// Every filled cell: name, which of that name, text.
    pub(super) fn filled(&self) -> Vec<(String, u32, String)> {
        filled(&self.header.columns, self.record)
    }

    /// What is wrong with the row as a whole.
    pub(super) fn warnings(&self) -> Vec<Warning> {
        let (cells, columns) = (self.record.len(), self.header.columns.len());
        if cells == columns {
            return Vec::new();
        }
        let code = if cells < columns { "row_too_short" } else { "row_too_long" };
        vec![Warning { code: code.to_owned(), detail: format!("{cells} fields below {columns} columns") }]
    }

    fn number_at(&self, place: usize) -> Option<f64> {
        self.at(place).and_then(|text| number::parse(&text, self.header.language))
    }

    fn at(&self, place: usize) -> Option<String> {
        self.record.get(place).and_then(text::of)
    }
}

/// The filled cells of a row with their columns; cells without a column have no name and are numbered.
pub(super) fn filled(columns: &[Column], record: &ByteRecord) -> Vec<(String, u32, String)> {
    let cell = |(place, cell): (usize, &[u8])| {
        let (name, occurrence) = match columns.get(place) {
            Some(column) => (column.name.clone(), column.occurrence),
            None => (String::new(), u32::try_from(place - columns.len() + 1).ok()?),
        };
        Some((name, occurrence, text::of(cell)?))
    };
    record.iter().enumerate().filter_map(cell).collect()
}
