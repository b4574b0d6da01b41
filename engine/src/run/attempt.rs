//! Runs one step: its condition, its attempts, the pauses between them.

use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::join_all;
use serde_json::Value;
use tokio::sync::mpsc::UnboundedSender;
use tracing::{Instrument, debug, info, info_span, warn};

use super::FailureClass;
use super::execution::Shared;
use super::reuse::{self, Kept, Looked};
use crate::context::{Readings, StepContext};
use crate::plan::When;
use crate::pool::{Departure, Door};
use crate::step::{Cause, StepError};
use crate::telemetry::Failure;

/// The longest pause before a retry, and the longest wait that a step may make without parking its run.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// What the task of a step tells the executor.
pub(super) struct Report {
    pub index: usize,
    pub at_ms: i64,
    pub news: News,
}

pub(super) enum News {
    Retrying {
        cause: Cause,
    },
    Started {
        attempt: u32,
    },
    /// It waits for its pool before its next attempt.
    Outside {
        attempts: u32,
        cause: Cause,
    },
    Ended {
        end: End,
        readings: Readings,
    },
}

/// How a step ended.
pub(super) enum End {
    Succeeded(String, Option<Kept>),
    Skipped(&'static str),
    Failed(FailureClass, Cause),
    Cancelled,
    Waiting(Duration, Cause),
}

/// What the tasks of a run share: one pointer for each of them.
pub(super) struct Desk {
    pub shared: Arc<Shared>,
    /// Kept results do not stand for a step.
    pub is_fresh: bool,
    /// Reports of the same moment travel together, because each message may wake the executor.
    pub reports: UnboundedSender<Vec<Report>>,
}

/// A step with what it is given, ready to go.
pub(super) struct Brief {
    pub index: usize,
    /// The number of the attempt that is already written down as started.
    pub attempt: u32,
    pub inputs: Vec<Value>,
}

impl Brief {
    /// Runs the step and answers how it ended; what happens on the way goes to `reports`.
    pub(super) async fn run(self, desk: Arc<Desk>) -> Report {
        StepTask::new(&desk, self).run().await
    }
}

/// Runs steps side by side; how each ended goes to `reports` too.
pub(super) async fn run_all(briefs: Vec<Brief>, desk: Arc<Desk>) {
    // One pointer for all of them: each that is cloned is a word of memory that threads fight for.
    let desk = &*desk;
    let ended = &Mutex::new(Vec::new());
    let run = |brief| async move {
        let report = StepTask::new(desk, brief).run().await;
        ended.lock().unwrap_or_else(PoisonError::into_inner).push(report);
    };
    let mut all = pin!(join_all(briefs.into_iter().map(run)));
    poll_fn(|cx| {
        let polled = all.as_mut().poll(cx);
        let reports = std::mem::take(&mut *ended.lock().unwrap_or_else(PoisonError::into_inner));
        if !reports.is_empty() {
            desk.tell(reports);
        }
        polled.map(drop)
    })
    .await;
}

impl Desk {
    fn tell(&self, reports: Vec<Report>) {
        // Nobody listens where the run was dropped because it belongs to another worker now.
        let _ = self.reports.send(reports);
    }
}

struct StepTask<'a> {
    desk: &'a Desk,
    index: usize,
    attempt: u32,
    inputs: Vec<Value>,
    /// Where its result goes for later runs.
    keep: Option<Kept>,
}

impl<'a> StepTask<'a> {
    fn new(desk: &'a Desk, Brief { index, attempt, inputs }: Brief) -> Self {
        Self { desk, index, attempt, inputs, keep: None }
    }

    async fn run(mut self) -> Report {
        let Some(when) = self.desk.shared.plan.steps[self.index].when.clone() else {
            return self.work().await;
        };
        match Box::pin(self.decide(when)).await {
            Ok(true) => Box::pin(self.work()).await,
            Ok(false) => {
                self.ended(self.desk.shared.now_ms(), End::Skipped("when_false"), Readings::default())
            }
            Err(cause) => {
                let end = End::Failed(FailureClass::Hopeless, cause);
                self.ended(self.desk.shared.now_ms(), end, Readings::default())
            }
        }
    }

    async fn decide(&self, when: Arc<dyn When>) -> Result<bool, Cause> {
        let artifact = self.inputs.first().cloned().unwrap_or(Value::Null);
        let decided = tokio::task::spawn_blocking(move || when.decide(&artifact)).await;
        decided.unwrap_or_else(|_| Err(Cause::new("step_panicked", "the condition panicked")))
    }

