//! The means to stop a run from outside.

use std::sync::{Arc, OnceLock};

use tokio_util::sync::CancellationToken;

/// Why a run is stopped from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopReason {
    Asked,
    TimedOut,
    /// The process goes away: somebody else shall continue.
    Drained,
    /// The lease is gone: somebody else continues already.
    Lost,
}

/// Stops a run, once, for a reason.
#[derive(Debug, Clone, Default)]
pub struct Stop {
    token: CancellationToken,
    reason: Arc<OnceLock<StopReason>>,
}

impl Stop {
    /// Stops the run; only the first reason counts.
    pub fn now(&self, reason: StopReason) {
        let _ = self.reason.set(reason);
        self.token.cancel();
    }

    /// Returns when the run is stopped.
    pub async fn stopped(&self) {
        self.token.cancelled().await;
    }

    /// True once the run was stopped.
    pub fn is_stopped(&self) -> bool {
        self.reason.get().is_some()
    }

    pub(crate) fn reason(&self) -> Option<StopReason> {
        self.reason.get().copied()
    }
}
