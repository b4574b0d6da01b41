//! The form of what is said through the pipes: bare records, or the messages of Singer.

use std::borrow::Cow;

use fitness::records::outside_record::OutsideRecord;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use crate::trouble::Trouble;

/// The form of lines, both ways.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// Each line is a record.
    #[default]
    Lines,
    /// Each line is a message of Singer: `SCHEMA`, `RECORD` or `STATE`.
    Singer,
}

/// The stream of records whose form has none.
pub(crate) const LINES: &str = "lines";
/// The longest name of a stream; it is part of a key in the store.
const STREAM_BYTES: usize = 128;

/// The most fields of a key, and the longest name of one.
const KEY_FIELDS: usize = 32;
const FIELD_BYTES: usize = 128;

/// What a line says.
#[derive(Debug)]
pub(crate) enum Message<'a> {
    Record {
        stream: Cow<'a, str>,
        record: &'a str,
    },
    /// What records of a stream look like, and which fields tell them apart.
    Schema {
        stream: Cow<'a, str>,
        schema: &'a str,
        key: Vec<String>,
    },
    State(&'a str),
    /// An object that is no message: some targets print their state so.
    Bare,
    /// Something that nothing follows from here, such as `ACTIVATE_VERSION`.
    Aside,
}

#[derive(Deserialize)]
struct Wire<'a> {
    // Empty where it is missing: of an `Option` the text would be copied.
    #[serde(borrow, default, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    stream: Cow<'a, str>,
    #[serde(borrow)]
    record: Option<&'a RawValue>,
    #[serde(borrow)]
    schema: Option<&'a RawValue>,
    key_properties: Option<Vec<String>>,
    #[serde(borrow)]
    value: Option<&'a RawValue>,
}

