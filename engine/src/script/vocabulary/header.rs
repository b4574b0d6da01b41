//! `pipeline(name, #{ … })`: once, and first.

mod events;
mod triggers;

use std::collections::BTreeMap;
use std::time::Duration;

use rhai::{Dynamic, Map, Module};
use serde_json::Value;

use super::variadic;
use crate::plan::{Options, Overlap};
use crate::script::data::{self, what};
use crate::script::draft::{Draft, Header, SharedDraft};
use crate::script::place::{Mistake, Part, Place};
use crate::script::ties::{Bond, Loose};
use crate::script::{duration, suggest};

const OPTIONS: [&str; 5] = ["lock", "on_overlap", "timeout", "priority", "params"];
const OVERLAPS: [(&str, Overlap); 3] =
    [("skip", Overlap::Skip), ("queue", Overlap::Queue), ("cancel_old", Overlap::CancelOld)];
const NAME_CHARACTERS: usize = 64;

pub(super) fn register(module: &mut Module, draft: &SharedDraft) {
    let draft = draft.clone();
    variadic(module, "pipeline", &[], move |place, arguments| {
        say(&mut draft.lock(), &place, &arguments);
        Dynamic::UNIT
    });
}

fn say(draft: &mut Draft, place: &Place, arguments: &[Dynamic]) {
    let mistake = |code, message: &str| Mistake::new(code, place.clone(), message);
    if draft.header.is_some() {
        draft.mistakes.push(mistake("pipeline_twice", "`pipeline` is called a second time"));
        return;
    }
    if !draft.steps.is_empty() {
        draft.mistakes.push(mistake("pipeline_late", "`pipeline` comes before the first step"));
    }
    let (name, options) = match arguments {
        [name] => (name, None),
        [name, options] => (name, Some(options)),
        _ => {
            draft.mistakes.push(mistake("invalid_argument", "`pipeline` takes a name and a map of options"));
            return;
        }
    };
    let name = match name.as_immutable_string_ref() {
        Ok(name) => name.to_string(),
        Err(_) => String::new(),
    };
    if !is_name(&name) {
        let message = format!("a pipeline's name is {NAME_RULE}");
        draft.mistakes.push(mistake("invalid_argument", &message).at(Part::Argument(0)));
    }
    let after = options.map(|options| after(options, place)).unwrap_or_default();
    let mut found = Vec::new();
    let options = options.map(|options| read(options, &mut found)).unwrap_or_default();
    draft.mistakes.extend(
        found.into_iter().map(|(part, code, message, hint)| {
            Mistake::new(code, place.clone(), message).at(part).hint(hint)
        }),
    );
    let ties = options.after.iter().zip(after);
    draft.ties.extend(ties.map(|(name, place)| Loose { bond: Bond::After, name: name.clone(), place }));
    draft.header = Some(Header { name, options, place: place.clone() });
}

pub(super) const NAME_RULE: &str = "a text of at most 64 letters, digits and `_`, `-`, `.`";

/// Names become labels and parts of addresses.
pub(super) fn is_name(name: &str) -> bool {
    let fits = |character: char| character.is_alphanumeric() || "_-.".contains(character);
    !name.is_empty() && name.chars().count() <= NAME_CHARACTERS && name.chars().all(fits)
}

/// Where the pipelines stand after which this one starts, in their order.
fn after(options: &Dynamic, place: &Place) -> Vec<Mistake> {
    let map = options.read_lock::<Map>();
    let value = map.as_ref().and_then(|map| map.get("after"));
    let path = |part: Option<usize>| {
        std::iter::once("after".to_owned()).chain(part.map(|index| index.to_string())).collect()
    };
    let at = |part| Mistake::new("", place.clone(), "").at(Part::Value(path(part)));
    match value.map(|value| value.read_lock::<rhai::Array>().map(|items| items.len())) {
        None => Vec::new(),
        Some(None) => vec![at(None)],
        Some(Some(items)) => (0..items).map(|index| at(Some(index))).collect(),
    }
}

