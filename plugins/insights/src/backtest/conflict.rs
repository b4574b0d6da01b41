//! Days on which two rules spoke and asked for different things.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Serialize;

use crate::advice::Pick;

/// What became of the days on which another rule spoke too, with another pick.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Conflict {
    /// The other rule.
    pub rule: String,
    pub days: usize,
    /// How often the rule that is tested won; where neither did, a third one weighed more than both.
    pub wins: usize,
    /// How often the other one won.
    pub loses: usize,
    pub first: Date,
    pub last: Date,
    /// What the other one asked for, and how often.
    pub picks: BTreeMap<&'static str, usize>,
}

/// The conflicts with each other rule.
#[derive(Debug, Default)]
pub(super) struct Conflicts(BTreeMap<String, Conflict>);

impl Conflicts {
    /// Notes a day; days come in their order.
    pub(super) fn note(&mut self, other: &str, date: Date, theirs: Pick, winner: &str, tested: &str) {
        let conflict = self.0.entry(other.to_owned()).or_insert_with(|| Conflict {
            rule: other.to_owned(),
            days: 0,
            wins: 0,
            loses: 0,
            first: date,
            last: date,
            picks: BTreeMap::new(),
        });
        conflict.days += 1;
        conflict.wins += usize::from(winner == tested);
        conflict.loses += usize::from(winner == other);
        conflict.last = date;
        *conflict.picks.entry(theirs.as_str()).or_default() += 1;
    }

    /// Those with the most days first.
    pub(super) fn told(self) -> Vec<Conflict> {
        let mut conflicts: Vec<Conflict> = self.0.into_values().collect();
        conflicts.sort_by(|a, b| b.days.cmp(&a.days).then_with(|| a.rule.cmp(&b.rule)));
        conflicts
    }
}
