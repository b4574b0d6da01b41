//! Records of the same activity: linked, so that it is counted once.

mod neighbours;

use std::collections::BTreeMap;

use jiff::civil::Date;
use store::{Result, Sql, Tx, Value, params};

#[cfg(test)]
pub(crate) use neighbours::AROUND;
use neighbours::{Search, Stored};

use crate::recording::Warning;
use crate::same::{self, Choices, Record};
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

const LINK: Sql = Sql::Both("UPDATE activity SET duplicate_of = $2, changed = $3 WHERE id = $1");
const ALSO: Sql = Sql::Per {
    sqlite: "SELECT duplicate_of, id FROM activity \
             WHERE duplicate_of IN (SELECT value FROM json_each($1)) AND provenance <> $2 \
             ORDER BY duplicate_of, id",
    postgres: "SELECT duplicate_of, id FROM activity \
               WHERE duplicate_of = ANY($1) AND provenance <> $2 ORDER BY duplicate_of, id",
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
    for (stored, primary) in found.iter().zip(same::primaries(&records, choices)) {
        let primary = primary.map(|index| &found[index]);
        relinked.pairs.extend(primary.map(|primary| primary.with(stored)));
        let primary = primary.map(|primary| primary.record.id.as_str());
        if primary != stored.duplicate_of.as_deref() {
            rows.push(params![&stored.record.id, primary, changed].into());
            relinked.first_day = relinked.first_day.into_iter().chain(stored.local_date).min();
        }
    }
    tx.batch(&LINK, &rows).map(drop)
}

/// Ids of the records that these stand for, by theirs.
pub(super) fn also(
    tx: &mut Tx<'_>,
    scope: Scope,
    primaries: &[String],
) -> Result<BTreeMap<String, Vec<String>>> {
    let mut also: BTreeMap<String, Vec<String>> = BTreeMap::new();
    tx.query(&ALSO, &params![primaries, scope.left_out()], |row| {
        also.entry(row.get(0)?).or_default().push(row.get(1)?);
        Ok(())
    })?;
    Ok(also)
}

#[cfg(test)]
pub(super) const QUERIES: &[&[Sql]] = &[&[LINK, ALSO], neighbours::QUERIES];
