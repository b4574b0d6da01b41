//! How long each value of a channel was held, in whole steps: all that zones and loads need of the samples.
//!
//! As text: the lowest step, a colon and the seconds of it and each step above, as `118:3,,12.5,40`.

use std::fmt;
use std::str::FromStr;

use crate::moving::PAUSE_MS;

/// No text has more steps than this: a guard against a broken one.
const MOST_STEPS: usize = 100_000;

/// Milliseconds at each step of a value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Held {
    lowest: usize,
    held_ms: Vec<u64>,
}

/// A text that is no count of held values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no list of seconds")]
pub struct HeldError(String);

impl HeldError {
    pub(crate) fn of(text: &str) -> Self {
        Self(text.chars().take(40).collect())
    }
}

impl Held {
    /// Counts samples in steps of a unit, values beyond the highest step as of it. A sample holds until the next one,
    /// unless that is more than 30 s away: then it counts nothing.
    ///
    /// `None` where no sample held.
    pub fn count(time_ms: &[i64], values: &[f64], steps_per_unit: f64, highest: usize) -> Option<Self> {
        let mut held_ms = vec![0_u64; highest + 1];
        let mut last: Option<(i64, f64)> = None;
        for (&time, &value) in time_ms.iter().zip(values).filter(|(_, value)| !value.is_nan()) {
            if let Some((before, held)) = last
                && time - before <= PAUSE_MS
            {
                held_ms[step(held * steps_per_unit, highest)] += (time - before).unsigned_abs();
            }
            last = Some((time, value));
        }
        Self::trimmed(0, held_ms)
    }

    /// Counts values of one second each.
    pub fn count_seconds(
        values: impl Iterator<Item = f64>,
        steps_per_unit: f64,
        highest: usize,
    ) -> Option<Self> {
        let mut held_ms = vec![0_u64; highest + 1];
        values.for_each(|value| held_ms[step(value * steps_per_unit, highest)] += 1000);
        Self::trimmed(0, held_ms)
    }

    fn trimmed(lowest: usize, mut held_ms: Vec<u64>) -> Option<Self> {
        let first = held_ms.iter().position(|&held| held > 0)?;
        let last = held_ms.iter().rposition(|&held| held > 0)?;
        held_ms.truncate(last + 1);
        held_ms.drain(..first);
        held_ms.shrink_to_fit();
        Some(Self { lowest: lowest + first, held_ms })
    }

    /// Each step that was held, with its seconds.
    pub fn iter(&self) -> impl Iterator<Item = (f64, f64)> {
        let held = self.held_ms.iter().enumerate().filter(|(_, held)| **held > 0);
        held.map(|(index, &held)| ((self.lowest + index) as f64, held as f64 / 1000.0))
    }

    /// Seconds with a value.
    pub fn total_s(&self) -> f64 {
        self.held_ms.iter().sum::<u64>() as f64 / 1000.0
    }

    /// Seconds from each lower edge up to the next, edges in steps and rising; what is below the first is in none.
    ///
    /// A value on an edge belongs above.
    pub fn zones(&self, edges: &[f64]) -> Vec<f64> {
        let mut seconds = vec![0.0; edges.len()];
        for (value, held_s) in self.iter() {
            if let Some(zone) = edges.partition_point(|edge| *edge <= value).checked_sub(1) {
                seconds[zone] += held_s;
            }
        }
        seconds
    }
}

fn step(value: f64, highest: usize) -> usize {
    // `as` saturates, so that a value below the first step is of it.
    (value.round() as usize).min(highest)
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.lowest)?;
        for (index, held) in self.held_ms.iter().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            if *held > 0 {
                write!(f, "{}", *held as f64 / 1000.0)?;
            }
        }
        Ok(())
    }
}

impl FromStr for Held {
    type Err = HeldError;

    fn from_str(text: &str) -> Result<Self, HeldError> {
        let error = || HeldError::of(text);
        let (lowest, seconds) = text.split_once(':').ok_or_else(error)?;
        let lowest = lowest.parse().ok().filter(|lowest| *lowest <= MOST_STEPS).ok_or_else(error)?;
        let held_ms = seconds.split(',').map(parse_ms).collect::<Option<Vec<u64>>>().ok_or_else(error)?;
        Self::trimmed(lowest, held_ms).ok_or_else(error)
    }
}

fn parse_ms(seconds: &str) -> Option<u64> {
    if seconds.is_empty() {
        return Some(0);
    }
    let seconds: f64 = seconds.parse().ok()?;
    (0.0..1e12).contains(&seconds).then(|| (seconds * 1000.0).round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, edges: &[f64], wanted: &[f64]) {
        let held: Held = text.parse().unwrap();
        assert_eq!((held.zones(edges), held.to_string()), (wanted.to_vec(), text.to_owned()));
    }

    #[test]
    fn a_value_on_an_edge_belongs_above() {
        check("99:10,20,30", &[100.0, 101.0], &[20.0, 30.0]);
    }

    #[test]
    fn what_is_below_the_first_edge_is_in_no_zone() {
        check("99:10,,30", &[50.0, 150.0], &[40.0, 0.0]);
        check("99:10,,30", &[150.0], &[0.0]);
    }

    #[test]
    fn a_pause_counts_nothing() {
        let held = Held::count(&[0, 30_000, 61_000, 62_000], &[1.0, 2.0, 3.0, 4.0], 1.0, 10).unwrap();
        assert_eq!(held.to_string(), "1:30,,1");
    }

    #[test]
    fn what_is_above_the_highest_step_counts_as_of_it() {
        assert_eq!(Held::count_seconds([0.42, 99.0].into_iter(), 100.0, 1200).unwrap().total_s(), 2.0);
    }
}
