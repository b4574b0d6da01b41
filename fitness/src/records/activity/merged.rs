//! The records of one activity as a person sees them, and what a person says of them.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Serialize;
use store::{Error, Result, Row, Sql, Tx, params};

use super::list;
use crate::records::intake::Intake;
use crate::records::merge_choice::{self, Choice};
use crate::records::{count, optional_json};

/// A record of an activity.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RecordOf {
    pub id: String,
    /// True for the one that the numbers are of.
    pub counts: bool,
    /// True for the one that the numbers are of which others may see: never one of the Strava API.
    pub counts_shareable: bool,
    pub provenance: String,
    /// Path of the file as it was given.
    pub file: String,
    pub sport: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub elapsed_s: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distance_m: Option<f64>,
    pub samples: u32,
    /// What was sampled, such as `heart_rate`.
    pub channels: Vec<String>,
    #[serde(skip)]
    sha256: String,
}

/// All records of an activity, the one that counts in front, and what a person said of them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Records {
    pub records: Vec<RecordOf>,
    /// Fields that the one that counts lacks, and the ids of the records that told them.
    pub lent: BTreeMap<String, String>,
    pub choices: Vec<Choice>,
}

/// What a person says of records, by their ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word {
    /// One is an activity of its own; where it is the one that counts, the others stay together.
    Split(String),
    /// Two are of one activity, with all that is one with either.
    Join(String, String),
    /// What was said of the records of an activity is taken back, and the rule decides again.
    Forget(String),
}

/// What followed from a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    /// The ids of the records that count now.
    pub counted: Vec<String>,
    /// The first local day that is counted otherwise than before.
    pub first_day: Option<Date>,
}

/// Why something cannot be said of records.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    #[error("no activity `{0}`")]
    Unknown(String),
    #[error("`{0}` is the only record of its activity")]
    Alone(String),
    #[error("`{0}` and `{1}` are records of one activity already")]
    Together(String, String),
    #[error("`{0}` and `{1}` are two activities of one file")]
    SameFile(String, String),
    #[error("nobody knows when `{0}` was, so it belongs to no other")]
    NoStart(String),
}

impl MergeError {
    /// The code of the error, as `docs/ERRORS.md` has it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unknown(_) => "not_found",
            Self::Alone(_) => "merge_alone",
            Self::Together(..) => "merge_together",
            Self::SameFile(..) => "merge_same_file",
            Self::NoStart(_) => "merge_no_start",
        }
    }
}

const COUNTED: Sql =
    Sql::Both("SELECT COALESCE(duplicate_of, id) FROM activity WHERE athlete = $1 AND id = $2");
// Two probes of an index; an OR would run through the table.
const GROUP: Sql = Sql::Per {
    sqlite: "SELECT a.id, a.duplicate_of, a.provenance, a.file, a.sport, a.start_ms, a.elapsed_s, a.distance_m, \
             a.samples, a.sha256, (SELECT json_group_array(channel) FROM (SELECT s.channel FROM activity_stream s \
             WHERE s.activity_id = a.id ORDER BY s.channel)), \
             a.shareable_of IS NULL AND a.provenance <> 'strava_api' \
             FROM (SELECT id FROM activity WHERE id = $1 UNION SELECT id FROM activity WHERE duplicate_of = $1) g \
             JOIN activity a ON a.id = g.id ORDER BY a.duplicate_of IS NOT NULL, a.start_ms, a.id",
    postgres: "SELECT a.id, a.duplicate_of, a.provenance, a.file, a.sport, a.start_ms, a.elapsed_s, a.distance_m, \
               a.samples, a.sha256, (SELECT CAST(json_agg(s.channel ORDER BY s.channel) AS TEXT) \
               FROM activity_stream s WHERE s.activity_id = a.id), \
               a.shareable_of IS NULL AND a.provenance <> 'strava_api' \
               FROM (SELECT id FROM activity WHERE id = $1 UNION SELECT id FROM activity WHERE duplicate_of = $1) g \
               JOIN activity a ON a.id = g.id ORDER BY a.duplicate_of IS NOT NULL, a.start_ms, a.id",
};

/// The records of the activity that one of them names; nothing where there is none.
pub fn records(tx: &mut Tx<'_>, athlete: &str, id: &str) -> Result<Option<Records>> {
    let records = group(tx, athlete, id)?;
    if records.is_empty() {
        return Ok(None);
    }
    let is_of = |id: &str| records.iter().any(|record| record.id == id);
    let mut choices = merge_choice::list(tx, athlete)?;
    choices.retain(|choice| is_of(&choice.one) || is_of(&choice.other));
    let lent = list::get(tx, athlete, &records[0].id)?.map(|shown| shown.row.lent).unwrap_or_default();
    Ok(Some(Records { records, lent, choices }))
}

