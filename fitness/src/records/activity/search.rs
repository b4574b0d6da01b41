//! Activities of one sport, since a moment, or with a word in what the athlete calls them.

use serde::Deserialize;
use store::{Result, Sql, Tx, params};

use super::super::{activity_load, stored};
use super::list::{ActivityRow, PageKey, link, list, read, select};
use crate::scope::Scope;
use crate::sport::{self, UnknownSport};

/// What activities must fit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// The sport as it is stored, such as `running`.
    pub sport: Option<String>,
    /// What name or description contain, in capitals or not.
    pub text: Option<String>,
    /// No activity that starts earlier, nor one without a time.
    pub from_ms: Option<i64>,
}

// The keys' first half alone is what an index can serve on SQLite, so it stands by itself too.
const OF_SPORT: Sql = Sql::Both(select!(
    "",
    "WHERE a.athlete = $1 AND a.sport = $5 AND COALESCE(a.start_ms, 0) <= $2 \
     AND (COALESCE(a.start_ms, 0) < $2 OR a.id < $3) AND a.duplicate_of IS NULL \
     ORDER BY COALESCE(a.start_ms, 0) DESC, a.id DESC LIMIT $4"
));
const NEXT_SPORT: Sql =
    Sql::Both("SELECT sport FROM activity WHERE athlete = $1 AND sport > $2 ORDER BY sport LIMIT 1");
// What a text is looked for in, and no more of each row; of several rows of an export the first one counts.
const TEXTS: Sql = Sql::Both(
    "SELECT a.id, COALESCE(a.start_ms, 0), a.name, \
     (SELECT e.figures FROM export_row e WHERE e.activity_id = a.id ORDER BY e.source_id LIMIT 1), \
     (SELECT e.figures FROM activity d JOIN export_row e ON e.activity_id = d.id \
     WHERE d.duplicate_of = a.id ORDER BY e.provenance, e.source_id LIMIT 1) \
     FROM activity a WHERE a.athlete = $1 AND COALESCE(a.start_ms, 0) <= $2 \
     AND (COALESCE(a.start_ms, 0) < $2 OR a.id < $3) AND a.duplicate_of IS NULL \
     AND ($5 = '' OR a.sport = $5) ORDER BY COALESCE(a.start_ms, 0) DESC, a.id DESC LIMIT $4",
);
// The plus keeps SQLite from running through all rows of the athlete.
const OF_IDS: Sql = Sql::Per {
    sqlite: select!(
        "",
        "WHERE +a.athlete = $1 AND a.id IN (SELECT value FROM json_each($2)) \
         ORDER BY COALESCE(a.start_ms, 0) DESC, a.id DESC"
    ),
    postgres: select!(
        "",
        "WHERE a.athlete = $1 AND a.id = ANY($2) ORDER BY COALESCE(a.start_ms, 0) DESC, a.id DESC"
    ),
};
/// Rows that are looked through at once for a text.
const CHUNK: u32 = 2000;

/// A page of the activities that fit, the newest first, after a key; of several records of one activity the one that
/// counts.
pub fn search(
    tx: &mut Tx<'_>,
    athlete: &str,
    filter: &Filter,
    after: &PageKey,
    limit: u32,
) -> Result<Vec<ActivityRow>> {
    let mut rows = match &filter.text {
        Some(text) => {
            let ids = saying(tx, athlete, filter, after, (&Said::of(text), limit))?;
            let rows = tx.query(&OF_IDS, &params![athlete, &ids], read)?;
            link(tx, athlete, Scope::All, rows)?
        }
        None => page(tx, athlete, filter.sport.as_deref(), after, limit)?,
    };
    rows.retain(|row| !is_older(row, filter.from_ms));
    Ok(rows)
}

