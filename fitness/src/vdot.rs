//! Fitness for running from one result, and the result over another distance from that fitness.
//!
//! Daniels and Gilbert, *Oxygen Power* (1979): the oxygen cost of a speed, and the share of the highest uptake
//! that can be held for a time. Evidence: good from the mile to the half marathon; beyond, endurance decides.

/// A time is looked for between these speeds; nobody runs faster, and slower is a walk.
const FASTEST_M_PER_MIN: f64 = 750.0;
const SLOWEST_M_PER_MIN: f64 = 40.0;
/// Threshold, as a share of VDOT.
const THRESHOLD_SHARE: f64 = 0.88;
/// Halvings of the time that is looked for: from a day down to less than a microsecond.
const HALVINGS: u32 = 60;

/// The VDOT (ml/kg/min) of having run so many metres in so many seconds.
pub fn of(meters: f64, seconds: f64) -> f64 {
    let minutes = seconds / 60.0;
    oxygen_cost(meters / minutes) / share_held(minutes)
}

/// The seconds that a VDOT gives for a distance.
///
/// Times stop at speeds of 40 and 750 m/min, where the equation says nothing any more.
pub fn seconds(vdot: f64, meters: f64) -> f64 {
    let mut fast_s = meters / FASTEST_M_PER_MIN * 60.0;
    let mut slow_s = meters / SLOWEST_M_PER_MIN * 60.0;
    for _ in 0..HALVINGS {
        let middle_s = f64::midpoint(fast_s, slow_s);
        // A longer time is a lower VDOT.
        if of(meters, middle_s) > vdot { fast_s = middle_s } else { slow_s = middle_s }
    }
    f64::midpoint(fast_s, slow_s)
}

/// The pace of a VDOT's threshold in seconds per kilometre: the speed of 88 % of it, which can be held for an hour.
///
/// Daniels and Gilbert's own inverse: v = 29.54 + 5.000663 V - 0.007546 V².
pub fn threshold_pace_s_per_km(vdot: f64) -> f64 {
    60_000.0 / m_per_min(THRESHOLD_SHARE * vdot)
}

/// The speed in metres per minute that an uptake pays for.
fn m_per_min(uptake: f64) -> f64 {
    29.54 + 5.000_663 * uptake - 0.007_546 * uptake * uptake
}

/// Oxygen (ml/kg/min) that running costs at a speed in metres per minute.
fn oxygen_cost(m_per_min: f64) -> f64 {
    -4.60 + 0.182_258 * m_per_min + 0.000_104 * m_per_min * m_per_min
}

/// Share of the highest uptake that can be held for so many minutes.
fn share_held(minutes: f64) -> f64 {
    0.8 + 0.189_439_3 * (-0.012_778 * minutes).exp() + 0.298_955_8 * (-0.193_260_5 * minutes).exp()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MILE_M: f64 = 1609.344;
    const HALF_M: f64 = 21_097.5;
    const MARATHON_M: f64 = 42_195.0;

    fn check_vdot(meters: f64, seconds: f64, wanted: f64) {
        let found = of(meters, seconds);
        assert!((found - wanted).abs() < 0.0005, "{meters} m in {seconds} s: {found}, not {wanted}");
    }

    fn check_seconds(vdot: f64, meters: f64, wanted_s: f64) {
        let found = seconds(vdot, meters);
        assert!((found - wanted_s).abs() < 0.006, "{vdot} over {meters} m: {found}, not {wanted_s}");
    }

    #[test]
    fn a_result_has_the_vdot_of_the_equation() {
        check_vdot(5000.0, 1200.0, 49.806);
        check_vdot(10_000.0, 2400.0, 51.944);
        check_vdot(HALF_M, 5400.0, 50.977);
        check_vdot(MARATHON_M, 10_800.0, 53.528);
        check_vdot(MILE_M, 360.0, 48.417);
    }

    #[test]
    fn a_vdot_has_the_times_of_the_equation() {
        check_seconds(50.0, 5000.0, 19.0 * 60.0 + 56.02);
        check_seconds(50.0, 10_000.0, 41.0 * 60.0 + 19.60);
        check_seconds(50.0, HALF_M, 91.0 * 60.0 + 31.20);
        check_seconds(50.0, MARATHON_M, 190.0 * 60.0 + 39.74);
        check_seconds(40.0, 5000.0, 24.0 * 60.0 + 6.22);
        check_seconds(40.0, 10_000.0, 50.0 * 60.0 + 0.77);
        check_seconds(60.0, 5000.0, 17.0 * 60.0 + 2.79);
        check_seconds(60.0, 10_000.0, 35.0 * 60.0 + 21.85);
    }

    #[test]
    fn a_result_predicts_another_distance() {
        let from_5k = of(5000.0, 1200.0);
        check_seconds(from_5k, 10_000.0, 41.0 * 60.0 + 27.85);
        check_seconds(from_5k, HALF_M, 91.0 * 60.0 + 49.68);
        check_seconds(from_5k, MARATHON_M, 191.0 * 60.0 + 17.19);
        check_seconds(of(10_000.0, 2400.0), 5000.0, 19.0 * 60.0 + 17.59);
    }

    #[test]
    fn the_threshold_of_50_is_4_15() {
        assert!((threshold_pace_s_per_km(50.0) - 255.0).abs() < 0.5, "{}", threshold_pace_s_per_km(50.0));
    }

    #[test]
    fn the_printed_table_is_within_ten_seconds() {
        let printed = [(5000.0, 1197.0), (10_000.0, 2481.0), (HALF_M, 5495.0), (MARATHON_M, 11_449.0)];
        for (meters, seconds_printed) in printed {
            assert!((seconds(50.0, meters) - seconds_printed).abs() <= 10.0, "{meters} m");
        }
    }

    proptest! {
        #[test]
        fn a_result_gives_itself_back(meters in 1500.0..42_195.0, m_per_min in 100.0..380.0) {
            let run_s = meters / m_per_min * 60.0;
            prop_assert!((seconds(of(meters, run_s), meters) - run_s).abs() < 1e-6 * run_s);
        }

        #[test]
        fn more_time_is_a_lower_vdot(meters in 1500.0..42_195.0, m_per_min in 100.0..380.0, more in 1.001..1.5) {
            let run_s = meters / m_per_min * 60.0;
            prop_assert!(of(meters, run_s * more) < of(meters, run_s));
        }

        #[test]
        fn a_longer_way_takes_longer_and_at_a_slower_pace(vdot in 25.0..80.0, meters in 1500.0..40_000.0) {
            let (here, further) = (seconds(vdot, meters), seconds(vdot, meters * 1.05));
            prop_assert!(further / here > 1.05);
        }
    }
}
