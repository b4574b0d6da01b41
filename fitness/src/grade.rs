//! Speed on the level that would have cost as much: the grade of each second, and two models of its price.

mod model;

pub use model::Model;
pub(crate) use model::minetti_cost;

use crate::moving::PAUSE_MS;
use crate::power::{FourthPower, Rolling};
use crate::recording::{Channel, Samples};

/// Nobody runs faster; more is a jump of the receiver.
const FASTEST_M_PER_S: f64 = 12.0;
/// Slower than this is standing.
pub(crate) const MOVING_M_PER_S: f64 = 0.5;
/// Seconds to each side of the speed, of the mean of the altitude and of the grade.
const SPEED_REACH: usize = 2;
const ALTITUDE_REACH: usize = 15;
const MEAN_SPEED_REACH: usize = 30;
const GRADE_REACH: usize = 15;
/// Over a shorter way the grade is noise.
const SHORTEST_WAY_M: f64 = 5.0;
/// Minetti measured no steeper ones.
const STEEPEST: f64 = 0.45;

/// A recording second by second, in pieces without a step of more than 30 s.
#[derive(Debug, Default)]
pub struct Graded {
    pieces: Vec<Piece>,
    /// False where no altitude was recorded, so that every grade is 0.
    pub has_grade: bool,
}

/// Seconds that follow each other.
#[derive(Debug)]
pub(crate) struct Piece {
    pub start_ms: i64,
    pub speed: Vec<f64>,
    /// Rise over run.
    pub grade: Vec<f64>,
}

impl Graded {
    /// The speeds and grades of clean samples whose distance at each is known.
    pub fn of(samples: &Samples, along: &[f64]) -> Self {
        let times = &samples.time_ms;
        let altitude = samples.channel(Channel::Altitude);
        let ends = (1..=times.len())
            .filter(|&index| index == times.len() || times[index] - times[index - 1] > PAUSE_MS);
        let mut start = 0;
        let mut pieces = Vec::new();
        for end in ends {
            if end - start > 1 {
                let altitude = altitude.map(|altitude| &altitude[start..end]);
                pieces.push(Piece::of(&times[start..end], &along[start..end], altitude));
            }
            start = end;
        }
        Self { pieces, has_grade: altitude.is_some() }
    }

    pub(crate) fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// Graded speed of each second, in m/s.
    pub fn speeds(&self, model: Model) -> impl Iterator<Item = f64> {
        self.pieces.iter().flat_map(move |piece| piece.speeds(model))
    }

    /// The speed of each second as its mean over a minute, whatever the grade.
    pub fn mean_speeds(&self) -> impl Iterator<Item = f64> {
        self.pieces.iter().flat_map(|piece| {
            let count = piece.speed.len();
            (0..count).map(move |second| {
                let (from, to) =
                    (second.saturating_sub(MEAN_SPEED_REACH), (second + MEAN_SPEED_REACH + 1).min(count));
                piece.speed[from..to].iter().sum::<f64>() / (to - from) as f64
            })
        })
    }

    /// The mean graded speed over the seconds in motion; `None` without an altitude or without motion.
    pub fn mean(&self, model: Model) -> Option<f64> {
        if !self.has_grade {
            return None;
        }
        let (mut sum, mut seconds) = (0.0, 0_u32);
        for piece in &self.pieces {
            for (&speed, &grade) in piece.speed.iter().zip(&piece.grade) {
                if speed >= MOVING_M_PER_S {
                    sum += speed * model.factor(grade);
                    seconds += 1;
                }
            }
        }
        (seconds > 0).then(|| sum / f64::from(seconds))
    }

    /// The normalized graded speed: 30 s rolling means, fourth root of the mean of their fourth powers.
    ///
    /// Allen and Coggan's smoothing on the graded speed. Evidence: a convention.
    pub fn normalized(&self, model: Model) -> Option<f64> {
        let mut mean = FourthPower::default();
        self.smoothed(model, |_, speed| mean.add(speed));
        mean.root().filter(|speed| *speed > 0.0)
    }

