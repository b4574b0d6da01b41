//! Files by which an editor knows what scripts may call, in the form that the language's own tools read.

use std::collections::BTreeMap;

use super::memory::Watch;
use super::sandbox::{self, Limits};
use super::told::{self, Form, METHODS, OPTIONS, Told, WORDS};
use crate::registry::Registry;
use crate::step::Kind;

/// How the name of such a file ends.
pub const ENDING: &str = ".d.rhai";
/// What the language has and scripts here do not; what they print goes nowhere.
const REFUSED: [&str; 4] = ["eval", "sleep", "print", "debug"];

/// The files by path, each with its text.
pub fn files(registry: &Registry) -> BTreeMap<String, String> {
    let mut files = BTreeMap::from([
        (format!("language{ENDING}"), of_language()),
        (format!("pipelines{ENDING}"), of_pipelines()),
    ]);
    for form in registry.script_forms() {
        files.insert(format!("{}{ENDING}", file_name(form)), of_form(form));
    }
    for (namespace, kinds) in namespaces(registry) {
        files.insert(format!("namespaces/{namespace}{ENDING}"), of_namespace(namespace, &kinds));
    }
    files
}

/// The names of the language's own functions that scripts may call, in order.
pub fn language_functions() -> Vec<String> {
    let definitions = of_language();
    let names = definitions.lines().filter_map(|line| line.strip_prefix("fn ")?.split('(').next());
    // Properties and operators are called otherwise.
    let mut names: Vec<String> = names.filter(|name| !name.contains(' ')).map(str::to_owned).collect();
    names.sort();
    names.dedup();
    names
}

/// The kinds of each namespace.
pub fn namespaces(registry: &Registry) -> BTreeMap<&'static str, Vec<&Kind>> {
    let mut namespaces: BTreeMap<&'static str, Vec<&Kind>> = BTreeMap::new();
    for kind in registry.kinds() {
        namespaces.entry(kind.path().0).or_default().push(kind);
    }
    namespaces
}

// Scripts of steps are no steps, whose files lie beside.
fn file_name(form: &Form) -> &'static str {
    if form.folder == told::STEPS.folder { "step_scripts" } else { form.folder }
}

/// What the language knows of itself, without what is refused.
fn of_language() -> String {
    let engine = sandbox::engine(&Limits::RULE, &Watch::start());
    let definitions = engine.definitions();
    let parts = [
        definitions.builtin_functions_operators(),
        definitions.builtin_functions(),
        definitions.static_module(),
    ];
    let parts = parts.map(|part| part.replace("\r\n", "\n"));
    let offered = parts.iter().flat_map(|part| part.split("\n\n")).filter(|it| is_offered(it));
    let mut entries: Vec<String> = Vec::new();
    for entry in offered.map(spelled) {
        // What takes each kind of number is told once for each, and reads the same.
        if entries.last() != Some(&entry) {
            entries.push(entry);
        }
    }
    format!("module static;\n\n{}\n", entries.join("\n\n").trim())
}

