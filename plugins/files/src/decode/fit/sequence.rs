//! Collects the messages of one FIT sequence: records into columns, the rest as figures.

use fitness::recording::{Channel, Totals};

use super::field::{Raw, TIMESTAMP, epoch_ms, message};
use super::names;
use crate::decode::columns::{Columns, Row};
use crate::decode::notes::Notes;
use crate::decode::{Limits, clock};

/// Everything one sequence said.
#[derive(Debug, Default)]
pub(super) struct Sequence {
    file_type: Option<u8>,
    manufacturer: Option<u16>,
    product: Option<u16>,
    product_name: Option<String>,
    pub(super) sport: Figures,
    pub(super) sessions: Vec<Figures>,
    pub(super) laps: Vec<Figures>,
    pub(super) utc_offset_s: Option<i32>,
    pub(super) columns: Columns,
    /// Record messages as counted, kept or not.
    pub(super) records: u64,
    pub(super) notes: Notes,
    packed_distance: PackedDistance,
    most_samples: usize,
    samples_before: usize,
    most_sessions: usize,
    most_laps: usize,
}

/// What a session, lap or sport message says.
#[derive(Debug, Default, Clone)]
pub(super) struct Figures {
    pub(super) start_ms: Option<i64>,
    pub(super) end_ms: Option<i64>,
    pub(super) sport: Option<u8>,
    pub(super) sub_sport: Option<u8>,
    pub(super) name: Option<String>,
    pub(super) totals: Totals,
}

/// Distance of old foot pods: 12 bits in sixteenths of a metre, counted on.
#[derive(Debug, Default)]
struct PackedDistance {
    last: Option<u32>,
    sum: u64,
}

/// Where session and lap differ in their field numbers.
struct Numbers {
    sport: u8,
    sub_sport: u8,
    avg_hr: u8,
    max_hr: u8,
    avg_cadence: u8,
    avg_cadence_fraction: u8,
    avg_power: u8,
    max_power: u8,
    ascent: u8,
    name: u8,
}

const SESSION: Numbers = Numbers {
    sport: 5,
    sub_sport: 6,
    avg_hr: 16,
    max_hr: 17,
    avg_cadence: 18,
    avg_cadence_fraction: 92,
    avg_power: 20,
    max_power: 21,
    ascent: 22,
    name: 110,
};

const LAP: Numbers = Numbers {
    sport: 25,
    sub_sport: 39,
    avg_hr: 15,
    max_hr: 16,
    avg_cadence: 17,
    avg_cadence_fraction: 80,
    avg_power: 19,
    max_power: 20,
    ascent: 21,
    name: 255,
};

impl Sequence {
    /// A sequence after others of the same file, which share the limits.
    pub(super) fn new(limits: &Limits, before: &[Self]) -> Self {
        let count = |each: fn(&Self) -> usize| before.iter().map(each).sum::<usize>();
        Self {
            most_samples: limits.samples,
            samples_before: count(|sequence| sequence.columns.len()),
            // One more shows that there were too many.
            most_sessions: (limits.recordings + 1).saturating_sub(count(|sequence| sequence.sessions.len())),
            most_laps: limits.laps.saturating_sub(count(|sequence| sequence.laps.len())),
            ..Self::default()
        }
    }

    /// The name of the file's type where that is not an activity.
    pub(super) fn foreign_type(&self) -> Option<String> {
        const ACTIVITY: u8 = 4;
        let foreign = self.file_type.filter(|kind| *kind != ACTIVITY && self.sessions.is_empty());
        foreign.map(names::file_type)
    }

    pub(super) fn device(&self) -> Option<String> {
        names::device(self.manufacturer, self.product, self.product_name.as_deref())
    }

