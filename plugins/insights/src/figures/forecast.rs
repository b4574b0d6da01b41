//! The forecast: what the air of today will be like where the athlete lives.

use fitness::heat;
use fitness::weather::Outlook;
use serde::Serialize;

use super::rounded;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Forecast {
    low_c: f64,
    high_c: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    dew_point_c: Option<f64>,
    /// Temperature plus dew point in degrees Fahrenheit, of the hour that is hardest on a runner.
    #[serde(skip_serializing_if = "Option::is_none")]
    hadley_f: Option<f64>,
    /// Absent beyond the chart, where nobody should run hard.
    #[serde(skip_serializing_if = "Option::is_none")]
    slower_percent: Option<f64>,
    /// The hour that is easiest, such as `07:00`.
    #[serde(skip_serializing_if = "Option::is_none")]
    coolest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wind_mps: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gust_mps: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    precipitation_mm: Option<f64>,
}

/// The same rounded for people.
pub(super) fn of(outlook: &Outlook) -> Forecast {
    let slower = |hadley_f: f64| heat::slower_percent(hadley_f.round()).map(|(_, most)| most);
    let whole = |value: Option<f64>| value.map(|value| rounded(value, 0));
    let tenths = |value: Option<f64>| value.map(|value| rounded(value, 1));
    Forecast {
        low_c: rounded(outlook.low_c, 0),
        high_c: rounded(outlook.high_c, 0),
        dew_point_c: whole(outlook.dew_point_c),
        hadley_f: whole(outlook.hadley_f),
        slower_percent: outlook.hadley_f.and_then(slower),
        coolest: outlook.coolest.clone(),
        wind_mps: tenths(outlook.wind_mps),
        gust_mps: tenths(outlook.gust_mps),
        precipitation_mm: tenths(outlook.precipitation_mm),
    }
}