    async fn work(&mut self) -> Report {
        if self.desk.shared.plan.steps[self.index].policy.cached.is_some()
            && let Some(reused) = Box::pin(self.reuse()).await
        {
            return reused;
        }
        self.attempts().await
    }

    /// The end of the step where a kept result stands for it; else it starts.
    async fn reuse(&mut self) -> Option<Report> {
        let Desk { shared, is_fresh, .. } = self.desk;
        match reuse::look(shared, self.index, &self.inputs, *is_fresh).await {
            Some(Looked::Found(artifact, from)) => {
                let end = End::Succeeded(artifact, Some(from));
                return Some(self.ended(shared.now_ms(), end, Readings::default()));
            }
            Some(Looked::Missing(keep)) => self.keep = Some(keep),
            None => {}
        }
        self.tell(News::Started { attempt: self.attempt });
        None
    }

    async fn attempts(&mut self) -> Report {
        let policy = &self.desk.shared.plan.steps[self.index].policy;
        let (retries, backoff) = (policy.retries, policy.backoff);
        let mut failures = 0;
        let door = self.desk.shared.doors.to(self.index).cloned();
        loop {
            if let Some(door) = &door
                && let Err(end) = Box::pin(self.enter(door)).await
            {
                return self.ended(self.desk.shared.now_ms(), end, Readings::default());
            }
            let ctx = self.desk.shared.context(self.index, self.attempt);
            let started_ms = ctx.clock.now_ms();
            let result = self.attempt(&ctx).await;
            let ended_ms = ctx.clock.now_ms();
            if let Some(door) = &door {
                Box::pin(door.leave(departure(&result))).await;
            }
            self.desk.shared.metrics[self.index].took(started_ms, ended_ms);
            let readings = ctx.meter.readings();
            let (failure, cause) = match result {
                Ok(artifact) => {
                    let end = End::Succeeded(artifact, self.keep.take());
                    return self.ended(ended_ms, end, readings);
                }
                Err(Ending::Cancelled) => return self.ended(ended_ms, End::Cancelled, readings),
                Err(Ending::Later(after, cause)) if after > LONGEST_WAIT => {
                    return self.ended(ended_ms, End::Waiting(after, cause), readings);
                }
                Err(Ending::Later(after, cause)) => {
                    Box::pin(self.retry(cause, after)).await;
                    continue;
                }
                Err(Ending::Broken(failure, cause)) => (failure, cause),
            };
            self.desk.shared.metrics[self.index].failure(failure);
            failures += 1;
            if failure == Failure::Hopeless || failures > retries {
                return self.ended(ended_ms, End::Failed(class(failure), cause), readings);
            }
            let pause = jittered(backoff, failures);
            Box::pin(self.retry(cause, pause)).await;
        }
    }

    /// Waits for the step's pool. This is no attempt, and its timeout does not run.
    async fn enter(&self, door: &Door) -> Result<(), End> {
        let attempts = self.attempt.saturating_sub(1);
        let mut is_outside = false;
        let entered = door.enter(|cause| {
            is_outside = true;
            self.tell(News::Outside { attempts, cause });
        });
        let Err(error) = entered.await else {
            if is_outside {
                self.tell(News::Started { attempt: self.attempt });
            }
            return Ok(());
        };
        match error {
            StepError::Later { after, source } => {
                let cause = Cause::new(source.code, source.message.clone());
                self.tell(News::Outside { attempts, cause });
                Err(End::Waiting(after, source))
            }
            StepError::Cancelled => Err(End::Cancelled),
            StepError::Failed(cause) | StepError::Hopeless(cause) => {
                Err(End::Failed(FailureClass::Exhausted, cause))
            }
        }
    }

