//! Weather made of the place, the hour and nothing else, so that it is the same in every process.

use std::f64::consts::TAU;

use super::Host;

/// Hundredths of a degree of latitude and longitude, on a grid of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Cell {
    latitude: i32,
    longitude: i32,
}

impl Cell {
    pub(super) fn latitude(self) -> f64 {
        f64::from(self.latitude) / 100.0
    }

    pub(super) fn longitude(self) -> f64 {
        f64::from(self.longitude) / 100.0
    }

    /// Metres above the sea.
    pub(super) fn elevation(self) -> f64 {
        (300.0 * (1.0 + noise(self, 0, 9))).round()
    }
}

#[expect(clippy::cast_possible_truncation, reason = "degrees times fifty")]
pub(super) fn cell(latitude: f64, longitude: f64) -> Cell {
    let snap = |degrees: f64| (degrees * 50.0).round() as i32 * 2;
    Cell { latitude: snap(latitude), longitude: snap(longitude) }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Variable {
    Temperature,
    Apparent,
    Humidity,
    DewPoint,
    Precipitation,
    Code,
    Cloud,
    Wind,
    Direction,
    Gusts,
    Pressure,
}

const NAMES: &[(Variable, &str)] = &[
    (Variable::Temperature, "temperature_2m"),
    (Variable::Apparent, "apparent_temperature"),
    (Variable::Humidity, "relative_humidity_2m"),
    (Variable::DewPoint, "dew_point_2m"),
    (Variable::Precipitation, "precipitation"),
    (Variable::Code, "weather_code"),
    (Variable::Cloud, "cloud_cover"),
    (Variable::Wind, "wind_speed_10m"),
    (Variable::Direction, "wind_direction_10m"),
    (Variable::Gusts, "wind_gusts_10m"),
    (Variable::Pressure, "pressure_msl"),
];

impl Variable {
    pub(super) fn from_name(name: &str) -> Option<Self> {
        NAMES.iter().find(|(_, known)| *known == name).map(|(variable, _)| *variable)
    }

    /// Whether it comes without decimals.
    pub(super) fn is_whole(self) -> bool {
        matches!(self, Self::Humidity | Self::Code | Self::Cloud | Self::Direction)
    }
}

/// Degrees Celsius, metres a second, millimetres, per cent, hectopascals.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hour {
    temperature: f64,
    humidity: f64,
    precipitation: f64,
    cloud: f64,
    wind: f64,
    direction: f64,
    gusts: f64,
    pressure: f64,
}

pub(super) fn at(host: Host, cell: Cell, hour: i64) -> Hour {
    // What the forecast said and what the archive says in the end are not quite the same.
    let shift = match host {
        Host::Archive => 0.0,
        Host::Forecast => 0.8 * noise(cell, hour, 7),
        Host::Historical => 0.5 * noise(cell, hour, 8),
    };
    let latitude = cell.latitude();
    #[expect(clippy::cast_precision_loss, reason = "hours since 1970")]
    let (day, of_day) = (hour.div_euclid(24) as f64, hour.rem_euclid(24) as f64 + cell.longitude() / 15.0);
    let season = (TAU * (day - 19.0) / 365.2425).cos() * -0.25 * latitude;
    let daily = (TAU * (of_day - 15.0) / 24.0).cos();
    let cloud = (45.0 + 65.0 * slow_noise(cell, hour, 1)).clamp(0.0, 100.0);
    let temperature =
        27.0 - 0.42 * latitude.abs() + season + 4.0 * daily + 4.0 * slow_noise(cell, hour, 2) + shift;
    let wet = ((cloud - 75.0) / 25.0).max(0.0);
    let wind = (4.0 + 3.5 * slow_noise(cell, hour, 3) + 0.5 * shift).max(0.2);
    Hour {
        temperature,
        humidity: (66.0 - 14.0 * daily + 24.0 * slow_noise(cell, hour, 4)).clamp(12.0, 100.0),
        precipitation: wet * wet * 2.5 * (1.0 + noise(cell, hour, 5)),
        cloud,
        wind,
        direction: (180.0 + 180.0 * slow_noise(cell, hour, 6)).rem_euclid(360.0),
        gusts: wind * 1.6 + 1.0 + noise(cell, hour, 10),
        pressure: 1013.0 + 18.0 * slow_noise(cell, hour, 11),
    }
}

impl Hour {
    /// Rounded as the service rounds.
    pub(super) fn value(self, variable: Variable) -> f64 {
        let value = match variable {
            Variable::Temperature => self.temperature,
            Variable::Apparent => self.apparent(),
            Variable::Humidity => self.humidity,
            Variable::DewPoint => self.dew_point(),
            Variable::Precipitation => self.precipitation,
            Variable::Code => self.code(),
            Variable::Cloud => self.cloud,
            Variable::Wind => self.wind,
            Variable::Direction => self.direction,
            Variable::Gusts => self.gusts,
            Variable::Pressure => self.pressure,
        };
        if variable.is_whole() { value.round() } else { round(value, 10.0) }
    }

    /// Magnus with the coefficients of Alduchov and Eskridge (1996).
    fn dew_point(self) -> f64 {
        let gamma = (self.humidity / 100.0).ln() + 17.625 * self.temperature / (243.04 + self.temperature);
        243.04 * gamma / (17.625 - gamma)
    }

    /// Steadman (1994), without radiation.
    fn apparent(self) -> f64 {
        let pressure =
            self.humidity / 100.0 * 6.105 * (17.27 * self.temperature / (237.7 + self.temperature)).exp();
        self.temperature + 0.33 * pressure - 0.7 * self.wind - 4.0
    }

    /// The code of the World Meteorological Organization: clear to overcast, rain, snow.
    fn code(self) -> f64 {
        let precipitation = round(self.precipitation, 10.0);
        let strength = [0.0, 1.0, 4.0].iter().rposition(|&least| precipitation > least);
        match (strength, self.temperature < 0.0) {
            (Some(strength), true) => [71.0, 73.0, 75.0][strength],
            (Some(strength), false) => [61.0, 63.0, 65.0][strength],
            (None, _) => (self.cloud / 26.0).floor(),
        }
    }
}

pub(super) fn round(value: f64, parts: f64) -> f64 {
    // A minus before a zero would be written.
    (value * parts).round() / parts + 0.0
}

/// Between -1 and 1, with a node every six hours and a line between them.
fn slow_noise(cell: Cell, hour: i64, salt: u64) -> f64 {
    const NODE: i64 = 6;
    let node = hour.div_euclid(NODE);
    #[expect(clippy::cast_precision_loss, reason = "less than six")]
    let part = hour.rem_euclid(NODE) as f64 / 6.0;
    noise(cell, node, salt) * (1.0 - part) + noise(cell, node + 1, salt) * part
}

/// Between -1 and 1, as good as random.
fn noise(cell: Cell, time: i64, salt: u64) -> f64 {
    // Steele, Lea and Flood (2014): the finishing steps of SplitMix64.
    let place = (u64::from(cell.latitude.cast_unsigned()) << 32) | u64::from(cell.longitude.cast_unsigned());
    let mut bits = place ^ time.cast_unsigned().wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (salt << 56);
    for factor in [0xbf58_476d_1ce4_e5b9, 0x94d0_49bb_1331_11eb] {
        bits = (bits ^ (bits >> 30)).wrapping_mul(factor);
    }
    bits ^= bits >> 31;
    #[expect(clippy::cast_precision_loss, reason = "53 bits are kept")]
    let part = (bits >> 11) as f64 / (1_u64 << 53) as f64;
    2.0 * part - 1.0
}
