//! `pool(name, #{ … })`: how large a pool is, in one place for all pipelines.

use rhai::{Dynamic, Map, Module};

use super::header::{NAME_RULE, expected, is_name, timeout};
use super::variadic;
use crate::pool::{Rate, Size};
use crate::script::data::what;
use crate::script::draft::{Draft, SharedDraft};
use crate::script::place::{Mistake, Part, Place};
use crate::script::suggest;
use crate::script::ties::{Bond, Loose};

const KEYS: [&str; 3] = ["slots", "calls", "per"];
/// More than any upstream takes.
const MOST: u32 = 1_000_000;

pub(super) fn register(module: &mut Module, draft: &SharedDraft) {
    let draft = draft.clone();
    variadic(module, "pool", &[], move |place, arguments| {
        say(&mut draft.lock(), &place, &arguments);
        Dynamic::UNIT
    });
}

fn say(draft: &mut Draft, place: &Place, arguments: &[Dynamic]) {
    let mistake = |code, message: String| Mistake::new(code, place.clone(), message);
    let [name, sizes] = arguments else {
        let message = "expected `pool(name, #{ slots: 2, calls: 100, per: \"15m\" })`".to_owned();
        draft.mistakes.push(mistake("invalid_argument", message));
        return;
    };
    let name = name.as_immutable_string_ref().map_or_else(|_| String::new(), |name| name.to_string());
    if !is_name(&name) {
        let message = format!("a pool's name is {NAME_RULE}");
        draft.mistakes.push(mistake("invalid_argument", message).at(Part::Argument(0)));
        return;
    }
    let is_sized = |loose: &Loose| matches!(loose.bond, Bond::Sizes(_)) && loose.name == name;
    if draft.ties.iter().any(is_sized) {
        draft.mistakes.push(mistake("pool_twice", format!("pool `{name}` is sized a second time")));
        return;
    }
    let mut found = Vec::new();
    let size = sizes.read_lock::<Map>().map(|map| read(&map, &mut found));
    let Some(size) = size else {
        let message = expected("a map of sizes such as `#{ slots: 2 }`", sizes);
        draft.mistakes.push(mistake("invalid_argument", message).at(Part::Argument(1)));
        return;
    };
    draft.mistakes.extend(
        found.into_iter().map(|(part, code, message, hint)| mistake(code, message).at(part).hint(hint)),
    );
    let place = Mistake::new("", place.clone(), "").at(Part::Argument(0));
    draft.ties.push(Loose { bond: Bond::Sizes(size), name, place });
}

type Found = Vec<(Part, &'static str, String, Option<String>)>;

fn read(map: &Map, found: &mut Found) -> Size {
    for key in map.keys().filter(|key| !KEYS.contains(&key.as_str())) {
        let message = format!("unknown option `{key}`, expected one of `{}`", KEYS.join("`, `"));
        found.push((Part::Key(vec![key.to_string()]), "unknown_option", message, suggest::hint(key, KEYS)));
    }
    let mut at_value = |key: &str, message: String| {
        found.push((
            Part::Value(vec![key.to_owned()]),
            "invalid_option",
            format!("`{key}`: {message}"),
            None,
        ));
    };
    let slots = number(map, "slots", &mut at_value);
    let calls = number(map, "calls", &mut at_value);
    let per = map.get("per").and_then(|per| timeout(per).map_err(|message| at_value("per", message)).ok());
    let has = |key: &str| map.contains_key(key);
    let half = |key: &str, missing: &str| {
        let message = format!("`{key}` needs `{missing}`: so many calls in each window of that length");
        (Part::Key(vec![key.to_owned()]), "invalid_option", message, None)
    };
    match (has("calls"), has("per")) {
        (true, false) => found.push(half("calls", "per")),
        (false, true) => found.push(half("per", "calls")),
        (false, false) if !has("slots") => {
            let message = "a pool limits something: `slots`, or `calls` and `per`, or all of them";
            found.push((Part::Map(Vec::new()), "invalid_option", message.to_owned(), None));
        }
        _ => {}
    }
    Size { slots, rate: calls.zip(per).map(|(calls, per)| Rate { calls, per }) }
}

/// A number that lets at least one through: a pool that nobody can ever get would hold its runs for ever.
fn number(map: &Map, key: &str, wrong: &mut impl FnMut(&str, String)) -> Option<u32> {
    let value = map.get(key)?;
    let Ok(number) = value.as_int() else {
        wrong(key, format!("expected an integer, found {}", what(value)));
        return None;
    };
    let fits = u32::try_from(number).ok().filter(|number| (1..=MOST).contains(number));
    if fits.is_none() {
        wrong(key, format!("{number} is not between 1 and {MOST}"));
    }
    fits
}