/// The ids of activities that say something, the newest first.
fn saying(
    tx: &mut Tx<'_>,
    athlete: &str,
    filter: &Filter,
    after: &PageKey,
    (said, limit): (&Said, u32),
) -> Result<Vec<String>> {
    let (mut after, mut found) = (after.clone(), Vec::new());
    let sport = filter.sport.as_deref().unwrap_or("");
    loop {
        let params = params![athlete, after.start_ms, &after.id, CHUNK, sport];
        let looked = tx.query(&TEXTS, &params, |row| {
            let (name, figures): (Option<String>, Option<String>) = (row.get(2)?, row.get(3)?);
            let elsewhere: Option<String> = row.get(4)?;
            let key = PageKey { start_ms: row.get(1)?, id: row.get(0)? };
            let is_said =
                said.is_in(name.as_deref(), figures.as_deref())? || said.is_in(None, elsewhere.as_deref())?;
            Ok((key, is_said))
        })?;
        let is_last = looked.len() < CHUNK as usize;
        let Some((last, _)) = looked.last() else { return Ok(found) };
        after = last.clone();
        let is_older = filter.from_ms.is_some_and(|from_ms| after.start_ms < from_ms);
        found.extend(looked.into_iter().filter_map(|(key, hit)| hit.then_some(key.id)));
        if is_last || is_older || found.len() >= limit as usize {
            found.truncate(limit as usize);
            return Ok(found);
        }
    }
}

/// A text that is looked for, in small letters.
struct Said {
    text: String,
    /// As it stands in JSON.
    escaped: String,
}

/// What of a row of an export is looked through.
#[derive(Deserialize)]
struct Told {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    description: Option<String>,
}

impl Said {
    fn of(text: &str) -> Self {
        let text = text.to_lowercase();
        let escaped = serde_json::Value::from(&*text).to_string();
        Self { escaped: escaped[1..escaped.len() - 1].to_owned(), text }
    }

    /// True where the name that counts or the description has it.
    fn is_in(&self, name: Option<&str>, figures: Option<&str>) -> Result<bool> {
        let has = |told: &str| told.to_lowercase().contains(&self.text);
        let Some(figures) = figures else { return Ok(name.is_some_and(has)) };
        // Few rows have it anywhere, and reading the rest would take most of the time.
        if !name.is_some_and(has) && !figures.to_lowercase().contains(&self.escaped) {
            return Ok(false);
        }
        let told: Told = stored(figures, |figures| serde_json::from_str(figures).ok())?;
        Ok(told.name.as_deref().or(name).is_some_and(has) || told.description.as_deref().is_some_and(has))
    }
}

/// Refuses a word that names no sport.
pub fn known_sport(
    tx: &mut Tx<'_>,
    athlete: &str,
    word: Option<&str>,
) -> Result<std::result::Result<(), UnknownSport>> {
    let Some(word) = word else { return Ok(Ok(())) };
    sport::check(word, || sports(tx, athlete))
}

/// From each sport to the next in their index, since they are few and activities many.
fn sports(tx: &mut Tx<'_>, athlete: &str) -> Result<Vec<String>> {
    let mut sports: Vec<String> = Vec::new();
    loop {
        let before = sports.last().map_or("", String::as_str);
        match tx.optional(&NEXT_SPORT, &params![athlete, before], |row| row.get(0))? {
            Some(sport) => sports.push(sport),
            None => return Ok(sports),
        }
    }
}

fn page(
    tx: &mut Tx<'_>,
    athlete: &str,
    sport: Option<&str>,
    after: &PageKey,
    limit: u32,
) -> Result<Vec<ActivityRow>> {
    let Some(sport) = sport else {
        return list(tx, athlete, after, limit);
    };
    let rows = tx.query(&OF_SPORT, &params![athlete, after.start_ms, &after.id, limit, sport], read)?;
    link(tx, athlete, Scope::All, rows)
}

fn is_older(row: &ActivityRow, from_ms: Option<i64>) -> bool {
    from_ms.is_some_and(|from_ms| row.start_ms.is_none_or(|start_ms| start_ms < from_ms))
}

#[cfg(test)]
pub(super) const QUERIES: &[Sql] = &[OF_SPORT, NEXT_SPORT, TEXTS, OF_IDS];

#[cfg(test)]
mod tests;
