//! The weather of an activity as answers show it.

use fitness::records::activity_weather::Shown;
use fitness::weather::{Air as AirRecord, Spell as SpellRecord};
use serde::Serialize;
use utoipa::ToSchema;

/// The weather of an activity; what is unknown is absent.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Weather {
    /// `due`, `provisional`, `final`, or `none`.
    state: &'static str,
    /// Who told it: `open_meteo`, or `bulk_export` where the source's own export did.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'static str>,
    /// Why the service was not asked: `duplicate`, `told`, `hidden_start`, `indoors`, `no_time`, `no_position`,
    /// `out_of_range`, `refused` or `strava_api`.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// At the start.
    #[serde(skip_serializing_if = "Option::is_none")]
    start: Option<Air>,
    /// At the end; absent where it took less than an hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<Air>,
    /// By how many percent the wind made this way dearer for a runner than still air; below zero where it helped.
    #[serde(skip_serializing_if = "Option::is_none")]
    wind_cost_percent: Option<f64>,
    /// At the start, at each whole hour on the way and at the end.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    spells: Vec<Spell>,
    /// To be shown beside the data, with a link to <https://open-meteo.com/>.
    #[serde(skip_serializing_if = "Option::is_none")]
    attribution: Option<&'static str>,
}

/// A moment, and the air at it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Spell {
    /// Epoch milliseconds.
    at_ms: i64,
    #[serde(flatten)]
    air: Air,
}

/// Air; what is unknown is absent.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Air {
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature_c: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    apparent_c: Option<f64>,
    /// Share, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    humidity: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dew_point_c: Option<f64>,
    /// Of the hour before.
    #[serde(skip_serializing_if = "Option::is_none")]
    precipitation_mm: Option<f64>,
    /// By the code table of the WMO.
    #[serde(skip_serializing_if = "Option::is_none")]
    weather_code: Option<i64>,
    /// Share, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    cloud_cover: Option<f64>,
    /// Ten metres above the ground, as are the next two.
    #[serde(skip_serializing_if = "Option::is_none")]
    wind_mps: Option<f64>,
    /// Degrees from north that the wind comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    wind_direction_deg: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gust_mps: Option<f64>,
}

impl From<Shown> for Weather {
    fn from(from: Shown) -> Self {
        let conditions = from.conditions;
        Self {
            state: from.state,
            source: from.source,
            reason: from.reason,
            start: conditions.map(|conditions| conditions.start.into()),
            end: conditions.and_then(|conditions| conditions.end).map(Air::from),
            wind_cost_percent: conditions.and_then(|conditions| conditions.wind_cost_percent),
            spells: from.spells.into_iter().map(Spell::from).collect(),
            attribution: from.attribution,
        }
    }
}

impl From<SpellRecord> for Spell {
    fn from(SpellRecord { at_ms, air }: SpellRecord) -> Self {
        Self { at_ms, air: air.into() }
    }
}

impl From<AirRecord> for Air {
    fn from(from: AirRecord) -> Self {
        Self {
            temperature_c: from.temperature_c,
            apparent_c: from.apparent_c,
            humidity: from.humidity,
            dew_point_c: from.dew_point_c,
            precipitation_mm: from.precipitation_mm,
            weather_code: from.weather_code,
            cloud_cover: from.cloud_cover,
            wind_mps: from.wind_mps,
            wind_direction_deg: from.wind_direction_deg,
            gust_mps: from.gust_mps,
        }
    }
}
