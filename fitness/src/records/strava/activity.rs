//! Activities as the API tells them: what came, when, and what is still to be asked for.

use std::collections::BTreeMap;

use store::{Result, Row, Sql, Tx, Value, params};

use super::super::activity::duplicate::has_no_copy;
use super::super::count;

/// After so many refusals of one activity it is left alone until it changes or somebody asks.
pub const FAULTS_MOST: u32 = 3;

/// What a list told of an activity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub strava_id: i64,
    pub activity_id: String,
    pub start_ms: i64,
    /// The JSON as it came.
    pub summary: String,
    /// Of what is read of it: another one asks for the details anew.
    pub summary_sha256: String,
    /// Of what the samples hang on: another one asks for them anew.
    pub streams_of: String,
    /// False where there are none, as of what was typed in.
    pub has_streams: bool,
}

/// What is kept of an activity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    pub strava_id: i64,
    pub summary_sha256: String,
    pub streams_of: Option<String>,
    pub streams_state: Option<StreamsState>,
    pub is_gone: bool,
}

impl Kept {
    /// True where its samples were kept as long as they may be.
    pub fn has_expired(&self) -> bool {
        self.streams_state == Some(StreamsState::Expired)
    }
}

/// What became of the samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamsState {
    Kept,
    /// Strava has none.
    None,
    /// They were kept as long as they may be.
    Expired,
}

/// An activity of which something is to be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    pub strava_id: i64,
    pub activity_id: String,
    pub start_ms: i64,
    pub summary: String,
    /// The fingerprint of the summary as it was when this was asked for.
    pub summary_sha256: String,
    pub detail: Option<String>,
}

/// What of an activity can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Detail,
    Streams,
}

/// Why an activity is kept no longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Strava does not know it, although a list may go on to tell of it: the same list does not bring it back.
    NotFound,
    /// A whole list does not tell of it any more.
    Missing,
    /// It may be kept no longer.
    Expired,
}

/// What may be older than it may be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stale {
    /// The summary, and with it everything.
    All,
    Part(Part),
}

/// How far the past is fetched.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub activities: u32,
    pub details_due: u32,
    pub streams_due: u32,
    /// Left alone after they were refused again and again.
    pub faulty: u32,
    pub gone: u32,
}

