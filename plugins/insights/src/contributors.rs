//! The figures that speak for the advice, each beside the athlete's own usual range.

use jiff::ToSpan;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Serialize;

use crate::figures::{Recent, rounded};
use crate::history::View;

/// More do not fit on a card.
const AT_MOST: usize = 3;
/// The days before the advised one that make the usual range.
const USUAL_DAYS: usize = 90;
/// Fewer values are no range.
const VALUES_AT_LEAST: usize = 28;

/// A figure with the athlete's own usual range.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Contributor {
    /// Its path within the day, as `load.week`.
    pub figure: &'static str,
    /// What a person calls it.
    pub name: &'static str,
    pub value: f64,
    pub unit: &'static str,
    /// Absent before the range is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usual: Option<Usual>,
    /// Where the value lies; absent before the range is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub word: Option<Word>,
    /// The first of the days that the value comes from.
    pub from: String,
    /// The last of them.
    pub to: String,
}

/// The quartiles of the values of the last 90 days.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct Usual {
    pub low: f64,
    pub high: f64,
    /// Days that had a value.
    pub days: usize,
}

/// Where a value lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    Low,
    Usual,
    High,
}

/// A figure that each day has, computed for any of them alike.
struct Series {
    figure: &'static str,
    name: &'static str,
    unit: &'static str,
    decimals: i32,
    /// How many days it comes from.
    days: usize,
    of: fn(&Recent<'_>) -> Option<f64>,
}

/// Those that stand on a card first come first.
const SERIES: [Series; 7] = [
    Series {
        figure: "form.tsb",
        name: "Form",
        unit: "",
        decimals: 1,
        days: 42,
        of: |day| Some(day.today.tsb),
    },
    Series {
        figure: "load.week",
        name: "7-day load",
        unit: "",
        decimals: 0,
        days: 7,
        of: |day| day.week_load(),
    },
    Series {
        figure: "load.ratio",
        name: "Week / usual",
        unit: "x",
        decimals: 2,
        days: 28,
        of: |day| day.ratio(),
    },
    Series {
        figure: "load.monotony",
        name: "Monotony",
        unit: "",
        decimals: 2,
        days: 7,
        of: |day| day.monotony(),
    },
    Series {
        figure: "load.ramp_percent",
        name: "Week on week",
        unit: "%",
        decimals: 0,
        days: 14,
        of: |day| day.ramp_percent(),
    },
    Series {
        figure: "week.hours",
        name: "7-day time",
        unit: "h",
        decimals: 1,
        days: 7,
        of: |day| day.week_hours(),
    },
    Series {
        figure: "form.ctl",
        name: "Fitness",
        unit: "",
        decimals: 1,
        days: 42,
        of: |day| Some(day.today.ctl),
    },
];
/// What fills the card where the rule that won looked at less.
const FILLING: [&str; 3] = ["form.tsb", "load.week", "week.hours"];

/// Up to three: those that the rule which won looks at, then those that say most of any day.
pub(crate) fn of<'a>(view: &View<'_>, inputs: impl Iterator<Item = &'a str>) -> Vec<Contributor> {
    let inputs: Vec<&str> = inputs.collect();
    let decided = SERIES.iter().filter(|series| inputs.contains(&series.figure));
    let filling = FILLING.iter().filter_map(|figure| SERIES.iter().find(|series| series.figure == *figure));
    let mut found: Vec<Contributor> = Vec::new();
    for series in decided.chain(filling) {
        if found.len() < AT_MOST && found.iter().all(|known| known.figure != series.figure) {
            found.extend(series.contributor(view));
        }
    }
    found
}

impl Series {
    fn contributor(&self, view: &View<'_>) -> Option<Contributor> {
        let value = (self.of)(&Recent::of(view.days)?)?;
        let usual = self.usual(view);
        let last = view.days.last()?;
        // What is measured of days that are over ends yesterday, unless today has training.
        let back = i64::from(last.activities == 0 || self.figure == "form.tsb");
        let to = view.today.saturating_sub(back.days());
        let days = self.days.min(view.days.len()) as i64;
        Some(Contributor {
            figure: self.figure,
            name: self.name,
            value: rounded(value, self.decimals),
            unit: self.unit,
            word: usual.map(|usual| Word::of(rounded(value, self.decimals), usual)),
            usual,
            from: first_of(to, days).max(view.days.first()?.date).to_string(),
            to: to.to_string(),
        })
    }

    fn usual(&self, view: &View<'_>) -> Option<Usual> {
        let before = view.days.len().checked_sub(1)?;
        let ends = before.saturating_sub(USUAL_DAYS) + 1..=before;
        let values = ends.filter_map(|end| (self.of)(&Recent::of(&view.days[..end])?));
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        (values.len() >= VALUES_AT_LEAST).then(|| Usual {
            low: rounded(quantile(&values, 0.25), self.decimals),
            high: rounded(quantile(&values, 0.75), self.decimals),
            days: values.len(),
        })
    }
}

impl Word {
    fn of(value: f64, usual: Usual) -> Self {
        if value < usual.low {
            Self::Low
        } else if value > usual.high {
            Self::High
        } else {
            Self::Usual
        }
    }
}

fn first_of(last: Date, days: i64) -> Date {
    last.saturating_sub((days - 1).max(0).days())
}

/// The quantile of sorted values, of which there is at least one, between two of them by their distance.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    below + (above - below) * place.fract()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::history::History;

    fn contributors(loads: &[f64], inputs: &[&str]) -> Vec<Contributor> {
        of(&History::of_loads(date(2024, 5, 1), loads).now(), inputs.iter().copied())
    }

    #[test]
    fn quartiles_lie_between_the_values() {
        assert_eq!(quantile(&[1.0, 2.0, 3.0, 4.0], 0.25), 1.75);
        assert_eq!(quantile(&[1.0, 2.0, 3.0, 4.0], 0.75), 3.25);
        assert_eq!(quantile(&[7.0], 0.75), 7.0);
    }

    #[test]
    fn what_the_rule_looked_at_comes_first() {
        let found = contributors(&[50.0; 100], &["weekday", "load.ratio"]);
        let figures: Vec<&str> = found.iter().map(|found| found.figure).collect();
        assert_eq!(figures, ["load.ratio", "form.tsb", "load.week"]);
    }

    #[test]
    fn a_week_above_all_others_is_high() {
        let loads = [[50.0; 100].as_slice(), &[90.0; 7], &[0.0]].concat();
        let week = contributors(&loads, &["load.week"]).swap_remove(0);
        assert_eq!((week.value, week.word), (630.0, Some(Word::High)));
        assert_eq!(week.usual, Some(Usual { low: 350.0, high: 350.0, days: 90 }));
        assert_eq!((week.from.as_str(), week.to.as_str()), ("2024-04-24", "2024-04-30"));
    }

    #[test]
    fn four_weeks_are_no_range_yet() {
        let week = contributors(&[50.0; 30], &["load.week"]).swap_remove(0);
        assert_eq!((week.usual, week.word), (None, None));
    }

    #[test]
    fn nothing_known_contributes_nothing() {
        assert_eq!(of(&History::nothing(date(2024, 5, 1)).now(), std::iter::empty()), []);
    }
}
