//! The runs in this process's hands, and the work on one of them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use store::{Sql, Tx, params};
use tokio::task::JoinSet;
use tracing::{Instrument, info, info_span, warn};

use super::finisher::Finisher;
use crate::child::{self, Family, Part};
use crate::context::{RunContext, RunInfo};
use crate::host::Engine;
use crate::log::{Lines, mask};
use crate::plan::Plan;
use crate::pool::Doors;
use crate::queue::{self, Claimed, Ended, Enqueued, Job, MAX_CLAIMS};
use crate::run::{
    Cause, Execution, FailureClass, Fenced, GRACE, Journal, Outcome, Resumed, RunState, Shared, Stop,
    StopReason,
};
use crate::schedule::followers;
use crate::telemetry::StepMetrics;

#[cfg(test)]
mod tests;

/// How long a run whose database is away keeps its claim before the worker lets go of it.
const LET_GO_MS: i64 = 2_000;

/// How long a stopped run may take, of which its steps have [`GRACE`]; then it ends without them.
const LAST_CALL: Duration = GRACE.saturating_add(Duration::from_secs(2));

/// The runs that this worker holds, each with the means to stop it.
#[derive(Default)]
pub(super) struct Holdings(Mutex<HashMap<String, Hold>>);

/// One claim of a run. A run whose lease ran out may be claimed a second time before its first work has noticed.
struct Hold {
    fence: i64,
    stop: Stop,
}

impl Holdings {
    pub(super) fn add(&self, claimed: &Claimed) -> Stop {
        let stop = Stop::default();
        let hold = Hold { fence: claimed.fence.number(), stop: stop.clone() };
        if let Some(former) = self.lock().insert(claimed.run.clone(), hold) {
            former.stop.now(StopReason::Lost);
        }
        stop
    }

    pub(super) fn remove(&self, claimed: &Claimed) {
        let mut holds = self.lock();
        if holds.get(&claimed.run).is_some_and(|hold| hold.fence == claimed.fence.number()) {
            holds.remove(&claimed.run);
        }
    }

    pub(super) fn stop(&self, run: &str, reason: StopReason) {
        if let Some(hold) = self.lock().get(run) {
            hold.stop.now(reason);
        }
    }

    /// Stops a run that is gone, unless it was claimed again since.
    pub(super) fn lose(&self, run: &str, fence: i64) {
        if let Some(hold) = self.lock().get(run).filter(|hold| hold.fence == fence) {
            hold.stop.now(StopReason::Lost);
        }
    }

    pub(super) fn runs(&self) -> Vec<String> {
        self.lock().keys().cloned().collect()
    }

    /// Each run with the number under which it is held.
    pub(super) fn fences(&self) -> Vec<(String, i64)> {
        self.lock().iter().map(|(run, hold)| (run.clone(), hold.fence)).collect()
    }

    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Hold>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A run that was claimed.
#[derive(Clone)]
pub(super) struct Held {
    pub engine: Engine,
    pub worker: String,
    pub finisher: Finisher,
    pub claimed: Claimed,
    pub stop: Stop,
}

/// What a run pinned when it was enqueued.
struct Pinned {
    info: RunInfo,
    /// The run that waits for this one.
    parent: Option<String>,
    /// What it is for, where it is for a part of a step of its parent.
    part: Option<Part>,
    /// Since when its time is counted, where that was before it waited for its children.
    begun_ms: Option<i64>,
    request_id: Option<String>,
    script_hash: String,
    script_body: String,
    plan_hash: String,
    is_fresh: bool,
}

impl Held {
    pub(super) async fn work(&self) {
        self.work_within(LAST_CALL).await;
    }

