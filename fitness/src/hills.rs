//! What hills cost a runner who comes back to where the way began.
//!
//! Minetti et al. 2002 (J Appl Physiol 93:1039): metabolic cost of running on a grade, -0.45 to +0.45.
//! Evidence: measured on ten runners; for a whole way it is a rough guess, since only its ascent is known.

/// No way as a whole is steeper.
const STEEPEST: f64 = 0.45;

/// By how many percent a way with so much ascent takes longer than a flat one.
///
/// Half of it is taken as climbing and half as descending at one grade, and the cost of both is compared.
pub fn cost_percent(ascent_m: f64, distance_m: f64) -> f64 {
    let grade = (ascent_m / (distance_m / 2.0)).clamp(0.0, STEEPEST);
    100.0 * (f64::midpoint(cost(grade), cost(-grade)) / cost(0.0) - 1.0)
}

/// Joules per kilogram and metre.
fn cost(grade: f64) -> f64 {
    let polynomial = [155.4, -30.4, -43.3, 46.3, 19.5, 3.6];
    polynomial.into_iter().fold(0.0, |sum, coefficient| sum * grade + coefficient)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grade_costs_what_was_measured() {
        let grades =
            [(-0.20, 1.8), (-0.10, 2.1517), (0.0, 3.6), (0.05, 4.6852), (0.10, 5.9682), (0.45, 19.426)];
        for (grade, wanted) in grades {
            assert!((cost(grade) - wanted).abs() < 1e-3, "{grade}: {}", cost(grade));
        }
    }

    #[test]
    fn two_hundred_metres_over_ten_kilometres_cost_two_percent() {
        assert!((cost_percent(200.0, 10_000.0) - 2.0).abs() < 0.1, "{}", cost_percent(200.0, 10_000.0));
        assert_eq!(cost_percent(0.0, 10_000.0), 0.0);
    }
}
