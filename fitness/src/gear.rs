//! Shoes, bicycles and what is mounted on them: what they are called, and how far each went.

mod due;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

pub use due::{Due, Urgency};

use crate::sport;

/// What gear is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Shoes,
    Bike,
    Other,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Shoes, Self::Bike, Self::Other];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Shoes => "shoes",
            Self::Bike => "bike",
            Self::Other => "other",
        }
    }

    /// The kind of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// What a sport is done with where nobody says what the gear is.
    pub fn of_sport(sport: &str, sub_sport: Option<&str>) -> Self {
        match sport::group(sport, sub_sport) {
            "cycling" => Self::Bike,
            "on foot" => Self::Shoes,
            _ => Self::Other,
        }
    }
}

/// What makes two names one: neither case nor blanks tell gear apart.
pub fn key(name: &str) -> String {
    name.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}

/// An activity that gear was used in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Use {
    pub date: Date,
    pub meters: f64,
    /// Of effort: by the timer, else in motion, else in all.
    pub seconds: f64,
}

impl Use {
    /// Fills in what is not known of it, out of another record of the same activity.
    pub fn lend(&mut self, other: &Self) {
        for (known, lent) in [(&mut self.meters, other.meters), (&mut self.seconds, other.seconds)] {
            if *known <= 0.0 {
                *known = lent;
            }
        }
    }
}

/// What uses add up to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Totals {
    pub meters: f64,
    pub seconds: f64,
    pub uses: u32,
}

/// Days from one to another, both included; open where there is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Span {
    pub from: Option<Date>,
    pub to: Option<Date>,
}

impl Span {
    /// True for a day of it.
    pub fn holds(self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day <= to)
    }

    /// What of it lies behind a day.
    pub fn behind(self, day: Option<Date>) -> Self {
        let after = day.map(|day| day.tomorrow().unwrap_or(Date::MAX));
        Self { from: self.from.max(after), to: self.to }
    }
}

/// Adds up the uses on the days of a span.
pub fn sum(uses: &[Use], span: Span) -> Totals {
    let mut totals = Totals::default();
    for one in uses.iter().filter(|one| span.holds(one.date)) {
        totals.meters += one.meters;
        totals.seconds += one.seconds;
        totals.uses += 1;
    }
    totals
}

/// What a line of an export's list of gear or of components says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line {
    /// Of the gear; of a component, that of what it is mounted on.
    pub name: Option<String>,
    pub brand: Option<String>,
    pub model: Option<String>,
    /// What a component is.
    pub part: Option<String>,
}

/// Words that the heads of columns hold, in English, German and French, with what stands below; the first that fits
/// counts.
const HEADS: [(Column, &[&str]); 4] = [
    (Column::Brand, &["brand", "marke", "marque"]),
    (Column::Model, &["model", "modèle"]),
    (Column::Part, &["typ"]),
    (Column::Name, &["name", "nom"]),
];

#[derive(Clone, Copy)]
enum Column {
    Brand,
    Model,
    Part,
    Name,
}

impl Line {
    /// Reads the filled cells of a line: head, which of that head, text.
    pub fn of(cells: &[(String, u32, String)]) -> Self {
        let mut line = Self::default();
        for (head, _, text) in cells {
            let (head, text) = (head.to_lowercase(), text.trim());
            let column = HEADS.iter().find(|(_, words)| words.iter().any(|word| head.contains(word)));
            let place = match column {
                Some((Column::Brand, _)) => &mut line.brand,
                Some((Column::Model, _)) => &mut line.model,
                Some((Column::Part, _)) => &mut line.part,
                Some((Column::Name, _)) => &mut line.name,
                None => continue,
            };
            if place.is_none() && !text.is_empty() {
                *place = Some(text.to_owned());
            }
        }
        line
    }

    /// Brand and model, which activities name where the gear has no name.
    pub fn full(&self) -> Option<String> {
        full(self.brand.as_deref(), self.model.as_deref())
    }
}

