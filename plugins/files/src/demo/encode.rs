//! Writes an outing as a FIT activity: file id, records with laps between them, session, activity.

use std::io::{self, Cursor};

use embedded_io_adapters::std::FromStd;
use rustyfit::profile::{mesgdef, typedef};
use rustyfit::proto::{FIT, Message};
use rustyfit::{Encoder, HeaderOption};

use super::recorder::Sample;
use super::workout::{OFFSET_S, Outing, Sport};

/// The bytes of the file.
pub(super) fn fit(outing: &Outing, samples: &[Sample]) -> io::Result<Vec<u8>> {
    let start = start(outing)?;
    let mut messages =
        vec![Message::from(file_id(start)), Message::from(event(start, typedef::EventType::START))];
    let laps = laps(outing.sport, samples);
    for (index, lap) in laps.iter().enumerate() {
        let own = if index == 0 { lap } else { &lap[1..] };
        messages.extend(own.iter().map(|sample| Message::from(record(sample, start, outing))));
        messages.push(Message::from(lap_message(lap, index, start, outing.sport)));
    }
    let end = start + samples.last().map_or(0, |sample| sample.second);
    messages.push(Message::from(event(end, typedef::EventType::STOP_ALL)));
    messages.push(Message::from(session(samples, laps.len(), start, outing)));
    messages.push(Message::from(activity(samples, end)));

    let mut fit = FIT { messages, ..FIT::default() };
    let mut cursor = Cursor::new(Vec::new());
    let mut encoder = Encoder::builder().header_option(HeaderOption::Normal(7)).build();
    let failed = |error: String| io::Error::new(io::ErrorKind::InvalidData, error);
    encoder.encode(&mut FromStd::new(&mut cursor), &mut fit).map_err(|error| failed(error.to_string()))?;
    Ok(cursor.into_inner())
}

/// Seconds of FIT (since 1989-12-31) at which the outing begins.
fn start(outing: &Outing) -> io::Result<u32> {
    const FIT_EPOCH_S: i64 = 631_065_600;
    u32::try_from(outing.started()?.as_second() - FIT_EPOCH_S).map_err(io::Error::other)
}

/// Cuts every kilometre (every five on the bicycle); a lap begins with the sample that ended the last.
fn laps(sport: Sport, samples: &[Sample]) -> Vec<&[Sample]> {
    let length = if sport == Sport::Run { 1000.0 } else { 5000.0 };
    let mut laps = Vec::new();
    let mut begin = 0;
    for (index, sample) in samples.iter().enumerate().skip(1) {
        let last = index + 1 == samples.len();
        if last || sample.distance_m - samples[begin].distance_m >= length {
            laps.push(&samples[begin..=index]);
            begin = index;
        }
    }
    laps
}

/// Sums of a stretch, in the units of a FIT file.
#[derive(Default)]
struct Sums {
    milliseconds: u32,
    centimeters: u32,
    ascent_m: u16,
    avg_hr: u8,
    max_hr: u8,
    avg_cadence: u8,
    watts: Option<(u16, u16)>,
}

impl Sums {
    fn of(samples: &[Sample]) -> Self {
        let (Some(first), Some(last)) = (samples.first(), samples.last()) else {
            return Self::default();
        };
        let mean = |value: fn(&Sample) -> f64| samples.iter().map(value).sum::<f64>() / samples.len() as f64;
        let highest = |value: fn(&Sample) -> f64| samples.iter().map(value).fold(0.0, f64::max);
        let climbs = samples.windows(2).map(|pair| (pair[1].altitude_m - pair[0].altitude_m).max(0.0));
        let watts = |sample: &Sample| sample.watts.unwrap_or(0.0);
        Self {
            milliseconds: (last.second - first.second) * 1000,
            centimeters: ((last.distance_m - first.distance_m) * 100.0).round() as u32,
            ascent_m: climbs.sum::<f64>().round() as u16,
            avg_hr: mean(|sample| sample.heart_rate).round() as u8,
            max_hr: highest(|sample| sample.heart_rate).round() as u8,
            avg_cadence: mean(|sample| sample.cadence).round() as u8,
            watts: last.watts.map(|_| (mean(watts).round() as u16, highest(watts).round() as u16)),
        }
    }
}

