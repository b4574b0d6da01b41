//! The free limits, which begin anew with each UTC minute, hour and day.

use serde::{Deserialize, Serialize};

use super::Refusal;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// How much one address may use.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// In a UTC minute.
    pub minute: f64,
    /// In a UTC hour.
    pub hour: f64,
    /// In a UTC day.
    pub day: f64,
}

impl Default for Limits {
    /// Those of the free service.
    fn default() -> Self {
        Self { minute: 600.0, hour: 5_000.0, day: 10_000.0 }
    }
}

/// How much was used in the minute, hour and day that run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Used {
    /// In this UTC minute.
    pub minute: f64,
    /// In this UTC hour.
    pub hour: f64,
    /// On this UTC day.
    pub day: f64,
}

#[derive(Default)]
pub(super) struct Counters {
    used: Used,
    counted_ms: i64,
}

impl Counters {
    pub(super) fn at(&mut self, now_ms: i64) -> Used {
        let is_past = |length: i64| now_ms.div_euclid(length) != self.counted_ms.div_euclid(length);
        for (length, used) in
            [(MINUTE_MS, &mut self.used.minute), (HOUR_MS, &mut self.used.hour), (DAY_MS, &mut self.used.day)]
        {
            if is_past(length) {
                *used = 0.0;
            }
        }
        self.counted_ms = now_ms;
        self.used
    }

    pub(super) fn add(&mut self, now_ms: i64, cost: f64) {
        self.at(now_ms);
        self.used.minute += cost;
        self.used.hour += cost;
        self.used.day += cost;
    }

    pub(super) fn check(&mut self, now_ms: i64, limits: &Limits) -> Result<(), Refusal> {
        let used = self.at(now_ms);
        if used.minute >= limits.minute {
            let reason = "Minutely API request limit exceeded. Please try again in one minute.";
            return Err(Refusal::too_many(reason));
        }
        if used.hour >= limits.hour {
            let reason = "Hourly API request limit exceeded. Please try again in the next hour.";
            return Err(Refusal::too_many(reason));
        }
        if used.day >= limits.day {
            return Err(Refusal::too_many("Daily API request limit exceeded. Please try again tomorrow."));
        }
        Ok(())
    }
}
