//! The lower edges of the zones that time is counted in.

use crate::best_effort;
use crate::heart_rate;
use crate::load::{self, Effort};
use crate::settings::Settings;

/// Lower edges as shares of threshold power: Coggan's seven levels. Evidence: widely used, a convention.
const OF_THRESHOLD_POWER: [f64; 7] = [0.0, 0.55, 0.75, 0.9, 1.05, 1.2, 1.5];
/// Lower edges as shares of the threshold speed: Friel's zones, whose paces are 129, 114, 106, 100 and 90 % of the
/// threshold pace. Evidence: a rule of thumb.
const OF_THRESHOLD_SPEED: [f64; 6] = [0.0, 1.0 / 1.29, 1.0 / 1.14, 1.0 / 1.06, 1.0, 1.0 / 0.9];

/// Lower edges of each zone, from the easiest on. A value on an edge belongs above, one below the first to none.
#[derive(Debug, Clone, PartialEq)]
pub struct Edges {
    /// Beats per minute.
    pub hr: Vec<f64>,
    /// Watts.
    pub power: Option<Vec<f64>>,
    /// Graded speed in m/s.
    pub speed: Option<Vec<f64>>,
}

impl Edges {
    /// The edges that follow from an athlete's thresholds: heart rate in shares of the maximum, power on the bicycle
    /// in shares of the threshold power, running in shares of the threshold speed.
    pub fn usual(effort: &Effort, settings: &Settings) -> Self {
        let ftp = load::threshold_power(settings, effort.best_20min_power).filter(|_| effort.is_cycling());
        let pace = settings.threshold_pace_s_per_km.filter(|_| best_effort::is_running(&effort.sport));
        Self {
            hr: heart_rate::edwards_edges(settings.hr_max.value).to_vec(),
            power: ftp.map(|watts| OF_THRESHOLD_POWER.map(|share| share * watts).to_vec()),
            speed: pace.map(|pace| OF_THRESHOLD_SPEED.map(|share| share * 1000.0 / pace.value).to_vec()),
        }
    }
}
