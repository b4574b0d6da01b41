//! What can be held: critical speed and critical power, and how much there is above them.

mod fit;

pub use fit::{line, three_parameters};

/// Efforts of these seconds show a critical speed or power.
///
/// Shorter ones rest on what is above it, longer ones on endurance.
pub const SHORTEST_S: f64 = 120.0;
pub const LONGEST_S: f64 = 1200.0;
/// Beyond this a critical speed promises too much.
pub const HOLDS_S: f64 = 1800.0;
/// Efforts closer than this tell nothing of a line.
const APART: f64 = 2.0;

/// What can be held without end by the model, in m/s or W, and what there is above it, in m or J.
///
/// D = CS t + D' (Hill 1927; Hughson 1984) and W = CP t + W' (Monod and Scherrer 1965, Ergonomics 8:329).
/// Evidence: good from 2 to 20 minutes, too fast beyond about 30.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Critical {
    pub rate: f64,
    pub above: f64,
}

/// Critical power with the highest power of a moment (Morton 1996, Ergonomics 39:611).
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct WithPeak {
    pub rate: f64,
    pub above: f64,
    pub peak: f64,
}

impl Critical {
    /// From efforts as (seconds, metres or joules); those out of range are left out.
    ///
    /// `None` unless two of them are apart by twice the shorter and the line makes sense.
    pub fn of(efforts: &[(f64, f64)]) -> Option<Self> {
        let inside: Vec<_> = efforts
            .iter()
            .copied()
            .filter(|(seconds, _)| (SHORTEST_S..=LONGEST_S).contains(seconds))
            .collect();
        let shortest = inside.iter().map(|(seconds, _)| *seconds).fold(f64::INFINITY, f64::min);
        let longest = inside.iter().map(|(seconds, _)| *seconds).fold(0.0, f64::max);
        if longest < APART * shortest {
            return None;
        }
        let (rate, above) = line(&inside)?;
        (rate > 0.0 && above > 0.0).then_some(Self { rate, above })
    }

    /// Seconds over a distance, or for a work; `None` where that takes longer than the model holds.
    pub fn seconds(&self, amount: f64) -> Option<f64> {
        let seconds = (amount - self.above) / self.rate;
        (SHORTEST_S..=HOLDS_S).contains(&seconds).then_some(seconds)
    }

    /// What is left of W' after each sample, in joules.
    ///
    /// Froncioni, Skiba and Clarke: above CP it is spent by what is above, below it comes back the faster the more
    /// of it is missing and the easier one goes. Evidence: useful in races of intervals; may fall below 0 where CP
    /// or W' is set too low, and is left there, since that is what it tells. A sample holds until the next one, for
    /// 30 s at most; over a pause one goes with 0 W.
    pub fn balance(&self, time_ms: &[i64], watts: &[f64]) -> Vec<f64> {
        let mut left = self.above;
        let mut before_ms = time_ms.first().copied().unwrap_or(0);
        let mut held = (before_ms, 0.0);
        let mut balance = Vec::with_capacity(time_ms.len());
        for (&now_ms, &power) in time_ms.iter().zip(watts) {
            let (since_ms, watts) = held;
            let until_ms = (since_ms + HELD_AT_MOST_MS).clamp(before_ms, now_ms);
            left = self.after(left, watts, (until_ms - before_ms) as f64 / 1000.0);
            left = self.after(left, 0.0, (now_ms - until_ms) as f64 / 1000.0);
            before_ms = now_ms;
            if !power.is_nan() {
                held = (now_ms, power);
            }
            balance.push(left);
        }
        balance
    }

    fn after(&self, left: f64, watts: f64, seconds: f64) -> f64 {
        let over = watts - self.rate;
        if over > 0.0 {
            return left - over * seconds;
        }
        self.above - (self.above - left) * (over * seconds / self.above).exp()
    }
}

const HELD_AT_MOST_MS: i64 = 30_000;

#[cfg(test)]
mod tests;
