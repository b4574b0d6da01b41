//! What a load may be computed from, and in which order that is tried.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};

/// What a load was computed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LoadMethod {
    /// TSS from normalized power and threshold power.
    Power,
    /// rTSS from normalized graded speed and threshold pace.
    GradedPace,
    /// Swim TSS from the mean speed and the critical swim speed.
    SwimPace,
    /// hrTSS from the seconds at each heart rate.
    HeartRate,
    /// Session RPE, as the athlete felt it.
    Rpe,
    /// An assumed easy hour.
    Duration,
    /// A metric of the athlete's own, which no order names: it says itself of which sports it is.
    Own,
}

impl LoadMethod {
    /// Every method that an order may name, as they are tried where the athlete set no other.
    pub const ALL: [Self; 6] =
        [Self::Power, Self::GradedPace, Self::SwimPace, Self::HeartRate, Self::Rpe, Self::Duration];

    /// The word that is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Power => "power",
            Self::GradedPace => "graded_pace",
            Self::SwimPace => "swim_pace",
            Self::HeartRate => "heart_rate",
            Self::Rpe => "rpe",
            Self::Duration => "duration",
            Self::Own => "own",
        }
    }

    /// The method of a stored word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().chain([Self::Own]).find(|method| method.as_str() == word)
    }
}

/// Methods in the order in which they are tried; the duration stands last wherever it is not named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoadOrder {
    methods: [LoadMethod; 6],
    count: usize,
}

impl LoadOrder {
    /// The order where the athlete set no other.
    pub const USUAL: Self = Self { methods: LoadMethod::ALL, count: 6 };

    /// The order of words with commas between them, each at most once.
    pub fn parse(text: &str) -> Option<Self> {
        let mut order = Self { methods: [LoadMethod::Duration; 6], count: 0 };
        for word in text.split(',') {
            let method = LoadMethod::parse(word.trim()).filter(|method| *method != LoadMethod::Own)?;
            if order.named().contains(&method) {
                return None;
            }
            order.methods[order.count] = method;
            order.count += 1;
        }
        Some(order)
    }

    /// Every method that is tried.
    pub fn iter(&self) -> impl Iterator<Item = LoadMethod> {
        let last = (!self.named().contains(&LoadMethod::Duration)).then_some(LoadMethod::Duration);
        self.named().iter().copied().chain(last)
    }

    fn named(&self) -> &[LoadMethod] {
        &self.methods[..self.count]
    }
}

impl fmt::Display for LoadOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> = self.named().iter().map(|method| method.as_str()).collect();
        f.write_str(&words.join(","))
    }
}

impl Serialize for LoadOrder {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Sports that may have an order of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LoadOf {
    Running,
    Cycling,
    Swimming,
    /// Every sport that is none of these.
    Other,
}

impl LoadOf {
    /// Every group of sports.
    pub const ALL: [Self; 4] = [Self::Running, Self::Cycling, Self::Swimming, Self::Other];

    /// The group of a sport.
    pub fn of(sport: &str, sub_sport: Option<&str>) -> Self {
        if super::is_cycling(sport, sub_sport) {
            Self::Cycling
        } else if crate::best_effort::is_running(sport) {
            Self::Running
        } else if super::is_swimming(sport) {
            Self::Swimming
        } else {
            Self::Other
        }
    }

    /// The word that is typed and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Cycling => "cycling",
            Self::Swimming => "swimming",
            Self::Other => "other",
        }
    }

    /// The group of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|of| of.as_str() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_ends_with_the_duration() {
        let order = LoadOrder::parse("heart_rate, power").unwrap();
        let methods: Vec<_> = order.iter().collect();
        assert_eq!(methods, [LoadMethod::HeartRate, LoadMethod::Power, LoadMethod::Duration]);
        assert_eq!(order.to_string(), "heart_rate,power");
    }

    #[test]
    fn an_order_names_each_method_once() {
        for text in ["", "heart_rate,heart_rate", "heart_rate,mood", "own"] {
            assert_eq!(LoadOrder::parse(text), None, "{text}");
        }
    }
}
