//! The air of a moment: ten variables, each of which may be unknown.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the air was like; what is unknown is absent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Air {
    /// Two metres above the ground, as are the next three.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature_c: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub apparent_c: Option<f64>,
    /// Share, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub humidity: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dew_point_c: Option<f64>,
    /// Of the hour before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub precipitation_mm: Option<f64>,
    /// By the code table of the WMO.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weather_code: Option<i64>,
    /// Share, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cloud_cover: Option<f64>,
    /// Ten metres above the ground, as are the next two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wind_mps: Option<f64>,
    /// Degrees from north that the wind comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wind_direction_deg: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gust_mps: Option<f64>,
}

impl Air {
    /// True where nothing at all is known.
    pub fn is_unknown(&self) -> bool {
        *self == Self::default()
    }

    /// True where all of it is known.
    pub fn is_whole(&self) -> bool {
        let Self { temperature_c, apparent_c, humidity, dew_point_c, precipitation_mm, .. } = self;
        let Self { weather_code, cloud_cover, wind_mps, wind_direction_deg, gust_mps, .. } = self;
        let numbers = [temperature_c, apparent_c, humidity, dew_point_c, precipitation_mm, cloud_cover];
        let wind = [wind_mps, wind_direction_deg, gust_mps];
        weather_code.is_some() && numbers.into_iter().chain(wind).all(Option::is_some)
    }

    /// As finely as weather is told: hundredths of a degree, of a metre per second and of a millimetre, thousandths of a
    /// share, tenths of a direction. What is finer is noise of the arithmetic.
    #[must_use]
    pub fn rounded(&self) -> Self {
        let to = |value: Option<f64>, decimals| value.map(|value| rounded(value, decimals));
        Self {
            temperature_c: to(self.temperature_c, 2),
            apparent_c: to(self.apparent_c, 2),
            humidity: to(self.humidity, 3),
            dew_point_c: to(self.dew_point_c, 2),
            precipitation_mm: to(self.precipitation_mm, 2),
            weather_code: self.weather_code,
            cloud_cover: to(self.cloud_cover, 3),
            wind_mps: to(self.wind_mps, 2),
            // What rounds up to north is north.
            wind_direction_deg: to(self.wind_direction_deg, 1).map(|from| from % 360.0),
            gust_mps: to(self.gust_mps, 2),
        }
    }

    /// The air between two whole hours, of which the second is this far along: 0 to 1.
    ///
    /// The sky is that of the nearer hour, and rain that of the hour which the moment lies in, since an hour tells of the
    /// one before it.
    #[must_use]
    pub fn between(&self, later: &Self, along: f64) -> Self {
        let line = |a: Option<f64>, b: Option<f64>| match (a, b) {
            (Some(a), Some(b)) => Some(a + (b - a) * along),
            (a, b) => {
                if along < 0.5 {
                    a.or(b)
                } else {
                    b.or(a)
                }
            }
        };
        let nearer = if along < 0.5 { self } else { later };
        Self {
            temperature_c: line(self.temperature_c, later.temperature_c),
            apparent_c: line(self.apparent_c, later.apparent_c),
            humidity: line(self.humidity, later.humidity),
            dew_point_c: line(self.dew_point_c, later.dew_point_c),
            precipitation_mm: if along > 0.0 { later.precipitation_mm } else { self.precipitation_mm },
            weather_code: nearer.weather_code.or(self.weather_code).or(later.weather_code),
            cloud_cover: line(self.cloud_cover, later.cloud_cover),
            wind_mps: line(self.wind_mps, later.wind_mps),
            wind_direction_deg: turned(self.wind_direction_deg, later.wind_direction_deg, along),
            gust_mps: line(self.gust_mps, later.gust_mps),
        }
    }

    /// Temperature and dew point in °C, where both are known or enough for both.
    pub fn heat(&self) -> Option<(f64, f64)> {
        let temperature_c = self.temperature_c?;
        let by_humidity = || Some(crate::heat::dew_point_c(temperature_c, self.humidity?));
        let dew_point_c = self.dew_point_c.or_else(by_humidity)?;
        dew_point_c.is_finite().then_some((temperature_c, dew_point_c))
    }

    /// The sky in two or three words, by the code table of the WMO (4677, as weather services thin it).
    pub fn sky(&self) -> Option<&'static str> {
        Some(match self.weather_code? {
            0 => "clear",
            1 => "mostly clear",
            2 => "partly cloudy",
            3 => "overcast",
            45 | 48 => "fog",
            51 | 53 | 55 => "drizzle",
            56 | 57 => "freezing drizzle",
            61 => "light rain",
            63 => "rain",
            65 => "heavy rain",
            66 | 67 => "freezing rain",
            71 => "light snow",
            73 | 77 => "snow",
            75 => "heavy snow",
            80 | 81 => "rain showers",
            82 => "violent rain showers",
            85 | 86 => "snow showers",
            95 => "thunderstorm",
            96 | 99 => "thunderstorm with hail",
            _ => return None,
        })
    }
}

/// To so many decimals, and never -0.
pub(crate) fn rounded(value: f64, decimals: i32) -> f64 {
    let scale = 10_f64.powi(decimals);
    (value * scale).round() / scale + 0.0
}

/// Between two directions by the shorter way round.
fn turned(from: Option<f64>, to: Option<f64>, along: f64) -> Option<f64> {
    let (Some(from), Some(to)) = (from, to) else { return from.or(to) };
    let way = (to - from + 540.0).rem_euclid(360.0) - 180.0;
    Some((from + way * along).rem_euclid(360.0))
}
