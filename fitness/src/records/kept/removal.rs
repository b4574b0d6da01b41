//! Deletes what is kept of an athlete, by where it came from, a part at a time.

use jiff::civil::Date;
use store::{Result, Row, Sql, Tx, params};

use crate::records::activity::duplicate;
use crate::records::intake::Intake;
use crate::records::purge_receipt::Deleted;
use crate::records::strava::purge;
use crate::records::{activity, change_number, insight, optional_date};
use crate::scope::Scope;

/// Where what is to go came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// Recordings, with the files that they were read from.
    File,
    /// Rows and lists of an export, and activities that only these tell of.
    BulkExport,
    StravaApi,
    /// What the athlete typed in or handed over as a table: settings, daily metrics, the place of the forecast, which records
    /// are of one activity, lines drawn as GPX, privacy zones, what is said of gear.
    Manual,
    All,
}

impl What {
    /// Every origin, the whole first.
    pub const ALL: [Self; 5] = [Self::All, Self::File, Self::BulkExport, Self::StravaApi, Self::Manual];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::BulkExport => "bulk_export",
            Self::StravaApi => "strava_api",
            Self::Manual => "manual",
            Self::All => "all",
        }
    }

    /// The origin of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|what| what.as_str() == word)
    }

    /// The key of its receipts, which are not those of a permission that was taken back.
    pub fn receipt_key(self) -> String {
        format!("delete:{}", self.as_str())
    }

    fn holds(self, part: Self) -> bool {
        self == Self::All || self == part
    }
}

/// Files whose bytes go in one transaction.
const FILES: i64 = 20;
/// Rows of an export in one transaction.
const ROWS: i64 = 50;

/// Some rows of a table.
struct Part {
    of: What,
    table: &'static str,
    count: Sql,
    delete: Sql,
}

/// Rows of a table by its key, so many at a time.
macro_rules! part {
    ($of:ident, $table:literal, $key:literal, $where:literal) => {
        Part {
            of: What::$of,
            table: $table,
            count: Sql::Both(concat!("SELECT COUNT(*) FROM ", $table, " WHERE athlete = $1 AND ", $where)),
            delete: Sql::Both(concat!(
                "DELETE FROM ",
                $table,
                " WHERE athlete = $1 AND ",
                $where,
                " AND (",
                $key,
                ") IN (SELECT ",
                $key,
                " FROM ",
                $table,
                " WHERE athlete = $1 AND ",
                $where,
                " ORDER BY ",
                $key,
                " LIMIT 200)"
            )),
        }
    };
}

// What is computed goes last, when nothing is left that it follows from.
const PARTS: [Part; 34] = [
    part!(BulkExport, "export_item", "provenance, kind, source_id", "provenance = 'bulk_export'"),
    part!(StravaApi, "strava_activity", "strava_id", "1 = 1"),
    part!(StravaApi, "strava_effort", "effort_id", "1 = 1"),
    part!(StravaApi, "strava_item", "kind, item_id", "1 = 1"),
    part!(StravaApi, "strava_sync", "athlete", "1 = 1"),
    part!(StravaApi, "export_item", "provenance, kind, source_id", "provenance = 'strava_api'"),
    part!(StravaApi, "athlete_setting", "name, provenance, from_date", "provenance = 'strava_api'"),
    part!(StravaApi, "old_best", "scope, source_id, distance_m", "1 = 1"),
    part!(Manual, "athlete_setting", "name, provenance, from_date", "provenance = 'given'"),
    part!(Manual, "daily_metric", "local_date, name", "1 = 1"),
    part!(Manual, "weather_home", "athlete", "1 = 1"),
    part!(Manual, "merge_choice", "one, other", "1 = 1"),
    part!(File, "segment", "id", "provenance = 'file'"),
    part!(BulkExport, "segment", "id", "provenance = 'bulk_export'"),
    part!(StravaApi, "segment", "id", "provenance = 'strava_api'"),
    part!(Manual, "segment", "id", "provenance = 'manual'"),
    part!(All, "segment", "id", "1 = 1"),
    part!(Manual, "privacy_zone", "id", "1 = 1"),
    part!(All, "privacy_zone", "id", "1 = 1"),
    part!(Manual, "gear_service", "item_id, done_on, what", "1 = 1"),
    part!(Manual, "gear_component", "id", "1 = 1"),
    part!(Manual, "gear_choice", "activity_id", "1 = 1"),
    part!(Manual, "gear", "id", "1 = 1"),
    part!(All, "watched_file", "pipeline, path", "1 = 1"),
    part!(All, "outside_record", "pipeline, step, stream, record_key", "1 = 1"),
    part!(All, "athlete_setting", "name, provenance, from_date", "1 = 1"),
    part!(All, "insight", "scope, local_date", "1 = 1"),
    part!(All, "day", "scope, local_date", "1 = 1"),
    part!(All, "stale_day", "athlete", "1 = 1"),
    part!(All, "load_position", "athlete", "1 = 1"),
    part!(All, "weather_position", "athlete", "1 = 1"),
    part!(All, "way_position", "part", "1 = 1"),
    part!(All, "own_day_number", "name, scope, local_date", "1 = 1"),
    part!(All, "own_metric", "name", "1 = 1"),
];

