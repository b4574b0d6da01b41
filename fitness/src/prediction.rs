//! What an athlete would run today over a distance, from the best efforts of late.
//!
//! Four methods speak where they hold: VDOT (see [`crate::vdot`]), Riegel (see [`crate::riegel`]), critical speed (see
//! [`crate::critical`]) and Vickers (see [`crate::vickers`]). Which effort they start from, how it ages and how sure
//! the answer is, are choices of ours; docs/NUMBERS.md tells them. What the answers were worth for this athlete,
//! a back-test says beside them.

mod backtest;
mod effort;
mod evidence;
mod form;
mod methods;
mod race;

use jiff::ToSpan;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::scope::Scope;
use form::Form;

pub use backtest::{Backtest, REACH_DAYS};
pub use effort::{Cost, Effort};
pub use evidence::Evidence;
pub use race::{Race, RaceError};

/// An effort that is shorter says little of endurance.
pub const SHORTEST_BASIS_S: f64 = 210.0;
/// Efforts of so many days are asked first.
pub const FIRST_WINDOW_DAYS: i64 = 90;
/// Where those have none, efforts of so many days.
pub const LAST_WINDOW_DAYS: i64 = 365;
/// The time over which a change is told.
pub const CHANGE_DAYS: i64 = 28;

/// The predictions of a day. They follow from the efforts and the day alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Predictions {
    /// The day, as YYYY-MM-DD.
    #[schemars(with = "String")]
    pub date: Date,
    pub scope: Scope,
    /// One for each distance that was asked for; none where there is nothing to rest on.
    pub items: Vec<Prediction>,
    /// Distances without a prediction although others have one, and what is missing for them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<Missing>,
    /// What is missing, where there is nothing to rest on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needs: Option<Needs>,
}

/// A distance that cannot be predicted yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Missing {
    pub distance: String,
    pub needs: Needs,
}

/// The prediction for one distance, with all that it rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Prediction {
    /// As a runner says it: `5k`.
    pub distance: String,
    pub distance_m: f64,
    /// The median of the methods, on a flat way in cool air.
    pub seconds: f64,
    /// The faster end of the range, in seconds.
    pub low: f64,
    /// The slower end of the range, in seconds.
    pub high: f64,
    pub pace_s_per_km: f64,
    /// Seconds more than 28 days ago, so that less than 0 is faster; absent where nothing was known then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change_s: Option<f64>,
    pub confidence: Confidence,
    /// What each method says of the basis.
    pub methods: Vec<Estimate>,
    pub basis: Basis,
    /// How far off predictions of the athlete's own races and hard efforts were; null before the first of them.
    pub backtest_error_pct: Option<f64>,
    /// What that rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backtest: Option<Backtest>,
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
    /// The line of distance over time through the hard efforts of 2 to 20 minutes.
    CriticalSpeed,
    /// Vickers and Vertosick 2016, for the marathon.
    Vickers,
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
    /// What heat and hills cost it; its VDOT is that of the time without them.
    #[serde(flatten)]
    pub cost: Cost,
    /// True where the athlete marked or announced it as a race.
    #[serde(default)]
    pub is_race: bool,
    /// Kilometres run in a week, as the mean of twelve.
    #[serde(default)]
    pub weekly_km: f64,
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
    /// The median of these two, the first, and critical speed.
    VdotRiegelCriticalSpeed,
    /// The same with the athlete's own exponent.
    VdotRiegelFittedCriticalSpeed,
    /// Vickers alone.
    Vickers,
    /// The mean of Vickers and Riegel with the athlete's own exponent.
    VickersRiegelFitted,
    /// Riegel with the athlete's own exponent alone.
    RiegelFitted,
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
    /// There are hard efforts, but all are too short for the marathon.
    NoLongEffort,
}

impl Predictions {
    /// Predicts for a day from what was known on it.
    pub fn of(date: Date, scope: Scope, evidence: &Evidence, races: &[Race]) -> Self {
        let form = |date: Date| Form::on(date, evidence.up_to(date), evidence.weekly_m(date));
        let nothing = Self { date, scope, items: Vec::new(), missing: Vec::new(), needs: None };
        let Some(now) = form(date) else {
            return Self { needs: Some(Needs::of(evidence.runs)), ..nothing };
        };
        let before = form(date.saturating_sub(CHANGE_DAYS.days()));
        let tests = backtest::tests(evidence, date);
        let mut predictions = nothing;
        for race in races {
            match now.predict(race, before.as_ref(), Backtest::over(&tests, race)) {
                Some(item) => predictions.items.push(item),
                None => predictions.missing.push(Missing::of(race)),
            }
        }
        predictions
    }
}

impl Missing {
    fn of(race: &Race) -> Self {
        let message =
            "needs one hard effort of 5 km to a half marathon: the hard efforts of late are shorter";
        let needs = Needs { code: Lack::NoLongEffort, message: message.to_owned() };
        Self { distance: race.name.clone(), needs }
    }
}

/// The first day whose efforts count for the predictions of a day, those for its back-test included.
pub fn first_day(date: Date) -> Date {
    date.saturating_sub((LAST_WINDOW_DAYS + REACH_DAYS).days())
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
