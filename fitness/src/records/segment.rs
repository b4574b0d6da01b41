//! Segments of the athlete's own: lines whose times are compared.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use store::{Result, Row, Sql, Tx, params};

use super::strava::item;
use super::strava::line::{self, STARRED, StarredLine};
use super::{activity_stream, count, optional_date};
use crate::ground::{Line, LineError, POINTS_APART_M, Place, polyline};
use crate::identity::segment_id;
use crate::recording::Samples;
use crate::scope::{STRAVA_API, Scope};
use crate::sport;

const LEAST_M: f64 = 100.0;
const MOST_M: f64 = 100_000.0;
/// A line of more places is thinned further.
const PLACES_MOST: usize = 5_000;
const NAME_MOST: usize = 100;

/// A segment with its line.
#[derive(Debug, Clone, PartialEq)]
pub struct Segment {
    pub id: String,
    pub name: String,
    /// The group of sports that is compared on it; empty for all.
    pub sports: String,
    pub provenance: String,
    /// What the line is from: `activity`, `gpx` or `strava`.
    pub source: String,
    /// The activity that it was cut out of, or Strava's number of the starred segment.
    pub source_id: Option<String>,
    pub line: Line,
    pub meters: f64,
    /// False until the activities of the past were looked through for it.
    pub is_matched: bool,
    pub created_ms: i64,
}

/// Which segment is looked for: one that is made again, or is compared in other sports, is another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    pub id: String,
    pub sports: String,
    pub created_ms: i64,
}

/// A segment in a list, with what was done on it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Listed {
    pub id: String,
    pub name: String,
    /// `cycling`, `on foot` or another group of sports; absent where any is compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sports: Option<String>,
    pub provenance: String,
    pub source: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_id: Option<String>,
    pub meters: f64,
    /// False until the activities of the past were looked through for it.
    pub is_matched: bool,
    pub efforts: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub best_s: Option<f64>,
    /// The local day of the last effort.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_date: Option<jiff::civil::Date>,
}

/// A segment to be.
#[derive(Debug, Clone, PartialEq)]
pub struct New {
    name: String,
    sports: String,
    source: Source,
    line: Line,
}

/// Where a line is from.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Source {
    /// A part of an activity in metres, and the provenance of that.
    Activity {
        id: String,
        part_m: (i64, i64),
        provenance: String,
    },
    Gpx,
    /// A segment that is starred at Strava, by its number there.
    Starred(String),
}

/// Why there is no such segment.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SegmentError {
    #[error("the name must have 1 to {NAME_MOST} characters")]
    Name,
    #[error("the line is {0:.0} m long; a segment has at least {LEAST_M:.0} m")]
    TooShort(f64),
    #[error("the line is {:.0} km long; a segment has at most {:.0} km", .0 / 1000.0, MOST_M / 1000.0)]
    TooLong(f64),
    #[error(transparent)]
    NoTrack(#[from] LineError),
    #[error("there is no activity `{0}`")]
    UnknownActivity(String),
    #[error("activity `{0}` is known through the Strava API alone, whose track may not be kept")]
    OfTheApi(String),
    #[error("segment {0} of Strava is none of those that you have starred")]
    NotStarred(i64),
    #[error("the line of the starred segment {0} was not read from Strava yet")]
    Unread(i64),
    #[error("there is no segment `{0}`")]
    Unknown(String),
}

impl SegmentError {
    /// The stable name of the refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Name => "segment_name_invalid",
            Self::TooShort(_) => "segment_too_short",
            Self::TooLong(_) => "segment_too_long",
            Self::NoTrack(_) => "segment_no_track",
            Self::UnknownActivity(_) => "not_found",
            Self::OfTheApi(_) => "segment_of_strava",
            Self::NotStarred(_) => "segment_not_starred",
            Self::Unread(_) => "segment_line_unread",
            Self::Unknown(_) => "segment_unknown",
        }
    }
}

const ORIGIN: Sql =
    Sql::Both("SELECT sport, sub_sport, provenance FROM activity WHERE athlete = $1 AND id = $2");
