//! Takes a run out of the queue for good, or hands it back.

use std::collections::{BTreeSet, HashMap};

use store::{Backend, Sql, Tx, params};

use super::hint::hint;
use crate::child;
use crate::dead_letter;
use crate::pool;
use crate::run::{FailureClass, Fence, Fenced, RunState, close_open};

/// How a run ended.
#[derive(Debug, Clone)]
pub struct Ended {
    pub state: RunState,
    /// Of a run that failed.
    pub class: Option<FailureClass>,
    pub error_code: Option<String>,
    pub error: Option<String>,
    pub now_ms: i64,
}

impl Ended {
    /// The end of a run that did not fail.
    pub fn well(state: RunState, now_ms: i64) -> Self {
        Self { state, class: None, error_code: None, error: None, now_ms }
    }
}

/// A run that a worker holds, and how it ended.
#[derive(Debug, Clone)]
pub struct Ending {
    pub fence: Fence,
    pub ended: Ended,
}

impl Ending {
    /// Whether nothing can be left of what the run set off: it succeeds once all its children are over.
    fn is_well(&self) -> bool {
        self.ended.state == RunState::Succeeded
    }
}

/// What the end of a run means to others.
struct Kin {
    /// The dead letter that it follows.
    letter: Option<String>,
    parent: Option<String>,
}

/// Ends a run that is still held under the fence: its lock is free and nothing of it can be committed any more.
pub fn finish(tx: &mut Tx<'_>, fence: &Fence, ended: &Ended) -> store::Result<()> {
    let ending = Ending { fence: fence.clone(), ended: ended.clone() };
    let is_held = finish_all(tx, &[ending])?.contains(&true);
    if is_held { Ok(()) } else { Err(store::Error::abort(Fenced)) }
}

/// Ends those of the runs that are still held under their fences, and answers of each whether it was. One that belongs
/// to another worker by now is left as it is and takes nothing with it.
pub fn finish_all(tx: &mut Tx<'_>, endings: &[Ending]) -> store::Result<Vec<bool>> {
    let well: Vec<Ending> = endings.iter().filter(|ending| ending.is_well()).cloned().collect();
    let (kin, frees) = match tx.backend() {
        Backend::Sqlite => end_each(tx, &well)?,
        Backend::Postgres => end_held(tx, &well)?,
    };
    let (mut kin, mut held, mut parents) = (kin.into_iter(), Vec::new(), BTreeSet::new());
    for ending in endings {
        if !ending.is_well() {
            held.push(end_with_children(tx, ending)?);
            continue;
        }
        let found = kin.next().flatten();
        held.push(found.is_some());
        match found {
            Some(Kin { parent: Some(parent), .. }) => drop(parents.insert(parent)),
            Some(Kin { letter, .. }) => {
                dead_letter::note_end(tx, ending.fence.run(), letter.as_deref(), &ending.ended)?;
            }
            None => {}
        }
    }
    let now_ms = endings.iter().map(|ending| ending.ended.now_ms).max().unwrap_or(0);
    if wake_parents(tx, parents, now_ms)? || frees {
        hint(tx)?;
    }
    Ok(held)
}

/// The youngest first, in the order in which rows of jobs are locked. Answers whether one was woken.
fn wake_parents(tx: &mut Tx<'_>, parents: BTreeSet<String>, now_ms: i64) -> store::Result<bool> {
    let mut is_woken = false;
    for parent in parents.into_iter().rev() {
        is_woken |= child::wake_parent(tx, &parent, now_ms)?;
    }
    Ok(is_woken)
}

/// Answers whether the run was held.
fn end_with_children(tx: &mut Tx<'_>, Ending { fence, ended }: &Ending) -> store::Result<bool> {
    // Before the fence, which only shares the key: two who share it could not both go on to end the run.
    let children = child::hold(tx, fence.run())?;
    let is_held = fence.holds(tx)?;
    if is_held {
        end(tx, fence.run(), &children, ended)?;
    }
    Ok(is_held)
}

/// Of each run that was held, what its end means to others; and whether a lock came free.
type AllEnded = (Vec<Option<Kin>>, bool);

fn end_each(tx: &mut Tx<'_>, endings: &[Ending]) -> store::Result<AllEnded> {
    let (mut all, mut frees) = (Vec::with_capacity(endings.len()), false);
    for Ending { fence, ended } in endings {
        if !fence.holds(tx)? {
            all.push(None);
            continue;
        }
        all.push(note(tx, fence.run(), ended)?);
        pool::drop_run(tx, fence.run())?;
        tx.execute(&DELETE_JOB, &params![fence.run()])?;
        frees |= unlock(tx, fence.run())?;
    }
    Ok((all, frees))
}

