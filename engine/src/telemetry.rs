//! Prometheus metrics: names, buckets, and the series of every planned step, present from the start.

mod exposition;
mod mirror;

use std::sync::OnceLock;

use metrics::{
    Counter, Histogram, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

use crate::plan::{Plan, PlannedStep};
use crate::run::StepState;
pub(crate) use mirror::Mirror;

const RUNS: &str = "pipeline_step_runs_total";
const FAILURES: &str = "pipeline_step_failures_total";
const DURATION: &str = "pipeline_step_duration_seconds";
const TICKED: &str = "paceline_scheduler_last_tick_timestamp_seconds";
const RESCUES: &str = "paceline_run_rescues_total";
const FENCED: &str = "paceline_fenced_writes_total";
const LINES_LOST: &str = "paceline_log_lines_dropped_total";
const STREAMS: &str = "paceline_event_streams";
const BUCKETS: [f64; 13] = [0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0];

static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();

/// Why an attempt failed: a closed list, because it is a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    Failed,
    Hopeless,
    Timeout,
    Panic,
}

impl Failure {
    const ALL: [Self; 4] = [Self::Failed, Self::Hopeless, Self::Timeout, Self::Panic];

    fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Hopeless => "hopeless",
            Self::Timeout => "timeout",
            Self::Panic => "panic",
        }
    }
}

/// Starts collecting for this process; a second call answers the same handle.
pub fn install() -> Result<PrometheusHandle, BuildError> {
    if let Some(handle) = HANDLE.get() {
        return Ok(handle.clone());
    }
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Full(DURATION.to_owned()), &BUCKETS)?
        .install_recorder()?;
    describe_counter!(RUNS, "Step runs that ended, by status.");
    describe_counter!(FAILURES, "Attempts that failed, by error.");
    crate::pool::describe();
    describe_histogram!(DURATION, "Seconds from the start of an attempt to its end.");
    describe_counter!(RESCUES, "Runs taken up after a worker that went away.");
    describe_counter!(FENCED, "Commits refused because the run belonged to another worker by then.");
    describe_counter!(LINES_LOST, "Lines of steps that were not kept, because there were too many.");
    for name in [RESCUES, FENCED, LINES_LOST] {
        counter!(name).absolute(0);
    }
    describe_gauge!(STREAMS, "Who follows a run in this process.");
    gauge!(STREAMS).set(0.0);
    describe_gauge!(TICKED, "When a scheduler of this process last looked to the end.");
    gauge!("paceline_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    Ok(HANDLE.get_or_init(|| handle).clone())
}

/// Folds what was recorded into the buckets; without it histograms would grow until somebody asks for them.
pub(crate) fn upkeep() {
    if let Some(handle) = HANDLE.get() {
        handle.run_upkeep();
    }
}

/// The series of one planned step.
#[derive(Clone)]
pub(crate) struct StepMetrics {
    succeeded: Counter,
    skipped: Counter,
    failed: Counter,
    cancelled: Counter,
    failures: [Counter; 4],
    duration: Histogram,
}

impl StepMetrics {
    /// Makes the series of every step of a plan, so that they stand at 0 before the first run.
    pub(crate) fn of_plan(plan: &Plan) -> Vec<Self> {
        plan.steps.iter().map(|step| Self::new(&plan.name, step)).collect()
    }

    fn new(pipeline: &str, step: &PlannedStep) -> Self {
        let plugin = step.kind.path().0;
        let labels = [
            ("pipeline", pipeline.to_owned()),
            ("step", step.name.to_string()),
            ("plugin", plugin.to_owned()),
            ("kind", step.kind.kind.to_owned()),
        ];
        let with = |name: &'static str, value: &'static str| {
            let mut labels = labels.to_vec();
            labels.push((name, value.to_owned()));
            labels
        };
        let runs = |state: StepState| counter!(RUNS, &with("status", state.as_str()));
        Self {
            succeeded: runs(StepState::Succeeded),
            skipped: runs(StepState::Skipped),
            failed: runs(StepState::Failed),
            cancelled: runs(StepState::Cancelled),
            failures: Failure::ALL.map(|failure| counter!(FAILURES, &with("error", failure.as_str()))),
            duration: histogram!(DURATION, &labels.to_vec()),
        }
    }

    pub(crate) fn ended(&self, state: StepState) {
        match state {
            StepState::Succeeded => self.succeeded.increment(1),
            StepState::Skipped => self.skipped.increment(1),
            StepState::Failed => self.failed.increment(1),
            StepState::Cancelled => self.cancelled.increment(1),
            StepState::Pending | StepState::Running | StepState::Waiting | StepState::Lost => {}
        }
    }

    pub(crate) fn failure(&self, failure: Failure) {
        self.failures[failure as usize].increment(1);
    }

    pub(crate) fn took(&self, started_ms: i64, ended_ms: i64) {
        self.duration.record((ended_ms - started_ms).max(0) as f64 / 1000.0);
    }
}

/// Counts a run that is taken up although nobody gave it back.
pub(crate) fn rescued() {
    counter!(RESCUES).increment(1);
}

/// Counts a commit that the fence refused.
pub(crate) fn fenced() {
    counter!(FENCED).increment(1);
}

/// Counts a line of a step for which there was no room.
pub(crate) fn line_lost() {
    counter!(LINES_LOST).increment(1);
}

/// Counts who begins to follow a run, or ends it.
pub(crate) fn following(begins: bool) {
    let streams = gauge!(STREAMS);
    if begins { streams.increment(1.0) } else { streams.decrement(1.0) }
}

/// Notes when a scheduler of this process last looked to the end.
pub(crate) fn scheduler_looked(at_ms: i64) {
    gauge!(TICKED).set(at_ms as f64 / 1000.0);
}