const COUNT_ACTIVITIES: Sql =
    Sql::Both("SELECT COUNT(*) FROM activity WHERE athlete = $1 AND (provenance = $2 OR $2 = 'all')");
const SOME_ACTIVITIES: Sql = Sql::Both(
    "SELECT id FROM activity WHERE athlete = $1 AND (provenance = $2 OR $2 = 'all') \
     ORDER BY provenance, source_id LIMIT $3",
);
const COUNT_ROWS: Sql =
    Sql::Both("SELECT COUNT(*) FROM export_row WHERE athlete = $1 AND (provenance = $2 OR $2 = 'all')");
const SOME_ROWS: Sql = Sql::Both(
    "SELECT e.provenance, e.source_id, a.id, a.local_date FROM export_row e \
     LEFT JOIN activity a ON a.id = e.activity_id \
     WHERE e.athlete = $1 AND (e.provenance = $2 OR $2 = 'all') ORDER BY e.provenance, e.source_id LIMIT $3",
);
const REMOVE_ROW: Sql =
    Sql::Both("DELETE FROM export_row WHERE athlete = $1 AND provenance = $2 AND source_id = $3");
const COUNT_FILES: Sql =
    Sql::Both("SELECT COUNT(*) FROM source_file WHERE athlete = $1 AND (provenance = $2 OR $2 = 'all')");
const SOME_FILES: Sql = Sql::Both(
    "SELECT path, sha256 FROM source_file WHERE athlete = $1 AND (provenance = $2 OR $2 = 'all') \
     ORDER BY path LIMIT $3",
);
const REMOVE_FILE: Sql = Sql::Both("DELETE FROM source_file WHERE athlete = $1 AND path = $2");
// Somebody else may have brought the same bytes.
const REMOVE_ORIGINAL: Sql = Sql::Both(
    "DELETE FROM original WHERE sha256 = $1 AND NOT EXISTS (SELECT 1 FROM source_file s WHERE s.sha256 = $1)",
);

/// What would be deleted, by table.
pub fn preview(tx: &mut Tx<'_>, athlete: &str, what: What) -> Result<Deleted> {
    let mut rows = Deleted::new();
    let mut add = |table: &str, count: i64| {
        if count > 0 {
            *rows.entry(table.to_owned()).or_default() += count.unsigned_abs();
        }
    };
    for (table, sql) in
        [("activity", &COUNT_ACTIVITIES), ("export_row", &COUNT_ROWS), ("source_file", &COUNT_FILES)]
    {
        add(table, tx.optional(sql, &params![athlete, what.as_str()], |row| row.get(0))?.unwrap_or(0));
    }
    let mut given = Deleted::new();
    for part in PARTS.iter().filter(|part| what.holds(part.of)) {
        let count: i64 = tx.optional(&part.count, &params![athlete], |row| row.get(0))?.unwrap_or(0);
        // The last part of a table counts what the ones before it do.
        let counted = given.entry(part.table.to_owned()).or_default();
        if part.of == What::All {
            *counted = count.unsigned_abs();
        } else {
            *counted += count.unsigned_abs();
        }
    }
    rows.extend(given.into_iter().filter(|(_, count)| *count > 0));
    Ok(rows)
}

