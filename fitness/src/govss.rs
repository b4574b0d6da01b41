//! Running as power: Skiba's gravity ordered velocity stress score (GOVSS).
//!
//! Skiba 2006, *Calculation of Power Output and Quantification of Training Stress in Distance Runners*: the energy cost
//! of the grade (Minetti et al. 2002) times an efficiency that depends on the speed, of the air and of changing speed
//! (Arsac and Locatelli 2001, J Appl Physiol 91:1781). Evidence: a model; its score is a convention like TSS.

use crate::grade::{Graded, minetti_cost};
use crate::power::{FourthPower, Rolling};

/// Seconds over which speed and grade are smoothed.
const SMOOTH_S: usize = 120;
/// Density of the air in kg/m³ and drag coefficient of a runner.
const AIR_KG_PER_M3: f64 = 1.2;
const DRAG: f64 = 0.9;
/// The runner that the air is reckoned for.
const BODY: Body = Body { kg: 70.0, meters: 1.75 };

/// What the air meets.
#[derive(Debug, Clone, Copy)]
struct Body {
    kg: f64,
    meters: f64,
}

impl Body {
    /// What the air costs at 1 m/s, in J per kg and metre: half of density, drag coefficient and frontal area.
    ///
    /// The area is 0.266 of the skin's, by Du Bois.
    fn air_cost(self) -> f64 {
        let area_m2 = 0.2025 * self.meters.powf(0.725) * self.kg.powf(0.425) * 0.266;
        0.5 * AIR_KG_PER_M3 * DRAG * area_m2 / self.kg
    }

    /// Watts per kilogram at a steady speed on a grade.
    fn steady(self, m_per_s: f64, grade: f64) -> f64 {
        // Mechanical by metabolic energy: springs help the faster runner, until muscles shorten too fast.
        let efficiency = (0.25 + 0.054 * m_per_s) * (1.0 - 0.5 * m_per_s / 8.33);
        (self.air_cost() * m_per_s * m_per_s + minetti_cost(grade) * efficiency) * m_per_s
    }

    fn normalized(self, graded: &Graded) -> Option<f64> {
        let mut mean = FourthPower::default();
        for piece in graded.pieces() {
            let mut rolling = Rolling::default();
            let mut before: Option<f64> = None;
            for (speed, grade) in trailing(&piece.speed).zip(trailing(&piece.grade)) {
                let kinetic = before.map_or(0.0, |before| 0.5 * (speed * speed - before * before));
                before = Some(speed);
                // A runner who slows down gets nothing back.
                let watts = (self.steady(speed, grade) + kinetic).max(0.0);
                if let Some(watts) = rolling.push(watts) {
                    mean.add(watts);
                }
            }
        }
        mean.root().filter(|watts| *watts > 0.0)
    }
}

/// Lactate-normalized power of a run in watts per kilogram; `None` unless some piece lasts 30 s.
///
/// Speed and grade as their means over the last 120 s, of fewer at the begin of a piece; power from these and from the
/// change of that speed; its 30 s rolling mean; the fourth root of the mean of fourth powers.
pub fn normalized(graded: &Graded) -> Option<f64> {
    BODY.normalized(graded)
}

/// The score: 100 for an hour at the threshold pace on the level.
///
/// Seconds × power × share of the threshold's power, over an hour's work at it.
pub fn score(seconds: f64, normalized: f64, threshold_mps: f64) -> f64 {
    let share = normalized / BODY.steady(threshold_mps, 0.0);
    100.0 * seconds / 3600.0 * share * share
}

