//! A worker: claims runs, executes them, keeps their leases, hands back what it cannot finish.

mod holding;

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::host::Engine;
use crate::queue::{self, Identity, Lease};
use crate::run::StopReason;
use crate::schedule::Scheduler;
use holding::Holdings;

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
        }
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
    settings: Settings,
}

impl Worker {
    /// A worker of this process.
    pub fn new(engine: Engine, settings: Settings) -> Result<Self, SlowHeartbeat> {
        if settings.heartbeat * 3 > settings.lease {
            return Err(SlowHeartbeat { heartbeat: settings.heartbeat, lease: settings.lease });
        }
        Ok(Self { engine, identity: Identity::this_process(), settings })
    }

    /// Works until `stop`; then finishes or hands back what it holds.
    pub async fn run(self, stop: CancellationToken) {
        let holdings = Arc::new(Holdings::default());
        let mut runs = JoinSet::new();
        let mut beat = tokio::time::interval(self.settings.heartbeat);
        beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        self.register().await;
        let scheduler = self.settings.schedules.then(|| Scheduler::new(self.engine.clone()));
        let scheduling = scheduler.map(|scheduler| tokio::spawn(scheduler.run(stop.clone())));
        while !stop.is_cancelled() {
            self.look_after(&holdings).await;
            self.fill(&holdings, &mut runs).await;
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.engine.woken() => {}
                Some(_) = runs.join_next() => {}
                _ = beat.tick() => self.renew(&holdings).await,
                () = tokio::time::sleep(self.settings.poll) => {}
            }
        }
        if let Some(scheduling) = scheduling {
            scheduling.abort();
        }
        self.drain(&holdings, &mut runs, &mut beat).await;
    }

    async fn register(&self) {
        let (identity, now_ms) = (self.identity.clone(), self.engine.clock().now_ms());
        let registered = self.engine.store().write(move |tx| queue::register(tx, &identity, now_ms)).await;
        report("register the worker", registered);
    }

    /// Frees what dead neighbours held, and stops what was asked to stop.
    async fn look_after(&self, holdings: &Holdings) {
        let identity = self.identity.clone();
        let dead = self.engine.store().read(move |tx| queue::dead_neighbours(tx, &identity)).await;
        for worker in report("look for dead workers", dead).unwrap_or_default() {
            warn!(worker, "a worker of this machine is gone; its runs are taken up");
            let forgotten = self.engine.store().write(move |tx| queue::forget(tx, &worker)).await;
            report("free what a dead worker held", forgotten);
        }
        let held = holdings.runs();
        if held.is_empty() {
            return;
        }
        let asked = self.engine.store().read(move |tx| queue::cancelled(tx, &held)).await;
        for run in report("look for cancelled runs", asked).unwrap_or_default() {
            holdings.stop(&run, StopReason::Asked);
        }
    }

    async fn fill(&self, holdings: &Arc<Holdings>, runs: &mut JoinSet<()>) {
        loop {
            let room = self.settings.slots.saturating_sub(holdings.len());
            if room == 0 {
                return;
            }
            let lease = self.lease();
            let limit = i64::try_from(room).unwrap_or(1);
            let claimed = self.engine.store().write(move |tx| queue::claim(tx, &lease, limit)).await;
            let claimed = report("claim runs", claimed).unwrap_or_default();
            if claimed.is_empty() {
                return;
            }
            for run in claimed {
                let stop = holdings.add(&run.run);
                let held = holding::Held {
                    engine: self.engine.clone(),
                    worker: self.identity.id.clone(),
                    claimed: run,
                    stop,
                };
                let holdings = holdings.clone();
                runs.spawn(async move {
                    let run = held.claimed.run.clone();
                    held.work().await;
                    holdings.remove(&run);
                });
            }
        }
    }

    async fn renew(&self, holdings: &Holdings) {
        crate::telemetry::upkeep();
        let held = holdings.runs();
        let (lease, asked) = (self.lease(), held.clone());
        let renewed = self.engine.store().write(move |tx| queue::renew(tx, &lease, &asked)).await;
        let Some(renewed) = report("renew leases", renewed) else { return };
        for run in held.iter().filter(|run| !renewed.contains(run)) {
            holdings.stop(run, StopReason::Lost);
        }
    }

    async fn drain(&self, holdings: &Holdings, runs: &mut JoinSet<()>, beat: &mut tokio::time::Interval) {
        holdings.runs().iter().for_each(|run| holdings.stop(run, StopReason::Drained));
        loop {
            tokio::select! {
                ended = runs.join_next() => if ended.is_none() { break },
                _ = beat.tick() => self.renew(holdings).await,
            }
        }
        // A worker that left in order is no dead neighbour to the next process.
        let id = self.identity.id.clone();
        let forgotten = self.engine.store().write(move |tx| queue::forget(tx, &id)).await;
        report("sign off the worker", forgotten);
        info!(worker = self.identity.id, "worker stopped");
    }

    fn lease(&self) -> Lease {
        Lease {
            worker: self.identity.id.clone(),
            length: self.settings.lease,
            now_ms: self.engine.clock().now_ms(),
        }
    }
}

// The database may be away for a while: the worker says so and looks again at the next turn.
fn report<T>(what: &str, result: store::Result<T>) -> Option<T> {
    result.inspect_err(|error| warn!(code = error.code(), error = %error, "cannot {what}")).ok()
}
