//! What the folders below `scripts/` hold: rules, what a pipeline imports, and what plugins ask.

use super::Diagnostic;
use super::library::{Library, script_folder};
use super::rule::Rule;
use super::{item, suggest};
use crate::registry::Registry;

/// The folder of rules.
pub(crate) const RULES: &str = "rules";
/// The folder of what pipelines import.
pub(crate) const LIB: &str = "lib";
/// The folder of what steps are made of.
pub(crate) const STEPS: &str = "steps";

/// Says what is wrong with a script: the plugin that asks those of a folder knows their form.
pub type ScriptCheck = fn(path: &str, text: &str) -> Vec<Diagnostic>;

/// Says which scripts of a library are in the way of others, although each is in order by itself.
pub type ConflictCheck = fn(&Library) -> Vec<Diagnostic>;

/// Scripts that are in the way of others. They stay in force, and nothing is wrong with their texts. Runs script code.
pub fn conflicts(registry: &Registry, library: &Library) -> Vec<Diagnostic> {
    registry.conflict_checks().flat_map(|check| check(library)).collect()
}

/// Everything that is wrong with a script of a library, by the folder that it lies in. Runs script code.
pub(super) fn mistakes(registry: &Registry, path: &str, text: &str) -> Vec<Diagnostic> {
    mistakes_in(registry, script_folder(path).unwrap_or_default(), path, text)
}

/// Everything that is wrong with a script as one of a folder below `scripts/`. Runs script code.
pub fn mistakes_in(registry: &Registry, folder: &str, path: &str, text: &str) -> Vec<Diagnostic> {
    if folder == RULES {
        let proven = Rule::compile(path, text).and_then(|rule| rule.prove_as(registry.advice_check()));
        return proven.err().unwrap_or_default();
    }
    if folder == STEPS {
        return item::mistakes(path, text);
    }
    match registry.script_check(folder) {
        Some(check) => check(path, text),
        None => vec![unknown_folder(registry, path, folder)],
    }
}

fn unknown_folder(registry: &Registry, path: &str, folder: &str) -> Diagnostic {
    let known: Vec<&str> = registry.script_folders().collect();
    let message =
        format!("nobody asks scripts in `scripts/{folder}`, only those in `{}`", known.join("`, `"));
    let mut found = Diagnostic::of_file("script_unknown_folder", path, message);
    found.hint = suggest::hint(folder, known);
    found
}