type Found = Vec<(Part, &'static str, String, Option<String>)>;

/// The names of all options.
#[cfg(test)]
pub(in crate::script) fn options() -> Vec<&'static str> {
    [OPTIONS.as_slice(), &triggers::OPTIONS, &events::OPTIONS].concat()
}

fn read(options: &Dynamic, found: &mut Found) -> Options {
    let Some(map) = options.read_lock::<Map>() else {
        let message = format!("expected a map of options, found {}", what(options));
        found.push((Part::Argument(1), "invalid_argument", message, None));
        return Options::default();
    };
    let mut read = Options::default();
    triggers::read(&map, &mut read, found);
    events::read(&map, &mut read, found);
    let by_itself = [triggers::OPTIONS.as_slice(), &events::OPTIONS].concat();
    for (key, value) in map.iter().filter(|(key, _)| !by_itself.contains(&key.as_str())) {
        if !OPTIONS.contains(&key.as_str()) {
            let known = [OPTIONS.as_slice(), &by_itself].concat();
            let message = format!("unknown option `{key}`, expected one of `{}`", known.join("`, `"));
            let hint = suggest::hint(key, known);
            found.push((Part::Key(vec![key.to_string()]), "unknown_option", message, hint));
        } else if let Err((path, message)) = set(&mut read, key, value) {
            let path = std::iter::once(key.to_string()).chain(path).collect();
            found.push((Part::Value(path), "invalid_option", format!("`{key}`: {message}"), None));
        }
    }
    read
}

fn set(options: &mut Options, key: &str, value: &Dynamic) -> Result<(), (Vec<String>, String)> {
    match key {
        "lock" => options.lock = Some(lock(value).map_err(at_value)?),
        "on_overlap" => options.on_overlap = overlap(value).map_err(at_value)?,
        "timeout" => options.timeout = Some(timeout(value).map_err(at_value)?),
        "priority" => {
            let integer = value.as_int().map_err(|_| at_value(expected("an integer", value)))?;
            options.priority = integer;
        }
        _ => options.params = params(value)?,
    }
    Ok(())
}

fn at_value(message: String) -> (Vec<String>, String) {
    (Vec::new(), message)
}

pub(super) fn expected(wanted: &str, found: &Dynamic) -> String {
    format!("expected {wanted}, found {}", what(found))
}

fn lock(value: &Dynamic) -> Result<String, String> {
    let text = value.as_immutable_string_ref().map_err(|_| expected("a name", value))?;
    if is_name(&text) { Ok(text.to_string()) } else { Err(format!("a lock's name is {NAME_RULE}")) }
}

fn overlap(value: &Dynamic) -> Result<Overlap, String> {
    let text = value.as_immutable_string_ref().map_err(|_| expected("a text", value))?;
    let known = OVERLAPS.iter().find(|(name, _)| *name == text.as_str());
    known
        .map(|(_, overlap)| *overlap)
        .ok_or_else(|| format!("`{}` is none of `skip`, `queue`, `cancel_old`", text.as_str()))
}

/// A duration above zero, as `"20m"`.
pub(super) fn timeout(value: &Dynamic) -> Result<Duration, String> {
    let text = value.as_immutable_string_ref().map_err(|_| expected("a duration such as \"30s\"", value))?;
    let parsed = duration::parse(&text).filter(|duration| !duration.is_zero());
    parsed.ok_or_else(|| format!("`{}` is no duration such as `30s`, `10m`, `1h` or `14d`", text.as_str()))
}

fn params(value: &Dynamic) -> Result<BTreeMap<String, Value>, (Vec<String>, String)> {
    let Some(map) = value.read_lock::<Map>() else {
        return Err(at_value(expected("a map of names and what they stand at", value)));
    };
    let params = map.iter().map(|(name, value)| match data::to_json(value) {
        Ok(json) => Ok((name.to_string(), json)),
        Err(error) => {
            let path = std::iter::once(name.to_string()).chain(error.path).collect();
            Err((path, format!("{} is no data", error.what)))
        }
    });
    params.collect()
}
