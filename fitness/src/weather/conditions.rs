//! What the weather was at the start of an activity, and how it changed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Air, Track, rounded, wind};
use crate::export::Weather;

/// From this long on an activity has weather that may change.
const LONG_S: f64 = 3600.0;

/// The weather of an activity in short.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Conditions {
    pub start: Air,
    /// At the end; absent where it took less than an hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<Air>,
    /// By how many percent the wind made this way dearer for a runner than still air would, at its mean speed; below
    /// zero where it helped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wind_cost_percent: Option<f64>,
}

/// A moment of an activity, and the air at it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Spell {
    /// Epoch milliseconds.
    pub at_ms: i64,
    #[serde(flatten)]
    pub air: Air,
}

impl Conditions {
    /// What the hours of a track make of it, in their order; nothing where its start is unknown.
    ///
    /// The speed is that over ground in motion, in m/s; without it wind has no cost.
    pub fn of(track: &Track, hours: &[Option<Air>], speed_mps: Option<f64>) -> Option<Self> {
        let start = at(track, hours, track.start_ms)?;
        let is_long = track.seconds() >= LONG_S;
        let end = is_long.then(|| at(track, hours, track.end_ms)).flatten();
        let cost = || wind::cost_percent(mean_wind(track, hours)?, &track.headings?, speed_mps?);
        Some(Self { start, end, wind_cost_percent: cost().map(|percent| rounded(percent, 2)) })
    }

    /// The air at the start, at each whole hour on the way and at the end.
    pub fn spells(track: &Track, hours: &[Option<Air>]) -> Vec<Spell> {
        let whole = track.spots.iter().map(|spot| spot.hour.start_ms());
        let between = whole.filter(|ms| *ms > track.start_ms && *ms < track.end_ms);
        let mut moments: Vec<i64> = [track.start_ms].into_iter().chain(between).collect();
        if track.end_ms > track.start_ms {
            moments.push(track.end_ms);
        }
        let spell = |at_ms| Some(Spell { at_ms, air: at(track, hours, at_ms)? });
        moments.into_iter().filter_map(spell).collect()
    }
}

/// The air at a moment of a track; nothing where neither hour beside it is known.
fn at(track: &Track, hours: &[Option<Air>], ms: i64) -> Option<Air> {
    let place = track.spots.partition_point(|spot| spot.hour.start_ms() <= ms).checked_sub(1)?;
    let known = |place: usize| hours.get(place).copied().flatten().filter(|air| !air.is_unknown());
    let along = (ms - track.spots[place].hour.start_ms()) as f64 / 3_600_000.0;
    let air = match (known(place), known(place + 1)) {
        (Some(before), Some(after)) => Some(before.between(&after, along)),
        (before, after) => before.or(after),
    };
    air.map(|air| air.rounded())
}

/// Speed and direction of the mean wind on the way.
fn mean_wind(track: &Track, hours: &[Option<Air>]) -> Option<(f64, f64)> {
    let (mut north, mut east, mut count, mut speed) = (0.0, 0.0, 0.0, 0.0);
    for spell in Conditions::spells(track, hours) {
        let Some((wind, from)) = spell.air.wind_mps.zip(spell.air.wind_direction_deg) else { continue };
        let angle = from.to_radians();
        (north, east) = (north + wind * angle.cos(), east + wind * angle.sin());
        (speed, count) = (speed + wind, count + 1.0);
    }
    (count > 0.0).then(|| (speed / count, east.atan2(north).to_degrees().rem_euclid(360.0)))
}

/// What an export tells of the weather, as air at the start; nothing where it tells too little for the cost of heat, so
/// that the service is asked.
pub fn told(weather: &Weather) -> Option<Air> {
    let air = Air {
        temperature_c: weather.temperature_c,
        apparent_c: weather.apparent_c,
        humidity: weather.humidity,
        dew_point_c: weather.dew_point_c,
        precipitation_mm: weather.precipitation,
        // Its codes are the source's own.
        weather_code: None,
        cloud_cover: weather.cloud_cover,
        wind_mps: weather.wind_speed,
        wind_direction_deg: weather.wind_bearing_deg,
        gust_mps: weather.wind_gust,
    };
    air.heat().map(|_| air)
}
