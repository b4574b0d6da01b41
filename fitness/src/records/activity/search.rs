//! Activities of one sport, since a moment, or with a word in what the athlete calls them.

use store::{Result, Sql, Tx, params};

use super::super::activity_load;
use super::list::{ActivityRow, PageKey, link, list, read, select};
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
const SPORTS: Sql = Sql::Both("SELECT DISTINCT sport FROM activity WHERE athlete = $1 ORDER BY sport");
/// Rows that are looked through at once for a text.
const CHUNK: u32 = 200;

/// A page of the activities that fit, the newest first, after a key; of several records of one activity the one that
/// counts.
pub fn search(
    tx: &mut Tx<'_>,
    athlete: &str,
    filter: &Filter,
    after: &PageKey,
    limit: u32,
) -> Result<Vec<ActivityRow>> {
    let text = filter.text.as_ref().map(|text| text.to_lowercase());
    let (mut after, mut found) = (after.clone(), Vec::new());
    loop {
        let missing = limit.saturating_sub(u32::try_from(found.len()).unwrap_or(u32::MAX));
        let wanted = if text.is_some() { CHUNK } else { missing };
        let rows = page(tx, athlete, filter.sport.as_deref(), &after, wanted)?;
        let is_last = rows.len() < wanted as usize || rows.iter().any(|row| is_older(row, filter.from_ms));
        after = rows.last().map_or(after, PageKey::of);
        let fits = |row: &ActivityRow| !is_older(row, filter.from_ms) && says(row, text.as_deref());
        found.extend(rows.into_iter().filter(fits).take(missing as usize));
        if is_last || found.len() >= limit as usize {
            return Ok(found);
        }
    }
}

/// Refuses a word that names no sport.
pub fn known_sport(
    tx: &mut Tx<'_>,
    athlete: &str,
    word: Option<&str>,
) -> Result<std::result::Result<(), UnknownSport>> {
    let Some(word) = word else { return Ok(Ok(())) };
    sport::check(word, || tx.query(&SPORTS, &params![athlete], |row| row.get(0)))
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
    link(tx, athlete, rows)
}

fn is_older(row: &ActivityRow, from_ms: Option<i64>) -> bool {
    from_ms.is_some_and(|from_ms| row.start_ms.is_none_or(|start_ms| start_ms < from_ms))
}

fn says(row: &ActivityRow, text: Option<&str>) -> bool {
    let Some(text) = text else { return true };
    let told = [&row.name, &row.description];
    told.into_iter().flatten().any(|told| told.to_lowercase().contains(text))
}

#[cfg(test)]
pub(super) const QUERIES: &[Sql] = &[OF_SPORT, SPORTS];
