//! What a step counts while it works.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

/// Counters of one attempt; cheap to clone and to add to.
#[derive(Debug, Clone, Default)]
pub struct Meter(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    rows_in: AtomicU64,
    rows_out: AtomicU64,
    upstream_calls: AtomicU64,
    bytes: AtomicU64,
    is_closed: AtomicBool,
}

/// The counters as they stood at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Readings {
    pub rows_in: u64,
    pub rows_out: u64,
    pub upstream_calls: u64,
    pub bytes: u64,
}

impl std::iter::Sum for Readings {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            rows_in: sum.rows_in + one.rows_in,
            rows_out: sum.rows_out + one.rows_out,
            upstream_calls: sum.upstream_calls + one.upstream_calls,
            bytes: sum.bytes + one.bytes,
        })
    }
}

impl Meter {
    /// Counts items that the step looked at.
    pub fn rows_in(&self, count: u64) {
        self.0.rows_in.fetch_add(count, Ordering::Relaxed);
    }

    /// Counts rows that the step changed.
    pub fn rows_out(&self, count: u64) {
        self.0.rows_out.fetch_add(count, Ordering::Relaxed);
    }

    /// Counts calls to an outside service.
    pub fn upstream_calls(&self, count: u64) {
        self.0.upstream_calls.fetch_add(count, Ordering::Relaxed);
    }

    /// Counts bytes read.
    pub fn bytes(&self, count: u64) {
        self.0.bytes.fetch_add(count, Ordering::Relaxed);
    }

    /// Ends the counting: the attempt is over.
    pub(crate) fn close(&self) {
        self.0.is_closed.store(true, Ordering::Release);
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.0.is_closed.load(Ordering::Acquire)
    }

    /// Reads all counters.
    pub fn readings(&self) -> Readings {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Readings {
            rows_in: read(&self.0.rows_in),
            rows_out: read(&self.0.rows_out),
            upstream_calls: read(&self.0.upstream_calls),
            bytes: read(&self.0.bytes),
        }
    }
}
