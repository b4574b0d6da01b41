//! A worker: claims runs, executes them, keeps their leases, hands back what it cannot finish.

mod finisher;
mod gate;
mod heart;
mod holding;
mod refill;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::host::Engine;
use crate::queue::{self, Claimed, Identity};
use crate::run::StopReason;
use crate::schedule::Scheduler;
use crate::telemetry;
use finisher::Finisher;
use gate::Gate;
use heart::{Body, Heart};
use holding::Holdings;
use refill::Refill;

/// How long runs may take to be handed back; whoever sends SIGTERM sends SIGKILL 10 s later.
const HAND_BACK: Duration = Duration::from_secs(7);
const SIGN_OFF: Duration = Duration::from_secs(1);

pub(crate) const QUERIES: &[&store::Sql] = holding::QUERIES;

/// How a worker works.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Runs at once.
    pub slots: usize,
    pub lease: Duration,
    /// At most a third of the lease.
    pub heartbeat: Duration,
    /// How long news from other processes may take.
    pub poll: Duration,
    /// Whether it also starts what is due by schedule.
    pub schedules: bool,
    /// A file that is locked while runs are at work, so that other tools can keep out of their way.
    pub lock: Option<PathBuf>,
}

impl Settings {
    /// What the program runs with.
    pub fn standard() -> Self {
        Self {
            slots: 4,
            lease: Duration::from_secs(30),
            heartbeat: Duration::from_secs(10),
            poll: Duration::from_secs(1),
            schedules: true,
            lock: None,
        }
    }

    /// Refuses terms under which a lease could run out between two heartbeats.
    pub fn check(&self) -> Result<(), SlowHeartbeat> {
        if self.heartbeat.saturating_mul(3) > self.lease {
            return Err(SlowHeartbeat { heartbeat: self.heartbeat, lease: self.lease });
        }
        Ok(())
    }
}

/// Settings under which a lease could run out between two heartbeats.
#[derive(Debug, thiserror::Error)]
#[error("the heartbeat ({heartbeat:?}) must be at most a third of the lease ({lease:?})")]
pub struct SlowHeartbeat {
    heartbeat: Duration,
    lease: Duration,
}

/// Takes runs from the queue until it is told to stop.
pub struct Worker {
    engine: Engine,
    identity: Identity,
    started_ms: i64,
    settings: Settings,
    gate: Gate,
}

/// What a worker has in hand.
struct Hands {
    holdings: Arc<Holdings>,
    finisher: Finisher,
    /// Claimed while others ended.
    refilled: mpsc::UnboundedReceiver<Vec<Claimed>>,
    runs: JoinSet<()>,
}

impl Worker {
    /// A worker of this process.
    pub fn new(engine: Engine, settings: Settings) -> Result<Self, SlowHeartbeat> {
        settings.check()?;
        let started_ms = engine.clock().now_ms();
        let gate = Gate::new(settings.lock.as_deref());
        Ok(Self { engine, identity: Identity::this_process(), started_ms, settings, gate })
    }

    /// Works until `stop`; then finishes or hands back what it holds, within 10 s.
    pub async fn run(self, stop: CancellationToken) {
        let holdings = Arc::new(Holdings::default());
        stop.run_until_cancelled(self.register()).await;
        let heart = match Heart::start(self.body(&holdings)) {
            Ok(heart) => heart,
            // Without it every lease would run out under the work.
            Err(error) => return error!(code = error.code(), error = %error, "the worker cannot work"),
        };
        let scheduler = self.settings.schedules.then(|| Scheduler::new(self.engine.clone()));
        let scheduling = scheduler.map(|scheduler| tokio::spawn(scheduler.run(stop.clone())));
        info!(worker = self.identity.id, slots = self.settings.slots, "worker started");
        let mut hands = self.hands(holdings.clone(), stop.clone());
        // A database that is away must not hold up the end. What a claim took that was broken off is free again once the
        // worker has signed off.
        stop.run_until_cancelled(self.take_turns(&mut hands)).await;
        if let Some(scheduling) = scheduling {
            scheduling.abort();
        }
        self.drain(&holdings, &mut hands.runs).await;
        heart.stop().await;
        self.sign_off().await;
        info!(worker = self.identity.id, "worker stopped");
    }

    fn hands(&self, holdings: Arc<Holdings>, stop: CancellationToken) -> Hands {
        let (taken, refilled) = mpsc::unbounded_channel();
        let (engine, identity, settings) =
            (self.engine.clone(), self.identity.clone(), self.settings.clone());
        let refill = Refill { engine, identity, settings, stop, taken };
        let finisher = Finisher::start(self.engine.store().clone(), refill);
        Hands { holdings, finisher, refilled, runs: JoinSet::new() }
    }

