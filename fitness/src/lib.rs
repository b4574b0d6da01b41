//! The field: pure types and maths, and under `records` its rows in the store.

mod changes;
mod scope;

pub mod accuracy;
pub mod ascent;
pub mod best_effort;
pub mod calendar;
pub mod day;
pub mod decoupling;
pub mod distance;
pub mod explain;
pub mod export;
pub mod grade;
pub mod heart_rate;
pub mod held;
pub mod identity;
pub mod load;
pub mod mean_max;
pub mod metric;
pub mod moving;
pub mod numbers;
pub mod pmc;
pub mod power;
pub mod prediction;
pub mod recording;
pub mod records;
pub mod riegel;
pub mod same;
pub mod samples;
pub mod settings;
pub mod split;
pub mod stream;
pub mod summary;
pub mod vdot;
pub mod zone;

pub use changes::Changes;
pub use scope::{STRAVA_API, Scope};
