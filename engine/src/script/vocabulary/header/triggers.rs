//! What starts a pipeline by itself: `every` or `cron`, and `after` another one.

use jiff::tz::TimeZone;
use rhai::{Array, Dynamic, Map};

use super::{Found, at_value, expected, is_name, timeout};
use crate::plan::Options;
use crate::schedule::{CatchUp, Cron, Schedule, Timing, WrongCron};
use crate::script::place::Part;
use crate::script::suggest;

pub(super) const OPTIONS: [&str; 7] =
    ["every", "cron", "timezone", "catch_up", "catch_up_limit", "connection", "after"];
/// What only means something beside a schedule.
const OF_SCHEDULE: [&str; 4] = ["timezone", "catch_up", "catch_up_limit", "connection"];
const CATCH_UP_LIMIT: u32 = 24;
const CATCH_UP_MOST: u32 = 1_000;

/// Reads them all at once, because some exclude or need each other.
pub(super) fn read(map: &Map, options: &mut Options, found: &mut Found) {
    options.schedule = schedule(map, found);
    options.connection = map.get("connection").and_then(|value| {
        let name = value.as_immutable_string_ref().ok().filter(|text| is_name(text));
        if name.is_none() {
            let message = format!("`connection`: {}", expected("a name such as \"strava\"", value));
            found.push((Part::Value(vec!["connection".to_owned()]), "invalid_option", message, None));
        }
        name.map(|name| name.to_string())
    });
    if let Some(value) = map.get("after") {
        options.after = names(value).unwrap_or_else(|(path, message)| {
            let path = std::iter::once("after".to_owned()).chain(path).collect();
            found.push((Part::Value(path), "invalid_option", format!("`after`: {message}"), None));
            Vec::new()
        });
    }
}

fn schedule(map: &Map, found: &mut Found) -> Option<Schedule> {
    let mut wrong = |key: &str, code, message, hint| {
        found.push((Part::Value(vec![key.to_owned()]), code, message, hint));
    };
    let every = map.get("every").and_then(|value| {
        let period = timeout(value).map_err(|message| format!("`every`: {message}"));
        period.map_err(|message| wrong("every", "invalid_option", message, None)).ok()
    });
    let cron = map.get("cron").and_then(|value| {
        cron(value).map_err(|(code, message)| wrong("cron", code, format!("`cron`: {message}"), None)).ok()
    });
    let time_zone = map.get("timezone").and_then(|value| {
        let zone = zone(value);
        let tell = |(code, message, hint)| wrong("timezone", code, format!("`timezone`: {message}"), hint);
        zone.map_err(tell).ok()
    });
    let catch_up = catch_up(map, &mut |key, message| {
        wrong(key, "invalid_option", format!("`{key}`: {message}"), None);
    });
    combined(map, found);
    let timing = every.map(Timing::Every).or(cron.map(|cron| Timing::Cron(Box::new(cron))))?;
    Some(Schedule { timing, time_zone, catch_up })
}

/// Options that cannot stand together, or not alone.
fn combined(map: &Map, found: &mut Found) {
    let mut wrong = |key: &str, code, message: String| {
        found.push((Part::Key(vec![key.to_owned()]), code, message, None));
    };
    let (every, cron) = (map.contains_key("every"), map.contains_key("cron"));
    if every && cron {
        wrong(
            "cron",
            "schedule_twice",
            "`every` and `cron` exclude each other: one schedule each".to_owned(),
        );
    }
    for key in OF_SCHEDULE.into_iter().filter(|key| map.contains_key(*key)) {
        match key {
            "timezone" if every && !cron => {
                let message = "`timezone` goes with `cron`: `every` counts real time".to_owned();
                wrong(key, "invalid_option", message);
            }
            _ if !every && !cron => {
                wrong(key, "invalid_option", format!("`{key}` needs `every` or `cron`"));
            }
            _ => {}
        }
    }
}

fn cron(value: &Dynamic) -> Result<Cron, (&'static str, String)> {
    let wanted = "a pattern such as \"30 4 * * *\"";
    let text = value.as_immutable_string_ref().map_err(|_| ("invalid_option", expected(wanted, value)))?;
    let wrong = |error: WrongCron| ("invalid_cron", error.to_string());
    Cron::parse(&text).map_err(wrong)
}

type WrongZone = (&'static str, String, Option<String>);

fn zone(value: &Dynamic) -> Result<TimeZone, WrongZone> {
    let wanted = "a time zone such as \"Europe/Berlin\"";
    let text =
        value.as_immutable_string_ref().map_err(|_| ("invalid_option", expected(wanted, value), None))?;
    TimeZone::get(&text).map_err(|_| {
        let names: Vec<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
        let hint = suggest::hint(&text, names.iter().map(String::as_str));
        ("unknown_time_zone", format!("`{}` is no time zone such as `Europe/Berlin`", text.as_str()), hint)
    })
}

fn catch_up(map: &Map, wrong: &mut impl FnMut(&str, String)) -> CatchUp {
    let limit = map.get("catch_up_limit").and_then(|value| {
        let limit = limit(value);
        limit.map_err(|message| wrong("catch_up_limit", message)).ok()
    });
    let Some(value) = map.get("catch_up") else { return CatchUp::None };
    let word = value.as_immutable_string_ref().map(|word| word.to_string());
    match word.as_deref() {
        Ok("none") => CatchUp::None,
        Ok("last") => CatchUp::Last,
        Ok("all") => CatchUp::All { limit: limit.unwrap_or(CATCH_UP_LIMIT) },
        Ok(other) => {
            wrong("catch_up", format!("`{other}` is none of `none`, `last`, `all`"));
            CatchUp::None
        }
        Err(_) => {
            wrong("catch_up", expected("a text", value));
            CatchUp::None
        }
    }
}

fn limit(value: &Dynamic) -> Result<u32, String> {
    let number = value.as_int().map_err(|_| expected("an integer", value))?;
    let limit = u32::try_from(number).ok().filter(|limit| (1..=CATCH_UP_MOST).contains(limit));
    limit.ok_or_else(|| format!("{number} is not between 1 and {CATCH_UP_MOST}"))
}

/// The name of a pipeline, or a list of them.
fn names(value: &Dynamic) -> Result<Vec<String>, (Vec<String>, String)> {
    let Some(items) = value.read_lock::<Array>() else {
        return Ok(vec![name(value).map_err(at_value)?]);
    };
    let name = |(index, item)| name(item).map_err(|message| (vec![format!("{index}")], message));
    items.iter().enumerate().map(name).collect()
}

fn name(value: &Dynamic) -> Result<String, String> {
    let text = value.as_immutable_string_ref().map_err(|_| expected("the name of a pipeline", value))?;
    if is_name(&text) {
        Ok(text.to_string())
    } else {
        Err(format!("a pipeline's name is {}", super::NAME_RULE))
    }
}
