//! The circles that nobody but the athlete is shown.

use serde::Serialize;
use store::{Result, Row, Sql, Tx, params};

use super::activity_place;
use super::activity_stream;
use super::activity_weather;
use super::way::{self, Part};
use crate::ground::zone::{Zone, Zones};
use crate::ground::{Place, Walk};
use crate::identity::privacy_zone_id;

const RADIUS_M: std::ops::RangeInclusive<f64> = 50.0..=5_000.0;
const NAME_MOST: usize = 100;
/// More would be a map of their own.
const ZONES_MOST: usize = 50;

/// A circle that the athlete gave.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PrivacyZone {
    pub id: String,
    pub name: String,
    pub latitude: f64,
    pub longitude: f64,
    pub radius_m: f64,
    pub created_ms: i64,
}

/// Why there is no such circle.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ZoneError {
    #[error("the name must have 1 to {NAME_MOST} characters")]
    Name,
    #[error("the radius must be {} to {} m", RADIUS_M.start(), RADIUS_M.end())]
    Radius,
    #[error("the place must have a latitude of -90 to 90 and a longitude of -180 to 180 degrees")]
    Place,
    #[error("there are {ZONES_MOST} privacy zones already")]
    TooMany,
    #[error("there is no activity `{0}` with positions")]
    NoTrack(String),
    #[error("there is no privacy zone `{0}`")]
    Unknown(String),
}

impl ZoneError {
    /// The stable name of the refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Name | Self::Radius | Self::Place => "privacy_zone_invalid",
            Self::TooMany => "privacy_zones_too_many",
            Self::NoTrack(_) => "privacy_zone_no_track",
            Self::Unknown(_) => "privacy_zone_unknown",
        }
    }
}

/// A circle to be.
#[derive(Debug, Clone, PartialEq)]
pub struct New {
    name: String,
    middle: Place,
    radius_m: f64,
}

impl New {
    /// Checks what was given.
    pub fn of(name: &str, middle: Place, radius_m: f64) -> std::result::Result<Self, ZoneError> {
        let name: String = name.chars().filter(|letter| !letter.is_control()).collect();
        let name = name.trim().to_owned();
        if name.is_empty() || name.chars().count() > NAME_MOST {
            return Err(ZoneError::Name);
        }
        let middle = Place::of(middle.latitude, middle.longitude).ok_or(ZoneError::Place)?;
        if !RADIUS_M.contains(&radius_m) {
            return Err(ZoneError::Radius);
        }
        Ok(Self { name, middle, radius_m })
    }
}

const LIST: Sql = Sql::Both(
    "SELECT id, name, latitude, longitude, radius_m, created_ms FROM privacy_zone WHERE athlete = $1 ORDER BY id",
);
const ADD: Sql = Sql::Both(
    "INSERT INTO privacy_zone (id, athlete, name, latitude, longitude, radius_m, created_ms) \
     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO UPDATE SET name = excluded.name",
);
const REMOVE: Sql = Sql::Both("DELETE FROM privacy_zone WHERE athlete = $1 AND id = $2");
const IS_THEIRS: Sql = Sql::Both("SELECT 1 FROM activity WHERE athlete = $1 AND id = $2");

/// All circles, by id.
pub fn list(tx: &mut Tx<'_>, athlete: &str) -> Result<Vec<PrivacyZone>> {
    tx.query(&LIST, &params![athlete], read)
}

/// The circles as they cut.
pub fn zones(tx: &mut Tx<'_>, athlete: &str) -> Result<Zones> {
    let zones: Vec<Zone> = list(tx, athlete)?.into_iter().map(Zone::from).collect();
    Ok(Zones::of(&zones))
}

/// Keeps a circle and has every activity looked at again, of which others are shown nothing until then; answers its id.
/// The same circle again gets the new name.
pub fn add(
    tx: &mut Tx<'_>,
    athlete: &str,
    new: &New,
    now_ms: i64,
) -> Result<std::result::Result<String, ZoneError>> {
    let New { name, middle: Place { latitude, longitude }, radius_m } = new;
    let id = privacy_zone_id(athlete, &format!("{latitude} {longitude} {radius_m}"));
    let known = list(tx, athlete)?;
    if known.len() >= ZONES_MOST && !known.iter().any(|zone| zone.id == id) {
        return Ok(Err(ZoneError::TooMany));
    }
    tx.execute(&ADD, &params![&id, athlete, name, *latitude, *longitude, *radius_m, now_ms])?;
    if !known.iter().any(|zone| zone.id == id) {
        activity_place::hide(tx, athlete)?;
        way::reset(tx, athlete, Part::Places)?;
        activity_weather::look_again(tx, athlete)?;
    }
    Ok(Ok(id))
}

/// Forgets a circle and has every activity looked at again; false where there is none.
pub fn remove(tx: &mut Tx<'_>, athlete: &str, id: &str) -> Result<bool> {
    let is_gone = tx.execute(&REMOVE, &params![athlete, id])? > 0;
    if is_gone {
        way::reset(tx, athlete, Part::Places)?;
        activity_weather::look_again(tx, athlete)?;
    }
    Ok(is_gone)
}

/// Where an activity of the athlete began.
pub fn start_of(tx: &mut Tx<'_>, athlete: &str, activity: &str) -> Result<Option<Place>> {
    if tx.optional(&IS_THEIRS, &params![athlete, activity], |_| Ok(()))?.is_none() {
        return Ok(None);
    }
    let walk = Walk::unpack(&activity_stream::all(tx, activity)?);
    Ok(walk.and_then(|walk| walk.places.first().copied()))
}

impl From<PrivacyZone> for Zone {
    fn from(of: PrivacyZone) -> Self {
        let middle = Place { latitude: of.latitude, longitude: of.longitude };
        Self { id: of.id, middle, radius_m: of.radius_m }
    }
}

fn read(row: &Row<'_>) -> Result<PrivacyZone> {
    Ok(PrivacyZone {
        id: row.get(0)?,
        name: row.get(1)?,
        latitude: row.get(2)?,
        longitude: row.get(3)?,
        radius_m: row.get(4)?,
        created_ms: row.get(5)?,
    })
}

#[cfg(test)]
pub(crate) const QUERIES: &[Sql] = &[LIST, ADD, REMOVE, IS_THEIRS];
