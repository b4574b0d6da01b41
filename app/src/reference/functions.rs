//! The functions that scripts may call, and those that they consist of.

use engine::registry::Registry;
use engine::script::definitions;
use engine::script::told::{Form, METHODS, OPTIONS, Told, WORDS};

use super::table;

const ABOUT: &str = "What scripts may call, and what they consist of.\n\
    `?` stands for any value, `FnPtr` for a closure, `step` for what a step's call answers.\n\
    `paceline definitions` writes the same for an editor.";

pub(super) fn page(registry: &Registry) -> String {
    let options = OPTIONS.iter().map(|(name, about)| vec![format!("`{name}`"), (*about).to_owned()]);
    let mut parts = vec![
        format!("## Pipelines\n\n{}", functions(WORDS)),
        format!("### Options of `pipeline`\n\n{}", table(&["Option", ""], options)),
        format!("### What can be said of a step\n\n{}", functions(METHODS)),
    ];
    parts.extend(registry.script_forms().map(form));
    parts.push(language());
    super::page("Functions of scripts", ABOUT, &parts.join("\n\n"))
}

fn functions(told: &[Told]) -> String {
    let row = |told: &Told| vec![format!("`{told}`"), told.about.to_owned()];
    table(&["Function", ""], told.iter().map(row))
}

fn form(form: &Form) -> String {
    let title = format!("## `scripts/{}`", form.folder);
    let mut text = format!("{title}\n\n{}: {}\n\n{}", form.what, lower(form.about), functions(form.writes));
    if !form.calls.is_empty() {
        text.push_str(&format!("\n\nBeside the language it may call\n\n{}", functions(form.calls)));
    }
    text
}

fn language() -> String {
    let names = definitions::language_functions();
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    format!(
        "## The language\n\nThe functions of [Rhai](https://rhai.rs/book/) that all scripts have:\n{}.",
        names.join(", ")
    )
}

fn lower(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}
