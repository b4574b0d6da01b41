//! A table of comma-separated values with a line for each day.

use std::collections::BTreeMap;

use fitness::daily_metric::{DailyMetrics, Name};

const POUND_KG: f64 = 0.453_592_37;

/// What a table told.
#[derive(Debug, PartialEq)]
pub(super) struct Read {
    /// By day; of a day that stands there twice the later value of each counts.
    pub(super) days: Vec<DailyMetrics>,
    /// Columns that have no meaning here.
    pub(super) left_out: Vec<String>,
}

/// A table that cannot be read; nothing of it is kept.
#[derive(Debug, thiserror::Error)]
pub(super) enum TableError {
    #[error("the first line names no column `date`")]
    NoDate,
    #[error("the first line names no column that is known beside `date`")]
    NoFigure,
    #[error("line {line}: {why}")]
    Line { line: u64, why: String },
    #[error(transparent)]
    Csv(#[from] csv::Error),
}

/// Reads a cell in the unit that is kept.
type Reader = fn(&str) -> Option<f64>;

const COLUMNS: [(&str, Name, Reader); 12] = [
    ("sleep_s", Name::Sleep, plain),
    ("sleep_min", Name::Sleep, |text| Some(plain(text)? * 60.0)),
    ("sleep_h", Name::Sleep, hours),
    ("sleep_hours", Name::Sleep, hours),
    ("sleep", Name::Sleep, hours),
    ("resting_hr", Name::RestingHr, plain),
    ("rhr", Name::RestingHr, plain),
    ("hrv_ms", Name::Hrv, plain),
    ("hrv", Name::Hrv, plain),
    ("weight_kg", Name::Weight, plain),
    ("weight_lb", Name::Weight, |text| Some((plain(text)? * POUND_KG * 10.0).round() / 10.0)),
    ("steps", Name::Steps, steps),
];

/// Reads a whole table.
pub(super) fn read(text: &str) -> Result<Read, TableError> {
    // Spreadsheets begin their files with a mark.
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .trim(csv::Trim::All)
        .delimiter(delimiter(text))
        .from_reader(text.as_bytes());
    let head: Vec<String> = reader.headers()?.iter().map(named).collect();
    let date = head.iter().position(|name| name == "date" || name == "day").ok_or(TableError::NoDate)?;
    let known: Vec<Option<(Name, Reader)>> = head.iter().map(|name| column(name)).collect();
    if known.iter().all(Option::is_none) {
        return Err(TableError::NoFigure);
    }
    let mut days: BTreeMap<_, BTreeMap<Name, f64>> = BTreeMap::new();
    for record in reader.records() {
        let record = record?;
        let line = record.position().map_or(0, csv::Position::line);
        let wrong = |why: String| TableError::Line { line, why };
        if record.iter().skip(head.len()).any(|cell| !cell.is_empty()) {
            let why = "it has more cells than the first line; a cell with a comma in it wants quotes";
            return Err(wrong(why.to_owned()));
        }
        let text = record.get(date).unwrap_or_default();
        let day = fitness::day::parse(text)
            .ok_or_else(|| wrong(format!("`{text}` is not a date like 2026-01-31")))?;
        for ((cell, column), name) in record.iter().zip(&known).zip(&head) {
            let Some((metric, reader)) = column.filter(|_| !cell.is_empty()) else { continue };
            let value = reader(cell)
                .ok_or_else(|| wrong(format!("`{}` is not a value of `{name}`", shortened(cell))))?;
            let value = metric.check(value).map_err(|error| wrong(error.to_string()))?;
            days.entry(day).or_default().insert(metric, value);
        }
    }
    let left_out = (0..head.len()).filter(|place| known[*place].is_none() && *place != date);
    Ok(Read {
        left_out: left_out.map(|place| head[place].clone()).filter(|name| !name.is_empty()).collect(),
        days: days.into_iter().map(|(date, values)| DailyMetrics { date, values }).collect(),
    })
}

/// `Resting HR` is `resting_hr`.
fn named(text: &str) -> String {
    text.trim().to_lowercase().replace([' ', '-'], "_")
}

fn column(name: &str) -> Option<(Name, Reader)> {
    let name = if name == "weight" { "weight_kg" } else { name };
    COLUMNS.iter().find(|(known, _, _)| *known == name).map(|(_, metric, reader)| (*metric, *reader))
}

/// A table of a country with decimal commas separates by semicolons.
fn delimiter(text: &str) -> u8 {
    let head = text.lines().next().unwrap_or_default();
    if head.matches(';').count() > head.matches(',').count() { b';' } else { b',' }
}

fn plain(text: &str) -> Option<f64> {
    text.replace(',', ".").parse().ok().filter(|value: &f64| value.is_finite())
}

/// What a person can read of a cell.
fn shortened(cell: &str) -> String {
    const MOST: usize = 40;
    let begin: String = cell.chars().take(MOST).collect();
    if begin.len() < cell.len() { format!("{begin}…") } else { begin }
}

/// `9400` or `9,400`.
fn steps(text: &str) -> Option<f64> {
    let groups: Vec<&str> = text.split([',', '.', '\'', ' ', '\u{a0}']).collect();
    let is_grouped = groups.len() > 1 && groups[1..].iter().all(|group| group.len() == 3);
    if is_grouped { plain(&groups.concat()) } else { plain(text) }
}

/// `7.5` or `7:30`.
fn hours(text: &str) -> Option<f64> {
    let Some((hours, minutes)) = text.split_once(':') else {
        return Some(plain(text)? * 3600.0);
    };
    let (hours, minutes): (u32, u32) = (hours.parse().ok()?, minutes.parse().ok()?);
    (minutes < 60).then(|| f64::from(hours) * 3600.0 + f64::from(minutes) * 60.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, wanted: &str) {
        let shown = match read(text) {
            Ok(table) => table
                .days
                .iter()
                .map(|day| serde_json::to_string(day).unwrap())
                .collect::<Vec<_>>()
                .join("\n"),
            Err(error) => error.to_string(),
        };
        assert_eq!(shown, wanted, "{text}");
    }

    #[test]
    fn a_line_is_a_day() {
        check(
            "date,sleep_h,Resting HR,weight_lb,steps\n2026-05-02,7:30,48,160,\n2026-05-01,8,,,\"9,000\"\n",
            "{\"date\":\"2026-05-01\",\"sleep_s\":28800.0,\"steps\":9000.0}\n\
             {\"date\":\"2026-05-02\",\"sleep_s\":27000.0,\"resting_hr\":48.0,\"weight_kg\":72.6}",
        );
    }

    #[test]
    fn a_table_with_decimal_commas_is_read() {
        check("\u{feff}date;weight\n2026-05-02;71,5\n", "{\"date\":\"2026-05-02\",\"weight_kg\":71.5}");
    }

    #[test]
    fn a_day_that_stands_there_twice_has_its_later_values() {
        check(
            "date,hrv,steps\n2026-05-02,60,1\n2026-05-02,62,\n",
            "{\"date\":\"2026-05-02\",\"hrv_ms\":62.0,\"steps\":1.0}",
        );
    }

    #[test]
    fn columns_without_a_meaning_are_named() {
        assert_eq!(read("date,mood,hrv\n2026-05-02,good,60\n").unwrap().left_out, ["mood"]);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        check("date,hrv\n2026-05-02,60\nyesterday,61\n", "line 3: `yesterday` is not a date like 2026-01-31");
        check("date,hrv\n2026-05-02,high\n", "line 2: `high` is not a value of `hrv`");
        check(
            "date,steps\n2026-05-02,9.5\n",
            "line 2: steps of `9.5` is out of range; it must be a whole number from 0 to 300000",
        );
        check(
            "date,weight\n2026-05-02,70,5\n",
            "line 2: it has more cells than the first line; a cell with a comma in it wants quotes",
        );
        check(
            "date,weight\n2026-05-02,7\n",
            "line 2: weight_kg of `7` is out of range; it must be from 20 to 400",
        );
        check("day,mood\n2026-05-02,good\n", "the first line names no column that is known beside `date`");
        check("hrv\n60\n", "the first line names no column `date`");
    }
}
