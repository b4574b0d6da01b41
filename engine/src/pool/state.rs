//! What is remembered of a pool, and what follows from it.
//!
//! Pure: the time, the size and who is in are arguments, so every rule is a table in the tests.

use super::obstacle::{ClosedBy, Obstacle};
use super::size::{Cooldown, Size, milliseconds};

/// The longest that an upstream may close a pool for; it can say so again.
const LONGEST_MS: i64 = 24 * 3_600_000;

/// A pool as it is stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct State {
    /// When the window began in which the calls were counted.
    pub window_ms: i64,
    pub calls: i64,
    /// Attempts that failed in a row.
    pub failures: i64,
    pub closed: Option<Closed>,
    /// How long it closes again where a trial fails: there from a cooldown to the first success after it.
    pub cooldown_ms: Option<i64>,
}

/// A pool that nobody may enter for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Closed {
    pub since_ms: i64,
    pub until_ms: i64,
    pub by: ClosedBy,
}

impl State {
    /// The same at a later moment: windows turn, and what was closed for a while is not any more.
    ///
    /// Where the clock was set back, the calls count on in the window that it shows now, and the pool stays closed for as
    /// long as it was going to be: neither does the upstream see more calls, nor does anybody wait for a time long gone.
    pub(super) fn at(mut self, now_ms: i64, size: &Size) -> Self {
        if let Some(rate) = size.rate {
            let window_ms = rate.window_ms(now_ms);
            if self.window_ms < window_ms {
                self.calls = 0;
            }
            self.window_ms = window_ms;
        }
        self.closed = self.closed.filter(|closed| now_ms < closed.until_ms).map(|closed| {
            let back_ms = (closed.since_ms - now_ms).max(0);
            Closed { since_ms: closed.since_ms - back_ms, until_ms: closed.until_ms - back_ms, ..closed }
        });
        self
    }

    /// What keeps one more from beginning, beside those that are in.
    pub(super) fn obstacle(&self, size: &Size, others: &[String]) -> Option<Obstacle> {
        if let Some(obstacle) = self.to_a_call(size) {
            return Some(obstacle);
        }
        if self.is_on_trial() && !others.is_empty() {
            return Some(Obstacle::Trial { by: others.to_vec() });
        }
        let slots = usize::try_from(size.slots?).unwrap_or(usize::MAX);
        (others.len() >= slots).then(|| Obstacle::Full { slots: slots as i64, by: others.to_vec() })
    }

    /// What keeps one that is in from one more call.
    pub(super) fn to_a_call(&self, size: &Size) -> Option<Obstacle> {
        if let Some(Closed { until_ms, by, .. }) = self.closed {
            return Some(Obstacle::Closed { until_ms, by, failures: self.failures });
        }
        let rate = size.rate?;
        let of = i64::from(rate.calls);
        let until_ms = self.window_ms + rate.per_ms();
        (self.calls >= of).then_some(Obstacle::Spent { calls: self.calls, of, until_ms })
    }

    /// After a cooldown one attempt at a time tries whether the upstream is back.
    pub(super) fn is_on_trial(&self) -> bool {
        self.closed.is_none() && self.cooldown_ms.is_some()
    }

    /// Counts a call.
    pub(super) fn pay(&mut self) {
        self.calls += 1;
    }

    /// Heeds what the upstream says was used in this window, by whoever.
    pub(super) fn observe(&mut self, used: i64) {
        self.calls = self.calls.max(used);
    }

    /// Heeds that the upstream takes no call until then.
    pub(super) fn spend(&mut self, now_ms: i64, until_ms: i64) {
        let until_ms = until_ms.min(now_ms + LONGEST_MS);
        if until_ms > now_ms && self.closed.is_none_or(|closed| closed.until_ms < until_ms) {
            self.closed = Some(Closed { since_ms: now_ms, until_ms, by: ClosedBy::Upstream });
        }
    }

    /// Counts an attempt that failed. One that began before the pool closed closes it no longer.
    pub(super) fn fail(&mut self, now_ms: i64, cooldown: Option<Cooldown>) {
        self.failures += 1;
        if self.closed.is_some() {
            return;
        }
        let own_ms = cooldown.map(|cooldown| milliseconds(cooldown.pause));
        let is_enough = cooldown.is_some_and(|cooldown| self.failures >= i64::from(cooldown.failures));
        if self.cooldown_ms.is_some() || is_enough {
            self.cooldown_ms = own_ms.or(self.cooldown_ms);
            let until_ms = now_ms + self.cooldown_ms.unwrap_or(0);
            self.closed = Some(Closed { since_ms: now_ms, until_ms, by: ClosedBy::Failures });
        }
    }

    /// Heeds a success. One that began before the pool closed says nothing of now.
    pub(super) fn succeed(&mut self) {
        if self.closed.is_none() {
            self.failures = 0;
            self.cooldown_ms = None;
        }
    }

    /// Ends whatever closed it.
    pub(super) fn open(&mut self) {
        (self.closed, self.cooldown_ms, self.failures) = (None, None, 0);
    }
}
