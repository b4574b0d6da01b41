//! `paceline new`: a start for a script of one's own, which works as it is.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, ValueEnum};
use serde_json::json;

use crate::cli::Form;
use crate::config::Config;
use crate::error::{self, Problem};
use crate::output;

const AFTER_HELP: &str = "\
Examples:
  paceline new rule tired_legs
  paceline new metric climb_rate
  paceline new step near_home --in ~/my-scripts
  paceline new pipeline evening

What is written is in order and has its examples; change it from there.
A file that is there already is left as it is.";

const LONGEST: usize = 64;

/// Writes a start for a script of your own
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct New {
    /// What it shall be
    #[arg(value_enum)]
    what: What,
    /// Its name, and that of its file: small letters, digits, `_` and `-`
    #[arg(value_parser = script_name)]
    name: String,
    /// The folder with `pipelines` and `scripts`, if not FITNESS_SCRIPTS_DIR
    #[arg(long = "in", value_name = "DIR")]
    folder: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) form: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// What `script::map` does with each item
    Step,
    /// What to do on a day
    Rule,
    /// A number for each activity
    Metric,
    /// Which steps run, and when
    Pipeline,
}

impl What {
    fn folder(self) -> &'static str {
        match self {
            Self::Step => "scripts/steps",
            Self::Rule => "scripts/rules",
            Self::Metric => "scripts/metrics",
            Self::Pipeline => "pipelines",
        }
    }

    fn text(self, name: &str) -> String {
        let text = match self {
            Self::Step => include_str!("new/step.rhai"),
            Self::Rule => include_str!("new/rule.rhai"),
            Self::Metric => include_str!("new/metric.rhai"),
            Self::Pipeline => include_str!("new/pipeline.rhai"),
        };
        text.replace("NAME", name)
    }

    /// What comes after the check.
    fn next(self, name: &str) -> String {
        match self {
            Self::Step => format!("a pipeline uses it by `script::map(step, #{{ script: \"{name}\" }})`"),
            Self::Rule => {
                format!("`paceline rules backtest {name}` tells on which days it would have spoken")
            }
            Self::Metric => {
                format!("`paceline metrics try {name} --on 2026-05-02` tells what it says of a day")
            }
            Self::Pipeline => format!("`paceline run {name}` runs it"),
        }
    }
}

impl New {
    pub(crate) fn run(self, config: &Config) -> anyhow::Result<u8> {
        let root = self.folder.as_ref().or(config.scripts_dir.as_ref()).ok_or_else(nowhere)?;
        if !root.is_dir() {
            let message = format!("--in: there is no folder `{}`", root.display());
            return Err(Problem { exit: error::USAGE, ..Problem::new("invalid_parameter", message) }.into());
        }
        let path = root.join(self.what.folder()).join(format!("{}.rhai", self.name));
        write(&path, &self.what.text(&self.name))?;
        let check = format!("`paceline check {}` checks it", path.display());
        let mut next = vec![check, self.what.next(&self.name)];
        if config.scripts_dir.as_ref() != Some(root) {
            next.push(format!("`export FITNESS_SCRIPTS_DIR={}` has it used", root.display()));
        }
        if self.form.json {
            output::json(&json!({ "path": path, "next": next }))?;
        } else {
            output::line(path.display().to_string())?;
            next.iter().for_each(output::note);
        }
        Ok(error::DONE)
    }
}

fn nowhere() -> Problem {
    let problem = Problem::new("invalid_parameter", "there is no folder of scripts of your own yet");
    let hint = "copy `pipelines` and `scripts` somewhere, and say where: `--in DIR`, or FITNESS_SCRIPTS_DIR";
    Problem { exit: error::USAGE, ..problem }.hint(hint)
}

/// Writes a file that is not there yet.
fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let cannot = || format!("cannot write `{}`", path.display());
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(cannot)?;
    }
    match OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(mut file) => file.write_all(text.as_bytes()).with_context(cannot),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let problem = Problem::new("file_exists", format!("`{}` is there already", path.display()));
            Err(problem.hint("give it another name, or remove the file").into())
        }
        Err(error) => Err(error).with_context(cannot),
    }
}

fn script_name(text: &str) -> Result<String, String> {
    let begins = text.starts_with(|first: char| first.is_ascii_lowercase());
    let fits = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || "_-".contains(letter);
    if begins && text.len() <= LONGEST && text.chars().all(fits) {
        return Ok(text.to_owned());
    }
    Err(format!("1 to {LONGEST} small letters, digits, `_` or `-`, a letter first"))
}

#[cfg(test)]
mod tests {
    use engine::script::{self, Library, Source};

    use super::*;
    use crate::program;

    fn config() -> Config {
        Config::read(|_| None).unwrap()
    }

    fn new(root: &Path, what: What) -> anyhow::Result<u8> {
        let command =
            New { what, name: "mine".to_owned(), folder: Some(root.to_owned()), form: Form { json: true } };
        command.run(&config())
    }

    #[test]
    fn every_start_is_in_order() {
        let root = tempfile::tempdir().unwrap();
        for what in What::value_variants() {
            assert_eq!(new(root.path(), *what).unwrap(), error::DONE, "{what:?}");
        }
        let registry = program::registry(&config()).unwrap();
        let library = Library::from_dir(root.path()).unwrap();
        let scripts: Vec<(&str, &str)> = library.scripts().collect();
        assert_eq!(scripts.len(), 3);
        for (path, text) in scripts {
            let folder = script::script_folder(path).unwrap();
            let found = script::mistakes_in(&registry, folder, path, text);
            assert!(found.is_empty(), "{path}: {found:?}");
        }
        let conflicts = script::conflicts(&registry, &library);
        assert!(conflicts.is_empty(), "{conflicts:?}");
        let planned = script::plan(&registry, &Source::of(&library, "mine").unwrap());
        assert!(planned.is_ok(), "{}", planned.err().map(|found| found[0].to_string()).unwrap_or_default());
    }

    #[test]
    fn what_is_there_is_left_as_it_is() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("scripts/rules/mine.rhai");
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "mine").unwrap();
        let problem = Problem::of(&new(root.path(), What::Rule).unwrap_err());
        assert_eq!((problem.exit, problem.code.as_str()), (error::FAILED, "file_exists"));
        assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
    }

    #[test]
    fn a_folder_that_is_not_there_is_not_made() {
        let root = tempfile::tempdir().unwrap();
        let missing = root.path().join("scirpts");
        let problem = Problem::of(&new(&missing, What::Rule).unwrap_err());
        assert_eq!((problem.exit, problem.code.as_str()), (error::USAGE, "invalid_parameter"));
        assert!(!missing.exists());
    }

    #[test]
    fn a_name_is_no_path_and_no_title() {
        for text in ["", "../x", "a/b", "Mine", "3rd", "a b", "a.rhai", &"a".repeat(65)] {
            assert!(script_name(text).is_err(), "{text}");
        }
        assert_eq!(script_name("near_home-2"), Ok("near_home-2".to_owned()));
    }
}