/// Keeps what a person says, links the records by it, and marks the days as stale that are counted otherwise. A word
/// that cannot be kept ends in a [`MergeError`].
pub fn say(tx: &mut Tx<'_>, athlete: &str, word: &Word, now_ms: i64) -> Result<Merged> {
    let mut intake = Intake::new(tx, athlete);
    let counted = match word {
        Word::Split(id) => split(&mut intake, id, now_ms),
        Word::Join(id, other) => join(&mut intake, id, other, now_ms),
        Word::Forget(id) => forget(&mut intake, id),
    }?;
    Ok(Merged { counted, first_day: intake.close()?.first_day })
}

fn split(intake: &mut Intake<'_, '_>, id: &str, now_ms: i64) -> Result<Vec<String>> {
    let group = known(intake, id)?;
    if group.len() < 2 {
        return Err(Error::abort(MergeError::Alone(id.to_owned())));
    }
    for other in group.iter().filter(|record| record.id != id) {
        merge_choice::say(intake.tx, intake.athlete, (id, &other.id), false, now_ms)?;
    }
    look_again(intake, &group)
}

fn join(intake: &mut Intake<'_, '_>, id: &str, other: &str, now_ms: i64) -> Result<Vec<String>> {
    let (mut ours, theirs) = (known(intake, id)?, known(intake, other)?);
    let (id, other) = (id.to_owned(), other.to_owned());
    if ours[0].id == theirs[0].id {
        return Err(Error::abort(MergeError::Together(id, other)));
    }
    if let Some(without) = ours.iter().chain(&theirs).find(|record| record.start_ms.is_none()) {
        return Err(Error::abort(MergeError::NoStart(without.id.clone())));
    }
    if ours.iter().any(|one| theirs.iter().any(|record| record.sha256 == one.sha256)) {
        return Err(Error::abort(MergeError::SameFile(id, other)));
    }
    for theirs in &theirs {
        for ours in &ours {
            merge_choice::forget(intake.tx, intake.athlete, (&ours.id, &theirs.id))?;
        }
        merge_choice::say(intake.tx, intake.athlete, (&ours[0].id, &theirs.id), true, now_ms)?;
    }
    ours.extend(theirs);
    look_again(intake, &ours)
}

fn forget(intake: &mut Intake<'_, '_>, id: &str) -> Result<Vec<String>> {
    let mut group = known(intake, id)?;
    let is_of =
        |choice: &Choice| group.iter().any(|record| record.id == choice.one || record.id == choice.other);
    let mut choices = merge_choice::list(intake.tx, intake.athlete)?;
    choices.retain(is_of);
    for Choice { one, other, .. } in &choices {
        merge_choice::forget(intake.tx, intake.athlete, (one, other))?;
        for id in [one, other] {
            group.extend(self::group(intake.tx, intake.athlete, id)?);
        }
    }
    look_again(intake, &group)
}

fn known(intake: &mut Intake<'_, '_>, id: &str) -> Result<Vec<RecordOf>> {
    let group = group(intake.tx, intake.athlete, id)?;
    if group.is_empty() { Err(Error::abort(MergeError::Unknown(id.to_owned()))) } else { Ok(group) }
}

fn group(tx: &mut Tx<'_>, athlete: &str, id: &str) -> Result<Vec<RecordOf>> {
    let counted = tx.optional(&COUNTED, &params![athlete, id], |row| row.get::<String>(0))?;
    let Some(counted) = counted else { return Ok(Vec::new()) };
    tx.query(&GROUP, &params![&counted], read)
}

/// Links records anew, and says which of them count.
fn look_again(intake: &mut Intake<'_, '_>, records: &[RecordOf]) -> Result<Vec<String>> {
    for record in records {
        intake.look_around(record.start_ms);
    }
    intake.relink()?;
    let mut counted = Vec::new();
    for record in records {
        counted.extend(intake.tx.optional(&COUNTED, &params![intake.athlete, &record.id], |row| row.get(0))?);
    }
    counted.sort_unstable();
    counted.dedup();
    Ok(counted)
}

fn read(row: &Row<'_>) -> Result<RecordOf> {
    Ok(RecordOf {
        id: row.get(0)?,
        counts: row.get::<Option<String>>(1)?.is_none(),
        provenance: row.get(2)?,
        file: row.get(3)?,
        sport: row.get(4)?,
        start_ms: row.get(5)?,
        elapsed_s: row.get(6)?,
        distance_m: row.get(7)?,
        samples: count(row, 8)?,
        sha256: row.get(9)?,
        channels: optional_json(row, 10)?.unwrap_or_default(),
        counts_shareable: row.get(11)?,
    })
}

#[cfg(test)]
pub(super) const QUERIES: &[Sql] = &[COUNTED, GROUP];
