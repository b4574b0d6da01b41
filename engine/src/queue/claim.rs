//! Takes runs out of the queue under a lease.

pub(super) mod postgres;
pub(super) mod sqlite;

use std::time::Duration;

use store::{Backend, Row, Tx};

use super::finish;
use crate::run::Fence;

/// How often in a row a run may be taken up without getting anything done: a step that kills its worker is not run
/// for ever.
pub const MAX_CLAIMS: i64 = 10;

/// At most so many runs are taken at once; the next ones are taken right after.
pub const BATCH: i64 = 20;

/// The terms under which a worker takes runs.
#[derive(Debug, Clone)]
pub struct Lease {
    pub worker: String,
    pub length: Duration,
    /// Epoch milliseconds, against which `ready_ms` is held.
    pub now_ms: i64,
}

impl Lease {
    /// Whole milliseconds.
    pub(super) fn length_ms(&self) -> i64 {
        i64::try_from(self.length.as_millis()).unwrap_or(i64::MAX / 8)
    }
}

/// A run that this worker holds.
#[derive(Debug, Clone)]
pub struct Claimed {
    pub run: String,
    pub fence: Fence,
    /// Counts from 1; above 1 somebody held it before.
    pub claims: i64,
}

impl Claimed {
    /// Whether a worker held it before and went away without giving it back.
    pub fn is_rescue(&self) -> bool {
        self.claims > 1
    }
}

/// A run that was taken, whether or not it goes on.
struct Taken {
    run: String,
    fence: i64,
    claims: i64,
    cancel_asked: bool,
}

/// Takes up to `limit` ready runs, and no more than [`BATCH`], whose lock is free. At most one worker receives a given run.
///
/// The highest priority goes first; within one, the partition that has the fewest runs at work, then the oldest. Runs
/// whose lease ran out are ready again. A run that was asked to stop ends here instead of being handed out.
pub fn claim(tx: &mut Tx<'_>, lease: &Lease, limit: i64) -> store::Result<Vec<Claimed>> {
    let limit = limit.min(BATCH);
    let all = match tx.backend() {
        Backend::Sqlite => sqlite::take(tx, lease, limit)?,
        Backend::Postgres => postgres::take(tx, lease, limit)?,
    };
    let mut claimed = Vec::with_capacity(all.len());
    for Taken { run, fence, claims, cancel_asked } in all {
        if cancel_asked {
            finish::end_cancelled(tx, &run, lease.now_ms)?;
        } else {
            let fence = Fence::new(&run, fence).after(claims);
            claimed.push(Claimed { run, fence, claims });
        }
    }
    Ok(claimed)
}

/// Of a row that tells the fence, the claims and the wish to stop after the run.
fn taken(row: &Row<'_>, run: String) -> store::Result<Taken> {
    Ok(Taken { run, fence: row.get(1)?, claims: row.get(2)?, cancel_asked: row.get(3)? })
}
