//! What tells a record apart from the others of its stream.

use serde::Deserializer;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::form::{bad, bad_json};
use crate::trouble::Trouble;

/// A longer one would not fit into an index of PostgreSQL; then its SHA-256 stands for it.
const KEY_BYTES: usize = 512;

/// How deep a record may be: what reads JSON elsewhere gives up at 128.
const DEPTH: usize = 100;

/// The key of a record by these fields; without any, its content is its key. Of one that is known to be JSON no more is
/// read than it takes to find them.
pub(crate) fn of(record: &str, fields: &[String], line: u64, is_json: bool) -> Result<String, Trouble> {
    let (mut one, mut many) = ([None], Vec::new());
    let found: &mut [Option<&RawValue>] = if fields.len() == 1 {
        &mut one
    } else {
        many.resize(fields.len(), None);
        &mut many
    };
    let mut json = serde_json::Deserializer::from_str(record);
    let search = Search { fields, found: &mut *found, is_brief: is_json };
    let searched = search.deserialize(&mut json).and_then(|()| json.end());
    let is_enough = is_json && found.iter().all(Option::is_some);
    if !is_enough {
        searched.map_err(|error| bad_json(&error, line))?;
    }
    if is_deep(record) {
        return Err(bad(line, &format!("the record is nested more than {DEPTH} deep")));
    }
    if fields.is_empty() {
        return Ok(sha256(record));
    }
    join(fields, found, line)
}

fn join(fields: &[String], found: &[Option<&RawValue>], line: u64) -> Result<String, Trouble> {
    let bytes: usize = found.iter().flatten().map(|value| value.get().len() + 1).sum();
    let mut key = String::with_capacity(bytes + 1);
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

/// Whether valid JSON is nested too deep. Few records are long enough for that, and fewer have so many brackets.
fn is_deep(json: &str) -> bool {
    let bytes = json.as_bytes();
    if bytes.len() <= 2 * DEPTH || memchr::memchr2_iter(b'[', b'{', bytes).count() <= DEPTH {
        return false;
    }
    let (mut depth, mut is_text, mut is_escaped) = (0_usize, false, false);
    for byte in bytes {
        match (is_text, byte) {
            (true, _) if is_escaped => is_escaped = false,
            (true, b'\\') => is_escaped = true,
            (_, b'"') => is_text = !is_text,
            (false, b'[' | b'{') => depth += 1,
            (false, b']' | b'}') => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEPTH {
            return true;
        }
    }
    false
}

pub(crate) fn sha256(text: &str) -> String {
    // Not by `write!`, which takes longer than the digest of a short record.
    let digit = |half: u8| char::from(b"0123456789abcdef"[usize::from(half)]);
    Sha256::digest(text.as_bytes()).iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0xf)]).collect()
}

/// Looks for some fields of an object and passes over the others.
struct Search<'s, 'de> {
    fields: &'s [String],
    found: &'s mut [Option<&'de RawValue>],
    /// Whether it ends with the last of them, in the middle of the object.
    is_brief: bool,
}

impl<'de> DeserializeSeed<'de> for Search<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Search<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while let Some(place) = map.next_key_seed(Place(self.fields))? {
            let Some(place) = place else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            self.found[place] = Some(map.next_value()?);
            if self.is_brief && self.found.iter().all(Option::is_some) {
                return Ok(());
            }
        }
        Ok(())
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
        let key = of(record, &fields, 7, false);
        if let Ok(key) = &key {
            assert_eq!(of(record, &fields, 7, true).as_ref().ok(), Some(key), "{record}");
        }
        key
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

    #[test]
    fn only_brackets_outside_of_texts_make_a_record_deep() {
        let check = |inner: &str, is_deep: bool| {
            let trouble = key(&format!(r#"{{"id":1,"a":{inner}}}"#), &["id"]).err();
            let wanted = is_deep.then_some("line 7: the record is nested more than 100 deep");
            assert_eq!(trouble.map(|trouble| trouble.to_string()).as_deref(), wanted, "{inner}");
        };
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        check(&nested(99), false);
        check(&nested(100), true);
        check(&nested(30_000), true);
        check(&format!("[{}1]", "[],".repeat(200)), false);
        check(&format!(r#""\"{}""#, "[".repeat(300)), false);
    }
}
