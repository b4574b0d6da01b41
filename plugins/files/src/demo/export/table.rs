//! `activities.csv`: cells, rows and their text.

use jiff::Timestamp;

use super::header::{ENGLISH, GERMAN, of_german};
use super::language::Language;

/// What stands in a column.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    Empty,
    Text(String),
    /// A word that exports translate.
    Word(&'static str),
    Whole(i64),
    Number(f64),
    /// Metres, shown as kilometres with two decimals.
    Kilometers(f64),
    Time(Timestamp),
    Flag(bool),
}

/// A row, by the English columns.
#[derive(Debug, Clone)]
pub(super) struct Row(Vec<Cell>);

impl Row {
    pub(super) fn new() -> Self {
        Self(vec![Cell::Empty; ENGLISH.len()])
    }

    /// Fills the first column of that name.
    pub(super) fn shown(&mut self, name: &str, cell: Cell) -> &mut Self {
        let at = ENGLISH.iter().position(|column| *column == name);
        self.fill(at, cell)
    }

    /// Fills the last column of that name, which holds metres and seconds.
    pub(super) fn exact(&mut self, name: &str, cell: Cell) -> &mut Self {
        let at = ENGLISH.iter().rposition(|column| *column == name);
        self.fill(at, cell)
    }

    /// Fills the last column of that name with a number of so many decimals.
    pub(super) fn number(&mut self, name: &str, number: f64, decimals: i32) -> &mut Self {
        let shift = 10f64.powi(decimals);
        self.exact(name, Cell::Number((number * shift).round() / shift))
    }

    fn fill(&mut self, at: Option<usize>, cell: Cell) -> &mut Self {
        debug_assert!(at.is_some(), "no such column");
        if let Some(place) = at.and_then(|at| self.0.get_mut(at)) {
            *place = cell;
        }
        self
    }
}

/// The whole table.
pub(super) fn text(rows: &[Row], language: Language) -> String {
    let mut text = String::with_capacity(rows.len() * 500 + 4000);
    match language {
        Language::English => {
            line(&mut text, ENGLISH.iter().map(|name| (*name).to_owned()));
            rows.iter().for_each(|row| line(&mut text, row.0.iter().map(|cell| language.text(cell))));
        }
        Language::German => {
            line(&mut text, GERMAN.iter().map(|name| (*name).to_owned()));
            for row in rows {
                let cells = (0..GERMAN.len()).filter_map(|column| row.0.get(of_german(column)));
                line(&mut text, cells.map(|cell| language.text(cell)));
            }
        }
    }
    text
}

/// A line of a table, with quotes where a cell needs them.
pub(super) fn line(text: &mut String, cells: impl Iterator<Item = String>) {
    for (index, cell) in cells.enumerate() {
        if index > 0 {
            text.push(',');
        }
        if cell.contains([',', '"', '\n', '\r']) {
            text.extend(["\"", &cell.replace('"', "\"\""), "\""]);
        } else {
            text.push_str(&cell);
        }
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_comes_twice_has_two_places() {
        let mut row = Row::new();
        row.shown("Distance", Cell::Kilometers(9837.9)).number("Distance", 9837.94, 1);
        let table = text(&[row], Language::English);
        let values: Vec<_> = table.lines().nth(1).unwrap().split(',').collect();
        assert_eq!((values[6], values[17]), ("9.83", "9837.9"));
    }

    #[test]
    fn a_german_row_has_as_many_cells_as_its_header() {
        let mut row = Row::new();
        row.exact("Media", Cell::Text("a.jpg".to_owned())).exact("Competition", Cell::Number(1.0));
        let table = text(&[row], Language::German);
        let cells: Vec<_> = table.lines().map(|line| line.split(',').count()).collect();
        assert_eq!(cells, [92, 92]);
        assert!(table.ends_with(",a.jpg\n"));
    }

    #[test]
    fn what_would_break_a_line_is_quoted() {
        let mut text = String::new();
        line(&mut text, ["a,b", "say \"no\"", "two\nlines", "plain"].map(str::to_owned).into_iter());
        assert_eq!(text, "\"a,b\",\"say \"\"no\"\"\",\"two\nlines\",plain\n");
    }
}
