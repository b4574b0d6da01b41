//! What the steps of a run said, as a person reads it.

use engine::log::record::LineRecord;
use jiff::tz::TimeZone;

use crate::table::{shortened, width, wrapped};
use crate::units;

/// A longer name is cut.
const NAME: usize = 24;

/// A line for each, with its step and attempt.
pub(super) fn text(lines: &[LineRecord], zone: &TimeZone) -> String {
    let name_width = lines.iter().map(|line| width(&line.step)).max().unwrap_or(0).min(NAME);
    lines.iter().map(|line| told(line, name_width, zone)).collect::<Vec<_>>().join("\n")
}

/// `18:03:27  days       2  warn   slow`.
pub(super) fn told(line: &LineRecord, name_width: usize, zone: &TimeZone) -> String {
    let step = shortened(&line.step, name_width);
    let (attempt, level) = (line.attempt, line.level.as_str());
    let label = format!("{}  {step:<name_width$}  {attempt:>2}  {level:<5}  ", clock(line.at_ms, zone));
    wrapped(&label, &line.text, width(&label))
}

/// The time of day.
pub(super) fn clock(at_ms: i64, zone: &TimeZone) -> String {
    let moment = units::local_moment(at_ms, zone);
    moment.split_once(' ').map(|(_, clock)| clock.to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use engine::log::Level;

    use super::*;
    use crate::table::WIDTH;

    fn line(step: &str, attempt: i64, level: Level, text: &str) -> LineRecord {
        let at_ms = 1_709_335_800_000;
        LineRecord { seq: 0, step: step.to_owned(), attempt, at_ms, level, text: text.to_owned() }
    }

    #[test]
    fn lines_stand_in_columns() {
        let lines = [line("read", 1, Level::Info, "3 rows"), line("days", 12, Level::Error, "gone [lost]")];
        let wanted = "23:30:00  read   1  info   3 rows\n23:30:00  days  12  error  gone [lost]";
        assert_eq!(text(&lines, &TimeZone::UTC), wanted);
    }

    #[test]
    fn a_long_line_goes_on_under_itself() {
        let text = text(&[line("read", 1, Level::Warn, &"word ".repeat(40))], &TimeZone::UTC);
        assert!(text.lines().count() > 1 && text.lines().all(|line| width(line) <= WIDTH), "{text}");
        assert!(text.lines().skip(1).all(|line| line.starts_with(&format!("{:27}word", ""))), "{text}");
    }
}
