//! A rule's examples, which prove that it says what it is meant to say.

use rhai::{Array, Dynamic, Map};

use super::{Outcome, Rule, Subject, engine};
use crate::registry::AdviceCheck;
use crate::script::Diagnostic;
use crate::script::memory::Watch;
use crate::script::place::{Mistake, Place};

/// What an example says must come out.
enum Expected {
    Pick(String),
    Silent,
}

/// Everything in which the rule and its examples differ.
pub(super) fn mistakes(rule: &Rule, advice: AdviceCheck) -> Vec<Mistake> {
    let watch = Watch::start();
    let examples = match rule.formula.call(&engine(&watch), "examples", ()) {
        Ok(examples) => examples,
        Err(mistake) => return vec![*mistake],
    };
    let Some(examples) = examples.read_lock::<Array>() else {
        return vec![mistake(rule, None, "`examples` answers an array of maps".to_owned())];
    };
    let places = rule.formula.example_places();
    let mut mistakes = Vec::new();
    let (mut speaks, mut silent) = (false, false);
    for (index, example) in examples.iter().enumerate() {
        let place = places.get(index).cloned();
        match read(example) {
            Ok((day, expected)) => {
                speaks |= matches!(expected, Expected::Pick(_));
                silent |= matches!(expected, Expected::Silent);
                let found = match rule.evaluate_here(&Subject(day), &Watch::start()) {
                    // What stopped the rule stands there, and not in the example.
                    Outcome::Failed(found) if found.line > 0 => Some(stopped(found)),
                    outcome => {
                        difference(&expected, outcome, advice).map(|message| mistake(rule, place, message))
                    }
                };
                mistakes.extend(found);
            }
            Err(message) => mistakes.push(mistake(rule, place, message)),
        }
    }
    if mistakes.is_empty() && !(speaks && silent) {
        let message = "a rule proves itself by a day on which it speaks and one on which it is silent";
        mistakes.push(mistake(rule, None, message.to_owned()));
    }
    mistakes
}

fn mistake(rule: &Rule, place: Option<Place>, message: String) -> Mistake {
    Mistake::new("rule_unproven", place.unwrap_or_else(|| rule.formula.function_place("examples")), message)
}

fn stopped(found: Diagnostic) -> Mistake {
    let place = Place { path: found.path, line: found.line, column: found.column };
    Mistake::new(found.code, place, found.message).hint(found.hint)
}

fn read(example: &Dynamic) -> Result<(Dynamic, Expected), String> {
    let form = "an example is `#{ day: #{ … }, pick: \"…\" }` or `#{ day: #{ … }, silent: true }`";
    let example = example.read_lock::<Map>().ok_or(form)?;
    if let Some(key) = example.keys().find(|key| !["day", "pick", "silent"].contains(&key.as_str())) {
        return Err(format!("unknown key `{key}`: {form}"));
    }
    let day = example.get("day").filter(|day| day.is::<Map>()).ok_or(form)?;
    let expected = match (example.get("pick"), example.get("silent").map(Dynamic::as_bool)) {
        (Some(pick), None | Some(Ok(false))) => {
            let pick = pick.as_immutable_string_ref().map_err(|_| form)?;
            Expected::Pick(pick.to_string())
        }
        (None, None | Some(Ok(true))) => Expected::Silent,
        _ => return Err(form.to_owned()),
    };
    Ok((day.clone(), expected))
}

fn difference(expected: &Expected, outcome: Outcome, fits: AdviceCheck) -> Option<String> {
    let found = match outcome {
        Outcome::Silent if matches!(expected, Expected::Silent) => return None,
        Outcome::Silent => "the rule is silent".to_owned(),
        Outcome::Missing(paths) => format!("missing day.{}", paths.join(", day.")),
        Outcome::Failed(diagnostic) => diagnostic.message,
        Outcome::Advice(advice) => {
            let pick = advice["pick"].as_str().unwrap_or_default();
            match expected {
                Expected::Pick(wanted) if wanted == pick => {
                    return fits(&advice).err().map(|why| format!("what it advises does not fit: {why}"));
                }
                _ => format!("the rule picks `{pick}`"),
            }
        }
    };
    let wanted = match expected {
        Expected::Pick(pick) => format!("expected it to pick `{pick}`"),
        Expected::Silent => "expected it to be silent".to_owned(),
    };
    Some(format!("{found}, {wanted}"))
}