    async fn attempt(&self, ctx: &StepContext) -> Result<String, Ending> {
        let step = &self.desk.shared.plan.steps[self.index];
        let span = info_span!("step", step = &*step.name, step.kind = step.kind.kind, attempt = self.attempt);
        let work = AssertUnwindSafe(step.step.run(ctx, self.inputs.clone())).catch_unwind().instrument(span);
        let ended = match step.policy.timeout {
            Some(limit) => Box::pin(within(limit, ctx, work)).await,
            None => Ok(work.await),
        };
        // A blocking part of the attempt may still be at work: it must not commit any more.
        ctx.end();
        match ended {
            Ok(Ok(Ok(artifact))) => Ok(artifact),
            Ok(Ok(Err(error))) => Err(error.into()),
            Ok(Err(panic)) => {
                Err(Ending::Broken(Failure::Panic, Cause::new("step_panicked", words(&*panic))))
            }
            Err(limit) => {
                let cause = Cause::new("step_timeout", format!("not done within {limit:?}"));
                Err(Ending::Broken(Failure::Timeout, cause))
            }
        }
    }

    async fn retry(&mut self, cause: Cause, pause: Duration) {
        let (step, attempt) = (&*self.desk.shared.plan.steps[self.index].name, self.attempt);
        warn!(run.id = %self.desk.shared.context.run.id, step, attempt, code = cause.code, error = cause.report(),
            pause_ms = pause.as_millis() as u64, "step will be tried again");
        self.tell(News::Retrying { cause });
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = self.desk.shared.context.stop.stopped() => {}
        }
        self.attempt += 1;
        self.tell(News::Started { attempt: self.attempt });
    }

    fn ended(&self, at_ms: i64, end: End, readings: Readings) -> Report {
        let step = &*self.desk.shared.plan.steps[self.index].name;
        let run = &*self.desk.shared.context.run.id;
        match &end {
            End::Succeeded(_, Some(Kept::From(former))) => {
                info!(run.id = run, step, reused.from = former, "step reused: inputs unchanged");
            }
            End::Succeeded(..) => info!(run.id = run, step, changed = readings.rows_out, "step finished"),
            End::Skipped(reason) => info!(run.id = run, step, reason, "step skipped"),
            End::Failed(_, cause) => {
                warn!(run.id = run, step, code = cause.code, error = cause.report(), "step failed");
            }
            End::Cancelled => debug!(run.id = run, step, "step cancelled"),
            End::Waiting(after, cause) => {
                info!(run.id = run, step, code = cause.code, after_s = after.as_secs(), "step waits");
            }
        }
        Report { index: self.index, at_ms, news: News::Ended { end, readings } }
    }

    fn tell(&self, news: News) {
        self.desk.tell(vec![Report { index: self.index, at_ms: self.desk.shared.now_ms(), news }]);
    }
}

/// The work's end, or the limit where that came first.
async fn within<T>(limit: Duration, ctx: &StepContext, work: impl Future<Output = T>) -> Result<T, Duration> {
    match ctx.visit() {
        None => tokio::time::timeout(limit, work).await.map_err(|_| limit),
        Some(visit) => tokio::select! {
            biased;
            done = work => Ok(done),
            () = visit.overdue(limit) => Err(limit),
        },
    }
}

/// What the end of an attempt tells its pool.
fn departure(result: &Result<String, Ending>) -> Departure {
    match result {
        Ok(_) => Departure::Succeeded,
        Err(Ending::Broken(Failure::Failed | Failure::Timeout | Failure::Panic, _)) => Departure::Failed,
        Err(Ending::Broken(Failure::Hopeless, _) | Ending::Later(..) | Ending::Cancelled) => {
            Departure::Neither
        }
    }
}

fn class(last: Failure) -> FailureClass {
    match last {
        Failure::Hopeless => FailureClass::Hopeless,
        Failure::Timeout => FailureClass::Timeout,
        Failure::Panic => FailureClass::Panic,
        Failure::Failed => FailureClass::Exhausted,
    }
}

enum Ending {
    Later(Duration, Cause),
    Broken(Failure, Cause),
    Cancelled,
}

impl From<StepError> for Ending {
    fn from(error: StepError) -> Self {
        match error {
            StepError::Later { after, source } => Self::Later(after, source),
            StepError::Failed(cause) => Self::Broken(Failure::Failed, cause),
            StepError::Hopeless(cause) => Self::Broken(Failure::Hopeless, cause),
            StepError::Cancelled => Self::Cancelled,
        }
    }
}

/// Full jitter: anything from nothing to the doubled pause, so that failures that came together do not return together.
fn jittered(backoff: Duration, failures: u32) -> Duration {
    let doubled = backoff.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1)));
    doubled.min(LONGEST_PAUSE).mul_f64(rand::random::<f64>())
}

fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let text =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("the step panicked: {}", text.unwrap_or("without a word"))
}