    /// Works until the run has ended, or until so long after it was stopped.
    async fn work_within(&self, last_call: Duration) {
        let span = info_span!("run", run.id = self.claimed.run);
        async {
            let Some(pinned) = self.pinned().await else { return };
            let pipeline = pinned.info.pipeline.clone();
            info!(pipeline, claims = self.claimed.claims, request.id = pinned.request_id, "run started");
            let partition = pinned.info.partition.clone();
            let is_child = pinned.parent.is_some();
            let overdue = async {
                self.stop.stopped().await;
                tokio::time::sleep(last_call).await;
            };
            let outcome = tokio::select! {
                outcome = self.outcome_aside(pinned) => outcome,
                () = overdue => self.give_up(),
            };
            let followers = match outcome {
                Outcome::Succeeded if !is_child => followers::prepare(&self.engine, &pipeline, &partition),
                _ => Vec::new(),
            };
            self.conclude(&pipeline, outcome, followers).await;
        }
        .instrument(span)
        .await;
    }

    /// The outcome, found by a task of its own: a step that never yields must not hold up who watches it.
    async fn outcome_aside(&self, pinned: Pinned) -> Outcome {
        let held = self.clone();
        let mut task = JoinSet::new();
        task.spawn(async move { held.outcome(pinned).await }.in_current_span());
        match task.join_next().await {
            Some(Ok(outcome)) => outcome,
            Some(Err(error)) => failed(FailureClass::Panic, "step_panicked", error.to_string()),
            None => Outcome::HandedBack,
        }
    }

    /// Where a run stands whose steps do not heed that it was stopped. What they still try to commit is refused,
    /// because the run is no longer theirs.
    fn give_up(&self) -> Outcome {
        let reason = self.stop.reason();
        warn!(?reason, "a step did not stop when it was asked to; the run ends without it");
        match reason {
            Some(StopReason::Asked) => Outcome::Cancelled,
            Some(StopReason::TimedOut) => Outcome::timed_out(),
            Some(StopReason::Drained) => Outcome::HandedBack,
            Some(StopReason::Lost) | None => Outcome::Lost,
        }
    }

    async fn outcome(&self, pinned: Pinned) -> Outcome {
        if self.claimed.claims > MAX_CLAIMS {
            let error = format!("{MAX_CLAIMS} workers took the run up and went away");
            return failed(FailureClass::Lost, "workers_lost", error);
        }
        match self.execute(pinned).await {
            Ok(outcome) => outcome,
            Err(error) => {
                warn!(code = error.code(), error = %error, "the store failed during a run; it will be taken up again");
                Outcome::Parked { until_ms: self.engine.clock().now_ms() + LET_GO_MS }
            }
        }
    }

    async fn execute(&self, pinned: Pinned) -> store::Result<Outcome> {
        let (script_hash, body) = (pinned.script_hash.clone(), pinned.script_body.clone());
        let engine = self.engine.clone();
        let planned = tokio::task::spawn_blocking(move || engine.pinned(&script_hash, &body)).await;
        let ready = match planned {
            Ok(Ok(ready)) if ready.plan.hash == pinned.plan_hash => ready,
            Ok(Ok(_)) => return Ok(changed("the pinned script gives another plan in this version")),
            Ok(Err(error)) => return Ok(changed(&error.to_string())),
            Err(error) => return Ok(changed(&error.to_string())),
        };
        let begun_ms = pinned.begun_ms.unwrap_or_else(|| self.engine.clock().now_ms());
        let mut family = Family { engine: Some(self.engine.clone()), begun_ms, ..Family::default() };
        let (mut plan, mut metrics) = (ready.plan.clone(), ready.metrics.clone());
        if let Some(part) = pinned.part {
            let read = move |tx: &mut Tx<'_>| child::given(tx, &plan, &part);
            let Some((step, given)) = self.engine.store().read(read).await? else {
                return Ok(changed("the pinned script gives no such part in this version"));
            };
            (plan, metrics) = (Arc::new(ready.plan.alone(step)), [metrics[step].clone()].into());
            family.given = Some(given);
        }
        let limit_ms = plan.options.timeout.and_then(|limit| i64::try_from(limit.as_millis()).ok());
        family.deadline_ms = limit_ms.map(|limit_ms| begun_ms.saturating_add(limit_ms));
        let (fence, own_plan, now_ms) =
            (self.claimed.fence.clone(), plan.clone(), self.engine.clock().now_ms());
        let resumed = self.engine.store().write(move |tx| Resumed::load(tx, &fence, &own_plan, now_ms)).await;
        let resumed = match resumed {
            Ok(resumed) => Resumed { is_fresh: pinned.is_fresh, ..resumed },
            Err(error) => return error.downcast_aborted::<crate::run::Fenced>().map(|_| Outcome::Lost),
        };
        self.run((plan, metrics), family, pinned.info, resumed).await
    }

