//! Runs what a run did once more: from what failed, or from a step of one's choice.
//!
//! It is a run of its own that follows the first one, under the plan which that one pinned. The steps before are not
//! run again; their results are copied as they stand.

mod rows;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;

use serde::Serialize;
use tracing::info;

use crate::catalog::Ready;
use crate::host::{Engine, new_id};
use crate::plan::{Overlap, Plan};
use crate::queue::{Enqueued, Job};
use crate::run::{Cause, StepState, is_well};
use rows::{Former, Reuse};
pub(crate) use rows::{QUERIES, follow, hold};

/// Where a run goes on that follows another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// At each step that did not succeed.
    Failed,
    /// At this step, and at each that did not succeed.
    Step(String),
}

/// What a run would do that follows another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Preview {
    /// The run that it would follow.
    pub run: String,
    pub pipeline: String,
    pub partition: String,
    /// Steps that run again, in the order of the plan.
    pub again: Vec<String>,
    /// Steps whose results are taken over.
    pub reused: Vec<String>,
}

/// Why a run cannot be followed by another.
#[derive(Debug, thiserror::Error)]
pub enum RerunError {
    #[error("there is no run `{0}`")]
    Unknown(String),
    #[error("run `{0}` is not over")]
    Unfinished(String),
    #[error("run `{run}` is a part of run `{parent}`: retry that one")]
    Part { run: String, parent: String },
    #[error("every step of run `{0}` succeeded, so there is nothing to retry")]
    Nothing(String),
    #[error("the run has no step `{step}`, only {known}")]
    Step { step: String, known: String },
    #[error("the plan of run `{run}` cannot be made any more: {why}")]
    Plan { run: String, why: String },
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl RerunError {
    /// The stable name of the failure.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unknown(_) => "not_found",
            Self::Unfinished(_) => "run_unfinished",
            Self::Part { .. } => "run_is_part",
            Self::Nothing(_) => "nothing_to_retry",
            Self::Step { .. } => "invalid_parameter",
            Self::Plan { .. } => "plan_changed",
            Self::Store(error) => error.code(),
        }
    }
}

/// A run, its plan, and which steps of it run again.
struct Layout {
    former: Former,
    ready: Arc<Ready>,
    again: Vec<bool>,
}

impl Engine {
    /// Says what [`Engine::rerun`] would run again, without doing it.
    pub async fn preview_rerun(&self, run: &str, start: &Start) -> Result<Preview, RerunError> {
        Ok(self.lay_out(run, start).await?.preview())
    }

    /// Enqueues a run that follows one which is over, and takes over the results of the steps before its start.
    ///
    /// While such a run is unfinished, it stands for the new one.
    pub async fn rerun(
        &self,
        run: &str,
        start: &Start,
        request_id: Option<String>,
    ) -> Result<Enqueued, RerunError> {
        let layout = self.lay_out(run, start).await?;
        let job = layout.job(self.clock().now_ms(), request_id);
        let reuse = Reuse {
            plan: layout.ready.plan.clone(),
            again: layout.again,
            is_fresh: matches!(start, Start::Step(_)),
            former: layout.former.id,
        };
        let enqueued = self.store().write_latest(move |tx| rows::enqueue(tx, &job, &reuse)).await?;
        info!(run.id = enqueued.run, follows = run, new = enqueued.new, "run enqueued that follows another");
        self.wake();
        Ok(enqueued)
    }

    async fn lay_out(&self, run: &str, start: &Start) -> Result<Layout, RerunError> {
        let id = run.to_owned();
        let found = self.store().read(move |tx| Ok((rows::former(tx, &id)?, rows::states(tx, &id)?))).await?;
        let (Some(former), states) = found else { return Err(RerunError::Unknown(run.to_owned())) };
        if !former.state.is_over() {
            return Err(RerunError::Unfinished(former.id));
        }
        if let Some(parent) = former.part_of {
            return Err(RerunError::Part { run: former.id, parent });
        }
        let ready = self.ready_of(&former).await?;
        let again = again(&ready.plan, &states, start)?;
        if *start == Start::Failed && !again.contains(&true) {
            return Err(RerunError::Nothing(former.id));
        }
        Ok(Layout { former, ready, again })
    }

    async fn ready_of(&self, former: &Former) -> Result<Arc<Ready>, RerunError> {
        let failed = |why: String| RerunError::Plan { run: former.id.clone(), why };
        let (engine, hash, body) = (self.clone(), former.script_hash.clone(), former.script_body.clone());
        let planned = tokio::task::spawn_blocking(move || engine.pinned(&hash, &body)).await;
        match planned {
            Ok(Ok(ready)) if ready.plan.hash == former.plan_hash => Ok(ready),
            Ok(Ok(_)) => Err(failed("the pinned script gives another plan in this version".to_owned())),
            Ok(Err(error)) => Err(failed(error.to_string())),
            Err(error) => Err(failed(error.to_string())),
        }
    }
}

impl Layout {
    fn preview(self) -> Preview {
        let names = |wanted: bool| {
            let steps = self.ready.plan.steps.iter().zip(&self.again);
            steps.filter(|(_, again)| **again == wanted).map(|(step, _)| step.name.to_string()).collect()
        };
        let (again, reused) = (names(true), names(false));
        let Former { id, pipeline, partition, .. } = self.former;
        Preview { run: id, pipeline, partition, again, reused }
    }

    fn job(&self, now_ms: i64, request_id: Option<String>) -> Job {
        let (former, plan) = (&self.former, &self.ready.plan);
        Job {
            id: new_id(now_ms),
            pipeline: former.pipeline.clone(),
            partition: former.partition.clone(),
            params: former.params.clone(),
            cause: Cause::Retry,
            request_id,
            lock_key: plan.lock_key(&former.partition),
            priority: plan.options.priority,
            // Another run of the pipeline did not take over what this one goes on from.
            overlap: Overlap::Queue,
            script_hash: former.script_hash.clone(),
            script_body: former.script_body.clone(),
            plan_hash: former.plan_hash.clone(),
            now_ms,
        }
    }
}

/// What did not succeed, what was named, and everything after them.
fn again(plan: &Plan, states: &HashMap<String, StepState>, start: &Start) -> Result<Vec<bool>, RerunError> {
    let is_named = |name: &str| matches!(start, Start::Step(step) if step == name);
    let is_done = |name: &str| states.get(name).is_some_and(|state| is_well(*state));
    let mut again: Vec<bool> =
        plan.steps.iter().map(|step| is_named(&step.name) || !is_done(&step.name)).collect();
    if let Start::Step(step) = start
        && !plan.steps.iter().any(|planned| *planned.name == **step)
    {
        let known = plan.steps.iter().map(|step| format!("`{}`", step.name)).collect::<Vec<_>>().join(", ");
        return Err(RerunError::Step { step: step.clone(), known });
    }
    let mut open: Vec<usize> = (0..again.len()).filter(|index| again[*index]).collect();
    while let Some(index) = open.pop() {
        for &successor in plan.order.successors(index) {
            if !again[successor] {
                again[successor] = true;
                open.push(successor);
            }
        }
    }
    Ok(again)
}
