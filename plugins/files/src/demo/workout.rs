//! What is done on a day: parts of so many seconds at so much of the threshold.

use std::io;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

/// The island keeps the Azores' winter time all year.
pub(super) const OFFSET_S: i32 = -3600;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sport {
    Run,
    Ride,
}

/// What an outing is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Easy,
    Hard,
    Long,
    Race,
}

/// What a loop looks like from above.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Course {
    pub(super) length_m: f64,
    pub(super) heading: f64,
    pub(super) bends: f64,
}

/// A stretch at one intensity, as a share of threshold speed or power.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    pub(super) seconds: u32,
    pub(super) intensity: f64,
}

/// A workout with the day's form of the one who does it.
#[derive(Debug, Clone)]
pub(super) struct Outing {
    pub(super) sport: Sport,
    pub(super) purpose: Purpose,
    pub(super) name: &'static str,
    /// Local time of the island.
    pub(super) start: DateTime,
    pub(super) parts: Vec<Part>,
    /// The way, where it is one that is gone again and again.
    pub(super) course: Option<Course>,
    /// A race ends at its distance.
    pub(super) finish_m: Option<f64>,
    /// Metres per second that can be held for an hour.
    pub(super) threshold_speed: f64,
    /// Watts that can be held for an hour.
    pub(super) threshold_watts: f64,
    pub(super) degrees_celsius: f64,
}

impl Outing {
    pub(super) fn seconds(&self) -> u32 {
        self.parts.iter().map(|part| part.seconds).sum()
    }

    /// When it begins.
    pub(super) fn started(&self) -> io::Result<Timestamp> {
        let offset = Offset::from_seconds(OFFSET_S).map_err(io::Error::other)?;
        offset.to_timestamp(self.start).map_err(io::Error::other)
    }

    pub(super) fn file_name(&self) -> String {
        let sport = if self.sport == Sport::Run { "run" } else { "ride" };
        format!("{}-{sport}.fit", self.start.date())
    }
}

/// One stretch of so many minutes.
pub(super) fn steady(minutes: f64, intensity: f64) -> Vec<Part> {
    vec![part(minutes, intensity)]
}

/// Warm-up, repetitions with easy stretches between them, cool-down.
pub(super) fn repeats(count: u32, hard: (f64, f64), easy_minutes: f64) -> Vec<Part> {
    let mut parts = vec![part(12.0, 0.70)];
    for _ in 0..count {
        parts.push(part(hard.0, hard.1));
        parts.push(part(easy_minutes, 0.60));
    }
    parts.push(part(8.0, 0.65));
    parts
}

/// An easy beginning and a faster end.
pub(super) fn progression(minutes: f64, from: f64, to: f64) -> Vec<Part> {
    const STEPS: u32 = 6;
    let share = |step: u32| f64::from(step) / f64::from(STEPS - 1);
    (0..STEPS).map(|step| part(minutes / f64::from(STEPS), from + (to - from) * share(step))).collect()
}

fn part(minutes: f64, intensity: f64) -> Part {
    Part { seconds: (minutes * 60.0).round() as u32, intensity }
}
