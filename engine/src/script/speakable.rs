//! Shows that a script can call a kind of step, because about forty words belong to the language.

use std::collections::BTreeSet;

use rhai::Engine;
use serde_json::Value;

use crate::step::Kind;

/// Shows that a script can call this kind of step, or says why not: it compiles one call with every key.
pub fn speakable(kind: &Kind) -> Result<(), String> {
    let Some((namespace, function)) = kind.kind.split_once('.').filter(|(a, b)| is_word(a) && is_word(b))
    else {
        return Err("a kind is `namespace.verb` in small letters, digits and `_`".to_owned());
    };
    compiles(&format!("{namespace}::{function}()")).map_err(|error| format!("`{}`: {error}", kind.kind))?;
    let mut keys = BTreeSet::new();
    collect(kind.config_schema.as_value(), &mut keys);
    for key in keys {
        compiles(&format!("{namespace}::{function}(#{{ {key}: 1 }})"))
            .map_err(|error| format!("`{key}`: {error}"))?;
    }
    Ok(())
}

fn is_word(word: &str) -> bool {
    let rest = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    word.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase()) && word.bytes().all(rest)
}

fn compiles(call: &str) -> Result<(), String> {
    let engine = Engine::new_raw();
    engine.compile(call).map(|_| ()).map_err(|error| error.err_type().to_string())
}

fn collect<'a>(schema: &'a Value, keys: &mut BTreeSet<&'a str>) {
    match schema {
        Value::Object(entries) => {
            if let Some(Value::Object(properties)) = entries.get("properties") {
                keys.extend(properties.keys().map(String::as_str));
            }
            entries.values().for_each(|value| collect(value, keys));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, keys)),
        _ => {}
    }
}
