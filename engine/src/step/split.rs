//! Splits an artifact into parts, each of which is again a value of it.
//!
//! A type says in its schema that its values can be split, and how: `"x-split": { "after": "from", "to": "to" }` for a
//! range of whole numbers whose first one is not in it, `"x-split": { "list": "items" }` for a list among its
//! properties. What else a value holds goes into each part as it stands.

use serde::Serialize;
use serde_json::{Value, json};

use super::{Cause, Shape};

/// More parts than this are refused: each is a row that somebody waits for.
pub(crate) const MOST_PARTS: usize = 1000;

/// How the values of an artifact are split.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum Split {
    /// The whole numbers above the one property, up to the other.
    Range { after: String, to: String },
    /// The items of a property.
    List { items: String },
}

/// How a step is given its first input in parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Parts {
    /// At most so many items in a part.
    pub size: u64,
    pub split: Split,
}

impl Split {
    /// What the schema says of it; nothing where its values cannot be split.
    pub(crate) fn of(schema: &Value) -> Option<Self> {
        let said = schema.get("x-split")?;
        let property = |key: &str, kind: &str| {
            let name = said[key].as_str()?;
            (schema["properties"][name]["type"] == kind).then(|| name.to_owned())
        };
        match (property("after", "integer").zip(property("to", "integer")), property("list", "array")) {
            (Some((after, to)), None) => Some(Self::Range { after, to }),
            (None, Some(items)) => Some(Self::List { items }),
            _ => None,
        }
    }

    fn parts(&self, value: &Value, size: u64) -> Result<Vec<Value>, Cause> {
        match self {
            Self::Range { after, to } => {
                let bounds = value[after].as_i64().zip(value[to].as_i64());
                let (from, to_number) = bounds.ok_or_else(|| unreadable(value))?;
                let count = u64::try_from(i128::from(to_number) - i128::from(from)).unwrap_or(0);
                let starts =
                    (0..check(count.div_ceil(size))?).map(|part| from.saturating_add_unsigned(part * size));
                let part = |start: i64| {
                    let end = start.saturating_add_unsigned(size).min(to_number);
                    with(&with(value, after, json!(start)), to, json!(end))
                };
                Ok(starts.map(part).collect())
            }
            Self::List { items } => {
                let list = value[items].as_array().ok_or_else(|| unreadable(value))?;
                check((list.len() as u64).div_ceil(size))?;
                let size = usize::try_from(size).unwrap_or(usize::MAX);
                Ok(list.chunks(size).map(|chunk| with(value, items, json!(chunk))).collect())
            }
        }
    }
}

impl Parts {
    /// What each part of a step is given; everything but the first input goes to each as it stands.
    pub(crate) fn of(&self, inputs: &[Value], shape: Shape) -> Result<Vec<Vec<Value>>, Cause> {
        let Some((first, others)) = inputs.split_first() else { return Ok(Vec::new()) };
        let firsts: Vec<Value> = match (shape, first) {
            (_, Value::Null) => Vec::new(),
            (Shape::Gather, Value::Array(artifacts)) => {
                let mut parts = Vec::new();
                for artifact in artifacts {
                    parts
                        .extend(self.split.parts(artifact, self.size)?.into_iter().map(|part| json!([part])));
                }
                parts
            }
            _ => self.split.parts(first, self.size)?,
        };
        check(firsts.len() as u64)?;
        Ok(firsts.into_iter().map(|first| [&[first], others].concat()).collect())
    }
}

fn with(value: &Value, key: &str, property: Value) -> Value {
    let mut value = value.clone();
    value[key] = property;
    value
}

fn check(parts: u64) -> Result<u64, Cause> {
    if parts > MOST_PARTS as u64 {
        let message = format!("{parts} parts, and at most {MOST_PARTS}: give `.for_each` a larger size");
        return Err(Cause::new("too_many_parts", message));
    }
    Ok(parts)
}

