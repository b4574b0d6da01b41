//! Pools as Prometheus sees them.

use std::collections::BTreeMap;

use metrics::{describe_gauge, gauge};

use super::overview::PoolRecord;
use super::size::Size;
use crate::host::Engine;

const SLOTS: &str = "paceline_pool_slots";
const SLOTS_USED: &str = "paceline_pool_slots_used";
const CALLS: &str = "paceline_pool_calls";
const CALLS_USED: &str = "paceline_pool_calls_used";
const CLOSED_UNTIL: &str = "paceline_pool_closed_until_timestamp_seconds";

impl Engine {
    /// Brings the gauges of the pools up to date, for whoever reads them next.
    pub async fn measure_pools(&self) -> store::Result<()> {
        self.pools().await?.iter().for_each(measure);
        Ok(())
    }
}

/// Says what each series means.
pub(crate) fn describe() {
    describe_gauge!(SLOTS, "Slots of a pool that limits them.");
    describe_gauge!(SLOTS_USED, "Attempts at work in a pool, of all workers.");
    describe_gauge!(CALLS, "Calls that a pool's window has, where they are limited.");
    describe_gauge!(CALLS_USED, "Calls of a pool's present window, of all workers.");
    describe_gauge!(CLOSED_UNTIL, "Until when a pool is closed; 0 while it is open.");
}

/// Makes the series of each pool, so that they are there before anybody enters one.
pub(super) fn sized(sizes: &BTreeMap<String, Size>) {
    for (name, size) in sizes {
        limit(SLOTS, name, size.slots);
        limit(CALLS, name, size.rate.map(|rate| rate.calls));
        for series in [SLOTS_USED, CALLS_USED, CLOSED_UNTIL] {
            gauge!(series, "pool" => name.clone()).increment(0.0);
        }
    }
}

fn measure(pool: &PoolRecord) {
    let name = &pool.name;
    limit(SLOTS, name, pool.slots);
    limit(CALLS, name, pool.calls.as_ref().map(|calls| calls.of));
    gauge!(SLOTS_USED, "pool" => name.clone()).set(pool.holders.len() as f64);
    let calls = pool.calls.as_ref().map_or(0, |calls| calls.used);
    gauge!(CALLS_USED, "pool" => name.clone()).set(calls as f64);
    let until_ms = pool.closed_until_ms.unwrap_or(0);
    gauge!(CLOSED_UNTIL, "pool" => name.clone()).set(until_ms as f64 / 1000.0);
}

/// A pool without a limit has no series for it: no number would be true.
fn limit(series: &'static str, name: &str, most: Option<u32>) {
    if let Some(most) = most {
        gauge!(series, "pool" => name.to_owned()).set(f64::from(most));
    }
}
