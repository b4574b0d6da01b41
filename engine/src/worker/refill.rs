//! Takes new runs in the transaction in which others end: a busy worker commits once for both.

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::Settings;
use crate::host::Engine;
use crate::queue::{Claimed, Identity, Lease};

/// The terms under which a worker takes runs, and where it waits for them.
pub(super) struct Refill {
    pub engine: Engine,
    pub identity: Identity,
    pub settings: Settings,
    /// Once the worker ends, it takes no more.
    pub stop: CancellationToken,
    pub taken: mpsc::UnboundedSender<Vec<Claimed>>,
}

impl Refill {
    pub(super) fn lease(&self) -> Option<Lease> {
        let lease = || self.settings.lease(&self.identity, self.engine.clock().now_ms());
        (!self.stop.is_cancelled()).then(lease)
    }

    /// Hands over what was claimed. Where nobody waits any more, it is free again once the worker has signed off.
    pub(super) fn hand_over(&self, claimed: Vec<Claimed>) {
        if !claimed.is_empty() {
            let _ = self.taken.send(claimed);
        }
    }
}

#[cfg(test)]
impl Refill {
    /// For a worker that takes runs until `stop`.
    pub(super) fn until(
        stop: CancellationToken,
        engine: Engine,
    ) -> (Self, mpsc::UnboundedReceiver<Vec<Claimed>>) {
        let (taken, refilled) = mpsc::unbounded_channel();
        let (identity, settings) = (Identity::this_process(), Settings::standard());
        (Self { engine, identity, settings, stop, taken }, refilled)
    }
}