fn end_held(tx: &mut Tx<'_>, endings: &[Ending]) -> store::Result<AllEnded> {
    if endings.is_empty() {
        return Ok((Vec::new(), false));
    }
    let runs: Vec<String> = endings.iter().map(|one| one.fence.run().to_owned()).collect();
    let numbers = |number: fn(&Ending) -> i64| endings.iter().map(number).collect::<Vec<_>>();
    let (fences, times) = (numbers(|one| one.fence.number()), numbers(|one| one.ended.now_ms));
    let asked = params![&runs, &fences, &times, RunState::Succeeded.as_str()];
    let rows = tx.query(&END_HELD, &asked, |row| {
        let kin = Kin { letter: row.get(2)?, parent: row.get(3)? };
        Ok(((row.get::<String>(0)?, row.get::<i64>(1)?), (kin, row.get::<bool>(4)?)))
    })?;
    let frees = rows.iter().any(|(_, (_, frees))| *frees);
    let mut held: HashMap<_, Kin> = rows.into_iter().map(|(claim, (kin, _))| (claim, kin)).collect();
    let claim = |ending: &Ending| (ending.fence.run().to_owned(), ending.fence.number());
    for _ in held.len()..endings.len() {
        crate::telemetry::fenced();
    }
    Ok((endings.iter().map(|ending| held.remove(&claim(ending))).collect(), frees))
}

fn note(tx: &mut Tx<'_>, run: &str, ended: &Ended) -> store::Result<Option<Kin>> {
    let Ended { state, error_code, error, now_ms, .. } = ended;
    let row = params![run, state.as_str(), *now_ms, error_code.as_deref(), error.as_deref()];
    tx.optional(&END_RUN, &row, |row| Ok(Kin { letter: row.get(0)?, parent: row.get(1)? }))
}

/// Ends a run whose job is locked, and with it the children that are not over.
fn end(tx: &mut Tx<'_>, run: &str, children: &[String], ended: &Ended) -> store::Result<()> {
    let Ended { state, now_ms, .. } = ended;
    child::end_all(tx, children, *now_ms)?;
    pool::drop_run(tx, run)?;
    let (letter, parent) = note(tx, run, ended)?.map_or((None, None), |kin| (kin.letter, kin.parent));
    if *state != RunState::Succeeded {
        close_open(tx, run, *now_ms)?;
    }
    tx.execute(&DELETE_JOB, &params![run])?;
    let is_freed = unlock(tx, run)?;
    let is_woken = match parent {
        // What becomes of a child is its parent's matter.
        Some(parent) => child::wake_parent(tx, &parent, *now_ms)?,
        None => dead_letter::note_end(tx, run, letter.as_deref(), ended).map(|()| false)?,
    };
    if is_freed || is_woken || !children.is_empty() { hint(tx) } else { Ok(()) }
}

/// Hands a run back to the queue, to be taken up from `ready_ms` on; the claim is not counted.
pub fn release(tx: &mut Tx<'_>, fence: &Fence, ready_ms: i64) -> store::Result<()> {
    own(tx, fence)?;
    let run = fence.run();
    let ready_ms = if pool::is_called_back(tx, run)? { None } else { Some(ready_ms) };
    park(tx, run, ready_ms, None)?;
    hint(tx)
}

/// Hands a run back to the queue that waits for its children: it is ready when the last of them is over, which may be
/// now, or by `ready_ms`. Its time is counted on since `begun_ms`.
pub fn release_awaiting(
    tx: &mut Tx<'_>,
    fence: &Fence,
    (begun_ms, ready_ms): (i64, i64),
    now_ms: i64,
) -> store::Result<()> {
    own(tx, fence)?;
    let run = fence.run();
    park(tx, run, Some(ready_ms), Some(begun_ms))?;
    child::wake_parent(tx, run, now_ms)?;
    hint(tx)
}

/// Without `ready_ms` it is as ready as it was.
fn park(tx: &mut Tx<'_>, run: &str, ready_ms: Option<i64>, waits_since_ms: Option<i64>) -> store::Result<()> {
    pool::drop_slots(tx, run)?;
    tx.execute(&RELEASE_JOB, &params![run, ready_ms, waits_since_ms])?;
    tx.execute(&REQUEUE_RUN, &params![run, RunState::Queued.as_str()])?;
    // Children go on under the lock, and what comes after them does too.
    if waits_since_ms.is_none() {
        tx.execute(&child::KEEP_LOCK, &params![run])?;
    }
    Ok(())
}

/// Notes that a run shall stop; a run that nobody holds ends here.
pub fn ask_cancel(tx: &mut Tx<'_>, run: &str, now_ms: i64) -> store::Result<bool> {
    let children = child::hold(tx, run)?;
    let found = tx.execute(&ASK_CANCEL, &params![run])? > 0;
    if tx.execute(&DELETE_IDLE_JOB, &params![run])? > 0 {
        end(tx, run, &children, &Ended::well(RunState::Cancelled, now_ms))?;
    }
    Ok(found)
}

