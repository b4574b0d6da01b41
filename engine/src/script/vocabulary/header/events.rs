//! What starts a pipeline from outside: `on_webhook` and `on_file`.

use rhai::{Array, Dynamic, Map};

use super::{Found, NAME_RULE, expected, is_name};
use crate::plan::Options;
use crate::script::place::Part;
use crate::trigger::{PATHS, Pattern};

pub(super) const OPTIONS: [&str; 2] = ["on_webhook", "on_file"];

type Wrong = (&'static str, String);

/// Reads both, beside the params that one of them needs.
pub(super) fn read(map: &Map, options: &mut Options, found: &mut Found) {
    options.on_webhook = all(map, "on_webhook", name, found);
    options.on_file = all(map, "on_file", pattern, found);
    let is_list = |params: &Map| params.get(PATHS).is_some_and(Dynamic::is_array);
    let has_paths =
        map.get("params").and_then(|params| params.read_lock::<Map>().map(|params| is_list(&params)));
    if map.contains_key("on_file") && has_paths != Some(true) {
        let message =
            format!("`on_file` hands the files over as a param: `params: #{{ {PATHS}: [] }}` is missing");
        found.push((Part::Key(vec!["on_file".to_owned()]), "param_missing", message, None));
    }
}

/// What an option names, be it one or a list.
fn all<T>(map: &Map, key: &str, one: fn(&Dynamic) -> Result<T, Wrong>, found: &mut Found) -> Vec<T> {
    let Some(value) = map.get(key) else { return Vec::new() };
    let mut read = |value: &Dynamic, path: Vec<String>| {
        let wrong =
            |(code, message)| found.push((Part::Value(path), code, format!("`{key}`: {message}"), None));
        one(value).map_err(wrong).ok()
    };
    match value.read_lock::<Array>() {
        None => read(value, vec![key.to_owned()]).into_iter().collect(),
        Some(items) => {
            let item = |(index, item): (usize, &Dynamic)| read(item, vec![key.to_owned(), index.to_string()]);
            items.iter().enumerate().filter_map(item).collect()
        }
    }
}

fn name(value: &Dynamic) -> Result<String, Wrong> {
    let wrong = |message| ("invalid_option", message);
    let text =
        value.as_immutable_string_ref().map_err(|_| wrong(expected("the name of a webhook", value)))?;
    if is_name(&text) { Ok(text.to_string()) } else { Err(wrong(format!("a webhook's name is {NAME_RULE}"))) }
}

fn pattern(value: &Dynamic) -> Result<Pattern, Wrong> {
    let wanted = "a pattern such as \"*.fit\"";
    let text = value.as_immutable_string_ref().map_err(|_| ("invalid_option", expected(wanted, value)))?;
    Pattern::parse(&text).map_err(|message| ("invalid_pattern", message))
}
