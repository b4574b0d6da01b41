//! `paceline check`: what is wrong with a script, and exactly where.

use std::path::Path;

use anyhow::Context;
use clap::Args;
use engine::registry::Registry;
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
  paceline check                        every pipeline, rule and other script
  paceline check daily fatigue          by name
  paceline check scripts/steps/near_home.rhai
  paceline check ./pipelines/mine.rhai --json

A pipeline is checked as a whole without running anything; a rule, a metric and every other
script proves itself by its examples.
The exit code is 1 where there is a mistake.";

const ALL: &str = "all";
const RULES: &str = "rules";
const ENDING: &str = ".rhai";

/// Checks pipelines, rules and other scripts, and points at each mistake
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Check {
    /// Files, or names of pipelines, rules and other scripts; everything where none is given
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
    /// One of a folder that a plugin asks.
    Script,
}

/// A script to check.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Script {
    path: String,
    /// Of a pipeline it stands in its source.
    text: String,
    role: Role,
    /// The folder below `scripts/` as one of which it is checked.
    folder: String,
    /// A pipeline, with what it may use.
    source: Option<Source>,
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
        let (registry, library) = (program::registry(config)?, scripts::library(config)?);
        let everything = self.scripts.is_empty() || self.scripts == [ALL];
        let scripts = if everything { every(&library) } else { named(&registry, &library, &self.scripts)? };
        let checked = check(registry, library, scripts).await?;
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
    let check = move || {
        let conflicts = conflicts(&registry, &library, &scripts);
        scripts.into_iter().map(|script| check_one(&registry, &library, script, &conflicts)).collect()
    };
    Ok(tokio::task::spawn_blocking(check).await?)
}

/// What is in the way of others, as if the scripts to check lay in the library.
fn conflicts(registry: &Registry, library: &Library, scripts: &[Script]) -> Vec<Diagnostic> {
    let texts = scripts.iter().filter_map(|script| Some((script.lying()?, script.text.clone())));
    script::conflicts(registry, &library.with(texts.collect()))
}

fn check_one(registry: &Registry, library: &Library, script: Script, conflicts: &[Diagnostic]) -> Checked {
    let lying = script.lying();
    let Script { path, text, role, folder, source } = script;
    let found = match &source {
        Some(source) => steps(registry, library, source),
        None => prove(registry, &folder, &path, &text).map(|()| None),
    };
    let (steps, mut errors) = found.map_or_else(|errors| (None, errors), |steps| (steps, Vec::new()));
    for conflict in conflicts.iter().filter(|conflict| lying.as_ref() == Some(&conflict.path)) {
        let mut conflict = conflict.clone();
        conflict.path.clone_from(&path);
        errors.push(conflict);
    }
    Checked { path, role, ok: errors.is_empty(), steps, errors }
}

fn steps(registry: &Registry, library: &Library, source: &Source) -> Result<Option<usize>, Vec<Diagnostic>> {
    let planned = script::plan(registry, source)?;
    script::check_ties(registry, library, &planned)?;
    script::check_children(registry, library, &planned)?;
    Ok(Some(planned.plan.steps.len()))
}

fn prove(registry: &Registry, folder: &str, path: &str, text: &str) -> Result<(), Vec<Diagnostic>> {
    let mistakes = script::mistakes_in(registry, folder, path, text);
    if mistakes.is_empty() { Ok(()) } else { Err(mistakes) }
}

/// Every pipeline, rule and other script of a library.
fn every(library: &Library) -> Vec<Script> {
    let pipelines = library.pipelines().into_iter().filter_map(|name| pipeline(library, &name));
    let others = library.scripts().map(|(path, text)| in_folder(path, text));
    pipelines.chain(others).collect()
}

fn pipeline(library: &Library, name: &str) -> Option<Script> {
    Some(Script::pipeline(Source::of(library, name)?))
}

fn in_folder(path: &str, text: &str) -> Script {
    of_folder(script::script_folder(path).unwrap_or_default(), path, text)
}

fn of_folder(folder: &str, path: &str, text: &str) -> Script {
    let role = if folder == RULES { Role::Rule } else { Role::Script };
    let (path, text, folder) = (path.to_owned(), text.to_owned(), folder.to_owned());
    Script { path, text, role, folder, source: None }
}

/// The scripts that were asked for: a file where it looks like one, else what has that name.
fn named(registry: &Registry, library: &Library, wanted: &[String]) -> anyhow::Result<Vec<Script>> {
    wanted.iter().map(|wanted| one(registry, library, wanted)).collect()
}

fn one(registry: &Registry, library: &Library, wanted: &str) -> anyhow::Result<Script> {
    if wanted.contains('/') || wanted.ends_with(ENDING) {
        return file(registry, library, wanted);
    }
    let lying = |folder: &str| {
        let path = format!("scripts/{folder}/{wanted}{ENDING}");
        library.text(&path).map(|text| of_folder(folder, &path, text))
    };
    let found = pipeline(library, wanted).or_else(|| registry.script_folders().find_map(lying));
    let missing = || format!("there is no pipeline, rule, metric or other script `{wanted}`");
    let hint = "`paceline check` lists them; a file is named by its path";
    let problem = || Problem { exit: error::USAGE, ..Problem::new("not_found", missing()).hint(hint) };
    found.ok_or_else(|| problem().into())
}