/// Brand and model as one name; nothing where neither is known.
pub fn full(brand: Option<&str>, model: Option<&str>) -> Option<String> {
    let words: Vec<&str> = [brand, model].into_iter().flatten().filter(|word| !word.is_empty()).collect();
    (!words.is_empty()).then(|| words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn uses() -> [Use; 3] {
        [("2026-05-01", 10_000.0), ("2026-05-02", 20_000.0), ("2026-05-03", 40_000.0)]
            .map(|(date, meters)| Use { date: day(date), meters, seconds: meters / 10.0 })
    }

    fn check(from: Option<&str>, to: Option<&str>, serviced: Option<&str>, wanted_m: f64) {
        let span = Span { from: from.map(day), to: to.map(day) };
        let totals = sum(&uses(), span.behind(serviced.map(day)));
        assert_eq!((totals.meters, totals.seconds), (wanted_m, wanted_m / 10.0), "{span:?} {serviced:?}");
    }

    #[test]
    fn uses_count_from_a_day_to_a_day_both_included() {
        check(None, None, None, 70_000.0);
        check(Some("2026-05-02"), None, None, 60_000.0);
        check(None, Some("2026-05-02"), None, 30_000.0);
        check(Some("2026-05-02"), Some("2026-05-02"), None, 20_000.0);
        check(Some("2026-05-03"), Some("2026-05-02"), None, 0.0);
    }

    #[test]
    fn what_was_used_before_and_on_the_day_of_a_service_is_behind_it() {
        check(None, None, Some("2026-05-02"), 40_000.0);
        check(Some("2026-05-03"), None, Some("2026-05-01"), 40_000.0);
        check(None, None, Some("2026-05-03"), 0.0);
    }

    #[test]
    fn neither_case_nor_blanks_tell_gear_apart() {
        assert_eq!(key(" Grey\u{a0} Gravel "), key("grey gravel"));
        assert_ne!(key("Greygravel"), key("grey gravel"));
        assert_eq!(key(" \t"), "");
    }

    #[test]
    fn a_sport_tells_the_kind() {
        for (sport, sub_sport, wanted) in [
            ("running", Some("treadmill"), Kind::Shoes),
            ("hiking", None, Kind::Shoes),
            ("cycling", None, Kind::Bike),
            ("e_biking", None, Kind::Bike),
            ("rowing", None, Kind::Other),
        ] {
            assert_eq!(Kind::of_sport(sport, sub_sport), wanted, "{sport}");
        }
        assert!(Kind::ALL.into_iter().all(|kind| Kind::parse(kind.as_str()) == Some(kind)));
    }

    #[test]
    fn lists_are_read_in_each_generation_and_language() {
        for heads in [
            ["Shoe Name", "Shoe Brand", "Shoe Model", "Shoe Default Sport Types"],
            ["name", "brand", "model", ""],
            ["Schuhname", "Schuhmarke", "Schuhmodell", "Schuhe: Standardsportarten"],
        ] {
            let cells = heads.iter().zip(["Daily", "ASICS", "Gel-Nimbus 26", "Run"]);
            let cells: Vec<_> = cells.map(|(head, text)| ((*head).to_owned(), 1, text.to_owned())).collect();
            let line = Line::of(&cells);
            assert_eq!(line.name.as_deref(), Some("Daily"), "{heads:?}");
            assert_eq!(line.full().as_deref(), Some("ASICS Gel-Nimbus 26"), "{heads:?}");
        }
        for heads in [
            ["Bike Name", "Component Type", "Component Brand", "Component Model"],
            ["bike_name", "type", "brand", "model"],
            ["Fahrradname", "Komponententyp", "Komponentenmarke", "Komponentenmodell"],
        ] {
            let cells = heads.iter().zip(["Grey gravel", "Chain", "Shimano", "CN-HG701"]);
            let cells: Vec<_> = cells.map(|(head, text)| ((*head).to_owned(), 1, text.to_owned())).collect();
            let wanted = Line {
                name: Some("Grey gravel".to_owned()),
                brand: Some("Shimano".to_owned()),
                model: Some("CN-HG701".to_owned()),
                part: Some("Chain".to_owned()),
            };
            assert_eq!(Line::of(&cells), wanted, "{heads:?}");
        }
    }

    #[test]
    fn what_has_no_name_is_called_by_brand_and_model() {
        assert_eq!(full(Some("ASICS"), None).as_deref(), Some("ASICS"));
        assert_eq!(full(None, Some("")), None);
        assert_eq!(Line::of(&[]).full(), None);
    }
}
