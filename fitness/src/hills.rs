//! What hills cost a runner who comes back to where the way began.
//!
//! By the energy cost of grades (see [`crate::grade`]); for a whole way it is a rough guess, since only its ascent
//! is known. The model by heart rates is left out: it is steep around the level, where an ascent is mostly noise.

use crate::grade::Model;

/// No way as a whole is steeper.
const STEEPEST: f64 = 0.45;

/// By how many percent a way with so much ascent takes longer than a flat one.
///
/// Half of it is taken as climbing and half as descending at one grade, and the cost of both is compared.
pub fn cost_percent(ascent_m: f64, distance_m: f64) -> f64 {
    let grade = (ascent_m / (distance_m / 2.0)).clamp(0.0, STEEPEST);
    100.0 * (f64::midpoint(Model::Minetti.factor(grade), Model::Minetti.factor(-grade)) - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_hundred_metres_over_ten_kilometres_cost_two_percent() {
        assert!((cost_percent(200.0, 10_000.0) - 2.0).abs() < 0.1, "{}", cost_percent(200.0, 10_000.0));
        assert_eq!(cost_percent(0.0, 10_000.0), 0.0);
    }

    #[test]
    fn noise_of_fifty_metres_costs_next_to_nothing() {
        assert!(cost_percent(50.0, 10_000.0) < 0.2, "{}", cost_percent(50.0, 10_000.0));
    }
}
