//! What many runs, or many runs of a step, come to.

use serde::Serialize;

use super::Done;
use crate::context::Readings;
use crate::run::{RunState, StepState};

/// How runs went.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct RunFigures {
    pub succeeded: u64,
    pub failed: u64,
    pub cancelled: u64,
    /// Half of those that succeeded or failed took no longer.
    pub p50_ms: Option<i64>,
    /// Nineteen of twenty took no longer.
    pub p95_ms: Option<i64>,
}

/// How a step went, where it ran.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StepFigures {
    pub step: String,
    pub kind: String,
    pub succeeded: u64,
    pub failed: u64,
    pub skipped: u64,
    pub cancelled: u64,
    /// A result of another run stood for it.
    pub reused: u64,
    pub p50_ms: Option<i64>,
    pub p95_ms: Option<i64>,
    /// Attempts that failed and were followed by another.
    pub retries: u64,
    /// What all of them counted together.
    pub meters: Readings,
}

#[derive(Default)]
pub(super) struct Sums {
    figures: RunFigures,
    took_ms: Vec<i64>,
}

#[derive(Default)]
pub(super) struct StepSums {
    kind: String,
    counts: RunFigures,
    skipped: u64,
    reused: u64,
    retries: u64,
    meters: Readings,
    took_ms: Vec<i64>,
}

impl Sums {
    pub(super) fn add(&mut self, state: RunState, took_ms: Option<i64>) {
        match state {
            RunState::Succeeded => self.figures.succeeded += 1,
            RunState::Failed => self.figures.failed += 1,
            RunState::Cancelled => self.figures.cancelled += 1,
            RunState::Queued | RunState::Running => return,
        }
        if state != RunState::Cancelled {
            self.took_ms.extend(took_ms);
        }
    }

    pub(super) fn figures(mut self) -> RunFigures {
        self.took_ms.sort_unstable();
        RunFigures { p50_ms: at(&self.took_ms, 50), p95_ms: at(&self.took_ms, 95), ..self.figures }
    }
}

impl StepSums {
    pub(super) fn add(&mut self, done: &Done) {
        self.kind.clone_from(&done.kind);
        if done.is_reused {
            // What it took and counted is told of the run that did it.
            self.reused += 1;
            return;
        }
        match done.state {
            StepState::Succeeded => self.counts.succeeded += 1,
            StepState::Failed => self.counts.failed += 1,
            StepState::Cancelled => self.counts.cancelled += 1,
            StepState::Skipped => self.skipped += 1,
            StepState::Pending | StepState::Running | StepState::Waiting | StepState::Lost => return,
        }
        self.count(done.meters);
        if matches!(done.state, StepState::Succeeded | StepState::Failed) {
            self.took_ms.extend(done.took_ms);
        }
    }

    /// Adds an attempt that another one followed.
    pub(super) fn add_former(&mut self, state: StepState, meters: Readings) {
        // Who waited for a quota, or lost its worker, did not fail.
        self.retries += u64::from(state == StepState::Failed);
        self.count(meters);
    }

    fn count(&mut self, more: Readings) {
        self.meters = [self.meters, more].into_iter().sum();
    }

    pub(super) fn figures(mut self, step: String) -> StepFigures {
        self.took_ms.sort_unstable();
        let RunFigures { succeeded, failed, cancelled, .. } = self.counts;
        StepFigures {
            step,
            kind: self.kind,
            succeeded,
            failed,
            skipped: self.skipped,
            cancelled,
            reused: self.reused,
            p50_ms: at(&self.took_ms, 50),
            p95_ms: at(&self.took_ms, 95),
            retries: self.retries,
            meters: self.meters,
        }
    }
}

/// The least of the sorted figures that so many of a hundred do not exceed.
fn at(sorted: &[i64], percent: usize) -> Option<i64> {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.checked_sub(1)?).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_one_of_the_figures() {
        let hundred: Vec<i64> = (1..=100).collect();
        assert_eq!((at(&hundred, 50), at(&hundred, 95)), (Some(50), Some(95)));
        assert_eq!((at(&[7], 50), at(&[7], 95)), (Some(7), Some(7)));
        assert_eq!((at(&[1, 2, 3], 50), at(&[1, 2, 3], 95)), (Some(2), Some(3)));
        assert_eq!(at(&[], 95), None);
    }
}
