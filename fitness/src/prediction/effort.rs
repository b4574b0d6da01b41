//! Efforts that predictions may rest on, and what they would have been on a flat way in cool, still air.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::form::rounded;
use crate::{heat, hills, vdot};

/// Corrections beyond this rest on more than the formulas were made for.
const AT_MOST_PERCENT: f64 = 10.0;

/// An effort that predictions may rest on.
#[derive(Debug, Clone, PartialEq)]
pub struct Effort {
    pub date: Date,
    pub activity: String,
    pub distance_m: f64,
    pub seconds: f64,
    /// True where the athlete marked or announced it as a race.
    pub is_race: bool,
    pub cost: Cost,
    vdot: f64,
}

/// By how many percent heat, wind and hills made an effort slower, where they are known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Cost {
    /// By Hadley's chart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heat_percent: Option<f64>,
    /// By the drag of the wind on the way that was run; a wind that helped costs nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wind_percent: Option<f64>,
    /// By Minetti's cost of grades.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hills_percent: Option<f64>,
}

impl Effort {
    /// An effort of so many metres and seconds, on a flat way in cool air as far as is known.
    pub fn new(date: Date, activity: String, (distance_m, seconds): (f64, f64)) -> Self {
        let vdot = vdot::of(distance_m, seconds);
        Self { date, activity, distance_m, seconds, is_race: false, cost: Cost::default(), vdot }
    }

    /// The same as a race, or as none.
    #[must_use]
    pub fn raced(self, is_race: bool) -> Self {
        Self { is_race, ..self }
    }

    /// The same at a cost.
    #[must_use]
    pub fn at(mut self, cost: Cost) -> Self {
        self.cost = cost;
        self.vdot = vdot::of(self.distance_m, self.level_s());
        self
    }

    /// The seconds that it would have taken on a flat way in cool air.
    pub fn level_s(&self) -> f64 {
        self.seconds / self.cost.factor()
    }

    /// The fitness for running that it shows.
    pub fn vdot(&self) -> f64 {
        self.vdot
    }
}

impl Cost {
    /// The cost of air (temperature and dew point in °C) and of a way (ascent and distance in m).
    pub fn of(air: Option<(f64, f64)>, way: Option<(f64, f64)>) -> Self {
        let sane = |percent: f64| percent.is_finite().then(|| percent.clamp(0.0, AT_MOST_PERCENT));
        let by_air = |(temperature_c, dew_point_c): (f64, f64)| {
            let hadley_f = heat::hadley_f(temperature_c, dew_point_c);
            // Beyond the chart it costs no less than at its end.
            let is_beyond = hadley_f.is_finite().then_some(AT_MOST_PERCENT);
            heat::cost_percent(hadley_f).and_then(sane).or(is_beyond)
        };
        let by_way = |(ascent_m, distance_m): (f64, f64)| sane(hills::cost_percent(ascent_m, distance_m));
        Self { heat_percent: air.and_then(by_air), wind_percent: None, hills_percent: way.and_then(by_way) }
    }

    /// The same in a wind that made the way dearer by so many percent.
    #[must_use]
    pub fn against(self, wind_percent: Option<f64>) -> Self {
        let sane = |percent: f64| percent.is_finite().then(|| percent.clamp(0.0, AT_MOST_PERCENT));
        Self { wind_percent: wind_percent.and_then(sane), ..self }
    }

    /// Rounded for people.
    pub(super) fn told(self) -> Self {
        Self {
            heat_percent: self.heat_percent.map(rounded),
            wind_percent: self.wind_percent.map(rounded),
            hills_percent: self.hills_percent.map(rounded),
        }
    }

    fn factor(&self) -> f64 {
        let of = |percent: Option<f64>| 1.0 + percent.unwrap_or(0.0) / 100.0;
        of(self.heat_percent) * of(self.wind_percent) * of(self.hills_percent)
    }
}
