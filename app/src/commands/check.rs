//! `paceline check`: what is wrong with a script, and exactly where.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use clap::Args;
use engine::registry::Registry;
use engine::script::rule::Rule;
use engine::script::{self, Diagnostic, Library, Source};
use serde::Serialize;
use serde_json::json;

use crate::cli::Form;
use crate::config::Config;
use crate::error::{self, Problem};
use crate::table::Side::Left;
use crate::table::Table;
use crate::{output, program, scripts, units};

const AFTER_HELP: &str = "\
Examples:
  paceline check                        every pipeline and rule
  paceline check daily fatigue          by name
  paceline check ./pipelines/mine.rhai --json

A pipeline is checked as a whole without running anything; a rule proves itself by its examples.
The exit code is 1 where there is a mistake.";

const ALL: &str = "all";
const ENDING: &str = ".rhai";

/// Checks pipelines and rules, and points at each mistake
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Check {
    /// Files, or names of pipelines and rules; everything where none is given
    #[arg(value_name = "SCRIPT")]
    scripts: Vec<String>,
    #[command(flatten)]
    pub(crate) form: Form,
}

/// What a script is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Role {
    Pipeline,
    Rule,
}

/// A script to check.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Script {
    path: String,
    text: String,
    role: Role,
    /// What it may import, by name.
    modules: BTreeMap<String, String>,
}

/// What a check found.
#[derive(Debug, Serialize)]
pub(crate) struct Checked {
    pub(crate) path: String,
    role: Role,
    pub(crate) ok: bool,
    /// How many steps a pipeline has.
    #[serde(skip_serializing_if = "Option::is_none")]
    steps: Option<usize>,
    pub(crate) errors: Vec<Diagnostic>,
}

impl Check {
    pub(crate) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        let library = scripts::library(config)?;
        let everything = self.scripts.is_empty() || self.scripts == [ALL];
        let scripts = if everything { every(&library) } else { named(&library, &self.scripts)? };
        let checked = check(program::registry(config)?, library, scripts).await?;
        let well = checked.iter().all(|script| script.ok);
        if self.form.json {
            output::json(&json!({ "ok": well, "scripts": checked }))?;
        } else {
            output::line(text(&checked))?;
        }
        Ok(if well { error::DONE } else { error::FAILED })
    }
}

/// Checks every pipeline and rule of a library.
pub(crate) async fn all(registry: Registry, library: &Library) -> anyhow::Result<Vec<Checked>> {
    check(registry, library.clone(), every(library)).await
}

async fn check(registry: Registry, library: Library, scripts: Vec<Script>) -> anyhow::Result<Vec<Checked>> {
    // Scripts run: not on a worker of the runtime.
    let check = move || scripts.into_iter().map(|script| check_one(&registry, &library, script)).collect();
    Ok(tokio::task::spawn_blocking(check).await?)
}

fn check_one(registry: &Registry, library: &Library, script: Script) -> Checked {
    let Script { path, text, role, modules } = script;
    let found = match role {
        Role::Pipeline => steps(registry, library, &Source { path: path.clone(), text, modules }),
        Role::Rule => prove(registry, &path, &text).map(|()| None),
    };
    let ok = found.is_ok();
    let (steps, errors) = found.map_or_else(|errors| (None, errors), |steps| (steps, Vec::new()));
    Checked { path, role, ok, steps, errors }
}

fn steps(registry: &Registry, library: &Library, source: &Source) -> Result<Option<usize>, Vec<Diagnostic>> {
    let planned = script::plan(registry, source)?;
    script::check_ties(registry, library, &planned)?;
    script::check_children(registry, library, &planned)?;
    Ok(Some(planned.plan.steps.len()))
}

fn prove(registry: &Registry, path: &str, text: &str) -> Result<(), Vec<Diagnostic>> {
    Rule::compile(path, text)?.prove_as(registry.advice_check())
}

/// Every pipeline and rule of a library.
fn every(library: &Library) -> Vec<Script> {
    let pipelines = library.pipelines().into_iter().filter_map(|name| pipeline(library, &name));
    let rules = library.matching("rules/*.rhai").into_iter().map(|(path, text)| rule(path, text));
    pipelines.chain(rules).collect()
}

fn pipeline(library: &Library, name: &str) -> Option<Script> {
    let Source { path, text, modules } = Source::of(library, name)?;
    Some(Script { path, text, role: Role::Pipeline, modules })
}

