//! Decides what becomes of a prepared file, and writes it, inside one transaction.

use fitness::recording::Warning;
use fitness::records::activity::{self, Change};
use fitness::records::import_file::{ImportFile, Kind, Outcome};
use fitness::records::source_file::{self, SourceFile};
use fitness::records::{activity_stream, best_effort, change_number, lap, original, stale_day};
use jiff::civil::Date;
use store::{Result, Tx};

use crate::prepare::{Content, Entry, Prepared};

/// An activity that begins this close to one of the file's former content is the same one, recorded further.
const SAME_START_MS: i64 = 60_000;

/// Writes prepared files for one athlete.
pub(crate) struct Keeper<'a, 'tx> {
    tx: &'a mut Tx<'tx>,
    athlete: &'a str,
    now_ms: i64,
    kept: Kept,
}

/// What a transaction changed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Kept {
    pub activities: u64,
    /// The change number of all of it.
    pub change: Option<i64>,
    pub first_day: Option<Date>,
}

impl<'a, 'tx> Keeper<'a, 'tx> {
    pub(crate) fn new(tx: &'a mut Tx<'tx>, athlete: &'a str, now_ms: i64) -> Self {
        Self { tx, athlete, now_ms, kept: Kept::default() }
    }

    /// Marks the days that were touched as stale, and says what changed.
    pub(crate) fn close(self) -> Result<Kept> {
        if let Some(day) = self.kept.first_day {
            stale_day::lower(self.tx, self.athlete, day)?;
        }
        Ok(self.kept)
    }

    /// Keeps one file.
    pub(crate) fn keep(&mut self, prepared: &Prepared) -> Result<ImportFile> {
        match prepared {
            Prepared::Refused { path, refusal } => Ok(ImportFile {
                path: path.clone(),
                kind: Kind::File,
                source_row: None,
                outcome: Outcome::Refused,
                code: Some(refusal.code.to_owned()),
                reason: Some(refusal.reason.clone()),
                warnings: Vec::new(),
                activities: Vec::new(),
            }),
            Prepared::Untouched(file) => self.unchanged(file),
            Prepared::Same(file) => {
                self.note(file)?;
                self.unchanged(file)
            }
            Prepared::Read(content) => self.read(content),
        }
    }

    fn unchanged(&mut self, file: &SourceFile) -> Result<ImportFile> {
        let activities = self.activities(&file.content_sha256)?;
        Ok(outcome(file, Outcome::Unchanged, Vec::new(), activities))
    }

    fn read(&mut self, content: &Content) -> Result<ImportFile> {
        let file = &content.file;
        let before = source_file::find(self.tx, self.athlete, &file.path)?;
        let same = source_file::by_content(self.tx, self.athlete, &file.content_sha256)?;
        self.note(file)?;
        let is_read_anew = same.iter().any(|known| known.decoder < file.decoder);
        if !is_read_anew && let Some(first) = same.first() {
            let outcome_of = if same.iter().any(|known| known.path == file.path) {
                Outcome::Unchanged
            } else {
                Outcome::Duplicate
            };
            let activities = self.activities(&first.content_sha256)?;
            return Ok(outcome(file, outcome_of, content.warnings.clone(), activities));
        }
        let replaced = self.replace(before.as_ref(), content)?;
        original::put(self.tx, &content.original)?;
        for entry in &content.activities {
            self.write(entry)?;
        }
        let outcome_of = if replaced || is_read_anew { Outcome::Updated } else { Outcome::Imported };
        let activities = content.activities.iter().map(|entry| entry.activity.id.clone()).collect();
        Ok(outcome(file, outcome_of, all_warnings(content), activities))
    }

    /// Removes the activities of the file's former content where the new content is their continuation.
    ///
    /// A path that now holds another workout altogether keeps both: devices use names again.
    fn replace(&mut self, before: Option<&SourceFile>, content: &Content) -> Result<bool> {
        let Some(before) = before.filter(|before| before.content_sha256 != content.file.content_sha256)
        else {
            return Ok(false);
        };
        if !source_file::by_content(self.tx, self.athlete, &before.content_sha256)?.is_empty() {
            return Ok(false);
        }
        let former = activity::by_file(self.tx, self.athlete, &before.sha256)?;
        let continues = |row: &activity::ActivityRow| {
            content.activities.iter().any(|entry| match (row.start_ms, entry.activity.start_ms) {
                (Some(old), Some(new)) => (old - new).abs() <= SAME_START_MS,
                (None, None) => true,
                _ => false,
            })
        };
        let replaced: Vec<_> = former.into_iter().filter(continues).collect();
        for row in &replaced {
            let day = activity::remove(self.tx, &row.id)?;
            self.touch(day)?;
        }
        Ok(!replaced.is_empty())
    }

    fn write(&mut self, entry: &Entry) -> Result<()> {
        let changed = self.change()?;
        let upserted = activity::upsert(self.tx, &entry.activity, changed)?;
        let has_other_efforts = best_effort::replace(self.tx, &entry.activity.id, &entry.best_efforts)?;
        if upserted.change == Change::Unchanged {
            return if has_other_efforts { self.touch(entry.activity.local_date) } else { Ok(()) };
        }
        activity_stream::replace(self.tx, &entry.activity.id, &entry.columns)?;
        lap::replace(self.tx, &entry.activity.id, &entry.laps)?;
        self.kept.activities += 1;
        self.touch(upserted.first_day)
    }

    fn touch(&mut self, day: Option<Date>) -> Result<()> {
        self.change()?;
        self.kept.first_day = self.kept.first_day.into_iter().chain(day).min();
        Ok(())
    }

    fn change(&mut self) -> Result<i64> {
        if let Some(change) = self.kept.change {
            return Ok(change);
        }
        let change = change_number::next(self.tx, self.athlete)?;
        self.kept.change = Some(change);
        Ok(change)
    }

    fn note(&mut self, file: &SourceFile) -> Result<()> {
        let file = SourceFile { changed_ms: self.now_ms, ..file.clone() };
        source_file::put(self.tx, self.athlete, &file).map(drop)
    }

    fn activities(&mut self, content_sha256: &str) -> Result<Vec<String>> {
        let contents = [content_sha256.to_owned()];
        let found = activity::ids_by_content(self.tx, self.athlete, &contents)?;
        Ok(found.into_iter().map(|(_, id)| id).collect())
    }
}

fn all_warnings(content: &Content) -> Vec<Warning> {
    let of_activities = content.activities.iter().flat_map(|entry| entry.activity.warnings.iter());
    content.warnings.iter().chain(of_activities).cloned().collect()
}

fn outcome(
    file: &SourceFile,
    outcome: Outcome,
    warnings: Vec<Warning>,
    activities: Vec<String>,
) -> ImportFile {
    ImportFile {
        path: file.path.clone(),
        kind: Kind::File,
        source_row: None,
        outcome,
        code: None,
        reason: None,
        warnings,
        activities,
    }
}