    async fn run(
        &self,
        (plan, metrics): (Arc<Plan>, Arc<[StepMetrics]>),
        family: Family,
        info: RunInfo,
        resumed: Resumed,
    ) -> store::Result<Outcome> {
        let store = self.engine.store().clone();
        let journal = Journal::Store {
            store: store.clone(),
            fence: self.claimed.fence.clone(),
            worker: self.worker.as_str().into(),
        };
        // What it waited for its children is its own time.
        let used_ms = (self.engine.clock().now_ms() - family.begun_ms).max(0).unsigned_abs();
        let timeout = plan.options.timeout.map(|limit| limit.saturating_sub(Duration::from_millis(used_ms)));
        let context = RunContext {
            run: Arc::new(info),
            clock: self.engine.clock().clone(),
            scripts: self.engine.library(),
            store: Some(store),
            fence: self.claimed.fence.clone(),
            stop: self.stop.clone(),
            http: self.engine.http().clone(),
            secrets: self.engine.secrets().clone(),
            watcher: self.engine.watcher().cloned(),
        };
        let context = Arc::new(context);
        let doors = Doors::of(&plan, &context, self.engine.shared_pools());
        let lines = Arc::new(Lines::from(resumed.next_seq));
        let shared = Shared { plan, metrics, context, doors, family, lines };
        let execution = Execution::new(Arc::new(shared), journal, resumed);
        let limit = async {
            match timeout {
                Some(timeout) => tokio::time::sleep(timeout).await,
                None => std::future::pending().await,
            }
            self.stop.now(StopReason::TimedOut);
            std::future::pending::<()>().await;
        };
        tokio::select! {
            outcome = execution.run() => outcome,
            () = limit => Ok(Outcome::Cancelled),
        }
    }

    async fn conclude(&self, pipeline: &str, outcome: Outcome, followers: Vec<Job>) {
        let now_ms = self.engine.clock().now_ms();
        match outcome {
            Outcome::Succeeded => {
                self.finish(pipeline, Ended::well(RunState::Succeeded, now_ms), followers).await;
            }
            Outcome::Cancelled => {
                self.finish(pipeline, Ended::well(RunState::Cancelled, now_ms), followers).await;
            }
            Outcome::Failed { class, code, error } => {
                let error = mask::masked(&error).into_owned();
                let (class, error_code, error) = (Some(class), Some(code), Some(error));
                let ended = Ended { state: RunState::Failed, class, error_code, error, now_ms };
                self.finish(pipeline, ended, followers).await;
            }
            Outcome::Parked { until_ms } => self.release(until_ms).await,
            Outcome::HandedBack => self.release(self.engine.clock().now_ms()).await,
            Outcome::Awaiting { begun_ms, deadline_ms } => self.await_children(begun_ms, deadline_ms).await,
            Outcome::Lost => warn!("run lost to another worker; nothing more is written"),
        }
    }

