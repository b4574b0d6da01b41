//! Runs one step: its condition, its attempts, the pauses between them.

use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::join_all;
use serde_json::Value;
use tokio::sync::mpsc::UnboundedSender;
use tracing::{Instrument, Span, debug, info, info_span, warn};

use super::execution::Shared;
use super::journal::Error;
use super::reuse::{self, Kept, Looked};
use super::{FailureClass, StepState};
use crate::context::{Readings, StepContext};
use crate::log::{Level, Sheet};
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
    /// It failed, or waits for an upstream, and is tried again.
    Retrying {
        state: StepState,
        cause: Cause,
        readings: Readings,
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
    Failed(FailureClass, Error),
    Cancelled,
    Waiting(Duration, Cause),
    /// For its children; the text says for how many.
    Awaiting(String),
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
    /// How many failed under a former worker, or before the run was parked.
    pub failures: u32,
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

pub(super) struct StepTask<'a> {
    pub(super) desk: &'a Desk,
    pub(super) index: usize,
    pub(super) attempt: u32,
    /// How many failed under a former worker, or before the run was parked.
    pub(super) failures: u32,
    pub(super) inputs: Vec<Value>,
    /// Where it is one of the parts that a step has at work beside each other.
    pub(super) part: Option<Part<'a>>,
    /// Where its result goes for later runs.
    pub(super) keep: Option<Kept>,
}

/// A part among others of its step.
#[derive(Clone, Copy)]
pub(super) struct Part<'a> {
    pub number: i64,
    /// The number of the step's latest attempt, whichever part made it.
    pub attempts: &'a AtomicU32,
}

/// How a step ended, when, and what it counted.
pub(super) type Ended = (i64, End, Readings);

impl<'a> StepTask<'a> {
    fn new(desk: &'a Desk, Brief { index, attempt, failures, inputs }: Brief) -> Self {
        Self { desk, index, attempt, failures, inputs, part: None, keep: None }
    }

    async fn run(mut self) -> Report {
        let when = self.desk.shared.plan.steps[self.index].when.clone();
        let (at_ms, end, readings) = match when {
            None => self.work().await,
            Some(when) => match Box::pin(self.decide(when)).await {
                Ok(true) => Box::pin(self.work()).await,
                Ok(false) => self.now(End::Skipped("when_false")),
                Err(cause) => self.now(End::Failed(FailureClass::Hopeless, Error::of(&cause))),
            },
        };
        self.ended(at_ms, end, readings)
    }

    pub(super) fn now(&self, end: End) -> Ended {
        (self.desk.shared.now_ms(), end, Readings::default())
    }

    async fn decide(&self, when: Arc<dyn When>) -> Result<bool, Cause> {
        let artifact = self.inputs.first().cloned().unwrap_or(Value::Null);
        let decided = tokio::task::spawn_blocking(move || when.decide(&artifact)).await;
        decided.unwrap_or_else(|_| Err(Cause::new("step_panicked", "the condition panicked")))
    }

    async fn work(&mut self) -> Ended {
        let step = &self.desk.shared.plan.steps[self.index];
        if step.spread.is_some() {
            return Box::pin(self.spread()).await;
        }
        if step.policy.cached.is_some()
            && let Some(reused) = Box::pin(self.reuse()).await
        {
            return reused;
        }
        self.attempts().await
    }

    /// The end of the step where a kept result stands for it; else it starts.
    async fn reuse(&mut self) -> Option<Ended> {
        let Desk { shared, is_fresh, .. } = self.desk;
        match reuse::look(shared, self.index, &self.inputs, *is_fresh).await {
            Some(Looked::Found(artifact, from)) => {
                return Some(self.now(End::Succeeded(artifact, Some(from))));
            }
            Some(Looked::Missing(keep)) => self.keep = Some(keep),
            None => {}
        }
        self.tell(News::Started { attempt: self.attempt });
        None
    }

