//! A row of `activities.csv`, with the figures that the source worked out itself.

use jiff::{Timestamp, ToSpan};

use super::history::{Fate, Manual, Recorded};
use super::lists::{BIKE, Gear, SHOES};
use super::table::{Cell, Row};
use crate::demo::random::Random;
use crate::demo::recorder::Sample;
use crate::demo::workout::{Outing, Purpose, Sport};

/// The id that the source gave, from the time of the start.
pub(super) fn id_of(start: Timestamp) -> i64 {
    (start.as_second() - 1_500_000_000) * 40
}

/// The row of an outing whose samples were recorded.
pub(super) fn of_recorded(recorded: &Recorded, start: Timestamp, samples: &[Sample], file: String) -> Row {
    let outing = &recorded.outing;
    let figures = Figures::of(samples);
    let mut row = named(outing.name, sport_of(outing.sport), start, &figures);
    let id = id_of(start);
    // Weather and the like draw from numbers of their own, so that the samples stay as they are.
    let mut random = Random::of(id.unsigned_abs(), 0);
    row.shown(
        "Filename",
        Cell::Text(if recorded.fate == Fate::Unnamed { "#error#".to_owned() } else { file }),
    );
    row.exact("From Upload", Cell::Number(1.0));
    shape(&mut row, &figures);
    effort(&mut row, outing, &figures);
    gear(&mut row, gear_of(recorded));
    weather(&mut row, outing, start, &mut random);
    remarks(&mut row, recorded, &mut random);
    row
}

/// The row of what was typed in.
pub(super) fn of_manual(manual: &Manual) -> Row {
    let seconds = manual.seconds as f64;
    let figures = Figures { seconds, meters: manual.meters, ..Figures::default() };
    let mut row = named(manual.name, manual.sport, manual.start, &figures);
    row.exact("From Upload", Cell::Number(0.0));
    if manual.sport == "Swim" {
        // Pools are shown in metres, without the thousandths of the other sports.
        row.shown("Distance", Cell::Whole(manual.meters as i64)).number("Pool Length", 25.0, 1);
    }
    row
}

/// The name of the photo of every so manieth outing.
pub(super) fn media_of(recorded: &Recorded, start: Timestamp) -> Option<String> {
    let id = id_of(start).unsigned_abs();
    let name = || format!("media/{:08x}-0000-4000-8000-{id:012x}.jpg", id as u32);
    recorded.number.is_multiple_of(25).then(name)
}

fn sport_of(sport: Sport) -> &'static str {
    if sport == Sport::Run { "Run" } else { "Ride" }
}

#[derive(Default)]
struct Figures {
    seconds: f64,
    meters: f64,
    climbed_m: f64,
    descended_m: f64,
    low_m: f64,
    high_m: f64,
    top_speed: f64,
    avg_hr: f64,
    max_hr: f64,
    avg_cadence: f64,
    max_cadence: f64,
    avg_watts: Option<f64>,
    max_watts: f64,
}

impl Figures {
    fn of(samples: &[Sample]) -> Self {
        let Some(last) = samples.last() else { return Self::default() };
        let mean = |value: fn(&Sample) -> f64| samples.iter().map(value).sum::<f64>() / samples.len() as f64;
        let highest = |value: fn(&Sample) -> f64| samples.iter().map(value).fold(f64::MIN, f64::max);
        let rise = |pair: &[Sample]| pair[1].altitude_m - pair[0].altitude_m;
        let watts = |sample: &Sample| sample.watts.unwrap_or(0.0);
        Self {
            seconds: f64::from(last.second),
            meters: last.distance_m,
            climbed_m: samples.windows(2).map(|pair| rise(pair).max(0.0)).sum(),
            descended_m: samples.windows(2).map(|pair| (-rise(pair)).max(0.0)).sum(),
            low_m: samples.iter().map(|sample| sample.altitude_m).fold(f64::MAX, f64::min),
            high_m: highest(|sample| sample.altitude_m),
            top_speed: highest(|sample| sample.speed),
            avg_hr: mean(|sample| sample.heart_rate).round(),
            max_hr: highest(|sample| sample.heart_rate).round(),
            avg_cadence: mean(|sample| sample.cadence).round(),
            max_cadence: highest(|sample| sample.cadence).round(),
            avg_watts: last.watts.map(|_| mean(watts)),
            max_watts: highest(watts).round(),
        }
    }

    fn speed(&self) -> f64 {
        if self.seconds > 0.0 { self.meters / self.seconds } else { 0.0 }
    }
}

/// What every row has.
fn named(name: &'static str, sport: &'static str, start: Timestamp, figures: &Figures) -> Row {
    let mut row = Row::new();
    row.shown("Activity ID", Cell::Whole(id_of(start)))
        .shown("Activity Date", Cell::Time(start))
        .shown("Activity Name", Cell::Word(name))
        .shown("Activity Type", Cell::Word(sport))
        .shown("Elapsed Time", Cell::Whole(figures.seconds as i64))
        .shown("Distance", Cell::Kilometers(figures.meters))
        .shown("Commute", Cell::Flag(false))
        .number("Elapsed Time", figures.seconds, 1)
        .number("Moving Time", figures.seconds, 1)
        .number("Distance", figures.meters, 1)
        .number("Average Speed", figures.speed(), 3)
        .number("Average Elapsed Speed", figures.speed(), 3)
        .exact("Commute", Cell::Number(0.0));
    row
}

