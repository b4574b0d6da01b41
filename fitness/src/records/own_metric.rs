//! The metrics of the athlete's own that were computed, by which text, and how far.

use jiff::civil::Date;
use store::{Result, Row, Sql, Tx, params};

use super::{from_json, optional_date, sortable, to_json};
use crate::own::About;
use crate::settings::ALWAYS;

/// A metric as it was computed last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnMetric {
    /// The name of its file without ending.
    pub name: String,
    /// SHA-256 of its text, in hexadecimal.
    pub hash: String,
    /// The version of the program's part in it.
    pub program: i64,
    pub about: About,
    /// What the athlete gave of the settings that it reads, as a hash; empty where it reads none.
    pub settings: String,
    /// True where its numbers stand in place of loads.
    pub replaces_load: bool,
    /// True where it failed so often that it is asked no more.
    pub rests: bool,
    /// Behind which activity to go on.
    pub after: (i64, String),
    /// The first day to compute anew; nothing where none is due.
    pub first_day: Option<Date>,
}

const LIST: Sql = Sql::Both(
    "SELECT name, hash, program, about, settings, replaces_load, rests, changed, activity_id, first_day \
     FROM own_metric WHERE athlete = $1 ORDER BY name",
);
const PUT: Sql = Sql::Both(
    "INSERT INTO own_metric (athlete, name, hash, program, about, settings, replaces_load, rests, changed, \
     activity_id, first_day) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
     ON CONFLICT (athlete, name) DO UPDATE SET hash = excluded.hash, program = excluded.program, \
     about = excluded.about, settings = excluded.settings, replaces_load = excluded.replaces_load, \
     rests = excluded.rests, changed = excluded.changed, activity_id = excluded.activity_id, \
     first_day = excluded.first_day",
);
// One that is to begin anew, because somebody said so meanwhile, stays where it is.
const MOVE_ON: Sql = Sql::Both(
    "UPDATE own_metric SET changed = $4, activity_id = $5 WHERE athlete = $1 AND name = $2 AND hash = $3 \
     AND changed = $6 AND activity_id = $7",
);
// A day that became stale meanwhile stays due.
const MOVE_ON_DAYS: Sql = Sql::Both(
    "UPDATE own_metric SET first_day = $5 WHERE athlete = $1 AND name = $2 AND hash = $3 AND first_day = $4",
);
const REST: Sql =
    Sql::Both("UPDATE own_metric SET rests = TRUE WHERE athlete = $1 AND name = $2 AND hash = $3");
const LOWER: Sql = Sql::Both(
    "UPDATE own_metric SET first_day = $2 WHERE athlete = $1 AND (first_day IS NULL OR first_day > $2)",
);
const RESET: Sql = Sql::Both(
    "UPDATE own_metric SET changed = 0, activity_id = '', first_day = $3, rests = FALSE \
     WHERE athlete = $1 AND (name = $2 OR $2 = '')",
);
const REMOVE: Sql = Sql::Both("DELETE FROM own_metric WHERE athlete = $1 AND name = $2");

impl OwnMetric {
    /// One of which nothing was computed yet.
    pub fn new(name: String, hash: String, program: i64, about: About) -> Self {
        let replaces_load = about.replaces_load;
        Self {
            name,
            hash,
            program,
            about,
            settings: String::new(),
            replaces_load,
            rests: false,
            after: (0, String::new()),
            first_day: Some(ALWAYS),
        }
    }
}

/// All that were computed, by name.
pub fn list(tx: &mut Tx<'_>, athlete: &str) -> Result<Vec<OwnMetric>> {
    tx.query(&LIST, &params![athlete], read)
}

/// Keeps how a metric stands.
pub fn put(tx: &mut Tx<'_>, athlete: &str, metric: &OwnMetric) -> Result<()> {
    let (about, first_day) = (to_json(&metric.about)?, metric.first_day.map(sortable));
    let params = params![
        athlete,
        &metric.name,
        &metric.hash,
        metric.program,
        &about,
        &metric.settings,
        metric.replaces_load,
        metric.rests,
        metric.after.0,
        &metric.after.1,
        &first_day
    ];
    tx.execute(&PUT, &params).map(drop)
}

/// Notes that a text was asked about the activities behind one up to another; another text begins anew.
pub fn move_on(
    tx: &mut Tx<'_>,
    athlete: &str,
    (name, hash): (&str, &str),
    (from, to): (&(i64, String), &(i64, String)),
) -> Result<()> {
    if to <= from {
        return Ok(());
    }
    tx.execute(&MOVE_ON, &params![athlete, name, hash, to.0, &to.1, from.0, &from.1]).map(drop)
}

/// Notes that a text was asked about the days from one up to, but without, another; nothing stands for the end.
pub fn move_on_days(
    tx: &mut Tx<'_>,
    athlete: &str,
    (name, hash): (&str, &str),
    (from, to): (Date, Option<Date>),
) -> Result<()> {
    let (from, to) = (sortable(from), to.map(sortable));
    tx.execute(&MOVE_ON_DAYS, &params![athlete, name, hash, &from, &to]).map(drop)
}

/// Notes that a text is asked no more, because it fails.
pub fn rest(tx: &mut Tx<'_>, athlete: &str, (name, hash): (&str, &str)) -> Result<()> {
    tx.execute(&REST, &params![athlete, name, hash]).map(drop)
}

/// Has what rests on days computed anew from one on.
pub fn lower(tx: &mut Tx<'_>, athlete: &str, from: Date) -> Result<()> {
    tx.execute(&LOWER, &params![athlete, &sortable(from)]).map(drop)
}

/// Has everything computed anew, of one metric or of all, and answers how many that are.
pub fn reset(tx: &mut Tx<'_>, athlete: &str, name: Option<&str>) -> Result<u64> {
    tx.execute(&RESET, &params![athlete, name.unwrap_or_default(), &sortable(ALWAYS)])
}

/// Forgets a metric; its numbers must have gone before.
pub fn remove(tx: &mut Tx<'_>, athlete: &str, name: &str) -> Result<()> {
    tx.execute(&REMOVE, &params![athlete, name]).map(drop)
}

fn read(row: &Row<'_>) -> Result<OwnMetric> {
    Ok(OwnMetric {
        name: row.get(0)?,
        hash: row.get(1)?,
        program: row.get(2)?,
        about: from_json(row, 3)?,
        settings: row.get(4)?,
        replaces_load: row.get(5)?,
        rests: row.get(6)?,
        after: (row.get(7)?, row.get(8)?),
        first_day: optional_date(row, 9)?,
    })
}

#[cfg(test)]
pub(crate) const QUERIES: &[Sql] = &[LIST, PUT, MOVE_ON, MOVE_ON_DAYS, REST, LOWER, RESET, REMOVE];
