//! The rules and metrics that come with the program.

use engine::script::Library;
use engine::script::rule;

use super::{root, table};

pub(super) fn rules() -> String {
    let listed = rule::listed(&shipped(), "rules/*.rhai");
    let rows = listed.into_iter().map(|rule| {
        let inputs: Vec<String> = rule.inputs.iter().map(|input| format!("`{input}`")).collect();
        vec![format!("`{}`", rule.id), rule.about, inputs.join(", ")]
    });
    let about = "The rules that come with the program; [RULES.md](../RULES.md) tells how to write one.";
    super::page("Rules", about, &table(&["Rule", "", "Reads"], rows))
}

pub(super) fn metrics() -> String {
    let library = shipped();
    let rows = library.matching("metrics/*.rhai").into_iter().map(|(path, text)| {
        let name = path.rsplit('/').next().and_then(|file| file.strip_suffix(".rhai")).unwrap_or_default();
        let about = text.lines().next().and_then(|line| line.strip_prefix("//!")).unwrap_or_default();
        vec![format!("`{name}`"), about.trim().to_owned()]
    });
    let rows: Vec<Vec<String>> = rows.collect();
    let about = "The metrics that come with the program; \
        [SCRIPTS.md](../SCRIPTS.md#metrics-of-your-own) tells how to write one.";
    super::page("Metrics", about, &table(&["Metric", ""], rows))
}

fn shipped() -> Library {
    Library::from_dir(&root()).unwrap()
}
