//! What a run is given: which names, of which type, and what each stands at otherwise.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// All params of a run: those given, and the rest as the pipeline declares them. Fails with what is wrong.
pub(crate) fn fill(declared: &BTreeMap<String, Value>, given: &Value) -> Result<Value, String> {
    let mut params: Map<_, _> = declared.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    let given = match given {
        Value::Null => return Ok(Value::Object(params)),
        Value::Object(given) => given,
        _ => return Err("params must be a JSON object".to_owned()),
    };
    for (name, value) in given {
        check(declared, name, value)?;
        params.insert(name.clone(), value.clone());
    }
    Ok(Value::Object(params))
}

/// Says what is wrong with a param for a pipeline that declares these.
pub(crate) fn check(declared: &BTreeMap<String, Value>, name: &str, value: &Value) -> Result<(), String> {
    let Some(standing) = declared.get(name) else {
        let known = declared.keys().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let known = if known.is_empty() { "none".to_owned() } else { known };
        return Err(format!("unknown param `{name}`; the pipeline has {known}"));
    };
    if !standing.is_null() && std::mem::discriminant(standing) != std::mem::discriminant(value) {
        return Err(format!("param `{name}` must be like {standing}, not {value}"));
    }
    Ok(())
}

/// The JSON schema of what [`fill`] takes, of which a form can be made.
pub(crate) fn schema(declared: &BTreeMap<String, Value>) -> Value {
    let properties: Map<_, _> =
        declared.iter().map(|(name, value)| (name.clone(), property(value))).collect();
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

/// A param that stands at null takes any value.
fn property(standing: &Value) -> Value {
    match kind(standing) {
        Some(kind) => json!({ "type": kind, "default": standing }),
        None => json!({ "default": standing }),
    }
}

fn kind(value: &Value) -> Option<&'static str> {
    match value {
        Value::Null => None,
        Value::Bool(_) => Some("boolean"),
        Value::Number(_) => Some("number"),
        Value::String(_) => Some("string"),
        Value::Array(_) => Some("array"),
        Value::Object(_) => Some("object"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared() -> BTreeMap<String, Value> {
        let Value::Object(map) = json!({ "days": 7, "paths": [], "since": null }) else { unreachable!() };
        map.into_iter().collect()
    }

    fn check_filled(given: &Value, expected: Result<Value, &str>) {
        assert_eq!(fill(&declared(), given), expected.map_err(str::to_owned), "{given}");
    }

    #[test]
    fn what_is_not_given_stands_as_declared() {
        check_filled(&json!(null), Ok(json!({ "days": 7, "paths": [], "since": null })));
        check_filled(&json!({ "days": 3 }), Ok(json!({ "days": 3, "paths": [], "since": null })));
    }

    #[test]
    fn a_param_that_stands_at_null_takes_anything() {
        check_filled(
            &json!({ "since": "2026-01-01" }),
            Ok(json!({ "days": 7, "paths": [], "since": "2026-01-01" })),
        );
    }

    #[test]
    fn other_names_and_other_types_are_refused() {
        check_filled(&json!([]), Err("params must be a JSON object"));
        check_filled(
            &json!({ "day": 3 }),
            Err("unknown param `day`; the pipeline has `days`, `paths`, `since`"),
        );
        check_filled(&json!({ "days": "3" }), Err("param `days` must be like 7, not \"3\""));
    }

    #[test]
    fn a_form_can_be_made_of_the_schema() {
        let schema = schema(&declared());
        assert_eq!(schema["properties"]["days"], json!({ "type": "number", "default": 7 }));
        assert_eq!(schema["properties"]["paths"], json!({ "type": "array", "default": [] }));
        assert_eq!(schema["properties"]["since"], json!({ "default": null }));
        assert_eq!(schema["additionalProperties"], json!(false));
    }
}