    pub(super) async fn attempts(&mut self) -> Ended {
        let policy = &self.desk.shared.plan.steps[self.index].policy;
        let (retries, backoff) = (policy.retries, policy.backoff);
        let mut failures = self.failures;
        let door = self.desk.shared.doors.to(self.index).cloned();
        loop {
            if let Some(door) = &door
                && let Err(end) = Box::pin(self.enter(door)).await
            {
                return self.now(end);
            }
            let ctx = self.context();
            let (span, sheet) = self.span(&ctx);
            let started_ms = ctx.clock.now_ms();
            let result = self.attempt(&ctx, span).await;
            if let Some(sheet) = sheet {
                leave(&sheet, &result);
            }
            let ended_ms = ctx.clock.now_ms();
            if let Some(door) = &door {
                Box::pin(door.leave(departure(&result))).await;
            }
            self.desk.shared.metrics[self.index].took(started_ms, ended_ms);
            let readings = ctx.meter.readings();
            let (failure, cause) = match result {
                Ok(artifact) => return (ended_ms, End::Succeeded(artifact, self.keep.take()), readings),
                Err(Ending::Cancelled) => return (ended_ms, End::Cancelled, readings),
                Err(Ending::Later(after, cause)) if after > LONGEST_WAIT => {
                    return (ended_ms, End::Waiting(after, cause), readings);
                }
                Err(Ending::Later(after, cause)) => {
                    Box::pin(self.retry(StepState::Waiting, (cause, readings), after)).await;
                    continue;
                }
                Err(Ending::Broken(failure, cause)) => (failure, cause),
            };
            self.desk.shared.metrics[self.index].failure(failure);
            failures += 1;
            if failure == Failure::Hopeless || failures > retries {
                return (ended_ms, End::Failed(class(failure), Error::of(&cause)), readings);
            }
            let pause = jittered(backoff, failures);
            Box::pin(self.retry(StepState::Failed, (cause, readings), pause)).await;
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
                Err(End::Failed(FailureClass::Exhausted, Error::of(&cause)))
            }
        }
    }

    fn context(&self) -> StepContext {
        let context = self.desk.shared.context(self.index, self.attempt);
        match self.part {
            Some(part) => context.of_part(Some(part.number)),
            None => context,
        }
    }

    /// The span of an attempt, and what keeps what is said in it.
    fn span(&self, ctx: &StepContext) -> (Span, Option<Arc<Sheet>>) {
        let Shared { plan, lines, .. } = &*self.desk.shared;
        let step = &plan.steps[self.index];
        let span = info_span!("step", step = &*step.name, step.kind = step.kind.kind, attempt = self.attempt);
        let sheet = Sheet::pin(&span, lines, &ctx.clock, (self.index, self.attempt));
        (span, sheet)
    }

    async fn attempt(&self, ctx: &StepContext, span: Span) -> Result<String, Ending> {
        let step = &self.desk.shared.plan.steps[self.index];
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

    async fn retry(&mut self, state: StepState, (cause, readings): (Cause, Readings), pause: Duration) {
        let (step, attempt) = (&*self.desk.shared.plan.steps[self.index].name, self.attempt);
        warn!(run.id = %self.desk.shared.context.run.id, step, attempt, code = cause.code, error = cause.report(),
            pause_ms = pause.as_millis() as u64, "step will be tried again");
        self.tell(News::Retrying { state, cause, readings });
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = self.desk.shared.context.stop.stopped() => {}
        }
        self.attempt = match self.part {
            Some(part) => part.attempts.fetch_add(1, Ordering::Relaxed) + 1,
            None => self.attempt + 1,
        };
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
            End::Failed(_, error) => {
                warn!(run.id = run, step, code = error.code, error = error.text, "step failed");
            }
            End::Cancelled => debug!(run.id = run, step, "step cancelled"),
            End::Waiting(after, cause) => {
                info!(run.id = run, step, code = cause.code, after_s = after.as_secs(), "step waits");
            }
            End::Awaiting(text) => debug!(run.id = run, step, text, "step waits for its children"),
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

/// Ends what an attempt said with why it came to nothing, where it did.
fn leave(sheet: &Sheet, result: &Result<String, Ending>) {
    let with_code = |cause: &Cause| format!("{} [{}]", cause.report(), cause.code);
    sheet.close(match result {
        Ok(_) => None,
        Err(Ending::Broken(_, cause)) => Some((Level::Error, with_code(cause))),
        Err(Ending::Later(after, cause)) => {
            Some((Level::Info, format!("waits {} s: {}", after.as_secs(), with_code(cause))))
        }
        Err(Ending::Cancelled) => Some((Level::Info, "cancelled".to_owned())),
    });
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
