//! A run for an event: at most one waits, and none that has begun stands for it.

use store::{Sql, Tx, params};

use super::enqueue::{Enqueued, Job, enqueue, one_at_a_time};
use crate::plan::Overlap;

/// Adds the run, or answers one that waits and does the same.
///
/// A run that has begun may have passed what the event tells of, so it stands for nothing, not even where the pipeline
/// says `skip`: one more run follows it.
pub fn enqueue_behind(tx: &mut Tx<'_>, job: &Job) -> store::Result<Enqueued> {
    one_at_a_time(tx, job)?;
    let waiting = params![&job.pipeline, &job.partition, &job.params, job.priority];
    if let Some(run) = tx.optional(&WAITING, &waiting, |row| row.get(0))? {
        return Ok(Enqueued { run, new: false });
    }
    let overlap = if job.overlap == Overlap::Skip { Overlap::Queue } else { job.overlap };
    enqueue(tx, &Job { overlap, ..job.clone() })
}

// One that was parked or handed back has begun; one that follows another, or belongs to one, does only a part. Nobody
// claims it before the event is there to be seen. SQLite has one writer at a time: its transaction is the lock.
const WAITING: Sql = Sql::Per {
    sqlite: "SELECT run.id FROM run JOIN job ON job.run_id = run.id WHERE run.pipeline = $1 AND run.partition = $2 \
             AND run.finished_ms IS NULL AND job.worker IS NULL AND job.fence = 0 AND run.follows IS NULL AND run.parent IS NULL \
             AND NOT job.cancel_asked AND run.params = $3 AND job.priority >= $4 ORDER BY run.id LIMIT 1",
    postgres: "SELECT run.id FROM run JOIN job ON job.run_id = run.id WHERE run.pipeline = $1 AND run.partition = $2 \
               AND run.finished_ms IS NULL AND job.worker IS NULL AND job.fence = 0 AND run.follows IS NULL AND run.parent IS NULL \
               AND NOT job.cancel_asked AND run.params = $3 AND job.priority >= $4 ORDER BY run.id LIMIT 1 \
               FOR UPDATE OF job SKIP LOCKED",
};
pub(super) const QUERIES: &[&Sql] = &[&WAITING];
