//! Reads a request as the real server does, with its words where it refuses.

use std::fmt::Display;
use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

use super::weather::{self, Cell, Variable};
use super::{Host, Refusal};

const MOST_LOCATIONS: usize = 1_000;
const PAST_DAYS: i64 = 93;
const DAYS_AHEAD: i64 = 16;
/// Without dates the forecast host answers so many days.
const USUAL_DAYS: i64 = 7;

pub(super) struct Ask {
    pub(super) locations: Vec<Location>,
    pub(super) hourly: Vec<(String, Variable)>,
    pub(super) models: usize,
    pub(super) is_unix_time: bool,
    pub(super) units: Units,
}

pub(super) struct Location {
    pub(super) cell: Cell,
    pub(super) elevation: Option<f64>,
    pub(super) zone: Zone,
    pub(super) from: Date,
    /// The last day, which belongs to it.
    pub(super) to: Date,
}

impl Location {
    pub(super) fn days(&self) -> i64 {
        self.from.until(self.to).map_or(1, |span| i64::from(span.get_days()) + 1)
    }
}

/// A time zone with the offset that it has now: the server uses it for all of the year, summer and winter.
#[derive(Clone)]
pub(super) struct Zone {
    pub(super) name: String,
    pub(super) offset_seconds: i64,
}

/// How values are written.
pub(super) struct Units {
    pub(super) is_fahrenheit: bool,
    pub(super) is_inch: bool,
    pub(super) wind: Wind,
}

/// The units of wind, with what a metre a second is in them and how the server names them.
#[derive(Clone, Copy)]
pub(super) struct Wind {
    pub(super) factor: f64,
    pub(super) name: &'static str,
}

pub(super) fn key(query: &[(String, String)]) -> Option<&str> {
    one(query, "apikey")
}

/// One number, or nothing where it is none or there are several.
pub(super) fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

fn one<'a>(query: &'a [(String, String)], key: &str) -> Option<&'a str> {
    let found = query.iter().find(|(name, value)| name == key && !value.is_empty());
    found.map(|(_, value)| value.as_str())
}

impl Ask {
    pub(super) fn read(host: Host, query: &[(String, String)], now_ms: i64) -> Result<Self, Refusal> {
        let hourly = hourly(query)?;
        let models = list::<String>(query, "models")?.len().max(1);
        let is_unix_time = match one(query, "timeformat") {
            None | Some("iso8601") => false,
            Some("unixtime") => true,
            Some(other) => return Err(unknown("Timeformat", other)),
        };
        let locations = locations(host, query, now_ms)?;
        Ok(Self { locations, hourly, models, is_unix_time, units: Units::read(query)? })
    }

    /// Per location the more of one, a tenth of the variables, and that by fortnights.
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    pub(super) fn cost(&self) -> f64 {
        let tenths = (self.hourly.len() * self.models) as f64 / 10.0;
        self.locations.iter().map(|place| tenths.max(tenths * place.days() as f64 / 14.0).max(1.0)).sum()
    }
}

impl Units {
    fn read(query: &[(String, String)]) -> Result<Self, Refusal> {
        let is_fahrenheit = match one(query, "temperature_unit") {
            None | Some("celsius") => false,
            Some("fahrenheit") => true,
            Some(other) => return Err(unknown("TemperatureUnit", other)),
        };
        let is_inch = match one(query, "precipitation_unit") {
            None | Some("mm") => false,
            Some("inch") => true,
            Some(other) => return Err(unknown("PrecipitationUnit", other)),
        };
        let wind = match one(query, "wind_speed_unit").or_else(|| one(query, "windspeed_unit")) {
            None | Some("kmh") => Wind { factor: 3.6, name: "km/h" },
            Some("ms") => Wind { factor: 1.0, name: "m/s" },
            Some("mph") => Wind { factor: 3600.0 / 1609.344, name: "mp/h" },
            Some("kn") => Wind { factor: 3600.0 / 1852.0, name: "kn" },
            Some(other) => return Err(unknown("WindspeedUnit", other)),
        };
        Ok(Self { is_fahrenheit, is_inch, wind })
    }
}

fn hourly(query: &[(String, String)]) -> Result<Vec<(String, Variable)>, Refusal> {
    for section in ["daily", "current", "minutely_15"] {
        if one(query, section).is_some() {
            return Err(Refusal::bad(format!("Parameter '{section}' is not served here")));
        }
    }
    let names = list::<String>(query, "hourly")?;
    let known = names.into_iter().map(|name| match Variable::from_name(&name) {
        Some(variable) => Ok((name, variable)),
        None => Err(unknown("ForecastVariable", &name)),
    });
    known.collect()
}