    async fn finish(&self, pipeline: &str, ended: Ended, followers: Vec<Job>) {
        let (state, error_code, error) = (ended.state, ended.error_code.clone(), ended.error.clone());
        match self.finisher.finish(self.claimed.fence.clone(), ended, followers).await {
            Ok(followers) => {
                info!(pipeline, state = state.as_str(), code = error_code, error, "run finished");
                for Enqueued { run, new } in followers {
                    info!(run.id = run, new, cause = "pipeline", after = pipeline, "run enqueued");
                }
                self.engine.tell_ended();
            }
            Err(store::Error::Aborted(why)) if why.is::<Fenced>() => {
                info!("run is over already, or another worker's");
            }
            Err(error) => {
                warn!(code = error.code(), error = %error, "cannot finish the run; its lease will run out");
            }
        }
    }

    async fn await_children(&self, begun_ms: i64, deadline_ms: Option<i64>) {
        let (fence, now_ms) = (self.claimed.fence.clone(), self.engine.clock().now_ms());
        let look_ms = now_ms + i64::try_from(child::LOOK.as_millis()).unwrap_or(0);
        let ready_ms = deadline_ms.map_or(look_ms, |deadline_ms| deadline_ms.min(look_ms));
        let release =
            move |tx: &mut Tx<'_>| queue::release_awaiting(tx, &fence, (begun_ms, ready_ms), now_ms);
        match self.engine.store().write_latest(release).await {
            Ok(()) => {
                info!("run waits for its children");
                // The last of them may be over already.
                self.engine.wake();
            }
            Err(error) => {
                warn!(code = error.code(), error = %error, "cannot hand the run back; its lease will run out");
            }
        }
    }

    async fn release(&self, ready_ms: i64) {
        let fence = self.claimed.fence.clone();
        match self.engine.store().write(move |tx| queue::release(tx, &fence, ready_ms)).await {
            Ok(()) => info!(ready_ms, "run handed back to the queue"),
            Err(error) => {
                warn!(code = error.code(), error = %error, "cannot hand the run back; its lease will run out");
            }
        }
    }

    async fn pinned(&self) -> Option<Pinned> {
        let run = self.claimed.run.clone();
        let read = self.engine.store().read(move |tx| {
            tx.optional(&PINNED, &params![&run], |row| {
                let info = RunInfo {
                    id: run.clone(),
                    pipeline: row.get(0)?,
                    partition: row.get(1)?,
                    params: serde_json::from_str(&row.get::<String>(2)?).unwrap_or_default(),
                    cause: Cause::parse(&row.get::<String>(3)?).unwrap_or(Cause::Cli),
                };
                let parent: Option<String> = row.get(9)?;
                let step = row.get::<Option<String>>(10)?.zip(row.get::<Option<i64>>(11)?);
                let part = parent.clone().zip(step);
                Ok(Pinned {
                    info,
                    part: part.map(|(parent, (step, number))| Part { parent, step, number }),
                    parent,
                    begun_ms: row.get(12)?,
                    request_id: row.get(4)?,
                    script_hash: row.get(5)?,
                    script_body: row.get(6)?,
                    plan_hash: row.get(7)?,
                    is_fresh: row.get(8)?,
                })
            })
        });
        read.await.inspect_err(|error| warn!(code = error.code(), "cannot read the run")).ok().flatten()
    }
}

fn changed(error: &str) -> Outcome {
    failed(FailureClass::Hopeless, "plan_changed", error.to_owned())
}

fn failed(class: FailureClass, code: &str, error: String) -> Outcome {
    Outcome::Failed { class, code: code.to_owned(), error }
}

const PINNED: Sql = Sql::Both(
    "SELECT run.pipeline, run.partition, run.params, COALESCE(run.origin, run.cause), run.request_id, \
     run.script_hash, script.body, run.plan_hash, run.fresh, run.parent, run.parent_step, run.part, \
     job.waits_since_ms FROM run JOIN script ON script.hash = run.script_hash \
     LEFT JOIN job ON job.run_id = run.id WHERE run.id = $1",
);
pub(super) const QUERIES: &[&Sql] = &[&PINNED];
