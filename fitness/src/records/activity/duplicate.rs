//! Records of the same activity: linked, so that it is counted once.

use std::collections::BTreeMap;

use jiff::civil::Date;
use store::{Result, Row, Sql, Tx, Value, params};

use super::super::{count, optional_date};
use crate::recording::Warning;
use crate::same::{self, Record, START_MS};

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

// Through the index on the start; counting the columns of a stream reads its key alone.
pub(crate) const AROUND: Sql = Sql::Both(
    "SELECT a.id, a.sha256, a.provenance, a.sport, a.sub_sport, a.start_ms, a.elapsed_s, a.timer_s, \
     a.distance_m, (SELECT COUNT(*) FROM activity_stream s WHERE s.activity_id = a.id), a.samples, \
     a.file, a.local_date, a.duplicate_of \
     FROM activity a WHERE a.athlete = $1 AND COALESCE(a.start_ms, 0) >= $2 AND COALESCE(a.start_ms, 0) <= $3 \
     AND a.start_ms IS NOT NULL ORDER BY COALESCE(a.start_ms, 0), a.id",
);
const LINK: Sql = Sql::Both("UPDATE activity SET duplicate_of = $2, changed = $3 WHERE id = $1");
const ALSO: Sql = Sql::Per {
    sqlite: "SELECT duplicate_of, id FROM activity \
             WHERE duplicate_of IN (SELECT value FROM json_each($1)) ORDER BY duplicate_of, id",
    postgres: "SELECT duplicate_of, id FROM activity \
               WHERE duplicate_of = ANY($1) ORDER BY duplicate_of, id",
};

/// Links the records that start around these moments anew, after one of them came, changed or went.
///
/// Call it when their streams are written too, with every start that an activity had before or has now: the order in
/// which records come changes nothing.
pub fn relink(tx: &mut Tx<'_>, athlete: &str, starts_ms: &[i64], changed: i64) -> Result<Relinked> {
    let mut starts_ms = starts_ms.to_vec();
    starts_ms.sort_unstable();
    let mut relinked = Relinked::default();
    let mut seen_until_ms = None;
    for start_ms in starts_ms {
        if seen_until_ms >= Some(start_ms) {
            continue;
        }
        let neighbours = Neighbours::find(tx, athlete, start_ms)?;
        neighbours.link(tx, changed, &mut relinked)?;
        seen_until_ms =
            neighbours.0.last().map_or(start_ms, |last| last.record.start_ms.max(start_ms)).into();
    }
    Ok(relinked)
}

/// Ids of the records that these stand for, by theirs.
pub(super) fn also(tx: &mut Tx<'_>, primaries: &[String]) -> Result<BTreeMap<String, Vec<String>>> {
    let mut also: BTreeMap<String, Vec<String>> = BTreeMap::new();
    tx.query(&ALSO, &params![primaries], |row| {
        also.entry(row.get(0)?).or_default().push(row.get(1)?);
        Ok(())
    })?;
    Ok(also)
}

/// A stored record and what is stored of its link.
struct Stored {
    record: Record,
    file: String,
    local_date: Option<Date>,
    duplicate_of: Option<String>,
}

/// All records that one which starts at a moment can be linked with, directly or by way of others; by their start.
struct Neighbours(Vec<Stored>);

impl Neighbours {
    /// One query where nothing else starts around; another for each minute in which more does.
    fn find(tx: &mut Tx<'_>, athlete: &str, start_ms: i64) -> Result<Self> {
        let mut between =
            |from_ms: i64, until_ms: i64| tx.query(&AROUND, &params![athlete, from_ms, until_ms], read);
        let (mut from_ms, mut until_ms) =
            (start_ms.saturating_sub(START_MS), start_ms.saturating_add(START_MS));
        let mut stored = between(from_ms, until_ms)?;
        while let Some(earliest_ms) =
            stored.first().map(|first| first.record.start_ms.saturating_sub(START_MS))
            && earliest_ms < from_ms
        {
            let mut before = between(earliest_ms, from_ms.saturating_sub(1))?;
            before.append(&mut stored);
            (stored, from_ms) = (before, earliest_ms);
        }
        while let Some(latest_ms) = stored.last().map(|last| last.record.start_ms.saturating_add(START_MS))
            && latest_ms > until_ms
        {
            stored.append(&mut between(until_ms.saturating_add(1), latest_ms)?);
            until_ms = latest_ms;
        }
        Ok(Self(stored))
    }

    fn link(&self, tx: &mut Tx<'_>, changed: i64, relinked: &mut Relinked) -> Result<()> {
        let records: Vec<Record> = self.0.iter().map(|stored| stored.record.clone()).collect();
        let mut rows: Vec<Vec<Value<'_>>> = Vec::new();
        for (stored, primary) in self.0.iter().zip(same::primaries(&records)) {
            let primary = primary.map(|index| &self.0[index]);
            relinked.pairs.extend(primary.map(|primary| primary.with(stored)));
            let primary = primary.map(|primary| primary.record.id.as_str());
            if primary != stored.duplicate_of.as_deref() {
                rows.push(params![&stored.record.id, primary, changed].into());
                relinked.first_day = relinked.first_day.into_iter().chain(stored.local_date).min();
            }
        }
        tx.batch(&LINK, &rows).map(drop)
    }
}

impl Stored {
    fn with(&self, duplicate: &Self) -> Pair {
        Pair { primary: self.member(), duplicate: duplicate.member() }
    }

    fn member(&self) -> Member {
        Member { id: self.record.id.clone(), file: self.file.clone() }
    }
}

fn read(row: &Row<'_>) -> Result<Stored> {
    let record = Record {
        id: row.get(0)?,
        sha256: row.get(1)?,
        provenance: row.get(2)?,
        sport: row.get(3)?,
        sub_sport: row.get(4)?,
        start_ms: row.get(5)?,
        elapsed_s: row.get(6)?,
        timer_s: row.get(7)?,
        distance_m: row.get(8)?,
        columns: count(row, 9)?,
        samples: count(row, 10)?,
    };
    Ok(Stored { record, file: row.get(11)?, local_date: optional_date(row, 12)?, duplicate_of: row.get(13)? })
}

#[cfg(test)]
pub(super) const QUERIES: &[Sql] = &[AROUND, LINK, ALSO];
