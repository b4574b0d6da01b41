//! Plays an outing second by second: pace, hills, heart and the way, as a watch would have written them down.

use std::f64::consts::TAU;

use super::random::Random;
use super::workout::{Course, Outing, Sport};

/// An island that does not exist, in the middle of the Atlantic.
const ISLAND: (f64, f64) = (44.2, -31.5);
const METERS_PER_DEGREE: f64 = 111_195.0;
const RESTING_HR: f64 = 48.0;
const HIGHEST_HR: f64 = 189.0;

/// One second as recorded.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample {
    /// Seconds since the start.
    pub(super) second: u32,
    pub(super) latitude: f64,
    pub(super) longitude: f64,
    pub(super) altitude_m: f64,
    pub(super) distance_m: f64,
    pub(super) speed: f64,
    pub(super) heart_rate: f64,
    pub(super) cadence: f64,
    pub(super) watts: Option<f64>,
}

/// What a day's loop is like.
struct Loop {
    /// What the hills follow, and the way too where the outing has no course of its own.
    drawn: Course,
    course: Option<Course>,
    hill_m: f64,
}

struct State {
    way: Loop,
    sample: Sample,
    breath: f64,
}

/// How the watch writes down what it sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Recorder {
    /// Every 2 to 4 seconds where the outing is long.
    Smart,
    EverySecond,
}

/// All samples of an outing.
pub(super) fn record(outing: &Outing, recorder: Recorder, random: &mut Random) -> Vec<Sample> {
    const EVERY_SECOND_UP_TO_S: u32 = 45 * 60;
    let sparse = recorder == Recorder::Smart && outing.seconds() > EVERY_SECOND_UP_TO_S;
    let mut state = State::new(outing, random);
    let mut samples = vec![state.seen()];
    let mut due = 0;
    for intensity in outing.parts.iter().flat_map(|part| (0..part.seconds).map(|_| part.intensity)) {
        if outing.finish_m.is_some_and(|finish| state.sample.distance_m >= finish) {
            break;
        }
        state.step(outing, intensity, random);
        if state.sample.second >= due {
            samples.push(state.seen());
            due = state.sample.second + if sparse { random.between(2.0, 5.0) as u32 } else { 1 };
        }
    }
    // Whatever the step, the last second is in the file.
    if samples.last().is_some_and(|last| last.second != state.sample.second) {
        samples.push(state.seen());
    }
    samples
}

impl State {
    fn new(outing: &Outing, random: &mut Random) -> Self {
        let ride = outing.sport == Sport::Ride;
        let way = Loop {
            drawn: Course {
                length_m: random.between(4_000.0, 7_000.0) * if ride { 4.0 } else { 1.0 },
                heading: random.between(0.0, TAU),
                bends: random.between(0.0, TAU),
            },
            course: outing.course,
            hill_m: random.between(4.0, 14.0) * if ride { 3.0 } else { 1.0 },
        };
        let sample = Sample {
            second: 0,
            latitude: ISLAND.0,
            longitude: ISLAND.1,
            altitude_m: 25.0 + 3.0 * way.hill_m,
            distance_m: 0.0,
            speed: if ride { 3.0 } else { 2.0 },
            heart_rate: RESTING_HR + 32.0,
            cadence: 0.0,
            watts: ride.then_some(0.0),
        };
        Self { way, sample, breath: 0.0 }
    }

    fn step(&mut self, outing: &Outing, intensity: f64, random: &mut Random) {
        let grade = self.way.grade(self.sample.distance_m);
        self.breath = 0.97 * self.breath + 0.012 * random.normal();
        let effort = intensity * (1.0 + self.breath);
        match outing.sport {
            Sport::Run => self.run(outing.threshold_speed * effort, grade, random),
            Sport::Ride => self.ride(outing.threshold_watts * effort, grade, random),
        }
        self.sample.second += 1;
        self.travel();
        self.beat(effort, outing, random);
    }

    fn run(&mut self, flat_speed: f64, grade: f64, random: &mut Random) {
        let target = flat_speed / (1.0 + 3.3 * grade);
        self.sample.speed += (target - self.sample.speed) * 0.2 + 0.02 * random.normal();
        self.sample.cadence = (70.0 + 4.6 * self.sample.speed + 0.8 * random.normal()).clamp(60.0, 105.0);
    }

