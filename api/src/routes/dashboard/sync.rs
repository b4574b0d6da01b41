//! Whether the data is fresh, in a word and with what one can do about it.

use engine::condition::Condition;
use engine::run::RunState;
use engine::run::record::{RunRecord, Standing};
use serde::Serialize;
use utoipa::ToSchema;

/// How fresh what is shown is. Times are moments and not ages, so that an answer stays the same while nothing happens.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Sync {
    /// `syncing` while a run is at work; `failed` where the last one that ended did; `stale` where a scheduled pipeline
    /// should have succeeded since; `never` before the first success; else `fresh`.
    state: &'static str,
    /// When a pipeline last succeeded, in epoch milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_success_ms: Option<i64>,
    /// The run that is at work, or that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<SyncRun>,
    /// Runs that wait.
    queued: u64,
}

/// A run, as the state of the data names it.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
struct SyncRun {
    id: String,
    pipeline: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_ms: Option<i64>,
    /// Why it failed; docs/ERRORS.md explains each.
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<String>,
}

impl Sync {
    /// The state, by how the athlete's runs stand.
    pub(super) fn of(condition: &Condition, standing: &Standing) -> Self {
        let last_success_ms =
            condition.pipelines.iter().filter_map(|pipeline| pipeline.last_success_ms).max();
        let is_late = condition
            .pipelines
            .iter()
            .any(|pipeline| pipeline.lateness.is_some_and(|lateness| lateness.partitions > 0));
        let failed = standing.ended.as_ref().filter(|run| run.state == RunState::Failed);
        let (state, run) = match (&standing.at_work, failed) {
            (Some(run), _) => ("syncing", Some(run)),
            (None, Some(run)) => ("failed", Some(run)),
            (None, None) if is_late => ("stale", None),
            (None, None) if last_success_ms.is_none() => ("never", None),
            (None, None) => ("fresh", None),
        };
        Self { state, last_success_ms, run: run.map(SyncRun::of), queued: standing.queued }
    }
}

impl SyncRun {
    fn of(run: &RunRecord) -> Self {
        Self {
            id: run.id.clone(),
            pipeline: run.pipeline.clone(),
            started_ms: run.started_ms,
            finished_ms: run.finished_ms,
            error_code: run.error_code.clone(),
        }
    }
}
