//! Builds the columns of a recording row by row; a column exists from its first value on.

use fitness::recording::{Channel, Samples};

/// All channels, at the index that `Channel as usize` gives.
const CHANNELS: [Channel; 9] = [
    Channel::Latitude,
    Channel::Longitude,
    Channel::Altitude,
    Channel::Distance,
    Channel::Speed,
    Channel::HeartRate,
    Channel::Cadence,
    Channel::Power,
    Channel::Temperature,
];

const NO_TIME: i64 = i64::MIN;

/// One sample; NaN is "not recorded".
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) time_ms: Option<i64>,
    values: [f64; CHANNELS.len()],
}

impl Default for Row {
    fn default() -> Self {
        Self { time_ms: None, values: [f64::NAN; CHANNELS.len()] }
    }
}

impl Row {
    pub(super) fn set(&mut self, channel: Channel, value: f64) {
        self.values[channel as usize] = value;
    }

    pub(super) fn get(&self, channel: Channel) -> f64 {
        self.values[channel as usize]
    }

    pub(super) fn is_empty(&self) -> bool {
        self.values.iter().all(|value| value.is_nan())
    }
}

/// Samples being collected, with or without times.
#[derive(Debug, Default)]
pub(super) struct Columns {
    time_ms: Vec<i64>,
    values: [Vec<f64>; CHANNELS.len()],
    breaks: Vec<usize>,
}

impl Columns {
    pub(super) fn len(&self) -> usize {
        self.time_ms.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.time_ms.is_empty()
    }

    /// True if any channel has a value at all.
    pub(super) fn is_usable(&self) -> bool {
        self.values.iter().any(|column| !column.is_empty())
    }

    pub(super) fn push(&mut self, row: &Row) {
        let length = self.time_ms.len();
        self.time_ms.push(row.time_ms.unwrap_or(NO_TIME));
        for (column, value) in self.values.iter_mut().zip(row.values) {
            if value.is_finite() {
                if column.len() < length {
                    column.resize(length, f64::NAN);
                }
                column.push(value);
            }
        }
    }

    /// Marks that the next row begins a new segment.
    pub(super) fn break_here(&mut self) {
        let here = self.len();
        if here > 0 && self.breaks.last() != Some(&here) {
            self.breaks.push(here);
        }
    }

    pub(super) fn row(&self, index: usize) -> Row {
        let mut row = Row { time_ms: self.time(index), ..Row::default() };
        for (value, column) in row.values.iter_mut().zip(&self.values) {
            *value = column.get(index).copied().unwrap_or(f64::NAN);
        }
        row
    }

    pub(super) fn time(&self, index: usize) -> Option<i64> {
        self.time_ms.get(index).copied().filter(|time| *time != NO_TIME)
    }

    /// The times of the rows that have one.
    pub(super) fn times(&self) -> impl Iterator<Item = i64> + '_ {
        self.time_ms.iter().copied().filter(|time| *time != NO_TIME)
    }

    pub(super) fn forget_times(&mut self) {
        self.time_ms.fill(NO_TIME);
    }

    /// Keeps the rows that the judge of (index, time) wants, in place.
    pub(super) fn retain(&mut self, mut keep: impl FnMut(usize, Option<i64>) -> bool) {
        let length = self.len();
        let mut kept = 0;
        let mut left = self.values.each_ref().map(|_| 0);
        let mut breaks = std::mem::take(&mut self.breaks).into_iter().peekable();
        for index in 0..length {
            while breaks.next_if(|at| *at <= index).is_some() {
                if kept > 0 && self.breaks.last() != Some(&kept) {
                    self.breaks.push(kept);
                }
            }
            if !keep(index, self.time(index)) {
                continue;
            }
            self.time_ms[kept] = self.time_ms[index];
            for (column, left) in self.values.iter_mut().zip(&mut left) {
                if index < column.len() {
                    column[kept] = column[index];
                    *left = kept + 1;
                }
            }
            kept += 1;
        }
        self.time_ms.truncate(kept);
        self.breaks.retain(|at| *at < kept);
        for (column, left) in self.values.iter_mut().zip(left) {
            column.truncate(left);
            if column.iter().all(|value| value.is_nan()) {
                column.clear();
            }
        }
    }

    /// Drops the last row if its time is more than a day from the one before: half a row read as a whole one.
    pub(super) fn drop_torn_end(&mut self) {
        const DAY_MS: u64 = 86_400_000;
        let Some(last) = self.len().checked_sub(1) else { return };
        let before = last.checked_sub(1).and_then(|index| self.time(index));
        let torn = self.time(last).zip(before).is_some_and(|(time, before)| time.abs_diff(before) > DAY_MS);
        if torn {
            self.retain(|index, _| index != last);
        }
    }

    /// Gives rows without a time the one that lies between their timed neighbours; the ends take the nearest.
    pub(super) fn fill_times(&mut self) {
        let known: Vec<usize> = (0..self.len()).filter(|index| self.time(*index).is_some()).collect();
        let (Some(first), Some(last)) = (known.first(), known.last()) else { return };
        let (head, tail) = (self.time_ms[*first], self.time_ms[*last]);
        self.time_ms[..*first].fill(head);
        self.time_ms[*last..].fill(tail);
        for pair in known.windows(2) {
            let (from, to) = (pair[0], pair[1]);
            let (start, end) = (self.time_ms[from], self.time_ms[to]);
            for index in from + 1..to {
                let share = (index - from) as f64 / (to - from) as f64;
                self.time_ms[index] = start + ((end - start) as f64 * share) as i64;
            }
        }
    }

    /// Appends another set of rows as a new segment.
    pub(super) fn append(&mut self, other: &Self) {
        self.break_here();
        let offset = self.len();
        for index in 0..other.len() {
            self.push(&other.row(index));
        }
        self.breaks.extend(other.breaks.iter().map(|at| at + offset));
    }

    pub(super) fn into_samples(mut self) -> Samples {
        let length = self.len();
        let timed = self.time_ms.iter().any(|time| *time != NO_TIME);
        self.breaks.retain(|at| *at < length);
        let mut samples = Samples { breaks: self.breaks, ..Samples::default() };
        for (channel, column) in CHANNELS.into_iter().zip(&mut self.values) {
            if !column.is_empty() {
                column.resize(length, f64::NAN);
                samples.channels.insert(channel, std::mem::take(column));
            }
        }
        if timed {
            samples.time_ms = self.time_ms;
        }
        samples
    }
}
