//! Turns what the script language reports into mistakes with stable codes.

use std::collections::BTreeSet;

use rhai::{EvalAltResult, ParseError, ParseErrorType, Position};

use super::place::{Mistake, Place};
use super::vocabulary::METHODS;
use super::{Diagnostic, suggest};

/// What a script could have meant.
pub(super) struct Known<'a> {
    /// Kinds as scripts call them, `files::read`.
    pub calls: Vec<String>,
    /// Names of library files.
    pub modules: Vec<&'a str>,
    pub text: &'a str,
}

impl Known<'_> {
    /// Where no hints are wanted.
    pub(super) const NOTHING: Known<'static> = Known { calls: Vec::new(), modules: Vec::new(), text: "" };
}

/// The mistake behind a failed compilation.
pub(super) fn parsing(error: &ParseError, path: &str, known: &Known<'_>) -> Mistake {
    syntax(error.err_type(), &end_of_script(path, error.position(), known.text), known)
}

/// The mistake behind a failed evaluation, at the innermost place that is known.
pub(super) fn evaluation(error: &EvalAltResult, path: &str, known: &Known<'_>) -> Mistake {
    match error {
        EvalAltResult::ErrorInFunctionCall(_, source, inner, position) => {
            let path = if source.is_empty() { path } else { source };
            or_at(evaluation(inner, path, known), path, *position)
        }
        EvalAltResult::ErrorInModule(source, inner, _) if !source.is_empty() => {
            evaluation(inner, source, known)
        }
        EvalAltResult::ErrorInModule(_, inner, position) => {
            or_at(evaluation(inner, path, known), path, *position)
        }
        EvalAltResult::ErrorParsing(kind, position) => syntax(kind, &Place::new(path, *position), known),
        _ => running(error, &Place::new(path, error.position()), known),
    }
}

fn or_at(mistake: Mistake, path: &str, position: Position) -> Mistake {
    if mistake.place.line > 0 { mistake } else { Mistake { place: Place::new(path, position), ..mistake } }
}

/// The code of every stop by a limit; the message says which.
pub(super) const LIMIT: &str = "script_limit";

/// A stop by a limit.
pub(super) fn limit(place: &Place, which: &str) -> Mistake {
    Mistake::new(LIMIT, place.clone(), format!("{LIMIT}: {which}"))
}

/// A stop that was asked for; it ends a script inside a call as well.
pub(super) const CANCELLED: &str = "script_cancelled";

pub(super) const TIME: &str = "time";
const NO_THREAD: &str = "the script could not be evaluated";

/// The system gave no thread to evaluate on, or the evaluation broke down.
pub(super) fn no_thread(path: &str) -> Mistake {
    Mistake::new("script_error", Place::new(path, Position::NONE), NO_THREAD)
}

/// What the script held cannot be freed: a closure is part of what it captured.
pub(super) fn holds_itself(place: &Place) -> Mistake {
    limit(place, "memory: a closure holds itself")
}

/// Whether the same script may come to an end another time: a busy machine is no mistake of the script.
pub(super) fn may_pass(found: &Diagnostic) -> bool {
    found.message == NO_THREAD || found.message == format!("{LIMIT}: {TIME}")
}

fn syntax(kind: &ParseErrorType, place: &Place, known: &Known<'_>) -> Mistake {
    let mistake = |code, message: String| Mistake::new(code, place.clone(), message);
    match kind {
        ParseErrorType::VariableUndefined(name) => {
            mistake("unknown_variable", format!("unknown variable `{name}`"))
                .hint(suggest::hint(name, declared(known.text)))
        }
        ParseErrorType::ModuleUndefined(name) => {
            mistake("unknown_namespace", format!("unknown namespace `{name}`"))
                .hint(suggest::hint(name, namespaces(known)))
        }
        ParseErrorType::ExprTooDeep => limit(place, "depth"),
        ParseErrorType::TooManyFunctions => limit(place, "functions"),
        ParseErrorType::LiteralTooLarge(what, _) => limit(place, size_of(what)),
        _ => mistake("script_syntax", lower(&kind.to_string())),
    }
}

