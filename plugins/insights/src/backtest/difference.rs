//! Where two texts of one rule differ in what they say.

use std::collections::BTreeMap;

use engine::script::rule::Rule;
use engine::script::version;
use jiff::civil::Date;
use serde::Serialize;

use crate::advice::Pick;
use crate::rules::Said;

/// What a text says on each day on which it speaks.
#[derive(Debug, Default)]
pub(super) struct Picks(BTreeMap<Date, Pick>);

/// The difference of the tested rule from another text of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// As much of the hash of the other text as is shown.
    pub version: String,
    /// On how many days the other text speaks.
    pub fires: usize,
    /// Days on which the tested one speaks and the other does not.
    pub added: Vec<Date>,
    /// Days on which the other one speaks alone.
    pub removed: Vec<Date>,
    /// Days on which both speak and do not ask for the same.
    pub changed: Vec<OtherPick>,
}

/// A day on which two texts ask for different things.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OtherPick {
    pub date: Date,
    pub was: Pick,
    pub is: Pick,
}

impl Picks {
    pub(super) fn note(&mut self, date: Date, said: &Said) {
        if let Said::Advice(advice) = said {
            self.0.insert(date, advice.pick);
        }
    }
}

impl Difference {
    pub(super) fn of(other: &Rule, before: &Picks, now: &Picks) -> Self {
        let lone = |of: &Picks, not: &Picks| {
            of.0.keys().filter(|date| !not.0.contains_key(date)).copied().collect::<Vec<Date>>()
        };
        let changed = now.0.iter().filter_map(|(date, is)| {
            let was = before.0.get(date).filter(|was| *was != is)?;
            Some(OtherPick { date: *date, was: *was, is: *is })
        });
        Self {
            version: version::short(other.hash()).to_owned(),
            fires: before.0.len(),
            added: lone(now, before),
            removed: lone(before, now),
            changed: changed.collect(),
        }
    }
}
