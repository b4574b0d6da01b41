//! Dates as the languages write them, all of them UTC.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

use super::names::Language;

/// The start of an activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment {
    pub ms: i64,
    /// False where only the day is told: no time, or the 00:00:01 that stands for a hidden one.
    pub has_time: bool,
}

/// Years that an activity can be of.
const YEARS: std::ops::Range<i16> = 1970..2100;

/// Beginnings of the names of months in English, German and French, the longer ones first.
const MONTHS: [(&str, i8); 26] = [
    ("juin", 6),
    ("juil", 7),
    ("jan", 1),
    ("jän", 1),
    ("feb", 2),
    ("fev", 2),
    ("fév", 2),
    ("mar", 3),
    ("mär", 3),
    ("mrz", 3),
    ("apr", 4),
    ("avr", 4),
    ("may", 5),
    ("mai", 5),
    ("jun", 6),
    ("jul", 7),
    ("aug", 8),
    ("aoû", 8),
    ("aou", 8),
    ("sep", 9),
    ("oct", 10),
    ("okt", 10),
    ("nov", 11),
    ("dec", 12),
    ("dez", 12),
    ("déc", 12),
];

/// The moment of a date such as `Sep 12, 2018, 3:02:23 PM`, `12.09.2018, 15:02:23`, `12 sept. 2018 à 15:02:23` or
/// `2018-09-12 15:02:23`.
pub(super) fn moment(text: &str, language: Language) -> Option<Moment> {
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        return of(timestamp.to_zoned(TimeZone::UTC).datetime(), true);
    }
    let text = text.to_lowercase();
    let tokens = Tokens::of(&text)?;
    let (date, rest) = tokens.date(language)?;
    let time = tokens.time(rest)?;
    of(DateTime::from_parts(date, time.unwrap_or(Time::midnight())), time.is_some())
}

fn of(civil: DateTime, has_time: bool) -> Option<Moment> {
    if !YEARS.contains(&civil.year()) {
        return None;
    }
    let ms = civil.to_zoned(TimeZone::UTC).ok()?.timestamp().as_millisecond();
    let is_hidden = civil.time() == jiff::civil::time(0, 0, 1, 0);
    Some(Moment { ms, has_time: has_time && !is_hidden })
}

/// The numbers and words of a date.
struct Tokens<'a> {
    numbers: Vec<&'a str>,
    month: Option<i8>,
    /// Between the first two numbers.
    mark: Option<char>,
    /// True for the hours after noon of a clock of twelve, false for those before.
    is_afternoon: Option<bool>,
}

impl<'a> Tokens<'a> {
    fn of(text: &'a str) -> Option<Self> {
        let numbers: Vec<_> = text
            .split(|character: char| !character.is_ascii_digit())
            .filter(|part| !part.is_empty())
            .collect();
        let words: Vec<_> = text
            .split(|character: char| !character.is_alphabetic())
            .filter(|part| !part.is_empty())
            .collect();
        let mark = text.trim_start_matches(|character: char| character.is_ascii_digit()).chars().next();
        let starts = |noon: &str| {
            let pair = |pair: &[&str]| pair[0] == noon && pair[1] == "m";
            words.iter().any(|word| word.len() == 2 && word.starts_with(noon) && word.ends_with('m'))
                || words.windows(2).any(pair)
        };
        let is_afternoon = if starts("p") { Some(true) } else { starts("a").then_some(false) };
        (numbers.len() <= 7).then(|| Self { month: month(&words), mark, is_afternoon, numbers })
    }

    /// The day, and how many numbers it took.
    fn date(&self, language: Language) -> Option<(Date, usize)> {
        let (year, month, day, taken) = match (self.month, &self.numbers[..]) {
            (Some(month), [year, day, ..]) if year.len() == 4 => (*year, month, *day, 2),
            (Some(month), [day, year, ..]) if year.len() == 4 => (*year, month, *day, 2),
            (None, [year, month, day, ..]) if year.len() == 4 => (*year, month.parse().ok()?, *day, 3),
            (None, [first, second, year, ..]) if year.len() == 4 => {
                let (month, day) =
                    if self.month_first(first, language) { (first, second) } else { (second, first) };
                (*year, month.parse().ok()?, *day, 3)
            }
            _ => return None,
        };
        Date::new(year.parse().ok()?, month, day.parse().ok()?).ok().map(|date| (date, taken))
    }

    /// Whether `9/12/2018` is of September: only Americans write so, and theirs is a clock of twelve.
    fn month_first(&self, first: &str, language: Language) -> bool {
        let can_be = first.parse::<u8>().is_ok_and(|first| first <= 12);
        can_be && self.mark == Some('/') && language == Language::English && self.is_afternoon.is_some()
    }

