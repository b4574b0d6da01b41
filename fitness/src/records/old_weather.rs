//! Weather that the system before this one had looked up, put where this one would have asked for it.

use jiff::civil::Date;
use store::{Result, Row, Sql, Tx, params};

use super::activity_weather::Reason;
use super::weather_hour::{self, WeatherHour};
use super::{optional_date, optional_json, to_json};
use crate::weather::{Air, Conditions, Hour, Track};

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
    "SELECT COALESCE(a.duplicate_of, a.id) FROM export_row r JOIN activity a ON a.id = r.activity_id \
     WHERE r.athlete = $1 AND r.provenance = 'bulk_export' AND r.source_id = $2",
);
const OF_SERVICE: Sql = Sql::Both(
    "SELECT COALESCE(duplicate_of, id) FROM activity \
     WHERE athlete = $1 AND provenance = 'strava_api' AND source_id = $2",
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
/// and replaces it. What is known already stays.
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
    if known.iter().flatten().any(|kept| !kept.air.is_unknown()) {
        return Ok(Placed::Known { activity });
    }
    let is_new = weather_hour::put(tx, &[WeatherHour { spot, air, is_final: false }], SOURCE, now_ms)? > 0;
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

const SOURCE: &str = "old_artifact";

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
pub(crate) const QUERIES: &[Sql] = &[OF_EXPORT, OF_SERVICE, PLACE, SHOW];
