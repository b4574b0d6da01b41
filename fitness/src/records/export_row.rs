//! Rows of activities of an athlete's export: what the source itself says, and the activity that each tells of.

use std::collections::{BTreeSet, HashMap};

use serde::Deserialize;
use store::{Result, Row, Sql, Tx, params};

use super::from_json;
use crate::export::{Figures, Weather};

/// A row of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportRow {
    pub provenance: String,
    /// The source's own id of the activity.
    pub source_id: String,
    /// Path of the archive that the row was last read from.
    pub archive: String,
    /// Line in its file.
    pub position: u32,
    /// The file that it names.
    pub file: Option<String>,
    /// The activity that it tells of.
    pub activity_id: Option<String>,
    /// [`crate::export::Figures`] as JSON.
    pub figures: String,
    /// Every column that has a value, as JSON: name, which of that name, value.
    pub columns: String,
}

impl ExportRow {
    /// True where the source says the same in both, wherever it stands.
    pub fn says_the_same(&self, other: &Self) -> bool {
        (&self.file, &self.figures, &self.columns) == (&other.file, &other.figures, &other.columns)
    }

    /// Whether its start is hidden, and the weather that is told of it.
    pub fn sky(&self) -> Option<(bool, Option<Weather>)> {
        let figures = serde_json::from_str::<Figures>(&self.figures).ok()?;
        Some((figures.start_hidden, figures.weather))
    }

    /// Whether it was a commute, and whether a race, where that is told.
    pub fn purpose(&self) -> (Option<bool>, Option<bool>) {
        let figures = serde_json::from_str::<Figures>(&self.figures);
        figures.map(|figures| (figures.commute, figures.competition)).unwrap_or_default()
    }

    /// How hard the athlete felt it, where that is told.
    pub fn perceived_exertion(&self) -> Option<f64> {
        serde_json::from_str::<Figures>(&self.figures).ok()?.perceived_exertion
    }
}

const PUT: Sql = Sql::Both(
    "INSERT INTO export_row \
     (athlete, provenance, source_id, archive, position, file, activity_id, figures, columns) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
     ON CONFLICT (athlete, provenance, source_id) DO UPDATE SET \
     archive = excluded.archive, position = excluded.position, file = excluded.file, \
     activity_id = excluded.activity_id, figures = excluded.figures, columns = excluded.columns \
     WHERE (export_row.archive, export_row.position, export_row.file, export_row.activity_id, \
     export_row.figures, export_row.columns) \
     IS DISTINCT FROM (excluded.archive, excluded.position, excluded.file, excluded.activity_id, \
     excluded.figures, excluded.columns)",
);
const FIND: Sql = Sql::Both(
    "SELECT provenance, source_id, archive, position, file, activity_id, figures, columns \
     FROM export_row WHERE athlete = $1 AND provenance = $2 AND source_id = $3",
);
const AT: Sql = Sql::Per {
    sqlite: "SELECT provenance, source_id, archive, position, file, activity_id, figures, columns \
             FROM export_row WHERE athlete = $1 AND provenance = $2 \
             AND source_id IN (SELECT value FROM json_each($3)) ORDER BY source_id",
    postgres: "SELECT provenance, source_id, archive, position, file, activity_id, figures, columns \
               FROM export_row WHERE athlete = $1 AND provenance = $2 \
               AND source_id = ANY($3) ORDER BY source_id",
};
const OF_ACTIVITY: Sql = Sql::Both(
    "SELECT provenance, source_id, archive, position, file, activity_id, figures, columns \
     FROM export_row WHERE athlete = $1 AND activity_id = $2 ORDER BY source_id",
);

// Where two rows tell of one activity, as of files with the same content, the first row counts.
const REMOVE: Sql =
    Sql::Both("DELETE FROM export_row WHERE athlete = $1 AND provenance = $2 AND source_id = $3");