fn rule(path: String, text: &str) -> Script {
    Script { path, text: text.to_owned(), role: Role::Rule, modules: BTreeMap::new() }
}

/// The scripts that were asked for: a file where it looks like one, else what has that name.
fn named(library: &Library, wanted: &[String]) -> anyhow::Result<Vec<Script>> {
    wanted.iter().map(|wanted| one(library, wanted)).collect()
}

fn one(library: &Library, wanted: &str) -> anyhow::Result<Script> {
    if wanted.contains('/') || wanted.ends_with(ENDING) {
        return file(library, wanted);
    }
    let rule_path = format!("scripts/rules/{wanted}{ENDING}");
    let found = pipeline(library, wanted)
        .or_else(|| library.text(&rule_path).map(|text| rule(rule_path.clone(), text)));
    let missing = || format!("there is no pipeline and no rule `{wanted}`");
    let hint = "`paceline check` lists them; a file is named by its path";
    let problem = || Problem { exit: error::USAGE, ..Problem::new("not_found", missing()).hint(hint) };
    found.ok_or_else(|| problem().into())
}

fn file(library: &Library, path: &str) -> anyhow::Result<Script> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read `{path}`"))?;
    // As a library is read: what is no text is a mistake with a place.
    let text = String::from_utf8_lossy(&bytes).into_owned();
    if is_rule(&text) {
        return Ok(rule(path.to_owned(), &text));
    }
    let modules = modules_beside(Path::new(path)).unwrap_or_else(|| modules(library));
    Ok(Script { path: path.to_owned(), text, role: Role::Pipeline, modules })
}

/// What a pipeline may import where it lies in a folder of scripts of its own.
fn modules_beside(path: &Path) -> Option<BTreeMap<String, String>> {
    let folder = path.canonicalize().ok()?.parent()?.to_owned();
    let root =
        folder.parent().filter(|root| folder.ends_with("pipelines") && root.join("scripts").is_dir())?;
    Library::from_dir(root).ok().map(|library| modules(&library))
}

/// Every pipeline may import the same files.
fn modules(library: &Library) -> BTreeMap<String, String> {
    let any = library.pipelines().into_iter().find_map(|name| Source::of(library, &name));
    any.map(|source| source.modules).unwrap_or_default()
}

fn is_rule(text: &str) -> bool {
    text.lines().any(|line| line.trim_start().starts_with("fn applies"))
}

fn text(checked: &[Checked]) -> String {
    let mut table = Table::new(&[("", Left), ("Script", Left), ("", Left)]);
    for script in checked {
        let mark = if script.ok { "ok" } else { "BAD" };
        table.row([mark.to_owned(), script.path.clone(), script.summary()]);
    }
    let errors = checked.iter().flat_map(|script| &script.errors).map(|error| format!("\n\n{error}"));
    format!("{table}{}", errors.collect::<String>())
}

impl Checked {
    fn summary(&self) -> String {
        match (self.ok, self.steps) {
            (true, Some(steps)) => units::count(steps, "step", "steps"),
            (true, None) => "its examples hold".to_owned(),
            (false, _) => units::count(self.errors.len(), "mistake", "mistakes"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn library() -> Library {
        let texts = [
            ("pipelines/daily.rhai", "pipeline(\"daily\", #{});"),
            ("scripts/rules/rest.rhai", "fn applies(day) {}"),
        ];
        Library::from_texts(texts.map(|(path, text)| (path.to_owned(), text.to_owned())).into())
    }

    #[test]
    fn everything_is_pipelines_and_rules() {
        let paths: Vec<String> = every(&library()).into_iter().map(|script| script.path).collect();
        assert_eq!(paths, ["pipelines/daily.rhai", "scripts/rules/rest.rhai"]);
    }

    #[test]
    fn a_name_finds_a_rule_too() {
        assert_eq!(one(&library(), "rest").unwrap().role, Role::Rule);
    }

    #[test]
    fn an_unknown_name_is_a_wrong_command_line() {
        let problem = Problem::of(&one(&library(), "dialy").unwrap_err());
        assert_eq!((problem.exit, problem.code.as_str()), (2, "not_found"));
    }

    #[test]
    fn a_count_stands_beside_what_is_well() {
        let checked = Checked {
            path: "pipelines/daily.rhai".to_owned(),
            role: Role::Pipeline,
            ok: true,
            steps: Some(3),
            errors: Vec::new(),
        };
        assert_eq!(text(&[checked]), "    Script\nok  pipelines/daily.rhai  3 steps");
    }
}
