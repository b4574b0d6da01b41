//! Puts children into the queue, each once, however often their run is taken up.

use std::collections::HashMap;

use store::{Sql, Tx, Value, params};

use super::kin;
use crate::host::new_id;
use crate::queue::{self, Job};
use crate::run::Fence;

/// The step that has children, in a run that is held.
#[derive(Debug, Clone)]
pub(crate) struct Mother {
    pub fence: Fence,
    pub step: String,
}

/// Adds a run for each part that has none. A part that succeeded in the run which this one follows is taken over,
/// where what its givers left was taken over too.
pub(super) fn parts(
    tx: &mut Tx<'_>,
    mother: &Mother,
    givers: &[String],
    count: usize,
    now_ms: i64,
) -> store::Result<()> {
    kin::hold_one(tx, mother.fence.run())?;
    mother.fence.check(tx)?;
    let (run, step) = (mother.fence.run(), &mother.step);
    let former = former_parts(tx, mother, givers)?;
    let ids: Vec<String> = (0..count).map(|_| new_id(now_ms)).collect();
    let mut fresh: Vec<Vec<Value<'_>>> = Vec::new();
    let (mut reused, mut results): (Vec<Vec<Value<'_>>>, Vec<Vec<Value<'_>>>) = (Vec::new(), Vec::new());
    for (id, number) in ids.iter().zip(0_i64..) {
        match former.get(&number) {
            Some(former) => {
                reused.push(params![run, id, step, number, former].into());
                results.push(params![id, former].into());
            }
            None => fresh.push(params![run, id, step, number, now_ms].into()),
        }
    }
    tx.batch(&INSERT_PART, &fresh)?;
    tx.batch(&TAKE_OVER, &reused)?;
    tx.batch(&TAKE_OVER_STEP, &results)?;
    tx.execute(&INSERT_JOBS, &params![run, step, now_ms])?;
    queue::hint(tx)
}