const KNOWN: Sql = Sql::Per {
    sqlite: "SELECT strava_id, summary_sha256, streams_of, streams_state, gone_ms FROM strava_activity \
             WHERE athlete = $1 AND strava_id IN (SELECT value FROM json_each($2)) ORDER BY strava_id",
    postgres: "SELECT strava_id, summary_sha256, streams_of, streams_state, gone_ms FROM strava_activity \
               WHERE athlete = $1 AND strava_id = ANY($2) ORDER BY strava_id",
};
const SEEN: Sql = Sql::Per {
    sqlite: "UPDATE strava_activity SET listed_ms = $3 \
             WHERE athlete = $1 AND strava_id IN (SELECT value FROM json_each($2)) AND listed_ms <> $3",
    postgres: "UPDATE strava_activity SET listed_ms = $3 \
               WHERE athlete = $1 AND strava_id = ANY($2) AND listed_ms <> $3",
};
// The details hang on the summary and are due with each other one; the samples are not.
const PUT: Sql = Sql::Both(
    "INSERT INTO strava_activity (athlete, strava_id, activity_id, start_ms, summary, summary_sha256, \
     listed_ms, detail_due, streams_of, streams_state, streams_due, detail_faults, streams_faults) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $4, $8, $9, $10, 0, 0) \
     ON CONFLICT (athlete, strava_id) DO UPDATE SET \
     start_ms = excluded.start_ms, summary = excluded.summary, summary_sha256 = excluded.summary_sha256, \
     listed_ms = excluded.listed_ms, detail_due = excluded.detail_due, streams_of = excluded.streams_of, \
     streams_state = COALESCE(excluded.streams_state, strava_activity.streams_state), \
     streams_due = COALESCE(excluded.streams_due, strava_activity.streams_due), \
     detail_faults = 0, streams_faults = 0, fault = NULL, gone_ms = NULL",
);
// What was given up stays due, so that it is asked for again once its faults are forgotten.
const DUE_DETAIL: Sql = Sql::Both(
    "SELECT strava_id, activity_id, summary, summary_sha256, detail, start_ms FROM strava_activity \
     WHERE athlete = $1 AND detail_due IS NOT NULL AND detail_faults < $3 ORDER BY detail_due DESC LIMIT $2",
);
const DUE_STREAMS: Sql = Sql::Both(
    "SELECT strava_id, activity_id, summary, summary_sha256, detail, start_ms FROM strava_activity \
     WHERE athlete = $1 AND streams_due IS NOT NULL AND streams_faults < $3 \
     ORDER BY streams_due DESC LIMIT $2",
);
const ONE: Sql = Sql::Both(
    "SELECT strava_id, activity_id, summary, summary_sha256, detail, start_ms FROM strava_activity \
     WHERE athlete = $1 AND strava_id = $2 AND summary IS NOT NULL",
);
// A summary that changed in between asks for the details once more.
const PUT_DETAIL: Sql = Sql::Both(
    "UPDATE strava_activity SET detail = $3, detail_ms = $4, detail_faults = 0, \
     fault = CASE WHEN streams_faults = 0 THEN NULL ELSE fault END, \
     detail_due = CASE WHEN summary_sha256 = $5 THEN NULL ELSE detail_due END \
     WHERE athlete = $1 AND strava_id = $2 AND gone_ms IS NULL",
);
const PUT_STREAMS: Sql = Sql::Both(
    "UPDATE strava_activity SET streams_state = $3, streams_ms = $4, streams_faults = 0, \
     fault = CASE WHEN detail_faults = 0 THEN NULL ELSE fault END, \
     streams_due = CASE WHEN streams_of = $5 THEN NULL ELSE streams_due END \
     WHERE athlete = $1 AND strava_id = $2 AND gone_ms IS NULL",
);
const FAULT_DETAIL: Sql = Sql::Both(
    "UPDATE strava_activity SET detail_faults = detail_faults + 1, fault = $3 \
     WHERE athlete = $1 AND strava_id = $2 AND gone_ms IS NULL RETURNING detail_faults",
);
const FAULT_STREAMS: Sql = Sql::Both(
    "UPDATE strava_activity SET streams_faults = streams_faults + 1, fault = $3 \
     WHERE athlete = $1 AND strava_id = $2 AND gone_ms IS NULL RETURNING streams_faults",
);
const RETRY: Sql = Sql::Both(
    "UPDATE strava_activity SET detail_faults = 0, streams_faults = 0, fault = NULL \
     WHERE athlete = $1 AND (detail_faults >= $2 OR streams_faults >= $2)",
);
// What was not found keeps its fingerprint until the next sweep, so that a list of the days does not bring it back.
const GONE: Sql = Sql::Both(
    "UPDATE strava_activity SET gone_ms = $3, start_ms = 0, summary = NULL, \
     summary_sha256 = CASE WHEN $4 = 'not_found' THEN summary_sha256 ELSE '' END, detail = NULL, \
     detail_ms = NULL, detail_due = NULL, streams_of = NULL, streams_state = NULL, streams_ms = NULL, \
     streams_due = NULL, fault = NULL, detail_faults = 0, streams_faults = 0 \
     WHERE athlete = $1 AND strava_id = $2",
);
const FORGET_FINGERPRINTS: Sql = Sql::Both(
    "UPDATE strava_activity SET summary_sha256 = '', start_ms = 0 \
     WHERE athlete = $1 AND listed_ms < $2 AND gone_ms < $2 AND (summary_sha256 <> '' OR start_ms <> 0)",
);
// What is dated in the future is in no list, and is asked for by itself like all that is in none.
const MISSING: Sql = Sql::Both(
    "SELECT strava_id, activity_id FROM strava_activity WHERE athlete = $1 AND listed_ms < $2 \
     AND gone_ms IS NULL ORDER BY strava_id",
);
const LEFT_DETAIL: Sql = Sql::Both(
    "SELECT COUNT(*) FROM strava_activity \
     WHERE athlete = $1 AND detail_due IS NOT NULL AND detail_faults < $2",
);
const LEFT_STREAMS: Sql = Sql::Both(
    "SELECT COUNT(*) FROM strava_activity \
     WHERE athlete = $1 AND streams_due IS NOT NULL AND streams_faults < $2",
);
const NEWER_STREAMS: Sql = Sql::Both(
    "SELECT COUNT(*) FROM strava_activity WHERE athlete = $1 AND streams_due > $2 AND streams_faults < $3",
);
const COUNTS: Sql = Sql::Both(
    "SELECT COUNT(*), COUNT(CASE WHEN detail_faults < $2 THEN detail_due END), \
     COUNT(CASE WHEN streams_faults < $2 THEN streams_due END), \
     COUNT(CASE WHEN detail_faults >= $2 OR streams_faults >= $2 THEN 1 END), \
     COUNT(gone_ms) FROM strava_activity WHERE athlete = $1",
);
const GONE_SINCE: Sql = Sql::Both("SELECT COUNT(*) FROM strava_activity WHERE athlete = $1 AND gone_ms > $2");
const LAST_DETAIL: Sql = Sql::Both(
    "SELECT strava_id FROM strava_activity \
     WHERE athlete = $1 AND detail_ms IS NOT NULL AND detail_due IS NULL AND gone_ms IS NULL \
     ORDER BY detail_ms DESC, strava_id DESC LIMIT 1",
);
const LAST_STREAMS: Sql = Sql::Both(
    "SELECT strava_id FROM strava_activity \
     WHERE athlete = $1 AND streams_ms IS NOT NULL AND streams_state = 'kept' AND streams_due IS NULL \
     AND gone_ms IS NULL ORDER BY streams_ms DESC, strava_id DESC LIMIT 1",
);
const FAULTY: Sql = Sql::Both(
    "SELECT strava_id, activity_id, fault FROM strava_activity \
     WHERE athlete = $1 AND (detail_faults >= $2 OR streams_faults >= $2) \
     ORDER BY start_ms DESC, strava_id LIMIT $3",
);
// A copy in a file lifts the limits: what is linked to it is kept.
const STALE: Sql = Sql::Both(concat!(
    "SELECT s.strava_id, s.activity_id FROM strava_activity s \
     LEFT JOIN activity a ON a.id = s.activity_id \
     WHERE s.athlete = $1 AND s.listed_ms < $2 AND s.gone_ms IS NULL AND ",
    has_no_copy!(),
    "ORDER BY s.strava_id LIMIT $3"
));
const STALE_DETAILS: Sql = Sql::Both(concat!(
    "SELECT s.strava_id, s.activity_id FROM strava_activity s \
     LEFT JOIN activity a ON a.id = s.activity_id \
     WHERE s.athlete = $1 AND s.detail_ms < $2 AND ",
    has_no_copy!(),
    "ORDER BY s.strava_id LIMIT $3"
));
const STALE_STREAMS: Sql = Sql::Both(concat!(
    "SELECT s.strava_id, s.activity_id FROM strava_activity s \
     LEFT JOIN activity a ON a.id = s.activity_id \
     WHERE s.athlete = $1 AND s.streams_ms < $2 AND s.streams_state = 'kept' AND ",
    has_no_copy!(),
    "ORDER BY s.strava_id LIMIT $3"
));
const DROP_DETAIL: Sql = Sql::Both(
    "UPDATE strava_activity SET detail = NULL, detail_ms = NULL WHERE athlete = $1 AND strava_id = $2",
);
const DROP_STREAMS: Sql = Sql::Both(
    "UPDATE strava_activity SET streams_state = 'expired', streams_ms = NULL \
     WHERE athlete = $1 AND strava_id = $2",
);

