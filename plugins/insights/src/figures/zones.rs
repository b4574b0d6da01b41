//! How the time with heart rate was spread over three zones.

use fitness::polarization;
use serde::Serialize;

use super::rounded;
use crate::history::View;

const WINDOW_DAYS: i64 = 30;
/// Less time tells of single sessions, not of habits.
const HOURS_AT_LEAST: f64 = 5.0;

/// Below, between and above the two thresholds (Seiler 2006).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Zones {
    easy_percent: i64,
    middle_percent: i64,
    hard_percent: i64,
    hours: f64,
    /// Absent where one of the zones has no time at all: the index is not defined there.
    #[serde(skip_serializing_if = "Option::is_none")]
    polarization: Option<f64>,
}

/// Absent with less than five hours of heart rate in 30 days.
pub(super) fn of(view: &View<'_>) -> Option<Zones> {
    let mut seconds = [0.0; 3];
    for zones in view.last_outings(WINDOW_DAYS).iter().filter_map(|outing| outing.zones_s) {
        seconds.iter_mut().zip(zones).for_each(|(sum, more)| *sum += more);
    }
    let total: f64 = seconds.iter().sum();
    let shares = seconds.map(|zone| zone / total);
    (total >= 3600.0 * HOURS_AT_LEAST).then(|| Zones {
        easy_percent: percent(shares[0]),
        middle_percent: percent(shares[1]),
        hard_percent: percent(shares[2]),
        hours: rounded(total / 3600.0, 1),
        polarization: polarization::index(shares).map(|index| rounded(index, 2)),
    })
}

fn percent(share: f64) -> i64 {
    (100.0 * share).round() as i64
}
