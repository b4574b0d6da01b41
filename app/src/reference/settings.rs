//! All variables by name, as `docs/CONFIGURATION.md` describes them.

use std::collections::BTreeSet;
use std::fs;

use super::{root, text_of};

const ABOUT: &str = "All settings by name; [CONFIGURATION.md](../CONFIGURATION.md) tells more of most.";
const PREFIX: &str = "FITNESS_";

pub(super) fn page(document: &str) -> String {
    let mut rows: Vec<String> = rows(document).map(at_home).collect();
    rows.sort();
    let body = format!("| Variable | Default | What it sets |\n|---|---|---|\n{}", rows.join("\n"));
    super::page("Settings", ABOUT, &body)
}

/// The rows of tables that describe a variable.
fn rows(document: &str) -> impl Iterator<Item = &str> {
    document.lines().filter(|line| line.starts_with(&format!("| `{PREFIX}")))
}

/// A link is relative to the page that it stands on.
fn at_home(row: &str) -> String {
    let row = row.replace("](#", "](../CONFIGURATION.md#");
    let parts: Vec<&str> = row.split("](").collect();
    let moved = parts.iter().enumerate().map(|(index, part)| {
        let is_near = index > 0 && !part.starts_with("../") && !part.starts_with("http");
        if is_near { format!("../{part}") } else { (*part).to_owned() }
    });
    moved.collect::<Vec<_>>().join("](")
}

/// The names of variables in a text.
fn names(text: &str) -> BTreeSet<&str> {
    let is_part = |letter: char| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_';
    let words = text.split(|letter: char| !is_part(letter));
    words.filter(|word| word.strip_prefix(PREFIX).is_some_and(|rest| !rest.is_empty())).collect()
}

#[test]
fn every_variable_that_the_program_reads_is_described() {
    let document = text_of("docs/CONFIGURATION.md");
    let described = names(&document);
    for source in sources() {
        let text = text_of(&source);
        let missing: Vec<&str> = names(&text).difference(&described).copied().collect();
        assert!(missing.is_empty(), "docs/CONFIGURATION.md says nothing of {missing:?} in {source}");
    }
}

/// Where the environment is read, whatever files that is divided into.
fn sources() -> Vec<String> {
    let folder = "app/src/config";
    let parts = fs::read_dir(root().join(folder)).unwrap().map(|file| file.unwrap().file_name());
    let parts: Vec<String> = parts.map(|name| format!("{folder}/{}", name.to_string_lossy())).collect();
    assert!(parts.iter().all(|part| part.ends_with(".rs")), "{parts:?} has folders as well");
    parts.into_iter().chain([format!("{folder}.rs")]).collect()
}

#[test]
fn a_link_leads_to_where_it_led() {
    let row = "| `FITNESS_X` | none | [one](#a), [two](API.md#b) and [three](https://x.org). |";
    let links = "[one](../CONFIGURATION.md#a), [two](../API.md#b) and [three](https://x.org)";
    let wanted = format!("| `FITNESS_X` | none | {links}. |");
    assert_eq!(at_home(row), wanted);
}