/// Ends a run that was asked to stop and that nobody works on.
pub(super) fn end_cancelled(tx: &mut Tx<'_>, run: &str, now_ms: i64) -> store::Result<()> {
    let children = child::hold(tx, run)?;
    end(tx, run, &children, &Ended::well(RunState::Cancelled, now_ms))
}

/// Which of the runs named were asked to stop, or are over.
pub fn cancelled(tx: &mut Tx<'_>, runs: &[String]) -> store::Result<Vec<String>> {
    tx.query(&CANCELLED, &params![runs], |row| row.get(0))
}

// At once as who ends it does: two who share the key could not both go on to that.
fn own(tx: &mut Tx<'_>, fence: &Fence) -> store::Result<()> {
    tx.query(&HOLD_JOB, &params![fence.run()], |_| Ok(()))?;
    fence.check(tx)
}

/// Answers whether the run had a lock that others may wait for.
fn unlock(tx: &mut Tx<'_>, run: &str) -> store::Result<bool> {
    Ok(tx.execute(&UNLOCK, &params![run])? > 0)
}

// SQLite has one writer at a time: its transaction is the lock.
const HOLD_JOB: Sql = Sql::Per {
    sqlite: "SELECT 1 FROM job WHERE run_id = $1",
    postgres: "SELECT 1 FROM job WHERE run_id = $1 FOR UPDATE",
};
// One answer of the server for a whole group; SQLite answers at once, and takes no statement that changes several tables.
// The youngest is locked first, as where a run ends with its children.
const END_HELD: Sql = Sql::Per {
    sqlite: "SELECT $1, $2, $3, $4",
    postgres: "WITH held AS MATERIALIZED (\
               SELECT ending.* FROM unnest($1::TEXT[], $2::BIGINT[], $3::BIGINT[]) \
               AS ending (run_id, fence, finished_ms) \
               JOIN job ON job.run_id = ending.run_id AND job.fence = ending.fence \
               ORDER BY job.run_id DESC FOR UPDATE OF job), \
               ended AS (UPDATE run SET state = $4, finished_ms = held.finished_ms, error_code = NULL, error = NULL \
               FROM held WHERE run.id = held.run_id RETURNING held.run_id, held.fence, run.letter, run.parent), \
               gone AS (DELETE FROM job USING held WHERE job.run_id = held.run_id), \
               left_pool AS (DELETE FROM pool_use USING held WHERE pool_use.run_id = held.run_id), \
               freed AS (DELETE FROM run_lock USING held WHERE run_lock.run_id = held.run_id \
               RETURNING run_lock.run_id) \
               SELECT ended.run_id, ended.fence, ended.letter, ended.parent, freed.run_id IS NOT NULL FROM ended \
               LEFT JOIN freed ON freed.run_id = ended.run_id ORDER BY ended.run_id",
};
const END_RUN: Sql = Sql::Both(
    "UPDATE run SET state = $2, finished_ms = $3, error_code = $4, error = $5 WHERE id = $1 \
     RETURNING letter, parent",
);
const DELETE_JOB: Sql = Sql::Both("DELETE FROM job WHERE run_id = $1");
const DELETE_IDLE_JOB: Sql = Sql::Both("DELETE FROM job WHERE run_id = $1 AND worker IS NULL");
// The next claim ends a run that was asked to stop while it was on its way back.
const RELEASE_JOB: Sql = Sql::Both(
    "UPDATE job SET worker = NULL, lease_boot = NULL, lease_until_ms = NULL, \
     ready_ms = CASE WHEN cancel_asked THEN 0 ELSE COALESCE($2, ready_ms) END, waits_since_ms = $3, \
     attempts = attempts - 1, fence = fence + 1 WHERE run_id = $1",
);
const REQUEUE_RUN: Sql = Sql::Both("UPDATE run SET state = $2 WHERE id = $1");
const ASK_CANCEL: Sql = Sql::Both("UPDATE job SET cancel_asked = TRUE WHERE run_id = $1");
const CANCELLED: Sql = Sql::Per {
    sqlite: "SELECT held.value FROM json_each($1) AS held WHERE NOT EXISTS (SELECT 1 FROM job \
             WHERE job.run_id = held.value AND NOT job.cancel_asked) ORDER BY held.value",
    postgres: "SELECT held.run_id FROM unnest($1::TEXT[]) AS held (run_id) WHERE NOT EXISTS (SELECT 1 FROM job \
               WHERE job.run_id = held.run_id AND NOT job.cancel_asked) ORDER BY held.run_id",
};
const UNLOCK: Sql = Sql::Both("DELETE FROM run_lock WHERE run_id = $1");
pub(crate) const QUERIES: &[&Sql] = &[
    &HOLD_JOB,
    &END_HELD,
    &END_RUN,
    &DELETE_JOB,
    &DELETE_IDLE_JOB,
    &RELEASE_JOB,
    &REQUEUE_RUN,
    &ASK_CANCEL,
    &CANCELLED,
    &UNLOCK,
];