fn unreadable(value: &Value) -> Cause {
    Cause::new("input_mismatch", format!("cannot split {value}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use schemars::{JsonSchema, schema_for};

    use super::*;

    #[derive(JsonSchema)]
    #[schemars(extend("x-split" = { "after": "from", "to": "to" }))]
    #[expect(dead_code, reason = "only its schema is looked at")]
    struct Delta {
        from: i64,
        to: i64,
        days: Option<String>,
    }

    #[derive(JsonSchema)]
    #[schemars(extend("x-split" = { "list": "files" }))]
    #[expect(dead_code, reason = "only its schema is looked at")]
    struct Files {
        folder: String,
        files: Vec<String>,
    }

    #[derive(JsonSchema)]
    #[schemars(extend("x-split" = { "list": "folder" }))]
    #[expect(dead_code, reason = "only its schema is looked at")]
    struct Wrong {
        folder: String,
    }

    fn range() -> Split {
        Split::of(schema_for!(Delta).as_value()).unwrap()
    }

    fn list() -> Split {
        Split::of(schema_for!(Files).as_value()).unwrap()
    }

    #[test]
    fn a_schema_says_whether_and_how_its_values_are_split() {
        assert_eq!(range(), Split::Range { after: "from".to_owned(), to: "to".to_owned() });
        assert_eq!(list(), Split::List { items: "files".to_owned() });
        assert_eq!(Split::of(schema_for!(Wrong).as_value()), None);
        assert_eq!(Split::of(schema_for!(String).as_value()), None);
    }

    #[test]
    fn a_part_keeps_what_is_not_split() {
        let parts = range().parts(&json!({ "from": 3, "to": 8, "days": "2026-07-01" }), 2).unwrap();
        let wanted = [(3, 5), (5, 7), (7, 8)]
            .map(|(from, to)| json!({ "from": from, "to": to, "days": "2026-07-01" }));
        assert_eq!(parts, wanted);
    }

    #[test]
    fn nothing_gives_no_part() {
        assert!(range().parts(&json!({ "from": 8, "to": 8 }), 2).unwrap().is_empty());
        assert!(range().parts(&json!({ "from": 9, "to": 8 }), 2).unwrap().is_empty());
        assert!(list().parts(&json!({ "files": [] }), 2).unwrap().is_empty());
        let parts = Parts { size: 2, split: range() };
        assert!(parts.of(&[Value::Null, json!(1)], Shape::Optional).unwrap().is_empty());
    }

    #[test]
    fn too_many_parts_are_refused_before_they_are_made() {
        let whole = json!({ "from": i64::MIN, "to": i64::MAX });
        assert_eq!(range().parts(&whole, 1).unwrap_err().code, "too_many_parts");
        assert_eq!(range().parts(&json!({ "from": 0, "to": 1001 }), 1).unwrap_err().code, "too_many_parts");
        assert_eq!(range().parts(&json!({ "from": 0, "to": 1000 }), 1).unwrap().len(), 1000);
        let parts = Parts { size: 1, split: range() };
        let two = json!([{ "from": 0, "to": 600 }, { "from": 600, "to": 1200 }]);
        assert_eq!(parts.of(&[two], Shape::Gather).unwrap_err().code, "too_many_parts");
    }

    #[test]
    fn other_inputs_go_to_each_part_whole() {
        let parts = Parts { size: 5, split: range() };
        let inputs = [json!([{ "from": 0, "to": 6 }, { "from": 6, "to": 8 }]), json!({ "hours": 3 })];
        let first = [(0, 5), (5, 6), (6, 8)]
            .map(|(from, to)| vec![json!([{ "from": from, "to": to }]), json!({ "hours": 3 })]);
        assert_eq!(parts.of(&inputs, Shape::Gather).unwrap(), first);
    }

    proptest! {
        #[test]
        fn parts_of_a_range_follow_each_other_and_are_the_whole(from in -1000_i64..1000, count in 0_i64..900, size in 1_u64..50) {
            let size = size.max(count.unsigned_abs().div_ceil(1000).max(1));
            let parts = range().parts(&json!({ "from": from, "to": from + count }), size).unwrap();
            let mut next = from;
            for part in &parts {
                let (after, to) = (part["from"].as_i64().unwrap(), part["to"].as_i64().unwrap());
                prop_assert_eq!(after, next);
                prop_assert!(to > after && (to - after) as u64 <= size);
                next = to;
            }
            prop_assert_eq!(next, from + count);
        }

        #[test]
        fn parts_of_a_list_follow_each_other_and_are_the_whole(items in prop::collection::vec(any::<u8>(), 0..300), size in 1_u64..50) {
            let parts = list().parts(&json!({ "folder": "in", "files": items }), size).unwrap();
            let all: Vec<Value> = parts.iter().flat_map(|part| part["files"].as_array().unwrap()).cloned().collect();
            let fits = |part: &Value| {
                let count = part["files"].as_array().unwrap().len() as u64;
                part["folder"] == "in" && count > 0 && count <= size
            };
            prop_assert!(parts.iter().all(fits));
            prop_assert_eq!(json!(all), json!(items));
        }
    }
}
