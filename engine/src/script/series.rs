//! Columns of numbers over time, as a script reads them: few functions, each as fast as the column is long.
//!
//! A value holds until the next one, unless that is more than 30 s away: then it counts for nothing, and so does the
//! last one.

mod functions;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

pub(super) use functions::{FUNCTIONS, MissingColumn};

/// What is further apart is a pause.
const HOLD_S: f64 = 30.0;

/// Columns that share their seconds. To copy one costs nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Series(Arc<Data>);

#[derive(Debug, PartialEq)]
struct Data {
    seconds: Vec<f64>,
    /// As long as the seconds; not a number where nothing is known.
    columns: BTreeMap<String, Vec<f64>>,
}

/// Why there is no series.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    #[error("column `{0}` has not as many values as there are seconds")]
    Length(String),
    #[error("the seconds do not ascend")]
    Order,
    #[error("a series is `#{{ seconds: [0, 1], power: [200, 210] }}`, a number or `()` for each second")]
    Form,
}

impl Series {
    /// Columns over ascending seconds.
    pub fn new(seconds: Vec<f64>, columns: BTreeMap<String, Vec<f64>>) -> Result<Self, Unusable> {
        if let Some((name, _)) = columns.iter().find(|(_, values)| values.len() != seconds.len()) {
            return Err(Unusable::Length(name.clone()));
        }
        if !seconds.is_sorted() || seconds.iter().any(|second| !second.is_finite()) {
            return Err(Unusable::Order);
        }
        Ok(Self(Arc::new(Data { seconds, columns })))
    }

    /// The series that an example writes out: an array of numbers by name, and `seconds` among them.
    pub fn of_json(value: &Value) -> Result<Self, Unusable> {
        let arrays = value.as_object().ok_or(Unusable::Form)?.iter().map(|(name, values)| {
            let values = values.as_array().ok_or(Unusable::Form)?.iter();
            let number = |value: &Value| if value.is_null() { Some(f64::NAN) } else { value.as_f64() };
            let values: Option<Vec<f64>> = values.map(number).collect();
            Ok((name.clone(), values.ok_or(Unusable::Form)?))
        });
        let mut columns = arrays.collect::<Result<BTreeMap<String, Vec<f64>>, Unusable>>()?;
        let seconds = columns.remove("seconds").ok_or(Unusable::Form)?;
        Self::new(seconds, columns)
    }

    /// One without a column.
    pub fn empty() -> Self {
        Self(Arc::new(Data { seconds: Vec::new(), columns: BTreeMap::new() }))
    }

    fn column(&self, name: &str) -> Option<Column<'_>> {
        let values = self.0.columns.get(name)?;
        values.iter().any(|value| !value.is_nan()).then_some(Column { seconds: &self.0.seconds, values })
    }

    /// From one second up to another, that one not included.
    fn between(&self, from_s: f64, to_s: f64) -> Self {
        let place = |second: f64| self.0.seconds.partition_point(|known| *known < second);
        let (start, end) = (place(from_s), place(to_s).max(place(from_s)));
        let columns = self.0.columns.iter().map(|(name, values)| (name.clone(), values[start..end].to_vec()));
        Self(Arc::new(Data { seconds: self.0.seconds[start..end].to_vec(), columns: columns.collect() }))
    }
}

/// One column, at least one value of which is known.
#[derive(Clone, Copy)]
struct Column<'a> {
    seconds: &'a [f64],
    values: &'a [f64],
}

