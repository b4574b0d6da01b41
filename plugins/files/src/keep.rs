//! Decides what becomes of a prepared source, and writes it, inside one transaction.

use fitness::entry::Entry;
use fitness::recording::Warning;
use fitness::records::activity;
use fitness::records::export_item::{self, ExportItem};
use fitness::records::export_row::{self, ExportRow};
use fitness::records::import_file::{ImportFile, Kind, Outcome};
use fitness::records::intake::{Intake, Taken};
use fitness::records::source_file::{self, SourceFile};
use fitness::records::{activity_number, gear, merge_choice, original};
use store::{Result, Tx};

use crate::archive::Told;
use crate::decode::Refusal;
use crate::export::{List, PROVENANCE};
use crate::known::{by_content, lone_id};
use crate::prepare::{Content, Found, OTHER_SPORT, Prepared};
use crate::sources::{Source, What};

/// An activity that begins this close to one of the file's former content is the same one, recorded further.
const SAME_START_MS: i64 = 60_000;

/// Writes prepared sources for one athlete.
pub(crate) struct Keeper<'a, 'tx> {
    intake: Intake<'a, 'tx>,
    now_ms: i64,
}

impl<'a, 'tx> Keeper<'a, 'tx> {
    pub(crate) fn new(tx: &'a mut Tx<'tx>, athlete: &'a str, now_ms: i64) -> Self {
        Self { intake: Intake::new(tx, athlete), now_ms }
    }

    /// Marks the days that were touched as stale, and says what changed.
    pub(crate) fn close(self) -> Result<Taken> {
        self.intake.close()
    }

    /// Keeps what was found at a source, and says what became of it: of the file, and of a row that stands alone.
    pub(crate) fn keep(&mut self, prepared: &Prepared) -> Result<Vec<ImportFile>> {
        let told = prepared.told.as_ref();
        let mut noted = Vec::new();
        match &prepared.found {
            Found::Refused(refusal) => noted.push(refused(prepared, refusal)),
            Found::Same(file) => {
                self.note(file)?;
                let activities = self.activities(&file.content_sha256)?;
                noted.push(self.told(told, outcome(file, Outcome::Unchanged, Vec::new(), activities))?);
            }
            Found::Read(content) => {
                let read = self.read(content)?;
                noted.push(self.told(told, read)?);
            }
            Found::Items(file, list, items) => noted.push(self.items(file, *list, items)?),
            Found::Nothing => {}
        }
        if let (Some(told), Some(entry)) = (told, &prepared.lone) {
            noted.push(self.alone(told, entry, &prepared.found)?);
        }
        self.relink(&mut noted)?;
        Ok(noted)
    }

    /// Links what was written with other records of the same activities, and says so.
    fn relink(&mut self, noted: &mut [ImportFile]) -> Result<()> {
        let Some(relinked) = self.intake.relink()? else { return Ok(()) };
        for file in noted {
            file.warnings.extend(relinked.warnings(&file.activities));
        }
        Ok(())
    }

    fn items(&mut self, file: &SourceFile, list: List, items: &[ExportItem]) -> Result<ImportFile> {
        let is_known = source_file::find(self.intake.tx, self.intake.athlete, &file.path)?.is_some();
        self.note(file)?;
        let changed =
            export_item::replace(self.intake.tx, self.intake.athlete, (PROVENANCE, list.kind()), items)?;
        let outcome_of = match (changed > 0, is_known) {
            (true, false) => Outcome::Imported,
            (true, true) => Outcome::Updated,
            (false, _) => Outcome::Unchanged,
        };
        Ok(ImportFile { kind: Kind::List, ..outcome(file, outcome_of, Vec::new(), Vec::new()) })
    }

    /// Links the row of a file to its first activity; a row that says something new makes the file an updated one.
    fn told(&mut self, told: Option<&Told>, mut noted: ImportFile) -> Result<ImportFile> {
        let (Some(told), Some(id)) = (told, noted.activities.first().cloned()) else { return Ok(noted) };
        let before = self.row_before(&told.record)?;
        let lone = lone_id(self.intake.athlete, &told.record);
        if lone != id && before.as_ref().is_some_and(|row| row.activity_id.as_ref() == Some(&lone)) {
            // Its file has turned up.
            self.inherit((&lone, &id))?;
            self.intake.remove(&lone)?;
        }
        if before.as_ref().is_none_or(|row| !row.says_the_same(&told.record)) {
            self.tell_sport(told, &id)?;
            self.tell_exertion(told, before.as_ref(), &id)?;
        }
        self.tell_sky(told, before.as_ref(), &id)?;
        self.link(&told.record, before.as_ref(), &id)?;
        noted.source_row = Some(told.record.source_id.clone());
        noted.warnings.extend(told.row.warnings.iter().cloned());
        let is_new = before.is_some_and(|row| !row.says_the_same(&told.record));
        if is_new && matches!(noted.outcome, Outcome::Unchanged | Outcome::Duplicate) {
            noted.outcome = Outcome::Updated;
        }
        Ok(noted)
    }