fn locations(host: Host, query: &[(String, String)], now_ms: i64) -> Result<Vec<Location>, Refusal> {
    let (latitudes, longitudes) = (list::<f64>(query, "latitude")?, list::<f64>(query, "longitude")?);
    if latitudes.is_empty() || latitudes.len() != longitudes.len() {
        return Err(Refusal::bad(
            "Parameter 'latitude' and 'longitude' must have the same number of elements",
        ));
    }
    if latitudes.len() > MOST_LOCATIONS {
        return Err(Refusal::bad(format!("Only up to {MOST_LOCATIONS} locations can be requested at once")));
    }
    let count = latitudes.len();
    let (starts, ends) = (list::<String>(query, "start_date")?, list::<String>(query, "end_date")?);
    if starts.len() != ends.len() {
        return Err(Refusal::bad(
            "Parameter 'start_date' and 'end_date' must have the same number of elements",
        ));
    }
    let (starts, ends) = (spread(starts, count, "start_date")?, spread(ends, count, "end_date")?);
    let zones = spread(list::<String>(query, "timezone")?, count, "timezone")?;
    let elevations = spread(list::<f64>(query, "elevation")?, count, "elevation")?;
    let places = (0..count).map(|index| {
        let (latitude, longitude) = (latitudes[index], longitudes[index]);
        in_range(latitude, 90.0, "Latitude")?;
        in_range(longitude, 180.0, "Longitude")?;
        let zone = Zone::read(zones[index].as_deref().unwrap_or("GMT"), now_ms)?;
        let (from, to) = dates(host, query, now_ms, starts[index].as_deref(), ends[index].as_deref())?;
        let elevation = elevations[index].filter(|meters| meters.is_finite());
        Ok(Location { cell: weather::cell(latitude, longitude), elevation, zone, from, to })
    });
    places.collect()
}

fn list<T: FromStr>(query: &[(String, String)], key: &str) -> Result<Vec<T>, Refusal> {
    let values = query.iter().filter(|(name, value)| name == key && !value.is_empty());
    let items = values.flat_map(|(_, value)| value.split(',')).map(|item| {
        let bad = || Refusal::bad(format!("Parameter '{key}': cannot read value '{item}'"));
        item.trim().parse().map_err(|_| bad())
    });
    items.collect()
}

/// One value is for all locations, else there is one for each.
fn spread<T: Clone>(values: Vec<T>, count: usize, key: &str) -> Result<Vec<Option<T>>, Refusal> {
    match values.len() {
        0 => Ok(vec![None; count]),
        1 => Ok(vec![values.into_iter().next(); count]),
        length if length == count => Ok(values.into_iter().map(Some).collect()),
        _ => Err(Refusal::bad(format!(
            "Parameter '{key}' must have the same number of elements as coordinates"
        ))),
    }
}

fn in_range(degrees: f64, most: f64, name: &str) -> Result<(), Refusal> {
    if degrees.abs() <= most {
        return Ok(());
    }
    Err(Refusal::bad(format!("{name} must be in range of -{most} to {most}°. Given: {degrees:?}.")))
}

impl Zone {
    fn read(name: &str, now_ms: i64) -> Result<Self, Refusal> {
        if ["GMT", "UTC"].contains(&name.to_uppercase().as_str()) {
            return Ok(Self { name: "GMT".to_owned(), offset_seconds: 0 });
        }
        let zone = TimeZone::get(name).map_err(|_| Refusal::bad("Invalid timezone"))?;
        Ok(Self {
            name: name.to_owned(),
            offset_seconds: i64::from(zone.to_offset(instant(now_ms)).seconds()),
        })
    }
}

fn dates(
    host: Host,
    query: &[(String, String)],
    now_ms: i64,
    start: Option<&str>,
    end: Option<&str>,
) -> Result<(Date, Date), Refusal> {
    let today = today(now_ms);
    let (first, last) = match host {
        Host::Forecast => (shifted(today, -PAST_DAYS), shifted(today, DAYS_AHEAD)),
        Host::Historical => (Date::constant(2016, 1, 1), shifted(today, DAYS_AHEAD)),
        Host::Archive => (Date::constant(1940, 1, 1), today),
    };
    let (Some(start), Some(end)) = (start, end) else {
        return match host {
            Host::Archive => Err(Refusal::bad("Parameter 'start_date' and 'end_date' are required")),
            _ => days_around(query, today),
        };
    };
    let (start, end) = (date(start)?, date(end)?);
    for (key, date) in [("start_date", start), ("end_date", end)] {
        if !(first..=last).contains(&date) {
            let reason = format!("Parameter '{key}' is out of allowed range from {first} to {last}");
            return Err(Refusal::bad(reason));
        }
    }
    if end < start {
        return Err(Refusal::bad("End-date must be larger or equals than start-date"));
    }
    Ok((start, end))
}

fn days_around(query: &[(String, String)], today: Date) -> Result<(Date, Date), Refusal> {
    let days = |key: &str, most: i64, usual: i64| -> Result<i64, Refusal> {
        let days = list::<i64>(query, key)?.first().copied().unwrap_or(usual);
        let reason = || format!("Parameter '{key}' is out of allowed range from 0 to {most}");
        if (0..=most).contains(&days) { Ok(days) } else { Err(Refusal::bad(reason())) }
    };
    let ahead = days("forecast_days", DAYS_AHEAD, USUAL_DAYS)?;
    let past = days("past_days", PAST_DAYS, 0)?;
    Ok((shifted(today, -past), shifted(today, (ahead - 1).max(0))))
}

fn date(text: &str) -> Result<Date, Refusal> {
    let reason = "Invalid date format. Make sure to use 'YYYY-MM-DD'";
    text.trim().parse().map_err(|_| Refusal::bad(reason))
}

fn today(now_ms: i64) -> Date {
    TimeZone::UTC.to_datetime(instant(now_ms)).date()
}

fn instant(epoch_ms: i64) -> Timestamp {
    Timestamp::from_millisecond(epoch_ms).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn shifted(day: Date, days: i64) -> Date {
    day.saturating_add(days.days())
}

fn unknown(kind: &str, value: impl Display) -> Refusal {
    Refusal::bad(format!(
        "Data corrupted at path ''. Cannot initialize {kind} from invalid String value {value}."
    ))
}