impl<'a> Column<'a> {
    fn known(self) -> impl Iterator<Item = (f64, f64)> + 'a {
        self.seconds
            .iter()
            .zip(self.values)
            .filter(|(_, value)| !value.is_nan())
            .map(|(at, value)| (*at, *value))
    }

    /// Each value that holds for a while: when it begins, how many seconds it holds, and the value.
    fn held(self) -> impl Iterator<Item = (f64, f64, f64)> + 'a {
        let next = self.known().skip(1);
        let held = self.known().zip(next).map(|((at, value), (end, _))| (at, end - at, value));
        held.filter(|(_, length, _)| *length <= HOLD_S)
    }

    /// Seconds for which a value is known that fits.
    fn seconds_of(self, fits: impl Fn(f64) -> bool) -> f64 {
        self.held().filter(|(_, _, value)| fits(*value)).map(|(_, length, _)| length).sum()
    }

    fn sum(self) -> f64 {
        self.held().map(|(_, length, value)| length * value).sum()
    }

    fn mean(self) -> Option<f64> {
        let seconds = self.seconds_of(|_| true);
        (seconds > 0.0).then(|| self.sum() / seconds)
    }

    /// The value that so many percent of the time are not above.
    fn percentile(self, percent: f64) -> Option<f64> {
        let mut held: Vec<(f64, f64)> = self.held().map(|(_, length, value)| (value, length)).collect();
        held.sort_by(|a, b| a.0.total_cmp(&b.0));
        let wanted = held.iter().map(|(_, length)| length).sum::<f64>() * percent.clamp(0.0, 100.0) / 100.0;
        let mut passed = 0.0;
        let reached = held.iter().find(|(_, length)| {
            passed += length;
            passed >= wanted
        });
        reached.or(held.last()).map(|(value, _)| *value)
    }

    /// The highest mean over so many seconds on end, in which time without a value counts as zero. Nothing where the
    /// column is shorter.
    fn best_mean(self, length_s: f64) -> Option<f64> {
        // The best stretch begins where a value does, or ends where one does: then it begins so with time reversed.
        let held: Vec<(f64, f64, f64)> = self.held().collect();
        let reversed: Vec<(f64, f64, f64)> =
            held.iter().rev().map(|(at, length, value)| (-(at + length), *length, *value)).collect();
        let both = [best_from_begin(&held, length_s), best_from_begin(&reversed, length_s)];
        both.into_iter().flatten().reduce(f64::max)
    }
}

/// The highest mean of the stretches that begin with a value.
fn best_from_begin(held: &[(f64, f64, f64)], length_s: f64) -> Option<f64> {
    let end = held.last().map(|(at, length, _)| at + length)?;
    let (mut place, mut before, mut best) = (0, 0.0, None);
    // What was summed up to the beginning of the stretch is taken off again.
    let mut begun = 0.0;
    for (at, length, value) in held {
        let to = at + length_s;
        if to > end {
            break;
        }
        while let Some((_, length, value)) = held.get(place).filter(|(next, length, _)| next + length <= to) {
            before += length * value;
            place += 1;
        }
        let part = held
            .get(place)
            .filter(|(next, ..)| *next < to)
            .map_or(0.0, |(next, _, value)| (to - next) * value);
        let mean = (before + part - begun) / length_s;
        best = Some(best.map_or(mean, |best: f64| best.max(mean)));
        begun += length * value;
    }
    best
}

/// How two columns go together, from -1 to 1, weighted by time; 0 where one of them never changes.
fn correlation(seconds: &[f64], one: &[f64], other: &[f64]) -> Option<f64> {
    let both: Vec<f64> =
        one.iter().zip(other).map(|(a, b)| if a.is_nan() || b.is_nan() { f64::NAN } else { 0.0 }).collect();
    let only = |values: &[f64]| -> Vec<f64> {
        values.iter().zip(&both).map(|(value, known)| value + known).collect()
    };
    let (one, other) = (only(one), only(other));
    let column = |values| Column { seconds, values };
    let (a, b) = (column(&one), column(&other));
    let (mean_a, mean_b) = (a.mean()?, b.mean()?);
    let (mut product, mut square_a, mut square_b) = (0.0, 0.0, 0.0);
    for ((_, length, a), (_, _, b)) in a.held().zip(b.held()) {
        product += length * (a - mean_a) * (b - mean_b);
        square_a += length * (a - mean_a).powi(2);
        square_b += length * (b - mean_b).powi(2);
    }
    let spread = (square_a * square_b).sqrt();
    Some(if spread > 0.0 { product / spread } else { 0.0 })
}
