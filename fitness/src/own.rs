//! Metrics of the athlete's own: what a script says of itself, and what its numbers make of weeks, months and years.

#[cfg(test)]
mod tests;

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::load::LoadOf;

/// What the answers of a metric are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Per {
    Activity,
    Day,
}

/// What becomes of several numbers of one week, month or year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Aggregate {
    Sum,
    Mean,
    Max,
    Min,
    Last,
}

/// What a script says of itself: the answer of its `about()`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct About {
    pub per: Per,
    pub title: String,
    pub unit: String,
    pub aggregate: Aggregate,
    /// Sports, or the groups `running`, `cycling` and `swimming`; any where there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sports: Vec<String>,
    /// How many decimals are shown.
    #[serde(default)]
    pub decimals: u8,
    /// True where it stands in place of the load of its sports.
    #[serde(default)]
    pub replaces_load: bool,
}

/// Of what span of time a number is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    Activity,
    Day,
    Week,
    Month,
    Year,
}

/// An answer of `about()` that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AboutError {
    #[error("`{0}` must not be empty")]
    Empty(&'static str),
    #[error("`decimals` must be from 0 to 6, not {0}")]
    Decimals(u8),
    #[error("`{0}` is no sport: names have small letters, digits and `_`")]
    Sport(String),
    #[error("a metric that replaces the load is `per: \"activity\"` and names its `sports`")]
    Load,
    #[error("`sports` goes with `per: \"activity\"`")]
    SportsOfDay,
}

const MOST_DECIMALS: u8 = 6;

impl About {
    /// Checks what its types do not.
    pub fn check(&self) -> Result<(), AboutError> {
        for (name, text) in [("title", &self.title), ("unit", &self.unit)] {
            if text.trim().is_empty() {
                return Err(AboutError::Empty(name));
            }
        }
        if self.decimals > MOST_DECIMALS {
            return Err(AboutError::Decimals(self.decimals));
        }
        let fits = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
        if let Some(sport) = self.sports.iter().find(|sport| sport.is_empty() || !sport.chars().all(fits)) {
            return Err(AboutError::Sport(sport.clone()));
        }
        let of_activity = self.per == Per::Activity;
        if self.replaces_load && (!of_activity || self.sports.is_empty()) {
            return Err(AboutError::Load);
        }
        if !of_activity && !self.sports.is_empty() {
            return Err(AboutError::SportsOfDay);
        }
        Ok(())
    }

    /// True where it is asked about activities of a sport.
    pub fn is_of(&self, sport: &str, sub_sport: Option<&str>) -> bool {
        let group = LoadOf::of(sport, sub_sport).as_str();
        self.sports.is_empty()
            || self.sports.iter().any(|word| word == sport || is_group(word) && word == group)
    }

    /// True where both are asked about the same activities.
    pub fn meets(&self, other: &Self) -> bool {
        let covers = |one: &Self, other: &Self| other.sports.iter().any(|sport| one.is_of(sport, None));
        self.sports.is_empty() || other.sports.is_empty() || covers(self, other) || covers(other, self)
    }
}

fn is_group(word: &str) -> bool {
    LoadOf::parse(word).is_some_and(|group| group != LoadOf::Other)
}

impl Aggregate {
    /// The number of several, in their order; nothing where there is none.
    pub fn of(self, numbers: &[f64]) -> Option<f64> {
        let last = *numbers.last()?;
        Some(match self {
            Self::Sum => numbers.iter().sum(),
            Self::Mean => numbers.iter().sum::<f64>() / numbers.len() as f64,
            Self::Max => numbers.iter().copied().fold(last, f64::max),
            Self::Min => numbers.iter().copied().fold(last, f64::min),
            Self::Last => last,
        })
    }
}

impl By {
    /// Every span.
    pub const ALL: [Self; 5] = [Self::Activity, Self::Day, Self::Week, Self::Month, Self::Year];

    /// The word that is typed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Activity => "activity",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Year => "year",
        }
    }

    /// The span of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|by| by.as_str() == word)
    }

    /// The first day of the span that a day lies in; weeks begin on Monday.
    pub fn first(self, day: Date) -> Date {
        match self {
            Self::Activity | Self::Day => day,
            Self::Week => {
                let since = i64::from(day.weekday().since(Weekday::Monday));
                day.saturating_sub(since.days())
            }
            Self::Month => day.first_of_month(),
            Self::Year => day.first_of_year(),
        }
    }
}

/// What numbers, in the order of their days, make of each span, by its first day.
pub fn over(by: By, aggregate: Aggregate, numbers: &[(Date, f64)]) -> Vec<(Date, f64)> {
    let spans = numbers.chunk_by(|one, next| by.first(one.0) == by.first(next.0));
    let of = |span: &[(Date, f64)]| {
        let values: Vec<f64> = span.iter().map(|(_, value)| *value).collect();
        Some((by.first(span.first()?.0), aggregate.of(&values)?))
    };
    spans.filter_map(of).collect()
}
