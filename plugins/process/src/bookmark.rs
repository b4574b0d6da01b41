//! The cursor of a step that runs a program.

use std::collections::BTreeMap;

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

    /// The same as if the program had never run; what the run changed so far stays.
    pub(crate) fn forgotten(self) -> Self {
        Self { state: None, schemas: BTreeMap::new(), ..self }
    }
}