    /// The time of day after the numbers of the day; nothing where there is none, an outer nothing where it is wrong.
    #[expect(clippy::option_option, reason = "wrong and absent are not the same")]
    fn time(&self, taken: usize) -> Option<Option<Time>> {
        let part = |index: usize| self.numbers.get(taken + index).map(|part| part.parse::<i8>().ok());
        let Some(hour) = part(0) else { return Some(None) };
        let (minute, second) = (part(1)??, part(2).unwrap_or(Some(0))?);
        let hour = match (hour?, self.is_afternoon) {
            (hour @ 1..=12, Some(is_afternoon)) => hour % 12 + if is_afternoon { 12 } else { 0 },
            (_, Some(_)) => return None,
            (hour, None) => hour,
        };
        Time::new(hour, minute, second, 0).ok().map(Some)
    }
}

fn month(words: &[&str]) -> Option<i8> {
    let of = |word: &&str| MONTHS.iter().find(|(start, _)| word.starts_with(start)).map(|(_, month)| *month);
    words.iter().find_map(of)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(language: Language, text: &str, wanted: Option<&str>) {
        let found = moment(text, language).map(|moment| Timestamp::from_millisecond(moment.ms).unwrap());
        assert_eq!(found.map(|found| found.to_string()).as_deref(), wanted, "{language:?} `{text}`");
    }

    #[test]
    fn english_dates_are_read() {
        let cases = [
            ("Sep 12, 2018, 3:02:23 PM", "2018-09-12T15:02:23Z"),
            ("Sep 12, 2018, 3:02:23\u{202f}PM", "2018-09-12T15:02:23Z"),
            ("Jan 1, 2020, 12:05:00 AM", "2020-01-01T00:05:00Z"),
            ("Jun 4, 2024, 12:13:47 PM", "2024-06-04T12:13:47Z"),
            ("12 Sept 2018, 15:02:23", "2018-09-12T15:02:23Z"),
            ("9/12/2018, 3:02:23 p.m.", "2018-09-12T15:02:23Z"),
            ("12/09/2018 15:02", "2018-09-12T15:02:00Z"),
        ];
        for (text, wanted) in cases {
            check(Language::English, text, Some(wanted));
        }
    }

    #[test]
    fn german_dates_are_read() {
        let cases = [
            ("09.12.2022, 15:24:49", "2022-12-09T15:24:49Z"),
            ("9.3.2022 05:04:03", "2022-03-09T05:04:03Z"),
            ("12. Sep. 2018, 15:02:23", "2018-09-12T15:02:23Z"),
            ("1. März 2021 um 08:00:00", "2021-03-01T08:00:00Z"),
            ("31. Dez. 2023, 23:59:59", "2023-12-31T23:59:59Z"),
        ];
        for (text, wanted) in cases {
            check(Language::German, text, Some(wanted));
        }
    }

    #[test]
    fn french_dates_are_read() {
        let cases = [
            ("12 sept. 2018 à 15:02:23", "2018-09-12T15:02:23Z"),
            ("27 juil. 2026, 07:00:01", "2026-07-27T07:00:01Z"),
            ("3 juin 2024 à 07:00:00", "2024-06-03T07:00:00Z"),
            ("1 août 2024 à 07:00:00", "2024-08-01T07:00:00Z"),
            ("9 févr. 2024 à 07:00:00", "2024-02-09T07:00:00Z"),
            ("12/09/2018 15:02:23", "2018-09-12T15:02:23Z"),
        ];
        for (text, wanted) in cases {
            check(Language::French, text, Some(wanted));
        }
    }

    #[test]
    fn iso_dates_are_read_in_every_language() {
        let cases = [
            ("2014-09-12 16:54:28", "2014-09-12T16:54:28Z"),
            ("2014-09-12T16:54:28Z", "2014-09-12T16:54:28Z"),
            ("2014-09-12T16:54:28+02:00", "2014-09-12T14:54:28Z"),
        ];
        for (text, wanted) in cases {
            check(Language::German, text, Some(wanted));
        }
    }

    #[test]
    fn what_is_no_date_is_absent() {
        let texts =
            ["", "soon", "Feb 30, 2020, 1:00:00 PM", "2014-09-12 25:00:00", "Sep 12, 18", "1 2 3 4 5 6 7 8"];
        for text in texts.into_iter().chain(["Sep 12, 3018, 3:02:23 PM", "Sep 12, 2018, 13:02:23 PM"]) {
            check(Language::English, text, None);
        }
    }

    #[test]
    fn a_hidden_start_tells_only_the_day() {
        let has_time = |text| moment(text, Language::English).unwrap().has_time;
        assert!(!has_time("Sep 12, 2018, 12:00:01 AM"));
        assert!(!has_time("2018-09-12T00:00:01Z"));
        assert!(!has_time("2018-09-12"));
        assert!(has_time("Sep 12, 2018, 12:00:02 AM"));
    }
}
