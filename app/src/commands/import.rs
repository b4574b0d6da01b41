//! `paceline import`: reads files and folders, and says what became of each.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::bail;
use clap::Args;
use engine::Request;
use engine::run::Cause;
use fitness::records::export_item::{self, Count};
use fitness::records::import_file::{self, ImportFile, Kind, Outcome};
use serde::Serialize;
use serde_json::json;

use crate::cli::{Form, Whose};
use crate::config::Config;
use crate::progress::Progress;
use crate::table::{shortened_path, wrapped};
use crate::work::{self, Finished};
use crate::{error, output, program, units};

const AFTER_HELP: &str = "\
Examples:
  paceline import ~/recordings              a folder with all below it
  paceline import ride.fit run.gpx.gz       FIT, GPX and TCX, plain or gzipped
  paceline import export.zip                all that Strava gives, zipped or unpacked
  paceline import ~/recordings --json       one object: counts, seconds, and every file

Importing twice changes nothing. A file that is refused never stops the others; the exit code
is 1 only where the run failed or every file was refused.";

const PIPELINE: &str = "import";
/// Refusals and kinds of warning that a person reads at once.
const SHOWN: usize = 10;
const PATH_WIDTH: usize = 44;

/// Reads FIT, GPX and TCX files, folders of them, and whole exports
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Import {
    /// Files, folders and exports
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    pub(crate) form: Form,
}

/// What became of an import: the answer to a program.
#[derive(Debug, Default, Serialize)]
struct Report {
    imported: usize,
    updated: usize,
    unchanged: usize,
    duplicate: usize,
    refused: usize,
    seconds: f64,
    /// Where there was one among them.
    #[serde(skip_serializing_if = "Option::is_none")]
    export: Option<Export>,
    files: Vec<ImportFile>,
}

/// What an export brought.
#[derive(Debug, Serialize)]
struct Export {
    activities: usize,
    with_file: usize,
    /// Told by the table of activities alone.
    without_file: usize,
    /// Named by the table and not there.
    files_missing: usize,
    /// There and refused, or lost by the source.
    files_unreadable: usize,
    /// How many items of each list are stored.
    lists: BTreeMap<String, u32>,
}

impl Import {
    pub(crate) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        let began = Instant::now();
        let (paths, mut files) = resolve(&self.paths);
        let mut lists = Vec::new();
        if !paths.is_empty() {
            let progress = Progress::new(self.form.json);
            let (finished, read, counts) = self.carry_out(config, &paths, &progress).await?;
            if let Some(problem) = finished.problem() {
                bail!(problem);
            }
            files.extend(read);
            lists = counts;
        }
        let report = Report::of(files, lists, began.elapsed().as_secs_f64());
        if self.form.json {
            output::json(&report)?;
        } else {
            output::line(report.to_text())?;
        }
        Ok(if report.is_all_refused() { error::FAILED } else { error::DONE })
    }

    async fn carry_out(
        &self,
        config: &Config,
        paths: &[String],
        progress: &Progress,
    ) -> anyhow::Result<(Finished, Vec<ImportFile>, Vec<Count>)> {
        let engine = program::engine(config, progress.watcher()).await?;
        program::meet(engine.store(), &self.whose.athlete).await?;
        let request = Request {
            pipeline: PIPELINE.to_owned(),
            partition: self.whose.athlete.clone(),
            params: json!({ "paths": paths }),
            cause: Cause::Cli,
            // An import that was cut off does not stand for this one: it names other files.
            force: true,
            fresh: false,
            key: None,
            request_id: None,
        };
        let finished = work::carry_out(config, &engine, request, progress).await?;
        let run = finished.run.id.clone();
        let athlete = self.whose.athlete.clone();
        let read = engine.store().read(move |tx| {
            let files = import_file::list(tx, &run)?;
            let has_lists = files.iter().any(|file| file.kind == Kind::List);
            let counts = if has_lists { export_item::counts(tx, &athlete)? } else { Vec::new() };
            Ok((files, counts))
        });
        let (files, counts) = read.await?;
        Ok((finished, files, counts))
    }
}

impl Report {
    fn of(files: Vec<ImportFile>, lists: Vec<Count>, seconds: f64) -> Self {
        let count = |outcome| files.iter().filter(|file| file.outcome == outcome).count();
        Self {
            imported: count(Outcome::Imported),
            updated: count(Outcome::Updated),
            unchanged: count(Outcome::Unchanged),
            duplicate: count(Outcome::Duplicate),
            refused: count(Outcome::Refused),
            seconds: (seconds * 1000.0).round() / 1000.0,
            export: Export::of(&files, lists),
            files,
        }
    }

    fn is_all_refused(&self) -> bool {
        !self.files.is_empty() && self.refused == self.files.len()
    }

    fn to_text(&self) -> String {
        if self.files.is_empty() {
            return "no FIT, GPX or TCX file was found there".to_owned();
        }
        let mut parts = vec![self.counts()];
        parts.extend(self.export.as_ref().map(Export::to_text));
        parts.extend(self.refusals());
        parts.extend(self.warnings());
        if self.imported + self.updated > 0 {
            parts.push("`paceline today` says what to do today, and why.".to_owned());
        }
        parts.join("\n\n")
    }

