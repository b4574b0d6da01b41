//! Samples as compressed column blocks: one per channel, so that a chart reads only what it draws.
//!
//! A block is a version byte, then how many values are present and missing in turn, then the present values as
//! whole numbers of the channel's quantum, packed into few bits. Times are kept to the millisecond.

mod pack;
mod thin;

use std::fmt;

use crate::recording::{Channel, Samples};
use pack::Order;

/// The layout below; a reader refuses any other.
const VERSION: u8 = 2;
/// More values than any recording has (three years of seconds): a guard against a broken block.
const MOST_VALUES: usize = 100_000_000;

/// A block that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    #[error("stream block has version {0}, which this program does not know")]
    Version(u8),
    #[error("stream block is damaged")]
    Damaged,
}

/// A stored column: the times, where track segments begin, or one channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Column {
    Time,
    /// The places of samples with which a new segment begins; there where a track has several.
    Segments,
    Channel(Channel),
}

const NAMES: [(Column, &str); 11] = [
    (Column::Time, "time"),
    (Column::Segments, "segments"),
    (Column::Channel(Channel::Latitude), "latitude"),
    (Column::Channel(Channel::Longitude), "longitude"),
    (Column::Channel(Channel::Altitude), "altitude"),
    (Column::Channel(Channel::Distance), "distance"),
    (Column::Channel(Channel::Speed), "speed"),
    (Column::Channel(Channel::HeartRate), "heart_rate"),
    (Column::Channel(Channel::Cadence), "cadence"),
    (Column::Channel(Channel::Power), "power"),
    (Column::Channel(Channel::Temperature), "temperature"),
];

