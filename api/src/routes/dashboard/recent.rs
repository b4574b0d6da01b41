//! What was done last, as much as a row of a list shows.

use fitness::records::activity::ActivityRow;
use serde::Serialize;
use utoipa::ToSchema;

/// An activity in a line.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Recent {
    id: String,
    sport: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    distance_m: Option<f64>,
    /// While the athlete moved, else while the timer ran, else in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    moving_s: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ascent_m: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    avg_hr: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    load: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    load_method: Option<&'static str>,
    /// Present and true where the load rests on a setting that the athlete never gave.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    estimated: bool,
}

impl From<ActivityRow> for Recent {
    fn from(row: ActivityRow) -> Self {
        Self {
            moving_s: row.moving_s.or(row.timer_s).or(row.elapsed_s).map(f64::round),
            distance_m: row.distance_m.map(f64::round),
            ascent_m: row.ascent_m.map(f64::round),
            avg_hr: row.avg_hr.map(f64::round),
            load: row.load.map(|load| (load * 10.0).round() / 10.0),
            load_method: row.load_method.map(fitness::load::LoadMethod::as_str),
            id: row.id,
            sport: row.sport,
            name: row.name,
            start_ms: row.start_ms,
            estimated: row.estimated,
        }
    }
}
