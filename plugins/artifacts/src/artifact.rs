//! What the files of the former system say.

use std::collections::BTreeMap;

use fitness::recording::Warning;
use fitness::records::old_best::{OldBest, is_scope};
use fitness::weather::{Air, Hour};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The world's longest races are shorter.
const METERS_MOST: u32 = 10_000_000;
const SECONDS_MOST: f64 = 30.0 * 86_400.0;
const ID_BYTES_MOST: usize = 64;
const KMH: f64 = 3.6;

/// What a file is, by where it lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `weather/ID.json`
    Weather,
    /// `segments/ID.json`
    Activity,
    /// `segments_best.json`
    Scopes,
}

/// What a file says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Artifact {
    Weather { source_id: String, hour: Hour, air: Air },
    Activity { source_id: String, bests: Vec<OldBest>, warnings: Vec<Warning> },
    Scopes { scopes: Vec<(String, Vec<OldBest>)>, warnings: Vec<Warning> },
}

/// Why a file is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: &'static str,
    pub(crate) reason: String,
}

impl Refusal {
    pub(crate) fn new(code: &'static str, reason: impl Into<String>) -> Self {
        Self { code, reason: reason.into() }
    }

    fn incomplete(reason: &str) -> Self {
        Self::new("artifact_incomplete", reason)
    }
}

impl Artifact {
    /// Reads the bytes of a file; `stem` is its name without `.json`.
    pub(crate) fn read(kind: Kind, stem: &str, bytes: &[u8]) -> Result<Self, Refusal> {
        match kind {
            Kind::Weather => weather(stem, bytes),
            Kind::Activity => activity(stem, bytes),
            Kind::Scopes => scopes(bytes),
        }
    }
}

#[derive(Deserialize)]
struct WeatherFile {
    date: Option<String>,
    hour_utc: Option<i64>,
    temp_c: Option<f64>,
    humidity: Option<f64>,
    wind_kmh: Option<f64>,
    gust_kmh: Option<f64>,
    precip_mm: Option<f64>,
    weather_code: Option<f64>,
}

fn weather(stem: &str, bytes: &[u8]) -> Result<Artifact, Refusal> {
    let file: WeatherFile = json(bytes)?;
    let date = file.date.as_deref().and_then(|text| text.parse::<Date>().ok());
    let hour = file.hour_utc.filter(|hour| (0..24).contains(hour));
    let (Some(date), Some(hour)) = (date, hour) else {
        return Err(Refusal::incomplete("it does not tell its hour, as `date` and `hour_utc`"));
    };
    let air = Air {
        temperature_c: within(file.temp_c, "temp_c", (-90.0, 60.0))?,
        humidity: within(file.humidity, "humidity", (0.0, 100.0))?.map(|percent| percent / 100.0),
        wind_mps: within(file.wind_kmh, "wind_kmh", (0.0, 500.0))?.map(|kmh| kmh / KMH),
        gust_mps: within(file.gust_kmh, "gust_kmh", (0.0, 600.0))?.map(|kmh| kmh / KMH),
        precipitation_mm: within(file.precip_mm, "precip_mm", (0.0, 500.0))?,
        weather_code: within(file.weather_code, "weather_code", (0.0, 99.0))?.map(|code| code as i64),
        ..Air::default()
    };
    if air.is_unknown() {
        return Err(Refusal::incomplete("it tells nothing of the hour; averages of a day are not taken"));
    }
    Ok(Artifact::Weather { source_id: id(stem)?, hour: Hour(Hour::of_day(date).start + hour), air })
}

fn within(value: Option<f64>, name: &str, (least, most): (f64, f64)) -> Result<Option<f64>, Refusal> {
    match value {
        Some(value) if !(least..=most).contains(&value) => {
            let reason = format!("`{name}` is {value}, and must be {least} to {most}");
            Err(Refusal::new("value_out_of_range", reason))
        }
        value => Ok(value),
    }
}

#[derive(Deserialize)]
struct ActivityFile {
    id: Option<Value>,
    date: Option<String>,
    best: Option<BTreeMap<String, Value>>,
}

