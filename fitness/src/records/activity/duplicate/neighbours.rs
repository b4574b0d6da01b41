//! Which records may be of one activity: those that start around a moment, and those that name each other.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::Deserialize;
use store::{Result, Row, Sql, Tx, params};

use super::{Member, Pair, measured};
use crate::records::{count, merge_choice, optional_date};
use crate::same::{self, Choices, NAMED_MS, Record, START_MS};
use crate::scope::STRAVA_API;

// Through the index on the start; counting the channels of a stream reads its key alone.
pub(crate) const AROUND: Sql = Sql::Both(concat!(
    "SELECT a.id, a.sha256, a.provenance, a.sport, a.sub_sport, a.start_ms, a.elapsed_s, a.timer_s, \
     a.distance_m, ",
    measured!(),
    ", a.samples, \
     a.file, a.local_date, a.duplicate_of, a.source_id, a.shareable_of \
     FROM activity a WHERE a.athlete = $1 AND COALESCE(a.start_ms, 0) >= $2 AND COALESCE(a.start_ms, 0) <= $3 \
     AND a.start_ms IS NOT NULL ORDER BY COALESCE(a.start_ms, 0), a.id",
));
const HAS_API: Sql =
    Sql::Both("SELECT 1 FROM activity WHERE athlete = $1 AND provenance = 'strava_api' LIMIT 1");
// Each half is a probe of the index on provenance.
const HAS_OTHERS: Sql = Sql::Both(
    "SELECT 1 WHERE EXISTS (SELECT 1 FROM activity WHERE athlete = $1 AND provenance < 'strava_api') \
     OR EXISTS (SELECT 1 FROM activity WHERE athlete = $1 AND provenance > 'strava_api')",
);
// The plus keeps SQLite from running through all rows of the athlete.
const IDS_OF: Sql = Sql::Per {
    sqlite: "SELECT activity_id, source_id FROM export_row WHERE +athlete = $1 AND +provenance = 'bulk_export' \
             AND activity_id IN (SELECT value FROM json_each($2)) ORDER BY activity_id, source_id",
    postgres: "SELECT activity_id, source_id FROM export_row WHERE athlete = $1 AND provenance = 'bulk_export' \
               AND activity_id = ANY($2) ORDER BY activity_id, source_id",
};
const SUMMARIES_OF: Sql = Sql::Per {
    sqlite: "SELECT activity_id, summary FROM strava_activity WHERE +athlete = $1 AND summary IS NOT NULL \
             AND activity_id IN (SELECT value FROM json_each($2)) ORDER BY activity_id",
    postgres: "SELECT activity_id, summary FROM strava_activity WHERE athlete = $1 AND summary IS NOT NULL \
               AND activity_id = ANY($2) ORDER BY activity_id",
};
const BY_ID: Sql = Sql::Both(
    "SELECT start_ms FROM activity WHERE athlete = $1 AND provenance = 'strava_api' AND source_id = $2 \
     AND start_ms IS NOT NULL",
);
const NAMED_BY_ID: Sql = Sql::Both(
    "SELECT a.start_ms FROM export_row e JOIN activity a ON a.id = e.activity_id \
     WHERE e.athlete = $1 AND e.provenance = 'bulk_export' AND e.source_id = $2 AND a.start_ms IS NOT NULL",
);
const FILES: Sql = Sql::Both(
    "SELECT start_ms, file FROM activity WHERE athlete = $1 AND COALESCE(start_ms, 0) >= $2 \
     AND COALESCE(start_ms, 0) <= $3 AND start_ms IS NOT NULL AND provenance <> 'strava_api' \
     ORDER BY COALESCE(start_ms, 0), id",
);
const SUMMARIES: Sql = Sql::Both(
    "SELECT a.start_ms, s.summary FROM activity a JOIN strava_activity s ON s.activity_id = a.id \
     WHERE a.athlete = $1 AND COALESCE(a.start_ms, 0) >= $2 AND COALESCE(a.start_ms, 0) <= $3 \
     AND a.start_ms IS NOT NULL AND s.summary IS NOT NULL ORDER BY COALESCE(a.start_ms, 0), a.id",
);

const STARTS_OF: Sql = Sql::Per {
    sqlite: "SELECT start_ms FROM activity WHERE id IN (SELECT value FROM json_each($1)) \
             AND start_ms IS NOT NULL ORDER BY start_ms",
    postgres: "SELECT start_ms FROM activity WHERE id = ANY($1) AND start_ms IS NOT NULL ORDER BY start_ms",
};

/// A stored record and what is stored of its link.
pub(super) struct Stored {
    pub(super) record: Record,
    file: String,
    pub(super) local_date: Option<Date>,
    pub(super) duplicate_of: Option<String>,
    pub(super) shareable_of: Option<String>,
    source_id: String,
}

/// Looks for the records of an athlete, stretch by stretch.
pub(super) struct Search<'a> {
    athlete: &'a str,
    /// False where no record can name another, because the Strava API told of none.
    has_api: bool,
    /// False where the Strava API told of all of them, so that none names one of elsewhere.
    has_others: bool,
    /// What a person said of records.
    pub(super) choices: Choices,
    /// Stretches of time whose records were found.
    seen: Vec<(i64, i64)>,
}

impl<'a> Search<'a> {
    pub(super) fn begin(tx: &mut Tx<'_>, athlete: &'a str) -> Result<Self> {
        let mut has = |one: &Sql| Ok(tx.optional(one, &params![athlete], |row| row.get::<i64>(0))?.is_some());
        let (has_api, has_others) = (has(&HAS_API)?, has(&HAS_OTHERS)?);
        Ok(Self { athlete, has_api, has_others, choices: merge_choice::all(tx, athlete)?, seen: Vec::new() })
    }

