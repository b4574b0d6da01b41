//! What must not occur, and where.

use super::tokens::{self, Token};
use super::{Finding, Source};

const ENVIRONMENT_READERS: [&str; 6] = ["var", "var_os", "vars", "vars_os", "set_var", "remove_var"];
const ENVIRONMENT_ROOMS: [&str; 4] = ["app/", "tests/", "bench/", "xtask/"];
const FIELD_WORDS: [&str; 2] = ["activity", "activities"];
const UNFINISHED: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];

pub(super) fn check(source: &Source) -> Vec<Finding> {
    let mut findings = field_words_in_engine(source);
    findings.extend(unfinished(source));
    let Some(Ok(_)) = &source.rust else { return findings };
    let Ok(stream) = source.text.parse() else { return findings };
    let tokens = tokens::flatten(stream);
    findings.extend(environment_outside_app(source, &tokens));
    findings.extend(rhai_outside_script(source, &tokens));
    findings.extend(ignored_tests(source, &tokens));
    findings
}

fn field_words_in_engine(source: &Source) -> Vec<Finding> {
    if !source.path.starts_with("engine/") {
        return Vec::new();
    }
    let lines = source.text.lines().zip(1..).filter(|(line, _)| names_the_field(line));
    lines
        .map(|(_, line)| Finding::new(&source.path, line, "the engine does not know what an activity is"))
        .collect()
}

fn names_the_field(line: &str) -> bool {
    let lower = line.to_ascii_lowercase();
    FIELD_WORDS.iter().flat_map(|word| lower.match_indices(word)).any(|(at, _)| begins_a_word(line, at))
}

/// True at the start of a word or of a part of a name, so that `inactivity` stays allowed.
fn begins_a_word(line: &str, at: usize) -> bool {
    let before = line[..at].chars().next_back();
    let first = line[at..].chars().next();
    match (before, first) {
        (Some(before), Some(first)) if before.is_alphabetic() => {
            before.is_lowercase() && first.is_uppercase()
        }
        _ => true,
    }
}

fn unfinished(source: &Source) -> Vec<Finding> {
    if source.path.ends_with(".md") {
        return Vec::new();
    }
    let lines = source.text.lines().zip(1..).filter(|(line, _)| is_unfinished(line));
    lines
        .map(|(_, line)| Finding::new(&source.path, line, "a note of what is missing needs its `#issue`"))
        .collect()
}

fn is_unfinished(line: &str) -> bool {
    let mut words = line.split(|letter: char| !letter.is_alphanumeric() && letter != '_' && letter != '#');
    words.any(|word| UNFINISHED.contains(&word)) && !line.contains('#')
}

fn environment_outside_app(source: &Source, tokens: &[Token]) -> Vec<Finding> {
    let is_test = source.path.contains("/tests/");
    if is_test || ENVIRONMENT_ROOMS.iter().any(|room| source.path.starts_with(room)) {
        return Vec::new();
    }
    let lines = ENVIRONMENT_READERS.iter().flat_map(|reader| tokens::lines_of(tokens, &["env", reader]));
    lines.map(|line| Finding::new(&source.path, line, "only `app` reads the environment")).collect()
}

fn rhai_outside_script(source: &Source, tokens: &[Token]) -> Vec<Finding> {
    let is_host = source.path.starts_with("engine/src/script/") || source.path == "engine/src/script.rs";
    if is_host {
        return Vec::new();
    }
    let lines = tokens.windows(2).filter(|pair| pair[0].text == "rhai" && pair[1].text == ":");
    lines.map(|pair| Finding::new(&source.path, pair[0].line, "only `engine::script` names `rhai`")).collect()
}

fn ignored_tests(source: &Source, tokens: &[Token]) -> Vec<Finding> {
    let lines = tokens.windows(2).filter(|pair| pair[0].text == "#" && pair[1].text == "ignore");
    lines
        .map(|pair| Finding::new(&source.path, pair[0].line, "no test is ignored: mend it or remove it"))
        .collect()
}
