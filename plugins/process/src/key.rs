//! What tells a record apart from the others of its stream.

use serde::Deserializer;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::form::{bad, bad_json};
use crate::trouble::Trouble;

/// A longer one would not fit into an index of PostgreSQL; then its SHA-256 stands for it.
const KEY_BYTES: usize = 512;

/// The key of a record by these fields; without any, its content is its key.
pub(crate) fn of(record: &str, fields: &[String], line: u64) -> Result<String, Trouble> {
    let mut json = serde_json::Deserializer::from_str(record);
    let found = Fields(fields).deserialize(&mut json).and_then(|found| json.end().map(|()| found));
    let found = found.map_err(|error| bad_json(&error, line))?;
    if fields.is_empty() {
        return Ok(sha256(record));
    }
    let mut key = String::with_capacity(24);
    key.push('[');
    for (field, value) in fields.iter().zip(found) {
        let value = value.ok_or_else(|| bad(line, &format!("the record has no key field `{field}`")))?;
        if key.len() > 1 {
            key.push(',');
        }
        key.push_str(value.get());
    }
    key.push(']');
    Ok(if key.len() > KEY_BYTES { sha256(&key) } else { key })
}

pub(crate) fn sha256(text: &str) -> String {
    // Not by `write!`, which takes longer than the digest of a short record.
    let digit = |half: u8| char::from(b"0123456789abcdef"[usize::from(half)]);
    Sha256::digest(text.as_bytes()).iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0xf)]).collect()
}

/// Looks for some fields of an object and passes over the others.
struct Fields<'f>(&'f [String]);

impl<'de> DeserializeSeed<'de> for Fields<'_> {
    type Value = Vec<Option<&'de RawValue>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Fields<'_> {
    type Value = Vec<Option<&'de RawValue>>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = vec![None; self.0.len()];
        while let Some(place) = map.next_key_seed(Place(self.0))? {
            match place {
                Some(place) => found[place] = Some(map.next_value()?),
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(found)
    }
}

/// Which of the fields a name is.
struct Place<'f>(&'f [String]);

impl<'de> DeserializeSeed<'de> for Place<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Place<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.iter().position(|field| field == name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(record: &str, fields: &[&str]) -> Result<String, Trouble> {
        let fields: Vec<String> = fields.iter().map(|field| (*field).to_owned()).collect();
        of(record, &fields, 7)
    }

    #[test]
    fn a_key_is_the_values_of_its_fields_in_their_order() {
        let record = r#"{"b": [1, 2], "id": 7, "a": "x, y", "c": null}"#;
        assert_eq!(key(record, &["id"]).unwrap(), "[7]");
        assert_eq!(key(record, &["a", "id"]).unwrap(), r#"["x, y",7]"#);
        assert_eq!(key(record, &["c"]).unwrap(), "[null]");
    }

    #[test]
    fn without_fields_the_content_is_the_key() {
        let (one, other) = (key(r#"{"id":1}"#, &[]).unwrap(), key(r#"{"id":2}"#, &[]).unwrap());
        assert!(one != other && one.len() == 64 && one == key(r#"{"id":1}"#, &[]).unwrap());
    }

    #[test]
    fn a_long_key_is_shortened_and_still_its_own() {
        let long = |last: &str| key(&format!(r#"{{"id":"{}{last}"}}"#, "x".repeat(5_000)), &["id"]).unwrap();
        assert!(long("a").len() == 64 && long("a") != long("b"));
    }

    #[test]
    fn a_record_without_its_key_and_one_that_is_broken_are_refused() {
        let check = |record: &str, wanted: &str| {
            let trouble = key(record, &["id"]).unwrap_err();
            assert_eq!(format!("{}: {trouble}", trouble.code()), wanted);
        };
        check("{}", "process_bad_message: line 7: the record has no key field `id`");
        check(r#"{"id":1"#, "process_bad_json: line 7 is no JSON, at column 7");
        check(r#"{"id":1} {"#, "process_bad_json: line 7 is no JSON, at column 10");
    }
}