    fn counts(&self) -> String {
        let kinds = [
            (self.imported, "imported"),
            (self.updated, "updated"),
            (self.unchanged, "unchanged"),
            (self.duplicate, "duplicate"),
            (self.refused, "refused"),
        ];
        let kinds: Vec<String> = kinds
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, kind)| format!("{count} {kind}"))
            .collect();
        let files = self.entries(self.files.len());
        format!("{files} in {:.1} s: {}", self.seconds, kinds.join(", "))
    }

    /// Not everything in an export is a file.
    fn entries(&self, count: usize) -> String {
        match self.export {
            Some(_) => units::count(count, "entry", "entries"),
            None => units::count(count, "file", "files"),
        }
    }

    fn refusals(&self) -> Option<String> {
        let refused: Vec<&ImportFile> =
            self.files.iter().filter(|file| file.outcome == Outcome::Refused).collect();
        let mut lines = vec!["Refused".to_owned()];
        lines.extend(refused.iter().take(SHOWN).map(|file| {
            let code = file.code.as_deref().unwrap_or_default();
            let reason = file.reason.as_deref().unwrap_or_default();
            wrapped(
                &format!("  {}", shortened_path(&file.path, PATH_WIDTH)),
                &format!("{reason} [{code}]"),
                PATH_WIDTH + 4,
            )
        }));
        lines.extend(more(refused.len()));
        (!refused.is_empty()).then(|| lines.join("\n"))
    }

    /// Files that were kept with a warning, by its code, the most frequent first.
    fn warnings(&self) -> Option<String> {
        let mut by_code: BTreeMap<&str, (usize, &str)> = BTreeMap::new();
        for file in &self.files {
            let mut codes: Vec<&str> = file.warnings.iter().map(|warning| warning.code.as_str()).collect();
            codes.sort_unstable();
            codes.dedup();
            codes.into_iter().for_each(|code| by_code.entry(code).or_insert((0, &file.path)).0 += 1);
        }
        let mut codes: Vec<_> = by_code.into_iter().collect();
        codes.sort_by_key(|(_, (count, _))| std::cmp::Reverse(*count));
        let mut lines = vec!["Kept with a warning".to_owned()];
        lines.extend(codes.iter().take(SHOWN).map(|(code, (count, path))| {
            let files = self.entries(*count);
            format!("  {code:<28}{files:>10}, such as {}", shortened_path(path, PATH_WIDTH))
        }));
        lines.extend(more(codes.len()));
        (!codes.is_empty()).then(|| lines.join("\n"))
    }
}

impl Export {
    /// Counts what came out of an export; nothing where none was read.
    fn of(files: &[ImportFile], lists: Vec<Count>) -> Option<Self> {
        let is_of_export = |file: &ImportFile| file.source_row.is_some() || file.kind != Kind::File;
        if !files.iter().any(is_of_export) {
            return None;
        }
        let kept = || files.iter().filter(|file| file.outcome != Outcome::Refused);
        let alone = || kept().filter(|file| file.kind == Kind::Row);
        let warned = |code: &str| {
            alone().filter(|file| file.warnings.iter().any(|warning| warning.code == code)).count()
        };
        let with_file = kept().filter(|file| file.kind == Kind::File && file.source_row.is_some()).count();
        Some(Self {
            activities: with_file + alone().count(),
            with_file,
            without_file: alone().count(),
            files_missing: warned("file_missing"),
            files_unreadable: warned("file_unreadable"),
            lists: lists.into_iter().map(|list| (list.kind, list.items)).collect(),
        })
    }

    fn to_text(&self) -> String {
        let mut text = format!(
            "Export\n  {}: {} with a file, {} from the table alone",
            units::count(self.activities, "activity", "activities"),
            self.with_file,
            self.without_file
        );
        let lacks = [(self.files_missing, "missing"), (self.files_unreadable, "unreadable")];
        let lacks: Vec<String> = lacks
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        if !lacks.is_empty() {
            text += &format!("\n  files that the table names: {}", lacks.join(", "));
        }
        let lists: Vec<String> =
            self.lists.iter().map(|(kind, items)| format!("{} {items}", kind.replace('_', " "))).collect();
        if !lists.is_empty() {
            text += "\n";
            text += &wrapped("  lists: ", &lists.join(", "), 9);
        }
        text
    }
}

fn more(all: usize) -> Option<String> {
    let left = all.checked_sub(SHOWN).filter(|left| *left > 0)?;
    Some(format!("  and {left} more; `--json` lists all"))
}

/// Absolute paths, so that the same file is known again from wherever it is named; what is not there is refused
/// by the step that reads.
fn resolve(paths: &[PathBuf]) -> (Vec<String>, Vec<ImportFile>) {
    let (mut found, mut refused) = (Vec::new(), Vec::new());
    for path in paths {
        let absolute =
            canonical(path).or_else(|_| std::path::absolute(path)).unwrap_or_else(|_| path.clone());
        match absolute.into_os_string().into_string() {
            Ok(path) => found.push(path),
            Err(path) => {
                refused.push(unreadable(path.to_string_lossy().into_owned(), "its name is not UTF-8"));
            }
        }
    }
    (found, refused)
}

