//! Wind: what the last outing had of it.

use serde::Serialize;

use super::heat::WINDOW_DAYS;
use super::rounded;
use crate::history::View;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Wind {
    speed_mps: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    gust_mps: Option<f64>,
    /// By how many percent it made a runner's way dearer than still air.
    #[serde(skip_serializing_if = "Option::is_none")]
    slower_percent: Option<f64>,
    days_since: i64,
}

/// The wind of the last outing outdoors that knows it; absent where that is four days old.
pub(super) fn of(view: &View<'_>) -> Option<Wind> {
    let outings = view.last_outings(WINDOW_DAYS).iter().rev();
    let (outing, wind) = outings.filter_map(|outing| Some((outing, outing.weather?.wind?))).next()?;
    Some(Wind {
        speed_mps: rounded(wind.mean_mps, 1),
        gust_mps: wind.gust_mps.map(|gust| rounded(gust, 1)),
        slower_percent: wind.cost_percent.map(|percent| rounded(percent, 1)),
        days_since: view.number - outing.day,
    })
}
