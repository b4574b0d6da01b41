//! Executes a plan: counts what each step still waits for, starts what waits for nothing.
//!
//! Event-driven: a step that ends lowers the counters of its successors, and nothing is ever scanned.

mod pages;

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep_until, timeout};
use tracing::Instrument;

use super::attempt::{Brief, Desk, End, News, Report, run_all};
use super::journal::{Attempt, Entry, Error, What};
use super::node::Node;
use super::{FailureClass, Fenced, Journal, Outcome, Resumed, StepState, StopReason};
use crate::child::{self, Family};
use crate::context::{Readings, RunContext, StepContext};
use crate::log::{self, Lines};
use crate::plan::Plan;
use crate::pool::Doors;
use crate::step::Shape;
use crate::telemetry::StepMetrics;

/// At most this many steps of a run are at work, and this many ends are committed together.
const AT_ONCE: usize = 1024;
/// Steps that start together are spread over at least so many tasks: more than a machine has cores to run them.
const TASKS: usize = 64;
/// At most so many share one, because a step that computes without a pause holds up those beside it.
const STEPS_PER_TASK: usize = 16;
/// How often children are looked at while other steps of the run are at work.
const LOOK: Duration = Duration::from_secs(1);
/// How long steps that are dropped at their work have to leave what they said last.
const LAST_WORDS: Duration = Duration::from_millis(100);
/// How long a stopped run's steps have to notice.
pub(crate) const GRACE: Duration = Duration::from_secs(8);

/// What all steps of a run share.
pub(crate) struct Shared {
    pub plan: Arc<Plan>,
    pub metrics: Arc<[StepMetrics]>,
    pub context: Arc<RunContext>,
    pub doors: Doors,
    pub family: Family,
    /// What its steps say.
    pub lines: Arc<Lines>,
}

impl Shared {
    pub(super) fn context(&self, index: usize, attempt: u32) -> StepContext {
        let context = StepContext::new(self.context.clone(), self.plan.steps[index].name.clone(), attempt);
        let part = self.family.given.as_ref().map(|given| given.part);
        context.through(self.doors.to(index)).of_part(part)
    }

    pub(super) fn now_ms(&self) -> i64 {
        self.context.clock.now_ms()
    }
}

/// A run in the hands of this process.
pub(crate) struct Execution {
    shared: Arc<Shared>,
    journal: Journal,
    nodes: Vec<Node>,
    /// Steps that wait for nothing any more and were not looked at yet.
    freed: VecDeque<usize>,
    ready: VecDeque<usize>,
    entries: Vec<Entry>,
    /// The number of the run's last commit.
    revision: i64,
    /// When to write down what steps have said; nothing where nobody listens to them.
    next_speech: Option<Instant>,
    running: usize,
    failure: Option<(FailureClass, String, String)>,
    /// Until when, by the clock: what passes before the run is handed back is part of the wait.
    parked: Option<i64>,
    is_fresh: bool,
    /// Steps that wait for their children.
    awaiting: Vec<usize>,
    /// When to look at them again, as long as other steps are at work.
    next_look: Instant,
}

impl Execution {
    pub(crate) fn new(shared: Arc<Shared>, journal: Journal, resumed: Resumed) -> Self {
        let (is_fresh, revision) = (resumed.is_fresh, resumed.revision);
        let mut nodes: Vec<Node> = resumed.steps.into_iter().map(Node::of).collect();
        for (index, node) in nodes.iter_mut().enumerate() {
            node.waits_for = shared.plan.order.waits_for(index);
        }
        Self {
            shared,
            journal,
            nodes,
            freed: VecDeque::new(),
            ready: VecDeque::new(),
            entries: Vec::new(),
            revision,
            next_speech: log::is_captured().then(Instant::now),
            running: 0,
            failure: None,
            parked: None,
            is_fresh,
            awaiting: Vec::new(),
            next_look: Instant::now(),
        }
    }

    /// Runs until nothing is left to do, or until the run is stopped.
    pub(crate) async fn run(mut self) -> store::Result<Outcome> {
        let (sender, mut reports) = unbounded_channel();
        let desk = Arc::new(Desk { shared: self.shared.clone(), is_fresh: self.is_fresh, reports: sender });
        let mut tasks = JoinSet::new();
        self.open();
        // Without a budget: with one, no more than 128 ends would be seen between two commits.
        let driven = tokio::task::unconstrained(self.drive(&mut tasks, &desk, &mut reports)).await;
        tasks.abort_all();
        // One that blocks its thread does not end for that.
        let _ = timeout(LAST_WORDS, async { while tasks.join_next().await.is_some() {} }).await;
        match driven {
            Ok(()) => self.close().await,
            Err(error) => lost(error),
        }
    }

