//! Why a step waits for its pool.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::step::Cause;

/// How many runs a sentence names.
const NAMED: usize = 3;

/// What keeps a step from beginning, or from its next call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Obstacle {
    /// The pool is closed for a while.
    Closed { until_ms: i64, by: ClosedBy, failures: i64 },
    /// The pool was closed, and a step of one of these runs tries whether its upstream is back.
    Trial { by: Vec<String> },
    /// So many calls of so many were made in the window that ends then.
    Spent { calls: i64, of: i64, until_ms: i64 },
    /// All slots are taken by steps of these runs.
    Full { slots: i64, by: Vec<String> },
}

/// What closed a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClosedBy {
    /// Attempts that failed in a row.
    Failures,
    /// The upstream said when it will answer again.
    Upstream,
}

impl ClosedBy {
    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Failures => "failures",
            Self::Upstream => "upstream",
        }
    }

    pub(super) fn parse(text: &str) -> Self {
        if text == Self::Upstream.as_str() { Self::Upstream } else { Self::Failures }
    }
}

impl Obstacle {
    /// The stable name of the reason.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Closed { .. } | Self::Trial { .. } => "pool_closed",
            Self::Spent { .. } => "pool_spent",
            Self::Full { .. } => "pool_full",
        }
    }

    /// Says it in a sentence, with times as the function writes them.
    pub fn sentence(&self, pool: &str, time: impl Fn(i64) -> String) -> String {
        let why = match self {
            Self::Closed { until_ms, by: ClosedBy::Failures, failures } => {
                format!("closed until {} after {failures} failures", time(*until_ms))
            }
            Self::Closed { until_ms, by: ClosedBy::Upstream, .. } => {
                format!("closed until {} by its upstream", time(*until_ms))
            }
            Self::Trial { by } => format!("{} tries whether its upstream is back", runs(by)),
            Self::Spent { calls, of, until_ms } => {
                format!("{calls} of {of} calls spent until {}", time(*until_ms))
            }
            Self::Full { slots, by } => format!("{} of {slots} slots taken by {}", by.len(), runs(by)),
        };
        format!("waits for pool `{pool}`: {why}")
    }

    /// When it ends, where that is known.
    pub(super) fn until_ms(&self) -> Option<i64> {
        match self {
            Self::Closed { until_ms, .. } | Self::Spent { until_ms, .. } => Some(*until_ms),
            Self::Trial { .. } | Self::Full { .. } => None,
        }
    }

    /// Whether a step of that run is in the way.
    pub(super) fn is_made_by(&self, run: &str) -> bool {
        match self {
            Self::Trial { by } | Self::Full { by, .. } => by.iter().any(|other| other == run),
            Self::Closed { .. } | Self::Spent { .. } => false,
        }
    }

    /// The same as the reason of a step that waits.
    pub(crate) fn cause(&self, pool: &str) -> Cause {
        let time = |ms| Timestamp::from_millisecond(ms).map(|at| format!("{at:.0}")).unwrap_or_default();
        Cause::new(self.code(), self.sentence(pool, time))
    }
}

fn runs(by: &[String]) -> String {
    let mut runs: Vec<&str> = by.iter().map(String::as_str).collect();
    runs.dedup();
    let more = runs.len().saturating_sub(NAMED);
    runs.truncate(NAMED);
    let and_more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("run {}{and_more}", runs.join(", "))
}
