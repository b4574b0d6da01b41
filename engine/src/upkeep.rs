//! What is done beside the runs: backfills get their next runs, and old history is deleted.

mod retention;
#[cfg(test)]
mod tests;

use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::host::Engine;
pub use retention::Keep;

pub(crate) const QUERIES: &[&store::Sql] = retention::QUERIES;

/// How long a backfill may go unnoticed that another process started.
const LOOK: Duration = Duration::from_secs(1);
/// How often this process asks whether it is time to delete.
const ASK: Duration = Duration::from_secs(300);

/// Keeps house until it is told to stop. Any number of processes may.
pub struct Upkeep {
    engine: Engine,
    keep: Keep,
}

impl Upkeep {
    /// The upkeep of an engine's store.
    pub fn new(engine: Engine, keep: Keep) -> Self {
        Self { engine, keep }
    }

    /// Works until `stop`.
    pub async fn run(self, stop: CancellationToken) {
        let mut next_sweep = Instant::now();
        while !stop.is_cancelled() {
            if Instant::now() >= next_sweep {
                self.sweep().await;
                next_sweep = Instant::now() + ASK;
            }
            let fed = self.engine.feed_backfills().await;
            let is_open =
                fed.inspect_err(|error| warn!(code = error.code(), error = %error, "cannot feed backfills"));
            let ended = async {
                match is_open {
                    Ok(true) => self.engine.run_ended().await,
                    // Without a backfill nobody waits for the end of a run.
                    _ => std::future::pending().await,
                }
            };
            tokio::select! {
                () = stop.cancelled() => {}
                () = ended => {}
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }

    async fn sweep(&self) {
        match self.engine.forget_history(&self.keep).await {
            Ok(Some(runs)) if runs > 0 => info!(runs, "old runs deleted"),
            Ok(_) => {}
            Err(error) => warn!(code = error.code(), error = %error, "cannot delete old runs"),
        }
    }
}
