//! The samples of an activity, channel by channel.

use std::collections::BTreeMap;

use fitness::recording::{Channel, Samples};
use fitness::stream::{self, Column, StreamError};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::Error;
use crate::query::{FromQuery, Query};

/// Samples as columns of the same length.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Streams {
    /// Epoch milliseconds; empty for a track without times.
    time_ms: Vec<i64>,
    /// By name; null where nothing was recorded. A channel that the activity does not have is absent.
    channels: BTreeMap<&'static str, Vec<Option<f64>>>,
}

/// The channels that a request asks for.
pub(crate) struct Asked(pub Vec<Channel>);

impl FromQuery for Asked {
    fn read(query: &mut Query) -> Result<Self, Error> {
        channels(query, "streams").map(Self)
    }
}

/// The channels that a parameter names, each once.
pub(super) fn channels(query: &mut Query, parameter: &str) -> Result<Vec<Channel>, Error> {
    let Some(names) = query.text(parameter) else { return Ok(Vec::new()) };
    let mut channels = Vec::new();
    for name in names.split(',') {
        match Column::parse(name) {
            Some(Column::Channel(channel)) if !channels.contains(&channel) => channels.push(channel),
            Some(Column::Channel(_)) => {}
            _ => return Err(Error::parameter(parameter, format!("has no channel `{name}`"))),
        }
    }
    Ok(channels)
}

impl Streams {
    pub(super) fn of(samples: &Samples) -> Self {
        let known = |value: &f64| value.is_finite().then_some(*value);
        let column = |(channel, values): (&Channel, &Vec<f64>)| {
            (Column::Channel(*channel).as_str(), values.iter().map(known).collect())
        };
        Self { time_ms: samples.time_ms.clone(), channels: samples.channels.iter().map(column).collect() }
    }

    pub(super) fn decode(blocks: &[(Column, Vec<u8>)]) -> Result<Self, Error> {
        let mut streams = Self { time_ms: Vec::new(), channels: BTreeMap::new() };
        for (column, block) in blocks {
            match column {
                Column::Time => streams.time_ms = stream::decode_times(block).map_err(damaged)?,
                Column::Segments => {}
                Column::Channel(channel) => {
                    let values = stream::decode(*channel, block).map_err(damaged)?;
                    let known = values.into_iter().map(|value| value.is_finite().then_some(value));
                    streams.channels.insert(column.as_str(), known.collect());
                }
            }
        }
        Ok(streams)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the signature of `map_err`")]
fn damaged(error: StreamError) -> Error {
    Error::Internal(format!("cannot read a stream: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query;

    #[test]
    fn channels_are_asked_for_by_name() {
        let Asked(channels) = query::of(&"/a?streams=heart_rate,power,power".parse().unwrap()).unwrap();
        assert_eq!(channels, [Channel::HeartRate, Channel::Power]);
    }

    #[test]
    fn an_unknown_channel_is_named() {
        let asked = query::of::<Asked>(&"/a?streams=heart_rate,hr".parse().unwrap());
        assert_eq!(asked.err().unwrap().to_string(), "`streams` has no channel `hr`");
    }

    #[test]
    fn what_was_not_recorded_is_null() {
        let block = stream::encode(Channel::Power, &[200.0, f64::NAN]);
        let streams = Streams::decode(&[(Column::Channel(Channel::Power), block)]).unwrap();
        assert_eq!(streams.channels["power"], [Some(200.0), None]);
    }
}
