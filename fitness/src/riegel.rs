//! How much longer a longer distance takes.
//!
//! Riegel (1977, *Runner's World*; 1981, *American Scientist* 69:285): T2 = T1 × (D2 / D1)^k with k = 1.06.
//! Evidence: useful from 3.5 to 230 minutes; fewer than one marathoner in twenty keeps up with 1.06 to the end.

/// Riegel's own exponent.
pub const EXPONENT: f64 = 1.06;
/// An exponent fitted to few results is held within these.
const LOWEST: f64 = 1.01;
const HIGHEST: f64 = 1.20;
/// Distances closer than this tell nothing of the exponent.
const APART: f64 = 1.5;

/// A distance in metres and the seconds it took.
pub type Mark = (f64, f64);

/// The seconds over a distance, from those over another.
pub fn seconds((from_m, from_s): Mark, meters: f64, exponent: f64) -> f64 {
    from_s * (meters / from_m).powf(exponent)
}

/// The exponent that the athlete's own results show, held within 1.01 and 1.20.
///
/// The median of the slopes between the results (Theil 1950, Sen 1968), so that one bad day does not bend it;
/// `None` where no two of them are apart by half of the shorter distance.
pub fn exponent(marks: &[Mark]) -> Option<f64> {
    let pairs = marks
        .iter()
        .enumerate()
        .flat_map(|(index, one)| marks[index + 1..].iter().map(move |other| (one, other)));
    let apart = pairs.filter(|(one, other)| one.0.max(other.0) >= APART * one.0.min(other.0));
    let mut slopes: Vec<f64> =
        apart.map(|(one, other)| (other.1 / one.1).ln() / (other.0 / one.0).ln()).collect();
    slopes.sort_unstable_by(f64::total_cmp);
    let (low, high) = (slopes.get(slopes.len().checked_sub(1)? / 2)?, slopes.get(slopes.len() / 2)?);
    Some(f64::midpoint(*low, *high).clamp(LOWEST, HIGHEST))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HALF_M: f64 = 21_097.5;
    const MARATHON_M: f64 = 42_195.0;

    fn check(from: Mark, meters: f64, wanted_s: f64) {
        let found = seconds(from, meters, EXPONENT);
        assert!((found - wanted_s).abs() < 0.006, "{from:?} to {meters} m: {found}, not {wanted_s}");
    }

    #[test]
    fn a_result_predicts_another_distance() {
        check((5000.0, 1200.0), 10_000.0, 41.0 * 60.0 + 41.92);
        check((5000.0, 1200.0), HALF_M, 92.0 * 60.0 + 0.24);
        check((5000.0, 1200.0), MARATHON_M, 191.0 * 60.0 + 49.32);
        check((10_000.0, 2400.0), 5000.0, 19.0 * 60.0 + 11.12);
        check((HALF_M, 5400.0), MARATHON_M, 187.0 * 60.0 + 38.63);
    }

    #[test]
    fn two_results_show_the_exponent() {
        // 10 km in 40:00 and a half marathon in 1:30:00.
        let found = exponent(&[(10_000.0, 2400.0), (HALF_M, 5400.0)]).unwrap();
        assert!((found - 1.086_209).abs() < 0.000_001, "{found}");
    }

    #[test]
    fn the_exponent_stays_within_what_people_show() {
        assert_eq!(exponent(&[(5000.0, 1200.0), (10_000.0, 2400.0)]), Some(1.01));
        assert_eq!(exponent(&[(5000.0, 1200.0), (10_000.0, 3600.0)]), Some(1.20));
    }

    #[test]
    fn one_bad_day_does_not_bend_the_exponent() {
        let on_the_curve = |meters: f64| (meters, seconds((5000.0, 1200.0), meters, 1.08));
        let marks = [1609.344, 5000.0, 10_000.0, HALF_M].map(on_the_curve);
        let mut bent = marks.to_vec();
        bent.push((15_000.0, 5400.0));
        assert!((exponent(&bent).unwrap() - 1.08).abs() < 0.02, "{:?}", exponent(&bent));
    }

    #[test]
    fn results_over_nearly_one_distance_show_no_exponent() {
        assert_eq!(exponent(&[]), None);
        assert_eq!(exponent(&[(5000.0, 1200.0)]), None);
        assert_eq!(exponent(&[(15_000.0, 4000.0), (HALF_M, 5900.0)]), None);
    }

    proptest! {
        #[test]
        fn there_and_back_is_the_same_time(meters in 1000.0..42_195.0, from_s in 180.0..15_000.0, k in 1.01..1.2) {
            let there = seconds((5000.0, from_s), meters, k);
            prop_assert!((seconds((meters, there), 5000.0, k) - from_s).abs() < 1e-9 * from_s);
        }

        #[test]
        fn the_exponent_of_a_curve_is_found_again(k in 1.01..1.2, from_s in 900.0..2400.0) {
            let marks = [1609.344, 5000.0, 10_000.0].map(|meters| (meters, seconds((5000.0, from_s), meters, k)));
            prop_assert!((exponent(&marks).unwrap() - k).abs() < 1e-9);
        }

        #[test]
        fn a_slower_result_predicts_a_slower_one(from_s in 180.0..15_000.0, more in 1.001..2.0, meters in 1000.0..42_195.0) {
            prop_assert!(seconds((5000.0, from_s * more), meters, EXPONENT) > seconds((5000.0, from_s), meters, EXPONENT));
        }
    }
}