    fn open(&mut self) {
        self.freed = (0..self.nodes.len()).filter(|index| self.nodes[*index].waits_for == 0).collect();
        self.release_freed();
    }

    async fn drive(
        &mut self,
        tasks: &mut JoinSet<()>,
        desk: &Arc<Desk>,
        reports: &mut UnboundedReceiver<Vec<Report>>,
    ) -> store::Result<()> {
        let mut alone = None;
        loop {
            let started = self.start();
            let ended = self.write_beside(&mut alone).await?;
            // One that waits for its pool tells of it while it works, and must go on while that is written down.
            if let ([index], 1) = (&*started, self.running)
                && self.shared.doors.to(*index).is_none()
            {
                alone = Some(Box::pin(self.brief(*index).run(desk.clone())));
            } else {
                self.spawn(&started, tasks, desk);
            }
            if let Some(report) = ended {
                self.settle_alone(report, reports);
                continue;
            }
            if self.running == 0 || !self.wait(&mut alone, tasks, reports).await {
                return Ok(());
            }
            while self.entries.len() < AT_ONCE
                && let Ok(reports) = reports.try_recv()
            {
                self.settle_all(reports);
            }
            while let Some(joined) = tasks.try_join_next() {
                self.join(joined);
            }
        }
    }

    // Answers false where a stopped run's steps did not end in time.
    async fn wait(
        &mut self,
        alone: &mut Option<Pin<Box<impl Future<Output = Report>>>>,
        tasks: &mut JoinSet<()>,
        reports: &mut UnboundedReceiver<Vec<Report>>,
    ) -> bool {
        let stop = self.shared.context.stop.clone();
        let overdue = async {
            stop.stopped().await;
            if stop.reason() != Some(StopReason::Lost) {
                tokio::time::sleep(GRACE).await;
            }
        };
        // A step beside which nothing runs needs no task of its own: in a chain, waking another thread costs more
        // than the executor does.
        let ended = async {
            match alone.as_mut() {
                Some(work) => work.await,
                None => std::future::pending().await,
            }
        };
        let (is_awaiting, next_look) = (!self.awaiting.is_empty(), self.next_look);
        let next_speech = self.next_speech;
        let speech = async {
            match next_speech {
                Some(next) => sleep_until(next).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            report = ended => {
                *alone = None;
                self.settle_alone(report, reports);
            }
            Some(reports) = reports.recv() => self.settle_all(reports),
            Some(joined) = tasks.join_next() => self.join(joined),
            () = overdue => return false,
            () = sleep_until(next_look), if is_awaiting => self.look_again(),
            () = speech => {}
        }
        true
    }

    /// Looks at what waits for its children, whose successors need not wait for the other steps of the run.
    fn look_again(&mut self) {
        self.ready.extend(self.awaiting.drain(..));
        self.next_look = Instant::now() + LOOK;
    }

    /// A task ends well when all its steps have reported. One that does not took them with it, and the run.
    fn join(&mut self, joined: Result<(), JoinError>) {
        if let Err(error) = joined {
            self.failure.get_or_insert((FailureClass::Panic, "step_panicked".to_owned(), error.to_string()));
            self.ready.clear();
            self.running = 0;
        }
    }

    /// Starts steps side by side. Where they are many, some share a task, which costs more than most steps do.
    fn spawn(&self, started: &[usize], tasks: &mut JoinSet<()>, desk: &Arc<Desk>) {
        let width = (started.len() / TASKS).clamp(1, STEPS_PER_TASK);
        for group in started.chunks(width) {
            let briefs = group.iter().map(|index| self.brief(*index)).collect();
            tasks.spawn(run_all(briefs, desk.clone()).in_current_span());
        }
    }

    /// Takes what is ready, as far as there is room, and notes that it starts.
    fn start(&mut self) -> Vec<usize> {
        if self.shared.context.stop.reason().is_some() {
            return Vec::new();
        }
        let room = AT_ONCE.saturating_sub(self.running).min(self.ready.len());
        let started: Vec<_> = self.ready.drain(..room).collect();
        let now_ms = self.shared.now_ms();
        for &index in &started {
            let is_cached = self.shared.plan.steps[index].policy.cached.is_some();
            let node = &mut self.nodes[index];
            let attempt = node.attempts + u32::from(!std::mem::take(&mut node.awaits));
            // One for which a kept result may stand begins once there is none.
            if !is_cached {
                self.begin(index, now_ms, attempt);
            }
        }
        self.running += started.len();
        started
    }

    fn begin(&mut self, index: usize, at_ms: i64, attempt: u32) {
        let node = &mut self.nodes[index];
        (node.attempts, node.attempt_ms) = (attempt, Some(at_ms));
        self.note(index, at_ms, What::Started { attempt });
    }

    fn brief(&self, index: usize) -> Brief {
        let node = &self.nodes[index];
        Brief { index, attempt: node.at_attempt(), failures: node.failures, inputs: self.inputs(index) }
    }

    fn inputs(&self, index: usize) -> Vec<Value> {
        if let Some(given) = &self.shared.family.given {
            return given.inputs.clone();
        }
        let artifact = |giver: usize| {
            self.nodes[giver].artifact.as_deref().and_then(|text| serde_json::from_str(text).ok())
        };
        self.shared.plan.inputs(index, artifact)
    }

    /// Settles the end of the step that has no task of its own.
    fn settle_alone(&mut self, report: Report, reports: &mut UnboundedReceiver<Vec<Report>>) {
        // What it reported on its way comes first.
        while let Ok(reports) = reports.try_recv() {
            self.settle_all(reports);
        }
        self.settle(report);
    }

    fn settle_all(&mut self, reports: Vec<Report>) {
        reports.into_iter().for_each(|report| self.settle(report));
    }

    fn settle(&mut self, report: Report) {
        let Report { index, at_ms, news } = report;
        match news {
            News::Started { attempt } => self.begin(index, at_ms, attempt),
            News::Outside { attempts, cause } => {
                (self.nodes[index].attempts, self.nodes[index].attempt_ms) = (attempts, None);
                self.note(index, at_ms, What::Outside { attempts, error: Error::of(&cause) });
            }
            News::Retrying { state, cause, readings } => {
                if let Some(attempt) = self.nodes[index].attempt() {
                    let error = Error::of(&cause);
                    self.note(index, at_ms, What::Retried { attempt, state, error, meters: readings });
                }
            }
            News::Ended { end, readings } => {
                self.running -= 1;
                // A step that its condition skipped was noted as started all the same.
                let attempt = self.nodes[index].attempt();
                self.end(index, at_ms, attempt, end, readings);
                self.release_freed();
            }
        }
    }

    fn end(&mut self, index: usize, at_ms: i64, attempt: Option<Attempt>, end: End, meters: Readings) {
        let class = match &end {
            End::Failed(class, _) => Some(*class),
            _ => None,
        };
        let mut kept = None;
        let (state, artifact, failure) = match end {
            End::Succeeded(artifact, result) => {
                kept = result;
                (StepState::Succeeded, Some(artifact), None)
            }
            End::Skipped(reason) => (StepState::Skipped, None, Some(skipped(reason))),
            End::Failed(_, failure) => (StepState::Failed, None, Some(failure)),
            End::Cancelled => (StepState::Cancelled, None, None),
            End::Waiting(after, cause) => {
                let until_ms = at_ms.saturating_add(i64::try_from(after.as_millis()).unwrap_or(i64::MAX));
                self.parked = self.parked.max(Some(until_ms));
                (StepState::Waiting, None, Some(Error::of(&cause)))
            }
            End::Awaiting(text) => {
                self.nodes[index].awaits = true;
                self.awaiting.push(index);
                (StepState::Waiting, None, Some(Error { code: child::WAITS.to_owned(), text }))
            }
        };
        // One that waits for its children is still at the same attempt.
        let attempt = attempt.filter(|_| !self.nodes[index].awaits);
        self.shared.metrics[index].ended(state);
        if self.shared.plan.order.is_taken(index) {
            self.nodes[index].artifact = artifact.as_deref().map(Arc::from);
        }
        let what = What::Ended { attempt, state, artifact, meters, error: failure.clone(), kept };
        self.note(index, at_ms, what);
        if matches!(state, StepState::Cancelled | StepState::Waiting) {
            return;
        }
        self.nodes[index].over = Some(state);
        if let Some((class, failure)) = class.zip(failure) {
            self.fail(index, class, failure);
        }
        self.lower_successors(index);
    }

    fn fail(&mut self, index: usize, class: FailureClass, failure: Error) {
        let step = &self.shared.plan.steps[index];
        if step.policy.optional {
            return;
        }
        self.nodes[index].blocked = true;
        if self.failure.is_none() {
            self.failure = Some((class, failure.code, format!("step `{}`: {}", step.name, failure.text)));
        }
    }

    fn lower_successors(&mut self, index: usize) {
        let is_blocked = self.nodes[index].blocked;
        for &successor in self.shared.plan.order.successors(index) {
            let node = &mut self.nodes[successor];
            node.blocked |= is_blocked;
            node.waits_for -= 1;
            if node.waits_for == 0 {
                self.freed.push_back(successor);
            }
        }
    }

    fn release_freed(&mut self) {
        while let Some(index) = self.freed.pop_front() {
            self.release(index);
        }
    }

    /// A step that waits for nothing any more: it is done already, cannot run, or may start.
    fn release(&mut self, index: usize) {
        match self.nodes[index].over {
            Some(StepState::Failed) => {
                let code = self.nodes[index].error_code.take().unwrap_or_else(|| "step_failed".to_owned());
                let error = Error { code, text: "failed before the run was taken up again".to_owned() };
                self.fail(index, FailureClass::of_code(&error.code), error);
                self.lower_successors(index);
            }
            Some(_) => self.lower_successors(index),
            None if self.nodes[index].blocked => self.skip(index, "upstream_failed"),
            None if self.lacks_input(index) => self.skip(index, "input_absent"),
            None => self.ready.push_back(index),
        }
    }

    fn lacks_input(&self, index: usize) -> bool {
        let step = &self.shared.plan.steps[index];
        step.inputs.iter().zip(&step.kind.slots).any(|(givers, slot)| {
            slot.shape == Shape::Plain && givers.iter().any(|giver| self.nodes[*giver].artifact.is_none())
        })
    }

    fn skip(&mut self, index: usize, reason: &'static str) {
        let at_ms = self.shared.now_ms();
        self.end(index, at_ms, None, End::Skipped(reason), Readings::default());
    }

    fn note(&mut self, index: usize, at_ms: i64, what: What) {
        if matches!(self.journal, Journal::Store { .. }) {
            let step = self.shared.plan.steps[index].name.clone();
            self.entries.push(Entry { step, position: index, at_ms, what });
        }
    }

    async fn close(mut self) -> store::Result<Outcome> {
        let outcome = self.outcome();
        if matches!(outcome, Outcome::Lost) {
            return Ok(outcome);
        }
        let open: Vec<_> = (0..self.nodes.len()).filter(|index| self.nodes[*index].over.is_none()).collect();
        if matches!(outcome, Outcome::Cancelled | Outcome::Failed { .. }) {
            for index in open {
                let at_ms = self.shared.now_ms();
                self.end(index, at_ms, None, End::Cancelled, Readings::default());
            }
        }
        match self.write_page().await {
            Ok(()) => Ok(outcome),
            Err(error) => lost(error),
        }
    }

    fn outcome(&mut self) -> Outcome {
        match self.shared.context.stop.reason() {
            Some(StopReason::Lost) => return Outcome::Lost,
            Some(StopReason::Drained) => return Outcome::HandedBack,
            Some(StopReason::Asked) => return Outcome::Cancelled,
            Some(StopReason::TimedOut) => return Outcome::timed_out(),
            None => {}
        }
        let Family { begun_ms, deadline_ms, .. } = self.shared.family;
        match (self.failure.take(), self.parked) {
            (Some((class, code, error)), _) => Outcome::Failed { class, code, error },
            (None, Some(until_ms)) => Outcome::Parked { until_ms },
            (None, None) if !self.awaiting.is_empty() => Outcome::Awaiting { begun_ms, deadline_ms },
            (None, None) => Outcome::Succeeded,
        }
    }
}

fn lost(error: store::Error) -> store::Result<Outcome> {
    match error.downcast_aborted::<Fenced>() {
        Ok(_) => Ok(Outcome::Lost),
        Err(error) => Err(error),
    }
}

fn skipped(reason: &'static str) -> Error {
    let text = match reason {
        "upstream_failed" => "a step that it needs failed",
        "input_absent" => "a step that it needs gave nothing",
        _ => "its condition said no",
    };
    Error { code: reason.to_owned(), text: text.to_owned() }
}
