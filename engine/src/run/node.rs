//! What the executor knows of a step of its run.

use std::sync::Arc;

use super::StepState;
use super::journal::Attempt;
use super::resume::Known;

/// A step of the run, and how far it is.
#[derive(Default)]
pub(super) struct Node {
    pub waits_for: usize,
    pub attempts: u32,
    pub attempt_ms: i64,
    pub over: Option<StepState>,
    pub artifact: Option<Arc<str>>,
    /// Why it failed, where a former worker wrote that down.
    pub error_code: Option<String>,
    /// A step that it needs has failed.
    pub blocked: bool,
}

impl Node {
    pub(super) fn of(known: Known) -> Self {
        let Known { attempts, over, artifact, error_code } = known;
        Self { attempts, over, artifact, error_code, ..Self::default() }
    }

    pub(super) fn attempt(&self) -> Attempt {
        Attempt { number: self.attempts, started_ms: self.attempt_ms }
    }
}
