//! Which hours and cells an activity's weather is made of.

use serde::{Deserialize, Serialize};

use super::{Cell, Hour};
use crate::ground::Place;
use crate::ground::zone::Zones;
use crate::recording::{Channel, Samples};

/// A cell is kept until the way has led so far from it: the models know no finer weather.
const NEXT_CELL_KM: f64 = 25.0;
/// Longer than this is a watch that was forgotten, of which the begin is told.
const HOURS_MOST: i64 = 48;
/// Sectors of the compass in which the way is counted.
pub const SECTORS: usize = 16;
/// A step of the way beyond this many metres is a gap, and leads nowhere.
const STEP_MOST_M: f64 = 2_000.0;
/// A direction is told by at least so many metres, or the receiver's noise would tell it.
const STEP_LEAST_M: f64 = 15.0;

/// A cell at an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Spot {
    pub hour: Hour,
    pub cell: Cell,
}

/// Where an activity was, hour by hour, and which way it went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(into = "Stored", try_from = "Stored")]
pub struct Track {
    pub start_ms: i64,
    pub end_ms: i64,
    /// Every whole hour from the last one before the start to the first one after the end, in order.
    pub spots: Vec<Spot>,
    /// Shares of the way that led into each sector, from north on clockwise; none where it led nowhere.
    pub headings: Option<[f64; SECTORS]>,
}

/// As it is kept: hours follow each other, so that the first one tells all.
#[derive(Debug, Serialize, Deserialize)]
struct Stored {
    start_ms: i64,
    end_ms: i64,
    first: i64,
    /// Latitude and longitude in hundredths, and for how many hours.
    cells: Vec<(i64, i64, usize)>,
    /// Thousandths.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    headings: Vec<u32>,
}

impl Track {
    /// The track of samples with times and positions; nothing where there are none.
    ///
    /// It ends with the later of its last sample and its elapsed time. Within a privacy zone it is told where the zone is,
    /// no finer than that hides it: wherever in it somebody was, the cell is the same.
    pub fn of(
        samples: &Samples,
        start_ms: i64,
        elapsed_s: Option<f64>,
        decimals: u8,
        zones: &Zones,
    ) -> Option<Self> {
        let positions = Positions::of(samples)?;
        let by_time = start_ms.saturating_add((elapsed_s.unwrap_or(0.0).max(0.0) * 1000.0) as i64);
        let last = samples.time_ms.last().copied().unwrap_or(start_ms);
        let latest = Hour::before(start_ms).0.saturating_add(HOURS_MOST).saturating_mul(3_600_000);
        let end_ms = by_time.max(last).max(start_ms).min(latest);
        let mut spots: Vec<Spot> = Vec::new();
        for hour in Hour::before(start_ms).0..=Hour::after(end_ms).0 {
            let hour = Hour(hour);
            let (latitude, longitude) = positions.at(hour.start_ms().clamp(start_ms, end_ms));
            let here = match zones.around(Place { latitude, longitude }) {
                Some((zone, wide_m)) => Cell::hiding(zone.latitude, zone.longitude, decimals, wide_m),
                None => Cell::of(latitude, longitude, decimals),
            }?;
            let before = spots.last().map(|spot| spot.cell);
            let cell = before.filter(|before| before.km_to(here) < NEXT_CELL_KM).unwrap_or(here);
            spots.push(Spot { hour, cell });
        }
        Some(Self { start_ms, end_ms, spots, headings: positions.headings() })
    }

    /// How long it lasts.
    pub fn seconds(&self) -> f64 {
        (self.end_ms - self.start_ms) as f64 / 1000.0
    }
}

/// Samples that have a position.
struct Positions<'a> {
    time_ms: &'a [i64],
    latitude: &'a [f64],
    longitude: &'a [f64],
    known: Vec<usize>,
}