    /// The rolling means under it, each with the second on which it ends.
    pub(crate) fn smoothed(&self, model: Model, mut each: impl FnMut(i64, f64)) {
        for piece in &self.pieces {
            let mut rolling = Rolling::default();
            for (second, speed) in (0_i64..).zip(piece.speeds(model)) {
                if let Some(mean) = rolling.push(speed) {
                    each(piece.start_ms + second * 1000, mean);
                }
            }
        }
    }
}

impl Piece {
    fn of(times: &[i64], along: &[f64], altitude: Option<&[f64]>) -> Self {
        let way = each_second(times, along);
        let count = way.len();
        let between = |values: &[f64], second: usize, reach: usize| {
            let (from, to) = (second.saturating_sub(reach), (second + reach).min(count - 1));
            (values[to] - values[from], (to - from) as f64)
        };
        let speed = (0..count).map(|second| {
            let (way_m, seconds) = between(&way, second, SPEED_REACH);
            if seconds > 0.0 { (way_m / seconds).min(FASTEST_M_PER_S) } else { 0.0 }
        });
        let smooth = altitude.and_then(|altitude| smooth_altitude(times, altitude));
        let grade = smooth.map_or_else(
            || vec![0.0; count],
            |altitude| {
                let grade = |second| {
                    let (way_m, _) = between(&way, second, GRADE_REACH);
                    let (rise_m, _) = between(&altitude, second, GRADE_REACH);
                    if way_m < SHORTEST_WAY_M { 0.0 } else { (rise_m / way_m).clamp(-STEEPEST, STEEPEST) }
                };
                (0..count).map(grade).collect()
            },
        );
        Self { start_ms: times[0], speed: speed.collect(), grade }
    }

    fn speeds(&self, model: Model) -> impl Iterator<Item = f64> {
        self.speed.iter().zip(&self.grade).map(move |(speed, grade)| speed * model.factor(*grade))
    }
}

/// The values at each whole second since the first, on the line between the samples; missing ones are passed over.
fn each_second(times: &[i64], values: &[f64]) -> Vec<f64> {
    let (first, last) = (times[0], times[times.len() - 1]);
    let mut seconds = Vec::with_capacity(usize::try_from((last - first) / 1000 + 1).unwrap_or(0));
    let mut before: Option<(i64, f64)> = None;
    let mut second_ms = first;
    for (&time, &value) in times.iter().zip(values).filter(|(_, value)| !value.is_nan()) {
        while second_ms <= time {
            let (from_ms, from) = before.unwrap_or((time, value));
            let share =
                if time > from_ms { (second_ms - from_ms) as f64 / (time - from_ms) as f64 } else { 1.0 };
            seconds.push(from + (value - from) * share);
            second_ms += 1000;
        }
        before = Some((time, value));
    }
    if let Some((_, value)) = before {
        while second_ms <= last {
            seconds.push(value);
            second_ms += 1000;
        }
    }
    seconds
}

/// The centred mean of the altitude over 31 s; `None` where none was recorded.
fn smooth_altitude(times: &[i64], altitude: &[f64]) -> Option<Vec<f64>> {
    let seconds = each_second(times, altitude);
    if seconds.is_empty() {
        return None;
    }
    let mut sums = Vec::with_capacity(seconds.len() + 1);
    sums.push(0.0);
    let mut sum = 0.0;
    for meters in &seconds {
        sum += meters;
        sums.push(sum);
    }
    let mean = |second: usize| {
        let (from, to) =
            (second.saturating_sub(ALTITUDE_REACH), (second + ALTITUDE_REACH + 1).min(seconds.len()));
        (sums[to] - sums[from]) / (to - from) as f64
    };
    Some((0..seconds.len()).map(mean).collect())
}

#[cfg(test)]
mod tests;
