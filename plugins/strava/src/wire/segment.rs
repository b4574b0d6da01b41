//! A segment that the athlete has starred.

use serde_json::Value;

use super::{Effort, Fields, WireError};

/// A segment with the athlete's own best effort on it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Segment {
    pub(crate) id: i64,
    pub(crate) best: Option<Effort>,
}

impl Segment {
    pub(crate) fn read(value: &Value) -> Result<Self, WireError> {
        let fields = Fields::of(value)?;
        let id = fields.id("id").ok_or(WireError::Lacks("id"))?;
        let best = fields.get("athlete_pr_effort").and_then(|effort| Effort::of_segment(effort, id).ok());
        Ok(Self { id, best })
    }
}
