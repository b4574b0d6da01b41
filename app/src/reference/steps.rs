//! The kinds of step, by namespace.

use engine::registry::Registry;
use engine::script::{definitions, told};
use engine::step::{ANY, Kind, Shape, Slot};

use super::table;

const ABOUT: &str = "What a pipeline may call; [SCRIPTS.md](../SCRIPTS.md) tells how.";

pub(super) fn page(registry: &Registry) -> String {
    let namespaces = definitions::namespaces(registry);
    let parts: Vec<String> = namespaces.iter().map(|(name, kinds)| namespace(name, kinds)).collect();
    super::page("Steps", ABOUT, &parts.join("\n\n"))
}

fn namespace(name: &str, kinds: &[&Kind]) -> String {
    let kinds: Vec<String> = kinds.iter().map(|kind| of_kind(kind)).collect();
    format!("## {name}\n\n{}", kinds.join("\n\n"))
}

fn of_kind(kind: &Kind) -> String {
    let call = kind.kind.replacen('.', "::", 1);
    let gives = format!("Gives `{}`{}.", kind.output, split(kind));
    let mut text = format!("### {call}\n\n{}\n{}\n{gives}", kind.about, takes(&kind.slots));
    let keys = told::keys(kind);
    if !keys.is_empty() {
        let row = |key: told::Key| {
            let default = match key.default {
                _ if key.is_required => "needed".to_owned(),
                Some(default) => format!("`{default}`"),
                None => String::new(),
            };
            vec![format!("`{}`", key.name), key.what, default, key.about]
        };
        text.push_str("\n\n");
        text.push_str(&table(&["Key", "Takes", "Otherwise", ""], keys.into_iter().map(row)));
    }
    text
}

fn split(kind: &Kind) -> &'static str {
    if kind.split().is_some() { ", which `.for_each` can split" } else { "" }
}

fn takes(slots: &[Slot]) -> String {
    if slots.is_empty() {
        return "Takes no step.".to_owned();
    }
    let slots: Vec<String> = slots.iter().map(slot).collect();
    format!("Takes {}.", slots.join(", then "))
}

fn slot(slot: &Slot) -> String {
    let artifact = format!("`{}`", slot.artifact);
    match slot.shape {
        _ if slot.artifact == ANY => "any steps, one or an array of them".to_owned(),
        Shape::Plain => format!("a step that gives {artifact}"),
        Shape::Optional => format!("a step that gives {artifact}, or nothing"),
        Shape::Gather => format!("an array of steps that give {artifact}"),
    }
}