fn running(error: &EvalAltResult, place: &Place, known: &Known<'_>) -> Mistake {
    let mistake = |code, message: String| Mistake::new(code, place.clone(), message);
    match error {
        EvalAltResult::ErrorVariableNotFound(name, _) => {
            mistake("unknown_variable", format!("unknown variable `{name}`"))
        }
        EvalAltResult::ErrorPropertyNotFound(name, _) => {
            mistake("unknown_property", format!("unknown property `{name}`"))
        }
        EvalAltResult::ErrorFunctionNotFound(signature, _) => unknown_function(signature, place, known),
        EvalAltResult::ErrorModuleNotFound(name, _) => {
            mistake("unknown_module", format!("no file `{name}` in the script library"))
                .hint(suggest::hint(name, known.modules.iter().copied()))
        }
        EvalAltResult::ErrorTooManyOperations(_) => limit(place, "operations"),
        EvalAltResult::ErrorTooManyVariables(_) => limit(place, "variables"),
        EvalAltResult::ErrorTooManyModules(_) => limit(place, "modules"),
        EvalAltResult::ErrorStackOverflow(_) => limit(place, "calls"),
        EvalAltResult::ErrorDataTooLarge(what, _) => limit(place, size_of(what)),
        EvalAltResult::ErrorTerminated(which, _) if which.to_string() == CANCELLED => {
            mistake(CANCELLED, "it was stopped".to_owned())
        }
        EvalAltResult::ErrorTerminated(which, _) => limit(place, &which.to_string()),
        EvalAltResult::ErrorRuntime(what, _) => mistake("script_error", what.to_string()),
        _ => mistake("script_error", without_position(error)),
    }
}

fn unknown_function(signature: &str, place: &Place, known: &Known<'_>) -> Mistake {
    let (name, arguments) = signature.split_once(" (").unwrap_or((signature, ""));
    if let Some((namespace, _)) = name.split_once("::")
        && namespaces(known).contains(namespace)
    {
        return Mistake::new("unknown_step", place.clone(), format!("unknown step `{name}`"))
            .hint(suggest::hint(name, known.calls.iter().map(String::as_str)));
    }
    if arguments.trim_end_matches(')').split(", ").next() == Some("step") {
        let message = format!("a step has no method `{name}`");
        let methods = format!("a step has `.{}`", METHODS.join("`, `."));
        return Mistake::new("unknown_method", place.clone(), message)
            .hint(suggest::hint(name, METHODS).unwrap_or(methods));
    }
    Mistake::new("unknown_function", place.clone(), format!("unknown function `{signature}`"))
}

fn namespaces<'a>(known: &'a Known<'_>) -> BTreeSet<&'a str> {
    known.calls.iter().filter_map(|call| call.split_once("::")).map(|(namespace, _)| namespace).collect()
}

/// The names after `let` and `const`, for hints only.
fn declared(text: &str) -> Vec<&str> {
    let words: Vec<_> =
        text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty()).collect();
    words.windows(2).filter(|pair| matches!(pair[0], "let" | "const")).map(|pair| pair[1]).collect()
}

fn size_of(what: &str) -> &'static str {
    let what = what.to_lowercase();
    ["string", "array", "map", "blob"].into_iter().find(|size| what.contains(size)).unwrap_or("size")
}

fn without_position(error: &EvalAltResult) -> String {
    let text = error.to_string();
    lower(text.rsplit_once(" (line ").map_or(text.as_str(), |(message, _)| message))
}

/// Messages begin in lower case here, and are one line.
fn lower(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let mut characters = line.chars();
    characters.next().map(|first| first.to_lowercase().chain(characters).collect()).unwrap_or_default()
}

/// A script that ends too early has no position of its own: its last line stands for it.
fn end_of_script(path: &str, position: Position, text: &str) -> Place {
    if !position.is_none() {
        return Place::new(path, position);
    }
    let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let last = text.lines().last().unwrap_or_default();
    Place {
        path: path.to_owned(),
        line: count(text.lines().count().max(1)),
        column: count(last.chars().count().max(1)),
    }
}
