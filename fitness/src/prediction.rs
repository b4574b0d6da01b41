//! What an athlete would run today over a distance, from the best efforts of late.
//!
//! Two methods speak: VDOT (see [`crate::vdot`]) and Riegel (see [`crate::riegel`]). Which effort they start from,
//! how it ages and how sure the answer is, are choices of ours; docs/NUMBERS.md tells them.

mod form;
mod race;

use jiff::ToSpan;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::scope::Scope;
use crate::vdot;
use form::Form;

pub use race::{Race, RaceError};

/// An effort that is shorter says little of endurance.
pub const SHORTEST_BASIS_S: f64 = 210.0;
/// Efforts of so many days are asked first.
pub const FIRST_WINDOW_DAYS: i64 = 90;
/// Where those have none, efforts of so many days.
pub const LAST_WINDOW_DAYS: i64 = 365;
/// The time over which a change is told.
pub const CHANGE_DAYS: i64 = 28;

/// An effort that predictions may rest on.
#[derive(Debug, Clone, PartialEq)]
pub struct Effort {
    pub date: Date,
    pub activity: String,
    pub distance_m: f64,
    pub seconds: f64,
    vdot: f64,
}

impl Effort {
    /// An effort of so many metres and seconds.
    pub fn new(date: Date, activity: String, (distance_m, seconds): (f64, f64)) -> Self {
        Self { date, activity, distance_m, seconds, vdot: vdot::of(distance_m, seconds) }
    }

    /// The fitness for running that it shows.
    pub fn vdot(&self) -> f64 {
        self.vdot
    }
}

/// The predictions of a day. They follow from the efforts and the day alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Predictions {
    /// The day, as YYYY-MM-DD.
    #[schemars(with = "String")]
    pub date: Date,
    pub scope: Scope,
    /// One for each distance that was asked for; none where there is nothing to rest on.
    pub items: Vec<Prediction>,
    /// What is missing, where there is nothing to rest on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needs: Option<Needs>,
}

/// The prediction for one distance, with all that it rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Prediction {
    /// As a runner says it: `5k`.
    pub distance: String,
    pub distance_m: f64,
    pub seconds: f64,
    /// The faster end of the range.
    pub low_s: f64,
    /// The slower end of the range.
    pub high_s: f64,
    pub pace_s_per_km: f64,
    /// Seconds more than 28 days ago, so that less than 0 is faster; absent where nothing was known then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change_s: Option<f64>,
    pub confidence: Confidence,
    /// What each method says of the basis.
    pub methods: Vec<Estimate>,
    pub basis: Basis,
}

/// How sure a prediction is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    Low,
    Medium,
    High,
}

/// What one method says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Estimate {
    pub method: Method,
    pub seconds: f64,
    /// Riegel's exponent, where it is his method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exponent: Option<f64>,
}

/// A way to predict one distance from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Daniels and Gilbert 1979.
    Vdot,
    /// Riegel 1981 with his exponent of 1.06.
    Riegel,
    /// Riegel with the exponent of the athlete's own efforts.
    RiegelFitted,
}

/// The effort that a prediction rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Basis {
    /// The activity's id.
    pub activity: String,
    /// As YYYY-MM-DD.
    #[schemars(with = "String")]
    pub date: Date,
    pub age_days: i64,
    pub distance_m: f64,
    pub seconds: f64,
    /// Fitness for running that the effort showed on its day.
    pub vdot: f64,
    /// What is left of it after its age.
    pub vdot_now: f64,
    /// The methods in one word.
    pub method: BasisMethod,
    /// Days that were looked at: 90, or 365 where those had nothing.
    pub window_days: i64,
    /// Activities in those days with an effort nearly as good, this one included.
    pub hard_efforts: u32,
    /// Age of the newest of them.
    pub newest_days: i64,
}

/// The methods of a prediction in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BasisMethod {
    /// The mean of VDOT and Riegel with 1.06.
    VdotRiegel,
    /// The mean of VDOT and Riegel with the athlete's own exponent.
    VdotRiegelFitted,
}

/// What is missing for a prediction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Needs {
    pub code: Lack,
    /// A sentence for a person.
    pub message: String,
}

/// Why there is nothing to rest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Lack {
    /// There is no run in the last 365 days.
    NoRun,
    /// There are runs, but none covers a mile over a known distance in 3:30 or more.
    NoEffort,
}

impl Predictions {
    /// Predicts for a day.
    ///
    /// The efforts are those from [`first_day`] on, or more; `runs` is how many runs the last 365 days have.
    pub fn of(date: Date, scope: Scope, efforts: &[Effort], runs: u32, races: &[Race]) -> Self {
        let Some(now) = Form::on(date, efforts) else {
            return Self { date, scope, items: Vec::new(), needs: Some(Needs::of(runs)) };
        };
        let before = Form::on(date.saturating_sub(CHANGE_DAYS.days()), efforts);
        let items = races.iter().map(|race| now.predict(race, before.as_ref())).collect();
        Self { date, scope, items, needs: None }
    }
}

/// The first day whose efforts count for the predictions of a day, the change since 28 days before included.
pub fn first_day(date: Date) -> Date {
    date.saturating_sub((LAST_WINDOW_DAYS + CHANGE_DAYS).days())
}

/// The first day whose efforts count for a day itself.
pub fn first_day_of_window(date: Date) -> Date {
    date.saturating_sub(LAST_WINDOW_DAYS.days())
}

impl Needs {
    fn of(runs: u32) -> Self {
        let lack = match runs {
            0 => (Lack::NoRun, format!("there is no run in the last {LAST_WINDOW_DAYS} days")),
            1 => (Lack::NoEffort, format!("the one run of the last {LAST_WINDOW_DAYS} days {NO_MILE}")),
            runs => (
                Lack::NoEffort,
                format!("none of the {runs} runs of the last {LAST_WINDOW_DAYS} days {A_MILE}"),
            ),
        };
        Self { code: lack.0, message: format!("needs one hard effort of a mile or more: {}", lack.1) }
    }
}

const NO_MILE: &str = "has no mile whose distance and time are known";
const A_MILE: &str = "has a mile whose distance and time are known";

impl Confidence {
    /// The word that is shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

#[cfg(test)]
mod tests;
