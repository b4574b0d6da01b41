//! One row of the table of activities, asked by field.

use std::cell::RefCell;
use std::ops::RangeInclusive;

use csv::ByteRecord;
use fitness::recording::Warning;

use super::header::{Column, Header};
use super::names::Field;
use super::{number, range, text};

/// The cells of a row below their header.
pub(super) struct Cells<'a> {
    pub header: &'a Header,
    record: &'a ByteRecord,
    impossible: RefCell<Vec<String>>,
}

impl<'a> Cells<'a> {
    pub(super) fn of(header: &'a Header, record: &'a ByteRecord) -> Self {
        Self { header, record, impossible: RefCell::default() }
    }

    /// The text of a field; of several columns the last that is filled, because the later ones are exact.
    pub(super) fn text(&self, field: Field) -> Option<String> {
        self.header.places(field).iter().rev().find_map(|place| self.at(*place))
    }

    /// The text of the n-th column of a field, from 1.
    pub(super) fn nth_text(&self, field: Field, occurrence: usize) -> Option<String> {
        self.header.places(field).get(occurrence.checked_sub(1)?).and_then(|place| self.at(*place))
    }

    /// The figure of a field: of several columns the last that has one which can be. What cannot be is noted.
    pub(super) fn figure(&self, field: Field) -> Option<f64> {
        let range = range::of(field);
        let can_be = |number| range.contains(&number) || range::is_nothing(field, number);
        let number = self.header.places(field).iter().rev().find_map(|place| self.number(*place, can_be));
        number.filter(|number| !range::is_nothing(field, *number))
    }

    /// The number of the n-th column of a field, from 1, where it lies within a range. What does not is noted.
    pub(super) fn nth_number(
        &self,
        field: Field,
        occurrence: usize,
        range: &RangeInclusive<f64>,
    ) -> Option<f64> {
        let place = self.header.places(field).get(occurrence.checked_sub(1)?)?;
        self.number(*place, |number| range.contains(&number))
    }

    /// What was asked for as a number and cannot be one.
    pub(super) fn impossible(&self) -> Option<Warning> {
        let impossible = self.impossible.take();
        let detail = (!impossible.is_empty()).then(|| impossible.join(", "))?;
        Some(Warning { code: "value_out_of_range".to_owned(), detail })
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

    fn number(&self, place: usize, can_be: impl Fn(f64) -> bool) -> Option<f64> {
        let text = self.at(place)?;
        let number = number::parse(&text, self.header.language).filter(|number| can_be(*number));
        if number.is_none() {
            let name = self.header.columns.get(place).map_or("", |column| column.name.as_str());
            let said = format!("`{}` is `{}`", text::short(name), text::short(&text));
            self.impossible.borrow_mut().push(said);
        }
        number
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
