//! `paceline definitions`: what an editor needs to know of scripts.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use engine::script::definitions;
use serde_json::json;

use crate::cli::Form;
use crate::config::Config;
use crate::error::{self, Problem};
use crate::{output, program, units};

const AFTER_HELP: &str = "\
Examples:
  paceline definitions                    into `definitions` in FITNESS_SCRIPTS_DIR
  paceline definitions --out ./definitions

The files are for the language server of Rhai: with them beside your scripts, an editor
completes steps and functions, and shows their parameters and what they do.
Write them anew after an update of Paceline; what is of no use any more is removed.";

const FOLDER: &str = "definitions";
const NAMESPACES: &str = "namespaces";
/// By it a file of ours is known.
const MARK: &str = "// Written by `paceline definitions`, which takes its place with the next one.\n";

/// Writes files by which an editor knows what scripts may call
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Definitions {
    /// The folder to write to; it is made where it is missing
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) form: Form,
}

impl Definitions {
    pub(crate) fn run(self, config: &Config) -> anyhow::Result<u8> {
        let folder = match (&self.out, &config.scripts_dir) {
            (Some(out), _) => out.clone(),
            (None, Some(scripts)) => scripts.join(FOLDER),
            (None, None) => return Err(nowhere().into()),
        };
        let files = definitions::files(&program::registry(config)?);
        // Nothing is written where one of them would take the place of something else.
        for path in files.keys() {
            look(&folder.join(path))?;
        }
        for (path, text) in &files {
            write(&folder.join(path), &format!("{MARK}{text}"))?;
        }
        for stale in
            [&folder, &folder.join(NAMESPACES)].into_iter().flat_map(|below| stale(below, &folder, &files))
        {
            fs::remove_file(&stale).with_context(|| format!("cannot remove `{}`", stale.display()))?;
        }
        let paths: Vec<&String> = files.keys().collect();
        if self.form.json {
            output::json(&json!({ "folder": folder, "files": paths }))?;
        } else {
            let count = units::count(files.len(), "file", "files");
            output::line(format!("{count} in `{}`", folder.display()))?;
        }
        Ok(error::DONE)
    }
}

fn nowhere() -> Problem {
    let problem = Problem::new("invalid_parameter", "there is no folder of scripts to put definitions into");
    Problem { exit: error::USAGE, ..problem }.hint("say where: `--out DIR`, or set FITNESS_SCRIPTS_DIR")
}

/// Refuses a file in whose place something of somebody else is.
fn look(path: &Path) -> anyhow::Result<()> {
    match fs::read_to_string(path) {
        Ok(known) if !known.starts_with(MARK) => Err(taken(path).into()),
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot read `{}`", path.display()))
        }
        _ => Ok(()),
    }
}

/// Files in a folder that were written before and would not be today.
fn stale(below: &Path, root: &Path, files: &BTreeMap<String, String>) -> Vec<PathBuf> {
    let found = fs::read_dir(below).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    let is_stale = |path: &PathBuf| {
        let name = path.strip_prefix(root).ok().and_then(Path::to_str).unwrap_or_default();
        let is_ours = || fs::read_to_string(path).is_ok_and(|text| text.starts_with(MARK));
        name.ends_with(definitions::ENDING) && !files.contains_key(name) && is_ours()
    };
    found.filter(is_stale).collect()
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let cannot = || format!("cannot write `{}`", path.display());
    if fs::read_to_string(path).is_ok_and(|known| known == text) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(cannot)?;
    }
    fs::write(path, text).with_context(cannot)
}

