//! What a grade costs, as a factor of the speed on the level that costs the same.

/// Where the factors are from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Model {
    /// The energy cost of running measured on a treadmill.
    Minetti,
    /// Fitted to heart rates of runners outdoors, with less credit downhill.
    HeartRate,
}

/// Grade and factor, read off the chart of Strava's improved model (2017). Evidence: fitted to many runners, unpublished.
const POINTS: [(f64, f64); 11] = [
    (-0.30, 1.490),
    (-0.20, 1.085),
    (-0.16, 0.965),
    (-0.10, 0.875),
    (-0.05, 0.900),
    (0.0, 1.0),
    (0.05, 1.19),
    (0.10, 1.48),
    (0.20, 2.28),
    (0.30, 3.16),
    (0.40, 3.74),
];

impl Model {
    /// The model that numbers rest on where none is named.
    pub const DEFAULT: Self = Self::HeartRate;

    /// By how much a speed on this grade is to be multiplied.
    pub fn factor(self, grade: f64) -> f64 {
        match self {
            Self::Minetti => minetti_cost(grade) / LEVEL_COST,
            Self::HeartRate => by_heart_rate(grade),
        }
    }
}

const LEVEL_COST: f64 = 3.6;

/// Energy cost of running on a grade, in J/kg/m.
///
/// Minetti et al. 2002, J Appl Physiol 93:1039, from -0.45 to +0.45. Evidence: measured on ten mountain runners.
pub(crate) fn minetti_cost(grade: f64) -> f64 {
    let i = grade;
    ((((155.4 * i - 30.4) * i - 43.3) * i + 46.3) * i + 19.5) * i + LEVEL_COST
}

/// The line between the points, which goes on beyond them.
fn by_heart_rate(grade: f64) -> f64 {
    let above = POINTS.partition_point(|(point, _)| *point < grade).clamp(1, POINTS.len() - 1);
    let ((from, low), (to, high)) = (POINTS[above - 1], POINTS[above]);
    low + (high - low) * (grade - from) / (to - from)
}
