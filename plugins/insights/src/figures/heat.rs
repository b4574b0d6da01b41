//! Heat: what the air of the last days costs a runner.

use serde::Serialize;

use super::rounded;
use crate::history::View;

/// Older weather is over.
const WINDOW_DAYS: i64 = 4;

/// Upper ends of temperature plus dew point in degrees Fahrenheit, and by how many percent they slow at most.
///
/// Mark Hadley's chart (Maximum Performance Running, 2013). Evidence: a coach's rule, not a study.
const CHART: [(f64, f64); 9] = [
    (100.0, 0.0),
    (110.0, 0.5),
    (120.0, 1.0),
    (130.0, 2.0),
    (140.0, 3.0),
    (150.0, 4.5),
    (160.0, 6.0),
    (170.0, 8.0),
    (180.0, 10.0),
];

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
    let hadley_f = fahrenheit(weather.temperature_c) + fahrenheit(weather.dew_point_c);
    Some(Heat {
        temperature_c: rounded(weather.temperature_c, 0),
        dew_point_c: rounded(weather.dew_point_c, 0),
        hadley_f: rounded(hadley_f, 0),
        slower_percent: slower_percent(hadley_f.round()),
        days_since: view.number - outing.day,
    })
}

fn fahrenheit(celsius: f64) -> f64 {
    celsius * 1.8 + 32.0
}

/// The upper end of the chart's range.
fn slower_percent(hadley_f: f64) -> Option<f64> {
    CHART.iter().find(|(upper, _)| hadley_f <= *upper).map(|(_, most)| *most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chart_says_4_5_percent_at_145() {
        assert_eq!(slower_percent(145.0), Some(4.5));
        assert_eq!((slower_percent(100.0), slower_percent(180.0)), (Some(0.0), Some(10.0)));
    }

    #[test]
    fn beyond_180_there_is_no_pace() {
        assert_eq!(slower_percent(181.0), None);
    }
}
