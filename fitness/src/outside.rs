//! What programs from outside told, as it travels between steps.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A range of records that a program told; the records are in the store.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-split" = { "after": "from", "to": "to" }))]
pub struct Records {
    /// The pipeline and the step that ran the program.
    pub pipeline: String,
    pub step: String,
    /// The last change number before these records.
    pub from: i64,
    /// The last change number of these records; equal to `from` where nothing changed.
    pub to: i64,
    /// How many records were new or changed.
    pub rows: u64,
}

impl Records {
    /// True where nothing changed.
    pub fn is_empty(&self) -> bool {
        self.to <= self.from
    }
}