/// An entry as the language's tools read it: some functions do not say what they give, and some types end after a space.
fn spelled(entry: &str) -> String {
    let lines = entry.lines().map(|line| match line.strip_prefix("fn ") {
        Some(rest) => format!("fn {}", rest.replace("-> ;", "-> ?;").replace(" >", ">")),
        None => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn is_offered(entry: &str) -> bool {
    let name = entry.lines().find_map(|line| line.strip_prefix("fn ")?.split('(').next());
    // Nobody calls what stands behind `[…]` by its name, which an editor could not read.
    !entry.trim().is_empty() && name.is_none_or(|name| !REFUSED.contains(&name) && !name.contains('$'))
}

fn of_pipelines() -> String {
    let options: Vec<String> =
        OPTIONS.iter().map(|(name, about)| format!("/// * `{name}`: {about}")).collect();
    let words = WORDS.iter().map(|word| match word.parameters.last() {
        Some(("options", _)) => {
            format!("/// {}\n///\n{}\n{}", word.about, options.join("\n"), signature(word))
        }
        _ => definition(word),
    });
    let entries: Vec<String> = words.chain(METHODS.iter().map(definition)).collect();
    format!("module static;\n\n{}\n", entries.join("\n\n"))
}

fn of_form(form: &Form) -> String {
    let mut text = format!("// {}: {}\n//\n// Its author writes\n", form.what, lower(form.about));
    for told in form.writes {
        text.push_str(&format!("//   fn {told}\n//     {}\n", told.about));
    }
    text.push_str("\nmodule static;\n");
    for told in form.calls {
        text.push_str(&format!("\n{}\n", definition(told)));
    }
    text
}

fn of_namespace(namespace: &str, kinds: &[&Kind]) -> String {
    let entries: Vec<String> = kinds.iter().flat_map(|kind| of_kind(kind)).collect();
    format!("module {namespace};\n\n{}\n", entries.join("\n\n"))
}

/// The calls of a kind: with a configuration where it takes one, and without where it needs none.
fn of_kind(kind: &Kind) -> Vec<String> {
    let inputs: Vec<String> = told::inputs(kind).iter().map(|(name, is)| format!("{name}: {is}")).collect();
    let keys = told::keys(kind);
    let about = format!("/// {}\n///\n/// Gives `{}`.", kind.about, kind.output);
    let (_, function) = kind.path();
    let mut calls = Vec::new();
    if !keys.is_empty() {
        let lines: Vec<String> = keys.iter().map(|key| format!("/// {}", line(key))).collect();
        let parameters: Vec<&str> = inputs.iter().map(String::as_str).chain(["config: Map"]).collect();
        let call = format!("fn {function}({}) -> step;", parameters.join(", "));
        calls.push(format!("{about}\n///\n{}\n{call}", lines.join("\n")));
    }
    if !keys.iter().any(|key| key.is_required) {
        calls.push(format!("{about}\nfn {function}({}) -> step;", inputs.join(", ")));
    }
    calls
}

/// A key of a configuration as an item of a list.
fn line(key: &told::Key) -> String {
    let default = key.default.as_ref().map(|default| format!(", `{default}` where it is left out"));
    let needed = if key.is_required { ", needed" } else { "" };
    let what = format!("* `{}`, {}{needed}{}", key.name, key.what, default.unwrap_or_default());
    if key.about.is_empty() { format!("{what}.") } else { format!("{what}: {}", key.about) }
}

fn definition(told: &Told) -> String {
    format!("/// {}\n{}", told.about, signature(told))
}

fn signature(told: &Told) -> String {
    format!("fn {told};")
}

fn lower(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_scripts_may_call_is_defined_by_the_file_that_it_belongs_to() {
        let files = files(&Registry::default());
        let text = |path: &str| files.get(path).unwrap_or_else(|| panic!("{path} is missing"));
        assert!(
            text("pipelines.d.rhai").contains("fn retry(step: step, times: int, backoff: String) -> step;")
        );
        assert!(
            text("pipelines.d.rhai").contains("/// * `lock`: Runs with the same lock exclude each other.")
        );
        assert!(text("rules.d.rhai").contains("fn known(day: Map, path: String) -> bool;"));
        assert!(text("rules.d.rhai").contains("//   fn advise(day: Map) -> Map"));
        assert!(text("step_scripts.d.rhai").contains("//   fn fold(total: ?, item: ?) -> ?"));
        let script = text("namespaces/script.d.rhai");
        assert!(script.starts_with("module script;\n"), "{script}");
        assert!(script.contains("fn map(given: Array | step, config: Map) -> step;"), "{script}");
        assert!(script.contains("/// * `script`, a text, needed: The file"), "{script}");
        assert!(!script.contains("fn map(given: Array | step) -> step;"), "a key is needed");
    }

    #[test]
    fn the_language_is_defined_without_what_is_refused() {
        let names = language_functions();
        for name in ["abs", "filter", "keys", "to_upper", "type_of"] {
            assert!(names.iter().any(|known| known == name), "{name} is missing in {names:?}");
        }
        assert!(!names.iter().any(|name| name == "print" || name == "debug"), "{names:?}");
        assert!(!names.iter().any(|name| REFUSED.contains(&name.as_str())), "{names:?}");
        assert_eq!(files(&Registry::default())["language.d.rhai"].lines().next(), Some("module static;"));
    }
}