    /// True where what starts at a moment was found before.
    pub(super) fn has_seen(&self, start_ms: i64) -> bool {
        self.seen.iter().any(|(from_ms, until_ms)| (*from_ms..=*until_ms).contains(&start_ms))
    }

    /// All records that one which starts at a moment can be linked with, directly or by way of others.
    pub(super) fn around(&mut self, tx: &mut Tx<'_>, start_ms: i64) -> Result<Vec<Stored>> {
        let (mut found, mut open) = (Vec::new(), vec![start_ms]);
        while let Some(start_ms) = open.pop() {
            if self.has_seen(start_ms) {
                continue;
            }
            let mut stretch = self.stretch(tx, start_ms)?;
            if self.has_api {
                self.learn_names(tx, &mut stretch)?;
            }
            if self.has_api && self.has_others {
                for stored in &stretch {
                    open.extend(self.named(tx, &stored.record)?);
                }
            }
            open.extend(self.chosen(tx, &stretch)?);
            found.append(&mut stretch);
        }
        Ok(found)
    }

    /// Records that start within a minute of each other, by their start. One query where nothing else starts around;
    /// another for each minute in which more does.
    fn stretch(&mut self, tx: &mut Tx<'_>, start_ms: i64) -> Result<Vec<Stored>> {
        let athlete = self.athlete;
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
        let first_ms = stored.first().map_or(start_ms, |first| first.record.start_ms.min(start_ms));
        let last_ms = stored.last().map_or(start_ms, |last| last.record.start_ms.max(start_ms));
        self.seen.push((first_ms, last_ms));
        Ok(stored)
    }

    /// Fills in by what records name each other.
    fn learn_names(&self, tx: &mut Tx<'_>, stretch: &mut [Stored]) -> Result<()> {
        let ids: Vec<String> = stretch.iter().map(|stored| stored.record.id.clone()).collect();
        let mut named: BTreeMap<String, Vec<String>> = BTreeMap::new();
        tx.query(&IDS_OF, &params![self.athlete, &ids], |row| {
            named.entry(row.get(0)?).or_default().push(row.get(1)?);
            Ok(())
        })?;
        let summaries = tx.query(&SUMMARIES_OF, &params![self.athlete, &ids], |row| {
            Ok((row.get::<String>(0)?, upload(row.text(1)?)))
        })?;
        let mut uploads: BTreeMap<String, Option<String>> = summaries.into_iter().collect();
        for Stored { record, file, source_id, .. } in stretch {
            if record.provenance == STRAVA_API {
                record.strava_ids = vec![source_id.clone()];
                record.file_name = uploads.remove(&record.id).flatten();
            } else {
                record.strava_ids = named.remove(&record.id).unwrap_or_default();
                record.file_name = same::file_name(file);
            }
        }
        Ok(())
    }

    /// When those start that a person said to be of the same activities.
    fn chosen(&self, tx: &mut Tx<'_>, stretch: &[Stored]) -> Result<Vec<i64>> {
        let kin = stretch.iter().flat_map(|stored| self.choices.kin(&stored.record.id));
        let kin: Vec<String> = kin.map(str::to_owned).collect();
        if kin.is_empty() {
            return Ok(Vec::new());
        }
        tx.query(&STARTS_OF, &params![&kin], |row| row.get(0))
    }

    /// When those start that a record names, or that name it.
    fn named(&self, tx: &mut Tx<'_>, record: &Record) -> Result<BTreeSet<i64>> {
        let is_api = record.provenance == STRAVA_API;
        let mut starts_ms = BTreeSet::new();
        for id in &record.strava_ids {
            let by_id = if is_api { &NAMED_BY_ID } else { &BY_ID };
            starts_ms.extend(tx.query(by_id, &params![self.athlete, id], |row| row.get::<i64>(0))?);
        }
        let Some(name) = record.file_name.as_deref() else { return Ok(starts_ms) };
        let (from_ms, until_ms) =
            (record.start_ms.saturating_sub(NAMED_MS), record.start_ms.saturating_add(NAMED_MS));
        let by_name = if is_api { &FILES } else { &SUMMARIES };
        let around = tx.query(by_name, &params![self.athlete, from_ms, until_ms], |row| {
            let theirs = if is_api { same::file_name(row.text(1)?) } else { upload(row.text(1)?) };
            Ok((row.get::<i64>(0)?, theirs.as_deref() == Some(name)))
        })?;
        starts_ms.extend(around.into_iter().filter_map(|(start_ms, is_it)| is_it.then_some(start_ms)));
        Ok(starts_ms)
    }
}

/// The name of the file that was uploaded, as a summary of the API tells it.
fn upload(summary: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Summary {
        external_id: Option<String>,
    }
    same::file_name(&serde_json::from_str::<Summary>(summary).ok()?.external_id?)
}

impl Stored {
    pub(super) fn with(&self, duplicate: &Self) -> Pair {
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
        measured: count(row, 9)?,
        samples: count(row, 10)?,
        strava_ids: Vec::new(),
        file_name: None,
    };
    Ok(Stored {
        record,
        file: row.get(11)?,
        local_date: optional_date(row, 12)?,
        duplicate_of: row.get(13)?,
        source_id: row.get(14)?,
        shareable_of: row.get(15)?,
    })
}

#[cfg(test)]
pub(super) const QUERIES: &[Sql] =
    &[AROUND, HAS_API, HAS_OTHERS, IDS_OF, SUMMARIES_OF, BY_ID, NAMED_BY_ID, FILES, SUMMARIES, STARTS_OF];
