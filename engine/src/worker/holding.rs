//! The runs in this process's hands, and the work on one of them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use store::{Sql, Tx, params};
use tokio::task::JoinSet;
use tracing::{Instrument, info, info_span, warn};

use crate::catalog::Ready;
use crate::context::{RunContext, RunInfo};
use crate::host::Engine;
use crate::pool::Doors;
use crate::queue::{self, Claimed, Ended, Enqueued, Job, MAX_CLAIMS};
use crate::run::{
    Cause, Execution, FailureClass, GRACE, Journal, Outcome, Resumed, RunState, Shared, Stop, StopReason,
};
use crate::schedule::followers;

#[cfg(test)]
mod tests;

/// How long a run whose database is away keeps its claim before the worker lets go of it.
const LET_GO: Duration = Duration::from_secs(2);

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
    pub claimed: Claimed,
    pub stop: Stop,
}

/// What a run pinned when it was enqueued.
struct Pinned {
    info: RunInfo,
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
            let overdue = async {
                self.stop.stopped().await;
                tokio::time::sleep(last_call).await;
            };
            let outcome = tokio::select! {
                outcome = self.outcome_aside(pinned) => outcome,
                () = overdue => self.give_up(),
            };
            let followers = match outcome {
                Outcome::Succeeded => followers::prepare(&self.engine, &pipeline, &partition),
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
                Outcome::Parked(LET_GO)
            }
        }
    }

    async fn execute(&self, pinned: Pinned) -> store::Result<Outcome> {
        let (script_hash, body) = (pinned.script_hash, pinned.script_body);
        let engine = self.engine.clone();
        let planned = tokio::task::spawn_blocking(move || engine.pinned(&script_hash, &body)).await;
        let ready = match planned {
            Ok(Ok(ready)) if ready.plan.hash == pinned.plan_hash => ready,
            Ok(Ok(_)) => return Ok(changed("the pinned script gives another plan in this version")),
            Ok(Err(error)) => return Ok(changed(&error.to_string())),
            Err(error) => return Ok(changed(&error.to_string())),
        };
        let (fence, plan, now_ms) =
            (self.claimed.fence.clone(), ready.plan.clone(), self.engine.clock().now_ms());
        let resumed = self.engine.store().write(move |tx| Resumed::load(tx, &fence, &plan, now_ms)).await;
        let resumed = match resumed {
            Ok(resumed) => Resumed { is_fresh: pinned.is_fresh, ..resumed },
            Err(error) => return error.downcast_aborted::<crate::run::Fenced>().map(|_| Outcome::Lost),
        };
        self.run(&ready, pinned.info, resumed).await
    }

    async fn run(&self, ready: &Ready, info: RunInfo, resumed: Resumed) -> store::Result<Outcome> {
        let store = self.engine.store().clone();
        let journal = Journal::Store {
            store: store.clone(),
            fence: self.claimed.fence.clone(),
            worker: self.worker.as_str().into(),
        };
        let timeout = ready.plan.options.timeout;
        let context = RunContext {
            run: Arc::new(info),
            clock: self.engine.clock().clone(),
            scripts: self.engine.library(),
            store: Some(store),
            fence: self.claimed.fence.clone(),
            stop: self.stop.clone(),
            watcher: self.engine.watcher().cloned(),
        };
        let (plan, metrics) = (ready.plan.clone(), ready.metrics.clone());
        let context = Arc::new(context);
        let doors = Doors::of(&plan, &context, self.engine.shared_pools());
        let shared = Shared { plan, metrics, context, doors };
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
                let (class, error_code, error) = (Some(class), Some(code), Some(error));
                let ended = Ended { state: RunState::Failed, class, error_code, error, now_ms };
                self.finish(pipeline, ended, followers).await;
            }
            Outcome::Parked(after) => self.release(after).await,
            Outcome::HandedBack => self.release(Duration::ZERO).await,
            Outcome::Lost => warn!("run lost to another worker; nothing more is written"),
        }
    }

    async fn finish(&self, pipeline: &str, ended: Ended, followers: Vec<Job>) {
        let (state, error_code, error) = (ended.state, ended.error_code.clone(), ended.error.clone());
        let fence = self.claimed.fence.clone();
        let finish = move |tx: &mut Tx<'_>| {
            queue::finish(tx, &fence, &ended)?;
            followers::enqueue(tx, &followers)
        };
        match self.engine.store().write(finish).await {
            Ok(followers) => {
                info!(pipeline, state = state.as_str(), code = error_code, error, "run finished");
                for Enqueued { run, new } in followers {
                    info!(run.id = run, new, cause = "pipeline", after = pipeline, "run enqueued");
                }
                self.engine.tell_ended();
            }
            Err(error) => {
                warn!(code = error.code(), error = %error, "cannot finish the run; its lease will run out");
            }
        }
    }

    async fn release(&self, after: Duration) {
        let fence = self.claimed.fence.clone();
        let ready_ms = self.engine.clock().now_ms() + i64::try_from(after.as_millis()).unwrap_or(0);
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
                Ok(Pinned {
                    info,
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
     run.script_hash, script.body, run.plan_hash, run.fresh \
     FROM run JOIN script ON script.hash = run.script_hash WHERE run.id = $1",
);
pub(super) const QUERIES: &[&Sql] = &[&PINNED];