const DEFINE: Sql = Sql::Both(
    "INSERT INTO segment (id, athlete, name, sports, provenance, source, source_id, latitude, longitude, \
     meters, is_matched, created_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, FALSE, $11) \
     ON CONFLICT (id) DO UPDATE SET name = excluded.name, \
     is_matched = segment.is_matched AND segment.sports = excluded.sports, sports = excluded.sports",
);
// On the same line another group of sports is compared from now on.
const FORGET_OTHERS: Sql = Sql::Both(
    "DELETE FROM segment_effort WHERE segment_id IN (SELECT id FROM segment WHERE id = $1 AND sports <> $2)",
);
const GET: Sql = Sql::Both(
    "SELECT id, name, sports, provenance, source, source_id, latitude, longitude, meters, is_matched, \
     created_ms FROM segment WHERE athlete = $1 AND id = $2",
);
const ALL: Sql = Sql::Both(
    "SELECT id, name, sports, provenance, source, source_id, latitude, longitude, meters, is_matched, \
     created_ms FROM segment WHERE athlete = $1 ORDER BY name, id",
);
const NAMED: Sql =
    Sql::Both("SELECT id FROM segment WHERE athlete = $1 AND (id = $2 OR name = $2) ORDER BY name, id");
// Of several records of one activity the counted one counts here too.
const LIST: Sql = Sql::Both(
    "SELECT segment.id, segment.name, segment.sports, segment.provenance, segment.source, segment.source_id, \
     segment.meters, segment.is_matched, COUNT(a.id), \
     MIN(CASE WHEN a.id IS NOT NULL THEN e.elapsed_s END), MAX(a.local_date) \
     FROM segment LEFT JOIN segment_effort e ON e.segment_id = segment.id \
     LEFT JOIN activity a ON a.id = e.activity_id AND a.provenance <> $2 \
     AND CASE WHEN $2 = '' THEN a.duplicate_of ELSE a.shareable_of END IS NULL \
     WHERE segment.athlete = $1 AND segment.provenance <> $2 \
     GROUP BY segment.id, segment.name, segment.sports, segment.provenance, segment.source, \
     segment.source_id, segment.meters, segment.is_matched ORDER BY segment.name, segment.id",
);
const FOLLOWED: Sql = Sql::Both(
    "SELECT source_id FROM segment WHERE athlete = $1 AND source = 'strava' AND source_id IS NOT NULL \
     ORDER BY source_id",
);
const RENAME: Sql = Sql::Both("UPDATE segment SET name = $3 WHERE athlete = $1 AND id = $2");
const REMOVE: Sql = Sql::Both("DELETE FROM segment WHERE athlete = $1 AND id = $2");
// One that was made again meanwhile, or is compared in other sports, is another.
const MATCHED: Sql = Sql::Both(
    "UPDATE segment SET is_matched = TRUE WHERE athlete = $1 AND id = $2 AND sports = $3 AND created_ms = $4",
);
// What was found on the line before, or in other sports, is no effort on this one.
const REDRAW: Sql = Sql::Both(
    "UPDATE segment SET latitude = $3, longitude = $4, meters = $5, is_matched = FALSE, created_ms = $6, \
     sports = $7 WHERE athlete = $1 AND id = $2 AND (latitude <> $3 OR longitude <> $4 OR sports <> $7)",
);
const FORGET_EFFORTS: Sql = Sql::Both("DELETE FROM segment_effort WHERE segment_id = $1");
// What follows a line of Strava's is kept for as long as that may be.
const FORGET_UNDRAWN: Sql = Sql::Both(
    "DELETE FROM segment WHERE athlete = $1 AND source = 'strava' AND source_id NOT IN \
     (SELECT item_id FROM strava_item WHERE athlete = $1 AND kind = 'segment_line')",
);

impl New {
    /// A line of a file.
    pub fn of_gpx(
        name: &str,
        sport: Option<&str>,
        places: Vec<Place>,
    ) -> std::result::Result<Self, SegmentError> {
        let sports = sport.map_or("", |sport| sport::group(sport, None)).to_owned();
        Self::checked(name, sports, Source::Gpx, &Line::of(places))
    }

    fn checked(
        name: &str,
        sports: String,
        source: Source,
        line: &Line,
    ) -> std::result::Result<Self, SegmentError> {
        let name = checked_name(name)?;
        Ok(Self { name, sports, source, line: checked_line(line)? })
    }

    fn id(&self, athlete: &str) -> String {
        match &self.source {
            Source::Activity { id, part_m: (from_m, to_m), .. } => {
                segment_id(athlete, "activity", &format!("{id} {from_m} {to_m}"))
            }
            Source::Gpx => segment_id(athlete, "gpx", &polyline::encode(&self.line.places)),
            Source::Starred(strava_id) => starred_id(athlete, strava_id),
        }
    }
}

/// A name without what no name has; one of blanks alone or too long is refused.
pub fn checked_name(name: &str) -> std::result::Result<String, SegmentError> {
    let plain: String = name.chars().filter(|letter| !letter.is_control()).collect();
    let plain = plain.trim();
    let is_name = !plain.is_empty() && plain.chars().count() <= NAME_MOST;
    is_name.then(|| plain.to_owned()).ok_or(SegmentError::Name)
}

