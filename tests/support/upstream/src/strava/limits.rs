//! The application's limits: overall and for reads, by the quarter of an hour and by the UTC day.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};

const QUARTER_MS: i64 = 15 * 60_000;
const DAY_MS: i64 = 24 * 60 * 60_000;

/// Calls in a quarter of an hour and in a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Windows {
    /// From :00, :15, :30 or :45 on.
    pub quarter: u32,
    /// From midnight UTC on.
    pub day: u32,
}

/// What may be used, and what was used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Calls {
    /// All calls.
    pub overall: Windows,
    /// Those that change nothing.
    pub read: Windows,
}

impl Calls {
    /// The limits of a new application.
    #[must_use]
    pub fn of_a_new_app() -> Self {
        let windows = |quarter, day| Windows { quarter, day };
        Self { overall: windows(200, 2_000), read: windows(100, 1_000) }
    }

    /// Limits that no test reaches.
    #[must_use]
    pub fn without_end() -> Self {
        let windows = Windows { quarter: 1_000_000, day: 100_000_000 };
        Self { overall: windows, read: windows }
    }
}

/// Which limit was spent when a call came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spent {
    Overall,
    Read,
}

pub(super) struct Counters {
    pub(super) limits: Calls,
    used: Calls,
    counted_ms: i64,
    /// How many calls came though a window was spent.
    pub(super) calls_while_spent: u32,
}

impl Default for Counters {
    fn default() -> Self {
        let limits = Calls::of_a_new_app();
        Self { limits, used: Calls::default(), counted_ms: 0, calls_while_spent: 0 }
    }
}

impl Counters {
    pub(super) fn used(&mut self, now_ms: i64) -> Calls {
        let is_past = |length: i64| now_ms.div_euclid(length) != self.counted_ms.div_euclid(length);
        let (is_new_quarter, is_new_day) = (is_past(QUARTER_MS), is_past(DAY_MS));
        for windows in [&mut self.used.overall, &mut self.used.read] {
            if is_new_quarter {
                windows.quarter = 0;
            }
            if is_new_day {
                windows.day = 0;
            }
        }
        self.counted_ms = now_ms;
        self.used
    }

    /// Counts these calls as if somebody else with this application had made them.
    pub(super) fn spend(&mut self, now_ms: i64, calls: Calls) {
        self.used(now_ms);
        for (used, more) in [(&mut self.used.overall, calls.overall), (&mut self.used.read, calls.read)] {
            used.quarter = used.quarter.saturating_add(more.quarter);
            used.day = used.day.saturating_add(more.day);
        }
    }

    /// Counts a call, one that is refused too, and says which limit was spent before it.
    pub(super) fn count(&mut self, now_ms: i64, is_read: bool) -> Option<Spent> {
        let used = self.used(now_ms);
        let is_spent = |used: Windows, limit: Windows| used.quarter >= limit.quarter || used.day >= limit.day;
        let spent = if is_spent(used.overall, self.limits.overall) {
            Some(Spent::Overall)
        } else if is_read && is_spent(used.read, self.limits.read) {
            Some(Spent::Read)
        } else {
            None
        };
        self.calls_while_spent += u32::from(spent.is_some());
        let one = Windows { quarter: 1, day: 1 };
        let read = if is_read { one } else { Windows::default() };
        self.spend(now_ms, Calls { overall: one, read });
        spent
    }

    /// Writes limits and use into an answer.
    pub(super) fn tell(&mut self, now_ms: i64, headers: &mut HeaderMap) {
        let (limits, used) = (self.limits, self.used(now_ms));
        for (name, windows) in [
            ("x-ratelimit-limit", limits.overall),
            ("x-ratelimit-usage", used.overall),
            ("x-readratelimit-limit", limits.read),
            ("x-readratelimit-usage", used.read),
        ] {
            if let Ok(value) = HeaderValue::from_str(&format!("{},{}", windows.quarter, windows.day)) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
    }
}