    async fn take_turns(&self, hands: &mut Hands) {
        let mut look = Instant::now();
        loop {
            if Instant::now() >= look {
                self.bury_neighbours().await;
                look = Instant::now() + self.pause();
            }
            self.begin_refilled(hands);
            self.heed_cancels(&hands.holdings).await;
            if self.gate.enter() {
                self.fill(hands).await;
            }
            if hands.holdings.len() == 0 && hands.refilled.is_empty() {
                self.gate.leave();
            }
            tokio::select! {
                () = self.engine.woken() => {}
                Some(claimed) = hands.refilled.recv() => self.begin(claimed, hands),
                Some(_) = hands.runs.join_next() => {}
                () = sleep_until(look) => {}
            }
        }
    }

    fn body(&self, holdings: &Arc<Holdings>) -> Body {
        Body {
            engine: self.engine.clone(),
            identity: self.identity.clone(),
            started_ms: self.started_ms,
            settings: self.settings.clone(),
            holdings: holdings.clone(),
        }
    }

    /// Some time around the poll's, so that many workers do not ask at once.
    fn pause(&self) -> Duration {
        self.settings.poll.mul_f64(0.75 + 0.5 * rand::random::<f64>())
    }

    async fn register(&self) {
        let (identity, started_ms) = (self.identity.clone(), self.started_ms);
        let lease = self.settings.lease(&identity, started_ms);
        let registered =
            self.engine.store().write(move |tx| queue::register(tx, &identity, started_ms, &lease)).await;
        report("register the worker", registered);
    }

    /// Frees what dead neighbours held.
    async fn bury_neighbours(&self) {
        let identity = self.identity.clone();
        let dead = self.engine.store().read(move |tx| queue::dead_neighbours(tx, &identity)).await;
        for worker in report("look for dead workers", dead).unwrap_or_default() {
            warn!(worker, "a worker of this machine is gone; its runs are taken up");
            let forgotten = self.engine.store().write(move |tx| queue::forget(tx, &worker)).await;
            report("free what a dead worker held", forgotten);
        }
    }

    /// Stops what was asked to stop.
    async fn heed_cancels(&self, holdings: &Holdings) {
        let held = holdings.runs();
        if held.is_empty() {
            return;
        }
        let asked = self.engine.store().read(move |tx| queue::cancelled(tx, &held)).await;
        for run in report("look for cancelled runs", asked).unwrap_or_default() {
            holdings.stop(&run, StopReason::Asked);
        }
    }

    async fn fill(&self, hands: &mut Hands) {
        loop {
            // What a run that ended was replaced by is there before the end is known, so that room is not filled twice.
            self.begin_refilled(hands);
            let room = self.settings.slots.saturating_sub(hands.holdings.len());
            if room == 0 {
                return;
            }
            let lease = self.settings.lease(&self.identity, self.engine.clock().now_ms());
            let limit = i64::try_from(room).unwrap_or(queue::BATCH);
            let claimed = self.engine.store().write_latest(move |tx| queue::claim(tx, &lease, limit)).await;
            let claimed = report("claim runs", claimed).unwrap_or_default();
            if claimed.is_empty() {
                return;
            }
            self.begin(claimed, hands);
        }
    }

    fn begin_refilled(&self, hands: &mut Hands) {
        while let Ok(claimed) = hands.refilled.try_recv() {
            self.begin(claimed, hands);
        }
    }

    fn begin(&self, claimed: Vec<Claimed>, hands: &mut Hands) {
        for claimed in claimed {
            if claimed.is_rescue() {
                telemetry::rescued();
            }
            let (stop, finisher) = (hands.holdings.add(&claimed), hands.finisher.clone());
            let (engine, worker) = (self.engine.clone(), self.identity.id.clone());
            let held = holding::Held { engine, worker, finisher, claimed, stop };
            let holdings = hands.holdings.clone();
            hands.runs.spawn(async move {
                held.work().await;
                holdings.remove(&held.claimed);
            });
        }
    }

    async fn drain(&self, holdings: &Holdings, runs: &mut JoinSet<()>) {
        holdings.runs().iter().for_each(|run| holdings.stop(run, StopReason::Drained));
        let all = async { while runs.join_next().await.is_some() {} };
        if timeout(HAND_BACK, all).await.is_err() {
            warn!(worker = self.identity.id, "a run did not stop in time; the next worker takes it up");
            runs.abort_all();
        }
    }

    // A worker that left in order is no dead neighbour to the next process, and what it still held is free at once.
    async fn sign_off(&self) {
        let id = self.identity.id.clone();
        let forgotten = self.engine.store().write(move |tx| queue::forget(tx, &id));
        match timeout(SIGN_OFF, forgotten).await {
            Ok(forgotten) => drop(report("sign off the worker", forgotten)),
            Err(_) => warn!(worker = self.identity.id, "no answer to signing off"),
        }
    }
}

// The database may be away for a while: the worker says so and looks again at the next turn.
fn report<T>(what: &str, result: store::Result<T>) -> Option<T> {
    result.inspect_err(|error| warn!(code = error.code(), error = %error, "cannot {what}")).ok()
}
