//! Cuts a table into its rows, also where a quote is missing or one too many.
//!
//! A quote that is not closed in its row would swallow the rows below it, without a word. So a line inside of quotes
//! that reads as a row begins one, unless the record that holds it is flawless: every quote closed before a comma or
//! a line's end, and as many fields as the table has columns.

/// Longest row that is read; real ones have a few thousand bytes.
pub(super) const ROW_BYTES: usize = 256 << 10;

/// Tells a line that reads as a row of the table.
pub(super) type ReadsAsRow<'a> = dyn Fn(&[u8]) -> bool + 'a;

/// Where a row lies in its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub start: usize,
    /// Behind the last byte, before what ends the line.
    pub end: usize,
    pub flaw: Option<Flaw>,
}

/// What is wrong with a row as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// A quote was not closed, and the row ends before the next one.
    Unclosed,
    /// A field holds lines that read as rows.
    HoldsRows,
    /// Too long to be read.
    TooLarge,
}

/// The next row from a place on, without empty lines; nothing at the end of the table.
pub(super) fn next(
    table: &[u8],
    from: usize,
    columns: Option<usize>,
    reads_as_row: &ReadsAsRow<'_>,
) -> Option<Span> {
    let start = from + table.get(from..)?.iter().position(|byte| !is_end(*byte))?;
    let mut scan = Scan::new(columns);
    let most = table.len().min(start + ROW_BYTES);
    for at in start..most {
        if !scan.is_open() && is_end(table[at]) {
            return Some(scan.close(table, start, at));
        }
        scan.take(table[at], at);
        let begins_line = scan.is_open() && ends_line(table, at);
        if begins_line && scan.swallowed.is_none() && reads_as_row(line(table, at + 1)) {
            scan.swallowed = Some(at + 1);
        }
        if scan.swallowed.is_some() && scan.is_flawed() {
            return Some(scan.close(table, start, at + 1));
        }
    }
    if most == table.len() || scan.swallowed.is_some() {
        return Some(scan.close(table, start, most));
    }
    Some(Span { start, end: after_large(table, most, reads_as_row), flaw: Some(Flaw::TooLarge) })
}

/// The place of the quote that opens the last field and does not close it.
pub(super) fn unclosed(row: &[u8]) -> Option<usize> {
    let mut scan = Scan::new(None);
    row.iter().enumerate().for_each(|(at, byte)| scan.take(*byte, at));
    scan.is_open().then_some(scan.opened)
}

/// How many lines end in these bytes.
pub(super) fn lines(bytes: &[u8]) -> usize {
    (0..bytes.len()).filter(|at| ends_line(bytes, *at)).count()
}

/// The fields of a row, as far as they have been seen.
struct Scan {
    columns: Option<usize>,
    fields: usize,
    state: State,
    /// Where the last quote opened.
    opened: usize,
    /// True where something follows a closing quote.
    is_broken: bool,
    /// Where the first line begins that lies inside of quotes and reads as a row.
    swallowed: Option<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Start,
    Plain,
    Quoted,
    /// A quote inside of quotes: the end of the field, or one half of a quote that is meant.
    Quote,
}

impl Scan {
    fn new(columns: Option<usize>) -> Self {
        Self { columns, fields: 1, state: State::Start, opened: 0, is_broken: false, swallowed: None }
    }

    fn is_open(&self) -> bool {
        self.state == State::Quoted
    }

    /// True where the row cannot turn out flawless any more.
    fn is_flawed(&self) -> bool {
        self.is_broken || self.columns.is_none_or(|columns| self.fields > columns)
    }

    fn take(&mut self, byte: u8, at: usize) {
        self.state = match (self.state, byte) {
            (State::Quoted, b'"') => State::Quote,
            (State::Quoted, _) | (State::Quote, b'"') => State::Quoted,
            (_, b',') => {
                self.fields += 1;
                State::Start
            }
            (State::Start, b'"') => {
                self.opened = at;
                State::Quoted
            }
            (state, _) => {
                self.is_broken |= state == State::Quote;
                State::Plain
            }
        };
    }

    /// The row that ends here, or before the first row that it has swallowed.
    fn close(&self, table: &[u8], start: usize, end: usize) -> Span {
        let Some(swallowed) = self.swallowed else { return Span { start, end, flaw: None } };
        let is_flawless = !self.is_flawed() && !self.is_open() && self.columns == Some(self.fields);
        if is_flawless {
            return Span { start, end, flaw: Some(Flaw::HoldsRows) };
        }
        let ends = table[start..swallowed].iter().rev().take_while(|byte| is_end(**byte)).count();
        Span { start, end: swallowed - ends, flaw: Some(Flaw::Unclosed) }
    }
}

/// The end of what is too long: before the next line that reads as a row.
fn after_large(table: &[u8], from: usize, reads_as_row: &ReadsAsRow<'_>) -> usize {
    let begins = |at: &usize| ends_line(table, *at) && reads_as_row(line(table, at + 1));
    (from..table.len()).find(begins).unwrap_or(table.len())
}

/// The line that begins here, as far as a row may go.
fn line(table: &[u8], start: usize) -> &[u8] {
    let rest = table.get(start..).unwrap_or_default();
    let rest = &rest[..rest.len().min(ROW_BYTES)];
    let end = rest.iter().position(|byte| is_end(*byte)).unwrap_or(rest.len());
    &rest[..end]
}

fn is_end(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

/// True for the last byte of what ends a line: of two, the second.
fn ends_line(bytes: &[u8], at: usize) -> bool {
    bytes[at] == b'\n' || (bytes[at] == b'\r' && bytes.get(at + 1) != Some(&b'\n'))
}
