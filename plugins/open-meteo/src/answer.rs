//! Reads an answer: an object for one place, an array for several.

use std::collections::BTreeMap;

use fitness::weather::{Air, Cell, Hour};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::Deserialize;

use crate::column::{Scale, VARIABLES, put};

/// A model's place may lie so far from the one that was asked for: its cells are up to 0.25 degrees wide, and it prefers
/// land to sea.
const NEAR_KM: f64 = 150.0;

/// The hours of one place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Place {
    pub(crate) hours: Vec<(Hour, Air)>,
}

/// An answer that says something else than was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AnswerError {
    #[error("it is called something else than JSON")]
    Type,
    #[error("it is no JSON of weather")]
    Unreadable(#[from] serde_json::Error),
    #[error("it has {found} places, not {asked}")]
    Places { found: usize, asked: usize },
    #[error("place {0} is another than was asked for")]
    Elsewhere(usize),
    #[error("`{variable}` has {found} values for {hours} hours")]
    Length { variable: String, found: usize, hours: usize },
    #[error("`{variable}` is in `{unit}`")]
    Unit { variable: String, unit: String },
    #[error("its times are not those of hours")]
    Times,
}

/// What the service says of one place, every column of it.
#[derive(Debug, Deserialize)]
pub(crate) struct Told {
    pub(crate) latitude: f64,
    pub(crate) longitude: f64,
    #[serde(default)]
    utc_offset_seconds: i64,
    #[serde(default)]
    pub(crate) hourly_units: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) hourly: BTreeMap<String, Column>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub(crate) enum Column {
    Numbers(Vec<Option<f64>>),
    Texts(Vec<Option<String>>),
}

/// The places of an answer, in the order in which they were asked for.
pub(crate) fn read(body: &[u8], asked: &[Cell]) -> Result<Vec<Place>, AnswerError> {
    let told = parse(body)?;
    if told.len() != asked.len() {
        return Err(AnswerError::Places { found: told.len(), asked: asked.len() });
    }
    let numbered = told.iter().zip(asked).zip(1..);
    numbered
        .map(|((told, cell), number)| {
            let there = Cell::of(told.latitude, told.longitude, Cell::DECIMALS_MOST);
            if there.is_none_or(|there| there.km_to(*cell) > NEAR_KM) {
                return Err(AnswerError::Elsewhere(number));
            }
            told.place()
        })
        .collect()
}

/// True for a content type without its parameters that promises JSON.
pub(crate) fn is_json(content_type: &str) -> bool {
    content_type == "application/json"
        || (content_type.starts_with("application/") && content_type.ends_with("+json"))
}

/// Every column of every place.
pub(crate) fn parse(body: &[u8]) -> Result<Vec<Told>, serde_json::Error> {
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    if first == Some(&b'[') {
        return serde_json::from_slice(body);
    }
    Ok(vec![serde_json::from_slice(body)?])
}

impl Told {
    pub(crate) fn place(&self) -> Result<Place, AnswerError> {
        let hours = self.times()?;
        let mut air = vec![Air::default(); hours.len()];
        for variable in VARIABLES {
            let Some(column) = self.hourly.get(variable) else { continue };
            let Column::Numbers(values) = column else {
                return Err(AnswerError::Unit { variable: variable.to_owned(), unit: "text".to_owned() });
            };
            let unit = self.hourly_units.get(variable).map(String::as_str).unwrap_or_default();
            let scale = Scale::of(variable, unit)
                .ok_or_else(|| AnswerError::Unit { variable: variable.to_owned(), unit: unit.to_owned() })?;
            if values.len() != hours.len() {
                let (variable, found) = (variable.to_owned(), values.len());
                return Err(AnswerError::Length { variable, found, hours: hours.len() });
            }
            for (air, value) in air.iter_mut().zip(values) {
                if let Some(value) = value {
                    put(air, variable, scale.apply(*value));
                }
            }
        }
        Ok(Place { hours: hours.into_iter().zip(air).collect() })
    }

    /// The hours by seconds since 1970, or by the wall of the zone that the answer names.
    fn times(&self) -> Result<Vec<Hour>, AnswerError> {
        let seconds: Option<Vec<i64>> = match self.hourly.get("time") {
            Some(Column::Numbers(times)) => times.iter().map(|time| time.map(|time| time as i64)).collect(),
            Some(Column::Texts(times)) => {
                times.iter().map(|time| self.on_the_wall(time.as_deref()?)).collect()
            }
            None => None,
        };
        let hour = |seconds: &i64| (seconds % 3600 == 0).then_some(Hour(seconds.div_euclid(3600)));
        let hours: Option<Vec<Hour>> = seconds.and_then(|seconds| seconds.iter().map(hour).collect());
        let is_in_order = |hours: &Vec<Hour>| hours.windows(2).all(|pair| pair[0] < pair[1]);
        hours.filter(is_in_order).ok_or(AnswerError::Times)
    }

    fn on_the_wall(&self, time: &str) -> Option<i64> {
        let wall: DateTime = time.parse().ok()?;
        let as_utc = wall.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second();
        as_utc.checked_sub(self.utc_offset_seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::is_json;

    #[test]
    fn json_is_told_by_its_type() {
        for (content_type, wanted) in [
            ("application/json", true),
            ("application/problem+json", true),
            ("text/json+json", false),
            ("text/html", false),
            ("application/jsonp", false),
            ("", false),
        ] {
            assert_eq!(is_json(content_type), wanted, "{content_type}");
        }
    }
}
