//! All error codes by name, each with the sentence that `docs/ERRORS.md` begins with.

use super::table;

const ABOUT: &str = "All error codes by name; [ERRORS.md](../ERRORS.md) explains each and says what to do.";
/// What stands alone before the sentence, besides a status of HTTP.
const BEFORE: [&str; 6] = [
    "A warning.",
    "A warning at an activity.",
    "Only on the command line.",
    "The attempt failed.",
    "The step waits.",
    "The run failed.",
];
const EXIT: &str = "Exit code ";

pub(super) fn page(document: &str) -> String {
    let mut rows = rows(document);
    rows.sort();
    super::page("Error codes", ABOUT, &table(&["Code", "Of", ""], rows))
}

fn rows(document: &str) -> Vec<Vec<String>> {
    let (mut rows, mut section, mut code) = (Vec::new(), String::new(), None);
    for line in document.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            title.clone_into(&mut section);
        } else if let Some(found) = line.strip_prefix("### `").and_then(|rest| rest.strip_suffix('`')) {
            code = Some(found.to_owned());
        } else if !line.is_empty()
            && !BEFORE.contains(&line)
            && !line.starts_with(|first: char| first.is_ascii_digit())
            && !line.starts_with(EXIT)
            && let Some(code) = code.take()
        {
            rows.push(vec![format!("[`{code}`](../ERRORS.md#{code})"), section.clone(), moved(line)]);
        }
    }
    rows
}

/// A line whose links lead on from a folder further down.
fn moved(line: &str) -> String {
    let mut parts = line.split("](");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        let above = match part.as_bytes().first() {
            _ if part.starts_with("http") => "",
            Some(b'#') => "../ERRORS.md",
            _ => "../",
        };
        text + "](" + above + part
    })
}

#[test]
fn links_lead_on_from_another_folder() {
    let line = "See [A](A.md#b), [c](#c) and [D](https://d.example).";
    assert_eq!(moved(line), "See [A](../A.md#b), [c](../ERRORS.md#c) and [D](https://d.example).");
}

#[test]
fn a_code_is_told_by_its_first_sentence() {
    let code = "### `file_empty`\n\n422.\nA warning.\nThe file has no bytes.\nMore.\n";
    let document = format!("# E\n\n## Files\n\nText of a section.\n\n{code}");
    let wanted = ["[`file_empty`](../ERRORS.md#file_empty)", "Files", "The file has no bytes."];
    assert_eq!(rows(&document), [wanted.map(str::to_owned).to_vec()]);
}

#[test]
fn no_code_is_told_by_what_stands_before_its_sentence() {
    let document = super::text_of("docs/ERRORS.md");
    let rows = rows(&document);
    assert!(rows.len() > 100, "{} codes", rows.len());
    for row in &rows {
        let sentence = &row[2];
        let is_before = [EXIT, "A warning", "Only on"].iter().any(|before| sentence.starts_with(before));
        assert!(!is_before && sentence.split_whitespace().count() > 3, "{}: {sentence}", row[0]);
    }
    let codes = document.lines().filter(|line| line.starts_with("### `")).count();
    assert_eq!(rows.len(), codes, "a code has no sentence");
}
