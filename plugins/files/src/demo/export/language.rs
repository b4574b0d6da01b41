//! How an export speaks: names, numbers and dates of the language that its owner had set.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::table::Cell;

/// The language of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    English,
    German,
}

/// The words that exports translate, English and German.
const WORDS: [(&str, &str); 21] = [
    ("Run", "Lauf"),
    ("Ride", "Radfahrt"),
    ("Swim", "Schwimmen"),
    ("Weight Training", "Krafttraining"),
    ("Easy run", "Lockerer Lauf"),
    ("Easy ride", "Lockere Ausfahrt"),
    ("Intervals", "Intervalle"),
    ("Short intervals", "Kurze Intervalle"),
    ("Tempo run", "Tempolauf"),
    ("Long run", "Langer Lauf"),
    ("Long ride", "Lange Ausfahrt"),
    ("Ride with intervals", "Ausfahrt mit Intervallen"),
    ("5 km test", "Test über 5 km"),
    ("10 km race", "Rennen über 10 km"),
    ("Half marathon", "Halbmarathon"),
    ("Strength", "Kraft"),
    ("Pool", "Becken"),
    ("Legs heavy at first, fine after the turn.", "Anfangs schwere Beine, nach der Wende gut."),
    (
        "Wind from the sea,\nand a dog that wanted to come along.",
        "Wind vom Meer,\nund ein Hund, der mitwollte.",
    ),
    ("On the phone", "Mit dem Telefon"),
    (
        "A race at last: \"go out easy\" is what I said, and did not do.",
        "Endlich ein Rennen: „ruhig angehen“, sagte ich.",
    ),
];

impl Language {
    /// The word as this language has it; what has no translation stays.
    pub(super) fn word(self, english: &'static str) -> &'static str {
        match self {
            Self::English => english,
            Self::German => WORDS.iter().find(|(word, _)| *word == english).map_or(english, |(_, word)| word),
        }
    }

    /// The text of a cell.
    pub(super) fn text(self, cell: &Cell) -> String {
        match cell {
            Cell::Empty => String::new(),
            Cell::Text(text) => text.clone(),
            Cell::Word(word) => self.word(word).to_owned(),
            Cell::Whole(number) => number.to_string(),
            Cell::Number(number) => self.number(format!("{number:?}")),
            // Cut, not rounded, as the exports do it.
            Cell::Kilometers(meters) => self.number(format!("{:.2}", (meters / 10.0).trunc() / 100.0)),
            Cell::Time(time) => self.time(*time),
            Cell::Flag(flag) => flag.to_string(),
        }
    }

    fn number(self, text: String) -> String {
        if self == Self::German { text.replace('.', ",") } else { text }
    }

    /// A time of the export, which is always UTC.
    fn time(self, time: Timestamp) -> String {
        let form = if self == Self::German { "%d.%m.%Y, %H:%M:%S" } else { "%b %-d, %Y, %-I:%M:%S %p" };
        time.to_zoned(TimeZone::UTC).strftime(form).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(cell: &Cell, english: &str, german: &str) {
        assert_eq!(Language::English.text(cell), english);
        assert_eq!(Language::German.text(cell), german);
    }

    #[test]
    fn numbers_and_times_are_written_as_the_language_has_them() {
        check(&Cell::Number(3519.4), "3519.4", "3519,4");
        check(&Cell::Kilometers(9837.9), "9.83", "9,83");
        check(
            &Cell::Time("2022-12-09T15:24:49Z".parse().unwrap()),
            "Dec 9, 2022, 3:24:49 PM",
            "09.12.2022, 15:24:49",
        );
        check(&Cell::Word("Run"), "Run", "Lauf");
        check(&Cell::Whole(611), "611", "611");
    }
}
