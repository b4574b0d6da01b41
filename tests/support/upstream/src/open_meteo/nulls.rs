//! Which hours have no values yet.

use std::collections::{HashMap, HashSet};

use super::Host;
use super::weather::Cell;

const HOUR_MS: i64 = 3_600_000;
/// The archive of forecasts holds values since 2022.
const FORECASTS_SINCE_HOUR: i64 = 1_640_995_200_000 / HOUR_MS;

#[derive(Default)]
pub(super) struct Nulls {
    from_hour: HashMap<Host, i64>,
    holes: HashSet<(Cell, i64)>,
}

impl Nulls {
    pub(super) fn set_from(&mut self, host: Host, epoch_ms: Option<i64>) {
        match epoch_ms {
            Some(epoch_ms) => self.from_hour.insert(host, epoch_ms.div_euclid(HOUR_MS)),
            None => self.from_hour.remove(&host),
        };
    }

    pub(super) fn add(&mut self, cell: Cell, epoch_ms: i64) {
        self.holes.insert((cell, epoch_ms.div_euclid(HOUR_MS)));
    }

    pub(super) fn fill(&mut self) {
        self.holes.clear();
    }

    pub(super) fn has(&self, host: Host, cell: Cell, hour: i64, now_ms: i64) -> bool {
        let from = match (self.from_hour.get(&host), host) {
            (Some(&hour), _) => hour,
            (None, Host::Archive) => now_ms.div_euclid(HOUR_MS) + 1,
            (None, _) => i64::MAX,
        };
        let is_before = host == Host::Historical && hour < FORECASTS_SINCE_HOUR;
        is_before || hour >= from || self.holes.contains(&(cell, hour))
    }
}
