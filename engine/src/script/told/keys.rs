//! The keys of a configuration, in words, from its schema.

use serde::Serialize;
use serde_json::Value;

use crate::step::Kind;

/// Deeper maps are told as maps.
const DEPTH: usize = 4;

/// A key of a step's configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Key {
    /// With the keys that lead to it, as `quota.per_day`.
    pub name: String,
    pub is_required: bool,
    /// As `a whole number`, or "one of `a`, `b`".
    pub what: String,
    /// As scripts write it.
    pub default: Option<String>,
    pub about: String,
}

/// The keys of a kind's configuration, those of maps in it after their own.
pub fn keys(kind: &Kind) -> Vec<Key> {
    let root = kind.config_schema.as_value();
    let mut keys = Vec::new();
    collect(root, root, "", DEPTH, &mut keys);
    keys
}

fn collect(schema: &Value, root: &Value, before: &str, depth: usize, keys: &mut Vec<Key>) {
    let (Some(properties), Some(deeper)) = (schema["properties"].as_object(), depth.checked_sub(1)) else {
        return;
    };
    let is_required = |name: &str| {
        schema["required"].as_array().is_some_and(|all| all.iter().any(|required| required == name))
    };
    for (name, property) in properties {
        let meant = resolved(property, root);
        let about = property["description"].as_str().or(meant["description"].as_str()).unwrap_or_default();
        let whole = format!("{before}{name}");
        keys.push(Key {
            is_required: is_required(name),
            what: what(meant, root),
            default: property.get("default").filter(|value| !value.is_object()).map(written),
            about: about.replace('\n', " "),
            name: whole.clone(),
        });
        collect(meant, root, &format!("{whole}."), deeper, keys);
    }
}

/// What a schema refers to, and of one that may be null the other half.
fn resolved<'a>(schema: &'a Value, root: &'a Value) -> &'a Value {
    let mut schema = schema;
    for _ in 0..DEPTH {
        let target = schema["$ref"].as_str().and_then(|reference| root.pointer(reference.strip_prefix('#')?));
        let halves = schema["anyOf"].as_array();
        let half = halves.and_then(|halves| halves.iter().find(|half| half["type"] != "null"));
        match target.or(half) {
            Some(next) => schema = next,
            None => break,
        }
    }
    schema
}

fn what(schema: &Value, root: &Value) -> String {
    let constants = schema["oneOf"].as_array().map(|choices| choices.iter().map(|choice| &choice["const"]));
    let choices: Vec<&Value> = match (schema["enum"].as_array(), constants) {
        (Some(choices), _) => choices.iter().collect(),
        (None, Some(constants)) => constants.filter(|constant| !constant.is_null()).collect(),
        (None, None) => Vec::new(),
    };
    if !choices.is_empty() {
        let choices: Vec<String> =
            choices.into_iter().map(|choice| format!("`{}`", written(choice))).collect();
        return format!("one of {}", choices.join(", "));
    }
    match kind(schema) {
        Some("integer") => "a whole number".to_owned(),
        Some("number") => "a number".to_owned(),
        Some("string") => "a text".to_owned(),
        Some("boolean") => "`true` or `false`".to_owned(),
        Some("array") => format!("a list, each {}", what(resolved(&schema["items"], root), root)),
        Some("object") => "a map".to_owned(),
        _ => "any value".to_owned(),
    }
}

fn kind(schema: &Value) -> Option<&str> {
    match &schema["type"] {
        Value::String(kind) => Some(kind),
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null"),
        _ => None,
    }
}

/// A value as a script writes it.
fn written(value: &Value) -> String {
    if value.is_null() { "()".to_owned() } else { value.to_string() }
}
