//! Keeps a worker's leases, on a thread and a connection of its own: neither a runtime full of work nor a pool without a
//! free connection costs one.

use std::sync::Arc;

use store::Store;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::holding::Holdings;
use super::{Settings, report};
use crate::host::Engine;
use crate::queue::{self, HINTS, Identity, Lease};

/// A heart that beats until it is stopped.
pub(super) struct Heart {
    stop: CancellationToken,
    stopped: oneshot::Receiver<()>,
}

/// What the heart works with.
pub(super) struct Body {
    pub engine: Engine,
    pub identity: Identity,
    pub started_ms: i64,
    pub settings: Settings,
    pub holdings: Arc<Holdings>,
}

impl Heart {
    /// Starts the thread. It also listens for hints, and wakes the worker at each.
    pub(super) fn start(body: Body) -> store::Result<Self> {
        let store = body.engine.store().aside()?;
        let failed =
            |error: std::io::Error| store::Error::Other(format!("cannot start the heartbeat: {error}"));
        let runtime = Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let stop = CancellationToken::new();
        let (sender, stopped) = oneshot::channel();
        let token = stop.clone();
        let work = move || {
            body.live(&runtime, &store, &token);
            // An answer that does not come is not waited for.
            runtime.shutdown_background();
            drop(sender);
        };
        std::thread::Builder::new().name("heartbeat".to_owned()).spawn(work).map_err(failed)?;
        Ok(Self { stop, stopped })
    }

    /// Stops it and waits until it stands still.
    pub(super) async fn stop(self) {
        self.stop.cancel();
        // Nothing is ever sent: the sender goes when the thread ends.
        let _ = self.stopped.await;
    }
}

impl Body {
    fn live(&self, runtime: &Runtime, store: &Store, stop: &CancellationToken) {
        let engine = self.engine.clone();
        runtime.block_on(async {
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.beat(store) => {}
                () = store.listen(HINTS, Arc::new(move || engine.wake())) => {}
            }
        });
    }

    async fn beat(&self, store: &Store) {
        let mut beat = interval(self.settings.heartbeat);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            beat.tick().await;
            crate::telemetry::upkeep();
            self.renew(store).await;
        }
    }

    async fn renew(&self, store: &Store) {
        let fences = self.holdings.fences();
        let runs: Vec<String> = fences.iter().map(|(run, _)| run.clone()).collect();
        let (identity, started_ms) = (self.identity.clone(), self.started_ms);
        let lease = self.settings.lease(&self.identity, self.engine.clock().now_ms());
        let renewal = store.write_latest(move |tx| {
            let held = queue::renew(tx, &lease, &runs)?;
            queue::register(tx, &identity, started_ms, &lease)?;
            queue::prune(tx)?;
            Ok(held)
        });
        // Whoever waits longer misses the next beat too.
        let Ok(renewed) = timeout(self.settings.heartbeat, renewal).await else {
            warn!(worker = self.identity.id, "no answer to the heartbeat");
            return;
        };
        let Some(held) = report("renew leases", renewed) else { return };
        for (run, fence) in fences.iter().filter(|(run, _)| !held.contains(run)) {
            self.holdings.lose(run, *fence);
        }
    }
}

impl Settings {
    pub(super) fn lease(&self, identity: &Identity, now_ms: i64) -> Lease {
        Lease { worker: identity.id.clone(), length: self.lease, now_ms }
    }
}
