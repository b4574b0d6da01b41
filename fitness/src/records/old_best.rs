//! Best times over fixed distances that the system before this one had worked out.

use store::{Result, Row, Sql, Tx, Value, params};

use super::old_weather;

/// A best time, and which activity holds it.
#[derive(Debug, Clone, PartialEq)]
pub struct OldBest {
    /// The source's own id of the activity; empty where it was not told.
    pub source_id: String,
    pub distance_m: u32,
    pub elapsed_s: f64,
    /// A day or a moment, as it was told.
    pub told_date: Option<String>,
}

/// Which best times belong together and are replaced together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part<'a> {
    /// Those of one activity, by the source's id of it.
    Activity(&'a str),
    /// Those of many, such as `best_all`.
    Scope(&'a str),
}

/// What replacing came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replaced {
    New,
    Changed,
    Same,
}

impl OldBest {
    fn row<'a>(&'a self, athlete: &'a str, scope: &'a str) -> Vec<Value<'a>> {
        let Self { source_id, distance_m, elapsed_s, told_date } = self;
        params![athlete, scope, source_id, *distance_m, *elapsed_s, told_date].into()
    }
}

const OF_ACTIVITIES: &str = "activity";

const OF_SCOPE: Sql = Sql::Both(
    "SELECT source_id, distance_m, elapsed_s, told_date FROM old_best WHERE athlete = $1 AND scope = $2 \
     ORDER BY distance_m, source_id",
);
const OF_ACTIVITY: Sql = Sql::Both(
    "SELECT source_id, distance_m, elapsed_s, told_date FROM old_best \
     WHERE athlete = $1 AND scope = $2 AND source_id = $3 ORDER BY distance_m, source_id",
);
const CLEAR_SCOPE: Sql = Sql::Both("DELETE FROM old_best WHERE athlete = $1 AND scope = $2");
const CLEAR_ACTIVITY: Sql =
    Sql::Both("DELETE FROM old_best WHERE athlete = $1 AND scope = $2 AND source_id = $3");
const PUT: Sql = Sql::Both(
    "INSERT INTO old_best (athlete, scope, source_id, distance_m, elapsed_s, told_date) \
     VALUES ($1, $2, $3, $4, $5, $6)",
);

impl Part<'_> {
    fn scope(&self) -> &str {
        match self {
            Self::Activity(_) => OF_ACTIVITIES,
            Self::Scope(scope) => scope,
        }
    }

    fn clear(self, tx: &mut Tx<'_>, athlete: &str) -> Result<u64> {
        match self {
            Self::Activity(id) => tx.execute(&CLEAR_ACTIVITY, &params![athlete, OF_ACTIVITIES, id]),
            Self::Scope(scope) => tx.execute(&CLEAR_SCOPE, &params![athlete, scope]),
        }
    }
}

/// True for a name that a scope of many activities may have.
pub fn is_scope(name: &str) -> bool {
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    (1..=32).contains(&name.len()) && name.chars().all(is_word) && name != OF_ACTIVITIES
}

/// Keeps what is told of a part instead of what was told before. No two may be of the same activity and distance.
pub fn replace(tx: &mut Tx<'_>, athlete: &str, part: Part<'_>, bests: &[OldBest]) -> Result<Replaced> {
    let before = list(tx, athlete, part)?;
    let mut sorted = bests.to_vec();
    sorted.sort_by(|a, b| (a.distance_m, &a.source_id).cmp(&(b.distance_m, &b.source_id)));
    if before == sorted {
        return Ok(Replaced::Same);
    }
    part.clear(tx, athlete)?;
    let rows: Vec<Vec<Value<'_>>> = bests.iter().map(|best| best.row(athlete, part.scope())).collect();
    tx.batch(&PUT, &rows)?;
    Ok(if before.is_empty() { Replaced::New } else { Replaced::Changed })
}

/// The best times of a part, by distance.
pub fn list(tx: &mut Tx<'_>, athlete: &str, part: Part<'_>) -> Result<Vec<OldBest>> {
    match part {
        Part::Activity(id) => tx.query(&OF_ACTIVITY, &params![athlete, OF_ACTIVITIES, id], read),
        Part::Scope(scope) => tx.query(&OF_SCOPE, &params![athlete, scope], read),
    }
}

/// The same, each with the id of the activity here where that is stored.
pub fn held(tx: &mut Tx<'_>, athlete: &str, part: Part<'_>) -> Result<Vec<(OldBest, Option<String>)>> {
    let bests = list(tx, athlete, part)?;
    let mut held = Vec::with_capacity(bests.len());
    for best in bests {
        let activity = old_weather::activity(tx, athlete, &best.source_id)?;
        held.push((best, activity));
    }
    Ok(held)
}

fn read(row: &Row<'_>) -> Result<OldBest> {
    Ok(OldBest {
        source_id: row.get(0)?,
        distance_m: super::count(row, 1)?,
        elapsed_s: row.get(2)?,
        told_date: row.get(3)?,
    })
}

#[cfg(test)]
pub(crate) const QUERIES: &[Sql] = &[OF_SCOPE, OF_ACTIVITY, CLEAR_SCOPE, CLEAR_ACTIVITY, PUT];