    /// Keeps a row without a file: as an activity of its own, unless a file told of it before.
    fn alone(&mut self, told: &Told, entry: &Entry, found: &Found) -> Result<ImportFile> {
        let before = self.row_before(&told.record)?;
        let is_same = before.as_ref().is_some_and(|row| row.says_the_same(&told.record));
        let linked = before.as_ref().and_then(|row| row.activity_id.clone());
        let id = linked.clone().unwrap_or_else(|| entry.activity.id.clone());
        let is_lone = id == entry.activity.id;
        if is_lone && (linked.is_none() || !is_same) {
            self.intake.write(entry)?;
        }
        if !is_same {
            self.tell_exertion(told, before.as_ref(), &id)?;
        }
        self.tell_sky(told, before.as_ref(), &id)?;
        self.link(&told.record, before.as_ref(), &id)?;
        let unreadable = match found {
            Found::Refused(refusal) => Some(Warning {
                code: "file_unreadable".to_owned(),
                detail: format!("{}: {}", told.row.file.as_deref().unwrap_or_default(), refusal.reason),
            }),
            _ => told.lack(),
        };
        Ok(ImportFile {
            path: told.path.clone(),
            kind: Kind::Row,
            source_row: Some(told.record.source_id.clone()),
            outcome: match (linked.is_some(), is_same) {
                (false, _) => Outcome::Imported,
                (true, true) => Outcome::Unchanged,
                (true, false) => Outcome::Updated,
            },
            code: None,
            reason: None,
            warnings: unreadable.into_iter().chain(told.row.warnings.iter().cloned()).collect(),
            activities: vec![id],
        })
    }

    fn row_before(&mut self, row: &ExportRow) -> Result<Option<ExportRow>> {
        export_row::find(self.intake.tx, self.intake.athlete, (&row.provenance, &row.source_id))
    }

    fn link(&mut self, row: &ExportRow, before: Option<&ExportRow>, activity_id: &str) -> Result<()> {
        if before.is_none_or(|row| row.activity_id.as_deref() != Some(activity_id)) {
            // The id in the row may be what another source knows it by.
            self.intake.look_at(activity_id)?;
        }
        let row = ExportRow { activity_id: Some(activity_id.to_owned()), ..row.clone() };
        if !export_row::put(self.intake.tx, self.intake.athlete, &row)? {
            return Ok(());
        }
        // Whether it was a race, and what it was like, are facts that advice rests on.
        let changed = self.intake.change()?;
        self.leave(before, activity_id, changed)?;
        let before = before.filter(|before| before.activity_id == row.activity_id);
        if before.map(ExportRow::purpose).unwrap_or_default() == row.purpose() {
            return Ok(());
        }
        activity::touch_one(self.intake.tx, activity_id, changed)?;
        activity::touch_counted(self.intake.tx, activity_id, changed)
    }

    /// Lets the activity that a row told of before be looked at again: what the row says holds for it no more.
    fn leave(&mut self, before: Option<&ExportRow>, activity_id: &str, changed: i64) -> Result<()> {
        let former =
            before.and_then(|row| row.activity_id.as_deref()).filter(|former| *former != activity_id);
        let Some(former) = former else { return Ok(()) };
        self.intake.look_at(former)?;
        activity::touch_one(self.intake.tx, former, changed)?;
        activity::touch_counted(self.intake.tx, former, changed)
    }

    /// Gives the sport of the export to an activity of another file whose own is not known.
    fn tell_sport(&mut self, told: &Told, id: &str) -> Result<()> {
        let figures = &told.row.figures;
        let Some(sport) = figures.sport.as_deref().filter(|sport| *sport != OTHER_SPORT) else {
            return Ok(());
        };
        let Some(shown) =
            activity::get(self.intake.tx, self.intake.athlete, id)?.filter(|of| of.row.sport == OTHER_SPORT)
        else {
            return Ok(());
        };
        let changed = self.intake.change()?;
        activity::set_sport(self.intake.tx, id, (sport, figures.sub_sport.as_deref()), changed)?;
        activity_number::forget_all(self.intake.tx, id)?;
        self.intake.look_around(shown.row.start_ms);
        self.intake.touch(shown.local_date)
    }