    /// Takes one message in; unknown ones are ignored.
    pub(super) fn take<'a>(&mut self, number: u16, fields: impl Iterator<Item = (u8, Raw<'a>)>) {
        match number {
            message::RECORD => self.record(fields),
            message::SESSION if self.sessions.len() < self.most_sessions => {
                self.sessions.push(figures(fields, &SESSION));
            }
            message::LAP if self.laps.len() < self.most_laps => self.laps.push(figures(fields, &LAP)),
            message::FILE_ID => self.file_id(fields),
            message::SPORT => self.sport = sport(fields),
            message::ACTIVITY => self.activity(fields),
            _ => {}
        }
    }

    fn record<'a>(&mut self, fields: impl Iterator<Item = (u8, Raw<'a>)>) {
        self.records += 1;
        if self.samples_before + self.columns.len() >= self.most_samples {
            let most = self.most_samples;
            self.notes.add("too_many_samples", || format!("only the first {most} samples are kept"));
            return;
        }
        let mut row = self.row(fields);
        self.check_position(&mut row);
        // A record of nothing costs a byte in the file and sixteen here.
        if row.time_ms.is_some() || !row.is_empty() {
            self.columns.push(&row);
        }
    }

    fn row<'a>(&mut self, fields: impl Iterator<Item = (u8, Raw<'a>)>) -> Row {
        let mut row = Row::default();
        let (mut enhanced_speed, mut enhanced_altitude) = (f64::NAN, f64::NAN);
        let mut cadence_fraction = 0.0;
        for (number, raw) in fields {
            let value = match raw {
                Raw::Number(value) => value,
                Raw::Bytes(bytes) if number == 8 => {
                    self.packed(bytes, &mut row);
                    continue;
                }
                _ => continue,
            };
            match number {
                TIMESTAMP => row.time_ms = Some(epoch_ms(value as u32)),
                0 => row.set(Channel::Latitude, degrees(value)),
                1 => row.set(Channel::Longitude, degrees(value)),
                2 => row.set(Channel::Altitude, value / 5.0 - 500.0),
                3 => row.set(Channel::HeartRate, value),
                4 => row.set(Channel::Cadence, value),
                5 => row.set(Channel::Distance, value / 100.0),
                6 => row.set(Channel::Speed, value / 1000.0),
                7 => row.set(Channel::Power, value),
                13 => row.set(Channel::Temperature, value),
                53 => cadence_fraction = value / 128.0,
                73 => enhanced_speed = value / 1000.0,
                78 => enhanced_altitude = value / 5.0 - 500.0,
                _ => {}
            }
        }
        if enhanced_speed.is_finite() {
            row.set(Channel::Speed, enhanced_speed);
        }
        if enhanced_altitude.is_finite() {
            row.set(Channel::Altitude, enhanced_altitude);
        }
        row.set(Channel::Cadence, row.get(Channel::Cadence) + cadence_fraction);
        row
    }

    fn check_position(&mut self, row: &mut Row) {
        let (latitude, longitude) = (row.get(Channel::Latitude), row.get(Channel::Longitude));
        if latitude.abs() > 90.0 || longitude.abs() > 180.0 {
            let record = self.records;
            self.notes.add("coordinate_out_of_range", || {
                format!("record {record} is at latitude {latitude:.5}, longitude {longitude:.5}")
            });
            row.set(Channel::Latitude, f64::NAN);
            row.set(Channel::Longitude, f64::NAN);
        }
    }

    fn packed(&mut self, bytes: &[u8], row: &mut Row) {
        let &[low, middle, high] = bytes else { return };
        if bytes == [0xff; 3] {
            return;
        }
        let speed = u32::from(low) | u32::from(middle & 0x0f) << 8;
        row.set(Channel::Speed, f64::from(speed) / 100.0);
        row.set(Channel::Distance, self.packed_distance.add(u32::from(middle >> 4) | u32::from(high) << 4));
    }

    fn file_id<'a>(&mut self, fields: impl Iterator<Item = (u8, Raw<'a>)>) {
        for (number, raw) in fields {
            match (number, raw) {
                (0, Raw::Number(value)) => self.file_type = Some(value as u8),
                (1, Raw::Number(value)) => self.manufacturer = Some(value as u16),
                (2, Raw::Number(value)) => self.product = Some(value as u16),
                (8, Raw::Text(text)) => self.product_name = Some(text.to_owned()),
                _ => {}
            }
        }
    }

    fn activity<'a>(&mut self, fields: impl Iterator<Item = (u8, Raw<'a>)>) {
        let (mut utc, mut local) = (None, None);
        for (number, raw) in fields {
            match (number, raw) {
                (TIMESTAMP, Raw::Number(value)) => utc = Some(value as i64),
                (5, Raw::Number(value)) => local = Some(value as i64),
                _ => {}
            }
        }
        let offset = local.zip(utc).and_then(|(local, utc)| clock::offset_between(local, utc));
        self.utc_offset_s = self.utc_offset_s.or(offset);
    }
}

impl PackedDistance {
    /// Adds a reading and gives the metres so far.
    fn add(&mut self, reading: u32) -> f64 {
        const MASK: u32 = 0xfff;
        let step = reading.wrapping_sub(self.last.unwrap_or(0)) & MASK;
        self.last = Some(reading);
        self.sum += u64::from(step);
        self.sum as f64 / 16.0
    }
}

fn sport<'a>(fields: impl Iterator<Item = (u8, Raw<'a>)>) -> Figures {
    let mut figures = Figures::default();
    for (number, raw) in fields {
        match (number, raw) {
            (0, Raw::Number(value)) => figures.sport = Some(value as u8),
            (1, Raw::Number(value)) => figures.sub_sport = Some(value as u8),
            (3, Raw::Text(text)) => figures.name = Some(text.to_owned()),
            _ => {}
        }
    }
    figures
}

fn figures<'a>(fields: impl Iterator<Item = (u8, Raw<'a>)>, numbers: &Numbers) -> Figures {
    let mut figures = Figures::default();
    let mut cadence_fraction = 0.0;
    for (number, raw) in fields {
        let value = match raw {
            Raw::Number(value) => value,
            Raw::Text(text) if number == numbers.name => {
                figures.name = Some(text.to_owned());
                continue;
            }
            _ => continue,
        };
        let totals = &mut figures.totals;
        match number {
            TIMESTAMP => figures.end_ms = Some(epoch_ms(value as u32)),
            2 => figures.start_ms = Some(epoch_ms(value as u32)),
            7 => totals.elapsed_s = Some(value / 1000.0),
            8 => totals.timer_s = Some(value / 1000.0),
            9 => totals.distance_m = Some(value / 100.0),
            _ if number == numbers.sport => figures.sport = Some(value as u8),
            _ if number == numbers.sub_sport => figures.sub_sport = Some(value as u8),
            _ if number == numbers.avg_hr => totals.avg_hr = positive(value),
            _ if number == numbers.max_hr => totals.max_hr = positive(value),
            _ if number == numbers.avg_cadence => totals.avg_cadence = positive(value),
            _ if number == numbers.avg_cadence_fraction => cadence_fraction = value / 128.0,
            _ if number == numbers.avg_power => totals.avg_power = positive(value),
            _ if number == numbers.max_power => totals.max_power = positive(value),
            _ if number == numbers.ascent => totals.ascent_m = Some(value),
            _ => {}
        }
    }
    figures.totals.avg_cadence = figures.totals.avg_cadence.map(|cadence| cadence + cadence_fraction);
    figures
}

/// Devices without the sensor write 0 for its averages.
fn positive(value: f64) -> Option<f64> {
    (value > 0.0).then_some(value)
}

/// Semicircles: half a turn is 2^31 of them.
fn degrees(semicircles: f64) -> f64 {
    semicircles * (180.0 / 2_147_483_648.0)
}
