//! What catching up on the weather of a history would cost, before anybody is asked.

use std::collections::HashSet;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Serialize;
use store::{Result, Tx};

use super::due::{Due, Window, due, missing};
use crate::weather::{Cell, Endpoint, Hour, Request, Spot, Track, requests};

/// Activities of one part; a step asks for the places of so many together.
const PART: u32 = 2_000;

/// The parts of a backfill, the latest first, and what they cost together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Preview {
    pub parts: Vec<Part>,
    /// Activities whose weather is not known, or not for good although it could be.
    pub activities: u64,
    pub requests: u64,
    /// What they count of the service's quota.
    pub calls: u64,
}

/// The activities that began from one UTC day through another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Part {
    /// Such as `2024-05-02`.
    pub from: String,
    pub to: String,
    pub activities: u64,
    pub requests: u64,
    pub calls: u64,
}

/// Looks at what is due within a window; nothing is asked and nothing is changed.
///
/// A part is read at a time, so that a long history takes no more room than a short one.
pub fn preview(tx: &mut Tx<'_>, athlete: &str, mut window: Window, now_ms: i64) -> Result<Preview> {
    let mut preview = Preview::default();
    // What the part before asks for is kept when this one begins.
    let mut asked = HashSet::new();
    loop {
        let due = part(tx, athlete, window, now_ms)?;
        let (Some(newest), Some(oldest)) = (due.first(), due.last()) else { return Ok(preview) };
        let (to, from) = (day(newest), day(oldest));
        let tracks: Vec<&Track> = due.iter().map(|activity| &activity.track).collect();
        let missing = missing(tx, &tracks, now_ms)?.concat();
        let fresh: Vec<(Endpoint, Spot)> =
            missing.into_iter().filter(|one| !asked.contains(&of(one))).collect();
        asked = fresh.iter().map(of).collect();
        preview.add(&due, (from, to), fresh);
        window.until_ms = Hour(Hour::of_day(from).start).start_ms();
    }
}

/// The latest due of a window, days as a whole: as many as a step asks for together, or those of one day.
fn part(tx: &mut Tx<'_>, athlete: &str, window: Window, now_ms: i64) -> Result<Vec<Due>> {
    let mut read = due(tx, athlete, window, now_ms, PART + 1)?;
    if read.len() <= PART as usize {
        return Ok(read);
    }
    let Some(last) = read.last().map(day) else { return Ok(read) };
    let whole = read.partition_point(|activity| day(activity) > last);
    if whole > 0 {
        read.truncate(whole);
        return Ok(read);
    }
    let from_ms = Hour(Hour::of_day(last).start).start_ms().max(window.from_ms);
    due(tx, athlete, Window { from_ms, ..window }, now_ms, u32::MAX >> 1)
}

/// The UTC day on which it began.
fn day(activity: &Due) -> Date {
    Hour::before(activity.track.start_ms).date()
}

/// What is kept together of an answer.
fn of((_, spot): &(Endpoint, Spot)) -> (Cell, Date) {
    (spot.cell, spot.hour.date())
}

impl Preview {
    fn add(&mut self, due: &[Due], (from, to): (Date, Date), missing: Vec<(Endpoint, Spot)>) {
        let asks = requests(missing);
        let calls = asks.iter().map(|ask: &Request| u64::from(ask.cost())).sum();
        let (activities, requests) = (due.len() as u64, asks.len() as u64);
        self.activities += activities;
        self.requests += requests;
        self.calls += calls;
        self.parts.push(Part { from: from.to_string(), to: to.to_string(), activities, requests, calls });
    }
}
