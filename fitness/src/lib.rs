//! The field: pure types and maths, and under `records` its rows in the store.

mod changes;
mod scope;

pub mod accuracy;
pub mod ascent;
pub mod best_effort;
pub mod calendar;
pub mod critical;
pub mod curve;
pub mod daily_metric;
pub mod day;
pub mod decoupling;
pub mod distance;
pub mod eddington;
pub mod export;
pub mod grade;
pub mod heart_rate;
pub mod heat;
pub mod held;
pub mod hills;
pub mod identity;
pub mod load;
pub mod mean_max;
pub mod metric;
pub mod moving;
pub mod numbers;
pub mod pmc;
pub mod polarization;
pub mod power;
pub mod prediction;
pub mod recording;
pub mod records;
pub mod riegel;
pub mod same;
pub mod samples;
pub mod settings;
pub mod streak;
pub mod stream;
pub mod summary;
pub mod vdot;
pub mod vickers;
pub mod volume;
pub mod week;
pub mod zone;

pub use changes::Changes;
pub use scope::{STRAVA_API, Scope};