impl Column {
    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        NAMES.iter().find(|(column, _)| *column == self).map_or("", |(_, name)| name)
    }

    /// The column of a stored word.
    pub fn parse(word: &str) -> Option<Self> {
        NAMES.iter().find(|(_, name)| *name == word).map(|(column, _)| *column)
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Samples {
    /// The samples of stored columns; one that cannot be read counts as not recorded.
    pub fn unpack(blocks: &[(Column, Vec<u8>)]) -> Self {
        let mut samples = Self::default();
        for (column, block) in blocks {
            match column {
                Column::Time => samples.time_ms = decode_times(block).unwrap_or_default(),
                Column::Segments => samples.breaks = decode_segments(block).unwrap_or_default(),
                Column::Channel(channel) => {
                    samples.channels.extend(decode(*channel, block).ok().map(|values| (*channel, values)));
                }
            }
        }
        let count = samples.time_ms.len();
        samples.channels.retain(|_, values| count == 0 || values.len() == count);
        samples.breaks.retain(|place| *place < count);
        samples
    }
}

/// Packs the places with which new segments begin.
pub fn encode_segments(breaks: &[usize]) -> Vec<u8> {
    let places: Vec<i64> = breaks.iter().filter_map(|place| i64::try_from(*place).ok()).collect();
    encode_times(&places)
}

/// The places of a block that [`encode_segments`] made.
pub fn decode_segments(block: &[u8]) -> Result<Vec<usize>, StreamError> {
    let places = decode_times(block)?;
    places.into_iter().map(|place| usize::try_from(place).map_err(|_| StreamError::Damaged)).collect()
}

/// Steps of a channel's unit that are kept: as fine as devices record, or finer.
pub fn steps_per_unit(channel: Channel) -> f64 {
    match channel {
        Channel::Latitude | Channel::Longitude => 1e7,
        Channel::Altitude => 10.0,
        Channel::Distance => 100.0,
        Channel::Speed => 1000.0,
        Channel::HeartRate | Channel::Cadence | Channel::Power | Channel::Temperature => 1.0,
    }
}

/// Packs a channel; NaN is missing and stays so. Values are rounded to the channel's quantum.
pub fn encode(channel: Channel, values: &[f64]) -> Vec<u8> {
    let steps = steps_per_unit(channel);
    let mut block = vec![VERSION];
    write_runs(&mut block, values);
    let present = values.iter().filter(|value| !value.is_nan());
    let whole: Vec<i32> = present.map(|value| rounded(value * steps)).collect();
    pack::write(&mut block, &whole, order(channel));
    block
}

/// The nearest whole number; one out of a 32-bit range is clipped to it, because `as` saturates.
fn rounded(steps: f64) -> i32 {
    (steps + 0.5_f64.copysign(steps)) as i32
}

/// The athlete's speed carries some values on.
fn order(channel: Channel) -> Order {
    match channel {
        Channel::Latitude | Channel::Longitude | Channel::Distance => Order::Second,
        _ => Order::First,
    }
}

/// The values of a block that [`encode`] made.
pub fn decode(channel: Channel, block: &[u8]) -> Result<Vec<f64>, StreamError> {
    let mut rest = versioned(block)?;
    let runs = read_runs(&mut rest)?;
    let count = runs.iter().step_by(2).sum();
    let whole = pack::read(rest, count, order(channel)).ok_or(StreamError::Damaged)?;
    let steps = steps_per_unit(channel);
    let mut present = whole.into_iter().map(|value| f64::from(value) / steps);
    let mut values = Vec::with_capacity(runs.iter().sum());
    for (index, run) in runs.into_iter().enumerate() {
        if index % 2 == 0 {
            values.extend(present.by_ref().take(run));
        } else {
            values.resize(values.len() + run, f64::NAN);
        }
    }
    Ok(values)
}

/// How times are kept.
const MILLISECONDS: u8 = 0;
const SECONDS: u8 = 1;
/// Eight bytes each, where they lie too far apart.
const PLAIN: u8 = 2;

/// Packs times in epoch milliseconds.
pub fn encode_times(time_ms: &[i64]) -> Vec<u8> {
    let first = time_ms.first().copied().unwrap_or(0);
    let is_whole = time_ms.iter().all(|time| time.wrapping_sub(first) % 1000 == 0);
    let (form, unit) = if is_whole { (SECONDS, 1000) } else { (MILLISECONDS, 1) };
    let since = |time: &i64| i32::try_from(time.checked_sub(first)? / unit).ok();
    let mut block = vec![VERSION];
    match time_ms.iter().map(since).collect::<Option<Vec<i32>>>() {
        Some(since) => {
            block.push(form);
            block.extend(first.to_le_bytes());
            write_count(&mut block, since.len());
            pack::write(&mut block, &since, Order::Second);
        }
        None => {
            block.push(PLAIN);
            block.extend(time_ms.iter().flat_map(|time| time.to_le_bytes()));
        }
    }
    block
}

/// The times of a block that [`encode_times`] made.
pub fn decode_times(block: &[u8]) -> Result<Vec<i64>, StreamError> {
    let (form, rest) = versioned(block)?.split_first().ok_or(StreamError::Damaged)?;
    let unit = match *form {
        PLAIN => return plain_times(rest),
        SECONDS => 1000,
        MILLISECONDS => 1,
        _ => return Err(StreamError::Damaged),
    };
    let (first, mut rest) = rest.split_first_chunk::<8>().ok_or(StreamError::Damaged)?;
    let count = read_count(&mut rest)?;
    let since = pack::read(rest, count, Order::Second).ok_or(StreamError::Damaged)?;
    let first = i64::from_le_bytes(*first);
    Ok(since.into_iter().map(|since| first.wrapping_add(i64::from(since) * unit)).collect())
}

fn plain_times(bytes: &[u8]) -> Result<Vec<i64>, StreamError> {
    let (times, left) = bytes.as_chunks::<8>();
    if left.is_empty() {
        Ok(times.iter().map(|time| i64::from_le_bytes(*time)).collect())
    } else {
        Err(StreamError::Damaged)
    }
}

fn versioned(block: &[u8]) -> Result<&[u8], StreamError> {
    match block.split_first() {
        Some((&VERSION, rest)) => Ok(rest),
        Some((version, _)) => Err(StreamError::Version(*version)),
        None => Err(StreamError::Damaged),
    }
}

/// Lengths of the runs of present and missing values in turn, beginning with present.
fn write_runs(block: &mut Vec<u8>, values: &[f64]) {
    let mut runs: Vec<usize> = values.chunk_by(|a, b| a.is_nan() == b.is_nan()).map(<[f64]>::len).collect();
    if values.first().is_some_and(|value| value.is_nan()) {
        runs.insert(0, 0);
    }
    write_count(block, runs.len());
    for run in runs {
        write_count(block, run);
    }
}

fn read_runs(rest: &mut &[u8]) -> Result<Vec<usize>, StreamError> {
    let count = read_count(rest)?;
    if count > rest.len() {
        return Err(StreamError::Damaged);
    }
    let runs = (0..count).map(|_| read_count(rest)).collect::<Result<Vec<_>, _>>()?;
    if runs.iter().sum::<usize>() > MOST_VALUES {
        return Err(StreamError::Damaged);
    }
    Ok(runs)
}

/// Seven bits a byte, the lowest first, the high bit saying that more follow.
fn write_count(block: &mut Vec<u8>, mut count: usize) {
    while count >= 0x80 {
        block.push((count & 0x7f) as u8 | 0x80);
        count >>= 7;
    }
    block.push(count as u8);
}

fn read_count(rest: &mut &[u8]) -> Result<usize, StreamError> {
    let mut count = 0;
    for shift in (0..28).step_by(7) {
        let (byte, after) = rest.split_first().ok_or(StreamError::Damaged)?;
        *rest = after;
        count |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(count);
        }
    }
    Err(StreamError::Damaged)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn channel() -> impl Strategy<Value = Channel> {
        let channels = NAMES.iter().filter_map(|(column, _)| match column {
            Column::Channel(channel) => Some(*channel),
            Column::Time | Column::Segments => None,
        });
        proptest::sample::select(channels.collect::<Vec<_>>())
    }

    fn value() -> impl Strategy<Value = f64> {
        prop_oneof![4 => -180.0..180.0, 1 => Just(f64::NAN)]
    }

    proptest! {
        #[test]
        fn values_read_back_within_a_quantum(channel in channel(), values in prop::collection::vec(value(), 0..700)) {
            let read = decode(channel, &encode(channel, &values)).unwrap();
            let half = 0.500_001 / steps_per_unit(channel);
            prop_assert_eq!(read.len(), values.len());
            for (read, value) in read.iter().zip(&values) {
                prop_assert!((read - value).abs() <= half || (read.is_nan() && value.is_nan()));
            }
        }

        #[test]
        fn times_read_back_exactly(times in prop::collection::vec(any::<i64>(), 0..700), is_near: bool) {
            let times: Vec<i64> = times.iter().map(|time| if is_near { time >> 34 } else { *time }).collect();
            prop_assert_eq!(decode_times(&encode_times(&times)).unwrap(), times);
        }

        #[test]
        fn damaged_blocks_are_refused_or_read_but_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let block: Vec<u8> = [VERSION].into_iter().chain(bytes).collect();
            let _ = decode(Channel::Power, &block);
            let _ = decode_times(&block);
        }
    }

    #[test]
    fn a_second_each_costs_next_to_nothing() {
        let times: Vec<i64> = (0..3600).map(|second| 1_700_000_000_000 + second * 1000).collect();
        assert!(encode_times(&times).len() < 60);
    }

    #[test]
    fn an_unknown_version_is_named() {
        assert_eq!(
            decode(Channel::Power, &[9]).unwrap_err().to_string(),
            "stream block has version 9, which this program does not know"
        );
    }

    #[test]
    fn every_column_has_a_word_of_its_own() {
        for (column, word) in NAMES {
            assert_eq!(Column::parse(word), Some(column));
        }
    }

    #[test]
    fn segments_come_back_with_the_samples() {
        let blocks = [
            (Column::Segments, encode_segments(&[3, 1000, 1007])),
            (Column::Time, encode_times(&(0..1005).collect::<Vec<_>>())),
        ];
        assert_eq!(decode_segments(&blocks[0].1).unwrap(), [3, 1000, 1007]);
        assert_eq!(Samples::unpack(&blocks).breaks, [3, 1000], "a place that no sample has is none");
    }
}