/// Deletes a part, as much as one transaction should, and counts it by table; nothing where nothing is left.
///
/// Days that are counted otherwise become stale, and records of the same activities from elsewhere count again.
pub fn some(tx: &mut Tx<'_>, athlete: &str, what: What) -> Result<Deleted> {
    for take in [activities, rows, files] {
        let deleted = take(tx, athlete, what)?;
        if !deleted.is_empty() {
            return Ok(deleted);
        }
    }
    for part in PARTS.iter().filter(|part| what.holds(part.of)) {
        let deleted = tx.execute(&part.delete, &params![athlete])?;
        if deleted > 0 {
            follow(tx, athlete, part.table)?;
            return Ok(of(part.table, deleted));
        }
    }
    Ok(Deleted::new())
}

/// Lets go of what rests on what was deleted besides activities.
fn follow(tx: &mut Tx<'_>, athlete: &str, table: &str) -> Result<()> {
    match table {
        "merge_choice" => duplicate::renew_all(tx, athlete),
        "athlete_setting" | "daily_metric" | "old_best" | "weather_home" => {
            change_number::next(tx, athlete)?;
            Scope::BOTH.into_iter().try_for_each(|scope| insight::remove_from(tx, athlete, scope, Date::ZERO))
        }
        _ => Ok(()),
    }
}

fn activities(tx: &mut Tx<'_>, athlete: &str, what: What) -> Result<Deleted> {
    let params = params![athlete, what.as_str(), purge::ACTIVITIES];
    let ids: Vec<String> = tx.query(&SOME_ACTIVITIES, &params, |row| row.get(0))?;
    if ids.is_empty() {
        return Ok(Deleted::new());
    }
    purge::activities(tx, athlete, &ids)?;
    Ok(of("activity", ids.len() as u64))
}

/// A row of an export, and the activity of somebody else's that it tells of.
struct Told {
    provenance: String,
    source_id: String,
    activity: Option<(String, Option<Date>)>,
}

fn rows(tx: &mut Tx<'_>, athlete: &str, what: What) -> Result<Deleted> {
    let read = |row: &Row<'_>| {
        let (id, day): (Option<String>, _) = (row.get(2)?, optional_date(row, 3)?);
        Ok(Told { provenance: row.get(0)?, source_id: row.get(1)?, activity: id.map(|id| (id, day)) })
    };
    let told = tx.query(&SOME_ROWS, &params![athlete, what.as_str(), ROWS], read)?;
    if told.is_empty() {
        return Ok(Deleted::new());
    }
    let mut intake = Intake::new(tx, athlete);
    for Told { provenance, source_id, activity } in &told {
        intake.tx.execute(&REMOVE_ROW, &params![athlete, provenance, source_id])?;
        if let Some((id, day)) = activity {
            // What it said of a recording that stays counts no longer, nor does its id link anything.
            let changed = intake.change()?;
            activity::touch_one(intake.tx, id, changed)?;
            activity::touch_counted(intake.tx, id, changed)?;
            intake.look_at(id)?;
            intake.touch(*day)?;
        }
    }
    intake.relink()?;
    intake.close()?;
    Ok(of("export_row", told.len() as u64))
}

fn files(tx: &mut Tx<'_>, athlete: &str, what: What) -> Result<Deleted> {
    let params = params![athlete, what.as_str(), FILES];
    let files: Vec<(String, String)> =
        tx.query(&SOME_FILES, &params, |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut deleted = Deleted::new();
    for (path, sha256) in &files {
        tx.execute(&REMOVE_FILE, &params![athlete, path])?;
        *deleted.entry("source_file".to_owned()).or_default() += 1;
        let originals = tx.execute(&REMOVE_ORIGINAL, &params![sha256])?;
        if originals > 0 {
            *deleted.entry("original".to_owned()).or_default() += originals;
        }
    }
    Ok(deleted)
}

fn of(table: &str, rows: u64) -> Deleted {
    Deleted::from([(table.to_owned(), rows)])
}

#[cfg(test)]
pub(super) fn queries() -> Vec<Sql> {
    let parts = PARTS.iter().flat_map(|part| [part.count, part.delete]);
    let others = [
        COUNT_ACTIVITIES,
        SOME_ACTIVITIES,
        COUNT_ROWS,
        SOME_ROWS,
        REMOVE_ROW,
        COUNT_FILES,
        SOME_FILES,
        REMOVE_FILE,
        REMOVE_ORIGINAL,
    ];
    parts.chain(others).collect()
}
