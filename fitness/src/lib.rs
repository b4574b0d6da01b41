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
pub mod distance;
pub mod eddington;
pub mod export;
pub mod heart_rate;
pub mod heat;
pub mod hills;
pub mod identity;
pub mod load;
pub mod metric;
pub mod moving;
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

pub use changes::Changes;
pub use scope::{STRAVA_API, Scope};
