//! The catalog that a tap gives of itself, and which of its streams are read.

use engine::step::StepError;
use serde_json::{Value, json};

use crate::programs::FILE_BYTES;
use crate::talk::Listener;
use crate::trouble::Trouble;

/// What the tap printed; most print it over many lines.
#[derive(Debug, Default)]
pub(super) struct Told(String);

impl Listener for Told {
    fn hear(&mut self, line: &str, _: u64) -> Result<(), Trouble> {
        self.0.push_str(line);
        self.0.push('\n');
        if self.0.len() as u64 > FILE_BYTES {
            return Err(Trouble::OutputTooLarge(FILE_BYTES >> 20));
        }
        Ok(())
    }

    async fn settle(&mut self, _: bool) -> Result<(), StepError> {
        Ok(())
    }
}

impl Told {
    /// The catalog with these streams alone, and all that they have selected.
    pub(super) fn select(&self, wanted: &[String]) -> Result<Value, Trouble> {
        let unreadable =
            |why: String| Trouble::TapFile { what: "the catalog that `--discover` gave".to_owned(), why };
        let mut catalog: Value = serde_json::from_str(&self.0).map_err(|error| {
            unreadable(format!("no JSON, at line {} column {}", error.line(), error.column()))
        })?;
        let Some(streams) = catalog["streams"].as_array_mut() else {
            return Err(unreadable("it has no `streams`".to_owned()));
        };
        if let Some(missing) = wanted.iter().find(|name| !streams.iter().any(|stream| is(stream, name))) {
            return Err(Trouble::StreamUnknown(missing.clone()));
        }
        streams.retain(|stream| wanted.iter().any(|name| is(stream, name)));
        streams.iter_mut().for_each(select);
        Ok(catalog)
    }
}

fn is(stream: &Value, name: &str) -> bool {
    stream["tap_stream_id"] == name || stream["stream"] == name
}

/// Selects a stream in both ways in which taps look for it: the older one in the schema, the newer in the metadata.
fn select(stream: &mut Value) {
    if let Some(schema) = stream["schema"].as_object_mut() {
        schema.insert("selected".to_owned(), json!(true));
    }
    let mut metadata = stream["metadata"].as_array().cloned().unwrap_or_default();
    if !metadata.iter().any(|entry| entry["breadcrumb"] == json!([])) {
        metadata.push(json!({ "breadcrumb": [], "metadata": {} }));
    }
    for entry in &mut metadata {
        if entry["metadata"]["inclusion"] != "unsupported"
            && let Some(of_entry) = entry["metadata"].as_object_mut()
        {
            of_entry.insert("selected".to_owned(), json!(true));
        }
    }
    if let Some(stream) = stream.as_object_mut() {
        stream.insert("metadata".to_owned(), Value::Array(metadata));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CATALOG: &str = r#"{"streams": [
        {"tap_stream_id": "runs", "stream": "runs", "schema": {"type": "object"}, "metadata": [
            {"breadcrumb": ["properties", "odd"], "metadata": {"inclusion": "unsupported"}},
            {"breadcrumb": ["properties", "id"], "metadata": {"inclusion": "automatic"}}
        ]},
        {"tap_stream_id": "rides", "stream": "rides", "schema": {}}
    ]}"#;

    fn check(catalog: &str, wanted: &[&str], expected: &Result<Value, &str>) {
        let wanted: Vec<String> = wanted.iter().map(|name| (*name).to_owned()).collect();
        let selected = Told(catalog.to_owned()).select(&wanted);
        assert_eq!(&selected.map_err(|trouble| trouble.code()), expected);
    }

    #[test]
    fn only_what_is_wanted_is_left_and_all_of_that_is_selected() {
        let expected = json!({ "streams": [{
            "tap_stream_id": "runs", "stream": "runs", "schema": { "type": "object", "selected": true },
            "metadata": [
                { "breadcrumb": ["properties", "odd"], "metadata": { "inclusion": "unsupported" } },
                { "breadcrumb": ["properties", "id"], "metadata": { "inclusion": "automatic", "selected": true } },
                { "breadcrumb": [], "metadata": { "selected": true } },
            ],
        }] });
        check(CATALOG, &["runs"], &Ok(expected));
    }

    #[test]
    fn a_catalog_without_the_stream_and_one_that_is_none_are_refused() {
        check(CATALOG, &["runs", "swims"], &Err("tap_stream_unknown"));
        check("{}", &["runs"], &Err("tap_file_unreadable"));
        check("Usage: tap", &["runs"], &Err("tap_file_unreadable"));
    }
}