fn file(registry: &Registry, library: &Library, path: &str) -> anyhow::Result<Script> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read `{path}`"))?;
    // As a library is read: what is no text is a mistake with a place.
    let text = String::from_utf8_lossy(&bytes).into_owned();
    if let Some(folder) = folder_around(registry, Path::new(path)) {
        return Ok(of_folder(folder, path, &text));
    }
    if is_rule(&text) {
        return Ok(of_folder(RULES, path, &text));
    }
    let beside = library_beside(Path::new(path));
    let source = Source::draft(beside.as_ref().unwrap_or(library), path.to_owned(), text);
    Ok(Script::pipeline(source))
}

/// The folder of scripts that a file lies in, or in whose folders it lies where that one is below `scripts`.
fn folder_around(registry: &Registry, path: &Path) -> Option<&'static str> {
    let whole = std::path::absolute(path).ok()?;
    let around = |(depth, above): (usize, &Path)| {
        let (name, root) = (above.file_name()?, above.parent().and_then(Path::file_name));
        let is_asked = depth == 0 || root.is_some_and(|root| root == "scripts");
        registry.script_folders().find(|folder| is_asked && name == *folder)
    };
    whole.ancestors().skip(1).enumerate().find_map(around)
}

/// What a pipeline may use where it lies in a folder of scripts of its own.
fn library_beside(path: &Path) -> Option<Library> {
    let folder = path.canonicalize().ok()?.parent()?.to_owned();
    let root =
        folder.parent().filter(|root| folder.ends_with("pipelines") && root.join("scripts").is_dir())?;
    Library::from_dir(root).ok()
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

impl Script {
    fn pipeline(source: Source) -> Self {
        let (path, text) = (source.path.clone(), String::new());
        Self { path, text, role: Role::Pipeline, folder: String::new(), source: Some(source) }
    }

    /// Where it lies in a library, or would; nothing for pipelines.
    fn lying(&self) -> Option<String> {
        let name = Path::new(&self.path).file_name()?.to_str()?;
        let is_asked = self.role != Role::Pipeline;
        is_asked.then(|| {
            script::script_folder(&self.path)
                .map_or_else(|| format!("scripts/{}/{name}", self.folder), |_| self.path.clone())
        })
    }
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
            ("scripts/lib/units.rhai", ""),
            ("scripts/metrics/beats.rhai", ""),
        ];
        Library::from_texts(texts.map(|(path, text)| (path.to_owned(), text.to_owned())).into())
    }

    #[test]
    fn everything_is_pipelines_and_what_lies_in_the_folders_of_scripts() {
        let paths: Vec<String> = every(&library()).into_iter().map(|script| script.path).collect();
        assert_eq!(paths, ["pipelines/daily.rhai", "scripts/metrics/beats.rhai", "scripts/rules/rest.rhai"]);
    }

    #[test]
    fn a_name_finds_a_rule_too() {
        assert_eq!(one(&Registry::default(), &library(), "rest").unwrap().role, Role::Rule);
    }

    #[test]
    fn what_is_in_the_way_of_another_is_told_also_of_a_file_elsewhere() {
        let mut registry = Registry::default();
        registry.scripts("metrics", |_, _| Vec::new()).unwrap();
        registry.conflicts(|library| {
            let broken =
                |(path, text): (&str, &str)| script::mistakes_in(&Registry::default(), RULES, path, text);
            library
                .scripts()
                .filter(|(path, _)| path.ends_with("beats.rhai"))
                .flat_map(broken)
                .take(1)
                .collect()
        });
        let beats = of_folder("metrics", "/tmp/metrics/beats.rhai", "");
        let conflicts = conflicts(&registry, &library(), std::slice::from_ref(&beats));
        let checked = check_one(&registry, &library(), beats, &conflicts);
        let paths: Vec<&str> = checked.errors.iter().map(|error| error.path.as_str()).collect();
        assert_eq!((checked.ok, paths), (false, vec!["/tmp/metrics/beats.rhai"]));
        let rest = check_one(
            &registry,
            &library(),
            of_folder("metrics", "scripts/metrics/rest.rhai", ""),
            &conflicts,
        );
        assert!(rest.ok && rest.errors.is_empty());
    }

    #[test]
    fn a_file_is_checked_as_one_of_the_folder_that_it_lies_in() {
        let root = tempfile::tempdir().unwrap();
        let role = |path: &str| {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, "fn each(item) { item }").unwrap();
            let script = one(&Registry::default(), &library(), path.to_str().unwrap()).unwrap();
            (script.role, script.folder)
        };
        let step = (Role::Script, "steps".to_owned());
        assert_eq!(role("scripts/steps/x.rhai"), step);
        assert_eq!(role("scripts/steps/sub/x.rhai"), step);
        assert_eq!(role("elsewhere/steps/x.rhai"), step);
        assert_eq!(role("scripts/rules/sub/x.rhai"), (Role::Rule, RULES.to_owned()));
        assert_eq!(role("steps/sub/x.rhai").0, Role::Pipeline);
        assert_eq!(role("pipelines/x.rhai").0, Role::Pipeline);
    }

    #[test]
    fn an_unknown_name_is_a_wrong_command_line() {
        let problem = Problem::of(&one(&Registry::default(), &library(), "dialy").unwrap_err());
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
