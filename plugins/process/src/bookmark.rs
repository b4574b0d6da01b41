//! The cursor of a step that runs a program.

use std::collections::BTreeMap;

use fitness::outside::Records;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How far the program came, and what its run told so far, so that one that was cut tells in the end what it would have
/// told uncut.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Bookmark {
    /// The last state that came after records that are stored; only the program knows what it means.
    pub state: Option<Value>,
    /// The fingerprint of each stream's schema and key.
    pub schemas: BTreeMap<String, String>,
    /// Up to which change number it worked off what each step gave it: where a run failed, the next one hands that on.
    pub consumed: BTreeMap<String, i64>,
    pub run: String,
    pub from: i64,
    pub to: i64,
    pub rows: u64,
}

impl Bookmark {
    /// The same for a run: as it left it, or where it begins.
    pub(crate) fn of_run(self, run: &str, last: i64) -> Self {
        if self.run == run {
            return self;
        }
        Self { run: run.to_owned(), from: last, to: last, rows: 0, ..self }
    }

    /// What a step gives, with what earlier runs were given of it and did not work off.
    pub(crate) fn with_rest(&self, given: &Records) -> Records {
        let from = self.consumed.get(&giver(given)).map_or(given.from, |consumed| given.from.min(*consumed));
        Records { from, ..given.clone() }
    }

    /// The same as if the program had never run; what the run changed so far stays.
    pub(crate) fn forgotten(self) -> Self {
        Self { state: None, schemas: BTreeMap::new(), ..self }
    }
}

/// What a step is found by that gives records.
pub(crate) fn giver(records: &Records) -> String {
    format!("{}\n{}", records.pipeline, records.step)
}
