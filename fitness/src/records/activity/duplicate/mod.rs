//! Records of the same activity: linked, so that it is counted once.

mod neighbours;
mod renewal;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use store::{Result, Sql, Tx, Value, params};

#[cfg(test)]
pub(crate) use neighbours::AROUND;
use neighbours::{Search, Stored};
pub use renewal::{Renewed, is_to_renew, renew, renew_all};

use crate::recording::Warning;
use crate::same::{self, Choices, Link, Record};
use crate::scope::Scope;

/// What looking at records again changed, and which of them tell of the same activity.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Relinked {
    /// The first local day that is counted otherwise than before.
    pub first_day: Option<Date>,
    /// Every pair that was looked at, changed or not.
    pub pairs: Vec<Pair>,
}

/// Two records of one activity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    pub primary: Member,
    pub duplicate: Member,
}

/// A record by its id and its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    pub id: String,
    pub file: String,
}

impl Relinked {
    /// What to say of a file that holds these activities.
    pub fn warnings(&self, activities: &[String]) -> Vec<Warning> {
        let is_of = |member: &Member| activities.contains(&member.id);
        let detail = |pair: &Pair| match pair {
            Pair { primary, duplicate } if is_of(duplicate) => {
                Some(format!("recorded in `{}` too, which is counted", primary.file))
            }
            Pair { primary, duplicate } if is_of(primary) => {
                Some(format!("recorded in `{}` too, which is not counted", duplicate.file))
            }
            _ => None,
        };
        let mut details: Vec<String> = self.pairs.iter().filter_map(detail).collect();
        // The legs of a race share their file.
        details.dedup();
        details.into_iter().map(|detail| Warning { code: "same_activity".to_owned(), detail }).collect()
    }
}

/// How many kinds of samples were measured of an `activity a`; where its samples have gone, what their figures tell of.
macro_rules! measured {
    () => {
        "CASE WHEN a.samples > 0 AND NOT EXISTS (SELECT 1 FROM activity_stream s WHERE s.activity_id = a.id) \
         THEN CASE WHEN a.avg_hr IS NULL THEN 0 ELSE 1 END + CASE WHEN a.avg_power IS NULL THEN 0 ELSE 1 END \
         + CASE WHEN a.avg_cadence IS NULL THEN 0 ELSE 1 END + CASE WHEN a.ascent_m IS NULL THEN 0 ELSE 1 END \
         ELSE (SELECT COUNT(*) FROM activity_stream s WHERE s.activity_id = a.id AND s.channel IN \
         ('latitude', 'altitude', 'heart_rate', 'cadence', 'power', 'temperature')) END"
    };
}

pub(super) use measured;

/// Of an `activity a` of the Strava API: no other source tells of it. Three probes; an OR would run through the table.
macro_rules! has_no_copy {
    () => {
        "NOT EXISTS (SELECT 1 FROM activity f WHERE f.id = a.duplicate_of AND f.provenance <> 'strava_api') \
         AND NOT EXISTS (SELECT 1 FROM activity f WHERE f.duplicate_of = a.id AND f.provenance <> 'strava_api') \
         AND NOT EXISTS (SELECT 1 FROM activity f \
         WHERE f.duplicate_of = a.duplicate_of AND f.provenance <> 'strava_api') "
    };
}

pub(crate) use has_no_copy;

const LINK: Sql =
    Sql::Both("UPDATE activity SET duplicate_of = $2, shareable_of = $3, changed = $4 WHERE id = $1");
const TOUCH: Sql = Sql::Both("UPDATE activity SET changed = $2 WHERE id = $1");
const ALSO: Sql = Sql::Per {
    sqlite: "SELECT duplicate_of, id FROM activity \
             WHERE duplicate_of IN (SELECT value FROM json_each($1)) ORDER BY duplicate_of, id",
    postgres: "SELECT duplicate_of, id FROM activity WHERE duplicate_of = ANY($1) ORDER BY duplicate_of, id",
};
const ALSO_SHAREABLE: Sql = Sql::Per {
    sqlite: "SELECT shareable_of, id FROM activity \
             WHERE shareable_of IN (SELECT value FROM json_each($1)) ORDER BY shareable_of, id",
    postgres: "SELECT shareable_of, id FROM activity WHERE shareable_of = ANY($1) ORDER BY shareable_of, id",
};

/// Links the records that start around these moments anew, after one of them came, changed or went.
///
/// Call it when their streams are written too, with every start that an activity had before or has now: the order in
/// which records come changes nothing.
pub fn relink(tx: &mut Tx<'_>, athlete: &str, starts_ms: &[i64], changed: i64) -> Result<Relinked> {
    let mut search = Search::begin(tx, athlete)?;
    let mut starts_ms = starts_ms.to_vec();
    starts_ms.sort_unstable();
    let mut relinked = Relinked::default();
    for start_ms in starts_ms {
        if !search.has_seen(start_ms) {
            let found = search.around(tx, start_ms)?;
            link(tx, &found, &search.choices, changed, &mut relinked)?;
        }
    }
    Ok(relinked)
}

fn link(
    tx: &mut Tx<'_>,
    found: &[Stored],
    choices: &Choices,
    changed: i64,
    relinked: &mut Relinked,
) -> Result<()> {
    let records: Vec<Record> = found.iter().map(|stored| stored.record.clone()).collect();
    let mut rows: Vec<Vec<Value<'_>>> = Vec::new();
    let mut counted: BTreeSet<&str> = BTreeSet::new();
    for (stored, Link { all, shareable }) in found.iter().zip(same::links(&records, choices)) {
        relinked.pairs.extend(all.map(|place| found[place].with(stored)));
        let [all, shareable] =
            [all, shareable].map(|place| place.map(|place| found[place].record.id.as_str()));
        if (all, shareable) != (stored.duplicate_of.as_deref(), stored.shareable_of.as_deref()) {
            rows.push(params![&stored.record.id, all, shareable, changed].into());
            // What counts in its stead is lent its figures from now on, and what did so before no more.
            let before = [stored.duplicate_of.as_deref(), stored.shareable_of.as_deref()];
            counted.extend([all, shareable].into_iter().chain(before).flatten());
            relinked.first_day = relinked.first_day.into_iter().chain(stored.local_date).min();
        }
    }
    // It may be of another day, as one that began before midnight.
    let of_counted = found.iter().filter(|stored| counted.contains(stored.record.id.as_str()));
    let days = of_counted.filter_map(|stored| stored.local_date);
    relinked.first_day = relinked.first_day.into_iter().chain(days).min();
    tx.batch(&LINK, &rows)?;
    let touched: Vec<Vec<Value<'_>>> =
        counted.into_iter().map(|id| Vec::from(params![id, changed])).collect();
    tx.batch(&TOUCH, &touched).map(drop)
}

/// Ids of the records that these stand for, by theirs.
pub(super) fn also(
    tx: &mut Tx<'_>,
    scope: Scope,
    primaries: &[String],
) -> Result<BTreeMap<String, Vec<String>>> {
    let mut also: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let of = if scope == Scope::All { &ALSO } else { &ALSO_SHAREABLE };
    tx.query(of, &params![primaries], |row| {
        also.entry(row.get(0)?).or_default().push(row.get(1)?);
        Ok(())
    })?;
    Ok(also)
}

#[cfg(test)]
pub(super) const QUERIES: &[&[Sql]] =
    &[&[LINK, TOUCH, ALSO, ALSO_SHAREABLE], neighbours::QUERIES, renewal::QUERIES];
