//! Aligned columns, at most a hundred characters wide.

use std::fmt;

/// No line is longer.
pub(crate) const WIDTH: usize = 100;
const GAP: &str = "  ";
/// A shortened cell keeps at least this much.
const NARROWEST: usize = 8;

/// Where the cells of a column stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Left,
    /// Numbers.
    Right,
}

/// Rows under a head; an empty cell is a value that is not known.
#[derive(Debug)]
pub(crate) struct Table {
    head: Vec<(&'static str, Side)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(head: &[(&'static str, Side)]) -> Self {
        Self { head: head.to_vec(), rows: Vec::new() }
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    fn widths(&self) -> Vec<usize> {
        let cell = |row: &Vec<String>, column: usize| row.get(column).map_or(0, |cell| width(cell));
        let widest = |column: usize| self.rows.iter().map(|row| cell(row, column)).max().unwrap_or(0);
        let mut widths: Vec<usize> =
            self.head.iter().enumerate().map(|(column, (head, _))| widest(column).max(width(head))).collect();
        // The widest column of text gives way.
        let total: usize = widths.iter().sum::<usize>() + GAP.len() * widths.len().saturating_sub(1);
        let text = |column: &usize| self.head[*column].1 == Side::Left;
        let flexible = (0..widths.len()).filter(text).max_by_key(|column| widths[*column]);
        if let (Some(column), Some(excess)) = (flexible, total.checked_sub(WIDTH)) {
            widths[column] = widths[column].saturating_sub(excess).max(NARROWEST);
        }
        widths
    }

    fn line<'a>(&self, cells: impl Iterator<Item = &'a str>, widths: &[usize]) -> String {
        let cells = cells.zip(widths).zip(&self.head).map(|((cell, width), (_, side))| {
            let cell = shortened(cell, *width);
            match side {
                Side::Left => format!("{cell:<width$}"),
                Side::Right => format!("{cell:>width$}"),
            }
        });
        cells.collect::<Vec<_>>().join(GAP).trim_end().to_owned()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths = self.widths();
        f.write_str(&self.line(self.head.iter().map(|(head, _)| *head), &widths))?;
        for row in &self.rows {
            write!(f, "\n{}", self.line(row.iter().map(String::as_str), &widths))?;
        }
        Ok(())
    }
}

/// The text, cut with an ellipsis where it is longer.
pub(crate) fn shortened(text: &str, longest: usize) -> String {
    if width(text) <= longest {
        return text.to_owned();
    }
    text.chars().take(longest.saturating_sub(1)).chain(['…']).collect()
}

/// The end of a path, where what tells files apart stands.
pub(crate) fn shortened_path(path: &str, longest: usize) -> String {
    let length = width(path);
    if length <= longest {
        return path.to_owned();
    }
    ['…'].into_iter().chain(path.chars().skip(length + 1 - longest)).collect()
}

/// Paragraphs broken at spaces, each line after the first under the first.
pub(crate) fn wrapped(label: &str, text: &str, indent: usize) -> String {
    let room = WIDTH - indent;
    let mut lines = vec![String::new()];
    let mut words: Vec<&str> = text.split_whitespace().collect();
    words.reverse();
    while let Some(word) = words.pop() {
        let full = lines.last().is_some_and(|line| !line.is_empty() && width(line) + 1 + width(word) > room);
        if full {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    format!("{label:<indent$}{}", lines.join(&format!("\n{:indent$}", "")))
}

/// How many characters wide a text stands.
pub(crate) fn width(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(name: &str) -> String {
        let mut table = Table::new(&[("Day", Side::Left), ("km", Side::Right), ("Name", Side::Left)]);
        table.row(["2024-05-02".to_owned(), "9.8".to_owned(), name.to_owned()]);
        table.row(["2024-05-03".to_owned(), "112.0".to_owned(), String::new()]);
        table.to_string()
    }

    #[test]
    fn numbers_stand_right_and_text_left() {
        let wanted = "Day            km  Name\n2024-05-02    9.8  Lunch\n2024-05-03  112.0";
        assert_eq!(table("Lunch"), wanted);
    }

    #[test]
    fn a_long_name_gives_way() {
        let lines = table(&"x".repeat(200));
        assert!(lines.lines().all(|line| width(line) <= WIDTH), "{lines}");
        assert!(lines.contains('…'));
    }

    #[test]
    fn a_long_path_keeps_its_end() {
        assert_eq!(shortened_path("/home/me/runs/2024.fit", 12), "…ns/2024.fit");
    }

    #[test]
    fn a_paragraph_hangs_under_its_label() {
        let text = wrapped("Why", &"word ".repeat(30), 6);
        assert!(text.starts_with("Why   word"));
        assert!(text.lines().skip(1).all(|line| line.starts_with("      word")));
        assert!(text.lines().all(|line| width(line) <= WIDTH));
    }
}