/// A file keeps the name that it was given, also where that is a link.
fn canonical(path: &Path) -> std::io::Result<PathBuf> {
    match (path.parent(), path.file_name()) {
        (Some(folder), Some(name)) if path.is_file() => {
            let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            Ok(folder.canonicalize()?.join(name))
        }
        _ => path.canonicalize(),
    }
}

fn unreadable(path: String, reason: &str) -> ImportFile {
    ImportFile {
        path,
        kind: Kind::File,
        source_row: None,
        outcome: Outcome::Refused,
        code: Some("file_unreadable".to_owned()),
        reason: Some(reason.to_owned()),
        warnings: Vec::new(),
        activities: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use fitness::recording::Warning;

    use super::*;

    fn file(path: &str, outcome: Outcome) -> ImportFile {
        ImportFile { outcome, code: None, reason: None, ..unreadable(path.to_owned(), "") }
    }

    fn warning(detail: &str) -> Warning {
        Warning { code: "fit_bad_crc".to_owned(), detail: detail.to_owned() }
    }

    #[test]
    fn the_summary_counts_and_gives_reasons() {
        let broken = ImportFile {
            code: Some("file_empty".to_owned()),
            reason: Some("the file has no bytes".to_owned()),
            ..file("b.fit", Outcome::Refused)
        };
        let report = Report::of(vec![file("a.fit", Outcome::Imported), broken], Vec::new(), 1.24);
        let wanted = "\
2 files in 1.2 s: 1 imported, 1 refused

Refused
  b.fit                                         the file has no bytes [file_empty]

`paceline today` says what to do today, and why.";
        assert_eq!(report.to_text(), wanted);
    }

    #[test]
    fn an_export_is_summed_up_in_activities() {
        let row = |path: &str, kind, codes: &[&str]| ImportFile {
            kind,
            source_row: Some(path.to_owned()),
            warnings: codes
                .iter()
                .map(|code| Warning { code: (*code).to_owned(), detail: String::new() })
                .collect(),
            ..file(path, Outcome::Imported)
        };
        let refused = ImportFile { outcome: Outcome::Refused, ..row("d.fit", Kind::File, &[]) };
        let files = vec![
            row("a.fit", Kind::File, &["samples_merged"]),
            row("b#1", Kind::Row, &["file_missing"]),
            row("c#2", Kind::Row, &[]),
            refused,
            row("d#3", Kind::Row, &["file_unreadable"]),
        ];
        let lists = vec![
            Count { kind: "bike".to_owned(), items: 2 },
            Count { kind: "starred_segment".to_owned(), items: 7 },
        ];
        let report = Report::of(files, lists, 0.1);
        let wanted = "\
Export
  4 activities: 1 with a file, 3 from the table alone
  files that the table names: 1 missing, 1 unreadable
  lists: bike 2, starred segment 7";
        assert_eq!(report.export.unwrap().to_text(), wanted);
        assert!(Report::of(vec![file("a.fit", Outcome::Imported)], Vec::new(), 0.1).export.is_none());
    }

    #[test]
    fn warnings_are_counted_by_file() {
        let warned = |path: &str| ImportFile {
            warnings: vec![warning("at the end"), warning("again")],
            ..file(path, Outcome::Unchanged)
        };
        let report = Report::of(vec![warned("a.fit"), warned("b.fit")], Vec::new(), 0.1);
        let text = report.warnings().unwrap();
        assert_eq!(text, "Kept with a warning\n  fit_bad_crc                    2 files, such as a.fit");
    }

    #[test]
    fn a_program_reads_one_object_with_these_keys() {
        let json = serde_json::to_value(Report::of(Vec::new(), Vec::new(), 0.0)).unwrap();
        let keys: Vec<&String> = json.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["imported", "updated", "unchanged", "duplicate", "refused", "seconds", "files"]);
    }

    #[test]
    fn a_path_is_made_absolute_even_where_nothing_is() {
        let (found, refused) = resolve(&["/".into(), "no/such.fit".into()]);
        assert!(found[1].starts_with('/') && found[1].ends_with("no/such.fit"), "{found:?}");
        assert!(refused.is_empty());
    }

    #[test]
    fn a_name_that_is_no_text_is_refused_and_the_others_are_read() {
        use std::os::unix::ffi::OsStringExt;
        let odd = std::ffi::OsString::from_vec(vec![b'/', 0xff]);
        let (found, refused) = resolve(&["/".into(), odd.into()]);
        assert_eq!((found.len(), refused.len()), (1, 1));
    }

    #[test]
    fn only_an_import_without_any_success_fails() {
        assert!(Report::of(vec![file("a", Outcome::Refused)], Vec::new(), 0.0).is_all_refused());
        assert!(
            !Report::of(vec![file("a", Outcome::Refused), file("b", Outcome::Unchanged)], Vec::new(), 0.0)
                .is_all_refused()
        );
    }
}