/// The mean of the last values at each of them.
fn trailing(values: &[f64]) -> impl Iterator<Item = f64> {
    let mut sum = 0.0;
    values.iter().enumerate().map(move |(index, value)| {
        sum += value;
        if let Some(left) = index.checked_sub(SMOOTH_S) {
            sum -= values[left];
        }
        sum / (index + 1).min(SMOOTH_S) as f64
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::recording::{Channel, Samples};

    fn near(value: f64, wanted: f64, within: f64) {
        assert!((value - wanted).abs() <= within, "{value} is not {wanted}");
    }

    /// A run of these speeds on these grades, a second each.
    fn run(steps: impl IntoIterator<Item = (f64, f64)>) -> Graded {
        let (mut along, mut altitude) = (vec![0.0], vec![500.0]);
        for (step, (speed, grade)) in steps.into_iter().enumerate() {
            along.push(along[step] + speed);
            altitude.push(altitude[step] + speed * grade);
        }
        let samples = Samples {
            time_ms: (0..along.len() as i64).map(|second| second * 1000).collect(),
            channels: [(Channel::Altitude, altitude)].into(),
            breaks: Vec::new(),
        };
        Graded::of(&samples, &along)
    }

    fn steady(seconds: usize, speed: f64, grade: f64) -> Graded {
        run(std::iter::repeat_n((speed, grade), seconds))
    }

    /// By hand: 0.2025 × 1.75^0.725 × 70^0.425 × 0.266 = 0.491672 m²; air 0.54 × 0.491672 / 70 × 16 = 0.060686;
    /// efficiency 0.466 × 0.759904 = 0.354115; (0.060686 + 3.6 × 0.354115) × 4.
    #[test]
    fn four_metres_a_second_on_the_level_are_5_342_watts_per_kilogram() {
        near(BODY.air_cost(), 0.003_793, 5e-7);
        near(BODY.steady(4.0, 0.0), 5.3420, 5e-5);
    }

    #[test]
    fn a_grade_costs_what_minetti_measured() {
        let without_air = |grade| BODY.steady(3.0, grade) - BODY.air_cost() * 27.0;
        near(without_air(0.10) / without_air(0.0), 1.6578, 5e-5);
    }

    #[test]
    fn a_steady_run_has_the_power_of_its_speed() {
        for grade in [0.0, 0.05] {
            let found = normalized(&steady(1800, 3.5, grade)).unwrap();
            near(found, BODY.steady(3.5, grade), 0.02);
        }
    }

    #[test]
    fn an_hour_at_the_threshold_scores_100() {
        let power = normalized(&steady(3600, 4.0, 0.0)).unwrap();
        near(score(3600.0, power, 4.0), 100.0, 1e-6);
        near(score(1800.0, power, 4.0), 50.0, 1e-6);
        assert!(score(3600.0, power, 3.8) > 100.0);
    }

    /// Minutes of change are smoothed away, as speed and grade are means of two; halves of an hour are not.
    #[test]
    fn long_changes_weigh_more_than_an_even_run() {
        let even = normalized(&steady(3600, 3.5, 0.0)).unwrap();
        let changing = |seconds: usize| {
            run((0..3600).map(|s| (if (s / seconds).is_multiple_of(2) { 4.5 } else { 2.5 }, 0.0)))
        };
        near(normalized(&changing(60)).unwrap() / even, 1.0, 0.02);
        assert!(normalized(&changing(600)).unwrap() / even > 1.1);
    }

    #[test]
    fn speeding_up_costs_and_slowing_down_gives_nothing_back() {
        let starting = normalized(&run((0..300).map(|s| (f64::from(s) / 75.0, 0.0)))).unwrap();
        let stopping = normalized(&run((0..300).map(|s| (f64::from(300 - s) / 75.0, 0.0)))).unwrap();
        assert!(starting.is_finite() && stopping.is_finite() && stopping > 0.0);
    }

    /// The body is in the score and in the power of its threshold alike.
    #[test]
    fn another_body_moves_the_score_by_less_than_a_percent() {
        let hilly = run((0..3600).map(|s| (3.5, if (s / 300) % 2 == 0 { 0.06 } else { -0.06 })));
        let share = |body: Body| body.normalized(&hilly).unwrap() / body.steady(4.0, 0.0);
        for (kg, meters) in [(45.0, 1.50), (60.0, 1.75), (95.0, 1.95), (120.0, 1.75)] {
            let squared = (share(Body { kg, meters }) / share(BODY)).powi(2);
            near(squared, 1.0, 0.01);
        }
    }

    #[test]
    fn less_than_thirty_seconds_say_nothing() {
        assert_eq!(normalized(&steady(20, 3.0, 0.0)), None);
        assert_eq!(normalized(&steady(600, 0.0, 0.0)), None);
    }

    proptest! {
        #[test]
        fn it_is_never_negative_nor_none(steps in prop::collection::vec((0.0..12.0_f64, -0.6..0.6_f64), 30..400)) {
            if let Some(watts) = normalized(&run(steps)) {
                prop_assert!(watts.is_finite() && watts > 0.0);
                prop_assert!(score(600.0, watts, 3.5).is_finite());
            }
        }
    }
}
