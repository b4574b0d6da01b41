//! The lines of the segments that the athlete has starred. Segments of the athlete's own that follow one are drawn anew
//! with it, and go with it.

use serde::{Deserialize, Serialize};
use store::{Result, Tx};

use super::item::{self, Item};
use crate::records::{segment, stored, to_json};

/// The kind of a starred segment among the items, as it is listed: without its line.
pub const STARRED: &str = "segment";
/// The kind of its line.
pub const KIND: &str = "segment_line";

/// The line of a starred segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StarredLine {
    pub name: String,
    /// The sport that it is for; `other` where that is not known.
    pub sport: String,
    /// As an encoded polyline with five decimals.
    pub polyline: String,
}

/// Keeps the line of a segment by Strava's number of it.
pub fn put(
    tx: &mut Tx<'_>,
    athlete: &str,
    strava_id: i64,
    line: &StarredLine,
    fetched_ms: i64,
) -> Result<()> {
    let (kind, item_id, body) = (KIND.to_owned(), strava_id.to_string(), to_json(line)?);
    item::put(tx, athlete, &Item { kind, item_id, body, fetched_ms })?;
    segment::redraw(tx, athlete, strava_id, line, fetched_ms)
}

/// The line of a segment that is starred; nothing where it was not read.
pub fn get(tx: &mut Tx<'_>, athlete: &str, strava_id: i64) -> Result<Option<StarredLine>> {
    let kept = item::get(tx, athlete, (KIND, &strava_id.to_string()))?;
    kept.map(|item| stored(&item.body, |body| serde_json::from_str(body).ok())).transpose()
}

/// Forgets the line of a segment that is starred no more, with what followed it.
pub fn remove(tx: &mut Tx<'_>, athlete: &str, strava_id: &str) -> Result<()> {
    item::remove(tx, athlete, (KIND, strava_id))?;
    segment::forget_undrawn(tx, athlete)
}
