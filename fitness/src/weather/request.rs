//! Which requests bring the hours that are missing, and what they cost.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::{ToSpan, Unit};

use super::{Cell, FINAL_AFTER_DAYS, Spot};

/// Locations of one request.
pub const LOCATIONS_MOST: usize = 50;
/// A location costs one for so many days, and a share more for each day beyond.
const DAYS_FOR_ONE: i64 = 14;

/// Who is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Endpoint {
    /// From 1940 on, and final.
    Archive,
    /// The last three months and the next two weeks.
    Forecast,
    /// What was forecast since 2022, where the archive has a gap.
    HistoricalForecast,
}

/// A cell over some UTC days, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location {
    pub cell: Cell,
    pub from: Date,
    pub to: Date,
}

/// One question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub endpoint: Endpoint,
    pub locations: Vec<Location>,
}

impl Endpoint {
    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Archive => "archive",
            Self::Forecast => "forecast",
            Self::HistoricalForecast => "historical_forecast",
        }
    }

    /// Who knows of a day, as seen from another.
    pub fn of(day: Date, today: Date) -> Self {
        let age = today.since((Unit::Day, day)).map_or(0, |age| i64::from(age.get_days()));
        if age >= FINAL_AFTER_DAYS { Self::Archive } else { Self::Forecast }
    }
}

impl Location {
    /// Days, both ends included.
    pub fn days(&self) -> i64 {
        self.to.since((Unit::Day, self.from)).map_or(0, |days| i64::from(days.get_days())) + 1
    }

    /// What it counts of a quota, with ten variables.
    pub fn cost(&self) -> f64 {
        (self.days() as f64 / DAYS_FOR_ONE as f64).max(1.0)
    }
}

impl Request {
    /// What it counts of a quota: its locations add up.
    pub fn cost(&self) -> u32 {
        let cost: f64 = self.locations.iter().map(Location::cost).sum();
        cost.ceil() as u32
    }

    /// Half of the places each, or of the days of the only one; nothing where one day of one place is left.
    pub fn halves(&self) -> Option<[Self; 2]> {
        let half = |locations: &[Location]| Self { endpoint: self.endpoint, locations: locations.to_vec() };
        if let [Location { cell, from, to }] = *self.locations.as_slice() {
            let middle = from.saturating_add(((to - from).get_days() / 2).days());
            let halves =
                [Location { cell, from, to: middle }, Location { cell, from: middle.tomorrow().ok()?, to }];
            return (from < to).then(|| halves.map(|location| half(&[location])));
        }
        let (first, second) = self.locations.split_at(self.locations.len() / 2);
        (!first.is_empty()).then(|| [half(first), half(second)])
    }
}

/// The fewest requests for the days of these spots: days of a cell that lie within two weeks cost no more than one.
pub fn requests(spots: impl IntoIterator<Item = (Endpoint, Spot)>) -> Vec<Request> {
    let mut days: BTreeMap<(Endpoint, Cell), BTreeSet<Date>> = BTreeMap::new();
    for (endpoint, spot) in spots {
        days.entry((endpoint, spot.cell)).or_default().insert(spot.hour.date());
    }
    let mut locations: BTreeMap<Endpoint, Vec<Location>> = BTreeMap::new();
    for ((endpoint, cell), days) in days {
        locations.entry(endpoint).or_default().extend(stretches(&days, cell));
    }
    let parts = locations.into_iter().flat_map(|(endpoint, mut locations)| {
        // The newest first: what somebody looks at comes before what lies far back.
        locations.sort_by_key(|location| (std::cmp::Reverse(location.to), location.cell, location.from));
        let parts: Vec<Request> = locations
            .chunks(LOCATIONS_MOST)
            .map(|part| Request { endpoint, locations: part.to_vec() })
            .collect();
        parts
    });
    let mut requests: Vec<Request> = parts.collect();
    requests
        .sort_by_key(|request| std::cmp::Reverse(request.locations.iter().map(|location| location.to).max()));
    requests
}

fn stretches(days: &BTreeSet<Date>, cell: Cell) -> Vec<Location> {
    let mut stretches: Vec<Location> = Vec::new();
    for day in days {
        let fits = |last: &&mut Location| Location { to: *day, ..**last }.days() <= DAYS_FOR_ONE;
        match stretches.last_mut().filter(fits) {
            Some(last) => last.to = *day,
            None => stretches.push(Location { cell, from: *day, to: *day }),
        }
    }
    stretches
}