// The plus keeps SQLite from running through all rows of the athlete.
// What is computed of a file serves both scopes, so that a row of the API tells of the API's own activity alone.
const TOLD: Sql = Sql::Per {
    sqlite: "SELECT e.activity_id, e.figures FROM export_row e JOIN activity a ON a.id = e.activity_id \
             WHERE +e.athlete = $1 AND e.activity_id IN (SELECT value FROM json_each($2)) \
             AND (e.provenance <> 'strava_api' OR a.provenance = 'strava_api') \
             ORDER BY e.activity_id, e.source_id DESC",
    postgres: "SELECT e.activity_id, e.figures FROM export_row e JOIN activity a ON a.id = e.activity_id \
               WHERE e.athlete = $1 AND e.activity_id = ANY($2) \
               AND (e.provenance <> 'strava_api' OR a.provenance = 'strava_api') \
               ORDER BY e.activity_id, e.source_id DESC",
};
const TOLD_ELSEWHERE: Sql = Sql::Per {
    sqlite: "SELECT a.duplicate_of, e.figures FROM activity a JOIN export_row e ON e.activity_id = a.id \
             WHERE a.duplicate_of IN (SELECT value FROM json_each($1)) \
             ORDER BY a.duplicate_of, e.provenance, e.source_id",
    postgres: "SELECT a.duplicate_of, e.figures FROM activity a JOIN export_row e ON e.activity_id = a.id \
               WHERE a.duplicate_of = ANY($1) ORDER BY a.duplicate_of, e.provenance, e.source_id",
};
const FIGURES: Sql =
    Sql::Both("SELECT figures FROM export_row WHERE athlete = $1 AND provenance = $2 ORDER BY source_id");

/// Writes a row, and says whether it is new or another than before.
pub fn put(tx: &mut Tx<'_>, athlete: &str, row: &ExportRow) -> Result<bool> {
    let params = params![
        athlete,
        &row.provenance,
        &row.source_id,
        &row.archive,
        row.position,
        &row.file,
        &row.activity_id,
        &row.figures,
        &row.columns
    ];
    Ok(tx.execute(&PUT, &params)? > 0)
}

/// Forgets a row.
pub fn remove(tx: &mut Tx<'_>, athlete: &str, (provenance, source_id): (&str, &str)) -> Result<()> {
    tx.execute(&REMOVE, &params![athlete, provenance, source_id]).map(drop)
}

/// The row of a source's id.
pub fn find(
    tx: &mut Tx<'_>,
    athlete: &str,
    (provenance, source_id): (&str, &str),
) -> Result<Option<ExportRow>> {
    tx.optional(&FIND, &params![athlete, provenance, source_id], read)
}

/// The rows of these ids.
pub fn at(tx: &mut Tx<'_>, athlete: &str, provenance: &str, source_ids: &[String]) -> Result<Vec<ExportRow>> {
    tx.query(&AT, &params![athlete, provenance, source_ids], read)
}

/// The rows that tell of an activity.
pub fn of_activity(tx: &mut Tx<'_>, athlete: &str, activity_id: &str) -> Result<Vec<ExportRow>> {
    tx.query(&OF_ACTIVITY, &params![athlete, activity_id], read)
}

/// What the source says of these activities, by their ids.
pub fn told(tx: &mut Tx<'_>, athlete: &str, ids: &[String]) -> Result<HashMap<String, Figures>> {
    let told = tx.query(&TOLD, &params![athlete, ids], |row| Ok((row.get(0)?, from_json(row, 1)?)))?;
    Ok(told.into_iter().collect())
}

/// What sources say of other records of these activities, by the ids of those that count; always in the same order.
///
/// For the athlete's eyes alone: the Strava API's rows are among them.
pub fn told_elsewhere(tx: &mut Tx<'_>, ids: &[String]) -> Result<HashMap<String, Vec<Figures>>> {
    let mut told: HashMap<String, Vec<Figures>> = HashMap::new();
    tx.query(&TOLD_ELSEWHERE, &params![ids], |row| {
        told.entry(row.get(0)?).or_default().push(from_json(row, 1)?);
        Ok(())
    })?;
    Ok(told)
}

/// The source's own ids of the gear that its rows name.
pub fn gear_ids(tx: &mut Tx<'_>, athlete: &str, provenance: &str) -> Result<BTreeSet<String>> {
    /// The rest of the figures is not read.
    #[derive(Deserialize)]
    struct Worn {
        #[serde(default)]
        gear_id: Option<String>,
    }
    let worn = tx.query(&FIGURES, &params![athlete, provenance], |row| from_json::<Worn>(row, 0))?;
    Ok(worn.into_iter().filter_map(|worn| worn.gear_id).collect())
}

fn read(row: &Row<'_>) -> Result<ExportRow> {
    Ok(ExportRow {
        provenance: row.get(0)?,
        source_id: row.get(1)?,
        archive: row.get(2)?,
        position: super::count(row, 3)?,
        file: row.get(4)?,
        activity_id: row.get(5)?,
        figures: row.get(6)?,
        columns: row.get(7)?,
    })
}

#[cfg(test)]
pub(crate) const QUERIES: &[Sql] = &[REMOVE, PUT, FIND, AT, OF_ACTIVITY, TOLD, TOLD_ELSEWHERE, FIGURES];
