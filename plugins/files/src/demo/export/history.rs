//! What the athlete did in all the years, and what became of the recordings.

use jiff::civil::{Date, Weekday};
use jiff::{Timestamp, ToSpan};

use super::Export;
use crate::demo::plan::Season;
use crate::demo::random::Random;
use crate::demo::workout::{Outing, Sport};

const YEAR_DAYS: u32 = 365;

/// One row of the export.
pub(super) enum Moment {
    Recorded(Recorded),
    Manual(Manual),
}

pub(super) struct Recorded {
    pub(super) outing: Outing,
    /// Goes on where the plan of the day ended.
    pub(super) random: Random,
    /// Counted from the first.
    pub(super) number: usize,
    pub(super) format: Format,
    pub(super) fate: Fate,
    /// Whether a phone recorded it too.
    pub(super) on_phone: bool,
    pub(super) years_ago: u32,
}

/// What was typed in by hand.
pub(super) struct Manual {
    pub(super) sport: &'static str,
    pub(super) name: &'static str,
    pub(super) start: Timestamp,
    pub(super) seconds: i64,
    pub(super) meters: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Fit,
    Gpx,
    Tcx,
}

/// What an export does to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Whole,
    /// The watch lost power.
    CutOff,
    /// Something else under the name of a recording.
    Garbage,
    /// Named in the table, absent from the archive.
    Missing,
    /// `#error#` in the place of the name.
    Unnamed,
}

/// All rows, in the order of time.
pub(super) fn moments(export: &Export) -> Vec<Moment> {
    let mut moments = Vec::new();
    for years_ago in (0..export.days.div_ceil(YEAR_DAYS)).rev() {
        let days = YEAR_DAYS.min(export.days - years_ago * YEAR_DAYS);
        let back = i64::from(years_ago * YEAR_DAYS + days) - 1;
        let first_day = export.last_day.saturating_sub(back.days());
        let season = Season::new(first_day, days, years_ago);
        for index in 0..days {
            let day = first_day.saturating_add(i64::from(index).days());
            let mut random = Random::of(export.seed, index + years_ago * 366);
            match season.outing(index, &mut random) {
                Some(outing) => moments.push(Moment::Recorded(recorded(outing, random, years_ago))),
                None => moments.extend(manual(day, &mut random).map(Moment::Manual)),
            }
        }
    }
    dooms(&mut moments);
    moments
}

fn recorded(outing: Outing, random: Random, years_ago: u32) -> Recorded {
    let (format, fate) = (Format::Fit, Fate::Whole);
    Recorded { outing, random, number: 0, format, fate, on_phone: false, years_ago }
}

/// Deals out formats, damages and second recordings; the last quarter of the time stays whole.
fn dooms(moments: &mut [Moment]) {
    let mut recorded: Vec<_> = moments
        .iter_mut()
        .filter_map(|moment| match moment {
            Moment::Recorded(recorded) => Some(recorded),
            Moment::Manual(_) => None,
        })
        .collect();
    let count = recorded.len();
    for (number, recorded) in recorded.iter_mut().enumerate() {
        recorded.number = number;
        recorded.format = match recorded.outing.sport {
            Sport::Run if number % 9 == 4 => Format::Gpx,
            Sport::Ride if number % 11 == 5 => Format::Tcx,
            _ => Format::Fit,
        };
        recorded.on_phone = number % 150 == 70 && recorded.format == Format::Fit;
    }
    let fates = [(21, Fate::CutOff), (43, Fate::Garbage), (58, Fate::Missing), (71, Fate::Unnamed)];
    for (percent, fate) in fates {
        let whole = recorded.iter_mut().skip(count * percent / 100);
        let mut whole = whole.filter(|recorded| recorded.format == Format::Fit && !recorded.on_phone);
        if let Some(recorded) = whole.next() {
            recorded.fate = fate;
        }
    }
}

fn manual(day: Date, random: &mut Random) -> Option<Manual> {
    let start = |hour| day.at(hour, minute_of(day), 0, 0).in_tz("UTC").ok().map(|zoned| zoned.timestamp());
    match day.weekday() {
        Weekday::Monday if random.chance(0.6) => Some(Manual {
            sport: "Weight Training",
            name: "Strength",
            start: start(18)?,
            seconds: random.between(30.0, 50.0) as i64 * 60,
            meters: 0.0,
        }),
        Weekday::Friday if random.chance(0.3) => Some(Manual {
            sport: "Swim",
            name: "Pool",
            start: start(7)?,
            seconds: random.between(32.0, 45.0) as i64 * 60,
            meters: random.between(30.0, 41.0).floor() * 50.0,
        }),
        _ => None,
    }
}

fn minute_of(day: Date) -> i8 {
    i8::try_from(i32::from(day.day()) * 7 % 60).unwrap_or(0)
}