impl<'a> Positions<'a> {
    fn of(samples: &'a Samples) -> Option<Self> {
        let (latitude, longitude) =
            (samples.channel(Channel::Latitude)?, samples.channel(Channel::Longitude)?);
        let count = samples.time_ms.len().min(latitude.len()).min(longitude.len());
        let is_known = |place: &usize| {
            let (latitude, longitude) = (latitude[*place], longitude[*place]);
            // A receiver without a fix says 0, 0.
            (latitude, longitude) != (0.0, 0.0) && Cell::of(latitude, longitude, 2).is_some()
        };
        let known: Vec<usize> = (0..count).filter(is_known).collect();
        (!known.is_empty()).then_some(Self { time_ms: &samples.time_ms, latitude, longitude, known })
    }

    /// The last known position at a moment, or the first one.
    fn at(&self, ms: i64) -> (f64, f64) {
        let next = self.known.partition_point(|place| self.time_ms[*place] <= ms);
        let place = self.known[next.saturating_sub(1)];
        (self.latitude[place], self.longitude[place])
    }

    fn headings(&self) -> Option<[f64; SECTORS]> {
        let mut ways = [0.0; SECTORS];
        let mut from = *self.known.first()?;
        for place in self.known.iter().copied() {
            let (meters, degrees) = self.step(from, place);
            if meters < STEP_LEAST_M {
                continue;
            }
            from = place;
            if meters <= STEP_MOST_M {
                let width = 360.0 / SECTORS as f64;
                ways[(degrees / width).round() as usize % SECTORS] += meters;
            }
        }
        let whole: f64 = ways.iter().sum();
        (whole > 0.0).then(|| ways.map(|way| way / whole))
    }

    /// Metres and direction from one sample to another, as if the Earth were flat between them.
    fn step(&self, from: usize, to: usize) -> (f64, f64) {
        let north = self.latitude[to] - self.latitude[from];
        // The shorter way round, also over the date line.
        let east = (self.longitude[to] - self.longitude[from] + 540.0).rem_euclid(360.0) - 180.0;
        let east = east * self.latitude[from].to_radians().cos();
        const DEGREE_M: f64 = 111_195.0;
        (north.hypot(east) * DEGREE_M, east.atan2(north).to_degrees().rem_euclid(360.0))
    }
}

impl From<Track> for Stored {
    fn from(track: Track) -> Self {
        let mut cells: Vec<(i64, i64, usize)> = Vec::new();
        for Spot { cell, .. } in &track.spots {
            let (latitude, longitude) = (i64::from(cell.latitude), i64::from(cell.longitude));
            match cells.last_mut() {
                Some(last) if (last.0, last.1) == (latitude, longitude) => last.2 += 1,
                _ => cells.push((latitude, longitude, 1)),
            }
        }
        let thousandths = |share: f64| (share * 1000.0).round() as u32;
        Self {
            start_ms: track.start_ms,
            end_ms: track.end_ms,
            first: track.spots.first().map_or(0, |spot| spot.hour.0),
            cells,
            headings: track.headings.map(|shares| shares.map(thousandths).to_vec()).unwrap_or_default(),
        }
    }
}

impl TryFrom<Stored> for Track {
    type Error = String;

    fn try_from(stored: Stored) -> Result<Self, String> {
        let mut spots = Vec::new();
        for (latitude, longitude, hours) in stored.cells {
            let cell = Cell::stored(latitude, longitude).ok_or("a place that is none")?;
            if hours as i64 > HOURS_MOST + 2 {
                return Err("more hours than a track has".to_owned());
            }
            for _ in 0..hours {
                spots.push(Spot { hour: Hour(stored.first + spots.len() as i64), cell });
            }
        }
        let shares: Vec<f64> = stored.headings.iter().map(|share| f64::from(*share) / 1000.0).collect();
        let headings = shares.try_into().ok();
        Ok(Self { start_ms: stored.start_ms, end_ms: stored.end_ms, spots, headings })
    }
}
