//! What each number means: one description a number, from which `explain` and `docs/METRICS.md` are made.

mod day;
mod effort;
mod heart;
mod load;
mod pace;
mod period;
mod power;
mod prediction;
mod reference;
mod totals;
mod weather;

pub use reference::reference;

use std::fmt;

use serde::Serialize;

/// What a number belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Of {
    Activity,
    Day,
    /// A week, a month, a year, or all time.
    Period,
    Prediction,
}

/// The description of one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Metric {
    /// As programs call it, with its unit where the unit is not plain.
    pub name: &'static str,
    pub of: Of,
    /// As a person calls it.
    pub title: &'static str,
    /// Empty where the number has none.
    pub unit: &'static str,
    pub formula: &'static str,
    /// Where the formula is from, and how well established it is.
    pub source: &'static str,
    /// What was decided where others decide otherwise, a sentence each.
    pub choices: &'static [&'static str],
    /// Channels, settings and other numbers that it is made of, by their names.
    pub inputs: &'static [&'static str],
}

/// Every theme, in the order in which the reference tells of them.
const THEMES: &[&[Metric]] = &[
    totals::METRICS,
    heart::METRICS,
    power::METRICS,
    pace::METRICS,
    effort::METRICS,
    load::METRICS,
    weather::METRICS,
    day::METRICS,
    period::METRICS,
    prediction::METRICS,
];

/// Every description, theme by theme.
pub fn all() -> impl Iterator<Item = &'static Metric> {
    THEMES.iter().copied().flatten()
}

/// The description of a number by the name that programs know.
pub fn find(of: Of, name: &str) -> Option<&'static Metric> {
    all().find(|metric| metric.of == of && metric.name == name)
}

impl Of {
    /// Everything that has numbers.
    pub const ALL: [Self; 4] = [Self::Activity, Self::Day, Self::Period, Self::Prediction];

    /// The word that programs use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Activity => "activity",
            Self::Day => "day",
            Self::Period => "period",
            Self::Prediction => "prediction",
        }
    }
}

impl fmt::Display for Of {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::settings::Name;
    use crate::stream::Column;

    #[test]
    fn every_number_is_described_once() {
        let mut seen = BTreeSet::new();
        for metric in all() {
            assert!(
                seen.insert((metric.of, metric.name)),
                "{} {} is described twice",
                metric.of,
                metric.name
            );
        }
    }

    #[test]
    fn a_description_says_what_how_and_whence() {
        for metric in all() {
            let said = [metric.name, metric.title, metric.formula, metric.source];
            assert!(said.iter().all(|text| !text.trim().is_empty()), "{} is not told in full", metric.name);
            assert!(metric.choices.iter().all(|choice| choice.ends_with('.')), "{}", metric.name);
        }
    }

    #[test]
    fn what_a_number_is_made_of_is_known() {
        let is_known = |of: Of, name: &str| {
            find(of, name).is_some() || Column::parse(name).is_some() || Name::parse(name).is_some()
        };
        let told = ["load_method", "perceived_exertion", "zones_hr", "zones_power", "zones_pace"];
        for metric in all().filter(|metric| metric.of == Of::Activity) {
            let unknown =
                metric.inputs.iter().find(|input| !told.contains(input) && !is_known(metric.of, input));
            assert_eq!(unknown, None, "{}", metric.name);
        }
    }

    #[test]
    fn a_number_is_found_by_what_it_is_of() {
        assert!(find(Of::Activity, "np").is_some());
        assert!(find(Of::Prediction, "np").is_none());
    }
}