/// The parts that need not run again: the run follows one in which they succeeded, and no giver ran since.
fn former_parts(tx: &mut Tx<'_>, mother: &Mother, givers: &[String]) -> store::Result<HashMap<i64, String>> {
    let run = mother.fence.run();
    let former = tx.optional(&FOLLOWS, &params![run], |row| row.get::<Option<String>>(0))?.flatten();
    let Some(former) = former else { return Ok(HashMap::new()) };
    let reused = tx.query(&REUSED_STEPS, &params![run], |row| row.get::<String>(0))?;
    if !givers.iter().all(|giver| reused.contains(giver)) {
        return Ok(HashMap::new());
    }
    let parts =
        tx.query(&FORMER_PARTS, &params![&former, &mother.step], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(parts.into_iter().collect())
}

/// Adds a run of a pipeline for a step, and answers its id, or that of the one which is there.
pub(super) fn pipeline(tx: &mut Tx<'_>, mother: &Mother, job: &Job) -> store::Result<String> {
    kin::hold_one(tx, mother.fence.run())?;
    mother.fence.check(tx)?;
    let (run, step) = (mother.fence.run(), &mother.step);
    if let Some(id) = tx.optional(&CHILD, &params![run, step], |row| row.get(0))? {
        return Ok(id);
    }
    let held = tx.query(&HELD_LOCKS, &params![run], |row| row.get::<String>(0))?;
    let terms = tx.optional(&TERMS, &params![run, job.now_ms], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let (priority, ready_ms) = terms.unwrap_or((job.priority, job.now_ms));
    // What an ancestor holds is held for it too.
    let lock_key = job.lock_key.clone().filter(|key| !held.contains(key));
    queue::insert(tx, &Job { lock_key, priority, ..job.clone() }, ready_ms)?;
    tx.execute(&ADOPT, &params![&job.id, run, step])?;
    Ok(job.id.clone())
}

const INSERT_PART: Sql = Sql::Both(
    "INSERT INTO run (id, pipeline, partition, params, cause, request_id, state, script_hash, plan_hash, enqueued_ms, \
     origin, parent, parent_step, part) SELECT $2, pipeline, partition, params, 'part', request_id, 'queued', \
     script_hash, plan_hash, $5, COALESCE(origin, cause), id, $3, $4 FROM run WHERE id = $1 ON CONFLICT DO NOTHING",
);
const TAKE_OVER: Sql = Sql::Both(
    "INSERT INTO run (id, pipeline, partition, params, cause, request_id, state, script_hash, plan_hash, enqueued_ms, \
     started_ms, finished_ms, origin, parent, parent_step, part, follows) SELECT $2, former.pipeline, \
     former.partition, former.params, 'part', former.request_id, former.state, former.script_hash, former.plan_hash, \
     former.enqueued_ms, former.started_ms, former.finished_ms, former.origin, $1, $3, $4, former.id \
     FROM run AS former WHERE former.id = $5 ON CONFLICT DO NOTHING",
);
const TAKE_OVER_STEP: Sql = Sql::Both(
    "INSERT INTO step_run (run_id, step, position, kind, state, attempts, artifact, meters, started_ms, \
     finished_ms, worker, attempt_ms, reused_from) SELECT $1, step, position, kind, state, attempts, artifact, \
     meters, started_ms, finished_ms, worker, attempt_ms, COALESCE(reused_from, run_id) FROM step_run \
     WHERE run_id = $2 AND EXISTS (SELECT 1 FROM run WHERE id = $1)",
);
// Children go by the age and the priority of their run, and take no lock: they work under that of their run.
const INSERT_JOBS: Sql = Sql::Both(
    "INSERT INTO job (run_id, partition, priority, ready_ms, attempts) SELECT child.id, child.partition, \
     job.priority, CASE WHEN run.enqueued_ms < $3 THEN run.enqueued_ms ELSE $3 END, 0 FROM run AS child \
     JOIN job ON job.run_id = child.parent JOIN run ON run.id = child.parent \
     WHERE child.parent = $1 AND child.parent_step = $2 AND child.finished_ms IS NULL \
     ON CONFLICT (run_id) DO NOTHING",
);
const FOLLOWS: Sql = Sql::Both("SELECT follows FROM run WHERE id = $1");
// A result that was kept made no attempt, and need not be that of the run which is followed.
const REUSED_STEPS: Sql = Sql::Both(
    "SELECT step FROM step_run WHERE run_id = $1 AND reused_from IS NOT NULL AND attempts > 0 ORDER BY position",
);
// Those of a step that succeeded as a whole are asked for anew on purpose.
const FORMER_PARTS: Sql = Sql::Both(
    "SELECT part, id FROM run WHERE parent = $1 AND parent_step = $2 AND part IS NOT NULL AND state = 'succeeded' \
     AND NOT EXISTS (SELECT 1 FROM step_run WHERE run_id = $1 AND step = $2 AND state = 'succeeded') ORDER BY part",
);
const CHILD: Sql = Sql::Both("SELECT id FROM run WHERE parent = $1 AND parent_step = $2 ORDER BY id");
const HELD_LOCKS: Sql = Sql::Both(
    "WITH RECURSIVE line (id) AS (SELECT id FROM run WHERE id = $1 UNION ALL SELECT run.parent FROM run JOIN line \
     ON run.id = line.id WHERE run.parent IS NOT NULL) \
     SELECT lock_key FROM job WHERE run_id IN (SELECT id FROM line) AND lock_key IS NOT NULL ORDER BY lock_key",
);
const TERMS: Sql = Sql::Both(
    "SELECT job.priority, CASE WHEN run.enqueued_ms < $2 THEN run.enqueued_ms ELSE $2 END \
     FROM job JOIN run ON run.id = job.run_id WHERE job.run_id = $1",
);
const ADOPT: Sql = Sql::Both(
    "UPDATE run SET parent = $2, parent_step = $3, \
     fresh = (SELECT mother.fresh FROM run AS mother WHERE mother.id = $2), \
     origin = (SELECT COALESCE(mother.origin, mother.cause) FROM run AS mother WHERE mother.id = $2) WHERE id = $1",
);
pub(super) const QUERIES: &[&Sql] = &[
    &INSERT_PART,
    &TAKE_OVER,
    &TAKE_OVER_STEP,
    &INSERT_JOBS,
    &FOLLOWS,
    &REUSED_STEPS,
    &FORMER_PARTS,
    &CHILD,
    &HELD_LOCKS,
    &TERMS,
    &ADOPT,
];