    fn ride(&mut self, watts: f64, grade: f64, random: &mut Random) {
        const MASS_KG: f64 = 82.0;
        const DRAG: f64 = 0.21;
        const ROLLING_N: f64 = 3.6;
        let speed = self.sample.speed;
        // Nobody pedals on downhill at 50 km/h.
        let coasting = speed > 13.5 || (grade < -0.035 && speed > 9.0);
        let watts = if coasting { 0.0 } else { (watts + 14.0 * random.normal()).max(0.0) };
        let force = watts / speed.max(2.5) - DRAG * speed * speed - ROLLING_N - MASS_KG * 9.81 * grade;
        self.sample.speed = (speed + force / MASS_KG).clamp(1.8, 18.0);
        self.sample.watts = Some(watts);
        self.sample.cadence = if coasting { 0.0 } else { (86.0 + 3.0 * random.normal()).clamp(60.0, 110.0) };
    }

    /// As the receiver has it.
    fn seen(&self) -> Sample {
        let (north_m, east_m) = self.way.stray_m(self.sample.distance_m);
        let circle = METERS_PER_DEGREE * self.sample.latitude.to_radians().cos();
        Sample {
            latitude: self.sample.latitude + north_m / METERS_PER_DEGREE,
            longitude: self.sample.longitude + east_m / circle,
            ..self.sample
        }
    }

    fn travel(&mut self) {
        let step = self.sample.speed;
        self.sample.altitude_m += step * self.way.grade(self.sample.distance_m);
        let heading = self.way.heading(self.sample.distance_m);
        self.sample.latitude += step * heading.cos() / METERS_PER_DEGREE;
        let circle = METERS_PER_DEGREE * self.sample.latitude.to_radians().cos();
        self.sample.longitude += step * heading.sin() / circle;
        self.sample.distance_m += step;
    }

    /// The heart follows the effort with a delay, and drifts up with time and warmth.
    fn beat(&mut self, effort: f64, outing: &Outing, random: &mut Random) {
        const REACTION_S: f64 = 38.0;
        let minutes = f64::from(self.sample.second) / 60.0;
        let warmth = 1.0 + (outing.degrees_celsius - 15.0).max(0.0) * 0.02;
        let drift = 0.0006 * minutes * warmth;
        let reserve = (0.90 * effort - 0.02 + drift).clamp(0.1, 1.0);
        let target = RESTING_HR + (HIGHEST_HR - RESTING_HR) * reserve;
        let heart = &mut self.sample.heart_rate;
        *heart += (target - *heart) / REACTION_S + 0.25 * random.normal();
        *heart = heart.clamp(RESTING_HR, HIGHEST_HR);
    }
}

impl Course {
    fn turn(&self, distance_m: f64) -> f64 {
        distance_m / self.length_m * TAU
    }

    /// Once around per lap, with bends on the way.
    fn heading(&self, distance_m: f64) -> f64 {
        let turn = self.turn(distance_m);
        self.heading + turn + 0.5 * (3.0 * turn + self.bends).sin()
    }
}

impl Loop {
    fn heading(&self, distance_m: f64) -> f64 {
        self.course.unwrap_or(self.drawn).heading(distance_m)
    }

    /// Metres north and east by which a receiver errs where the same way is gone again.
    fn stray_m(&self, distance_m: f64) -> (f64, f64) {
        const APART_M: f64 = 900.0;
        if self.course.is_none() {
            return (0.0, 0.0);
        }
        let wave = 2.0 * (distance_m / APART_M * TAU + self.drawn.bends).sin();
        (3.0 * self.drawn.heading.cos() + wave, 3.0 * self.drawn.heading.sin() - wave)
    }

    /// Slope of hills that come back with every lap.
    fn grade(&self, distance_m: f64) -> f64 {
        let turn = self.drawn.turn(distance_m);
        let per_meter = TAU / self.drawn.length_m * self.hill_m;
        per_meter * ((turn + self.drawn.bends).cos() + 1.5 * (3.0 * turn).cos())
    }
}