fn shape(row: &mut Row, figures: &Figures) {
    row.number("Max Speed", figures.top_speed, 3)
        .number("Elevation Gain", figures.climbed_m, 1)
        .number("Elevation Loss", figures.descended_m, 1)
        .number("Elevation Low", figures.low_m, 1)
        .number("Elevation High", figures.high_m, 1)
        .number("Max Cadence", figures.max_cadence, 1)
        .number("Average Cadence", figures.avg_cadence, 1)
        .number("Timer Time", figures.seconds, 1);
    if let Some(watts) = figures.avg_watts {
        row.number("Average Watts", watts, 1)
            .number("Max Watts", figures.max_watts, 1)
            .number("Total Work", watts * figures.seconds, 1)
            .number("Weighted Average Power", watts * 1.06, 1)
            .number("Power Count", figures.seconds, 1);
    } else {
        let steps = figures.avg_cadence * 2.0 * figures.seconds / 60.0;
        row.number("Grade Adjusted Distance", figures.meters + 4.0 * figures.climbed_m, 1)
            .number("Average Grade Adjusted Pace", figures.speed() * 1.01, 3)
            .number("Total Steps", steps.round(), 1);
    }
}

fn effort(row: &mut Row, outing: &Outing, figures: &Figures) {
    let relative = (figures.seconds / 3600.0 * ((figures.avg_hr - 60.0) / 10.0).powi(2)).round();
    row.shown("Max Heart Rate", Cell::Number(figures.max_hr))
        .shown("Relative Effort", Cell::Whole(relative as i64))
        .number("Max Heart Rate", figures.max_hr, 1)
        .number("Average Heart Rate", figures.avg_hr, 1)
        .number("Relative Effort", relative, 1)
        .number("Training Load", (relative * 0.9).round(), 1)
        .number("Intensity", (figures.avg_hr / 1.72).round(), 1)
        .number("Calories", (figures.seconds * figures.avg_hr * 0.0015).round(), 1);
    let felt = match outing.purpose {
        Purpose::Race => 9.0,
        Purpose::Hard => 7.0,
        Purpose::Long => 5.0,
        Purpose::Easy => return,
    };
    row.number("Perceived Exertion", felt, 1);
}

fn gear_of(recorded: &Recorded) -> Gear {
    match (recorded.outing.sport, recorded.outing.purpose) {
        (Sport::Ride, _) => BIKE,
        (Sport::Run, Purpose::Race) => SHOES[2],
        (Sport::Run, _) => SHOES[usize::from(recorded.years_ago == 0)],
    }
}

fn gear(row: &mut Row, gear: Gear) {
    let column = if gear.id == BIKE.id { "Bike" } else { "Gear" };
    row.shown("Activity Gear", Cell::Text(gear.name.to_owned())).number(column, gear.id as f64, 1);
}

fn weather(row: &mut Row, outing: &Outing, start: Timestamp, random: &mut Random) {
    let hour = Timestamp::from_second(start.as_second() / 3600 * 3600).unwrap_or(start);
    let celsius = outing.degrees_celsius;
    let humidity = random.between(0.45, 0.95);
    let wind = random.between(0.5, 9.0);
    let clouds = random.share();
    let at = |hours: i64| hour.saturating_add(hours.hours()).map_or(0.0, |time| time.as_second() as f64);
    row.exact("Weather Observation Time", Cell::Number(at(0)))
        .number("Weather Condition", if clouds < 0.3 { 1.0 } else { 3.0 }, 1)
        .number("Weather Temperature", celsius, 1)
        .number("Apparent Temperature", celsius - wind / 5.0, 1)
        .number("Dewpoint", celsius - (1.0 - humidity) * 20.0, 1)
        .number("Humidity", humidity, 2)
        .number("Weather Pressure", random.between(998.0, 1031.0), 1)
        .number("Wind Speed", wind, 1)
        .number("Wind Gust", wind * 1.6, 1)
        .number("Wind Bearing", random.between(0.0, 359.0).round(), 1)
        .number("Precipitation Intensity", if clouds > 0.9 { random.between(0.1, 1.5) } else { 0.0 }, 1)
        .number("Cloud Cover", clouds, 2)
        .number("Weather Visibility", random.between(9_000.0, 30_000.0), 1)
        .number("UV Index", ((1.0 - clouds) * 5.0).round(), 1);
}

fn remarks(row: &mut Row, recorded: &Recorded, random: &mut Random) {
    let outing = &recorded.outing;
    let is_race = outing.purpose == Purpose::Race;
    row.number("Competition", f64::from(u8::from(is_race)), 1).number(
        "Long Run",
        f64::from(u8::from(outing.purpose == Purpose::Long)),
        1,
    );
    if is_race {
        let text = "A race at last: \"go out easy\" is what I said, and did not do.";
        row.shown("Activity Description", Cell::Word(text));
    } else if random.chance(0.08) {
        row.shown("Activity Description", Cell::Word("Legs heavy at first, fine after the turn."));
    } else if random.chance(0.04) {
        let text = "Wind from the sea,\nand a dog that wanted to come along.";
        row.shown("Activity Description", Cell::Word(text));
    }
    let is_ride_to_work = outing.sport == Sport::Ride && outing.purpose == Purpose::Easy;
    if is_ride_to_work && recorded.number.is_multiple_of(2) {
        row.shown("Commute", Cell::Flag(true)).exact("Commute", Cell::Number(1.0));
    }
}
