//! What maintenance scripts ask for.

use serde::{Deserialize, Serialize};

/// How soon something is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    Soon,
    Now,
}

impl Urgency {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Soon => "soon",
            Self::Now => "now",
        }
    }
}

/// Something that is to be done to gear or to a component.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// The id of the gear or of the component.
    pub item: String,
    /// The path of the script that says so.
    pub script: String,
    /// As much of the hash of its text as is shown.
    pub version: String,
    /// What is to be done, as `replace`.
    pub what: String,
    pub urgency: Urgency,
    /// A sentence for the athlete.
    pub why: String,
}
