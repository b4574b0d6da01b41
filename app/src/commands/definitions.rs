//! `paceline definitions`: what an editor needs to know of scripts.

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
Write them anew after an update of Paceline.";

const FOLDER: &str = "definitions";
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
        for (path, text) in &files {
            write(&folder.join(path), &format!("{MARK}{text}"))?;
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

/// Writes a file, in whose place nothing of anybody else's may be.
fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let cannot = || format!("cannot write `{}`", path.display());
    match fs::read_to_string(path) {
        Ok(known) if known == text => return Ok(()),
        Ok(known) if !known.starts_with(MARK) => return Err(taken(path).into()),
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error).with_context(cannot),
        _ => {}
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
    }

    #[test]
    fn without_a_folder_of_scripts_it_says_what_to_say() {
        let config = Config::read(|_| None).unwrap();
        let command = Definitions { out: None, form: Form { json: false } };
        let problem = Problem::of(&command.run(&config).unwrap_err());
        assert_eq!((problem.exit, problem.code.as_str()), (error::USAGE, "invalid_parameter"));
    }
}