impl StreamsState {
    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::None => "none",
            Self::Expired => "expired",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        [Self::Kept, Self::None, Self::Expired].into_iter().find(|state| state.as_str() == word)
    }
}

/// What is kept of these activities, by Strava's ids.
pub fn known(tx: &mut Tx<'_>, athlete: &str, ids: &[i64]) -> Result<BTreeMap<i64, Kept>> {
    let kept = tx.query(&KNOWN, &params![athlete, ids], |row| {
        let state: Option<String> = row.get(3)?;
        Ok(Kept {
            strava_id: row.get(0)?,
            summary_sha256: row.get(1)?,
            streams_of: row.get(2)?,
            streams_state: state.as_deref().and_then(StreamsState::parse),
            is_gone: row.get::<Option<i64>>(4)?.is_some(),
        })
    })?;
    Ok(kept.into_iter().map(|kept| (kept.strava_id, kept)).collect())
}

/// Notes that these were listed at a moment and are what they were.
pub fn seen(tx: &mut Tx<'_>, athlete: &str, ids: &[i64], listed_ms: i64) -> Result<u64> {
    tx.execute(&SEEN, &params![athlete, ids, listed_ms])
}

/// Keeps what a list told that is new or another than before; the samples are due where they hang on something else
/// now, or were kept no longer.
pub fn put(tx: &mut Tx<'_>, athlete: &str, listed: &[(Listed, Option<Kept>)], listed_ms: i64) -> Result<()> {
    let row = |(listed, before): &'_ (Listed, Option<Kept>)| -> (Option<&'static str>, Option<i64>) {
        let is_kept = before.as_ref().is_some_and(|kept| {
            !kept.is_gone
                && kept.streams_of.as_deref() == Some(listed.streams_of.as_str())
                && !kept.has_expired()
        });
        match (listed.has_streams, is_kept) {
            (false, _) => (Some(StreamsState::None.as_str()), None),
            (true, true) => (None, None),
            (true, false) => (None, Some(listed.start_ms)),
        }
    };
    let figures: Vec<_> = listed.iter().map(row).collect();
    let rows: Vec<Vec<Value<'_>>> = listed
        .iter()
        .zip(&figures)
        .map(|((listed, _), (state, due))| {
            params![
                athlete,
                listed.strava_id,
                &listed.activity_id,
                listed.start_ms,
                &listed.summary,
                &listed.summary_sha256,
                listed_ms,
                &listed.streams_of,
                *state,
                *due
            ]
            .into()
        })
        .collect();
    tx.batch(&PUT, &rows).map(drop)
}

