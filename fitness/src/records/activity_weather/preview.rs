//! What catching up on the weather of a history would cost, before anybody is asked.

use std::collections::BTreeMap;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Serialize;
use store::{Result, Tx};

use super::due::{Due, Window, due};
use crate::weather::{Endpoint, Hour, Request, Spot, requests};

/// Activities of one part; a step asks for the places of so many together.
const PART: usize = 2_000;

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

/// Looks at what is due within a window of moments; nothing is asked and nothing is changed.
pub fn preview(tx: &mut Tx<'_>, athlete: &str, window: (i64, i64), now_ms: i64) -> Result<Preview> {
    let window = Window { from_ms: window.0, until_ms: window.1, is_asked: true };
    let all = due(tx, athlete, window, now_ms, u32::MAX >> 1)?;
    let mut days: BTreeMap<Date, Vec<Due>> = BTreeMap::new();
    for activity in all {
        days.entry(Hour::before(activity.track.start_ms).date()).or_default().push(activity);
    }
    let mut preview = Preview::default();
    let mut open: Vec<(Date, Vec<Due>)> = Vec::new();
    for (day, due) in days.into_iter().rev() {
        let count: usize = open.iter().map(|(_, due)| due.len()).sum();
        if count > 0 && count + due.len() > PART {
            preview.add(tx, &open, now_ms)?;
            open.clear();
        }
        open.push((day, due));
    }
    preview.add(tx, &open, now_ms)?;
    Ok(preview)
}

impl Preview {
    /// Adds a part of days, the latest first.
    fn add(&mut self, tx: &mut Tx<'_>, days: &[(Date, Vec<Due>)], now_ms: i64) -> Result<()> {
        let (Some((to, _)), Some((from, _))) = (days.first(), days.last()) else { return Ok(()) };
        let (from, to) = (from.to_string(), to.to_string());
        let mut missing: Vec<(Endpoint, Spot)> = Vec::new();
        let mut activities = 0;
        for activity in days.iter().flat_map(|(_, due)| due) {
            missing.extend(activity.missing(tx, now_ms)?);
            activities += 1;
        }
        let asks = requests(missing);
        let calls = asks.iter().map(|ask: &Request| u64::from(ask.cost())).sum();
        let part = Part { from, to, activities, requests: asks.len() as u64, calls };
        self.activities += part.activities;
        self.requests += part.requests;
        self.calls += part.calls;
        self.parts.push(part);
        Ok(())
    }
}
