//! A run: one execution of a plan for one partition, with what it leaves behind.

mod attempt;
mod execution;
mod fence;
mod journal;
pub mod record;
mod rehearsal;
mod resume;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub(crate) use execution::{Execution, Outcome, Shared};
pub use execution::{Stop, StopReason};
pub use fence::{Fence, Fenced};
pub(crate) use journal::Journal;
pub use rehearsal::Rehearsal;
pub(crate) use resume::Resumed;

pub(crate) const QUERIES: &[&[&store::Sql]] =
    &[fence::QUERIES, journal::QUERIES, record::QUERIES, resume::QUERIES];

/// What set a run off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// A person at the command line.
    Cli,
    /// A request to the API.
    Http,
    /// What a folder that is watched holds.
    Watch,
    /// The pipeline's own schedule.
    Schedule,
    /// Another pipeline that succeeded.
    Pipeline,
}

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    Queued,
    Running,
    Succeeded,
    Failed,
    Cancelled,
}

/// How far a step of a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    Pending,
    Running,
    /// Waits for an upstream, not for a retry.
    Waiting,
    Succeeded,
    Skipped,
    Failed,
    Cancelled,
    /// An attempt whose worker went away.
    Lost,
}

impl Cause {
    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cli => "cli",
            Self::Http => "http",
            Self::Watch => "watch",
            Self::Schedule => "schedule",
            Self::Pipeline => "pipeline",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Cli, Self::Http, Self::Watch, Self::Schedule, Self::Pipeline]
            .into_iter()
            .find(|cause| cause.as_str() == text)
    }
}

impl RunState {
    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// True once nothing more will happen by itself.
    pub fn is_over(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Queued, Self::Running, Self::Succeeded, Self::Failed, Self::Cancelled]
            .into_iter()
            .find(|state| state.as_str() == text)
    }
}

impl StepState {
    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Succeeded => "succeeded",
            Self::Skipped => "skipped",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Lost => "lost",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        use StepState::*;
        [Pending, Running, Waiting, Succeeded, Skipped, Failed, Cancelled, Lost]
            .into_iter()
            .find(|state| state.as_str() == text)
    }
}