/// Those of which a part is to be asked for, the newest first.
pub fn due(tx: &mut Tx<'_>, athlete: &str, part: Part, most: u32) -> Result<Vec<Due>> {
    let statement = match part {
        Part::Detail => &DUE_DETAIL,
        Part::Streams => &DUE_STREAMS,
    };
    tx.query(statement, &params![athlete, most, FAULTS_MOST], read_due)
}

/// One of them, due or not; nothing where it is unknown or gone.
pub fn one(tx: &mut Tx<'_>, athlete: &str, strava_id: i64) -> Result<Option<Due>> {
    tx.optional(&ONE, &params![athlete, strava_id], read_due)
}

/// Keeps details that were asked for because of a summary; false where the activity is gone.
pub fn put_detail(tx: &mut Tx<'_>, athlete: &str, due: &Due, detail: &str, now_ms: i64) -> Result<bool> {
    let params = params![athlete, due.strava_id, detail, now_ms, &due.summary_sha256];
    Ok(tx.execute(&PUT_DETAIL, &params)? > 0)
}

/// Notes what became of the samples that hang on something; false where the activity is gone.
pub fn put_streams(
    tx: &mut Tx<'_>,
    athlete: &str,
    (strava_id, streams_of): (i64, &str),
    state: StreamsState,
    now_ms: i64,
) -> Result<bool> {
    let params = params![athlete, strava_id, state.as_str(), now_ms, streams_of];
    Ok(tx.execute(&PUT_STREAMS, &params)? > 0)
}

/// Notes that Strava fails at a part of one activity, and says how often in a row it did.
pub fn note_fault(tx: &mut Tx<'_>, athlete: &str, (strava_id, part): (i64, Part), code: &str) -> Result<u32> {
    let statement = match part {
        Part::Detail => &FAULT_DETAIL,
        Part::Streams => &FAULT_STREAMS,
    };
    let faults = tx.optional(statement, &params![athlete, strava_id, code], |row| count(row, 0))?;
    Ok(faults.unwrap_or(0))
}

/// Lets those that were left alone be asked for again.
pub fn retry_faulty(tx: &mut Tx<'_>, athlete: &str) -> Result<u64> {
    tx.execute(&RETRY, &params![athlete, FAULTS_MOST])
}

/// Forgets all of an activity but that it is gone, and where it was not found the fingerprint of what was listed.
pub fn forget(tx: &mut Tx<'_>, athlete: &str, strava_id: i64, why: Why, now_ms: i64) -> Result<()> {
    let word = match why {
        Why::NotFound => "not_found",
        Why::Missing => "missing",
        Why::Expired => "expired",
    };
    tx.execute(&GONE, &params![athlete, strava_id, now_ms, word]).map(drop)
}

/// Forgets what was listed of those that were gone before a moment: a sweep since then has shown those that are not.
pub fn forget_fingerprints(tx: &mut Tx<'_>, athlete: &str, before_ms: i64) -> Result<()> {
    tx.execute(&FORGET_FINGERPRINTS, &params![athlete, before_ms]).map(drop)
}

