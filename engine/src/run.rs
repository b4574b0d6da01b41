//! A run: one execution of a plan for one partition, with what it leaves behind.

mod attempt;
mod execution;
mod fence;
mod journal;
mod node;
mod outcome;
pub mod record;
mod rehearsal;
mod resume;
mod reuse;
mod shape;
mod spread;
mod stop;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub(crate) use execution::{Execution, GRACE, Shared};
pub use fence::{Fence, Fenced};
pub(crate) use journal::{Journal, close_all_open, close_open, is_well};
pub(crate) use outcome::Outcome;
pub use rehearsal::Rehearsal;
pub use resume::begin;
pub(crate) use resume::{Resumed, insert as list_steps};
pub(crate) use reuse::forget as forget_results;
pub use stop::{Stop, StopReason};

pub(crate) const QUERIES: &[&[&store::Sql]] =
    &[fence::QUERIES, journal::QUERIES, record::QUERIES, resume::QUERIES, reuse::QUERIES, shape::QUERIES];

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
    /// The wish that a run go on from where it failed.
    Retry,
    /// The wish that a dead letter be tried anew.
    Replay,
    /// The pipeline's own schedule.
    Schedule,
    /// Another pipeline that succeeded.
    Pipeline,
    /// A list of runs to catch up on.
    Backfill,
    /// What another program tells.
    Webhook,
    /// A step of another run that has many parts.
    Part,
    /// A step of another run that runs this pipeline.
    SubPipeline,
}

/// Why a run failed for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureClass {
    /// It would fail again as it stands.
    Hopeless,
    /// Every attempt failed.
    Exhausted,
    /// A step or the run took too long.
    Timeout,
    Panic,
    /// Its workers went away.
    Lost,
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
            Self::Retry => "retry",
            Self::Replay => "replay",
            Self::Schedule => "schedule",
            Self::Pipeline => "pipeline",
            Self::Backfill => "backfill",
            Self::Webhook => "webhook",
            Self::Part => "part",
            Self::SubPipeline => "sub_pipeline",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        use Cause::*;
        let all = [Cli, Http, Watch, Retry, Replay, Schedule, Pipeline, Backfill, Webhook, Part, SubPipeline];
        all.into_iter().find(|cause| cause.as_str() == text)
    }
}

impl FailureClass {
    const ALL: [Self; 5] = [Self::Hopeless, Self::Exhausted, Self::Timeout, Self::Panic, Self::Lost];

    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hopeless => "hopeless",
            Self::Exhausted => "exhausted",
            Self::Timeout => "timeout",
            Self::Panic => "panic",
            Self::Lost => "lost",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.as_str() == text)
    }

    /// What can be told from the code alone.
    pub(crate) fn of_code(code: &str) -> Self {
        match code {
            "step_timeout" | "run_timeout" => Self::Timeout,
            "step_panicked" => Self::Panic,
            "workers_lost" => Self::Lost,
            "plan_changed" => Self::Hopeless,
            _ => Self::Exhausted,
        }
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
