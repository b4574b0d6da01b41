//! What a step changed, in two integers and a day.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A range of change numbers, and the first local day they touch.
///
/// A part of it keeps that day, which is then a bound: no day before it changed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-split" = { "after": "from", "to": "to" }))]
pub struct Changes {
    /// The last change number before these changes.
    pub from: i64,
    /// The last change number of these changes; equal to `from` where nothing changed.
    pub to: i64,
    /// The first local day whose facts changed, as YYYY-MM-DD.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<String>,
}

/// What a run has changed so far, so that one that was cut tells in the end what it would have told uncut.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    pub run: String,
    pub changes: Changes,
}

impl Changes {
    /// Nothing changed since a change number.
    pub fn none(at: i64) -> Self {
        Self { from: at, to: at, days: None }
    }

    /// True where nothing changed.
    pub fn is_empty(&self) -> bool {
        self.to <= self.from
    }

    /// The changes of both: one range that spans them and the earlier day.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        if other.is_empty() {
            return self;
        }
        if self.is_empty() {
            return other;
        }
        Self {
            from: self.from.min(other.from),
            to: self.to.max(other.to),
            days: self.days.into_iter().chain(other.days).min(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(from: i64, to: i64, day: &str) -> Changes {
        Changes { from, to, days: Some(day.to_owned()) }
    }

    #[test]
    fn merging_spans_both_and_keeps_the_earlier_day() {
        let merged = changes(3, 5, "2024-05-02").merge(changes(7, 9, "2024-04-30"));
        assert_eq!(merged, changes(3, 9, "2024-04-30"));
    }

    #[test]
    fn nothing_adds_nothing() {
        assert_eq!(Changes::none(0).merge(changes(3, 5, "2024-05-02")), changes(3, 5, "2024-05-02"));
        assert_eq!(changes(3, 5, "2024-05-02").merge(Changes::none(9)), changes(3, 5, "2024-05-02"));
    }
}
