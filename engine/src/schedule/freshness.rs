//! When pipelines last succeeded, and which of those that run by themselves are late.

use std::collections::HashMap;
use std::time::Duration;

use serde::Serialize;
use store::{Sql, Tx, params};

use super::pause::pauses;
use crate::host::Engine;

/// How long a run may take, its place in the queue and its retries included, before its pipeline counts as late; a
/// pipeline whose `timeout` is longer has that.
const TOLERANCE: Duration = Duration::from_secs(15 * 60);

/// How fresh what a pipeline makes is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Freshness {
    pub pipeline: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_success_ms: Option<i64>,
    /// Absent where nothing starts the pipeline by schedule, or it is paused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lateness: Option<Lateness>,
}

/// For whom a pipeline is late: it was due, and has not succeeded since, although the time for that is over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Lateness {
    /// For so many partitions; 0 where it is on time.
    pub partitions: i64,
    /// The oldest time that still waits for its success.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_ms: Option<i64>,
}

/// A pipeline as its script stands.
pub(crate) struct Watched {
    name: String,
    /// How long a slot may wait for its success; absent where there is no schedule.
    tolerance_ms: Option<i64>,
}

impl Engine {
    /// Every pipeline of this process, by name.
    pub(crate) fn watched(&self) -> Vec<Watched> {
        let plans = self.plans();
        let tolerance_ms = |name: &str| {
            let options = &plans.iter().find(|plan| plan.name == name)?.options;
            options.schedule.as_ref()?;
            let tolerance = options.timeout.unwrap_or_default().max(TOLERANCE);
            Some(i64::try_from(tolerance.as_millis()).unwrap_or(i64::MAX))
        };
        let known = self.pipelines().into_iter();
        known.map(|info| Watched { tolerance_ms: tolerance_ms(&info.name), name: info.name }).collect()
    }
}

/// How fresh each of them is.
pub(crate) fn freshness(tx: &mut Tx<'_>, watched: &[Watched], now_ms: i64) -> store::Result<Vec<Freshness>> {
    let paused = pauses(tx)?;
    let mut fresh = Vec::with_capacity(watched.len());
    for Watched { name, tolerance_ms } in watched {
        let last_success_ms = tx.optional(&LAST_SUCCESS, &params![name], |row| row.get(0))?.flatten();
        let tolerance_ms = tolerance_ms.filter(|_| !paused.iter().any(|pause| pause.pipeline == *name));
        let lateness = match tolerance_ms {
            Some(tolerance_ms) => Some(lateness(tx, name, now_ms.saturating_sub(tolerance_ms))?),
            None => None,
        };
        fresh.push(Freshness { pipeline: name.clone(), last_success_ms, lateness });
    }
    Ok(fresh)
}

/// Slots that a scheduler left out on purpose have no row, and nobody waits for them.
fn lateness(tx: &mut Tx<'_>, pipeline: &str, due_before_ms: i64) -> store::Result<Lateness> {
    let taken = tx.query(&TAKEN, &params![pipeline, due_before_ms], |row| {
        Ok((row.get::<String>(0)?, row.get::<i64>(1)?, row.get::<Option<i64>>(2)?))
    })?;
    let oldest_ms = taken.iter().filter_map(|(_, _, due_ms)| *due_ms).min();
    let successes: HashMap<String, i64> = match oldest_ms {
        Some(oldest_ms) => {
            let since = params![pipeline, oldest_ms];
            tx.query(&SUCCESSES, &since, |row| Ok((row.get(0)?, row.get(1)?)))?.into_iter().collect()
        }
        None => HashMap::new(),
    };
    let waits_since = |(partition, next_ms, due_ms): (String, i64, Option<i64>)| {
        let is_done = |due_ms: i64| successes.get(&partition).is_some_and(|success_ms| *success_ms >= due_ms);
        // What no scheduler has taken up is late whatever came before.
        let untaken_ms = Some(next_ms).filter(|next_ms| *next_ms <= due_before_ms);
        due_ms.filter(|due_ms| !is_done(*due_ms)).or(untaken_ms)
    };
    let late: Vec<i64> = taken.into_iter().filter_map(waits_since).collect();
    Ok(Lateness { partitions: i64::try_from(late.len()).unwrap_or(i64::MAX), due_ms: late.into_iter().min() })
}

const LAST_SUCCESS: Sql = Sql::Both(
    "SELECT MAX(finished_ms) FROM run WHERE state = 'succeeded' AND part IS NULL AND pipeline = $1",
);
// Keys of slots are what the wall shows, so that the latest is found from the end of the index.
const TAKEN: Sql = Sql::Both(
    "SELECT schedule.partition, schedule.next_ms, (SELECT schedule_slot.due_ms FROM schedule_slot \
     WHERE schedule_slot.pipeline = schedule.pipeline AND schedule_slot.partition = schedule.partition \
     AND schedule_slot.due_ms <= $2 ORDER BY schedule_slot.slot DESC LIMIT 1) \
     FROM schedule WHERE schedule.pipeline = $1 ORDER BY schedule.partition",
);
const SUCCESSES: Sql = Sql::Both(
    "SELECT partition, MAX(finished_ms) FROM run WHERE state = 'succeeded' AND part IS NULL AND pipeline = $1 \
     AND finished_ms >= $2 GROUP BY partition ORDER BY partition",
);
pub(super) const QUERIES: &[&Sql] = &[&LAST_SUCCESS, &TAKEN, &SUCCESSES];
