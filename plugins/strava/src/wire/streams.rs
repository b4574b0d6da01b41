//! The samples of an activity, in either form of the API.

use serde_json::Value;

use super::{Fields, WireError};

/// The streams that are asked for.
pub(crate) const KEYS: &str = "time,distance,latlng,altitude,velocity_smooth,heartrate,cadence,watts,temp";

/// What was sampled; a sample that is null is NaN.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Streams {
    /// Seconds since the start.
    pub(crate) time_s: Vec<f64>,
    pub(crate) places: Vec<(f64, f64)>,
    pub(crate) distance_m: Vec<f64>,
    pub(crate) altitude_m: Vec<f64>,
    pub(crate) speed_mps: Vec<f64>,
    pub(crate) heart_rate: Vec<f64>,
    pub(crate) cadence: Vec<f64>,
    pub(crate) power: Vec<f64>,
    pub(crate) temperature_c: Vec<f64>,
}

impl Streams {
    /// Reads an object by type, or a list of objects that name theirs; without times they are no samples.
    pub(crate) fn read(value: &Value) -> Result<Self, WireError> {
        let of_list = |kind: &str| {
            let mut streams = value.as_array().into_iter().flatten();
            streams.find(|stream| stream.get("type").and_then(Value::as_str) == Some(kind))
        };
        if !value.is_array() {
            Fields::of(value)?;
        }
        let data = |kind: &str| {
            let stream = value.get(kind).or_else(|| of_list(kind));
            stream.and_then(|stream| stream.get("data")).and_then(Value::as_array)
        };
        let column = |kind: &str| data(kind).map(|samples| samples.iter().map(number).collect());
        let time_s: Vec<f64> =
            column("time").filter(|times: &Vec<f64>| !times.is_empty()).ok_or(WireError::Lacks("time"))?;
        Ok(Self {
            time_s,
            places: data("latlng").map(|places| places.iter().map(place).collect()).unwrap_or_default(),
            distance_m: column("distance").unwrap_or_default(),
            altitude_m: column("altitude").unwrap_or_default(),
            speed_mps: column("velocity_smooth").unwrap_or_default(),
            heart_rate: column("heartrate").unwrap_or_default(),
            cadence: column("cadence").unwrap_or_default(),
            power: column("watts").unwrap_or_default(),
            temperature_c: column("temp").unwrap_or_default(),
        })
    }
}

fn number(sample: &Value) -> f64 {
    sample.as_f64().unwrap_or(f64::NAN)
}

fn place(sample: &Value) -> (f64, f64) {
    match sample.as_array().map(Vec::as_slice) {
        Some([latitude, longitude]) => (number(latitude), number(longitude)),
        _ => (f64::NAN, f64::NAN),
    }
}
