//! What a step says to its pool while it works.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::door::Door;
use crate::context::StepContext;
use crate::step::StepError;

/// An attempt's stay in its pool.
pub(crate) struct Visit {
    door: Arc<Door>,
    /// The call that was paid when the attempt began was made.
    has_called: AtomicBool,
    waits: Mutex<Waits>,
}

/// How long the attempt waited for its pool.
#[derive(Default)]
struct Waits {
    over: Duration,
    /// Those at this moment, which may be several where calls are made side by side, and since when.
    now: u32,
    since: Option<Instant>,
}

impl StepContext {
    /// Leave to make one call to the upstream of the step's pool: wait for it before each call.
    ///
    /// The first one of an attempt was paid when the attempt began. It waits up to a minute, which does not count into
    /// the step's timeout; where it would take longer it fails with [`StepError::Later`], which the step hands on. Does
    /// nothing where the step is in no pool.
    pub async fn permit(&self) -> Result<(), StepError> {
        let Some(visit) = self.visit() else { return Ok(()) };
        if self.is_cancelled() {
            return Err(StepError::Cancelled);
        }
        if !visit.has_called.swap(true, Ordering::Relaxed) {
            return Ok(());
        }
        visit.begin_wait();
        let _wait = Wait(visit);
        visit.door.call().await
    }

    /// Tells the pool how many calls of its window the upstream says were used, by whoever made them: the count is raised
    /// to that. Does nothing where the step is in no pool.
    pub async fn calls_used(&self, used: u32) -> Result<(), StepError> {
        let Some(visit) = self.visit() else { return Ok(()) };
        visit.door.heed(move |state, _| state.observe(i64::from(used))).await
    }

    /// Tells the pool that the upstream takes no call until then, in epoch milliseconds, as a `Retry-After` says: it is
    /// closed to all runs, for a day at most. Does nothing where the step is in no pool.
    ///
    /// The attempt itself ends as the step likes, best with [`StepError::Later`].
    pub async fn pool_spent(&self, until_ms: i64) -> Result<(), StepError> {
        let Some(visit) = self.visit() else { return Ok(()) };
        visit.door.heed(move |state, now_ms| state.spend(now_ms, until_ms)).await
    }
}

impl Visit {
    pub(crate) fn new(door: Arc<Door>) -> Self {
        Self { door, has_called: AtomicBool::new(false), waits: Mutex::default() }
    }

    /// Returns when the attempt took longer than that, without what it waited for its pool.
    pub(crate) async fn overdue(&self, limit: Duration) {
        let mut granted = Duration::ZERO;
        sleep(limit).await;
        loop {
            let waited = self.waited();
            if waited <= granted {
                return;
            }
            sleep(waited - granted).await;
            granted = waited;
        }
    }

    fn waited(&self) -> Duration {
        let waits = self.waits.lock().unwrap_or_else(PoisonError::into_inner);
        waits.over + waits.since.map(|since| since.elapsed()).unwrap_or_default()
    }

    fn begin_wait(&self) {
        let mut waits = self.waits.lock().unwrap_or_else(PoisonError::into_inner);
        waits.now += 1;
        waits.since.get_or_insert_with(Instant::now);
    }
}

/// A wait that ends however it ends.
struct Wait<'a>(&'a Visit);

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        let mut waits = self.0.waits.lock().unwrap_or_else(PoisonError::into_inner);
        waits.now -= 1;
        if waits.now == 0 {
            let since = waits.since.take();
            waits.over += since.map(|since| since.elapsed()).unwrap_or_default();
        }
    }
}