impl Form {
    /// Reads a line.
    pub(crate) fn read(self, line: &str, number: u64) -> Result<Message<'_>, Trouble> {
        match self {
            Self::Lines => {
                if !line.starts_with('{') {
                    // Whether it is JSON at all decides what is wrong with it.
                    serde_json::from_str::<serde::de::IgnoredAny>(line).map_err(|e| bad_json(&e, number))?;
                    return Err(bad(number, "it is no JSON object"));
                }
                Ok(Message::Record { stream: Cow::Borrowed(LINES), record: line })
            }
            Self::Singer => {
                let wire: Wire<'_> = serde_json::from_str(line).map_err(|error| {
                    if error.is_data() {
                        return bad(number, "it is no message of Singer");
                    }
                    bad_json(&error, number)
                })?;
                message(wire, number)
            }
        }
    }

    /// Writes what comes before the first record of a stream: a target wants to know of a schema, and any record fits.
    pub(crate) fn announce(self, stream: &str, text: &mut String) {
        if self == Self::Singer {
            let schema = json!({ "type": "SCHEMA", "stream": stream, "schema": { "type": "object" }, "key_properties": [] });
            text.push_str(&schema.to_string());
            text.push('\n');
        }
    }

    /// Writes a record as a line.
    pub(crate) fn write(self, record: &OutsideRecord, text: &mut String) {
        match self {
            Self::Lines => text.push_str(&record.body),
            Self::Singer => {
                text.push_str(r#"{"type":"RECORD","stream":"#);
                text.push_str(&serde_json::Value::from(&*record.stream).to_string());
                text.push_str(r#","record":"#);
                text.push_str(&record.body);
                text.push('}');
            }
        }
        text.push('\n');
    }
}

fn message(wire: Wire<'_>, number: u64) -> Result<Message<'_>, Trouble> {
    let lacks = |what: &str| bad(number, &format!("it has no `{what}`"));
    let stream = || {
        let stream = wire.stream;
        let fits = stream.len() <= STREAM_BYTES && !stream.chars().any(char::is_control);
        match (stream.is_empty(), fits) {
            (true, _) => Err(lacks("stream")),
            (false, true) => Ok(stream),
            (false, false) => Err(bad(number, "its `stream` is no name of a stream")),
        }
    };
    match &*wire.kind {
        "" => Ok(Message::Bare),
        "RECORD" => {
            let record = wire.record.ok_or_else(|| lacks("record"))?.get();
            if !record.starts_with('{') {
                return Err(bad(number, "its `record` is no JSON object"));
            }
            Ok(Message::Record { stream: stream()?, record })
        }
        "SCHEMA" => {
            let schema = wire.schema.ok_or_else(|| lacks("schema"))?.get();
            let key = wire.key_properties.unwrap_or_default();
            check_key(&key).map_err(|why| bad(number, &format!("its `key_properties`: {why}")))?;
            Ok(Message::Schema { stream: stream()?, schema, key })
        }
        "STATE" => Ok(Message::State(wire.value.map_or("null", RawValue::get))),
        // Its records are in a file that it names, and a program's files are gone with it.
        "BATCH" => Err(bad(number, "records in files (`BATCH`) are not read")),
        _ => Ok(Message::Aside),
    }
}

/// Checks the names of key fields: errors quote them, and what reads a record looks for each of them.
pub(crate) fn check_key(fields: &[String]) -> Result<(), &'static str> {
    if fields.len() > KEY_FIELDS {
        return Err("more than 32 fields");
    }
    if fields.iter().any(|field| field.len() > FIELD_BYTES || field.chars().any(char::is_control)) {
        return Err("no name of a field");
    }
    if (1..fields.len()).any(|place| fields[..place].contains(&fields[place])) {
        return Err("a field twice");
    }
    Ok(())
}

pub(crate) fn bad_json(error: &serde_json::Error, line: u64) -> Trouble {
    Trouble::BadJson { line, column: error.column() }
}

pub(crate) fn bad(line: u64, why: &str) -> Trouble {
    Trouble::BadMessage { line, why: why.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(form: Form, line: &str, wanted: &str) {
        let told = match form.read(line, 3) {
            Ok(Message::Record { stream, record }) => format!("record of {stream}: {record}"),
            Ok(Message::Schema { stream, schema, key }) => format!("schema of {stream} by {key:?}: {schema}"),
            Ok(Message::State(state)) => format!("state: {state}"),
            Ok(Message::Bare) => "an object".to_owned(),
            Ok(Message::Aside) => "nothing".to_owned(),
            Err(trouble) => format!("{}: {trouble}", trouble.code()),
        };
        assert_eq!(told, wanted, "{line}");
    }

    #[test]
    fn a_line_is_a_record() {
        check(Form::Lines, r#"{"type": "RECORD"}"#, r#"record of lines: {"type": "RECORD"}"#);
        check(Form::Lines, "7", "process_bad_message: line 3: it is no JSON object");
        check(Form::Lines, "seven", "process_bad_json: line 3 is no JSON, at column 1");
    }

    #[test]
    fn messages_of_singer_are_told_apart() {
        let singer = |line: &str, wanted: &str| check(Form::Singer, line, wanted);
        singer(r#"{"type":"RECORD","stream":"a\u0062","record":{"x": 1}}"#, r#"record of ab: {"x": 1}"#);
        singer(r#"{"stream":"a","record":{},"type":"RECORD","version":1}"#, "record of a: {}");
        singer(
            r#"{"type":"SCHEMA","stream":"a","schema":{},"key_properties":["id"]}"#,
            r#"schema of a by ["id"]: {}"#,
        );
        singer(r#"{"type":"STATE","value":{"a":1}}"#, r#"state: {"a":1}"#);
        singer(r#"{"type":"STATE","value":null}"#, "state: null");
        singer(r#"{"type":"ACTIVATE_VERSION","stream":"a","version":1}"#, "nothing");
        singer(r#"{"bookmarks":{"a":{"id":1}}}"#, "an object");
    }

    #[test]
    fn what_is_no_message_says_what_it_lacks() {
        let singer = |line: &str, wanted: &str| {
            check(Form::Singer, line, &format!("process_bad_message: line 3: {wanted}"));
        };
        singer(r#"{"type":7}"#, "it is no message of Singer");
        singer(r#"{"type":"RECORD","record":{}}"#, "it has no `stream`");
        singer(r#"{"type":"RECORD","stream":"a"}"#, "it has no `record`");
        singer(r#"{"type":"RECORD","stream":"a","record":[]}"#, "its `record` is no JSON object");
        singer(r#"{"type":"RECORD","stream":"a\nb","record":{}}"#, "its `stream` is no name of a stream");
        singer(r#"{"type":"SCHEMA","stream":"a"}"#, "it has no `schema`");
        singer(r#"{"type":"BATCH","stream":"a"}"#, "records in files (`BATCH`) are not read");
        let schema = |key: serde_json::Value| {
            json!({ "type": "SCHEMA", "stream": "a", "schema": {}, "key_properties": key }).to_string()
        };
        let many: Vec<String> = (0..33).map(|number| number.to_string()).collect();
        singer(&schema(json!(["a\0"])), "its `key_properties`: no name of a field");
        singer(&schema(json!(["x".repeat(129)])), "its `key_properties`: no name of a field");
        singer(&schema(json!(["a", "b", "a"])), "its `key_properties`: a field twice");
        singer(&schema(json!(many)), "its `key_properties`: more than 32 fields");
        check(Form::Singer, r#"{"type""#, "process_bad_json: line 3 is no JSON, at column 7");
    }

    #[test]
    fn what_is_written_is_what_is_read() {
        let record =
            OutsideRecord { stream: "a \"b\"".into(), key: "[1]".to_owned(), body: r#"{"id":1}"#.to_owned() };
        for (form, stream) in [(Form::Lines, "lines"), (Form::Singer, "a \"b\"")] {
            let mut text = String::new();
            form.write(&record, &mut text);
            check(form, text.trim_end(), &format!(r#"record of {stream}: {{"id":1}}"#));
        }
    }
}
