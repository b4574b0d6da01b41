//! Synthesises an example of an artifact from its schema, so that conditions can be tried before anything ran.

use serde_json::{Map, Value, json};

/// Deeper schemas refer to themselves.
const DEPTH: usize = 12;

/// A value that fits the schema: every property there, every option filled.
pub(super) fn of(schema: &Value) -> Value {
    example(schema, schema, DEPTH)
}

fn example(schema: &Value, root: &Value, depth: usize) -> Value {
    if depth == 0 {
        return Value::Null;
    }
    if let Some(target) = schema["$ref"].as_str().and_then(|reference| resolve(reference, root)) {
        return example(target, root, depth - 1);
    }
    if let Some(value) = schema.get("const").or_else(|| schema["enum"].get(0)) {
        return value.clone();
    }
    if let Some(choices) = schema["anyOf"].as_array().or_else(|| schema["oneOf"].as_array()) {
        let filled =
            choices.iter().map(|choice| example(choice, root, depth - 1)).find(|value| !value.is_null());
        return with_properties(filled.unwrap_or(Value::Null), schema, root, depth);
    }
    if let Some(parts) = schema["allOf"].as_array() {
        let merged = parts.iter().map(|part| example(part, root, depth - 1)).fold(json!({}), merge);
        return with_properties(merged, schema, root, depth);
    }
    match kind(schema) {
        Some("integer") => json!(1),
        Some("number") => json!(1.0),
        Some("string") => json!("text"),
        Some("boolean") => json!(true),
        Some("array") => Value::Array(items(schema, root, depth)),
        Some("object") => with_properties(json!({}), schema, root, depth),
        _ => Value::Null,
    }
}

fn kind(schema: &Value) -> Option<&str> {
    match &schema["type"] {
        Value::String(kind) => Some(kind),
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null"),
        _ => None,
    }
}

fn items(schema: &Value, root: &Value, depth: usize) -> Vec<Value> {
    match schema["prefixItems"].as_array() {
        Some(items) => items.iter().map(|item| example(item, root, depth - 1)).collect(),
        None => vec![example(&schema["items"], root, depth - 1)],
    }
}

fn with_properties(value: Value, schema: &Value, root: &Value, depth: usize) -> Value {
    let Some(properties) = schema["properties"].as_object() else {
        return value;
    };
    let filled = properties.iter().map(|(name, schema)| (name.clone(), example(schema, root, depth - 1)));
    merge(value, Value::Object(filled.collect::<Map<_, _>>()))
}

fn merge(mut first: Value, second: Value) -> Value {
    match (&mut first, second) {
        (Value::Object(into), Value::Object(from)) => into.extend(from),
        (_, second) => return second,
    }
    first
}

fn resolve<'a>(reference: &str, root: &'a Value) -> Option<&'a Value> {
    root.pointer(reference.strip_prefix('#')?)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use schemars::{JsonSchema, schema_for};

    use super::*;

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema is looked at")]
    struct Delta {
        from: i64,
        days: Option<String>,
        ratio: f32,
        parts: Vec<Part>,
        by_name: BTreeMap<String, u8>,
        state: State,
        next: Option<Box<Delta>>,
    }

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema is looked at")]
    struct Part {
        done: bool,
        pair: (u8, String),
    }

    #[derive(JsonSchema)]
    #[serde(rename_all = "snake_case")]
    #[expect(dead_code, reason = "only its schema is looked at")]
    enum State {
        Open,
        Closed,
    }

    #[test]
    fn every_property_is_there_and_every_option_filled() {
        let mut example = of(schema_for!(Delta).as_value());
        let next = example.as_object_mut().unwrap().remove("next").unwrap();
        assert_eq!(
            example,
            json!({
                "from": 1, "days": "text", "ratio": 1.0, "parts": [{ "done": true, "pair": [1, "text"] }],
                "by_name": {}, "state": "open",
            })
        );
        assert_eq!(next["from"], 1);
    }
}
