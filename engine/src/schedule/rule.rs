//! Which slot of a rule is next.
//!
//! Pure: the time is an argument, so that every rule is a table in the tests.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Timing;

/// The shortest look back for slots that were missed.
const LOOK_BACK_MS: i64 = 60_000;

/// A timing at the place where it holds.
#[derive(Debug, Clone)]
pub struct Rule {
    timing: Timing,
    zone: TimeZone,
}

/// One occurrence of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// The same for the same occurrence in every process: what the wall shows then.
    pub key: String,
    /// Epoch milliseconds.
    pub due_ms: i64,
}

impl Rule {
    pub(super) fn new(timing: Timing, zone: TimeZone) -> Self {
        Self { timing, zone }
    }

    /// The first slot after that time, or nothing where the rule has come to its end.
    pub fn next(&self, after_ms: i64) -> Option<Slot> {
        match &self.timing {
            Timing::Every(period) => grid(*period, after_ms),
            Timing::Cron(cron) => {
                let (wall, at) = cron.next(after(after_ms)?, &self.zone)?;
                Some(Slot { key: wall, due_ms: at.as_millisecond() })
            }
        }
    }

    /// The latest slots after `from_ms` and up to `until_ms`, in their order, at least `most` where there are as many.
    /// Costs as much as the slots it answers, however long the time between is.
    pub fn latest(&self, from_ms: i64, until_ms: i64, most: usize) -> Vec<Slot> {
        let mut look_back_ms = LOOK_BACK_MS;
        loop {
            let begin_ms = until_ms.saturating_sub(look_back_ms).max(from_ms);
            let mut slots = self.between(begin_ms, until_ms);
            if begin_ms == from_ms || slots.len() >= most {
                return slots.split_off(slots.len().saturating_sub(most));
            }
            look_back_ms = look_back_ms.saturating_mul(4);
        }
    }

    fn between(&self, from_ms: i64, until_ms: i64) -> Vec<Slot> {
        let next = |slot: &Slot| self.next(slot.due_ms);
        let slots = std::iter::successors(self.next(from_ms), next);
        slots.take_while(|slot| slot.due_ms <= until_ms).collect()
    }

    /// The zone whose wall is meant, by its name; a grid stands still and has none.
    pub fn time_zone(&self) -> Option<&str> {
        match self.timing {
            Timing::Every(_) => None,
            Timing::Cron(_) => self.zone.iana_name(),
        }
    }
}

/// Rules are equal where their texts are.
impl std::fmt::Display for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.time_zone() {
            Some(zone) => write!(f, "{} in {zone}", self.timing),
            None => write!(f, "{}", self.timing),
        }
    }
}

fn grid(period: Duration, after_ms: i64) -> Option<Slot> {
    let period_ms = i64::try_from(period.as_millis()).ok()?;
    let due_ms = after_ms.checked_div_euclid(period_ms)?.checked_add(1)?.checked_mul(period_ms)?;
    Some(Slot { key: Timestamp::from_millisecond(due_ms).ok()?.to_string(), due_ms })
}

fn after(ms: i64) -> Option<Timestamp> {
    // Walls show no fractions; what is due at the full second is not after any part of that second.
    Timestamp::from_second(ms.div_euclid(1_000)).ok()
}