fn taken(path: &Path) -> Problem {
    let message = format!("`{}` is there, and was not written by this command", path.display());
    Problem::new("file_exists", message).hint("move it, or say another folder: `--out DIR`")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(out: &Path) -> anyhow::Result<u8> {
        let config = Config::read(|_| None)?;
        Definitions { out: Some(out.to_owned()), form: Form { json: true } }.run(&config)
    }

    #[test]
    fn what_plugins_offer_is_written_and_written_again() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(run(root.path()).unwrap(), error::DONE);
        let text = |path: &str| fs::read_to_string(root.path().join(path)).unwrap();
        assert!(
            text("metrics.d.rhai")
                .contains("fn value(activity: Map, athlete: Map, streams: Series, day: Map)")
        );
        assert!(text("metrics.d.rhai").contains("fn known(map: Map, path: String) -> bool;"));
        assert!(text("gear.d.rhai").contains("fn known(item: Map, path: String) -> bool;"));
        assert!(text("namespaces/rollup.d.rhai").contains("fn days(changes: Array | step) -> step;"));
        assert!(text("namespaces/open_meteo.d.rhai").contains("`quota.per_day`"));
        fs::write(root.path().join("rules.d.rhai"), format!("{MARK}old")).unwrap();
        assert_eq!(run(root.path()).unwrap(), error::DONE);
        assert!(text("rules.d.rhai").contains("fn known"));
    }

    #[test]
    fn a_file_of_somebody_else_is_left_alone() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("rules.d.rhai"), "mine").unwrap();
        let problem = Problem::of(&run(root.path()).unwrap_err());
        assert_eq!(problem.code, "file_exists");
        assert_eq!(fs::read_to_string(root.path().join("rules.d.rhai")).unwrap(), "mine");
        let left: Vec<_> = fs::read_dir(root.path()).unwrap().collect();
        assert_eq!(left.len(), 1, "others were written before it was seen");
    }

    #[test]
    fn what_is_written_no_more_goes_and_what_is_not_ours_stays() {
        let root = tempfile::tempdir().unwrap();
        run(root.path()).unwrap();
        let write = |path: &str, text: &str| fs::write(root.path().join(path), text).unwrap();
        write("namespaces/gone.d.rhai", &format!("{MARK}module gone;"));
        write("namespaces/mine.d.rhai", "module mine;");
        write("gone.d.rhai", &format!("{MARK}module static;"));
        write("notes.txt", MARK);
        run(root.path()).unwrap();
        let is_there = |path: &str| root.path().join(path).exists();
        assert!(!is_there("namespaces/gone.d.rhai") && !is_there("gone.d.rhai"));
        assert!(is_there("namespaces/mine.d.rhai") && is_there("notes.txt") && is_there("rules.d.rhai"));
    }

    fn is_name(text: &str) -> bool {
        let is_first = |letter: char| letter.is_ascii_alphabetic() || letter == '_';
        text.starts_with(is_first) && text.chars().all(|letter| is_first(letter) || letter.is_ascii_digit())
    }

    fn is_type(text: &str) -> bool {
        let is_one = |one: &str| match one.strip_suffix('>').and_then(|one| one.split_once('<')) {
            Some((name, inner)) => is_name(name) && inner.split(", ").all(is_type),
            // An equals sign is the end of a range that holds its last number, as Rhai writes it.
            None => matches!(one, "?" | "()" | "range=") || is_name(one),
        };
        text.split(" | ").all(is_one)
    }

    fn is_parameter(text: &str) -> bool {
        text.split_once(": ").is_some_and(|(name, is)| is_name(name.trim_start_matches("...")) && is_type(is))
    }

    /// `fn name(one: type, …) -> type;`, and the same without names of an operator.
    fn is_definition(line: &str) -> bool {
        let (is_operator, rest) = match (line.strip_prefix("fn "), line.strip_prefix("op ")) {
            (Some(rest), _) => (false, rest),
            (None, Some(rest)) => (true, rest),
            (None, None) => return false,
        };
        let Some((name, rest)) = rest.split_once('(') else { return false };
        let Some((inside, gives)) = rest.strip_suffix(';').and_then(|rest| rest.rsplit_once(')')) else {
            return false;
        };
        // `-> ()` ends with a bracket of its own.
        let (inside, gives) = match inside.strip_suffix(") -> (") {
            Some(inside) => (inside, ""),
            None => (inside, gives),
        };
        let name = name.strip_prefix("get ").or_else(|| name.strip_prefix("set ")).unwrap_or(name);
        let is_named = if is_operator { !name.is_empty() && !name.contains(' ') } else { is_name(name) };
        let is_each = if is_operator { is_type } else { is_parameter };
        let gives = if gives.is_empty() { Some("()") } else { gives.strip_prefix(" -> ") };
        is_named && (inside.is_empty() || inside.split(", ").all(is_each)) && gives.is_some_and(is_type)
    }

    #[test]
    fn an_editor_can_read_every_line() {
        let registry = program::registry(&Config::read(|_| None).unwrap()).unwrap();
        for (path, text) in definitions::files(&registry) {
            let mut lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with("//"));
            let namespace = path.strip_prefix("namespaces/").and_then(|file| file.split('.').next());
            let header = format!("module {};", namespace.unwrap_or("static"));
            assert_eq!(lines.next(), Some(header.as_str()), "{path}");
            for line in lines {
                assert!(is_definition(line), "{path}: {line}");
            }
        }
    }

    #[test]
    fn a_broken_line_is_seen() {
        for line in [
            "fn days(changes: Array | step) -> step;",
            "fn get len(array: Array) -> int;",
            "fn pipeline(name: String);",
            "fn nothing(x: ?) -> ();",
            "op ..(int, int) -> Range<int>;",
        ] {
            assert!(is_definition(line), "{line}");
        }
        for line in [
            "fn index$get$(array: Array) -> ?;",
            "fn days(changes) -> step;",
            "fn days(changes: Array",
            "days(a: b);",
            "fn a(b: c) -> d",
            "fn a(b: c d) -> e;",
        ] {
            assert!(!is_definition(line), "{line}");
        }
    }

    #[test]
    fn without_a_folder_of_scripts_it_says_what_to_say() {
        let config = Config::read(|_| None).unwrap();
        let command = Definitions { out: None, form: Form { json: false } };
        let problem = Problem::of(&command.run(&config).unwrap_err());
        assert_eq!((problem.exit, problem.code.as_str()), (error::USAGE, "invalid_parameter"));
    }
}
