//! `paceline artifacts`: takes over weather and best times of the system before this one. Deprecated.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::bail;
use clap::Args;
use engine::Request;
use engine::run::Cause;
use fitness::records::import_file::{self, ImportFile, Outcome};
use plugins::DEPRECATED_ARTIFACTS;
use serde::Serialize;
use serde_json::json;

use crate::cli::{Form, Whose};
use crate::config::{Config, LOCAL_IMPORT};
use crate::error::Problem;
use crate::progress::Progress;
use crate::table::{shortened_path, wrapped};
use crate::{error, output, program, units, work};

const AFTER_HELP: &str = "\
Examples:
  FITNESS_ENABLE_LOCAL_ARTIFACT_IMPORT=1 paceline artifacts ~/strava-local-ingest
  FITNESS_ENABLE_LOCAL_ARTIFACT_IMPORT=1 paceline artifacts ~/strava-local-ingest/data --json

Import the export of your activities first: weather is put where its activity is. Taking over
twice changes nothing. docs/ARTIFACTS.md says what is read. Deprecated: it will be removed.";

const PIPELINE: &str = "artifacts";
const PATH_WIDTH: usize = 44;

/// Takes over weather and best times of the system before this one (deprecated)
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Artifacts {
    /// Its folder, with `weather`, `segments` or `segments_best.json` in it or in its `data`
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    pub(crate) form: Form,
}

/// What became of the files: the answer to a program.
#[derive(Debug, Serialize)]
struct Report {
    imported: usize,
    updated: usize,
    unchanged: usize,
    refused: usize,
    seconds: f64,
    deprecated: &'static str,
    files: Vec<ImportFile>,
}

impl Artifacts {
    pub(crate) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        output::note(format!("warning: {DEPRECATED_ARTIFACTS}"));
        if !config.local_import {
            bail!(disabled());
        }
        let began = Instant::now();
        let files = self.carry_out(config).await?;
        let report = Report::of(files, began.elapsed().as_secs_f64());
        if self.form.json {
            output::json(&report)?;
        } else {
            output::line(report.to_text())?;
        }
        Ok(if report.refused == report.files.len() { error::FAILED } else { error::DONE })
    }

    async fn carry_out(&self, config: &Config) -> anyhow::Result<Vec<ImportFile>> {
        let folder = std::path::absolute(&self.folder)?;
        let Some(folder) = folder.to_str() else {
            bail!(Problem::new("file_unreadable", "the name of the folder is not UTF-8"));
        };
        let progress = Progress::new(self.form.json);
        let engine = program::engine(config, progress.watcher()).await?;
        program::meet(engine.store(), &self.whose.athlete).await?;
        let request = Request {
            pipeline: PIPELINE.to_owned(),
            partition: self.whose.athlete.clone(),
            params: json!({ "folder": folder }),
            cause: Cause::Cli,
            // One that was cut off does not stand for this one: it may be of another folder.
            force: true,
            fresh: false,
            key: None,
            request_id: None,
        };
        let finished = work::carry_out(config, &engine, request, &progress).await?;
        if let Some(problem) = finished.problem() {
            bail!(problem);
        }
        let run = finished.run.id;
        Ok(engine.store().read(move |tx| import_file::list(tx, &run)).await?)
    }
}

fn disabled() -> Problem {
    let problem = Problem {
        exit: error::CONFIG,
        ..Problem::new(
            "artifacts_disabled",
            "artifacts of the former system are not taken over as this is set",
        )
    };
    problem.hint(format!("set {LOCAL_IMPORT}=1 for this one command"))
}

impl Report {
    fn of(files: Vec<ImportFile>, seconds: f64) -> Self {
        let count = |outcome| files.iter().filter(|file| file.outcome == outcome).count();
        Self {
            imported: count(Outcome::Imported),
            updated: count(Outcome::Updated),
            unchanged: count(Outcome::Unchanged),
            refused: count(Outcome::Refused),
            seconds: (seconds * 1000.0).round() / 1000.0,
            deprecated: DEPRECATED_ARTIFACTS,
            files,
        }
    }

    fn to_text(&self) -> String {
        let kinds = [
            (self.imported, "imported"),
            (self.updated, "updated"),
            (self.unchanged, "unchanged"),
            (self.refused, "refused"),
        ];
        let kinds = kinds.iter().filter(|(count, _)| *count > 0);
        let kinds: Vec<String> = kinds.map(|(count, kind)| format!("{count} {kind}")).collect();
        let files = units::count(self.files.len(), "file", "files");
        let mut parts = vec![format!("{files} in {:.1} s: {}", self.seconds, kinds.join(", "))];
        let refused = self.files.iter().filter_map(|file| Some((file.code.as_deref()?, file)));
        parts.extend(by_code("Refused", refused.map(|(code, file)| (code, file, file.reason.as_deref()))));
        let warned = self.files.iter().flat_map(|file| file.warnings.iter().map(move |one| (one, file)));
        let warned = warned.map(|(one, file)| (one.code.as_str(), file, Some(one.detail.as_str())));
        parts.extend(by_code("Kept with a warning", warned));
        parts.join("\n\n")
    }
}

/// How often each code is there, with the first of its files; nothing where there is none.
fn by_code<'a>(
    title: &str,
    told: impl Iterator<Item = (&'a str, &'a ImportFile, Option<&'a str>)>,
) -> Option<String> {
    let mut codes: BTreeMap<&str, (usize, &ImportFile, &str)> = BTreeMap::new();
    for (code, file, reason) in told {
        codes.entry(code).or_insert((0, file, reason.unwrap_or_default())).0 += 1;
    }
    let lines = codes.iter().map(|(code, (count, file, reason))| {
        let path = shortened_path(&file.path, PATH_WIDTH);
        wrapped(&format!("  {code}  "), &format!("{count}, such as {path}: {reason}"), 4)
    });
    let lines: Vec<String> = lines.collect();
    (!lines.is_empty()).then(|| format!("{title}\n{}", lines.join("\n")))
}

#[cfg(test)]
mod tests {
    use fitness::recording::Warning;
    use fitness::records::import_file::Kind;

    use super::*;

    fn file(path: &str, outcome: Outcome, code: Option<&str>) -> ImportFile {
        ImportFile {
            path: path.to_owned(),
            kind: Kind::File,
            source_row: None,
            outcome,
            code: code.map(str::to_owned),
            reason: code.map(|_| "it is spoilt".to_owned()),
            warnings: Vec::new(),
            activities: Vec::new(),
        }
    }

    #[test]
    fn refusals_and_warnings_are_summed_up_by_their_codes() {
        let left_out =
            Warning { code: "artifact_entry_left_out".to_owned(), detail: "`x` is odd".to_owned() };
        let files = vec![
            ImportFile { warnings: vec![left_out], ..file("best.json", Outcome::Imported, None) },
            file("1.json", Outcome::Refused, Some("artifact_unreadable")),
            file("2.json", Outcome::Refused, Some("artifact_unreadable")),
        ];
        let wanted = "\
3 files in 0.5 s: 1 imported, 2 refused

Refused
  artifact_unreadable  2, such as 1.json: it is spoilt

Kept with a warning
  artifact_entry_left_out  1, such as best.json: `x` is odd";
        assert_eq!(Report::of(files, 0.5).to_text(), wanted);
    }

    #[test]
    fn a_program_is_told_that_it_is_deprecated() {
        let json = serde_json::to_value(Report::of(Vec::new(), 0.0)).unwrap();
        assert!(json["deprecated"].as_str().unwrap().contains("will be removed"));
    }
}
