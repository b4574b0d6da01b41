//! How far the heart drifts away from the output, from the first half of an effort to the second.

use crate::grade::{Graded, MOVING_M_PER_S, Model};
use crate::moving::PAUSE_MS;
use crate::power::{self, FourthPower};

/// Seconds in motion that are left out as warm-up.
const WARM_UP_S: usize = 10 * 60;
/// Less motion with a heart rate says nothing.
const SHORTEST_S: usize = 40 * 60;

/// What the body gives.
#[derive(Debug, Clone, Copy)]
pub enum Output<'a> {
    /// Watts at each sample.
    Power(&'a [f64]),
    GradedSpeed,
}

/// Decoupling in percent: 100 × (EF1 - EF2) / EF1, EF the normalized output over the mean heart rate of each half.
///
/// Friel (Pw:Hr, Pa:Hr); less than 5 % is called aerobic. Evidence: a rule of thumb.
/// The first 10 min in motion are left out, and halves are of the time in motion; `None` below 40 min of it.
/// Without `graded`, as on a trainer, all that was recorded is motion.
pub fn percent(time_ms: &[i64], bpm: &[f64], graded: Option<&Graded>, output: Output<'_>) -> Option<f64> {
    let motion = motion(time_ms, bpm, graded);
    if motion.len() < SHORTEST_S {
        return None;
    }
    let middle = WARM_UP_S + (motion.len() - WARM_UP_S) / 2;
    let mut halves = [&motion[WARM_UP_S..middle], &motion[middle..]].map(Half::of);
    let mut include = |time: i64, value: f64| {
        // Standing at lights is no part of either half.
        let moved = motion.partition_point(|(second_ms, _)| *second_ms <= time);
        let in_motion = moved > 0 && time - motion[moved - 1].0 < 1000;
        let half = halves.iter_mut().find(|half| half.from_ms <= time && time <= half.to_ms);
        if let Some(half) = half.filter(|_| in_motion) {
            half.output.add(value);
        }
    };
    match output {
        Output::Power(watts) => power::smoothed(time_ms, watts, include),
        Output::GradedSpeed => graded?.smoothed(Model::DEFAULT, &mut include),
    }
    let [first, second] = halves.map(|half| half.efficiency());
    let (first, second) = (first?, second?);
    (first > 0.0).then(|| 100.0 * (first - second) / first)
}

/// Each second in motion whose heart rate is known, with it.
fn motion(time_ms: &[i64], bpm: &[f64], graded: Option<&Graded>) -> Vec<(i64, f64)> {
    let mut known =
        time_ms.iter().copied().zip(bpm.iter().copied()).filter(|(_, rate)| !rate.is_nan()).peekable();
    let mut held: Option<(i64, f64)> = None;
    let mut at = |second_ms: i64| {
        while let Some(sample) = known.next_if(|(time, _)| *time <= second_ms) {
            held = Some(sample);
        }
        held.filter(|(time, _)| second_ms - time <= PAUSE_MS).map(|(_, rate)| (second_ms, rate))
    };
    match graded {
        Some(graded) => {
            let pieces = graded.pieces().iter();
            let seconds = pieces.flat_map(|piece| {
                let seconds = (0_i64..).zip(&piece.speed).filter(|(_, speed)| **speed >= MOVING_M_PER_S);
                seconds.map(|(second, _)| piece.start_ms + second * 1000)
            });
            seconds.filter_map(at).collect()
        }
        None => {
            let steps = time_ms.windows(2).filter(|step| step[1] - step[0] <= PAUSE_MS);
            let first = time_ms.first().copied().unwrap_or(0);
            // Seconds of one grid, so that none counts twice.
            let on_grid = |time: i64| first + (time - first + 999).div_euclid(1000) * 1000;
            let seconds = steps.flat_map(|step| (on_grid(step[0])..step[1]).step_by(1000));
            seconds.filter_map(&mut at).collect()
        }
    }
}

struct Half {
    from_ms: i64,
    to_ms: i64,
    bpm: f64,
    output: FourthPower,
}

impl Half {
    fn of(motion: &[(i64, f64)]) -> Self {
        let at = |second: Option<&(i64, f64)>| second.map_or(0, |(time, _)| *time);
        let sum: f64 = motion.iter().map(|(_, bpm)| bpm).sum();
        Self {
            from_ms: at(motion.first()),
            to_ms: at(motion.last()),
            bpm: sum / motion.len() as f64,
            output: FourthPower::default(),
        }
    }

    fn efficiency(&self) -> Option<f64> {
        Some(self.output.root()? / self.bpm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::Samples;

    /// One sample a second at a steady speed or power, with the heart rate of each second.
    fn check(seconds: i64, bpm: impl Fn(i64) -> f64, wanted: Option<f64>) {
        let time_ms: Vec<i64> = (0..=seconds).map(|second| second * 1000).collect();
        let bpm: Vec<f64> = (0..=seconds).map(bpm).collect();
        let along: Vec<f64> = (0..=seconds).map(|second| second as f64 * 3.0).collect();
        let samples = Samples { time_ms: time_ms.clone(), ..Samples::default() };
        let graded = Graded::of(&samples, &along);
        let watts = vec![200.0; time_ms.len()];
        let found = [
            percent(&time_ms, &bpm, Some(&graded), Output::GradedSpeed),
            percent(&time_ms, &bpm, Some(&graded), Output::Power(&watts)),
            percent(&time_ms, &bpm, None, Output::Power(&watts)),
        ];
        let rounded = found.map(|percent| percent.map(|percent| (percent * 10.0).round() / 10.0 + 0.0));
        assert_eq!(rounded, [wanted; 3]);
    }

    #[test]
    fn a_steady_heart_does_not_drift() {
        check(3600, |_| 150.0, Some(0.0));
    }

    #[test]
    fn a_heart_that_climbs_in_the_second_half_drifts() {
        // 10 min of warm-up, then two halves of 25 min.
        check(3599, |second| if second < 2100 { 140.0 } else { 150.0 }, Some(6.7));
    }

    #[test]
    fn the_warm_up_does_not_count() {
        check(3600, |second| if second < 600 { 100.0 } else { 150.0 }, Some(0.0));
    }

    #[test]
    fn standing_in_one_half_is_no_drift() {
        let time_ms: Vec<i64> = (0..=4200).map(|second| second * 1000).collect();
        let stands = |second: i64| (2400..3000).contains(&second);
        let mut way = 0.0;
        let along: Vec<f64> = (0..=4200)
            .map(|second| {
                way += if stands(second) { 0.0 } else { 3.0 };
                way
            })
            .collect();
        let bpm = vec![150.0; time_ms.len()];
        let watts: Vec<f64> = (0..=4200).map(|second| if stands(second) { 0.0 } else { 200.0 }).collect();
        let samples = Samples { time_ms: time_ms.clone(), ..Samples::default() };
        let graded = Graded::of(&samples, &along);
        for output in [Output::GradedSpeed, Output::Power(&watts)] {
            let percent = percent(&time_ms, &bpm, Some(&graded), output).unwrap();
            assert!(percent.abs() < 1.0, "{percent}");
        }
    }

    #[test]
    fn less_than_forty_minutes_say_nothing() {
        check(2398, |_| 150.0, None);
    }

    #[test]
    fn a_heart_rate_that_was_lost_does_not_count_as_motion() {
        check(3600, |second| if second > 1800 { f64::NAN } else { 150.0 }, None);
    }
}
