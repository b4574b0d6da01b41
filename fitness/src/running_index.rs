//! How fast an athlete runs for the heart rate: one number a run, to be followed over months.
//!
//! The published form of Polar's running index: (213.9 / minutes × km^1.06 + 3.5) / min(1, 1.45 × HR / HRmax - 0.30).
//! Evidence: on the scale of the highest oxygen uptake, a rough estimate of it; steady from run to run.

/// A shorter run says nothing.
const SHORTEST_S: f64 = 12.0 * 60.0;
/// Neither does a slower one, 6 km/h.
const SLOWEST_M_PER_S: f64 = 6.0 / 3.6;
/// Nor one with a lower heart rate, as a share of the maximum: a strap that does not read.
const LOWEST_SHARE: f64 = 0.4;

/// The index of a run over so many metres in so many seconds at a mean heart rate.
pub fn of((meters, seconds): (f64, f64), mean_bpm: f64, max_bpm: f64) -> Option<f64> {
    let share = mean_bpm / max_bpm;
    let is_told = seconds >= SHORTEST_S && meters >= SLOWEST_M_PER_S * seconds && share >= LOWEST_SHARE;
    let uptake = 213.9 / (seconds / 60.0) * (meters / 1000.0).powf(1.06) + 3.5;
    is_told.then(|| uptake / (1.45 * share - 0.30).min(1.0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(way: (f64, f64), (mean_bpm, max_bpm): (f64, f64), wanted: Option<f64>) {
        let found = of(way, mean_bpm, max_bpm);
        let is_near = match (found, wanted) {
            (Some(found), Some(wanted)) => (found - wanted).abs() < 5e-4,
            (found, wanted) => found == wanted,
        };
        assert!(is_near, "{way:?} at {mean_bpm} of {max_bpm}: {found:?}, not {wanted:?}");
    }

    /// By hand: 213.9 / 50 × 10^1.06 + 3.5 = 52.6180; at 150 of 190 the divisor is 0.844737.
    #[test]
    fn ten_kilometres_in_50_minutes_at_150_of_190_are_62_289() {
        check((10_000.0, 3000.0), (150.0, 190.0), Some(62.2892));
    }

    /// Beyond 1.3 / 1.45 of the maximum the divisor stays 1.
    #[test]
    fn near_the_maximum_the_heart_rate_no_longer_counts() {
        check((10_000.0, 3000.0), (171.0, 190.0), Some(52.6180));
        check((10_000.0, 3000.0), (189.0, 190.0), Some(52.6180));
    }

    #[test]
    fn what_is_short_slow_or_without_a_pulse_has_none() {
        check((3000.0, 719.0), (150.0, 190.0), None);
        check((1199.0, 720.0), (150.0, 190.0), None);
        check((10_000.0, 3000.0), (75.0, 190.0), None);
        check((10_000.0, 3000.0), (f64::NAN, 190.0), None);
        assert!(of((1200.0, 720.0), 150.0, 190.0).is_some());
    }

    proptest! {
        #[test]
        fn a_lower_heart_rate_at_the_same_speed_is_never_worse(meters in 2000.0..42_195.0_f64, pace in 2.0..6.0_f64, bpm in 80.0..189.0_f64) {
            let way = (meters, meters / pace);
            if let (Some(here), Some(lower)) = (of(way, bpm, 190.0), of(way, bpm - 1.0, 190.0)) {
                prop_assert!(lower >= here && here.is_finite() && here > 0.0);
            }
        }
    }
}
