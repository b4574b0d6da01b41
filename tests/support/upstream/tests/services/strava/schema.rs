//! Compares JSON with the definitions of a Swagger document: types, enumerations and lengths, not what is required.

use serde_json::Value;

/// The document with its definitions.
pub(super) struct Definitions(Value);

impl Definitions {
    pub(super) fn new(document: Value) -> Definitions {
        Definitions(document)
    }

    /// What is wrong with a value that should be like a definition; real answers have null for what is not known.
    pub(super) fn faults(&self, name: &str, value: &Value) -> Vec<String> {
        let mut faults = Vec::new();
        self.compare(&self.0["definitions"][name], value, name, &mut faults);
        assert!(self.0["definitions"][name].is_object(), "there is no `{name}`");
        faults
    }

    fn compare(&self, schema: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
        if value.is_null() {
            return;
        }
        if let Some(name) = schema["$ref"].as_str() {
            let name = name.strip_prefix("#/definitions/").unwrap();
            return self.compare(&self.0["definitions"][name], value, at, faults);
        }
        for part in schema["allOf"].as_array().into_iter().flatten() {
            self.compare(part, value, at, faults);
        }
        if let Some(kind) = schema["type"].as_str().filter(|kind| !is_kind(kind, value)) {
            faults.push(format!("{at} is no {kind}: {value}"));
        }
        if let Some(known) = schema["enum"].as_array().filter(|known| !known.contains(value)) {
            faults.push(format!("{at} is none of {known:?}: {value}"));
        }
        for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
            if let Some(value) = value.get(name) {
                self.compare(schema, value, &format!("{at}.{name}"), faults);
            }
        }
        let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
        let is_short = schema["minItems"].as_u64().is_some_and(|least| (items.len() as u64) < least);
        let is_long = schema["maxItems"].as_u64().is_some_and(|most| items.len() as u64 > most);
        // An activity without a place has an empty one.
        if (is_short && !items.is_empty()) || is_long {
            faults.push(format!("{at} has {} items", items.len()));
        }
        if schema.get("items").is_some() {
            for (index, item) in items.iter().enumerate() {
                self.compare(&schema["items"], item, &format!("{at}[{index}]"), faults);
            }
        }
    }
}

fn is_kind(kind: &str, value: &Value) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        _ => false,
    }
}
