//! What a device recorded, as a decoder hands it over: one recording is one activity to be.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A measured column of a recording; the unit belongs to the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// Degrees, WGS 84.
    Latitude,
    /// Degrees, WGS 84.
    Longitude,
    /// Metres above sea level.
    Altitude,
    /// Metres since the start, as recorded.
    Distance,
    /// Metres per second, as recorded.
    Speed,
    /// Beats per minute.
    HeartRate,
    /// Revolutions (or strides) per minute.
    Cadence,
    /// Watts.
    Power,
    /// Degrees Celsius.
    Temperature,
}

/// Samples as columns; every column is as long as `time_ms`, and NaN means "not recorded".
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Samples {
    /// Epoch milliseconds, or empty for a track without times.
    pub time_ms: Vec<i64>,
    pub channels: BTreeMap<Channel, Vec<f64>>,
    /// Indexes at which a new track segment begins; distance is not measured across them.
    pub breaks: Vec<usize>,
}

/// The recording device's own totals; absent where the file does not have them.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Totals {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub elapsed_s: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timer_s: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distance_m: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ascent_m: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avg_hr: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_hr: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avg_power: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_power: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avg_cadence: Option<f64>,
}

/// A lap with the device's own totals.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Lap {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_ms: Option<i64>,
    #[serde(flatten)]
    pub totals: Totals,
}

/// Something that was kept although it was not as it should be, by its stable code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    pub code: String,
    pub detail: String,
}

/// One activity as recorded: a session of a FIT file, an activity of a TCX file, the tracks of a GPX file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Recording {
    /// Lower-case snake_case name of the sport ("running", "cycling", "swimming" …), `other` if unknown.
    pub sport: String,
    pub sub_sport: Option<String>,
    pub name: Option<String>,
    pub device: Option<String>,
    /// Epoch milliseconds; absent for a track without times.
    pub start_ms: Option<i64>,
    /// Offset of local time from UTC where the file says so.
    pub utc_offset_s: Option<i32>,
    pub totals: Totals,
    pub laps: Vec<Lap>,
    pub samples: Samples,
    pub warnings: Vec<Warning>,
}

impl Samples {
    /// Counts the samples, with or without times.
    pub fn len(&self) -> usize {
        self.channels.values().map(Vec::len).max().unwrap_or(0).max(self.time_ms.len())
    }

    /// True where nothing was recorded.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The column of a channel, if it was recorded at all.
    pub fn channel(&self, channel: Channel) -> Option<&[f64]> {
        self.channels.get(&channel).map(Vec::as_slice)
    }
}