fn activity(stem: &str, bytes: &[u8]) -> Result<Artifact, Refusal> {
    let file: ActivityFile = json(bytes)?;
    let Some(source_id) = file.id.as_ref().and_then(text_of) else {
        return Err(Refusal::incomplete("it does not tell its activity, as `id`"));
    };
    let Some(told) = file.best else {
        return Err(Refusal::incomplete("it tells no times, as `best`"));
    };
    // Of two files of one activity each would replace what the other told.
    if source_id != stem {
        let reason = format!("it tells of activity `{}`, and is called after another", shortened(&source_id));
        return Err(Refusal::new("artifact_misnamed", reason));
    }
    let (source_id, mut warnings) = (id(&source_id)?, Vec::new());
    let date = file.date.filter(|date| is_date(date));
    let bests = told.iter().filter_map(|(distance, time)| {
        let best = best(distance, time.as_f64(), source_id.clone(), date.clone());
        best.map_err(|detail| warnings.push(left_out(detail))).ok()
    });
    let bests = distinct(bests.collect());
    Ok(Artifact::Activity { source_id, bests, warnings })
}

#[derive(Deserialize)]
struct Told {
    time_s: Option<f64>,
    id: Option<Value>,
    date: Option<String>,
}

fn scopes(bytes: &[u8]) -> Result<Artifact, Refusal> {
    let file: BTreeMap<String, BTreeMap<String, Value>> = json(bytes)?;
    let (mut scopes, mut warnings) = (Vec::new(), Vec::new());
    for (scope, told) in file {
        if !is_scope(&scope) {
            warnings.push(left_out(format!("`{}` is no name of a range of time", shortened(&scope))));
            continue;
        }
        let mut bests = Vec::new();
        for (distance, told) in told {
            match held(&distance, told) {
                Ok(best) => bests.push(best),
                Err(detail) => warnings.push(left_out(format!("{scope}: {detail}"))),
            }
        }
        scopes.push((scope, distinct(bests)));
    }
    Ok(Artifact::Scopes { scopes, warnings })
}

fn held(distance: &str, told: Value) -> Result<OldBest, String> {
    let told = Told::deserialize(told).map_err(|error| format!("`{}`: {error}", shortened(distance)))?;
    let source_id = told.id.as_ref().and_then(text_of).and_then(|text| id(&text).ok()).unwrap_or_default();
    best(distance, told.time_s, source_id, told.date.filter(|date| is_date(date)))
}

fn best(
    distance: &str,
    time_s: Option<f64>,
    source_id: String,
    told_date: Option<String>,
) -> Result<OldBest, String> {
    let meters = distance.parse().ok().filter(|meters| (1..=METERS_MOST).contains(meters));
    let Some(distance_m) = meters else {
        return Err(format!("`{}` is no distance in metres", shortened(distance)));
    };
    let Some(elapsed_s) = time_s.filter(|seconds| *seconds > 0.0 && *seconds <= SECONDS_MOST) else {
        return Err(format!("`{distance}` has no time in seconds"));
    };
    Ok(OldBest { source_id, distance_m, elapsed_s, told_date })
}

/// `400` and `0400` are one distance: the first that is told counts.
fn distinct(mut bests: Vec<OldBest>) -> Vec<OldBest> {
    bests.sort_by_key(|best| best.distance_m);
    bests.dedup_by_key(|best| best.distance_m);
    bests
}

fn json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(bytes).map_err(|error| Refusal::new("artifact_unreadable", error.to_string()))
}

/// An id is a number or a text.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn id(text: &str) -> Result<String, Refusal> {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    if (1..=ID_BYTES_MOST).contains(&text.len()) && text.chars().all(is_plain) {
        return Ok(text.to_owned());
    }
    Err(Refusal::incomplete(&format!("`{}` is no id of an activity", shortened(text))))
}

fn is_date(text: &str) -> bool {
    text.parse::<Timestamp>().is_ok() || text.parse::<Date>().is_ok()
}

fn left_out(detail: String) -> Warning {
    Warning { code: "artifact_entry_left_out".to_owned(), detail }
}

fn shortened(text: &str) -> String {
    text.chars().take(ID_BYTES_MOST).collect()
}

#[cfg(test)]
mod tests;
