//! The time that the services believe in.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

type Source = Arc<dyn Fn() -> i64 + Send + Sync>;

/// Epoch milliseconds of a source, moved by what a test asks for; clones are the same clock.
#[derive(Clone)]
pub struct Clock {
    source: Arc<Mutex<Source>>,
    moved_ms: Arc<Mutex<i64>>,
}

impl Clock {
    /// A clock that stands still until it is moved.
    #[must_use]
    pub fn standing(epoch_ms: i64) -> Self {
        Self::from_fn(move || epoch_ms)
    }

    /// A clock that answers what the function answers, so that it can go with the caller's own.
    #[must_use]
    pub fn from_fn(now_ms: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        Self { source: Arc::new(Mutex::new(Arc::new(now_ms))), moved_ms: Arc::default() }
    }

    /// The machine's clock.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the server of its own has no other clock")]
    pub fn machine() -> Self {
        Self::from_fn(|| jiff::Timestamp::now().as_millisecond())
    }

    /// Epoch milliseconds.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        let source = Arc::clone(&self.source.lock().unwrap_or_else(PoisonError::into_inner));
        source() + *self.moved_ms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Goes forward.
    pub fn advance(&self, by: Duration) {
        let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        *self.moved_ms.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }

    /// Jumps to a time; a clock that ran goes on from there.
    pub fn set(&self, epoch_ms: i64) {
        let jump = epoch_ms - self.now_ms();
        *self.moved_ms.lock().unwrap_or_else(PoisonError::into_inner) += jump;
    }
}
