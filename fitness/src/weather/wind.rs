//! What wind costs a runner.
//!
//! Davies 1980 (J Appl Physiol 48:702): in still air drag takes 2 % of the energy at 5 m/s and 7.8 % at 10 m/s, and grows
//! with the square of the speed of the air. Evidence: useful; measured in a wind tunnel, not on roads.

use super::track::SECTORS;

/// Share of a runner's energy that drag takes, by the square of the speed of the air in m/s.
const SHARE_PER_SQUARE: f64 = 0.0008;
/// From ten metres to a runner's height over short grass: FAO irrigation paper 56, equation 47, at 2 m.
const AT_RUNNER: f64 = 0.748;

/// By how many percent a wind makes a way dearer than still air: below zero where it helps more than it hinders.
///
/// The wind is as weather tells it, ten metres up and by where it comes from; headings are shares of the way in sectors
/// from north on clockwise.
pub fn cost_percent(
    (wind_mps, from_deg): (f64, f64),
    headings: &[f64; SECTORS],
    speed_mps: f64,
) -> Option<f64> {
    let wind = wind_mps * AT_RUNNER;
    let drag = |degrees: f64| {
        let angle = (from_deg - degrees).to_radians();
        let (along, across) = (speed_mps + wind * angle.cos(), wind * angle.sin());
        SHARE_PER_SQUARE * along.hypot(across) * along
    };
    let width = 360.0 / SECTORS as f64;
    let mean: f64 =
        headings.iter().enumerate().map(|(sector, share)| share * drag(sector as f64 * width)).sum();
    let still = SHARE_PER_SQUARE * speed_mps * speed_mps;
    let percent = 100.0 * (mean - still);
    percent.is_finite().then_some(percent)
}

/// Where a wind comes from, in the eight words of the compass.
pub fn compass(from_deg: f64) -> &'static str {
    const WORDS: [&str; 8] = ["N", "NE", "E", "SE", "S", "SW", "W", "NW"];
    WORDS[(from_deg.rem_euclid(360.0) / 45.0).round() as usize % 8]
}

#[cfg(test)]
mod tests {
    use super::*;

    const NORTH: [f64; SECTORS] =
        [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
    const THERE_AND_BACK: [f64; SECTORS] =
        [0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];

    fn check(wind: (f64, f64), headings: &[f64; SECTORS], wanted: f64) {
        let percent = cost_percent(wind, headings, 4.0).unwrap();
        assert!((percent - wanted).abs() < 0.005, "{percent}");
    }

    #[test]
    fn still_air_costs_nothing() {
        check((0.0, 90.0), &NORTH, 0.0);
    }

    #[test]
    fn a_headwind_costs_by_the_square_of_the_air_and_a_tailwind_gives_less_back() {
        // 5 m/s up there are 3.74 m/s here: 0.08 (7.74² - 4²), and 0.08 (0.26² - 4²).
        check((5.0, 0.0), &NORTH, 3.512);
        check((5.0, 180.0), &NORTH, -1.275);
        check((5.0, 0.0), &THERE_AND_BACK, 1.119);
    }

    #[test]
    fn a_crosswind_costs_a_little() {
        check((5.0, 90.0), &NORTH, 0.472);
    }

    #[test]
    fn the_drag_of_still_air_is_that_of_davies() {
        for (speed, percent) in [(5.0, 2.0), (10.0, 8.0)] {
            assert!((100.0 * SHARE_PER_SQUARE * speed * speed - percent).abs() < 1e-9);
        }
    }

    #[test]
    fn a_direction_has_the_word_that_is_nearest() {
        assert_eq!([0.0, 22.4, 22.6, 180.0, 315.0, 359.0].map(compass), ["N", "N", "NE", "S", "NW", "N"]);
    }
}
