//! Values of scripts as plain data, and back.
//!
//! Our own conversion, because the language's would turn a closure or a step into a text.

use rhai::{Array, Dynamic, FnPtr, Map};
use serde_json::{Number, Value};

use super::series::Series;
use super::vocabulary::Handle;

/// A value that is no data, and where it stands: keys and indexes from the outside in.
#[derive(Debug, PartialEq)]
pub(super) struct NotData {
    pub path: Vec<String>,
    pub what: String,
}

impl NotData {
    fn here(what: impl Into<String>) -> Self {
        Self { path: Vec::new(), what: what.into() }
    }

    fn below(mut self, key: &impl ToString) -> Self {
        self.path.insert(0, key.to_string());
        self
    }
}

/// Deeper values would need a deep stack wherever they go.
const DEPTH: usize = 32;

/// The JSON of a value that holds nothing but data.
pub(super) fn to_json(value: &Dynamic) -> Result<Value, NotData> {
    json(value, DEPTH)
}

fn json(value: &Dynamic, depth: usize) -> Result<Value, NotData> {
    let depth = deeper(depth)?;
    if let Some(map) = value.read_lock::<Map>() {
        let entries = map.iter().map(|(key, value)| {
            json(value, depth).map(|json| (key.to_string(), json)).map_err(|error| error.below(key))
        });
        return entries.collect::<Result<_, _>>().map(Value::Object);
    }
    if let Some(array) = value.read_lock::<Array>() {
        let items = array
            .iter()
            .enumerate()
            .map(|(index, value)| json(value, depth).map_err(|error| error.below(&index)));
        return items.collect::<Result<_, _>>().map(Value::Array);
    }
    scalar(value)
}

fn deeper(depth: usize) -> Result<usize, NotData> {
    depth.checked_sub(1).ok_or_else(|| NotData::here("a value nested too deep"))
}

fn scalar(value: &Dynamic) -> Result<Value, NotData> {
    if let Ok(integer) = value.as_int() {
        return Ok(Value::from(integer));
    }
    if let Ok(float) = value.as_float() {
        return Number::from_f64(float)
            .map(Value::Number)
            .ok_or_else(|| NotData::here("not a finite number"));
    }
    if let Ok(truth) = value.as_bool() {
        return Ok(Value::Bool(truth));
    }
    if let Ok(text) = value.as_immutable_string_ref() {
        return Ok(Value::from(text.as_str()));
    }
    if let Ok(character) = value.as_char() {
        return Ok(Value::from(character.to_string()));
    }
    if value.is_unit() { Ok(Value::Null) } else { Err(NotData::here(what(value))) }
}

/// What a value is, in words for a message.
pub(super) fn what(value: &Dynamic) -> String {
    if value.is::<Handle>() {
        return "a step".to_owned();
    }
    if value.is::<Series>() {
        return "a series".to_owned();
    }
    if value.is::<FnPtr>() {
        return "a closure".to_owned();
    }
    match value.type_name() {
        "i64" => "an integer".to_owned(),
        "f64" => "a number".to_owned(),
        "()" => "nothing".to_owned(),
        "array" => "an array".to_owned(),
        name if name.contains("Range") => "a range".to_owned(),
        name => format!("a {name}"),
    }
}

/// The value that a script sees for a JSON value.
pub(super) fn from_json(value: &Value) -> Dynamic {
    match value {
        Value::Null => Dynamic::UNIT,
        Value::Bool(truth) => (*truth).into(),
        Value::Number(number) => match number.as_i64() {
            Some(integer) => integer.into(),
            None => number.as_f64().unwrap_or(f64::MAX).into(),
        },
        Value::String(text) => text.as_str().into(),
        Value::Array(items) => items.iter().map(from_json).collect::<Array>().into(),
        Value::Object(entries) => map(entries.iter().map(|(key, value)| (key, from_json(value)))).into(),
    }
}

/// As [`from_json`], but a null is an absent key, so that a rule which touches it is told.
pub(super) fn known_from_json(value: &Value) -> Dynamic {
    match value {
        Value::Object(entries) => {
            let known = entries.iter().filter(|(_, value)| !value.is_null());
            map(known.map(|(key, value)| (key, known_from_json(value)))).into()
        }
        Value::Array(items) => items.iter().map(known_from_json).collect::<Array>().into(),
        _ => from_json(value),
    }
}

fn map<'a>(entries: impl Iterator<Item = (&'a String, Dynamic)>) -> Map {
    entries.map(|(key, value)| (key.into(), value)).collect()
}

/// A deep copy that shares nothing with the script, if the value is data.
pub(super) fn freeze(value: &Dynamic) -> Result<Dynamic, NotData> {
    frozen(value, DEPTH)
}

fn frozen(value: &Dynamic, depth: usize) -> Result<Dynamic, NotData> {
    let depth = deeper(depth)?;
    if let Some(map) = value.read_lock::<Map>() {
        let entries = map.iter().map(|(key, value)| {
            frozen(value, depth).map(|value| (key.clone(), value)).map_err(|error| error.below(key))
        });
        return entries.collect::<Result<Map, _>>().map(Into::into);
    }
    if let Some(array) = value.read_lock::<Array>() {
        let items = array
            .iter()
            .enumerate()
            .map(|(index, value)| frozen(value, depth).map_err(|error| error.below(&index)));
        return items.collect::<Result<Array, _>>().map(Into::into);
    }
    scalar(value).map(|_| value.clone().flatten())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_survives_the_way_into_a_script_and_back() {
        let value = json!({ "a": [1, 2.5, null, true, "x"], "b": { "c": [] } });
        assert_eq!(to_json(&from_json(&value)), Ok(value));
    }

    #[test]
    fn a_closure_deep_inside_is_found_with_its_path() {
        let mut inner = Map::new();
        inner.insert("f".into(), FnPtr::new("f").unwrap().into());
        let list: Dynamic = vec![Dynamic::UNIT, inner.into()].into();
        let error = to_json(&list).unwrap_err();
        assert_eq!((error.path, error.what), (vec!["1".to_owned(), "f".to_owned()], "a closure".to_owned()));
    }

    #[test]
    fn an_unknown_value_is_an_absent_key() {
        let day = known_from_json(&json!({ "load": { "ratio": null, "days": 3 } }));
        assert_eq!(to_json(&day), Ok(json!({ "load": { "days": 3 } })));
    }
}