    /// Lets the load of an activity be computed anew where the exertion that the athlete felt is another now.
    fn tell_exertion(&mut self, told: &Told, before: Option<&ExportRow>, id: &str) -> Result<()> {
        let before = before.and_then(ExportRow::perceived_exertion);
        if before == told.row.figures.perceived_exertion {
            return Ok(());
        }
        let changed = self.intake.change()?;
        activity::touch_one(self.intake.tx, id, changed)?;
        // What counts in its stead may rest on it.
        let shown = activity::get(self.intake.tx, self.intake.athlete, id)?;
        match shown.and_then(|shown| shown.row.duplicate_of) {
            Some(primary) => activity::touch_one(self.intake.tx, &primary, changed),
            None => Ok(()),
        }
    }

    /// Lets the weather of an activity be planned anew where the export tells another one of it, or hides its start.
    fn tell_sky(&mut self, told: &Told, before: Option<&ExportRow>, id: &str) -> Result<()> {
        let before = before.filter(|row| row.activity_id.as_deref() == Some(id));
        let before = before.and_then(ExportRow::sky).unwrap_or_default();
        let figures = &told.row.figures;
        if before == (figures.start_hidden, figures.weather.clone()) {
            return Ok(());
        }
        let changed = self.intake.change()?;
        activity::touch_one(self.intake.tx, id, changed)
    }

    fn read(&mut self, content: &Content) -> Result<ImportFile> {
        let file = &content.file;
        let before = source_file::find(self.intake.tx, self.intake.athlete, &file.path)?;
        let same = source_file::by_content(self.intake.tx, self.intake.athlete, &file.content_sha256)?;
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
        original::put(self.intake.tx, &content.original)?;
        for entry in &content.activities {
            self.intake.write(entry)?;
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
        if !source_file::by_content(self.intake.tx, self.intake.athlete, &before.content_sha256)?.is_empty() {
            return Ok(false);
        }
        let former = activity::by_file(self.intake.tx, self.intake.athlete, &before.sha256)?;
        let heir = |row: &activity::ActivityRow| {
            let continues = |entry: &&Entry| match (row.start_ms, entry.activity.start_ms) {
                (Some(old), Some(new)) => (old - new).abs() <= SAME_START_MS,
                (None, None) => true,
                _ => false,
            };
            content.activities.iter().find(continues).map(|entry| &entry.activity.id)
        };
        let mut is_replaced = false;
        for row in former {
            let Some(heir) = heir(&row) else { continue };
            self.inherit((&row.id, heir))?;
            self.intake.remove(&row.id)?;
            is_replaced = true;
        }
        Ok(is_replaced)
    }

    /// Says of one record what the athlete said of another whose place it takes.
    fn inherit(&mut self, records: (&str, &str)) -> Result<()> {
        merge_choice::inherit(self.intake.tx, self.intake.athlete, records)?;
        gear::inherit(self.intake.tx, self.intake.athlete, records)
    }

    fn note(&mut self, file: &SourceFile) -> Result<()> {
        let file = SourceFile { changed_ms: self.now_ms, ..file.clone() };
        source_file::put(self.intake.tx, self.intake.athlete, &file).map(drop)
    }

    fn activities(&mut self, content_sha256: &str) -> Result<Vec<String>> {
        let contents = [content_sha256.to_owned()];
        let mut found = by_content(activity::ids_by_content(self.intake.tx, self.intake.athlete, &contents)?);
        Ok(found.remove(content_sha256).unwrap_or_default())
    }
}

/// What became of a source of which nothing has changed.
pub(crate) fn unchanged(source: &Source, told: Option<&Told>, activities: Vec<String>) -> ImportFile {
    let kind = match &source.what {
        What::File(_) => Kind::File,
        What::Row(_) | What::BadRow => Kind::Row,
        What::List(_) => Kind::List,
    };
    let lack = told.filter(|_| kind == Kind::Row).and_then(Told::lack);
    let of_row = told.iter().flat_map(|told| told.row.warnings.clone());
    ImportFile {
        path: source.path.clone(),
        kind,
        source_row: told.map(|told| told.record.source_id.clone()),
        outcome: Outcome::Unchanged,
        code: None,
        reason: None,
        warnings: lack.into_iter().chain(of_row).collect(),
        activities,
    }
}

fn refused(prepared: &Prepared, refusal: &Refusal) -> ImportFile {
    ImportFile {
        path: prepared.path.clone(),
        kind: prepared.kind,
        source_row: prepared.told.as_ref().map(|told| told.record.source_id.clone()),
        outcome: Outcome::Refused,
        code: Some(refusal.code.to_owned()),
        reason: Some(refusal.reason.clone()),
        warnings: Vec::new(),
        activities: Vec::new(),
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
