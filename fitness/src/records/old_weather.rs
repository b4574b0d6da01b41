//! Weather that the system before this one had looked up, put where this one would have asked for it.

use jiff::civil::Date;
use store::{Result, Row, Sql, Tx, params};

use super::activity_weather::Reason;
use super::weather_hour::{self, WeatherHour};
use super::{optional_date, optional_json, to_json};
use crate::weather::{Air, Conditions, Hour, Spot, Track};

/// What became of an hour of weather.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Placed {
    /// No activity with that id of its source is stored.
    NoActivity,
    /// The activity has no weather of this kind; why, in the word that is stored.
    NotWanted {
        activity: String,
        reason: String,
    },
    /// The activity was not under way in that hour.
    OtherHour {
        activity: String,
    },
    /// That hour is known already, the service had the last word, or the source tells the weather itself.
    Known {
        activity: String,
    },
    New {
        activity: String,
        day: Option<Date>,
    },
}

/// An activity as far as its weather goes.
struct Place {
    reason: Option<String>,
    track: Option<Track>,
    speed_mps: Option<f64>,
    day: Option<Date>,
}

const OF_EXPORT: Sql = Sql::Both(
    "SELECT COALESCE(CASE WHEN a.provenance = 'strava_api' THEN a.duplicate_of ELSE a.shareable_of END, a.id) \
     FROM export_row r JOIN activity a ON a.id = r.activity_id \
     WHERE r.athlete = $1 AND r.provenance = 'bulk_export' AND r.source_id = $2",
);
// Weather is kept of what may be shared, even where the record of the API counts for the athlete.
const OF_SERVICE: Sql = Sql::Both(
    "SELECT COALESCE((SELECT f.id FROM activity f WHERE f.duplicate_of = activity.id \
     AND f.provenance <> 'strava_api' AND f.shareable_of IS NULL ORDER BY f.id LIMIT 1), duplicate_of, id) \
     FROM activity WHERE athlete = $1 AND provenance = 'strava_api' AND source_id = $2",
);
const PLACE: Sql = Sql::Both(
    "SELECT w.reason, w.track, w.speed_mps, a.local_date \
     FROM activity_weather w JOIN activity a ON a.id = w.activity_id \
     WHERE w.athlete = $1 AND w.activity_id = $2",
);
// When it is due stays, so that the archive is asked for what is missing.
const SHOW: Sql = Sql::Both(
    "UPDATE activity_weather SET conditions = $2, \
     state = CASE WHEN CAST($2 AS TEXT) IS NULL THEN state ELSE 'provisional' END \
     WHERE activity_id = $1 AND state IN ('due', 'provisional')",
);

const TOLD_BY: Sql = Sql::Both(
    "SELECT source FROM weather_hour WHERE latitude = $1 AND longitude = $2 AND hour = $3 AND NOT is_final",
);
const FORGET: Sql = Sql::Both(
    "DELETE FROM weather_hour WHERE latitude = $1 AND longitude = $2 AND hour = $3 AND source = $4",
);

/// The counted activity that a source knows by this id.
pub fn activity(tx: &mut Tx<'_>, athlete: &str, source_id: &str) -> Result<Option<String>> {
    let params = params![athlete, source_id];
    let of_export = tx.optional(&OF_EXPORT, &params, |row| row.get(0))?;
    match of_export {
        Some(id) => Ok(Some(id)),
        None => tx.optional(&OF_SERVICE, &params, |row| row.get(0)),
    }
}

/// Puts the air of an hour at the place where the activity was then, as provisional: the archive knows more variables
/// and replaces it. What is known already stays, but for what a file of a later id told of the same hour of the same place:
/// so it is all one in which order files come.
pub fn put(
    tx: &mut Tx<'_>,
    (athlete, source_id): (&str, &str),
    (hour, air): (Hour, Air),
    now_ms: i64,
) -> Result<Placed> {
    let Some(activity) = activity(tx, athlete, source_id)? else { return Ok(Placed::NoActivity) };
    let Some(place) = tx.optional(&PLACE, &params![athlete, &activity], Place::read)? else {
        return Ok(Placed::NoActivity);
    };
    // One that the service refused for good has a track and a reason.
    let (Some(track), None) = (place.track, &place.reason) else {
        let reason = place.reason.unwrap_or_default();
        // Its source's export tells the weather itself.
        let is_told = reason == Reason::Told.as_str();
        return Ok(if is_told { Placed::Known { activity } } else { Placed::NotWanted { activity, reason } });
    };
    let Some(spot) = track.spots.iter().find(|spot| spot.hour == hour).copied() else {
        return Ok(Placed::OtherHour { activity });
    };
    let known = weather_hour::of_spots(tx, &[spot])?;
    let is_known = known.iter().flatten().any(|kept| !kept.air.is_unknown());
    if is_known && !gives_way(tx, spot, source_id)? {
        return Ok(Placed::Known { activity });
    }
    let source = format!("{SOURCE}{source_id}");
    let is_new = weather_hour::put(tx, &[WeatherHour { spot, air, is_final: false }], &source, now_ms)? > 0;
    if !is_new {
        // The archive had the last word: nobody knows that hour.
        return Ok(Placed::Known { activity });
    }
    let kept = weather_hour::of_spots(tx, &track.spots)?;
    let hours: Vec<Option<Air>> = kept.iter().map(|kept| kept.map(|kept| kept.air)).collect();
    let conditions = Conditions::of(&track, &hours, place.speed_mps);
    let conditions = conditions.as_ref().map(to_json).transpose()?;
    let is_shown = tx.execute(&SHOW, &params![&activity, &conditions])? > 0;
    if is_shown { Ok(Placed::New { activity, day: place.day }) } else { Ok(Placed::Known { activity }) }
}

/// Before the id of the file that told.
const SOURCE: &str = "old_artifact:";

/// Forgets an hour that a file of a later id told of, and says whether there was one.
fn gives_way(tx: &mut Tx<'_>, Spot { hour, cell }: Spot, source_id: &str) -> Result<bool> {
    let key = params![cell.latitude, cell.longitude, hour.0];
    let source: Option<String> = tx.optional(&TOLD_BY, &key, |row| row.get(0))?;
    let Some(source) = source else { return Ok(false) };
    // Ids are numbers as a rule, of which a shorter one is the lower.
    let is_later =
        source.strip_prefix(SOURCE).is_some_and(|id| (source_id.len(), source_id) < (id.len(), id));
    if !is_later {
        return Ok(false);
    }
    Ok(tx.execute(&FORGET, &params![cell.latitude, cell.longitude, hour.0, &source])? > 0)
}

impl Place {
    fn read(row: &Row<'_>) -> Result<Self> {
        Ok(Self {
            reason: row.get(0)?,
            track: optional_json(row, 1)?,
            speed_mps: row.get(2)?,
            day: optional_date(row, 3)?,
        })
    }
}

#[cfg(test)]
pub(crate) const QUERIES: &[Sql] = &[OF_EXPORT, OF_SERVICE, PLACE, SHOW, TOLD_BY, FORGET];
