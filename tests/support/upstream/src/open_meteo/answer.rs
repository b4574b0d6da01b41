//! Writes the answer: an object for one location, an array for several, each with the units it speaks in.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use super::Host;
use super::ask::{Ask, Location, Units};
use super::weather::{self, Cell, Variable};

const HOUR_SECONDS: i64 = 3_600;

pub(super) fn body(ask: &Ask, host: Host, is_null: impl Fn(Cell, i64) -> bool) -> Value {
    let mut places =
        ask.locations.iter().enumerate().map(|(index, place)| one(ask, host, index, place, &is_null));
    match ask.locations.len() {
        1 => places.next().unwrap_or_default(),
        _ => places.collect(),
    }
}

fn one(ask: &Ask, host: Host, index: usize, place: &Location, is_null: impl Fn(Cell, i64) -> bool) -> Value {
    let offset = place.zone.offset_seconds;
    let mut answer = json!({
        "latitude": place.cell.latitude(),
        "longitude": place.cell.longitude(),
        "generationtime_ms": 0.25,
        "utc_offset_seconds": offset,
        "timezone": place.zone.name,
        "timezone_abbreviation": abbreviation(offset),
        "elevation": place.elevation.unwrap_or_else(|| place.cell.elevation()),
    });
    if index > 0 {
        answer["location_id"] = json!(index);
    }
    if !ask.hourly.is_empty() {
        answer["hourly_units"] = units(ask);
        answer["hourly"] = hourly(ask, host, place, is_null);
    }
    answer
}

/// When each hour of its days begins, in epoch seconds.
fn hours(place: &Location) -> Vec<i64> {
    let midnight = place.from.at(0, 0, 0, 0).to_zoned(TimeZone::UTC);
    let first = midnight.map_or(0, |midnight| midnight.timestamp().as_second()) - place.zone.offset_seconds;
    (0..24 * place.days()).map(|hour| first + hour * HOUR_SECONDS).collect()
}

fn abbreviation(offset: i64) -> String {
    let sign = if offset < 0 { '-' } else { '+' };
    match (offset.abs() / HOUR_SECONDS, offset.abs() % HOUR_SECONDS / 60) {
        (0, 0) => "GMT".to_owned(),
        (hours, 0) => format!("GMT{sign}{hours}"),
        (hours, minutes) => format!("GMT{sign}{hours}:{minutes:02}"),
    }
}

fn units(ask: &Ask) -> Value {
    let time = if ask.is_unix_time { "unixtime" } else { "iso8601" };
    let mut units = Map::from_iter([("time".to_owned(), json!(time))]);
    for (name, variable) in &ask.hourly {
        units.insert(name.clone(), json!(ask.units.name(*variable)));
    }
    Value::Object(units)
}

fn hourly(ask: &Ask, host: Host, place: &Location, is_null: impl Fn(Cell, i64) -> bool) -> Value {
    let starts = hours(place);
    let times = starts.iter().map(|start| match ask.is_unix_time {
        true => json!(start),
        false => json!(local(start + place.zone.offset_seconds)),
    });
    let mut columns = Map::from_iter([("time".to_owned(), times.collect())]);
    let hours = starts.iter().map(|start| {
        let hour = start.div_euclid(HOUR_SECONDS);
        (!is_null(place.cell, hour)).then(|| weather::at(host, place.cell, hour))
    });
    let hours = hours.collect::<Vec<_>>();
    for (name, variable) in &ask.hourly {
        let values =
            hours.iter().map(|hour| hour.map(|hour| ask.units.write(*variable, hour.value(*variable))));
        columns.insert(name.clone(), json!(values.collect::<Vec<_>>()));
    }
    Value::Object(columns)
}

fn local(seconds: i64) -> String {
    let time = Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH);
    time.strftime("%Y-%m-%dT%H:%M").to_string()
}

impl Units {
    fn name(&self, variable: Variable) -> &'static str {
        match variable {
            Variable::Temperature | Variable::Apparent | Variable::DewPoint if self.is_fahrenheit => "°F",
            Variable::Temperature | Variable::Apparent | Variable::DewPoint => "°C",
            Variable::Humidity | Variable::Cloud => "%",
            Variable::Precipitation if self.is_inch => "inch",
            Variable::Precipitation => "mm",
            Variable::Code => "wmo code",
            Variable::Wind | Variable::Gusts => self.wind.name,
            Variable::Direction => "°",
            Variable::Pressure => "hPa",
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "whole numbers of at most three digits")]
    fn write(&self, variable: Variable, value: f64) -> Value {
        let value = match variable {
            _ if variable.is_whole() => return json!(value as i64),
            Variable::Temperature | Variable::Apparent | Variable::DewPoint if self.is_fahrenheit => {
                value * 1.8 + 32.0
            }
            Variable::Precipitation if self.is_inch => return json!(weather::round(value / 25.4, 1000.0)),
            Variable::Wind | Variable::Gusts => value * self.wind.factor,
            _ => value,
        };
        json!(weather::round(value, 10.0))
    }
}
