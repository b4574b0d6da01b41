//! How large a pool is, as scripts say it.

use std::time::Duration;

use serde::Serialize;

/// How much of a pool there is; what is not said is not limited.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Size {
    /// Attempts at work at one time, at least one.
    pub slots: Option<u32>,
    pub rate: Option<Rate>,
}

/// So many calls in each window. Windows follow each other on the clock without a gap: those of a quarter of an hour
/// begin at 0, 15, 30 and 45.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Rate {
    pub calls: u32,
    pub per: Duration,
}

/// After how many failures in a row a pool closes, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Cooldown {
    pub failures: u32,
    pub pause: Duration,
}

impl Size {
    /// Of a pool that no script in force sizes any more: small enough for every upstream.
    pub(super) const UNKNOWN: Self = Self { slots: Some(1), rate: None };
}

impl Rate {
    /// Milliseconds, at least one.
    pub(super) fn per_ms(self) -> i64 {
        milliseconds(self.per).max(1)
    }

    /// When the window began that a moment lies in.
    pub(super) fn window_ms(self, now_ms: i64) -> i64 {
        now_ms - now_ms.rem_euclid(self.per_ms())
    }
}

pub(super) fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 4)
}
