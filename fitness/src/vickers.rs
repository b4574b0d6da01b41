//! The marathon from shorter races and the weekly way.
//!
//! Vickers and Vertosick 2016 (BMC Sports Sci Med Rehab 8:26), fitted to 2,303 recreational runners: Riegel is ten
//! minutes too fast for half of all marathoners. Evidence: one survey; the mean squared error falls from 381 to 228
//! with one race and to 208 with two.

use crate::best_effort::{MARATHON_M, MILE_M};
use crate::riegel::{self, Mark};

/// The root of the mean squared error that the paper leaves with one race, 228 min².
pub const ERROR_S: f64 = 906.0;
/// The paper's own Riegel speed rests on 1.07.
const EXPONENT: f64 = 1.07;
/// Per ten miles a week. Several public predictors copied it tenfold.
const PER_TEN_MILES: f64 = 0.064_238_26;

/// Seconds over a marathon from one race and the metres of a week.
pub fn from_one(race: Mark, weekly_m: f64) -> f64 {
    let riegel_m_per_s = MARATHON_M / riegel::seconds(race, MARATHON_M, EXPONENT);
    let m_per_s = 0.160_186_17 + 0.830_762_02 * riegel_m_per_s + PER_TEN_MILES * (miles(weekly_m) / 10.0);
    MARATHON_M / m_per_s
}

/// Seconds over a marathon from a shorter and a longer race and the metres of a week.
pub fn from_two(shorter: Mark, longer: Mark, weekly_m: f64) -> f64 {
    riegel::seconds(longer, MARATHON_M, exponent(shorter, longer, weekly_m))
}

fn exponent(shorter: Mark, longer: Mark, weekly_m: f64) -> f64 {
    let shown = (longer.1 / shorter.1).ln() / (longer.0 / shorter.0).ln();
    // 1.4510756 - 0.23797948 k: the steeper the two races, the flatter the rest.
    1.451_075_6 - 0.237_979_48 * shown - 0.014_100_23 * (miles(weekly_m) / 10.0)
}

fn miles(meters: f64) -> f64 {
    meters / MILE_M
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::best_effort::HALF_MARATHON_M;

    const FORTY_MILES_M: f64 = 40.0 * MILE_M;
    const HALF: Mark = (HALF_MARATHON_M, 5400.0);
    const TEN: Mark = (10_000.0, 2400.0);

    fn near(found: f64, wanted: f64) {
        assert!((found - wanted).abs() < 0.006, "{found}, not {wanted}");
    }

    #[test]
    fn a_half_marathon_in_90_minutes_at_40_miles_a_week_is_3_20_24() {
        near(from_one(HALF, FORTY_MILES_M), 3.0 * 3600.0 + 20.0 * 60.0 + 24.26);
    }

    #[test]
    fn two_races_at_40_miles_a_week_are_3_17_49() {
        let found = exponent(TEN, HALF, FORTY_MILES_M);
        assert!((found - 1.136_179).abs() < 1e-6, "{found}");
        near(from_two(TEN, HALF, FORTY_MILES_M), 3.0 * 3600.0 + 17.0 * 60.0 + 49.10);
    }

    /// With the coefficient that was copied wrongly, ten more miles a week would save an hour.
    #[test]
    fn ten_more_miles_a_week_save_minutes_and_not_an_hour() {
        let saved = from_one(HALF, FORTY_MILES_M) - from_one(HALF, FORTY_MILES_M + 10.0 * MILE_M);
        assert!((180.0..300.0).contains(&saved), "{saved}");
        let speed = |weekly_m| MARATHON_M / from_one(HALF, weekly_m);
        let per_ten_miles = speed(FORTY_MILES_M + 10.0 * MILE_M) - speed(FORTY_MILES_M);
        assert!((per_ten_miles - 0.064_238_26).abs() < 1e-9, "{per_ten_miles}");
    }

    /// With 1.06 in place of 1.07 the speed that the model starts from would be higher.
    #[test]
    fn the_speed_to_start_from_rests_on_1_07() {
        let start = (MARATHON_M / from_one(HALF, 0.0) - 0.160_186_17) / 0.830_762_02;
        assert!((start - MARATHON_M / riegel::seconds(HALF, MARATHON_M, 1.07)).abs() < 1e-12);
        assert!((start - MARATHON_M / riegel::seconds(HALF, MARATHON_M, 1.06)).abs() > 0.02);
    }

    proptest! {
        #[test]
        fn a_longer_week_never_makes_slower(seconds in 4200.0..9000.0_f64, weekly_m in 0.0..150_000.0_f64, more_m in 1.0..30_000.0_f64) {
            prop_assert!(from_one((HALF_MARATHON_M, seconds), weekly_m + more_m) < from_one((HALF_MARATHON_M, seconds), weekly_m));
        }
    }
}