/// Those that were not listed since a moment, with our ids.
pub fn missing(tx: &mut Tx<'_>, athlete: &str, listed_since_ms: i64) -> Result<Vec<(i64, String)>> {
    tx.query(&MISSING, &params![athlete, listed_since_ms], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// Of how many a part is to be asked for.
pub fn left(tx: &mut Tx<'_>, athlete: &str, part: Part) -> Result<u32> {
    let statement = match part {
        Part::Detail => &LEFT_DETAIL,
        Part::Streams => &LEFT_STREAMS,
    };
    Ok(tx.optional(statement, &params![athlete, FAULTS_MOST], |row| count(row, 0))?.unwrap_or(0))
}

/// Of how many that began after a moment the samples are to be asked for.
pub fn newer_streams(tx: &mut Tx<'_>, athlete: &str, start_ms: i64) -> Result<u32> {
    let params = params![athlete, start_ms, FAULTS_MOST];
    Ok(tx.optional(&NEWER_STREAMS, &params, |row| count(row, 0))?.unwrap_or(0))
}

/// How far the past is fetched.
pub fn counts(tx: &mut Tx<'_>, athlete: &str) -> Result<Counts> {
    let counts = tx.optional(&COUNTS, &params![athlete, FAULTS_MOST], |row| {
        let gone = count(row, 4)?;
        Ok(Counts {
            activities: count(row, 0)?.saturating_sub(gone),
            details_due: count(row, 1)?,
            streams_due: count(row, 2)?,
            faulty: count(row, 3)?,
            gone,
        })
    })?;
    Ok(counts.unwrap_or_default())
}

/// How many went after a moment, or at all.
pub fn gone_since(tx: &mut Tx<'_>, athlete: &str, since_ms: Option<i64>) -> Result<u32> {
    let params = params![athlete, since_ms.unwrap_or(i64::MIN)];
    Ok(tx.optional(&GONE_SINCE, &params, |row| count(row, 0))?.unwrap_or(0))
}

/// The one whose part was fetched last and is as it should be.
pub fn last_fetched(tx: &mut Tx<'_>, athlete: &str, part: Part) -> Result<Option<i64>> {
    let statement = match part {
        Part::Detail => &LAST_DETAIL,
        Part::Streams => &LAST_STREAMS,
    };
    tx.optional(statement, &params![athlete], |row| row.get(0))
}

/// Those that are left alone because Strava fails at them, with our ids and the code of the failure.
pub fn faulty(tx: &mut Tx<'_>, athlete: &str, most: u32) -> Result<Vec<(i64, String, Option<String>)>> {
    tx.query(&FAULTY, &params![athlete, FAULTS_MOST, most], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
}

/// Those of which something was last fetched before a moment and is in no file, with our ids.
pub fn stale(
    tx: &mut Tx<'_>,
    athlete: &str,
    what: Stale,
    before_ms: i64,
    most: u32,
) -> Result<Vec<(i64, String)>> {
    let statement = match what {
        Stale::All => &STALE,
        Stale::Part(Part::Detail) => &STALE_DETAILS,
        Stale::Part(Part::Streams) => &STALE_STREAMS,
    };
    tx.query(statement, &params![athlete, before_ms, most], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// Forgets a part of an activity; what was computed of it stays as long as its summary does.
pub fn drop_part(tx: &mut Tx<'_>, athlete: &str, strava_id: i64, part: Part) -> Result<()> {
    let statement = match part {
        Part::Detail => &DROP_DETAIL,
        Part::Streams => &DROP_STREAMS,
    };
    tx.execute(statement, &params![athlete, strava_id]).map(drop)
}

fn read_due(row: &Row<'_>) -> Result<Due> {
    Ok(Due {
        strava_id: row.get(0)?,
        activity_id: row.get(1)?,
        summary: row.get::<Option<String>>(2)?.unwrap_or_default(),
        summary_sha256: row.get(3)?,
        detail: row.get(4)?,
        start_ms: row.get(5)?,
    })
}

#[cfg(test)]
pub(crate) const QUERIES: &[Sql] = &[
    KNOWN,
    SEEN,
    PUT,
    DUE_DETAIL,
    DUE_STREAMS,
    ONE,
    PUT_DETAIL,
    PUT_STREAMS,
    FAULT_DETAIL,
    FAULT_STREAMS,
    RETRY,
    GONE,
    FORGET_FINGERPRINTS,
    MISSING,
    LEFT_DETAIL,
    LEFT_STREAMS,
    NEWER_STREAMS,
    COUNTS,
    GONE_SINCE,
    LAST_DETAIL,
    LAST_STREAMS,
    FAULTY,
    STALE,
    STALE_DETAILS,
    STALE_STREAMS,
    DROP_DETAIL,
    DROP_STREAMS,
];
