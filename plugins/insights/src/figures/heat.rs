//! Heat: what the air of the last days costs a runner.

use fitness::heat;
use serde::Serialize;

use super::rounded;
use crate::history::View;

/// Older weather is over.
pub(super) const WINDOW_DAYS: i64 = 4;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Heat {
    temperature_c: f64,
    dew_point_c: f64,
    /// Temperature plus dew point in degrees Fahrenheit.
    hadley_f: f64,
    /// Absent beyond the chart, where nobody should run hard.
    #[serde(skip_serializing_if = "Option::is_none")]
    slower_percent: Option<f64>,
    days_since: i64,
}

/// The weather of the last outing outdoors whose source noted it; absent where that is four days old.
pub(super) fn of(view: &View<'_>) -> Option<Heat> {
    let outings = view.last_outings(WINDOW_DAYS).iter().rev();
    let (outing, weather) = outings.filter_map(|outing| Some((outing, outing.weather?))).next()?;
    let hadley_f = heat::hadley_f(weather.temperature_c, weather.dew_point_c);
    Some(Heat {
        temperature_c: rounded(weather.temperature_c, 0),
        dew_point_c: rounded(weather.dew_point_c, 0),
        hadley_f: rounded(hadley_f, 0),
        slower_percent: heat::slower_percent(hadley_f.round()).map(|(_, most)| most),
        days_since: view.number - outing.day,
    })
}
