//! The pages of `docs/reference`, which are made from the program and held to it by a test.
//!
//! `PACELINE_UPDATE_REFERENCE=1 cargo nextest run -p paceline reference` writes them anew.

mod errors;
mod functions;
mod scripts;
mod settings;
mod steps;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::config::Config;
use crate::program;

const FOLDER: &str = "docs/reference";
const UPDATE: &str = "PACELINE_UPDATE_REFERENCE";

/// The workspace.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn text_of(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Each page with the name of its file.
fn pages() -> Vec<(&'static str, String)> {
    let registry = program::registry(&Config::read(|_| None).unwrap()).unwrap();
    vec![
        ("configuration.md", settings::page(&text_of("docs/CONFIGURATION.md"))),
        ("errors.md", errors::page(&text_of("docs/ERRORS.md"))),
        ("functions.md", functions::page(&registry)),
        ("metrics.md", scripts::metrics()),
        ("rules.md", scripts::rules()),
        ("steps.md", steps::page(&registry)),
    ]
}

/// A page that says of itself where it comes from.
fn page(title: &str, about: &str, body: &str) -> String {
    let made = "This page is made from the program and is not changed by hand.";
    format!("# {title}\n\n{about}\n{made}\n\n{}\n", body.trim())
}

/// A table, whose cells may hold anything.
fn table(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let line = |cells: Vec<String>| format!("| {} |", cells.join(" | "));
    let mut lines = vec![line(head.iter().map(|cell| (*cell).to_owned()).collect())];
    lines.push(format!("|{}", "---|".repeat(head.len())));
    for row in rows {
        lines.push(line(row.iter().map(|cell| cell.replace('|', "\\|").replace('\n', " ")).collect()));
    }
    lines.join("\n")
}

#[expect(clippy::disallowed_methods, reason = "who changes the reference asks for it by the environment")]
fn is_update() -> bool {
    std::env::var_os(UPDATE).is_some_and(|value| value == "1")
}

#[test]
fn the_reference_is_in_step_with_the_program() {
    let folder = root().join(FOLDER);
    let pages = pages();
    if is_update() {
        fs::create_dir_all(&folder).unwrap();
        pages.iter().for_each(|(name, text)| fs::write(folder.join(name), text).unwrap());
    }
    let update = format!("`{UPDATE}=1 cargo nextest run -p paceline reference` writes it anew");
    for (name, text) in &pages {
        let kept = fs::read_to_string(folder.join(name)).unwrap_or_default();
        let differs =
            text.lines().zip(kept.lines().chain(std::iter::repeat(""))).find(|(new, old)| new != old);
        assert!(kept == *text, "{FOLDER}/{name} is not in step, first at {differs:?}: {update}");
    }
    let known: BTreeSet<&str> = pages.iter().map(|(name, _)| *name).collect();
    for file in fs::read_dir(&folder).unwrap() {
        let name = file.unwrap().file_name().to_string_lossy().into_owned();
        assert!(known.contains(name.as_str()), "{FOLDER}/{name} is made by nobody");
    }
}

#[test]
fn a_cell_cannot_break_its_table() {
    let shown = table(&["A", "B"], [vec!["x | y".to_owned(), "1\n2".to_owned()]]);
    assert_eq!(shown, "| A | B |\n|---|---|\n| x \\| y | 1 2 |");
}