fn file_id(start: u32) -> mesgdef::FileId {
    let mut message = mesgdef::FileId::new();
    message.r#type = typedef::File::ACTIVITY;
    message.manufacturer = typedef::Manufacturer::DEVELOPMENT;
    message.product = 1;
    message.serial_number = 2026;
    message.time_created = typedef::DateTime(start);
    message.product_name = "Paceline Demo".into();
    message
}

fn event(time: u32, kind: typedef::EventType) -> mesgdef::Event {
    let mut message = mesgdef::Event::new();
    message.timestamp = typedef::DateTime(time);
    message.event = typedef::Event::TIMER;
    message.event_type = kind;
    message
}

fn record(sample: &Sample, start: u32, outing: &Outing) -> mesgdef::Record {
    let mut message = mesgdef::Record::new();
    message.timestamp = typedef::DateTime(start + sample.second);
    message.set_position_lat_degrees(sample.latitude);
    message.set_position_long_degrees(sample.longitude);
    message.enhanced_altitude = ((sample.altitude_m + 500.0) * 5.0).round() as u32;
    message.distance = (sample.distance_m * 100.0).round() as u32;
    message.enhanced_speed = (sample.speed * 1000.0).round() as u32;
    message.heart_rate = sample.heart_rate.round() as u8;
    message.cadence = sample.cadence.round() as u8;
    message.temperature = outing.degrees_celsius.round() as i8;
    if let Some(watts) = sample.watts {
        message.power = watts.round() as u16;
    }
    message
}

fn lap_message(samples: &[Sample], index: usize, start: u32, sport: Sport) -> mesgdef::Lap {
    let sums = Sums::of(samples);
    let second =
        |sample: Option<&Sample>| typedef::DateTime(start + sample.map_or(0, |sample| sample.second));
    let mut message = mesgdef::Lap::new();
    message.message_index = typedef::MessageIndex(index as u16);
    message.timestamp = second(samples.last());
    message.start_time = second(samples.first());
    message.sport = fit_sport(sport);
    message.total_elapsed_time = sums.milliseconds;
    message.total_timer_time = sums.milliseconds;
    message.total_distance = sums.centimeters;
    message.total_ascent = sums.ascent_m;
    message.avg_heart_rate = sums.avg_hr;
    message.max_heart_rate = sums.max_hr;
    message.avg_cadence = sums.avg_cadence;
    if let Some((average, highest)) = sums.watts {
        (message.avg_power, message.max_power) = (average, highest);
    }
    message
}

fn session(samples: &[Sample], laps: usize, start: u32, outing: &Outing) -> mesgdef::Session {
    let sums = Sums::of(samples);
    let mut message = mesgdef::Session::new();
    message.message_index = typedef::MessageIndex(0);
    message.timestamp = typedef::DateTime(start + sums.milliseconds / 1000);
    message.start_time = typedef::DateTime(start);
    message.sport = fit_sport(outing.sport);
    message.sport_profile_name = outing.name.into();
    message.total_elapsed_time = sums.milliseconds;
    message.total_timer_time = sums.milliseconds;
    message.total_distance = sums.centimeters;
    message.total_ascent = sums.ascent_m;
    message.avg_heart_rate = sums.avg_hr;
    message.max_heart_rate = sums.max_hr;
    message.avg_cadence = sums.avg_cadence;
    message.num_laps = laps as u16;
    if let Some((average, highest)) = sums.watts {
        (message.avg_power, message.max_power) = (average, highest);
    }
    message
}

fn activity(samples: &[Sample], end: u32) -> mesgdef::Activity {
    let mut message = mesgdef::Activity::new();
    message.timestamp = typedef::DateTime(end);
    message.local_timestamp = typedef::LocalDateTime(end.wrapping_add_signed(OFFSET_S));
    message.total_timer_time = Sums::of(samples).milliseconds;
    message.num_sessions = 1;
    message.r#type = typedef::Activity::MANUAL;
    message.event = typedef::Event::ACTIVITY;
    message.event_type = typedef::EventType::STOP;
    message
}

const fn fit_sport(sport: Sport) -> typedef::Sport {
    match sport {
        Sport::Run => typedef::Sport::RUNNING,
        Sport::Ride => typedef::Sport::CYCLING,
    }
}
