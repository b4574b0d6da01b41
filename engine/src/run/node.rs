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
    /// Attempts that failed before this worker had the run.
    pub failures: u32,
    /// Nothing until it begins in this process, and while it waits for its pool.
    pub attempt_ms: Option<i64>,
    pub over: Option<StepState>,
    pub artifact: Option<Arc<str>>,
    /// Why it failed, where a former worker wrote that down.
    pub error_code: Option<String>,
    /// It waits for its children, in the attempt that it is at.
    pub awaits: bool,
    /// A step that it needs has failed.
    pub blocked: bool,
}

impl Node {
    pub(super) fn of(known: Known) -> Self {
        let Known { attempts, failures, over, artifact, error_code, awaits } = known;
        Self { attempts, failures, over, artifact, error_code, awaits, ..Self::default() }
    }

    /// The attempt that it is at, once it has begun.
    pub(super) fn attempt(&self) -> Option<Attempt> {
        self.attempt_ms.map(|started_ms| Attempt { number: self.attempts, started_ms })
    }

    /// The number of that attempt, or of the one to come.
    pub(super) fn at_attempt(&self) -> u32 {
        self.attempts + u32::from(self.attempt_ms.is_none())
    }
}