/// A line that is long enough and not too long, with no more places than it needs.
fn checked_line(line: &Line) -> std::result::Result<Line, SegmentError> {
    if line.meters() < LEAST_M {
        return Err(SegmentError::TooShort(line.meters()));
    }
    if line.meters() > MOST_M {
        return Err(SegmentError::TooLong(line.meters()));
    }
    Ok(line.thinned(POINTS_APART_M.max(line.meters() / (PLACES_MOST - 2) as f64)))
}

fn starred_id(athlete: &str, strava_id: &str) -> String {
    segment_id(athlete, "strava", strava_id)
}

/// The line of a starred segment; one of no length where that cannot be read.
fn drawn(starred: &StarredLine) -> Line {
    Line::of(polyline::decode(&starred.polyline).unwrap_or_default())
}

/// The part of an activity between two distances as a segment to be.
pub fn cut(
    tx: &mut Tx<'_>,
    athlete: &str,
    name: &str,
    activity: &str,
    (from_m, to_m): (f64, f64),
) -> Result<std::result::Result<New, SegmentError>> {
    let origin = tx.optional(&ORIGIN, &params![athlete, activity], |row| {
        let sub_sport: Option<String> = row.get(1)?;
        Ok((sport::group(row.text(0)?, sub_sport.as_deref()).to_owned(), row.get::<String>(2)?))
    })?;
    let Some((sports, provenance)) = origin else {
        return Ok(Err(SegmentError::UnknownActivity(activity.to_owned())));
    };
    // It would have to go again with the samples.
    if provenance == STRAVA_API {
        return Ok(Err(SegmentError::OfTheApi(activity.to_owned())));
    }
    let samples = Samples::unpack(&activity_stream::all(tx, activity)?);
    let part_m = (from_m.round() as i64, to_m.round() as i64);
    let source = Source::Activity { id: activity.to_owned(), part_m, provenance };
    Ok(Line::cut(&samples, (from_m, to_m))
        .map_err(SegmentError::from)
        .and_then(|line| New::checked(name, sports, source, &line)))
}

/// Keeps a segment and answers its id. One that was defined the same before gets the new name.
pub fn define(tx: &mut Tx<'_>, athlete: &str, new: &New, now_ms: i64) -> Result<String> {
    let id = new.id(athlete);
    let [latitude, longitude] = new.line.pack();
    let (source, source_id, provenance) = match &new.source {
        Source::Activity { id, provenance, .. } => ("activity", Some(id.as_str()), provenance.as_str()),
        Source::Gpx => ("gpx", None, "manual"),
        Source::Starred(strava_id) => ("strava", Some(strava_id.as_str()), STRAVA_API),
    };
    let params = params![
        &id,
        athlete,
        &new.name,
        &new.sports,
        provenance,
        source,
        source_id,
        &latitude,
        &longitude,
        new.line.meters(),
        now_ms
    ];
    tx.execute(&FORGET_OTHERS, &params![&id, &new.sports])?;
    tx.execute(&DEFINE, &params)?;
    Ok(id)
}

/// Keeps a segment that follows the line of a starred one of Strava's, by its number there, and answers its id.
/// Without a name it is called as it is there.
///
/// One transaction looks and writes, so that none is left whose line went meanwhile.
pub fn define_starred(
    tx: &mut Tx<'_>,
    athlete: &str,
    name: Option<&str>,
    strava_id: i64,
    now_ms: i64,
) -> Result<std::result::Result<String, SegmentError>> {
    let number = strava_id.to_string();
    let Some(starred) = line::get(tx, athlete, strava_id)? else {
        let is_starred = item::get(tx, athlete, (STARRED, &number))?.is_some();
        let unread = if is_starred { SegmentError::Unread } else { SegmentError::NotStarred };
        return Ok(Err(unread(strava_id)));
    };
    let sports = sport::group(&starred.sport, None).to_owned();
    let name = name.unwrap_or(&starred.name);
    match New::checked(name, sports, Source::Starred(number), &drawn(&starred)) {
        Ok(new) => define(tx, athlete, &new, now_ms).map(Ok),
        Err(refused) => Ok(Err(refused)),
    }
}

