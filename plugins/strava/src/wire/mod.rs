//! What Strava's JSON says, read leniently: a field that is absent, null or of another type is not known.

mod activity;
mod effort;
mod segment;
mod streams;

use jiff::Timestamp;
use jiff::civil::DateTime;
use serde_json::{Map, Value};

pub(crate) use activity::{Detail, Lap, Summary, as_listed, fingerprint, streams_of};
pub(crate) use effort::Effort;
pub(crate) use segment::{Segment, line};
pub(crate) use streams::{KEYS, Streams};

/// Numbers beyond this are no figures of an activity.
const FIGURE_MOST: f64 = 1e12;
/// Integers up to this are exact as floats.
const EXACT_MOST: f64 = 9_007_199_254_740_992.0;

/// Why a record of the API cannot be read at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WireError {
    #[error("it is no object")]
    NoObject,
    #[error("it has no `{0}` that can be read")]
    Lacks(&'static str),
}

/// The fields of an object.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields<'a>(&'a Map<String, Value>);

/// True where a record does not say that it is another athlete's.
pub(crate) fn is_of_athlete(value: &Value, strava_id: i64) -> bool {
    let athlete = Fields::of(value).ok().and_then(|fields| fields.within("athlete"));
    athlete.and_then(|athlete| athlete.id("id")).is_none_or(|id| id == strava_id)
}

/// True where a record has that id.
pub(crate) fn has_id(value: &Value, id: i64) -> bool {
    Fields::of(value).is_ok_and(|fields| fields.id("id") == Some(id))
}

impl<'a> Fields<'a> {
    pub(crate) fn of(value: &'a Value) -> Result<Self, WireError> {
        value.as_object().map(Self).ok_or(WireError::NoObject)
    }

    /// A field that is there and not null.
    pub(crate) fn get(self, name: &str) -> Option<&'a Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// An object within.
    pub(crate) fn within(self, name: &str) -> Option<Self> {
        self.get(name)?.as_object().map(Self)
    }

    /// The objects of a list; nothing where there is no list.
    pub(crate) fn list(self, name: &str) -> impl Iterator<Item = &'a Value> {
        self.get(name).and_then(Value::as_array).into_iter().flatten()
    }

    /// A number, written as an integer or not.
    pub(crate) fn number(self, name: &str) -> Option<f64> {
        self.get(name)?.as_f64().filter(|number| number.abs() < FIGURE_MOST)
    }

    /// A number above nothing: an average of 0 says that nothing was measured.
    pub(crate) fn positive(self, name: &str) -> Option<f64> {
        self.number(name).filter(|number| *number > 0.0)
    }

    /// An id, which may be larger than a float can hold, and may be written as a text.
    pub(crate) fn id(self, name: &str) -> Option<i64> {
        let value = self.get(name)?;
        let of_float = || {
            let float = value.as_f64().filter(|float| float.fract() == 0.0 && float.abs() <= EXACT_MOST)?;
            format!("{float:.0}").parse().ok()
        };
        let of_text = || value.as_str()?.parse().ok();
        value.as_i64().or_else(of_float).or_else(of_text).filter(|id| *id > 0)
    }

    pub(crate) fn text(self, name: &str) -> Option<&'a str> {
        self.get(name)?.as_str().filter(|text| !text.is_empty())
    }

    pub(crate) fn flag(self, name: &str) -> Option<bool> {
        self.get(name)?.as_bool()
    }

    /// A moment in UTC, in epoch milliseconds.
    pub(crate) fn moment_ms(self, name: &str) -> Option<i64> {
        self.text(name)?.parse::<Timestamp>().ok().map(Timestamp::as_millisecond)
    }

    /// Wall-clock time: Strava ends it in `Z` all the same.
    pub(crate) fn wall(self, name: &str) -> Option<DateTime> {
        self.text(name)?.trim_end_matches('Z').parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_is_of_what_was_asked_for_and_of_nobody_else() {
        for (told, has_id, is_own) in [
            (json!({ "id": 7, "athlete": { "id": 1 } }), true, true),
            (json!({ "id": 7, "athlete": { "id": 2 } }), true, false),
            (json!({ "id": 8, "athlete": {} }), false, true),
            (json!({ "id": 7, "athlete": null }), true, true),
            (json!([]), false, true),
        ] {
            assert_eq!((has_id, is_own), (super::has_id(&told, 7), is_of_athlete(&told, 1)), "{told}");
        }
    }
}
