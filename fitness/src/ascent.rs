//! Climbing, from altitudes that tremble.

use crate::recording::{Channel, Samples};

/// Rises and falls below this are noise.
const HYSTERESIS_M: f64 = 2.0;

/// Metres climbed, with a hysteresis of 2 m; `None` without altitudes.
///
/// Of 1, 2, 3 and 5 m the one that came nearest to the devices' own totals (median -1 %). Evidence: empirical.
/// Track segments are not joined.
pub fn meters(samples: &Samples) -> Option<f64> {
    let altitude = samples.channel(Channel::Altitude)?;
    let mut breaks = samples.breaks.iter().copied().peekable();
    let mut reference: Option<f64> = None;
    let mut climbed = 0.0;
    for (index, &meters) in altitude.iter().enumerate() {
        if breaks.next_if_eq(&index).is_some() {
            reference = None;
        }
        if meters.is_nan() {
            continue;
        }
        let from = *reference.get_or_insert(meters);
        if (meters - from).abs() >= HYSTERESIS_M {
            climbed += (meters - from).max(0.0);
            reference = Some(meters);
        }
    }
    altitude.iter().any(|meters| !meters.is_nan()).then_some(climbed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(altitudes: &[f64], breaks: &[usize], wanted_m: Option<f64>) {
        let channels = [(Channel::Altitude, altitudes.to_vec())].into();
        let samples = Samples { time_ms: Vec::new(), channels, breaks: breaks.to_vec() };
        assert_eq!(meters(&samples), wanted_m);
    }

    #[test]
    fn trembling_below_two_metres_is_flat() {
        check(&[100.0, 101.5, 100.0, 101.9, 100.2], &[], Some(0.0));
    }

    #[test]
    fn a_steady_climb_counts_in_full_steps() {
        check(&[100.0, 101.0, 102.0, 103.0, 104.0], &[], Some(4.0));
    }

    #[test]
    fn a_dip_is_climbed_again() {
        check(&[100.0, 90.0, 100.0], &[], Some(10.0));
    }

    #[test]
    fn segments_are_not_joined() {
        check(&[100.0, 100.0, 500.0, 500.0], &[2], Some(0.0));
    }

    #[test]
    fn altitudes_that_are_all_missing_say_nothing() {
        check(&[f64::NAN], &[], None);
    }
}
