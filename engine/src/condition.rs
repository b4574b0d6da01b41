//! How the engine is, as somebody outside sees it: the queue, the workers, the scheduler, the freshness of what is made.

use std::time::Duration;

use store::{Sql, Tx};

use crate::host::Engine;
use crate::queue::{self, Depth};
use crate::schedule::freshness::{Freshness, Watched, freshness};

/// A scheduler that did not look to the end for so long stands still: it looks once a second, and gives up a look after
/// ten.
const STANDSTILL: Duration = Duration::from_secs(30);
/// For so long a run may wait for a worker with a free hand before the queue counts as late.
const PATIENCE: Duration = Duration::from_secs(300);

/// What the database knows.
#[derive(Debug, Clone)]
pub struct Condition {
    /// When it was read, in epoch milliseconds.
    pub at_ms: i64,
    pub queue: Depth,
    pub dead_letters: i64,
    /// Of every pipeline of this process, by name.
    pub pipelines: Vec<Freshness>,
}

/// How the scheduler of this process is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticking {
    /// When it last looked to the end, in epoch milliseconds; absent until it did for the first time.
    pub last_ms: Option<i64>,
    /// For how long it has not.
    pub age_ms: i64,
}

impl Condition {
    /// For how long the oldest run waits that any worker might take.
    pub fn oldest_ready_ms(&self) -> i64 {
        self.queue.oldest_ready_ms(self.at_ms)
    }

    /// Whether a run waits for longer than a worker should take to get a hand free.
    pub fn is_queue_late(&self) -> bool {
        exceeds(self.oldest_ready_ms(), PATIENCE)
    }
}

impl Ticking {
    /// Whether it should have looked to the end long ago.
    pub fn is_late(self) -> bool {
        exceeds(self.age_ms, STANDSTILL)
    }
}

impl Engine {
    /// Reads how the engine is, from one snapshot.
    pub async fn condition(&self) -> store::Result<Condition> {
        let (watched, at_ms) = (self.watched(), self.clock().now_ms());
        self.store().read(move |tx| read(tx, &watched, at_ms)).await
    }

    /// How the scheduler of this process is, where it has one.
    pub fn ticking(&self) -> Option<Ticking> {
        let (since_ms, last_ms) = self.ticks();
        let age_ms = (self.clock().now_ms() - last_ms.unwrap_or(since_ms?)).max(0);
        Some(Ticking { last_ms, age_ms })
    }
}

pub(crate) fn read(tx: &mut Tx<'_>, watched: &[Watched], at_ms: i64) -> store::Result<Condition> {
    Ok(Condition {
        at_ms,
        queue: queue::depth(tx, at_ms)?,
        dead_letters: tx.optional(&OPEN_LETTERS, &[], |row| row.get(0))?.unwrap_or(0),
        pipelines: freshness(tx, watched, at_ms)?,
    })
}

fn exceeds(ms: i64, limit: Duration) -> bool {
    u128::try_from(ms).unwrap_or(0) > limit.as_millis()
}

const OPEN_LETTERS: Sql = Sql::Both("SELECT COUNT(*) FROM dead_letter WHERE state = 'open'");
pub(crate) const QUERIES: &[&Sql] = &[&OPEN_LETTERS];