/// Has the segment that follows a starred one go where that goes now, and be looked for anew if that is elsewhere or for
/// other sports.
pub(super) fn redraw(
    tx: &mut Tx<'_>,
    athlete: &str,
    strava_id: i64,
    starred: &StarredLine,
    now_ms: i64,
) -> Result<()> {
    let id = starred_id(athlete, &strava_id.to_string());
    let Ok(line) = checked_line(&drawn(starred)) else { return remove(tx, athlete, &id).map(drop) };
    let [latitude, longitude] = line.pack();
    let sports = sport::group(&starred.sport, None);
    let params = params![athlete, &id, &latitude, &longitude, line.meters(), now_ms, sports];
    if tx.execute(&REDRAW, &params)? > 0 {
        tx.execute(&FORGET_EFFORTS, &params![&id])?;
    }
    Ok(())
}

/// Forgets the segments that follow a line of Strava's which is kept no more, with their efforts.
pub fn forget_undrawn(tx: &mut Tx<'_>, athlete: &str) -> Result<()> {
    tx.execute(&FORGET_UNDRAWN, &params![athlete]).map(drop)
}

/// Strava's numbers of the starred segments that one of the athlete's own follows.
pub fn followed(tx: &mut Tx<'_>, athlete: &str) -> Result<BTreeSet<String>> {
    let followed = tx.query(&FOLLOWED, &params![athlete], |row| row.get(0))?;
    Ok(followed.into_iter().collect())
}

/// A segment with its line.
pub fn get(tx: &mut Tx<'_>, athlete: &str, id: &str) -> Result<Option<Segment>> {
    tx.optional(&GET, &params![athlete, id], read)
}

/// All segments with their lines, by name.
pub fn all(tx: &mut Tx<'_>, athlete: &str) -> Result<Vec<Segment>> {
    tx.query(&ALL, &params![athlete], read)
}

/// The ids of the segments of an id or a name.
pub fn named(tx: &mut Tx<'_>, athlete: &str, id_or_name: &str) -> Result<Vec<String>> {
    tx.query(&NAMED, &params![athlete, id_or_name], |row| row.get(0))
}

/// The segments of a scope by name, with what was done on each.
pub fn list(tx: &mut Tx<'_>, athlete: &str, scope: Scope) -> Result<Vec<Listed>> {
    tx.query(&LIST, &params![athlete, scope.left_out()], |row| {
        let sports: String = row.get(2)?;
        Ok(Listed {
            id: row.get(0)?,
            name: row.get(1)?,
            sports: Some(sports).filter(|sports| !sports.is_empty()),
            provenance: row.get(3)?,
            source: row.get(4)?,
            source_id: row.get(5)?,
            meters: row.get(6)?,
            is_matched: row.get(7)?,
            efforts: count(row, 8)?,
            best_s: row.get(9)?,
            last_date: optional_date(row, 10)?,
        })
    })
}

/// Gives a segment another name that was checked; false where there is none.
pub fn rename(tx: &mut Tx<'_>, athlete: &str, id: &str, name: &str) -> Result<bool> {
    Ok(tx.execute(&RENAME, &params![athlete, id, name])? > 0)
}

/// Forgets a segment and its efforts; false where there is none.
pub fn remove(tx: &mut Tx<'_>, athlete: &str, id: &str) -> Result<bool> {
    Ok(tx.execute(&REMOVE, &params![athlete, id])? > 0)
}

/// Notes that the activities of the past were looked through for these, as they were then.
pub fn matched(tx: &mut Tx<'_>, athlete: &str, looked_for: &[Key]) -> Result<()> {
    looked_for.iter().try_for_each(|Key { id, sports, created_ms }| {
        tx.execute(&MATCHED, &params![athlete, id, sports, *created_ms]).map(drop)
    })
}

fn read(row: &Row<'_>) -> Result<Segment> {
    let (latitude, longitude): (Vec<u8>, Vec<u8>) = (row.get(6)?, row.get(7)?);
    let line = Line::unpack(&latitude, &longitude);
    Ok(Segment {
        id: row.get(0)?,
        name: row.get(1)?,
        sports: row.get(2)?,
        provenance: row.get(3)?,
        source: row.get(4)?,
        source_id: row.get(5)?,
        line: line.ok_or_else(|| store::Error::Corrupt("the line of a segment is damaged".to_owned()))?,
        meters: row.get(8)?,
        is_matched: row.get(9)?,
        created_ms: row.get(10)?,
    })
}

#[cfg(test)]
pub(crate) const QUERIES: &[Sql] = &[
    ORIGIN,
    DEFINE,
    FORGET_OTHERS,
    GET,
    ALL,
    NAMED,
    LIST,
    FOLLOWED,
    RENAME,
    REMOVE,
    MATCHED,
    REDRAW,
    FORGET_EFFORTS,
    FORGET_UNDRAWN,
];
