//! Where a run stands when it is taken up: nothing done yet, or what a former worker finished.

use std::collections::HashMap;
use std::sync::Arc;

use store::{Sql, Tx, params};

use super::{Fence, RunState, StepState};
use crate::child::WAITS;
use crate::log;
use crate::plan::Plan;

/// What is known of each step of the plan, in its order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Resumed {
    pub steps: Vec<Known>,
    /// Kept results do not stand for its steps.
    pub is_fresh: bool,
    /// The number of the last commit that changed a step.
    pub revision: i64,
    /// The number from which its lines go on.
    pub next_seq: i64,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Known {
    pub attempts: u32,
    /// Those of them that failed: the retry policy counts on where the run was parked or its worker went away.
    pub failures: u32,
    /// How the step ended, where it did.
    pub over: Option<StepState>,
    pub artifact: Option<Arc<str>>,
    pub error_code: Option<String>,
    /// It waits for its children.
    pub awaits: bool,
}

impl Resumed {
    /// A run that nobody began.
    pub(crate) fn fresh(plan: &Plan) -> Self {
        Self { steps: vec![Known::default(); plan.steps.len()], ..Self::default() }
    }

    /// Reads what was done, lists what is to do, and closes the attempts of a worker that went away.
    pub(crate) fn load(tx: &mut Tx<'_>, fence: &Fence, plan: &Plan, now_ms: i64) -> store::Result<Self> {
        begin(tx, fence, now_ms)?;
        let run = fence.run();
        let mut revision = 0;
        let found = tx.query(&STEPS, &params![run], |row| {
            revision = row.get::<i64>(5)?.max(revision);
            let state = StepState::parse(&row.get::<String>(2)?);
            let error_code: Option<String> = row.get(4)?;
            let known = Known {
                attempts: u32::try_from(row.get::<i64>(1)?).unwrap_or(u32::MAX),
                failures: 0,
                over: state.filter(|state| is_over(*state)),
                artifact: row.get::<Option<String>>(3)?.map(Into::into),
                awaits: state == Some(StepState::Waiting) && error_code.as_deref() == Some(WAITS),
                error_code,
            };
            Ok((row.get::<String>(0)?, known))
        })?;
        if found.is_empty() {
            insert(tx, run, plan, |_| true)?;
            return Ok(Self::fresh(plan));
        }
        tx.execute(&CLOSE_LOST, &params![run, now_ms])?;
        let mut found: HashMap<String, Known> = found.into_iter().collect();
        for (step, failures) in tx.query(&FAILURES, &params![run], |row| Ok((row.get(0)?, row.get(1)?)))? {
            let (step, failures): (String, i64) = (step, failures);
            if let Some(known) = found.get_mut(&step) {
                known.failures = u32::try_from(failures).unwrap_or(u32::MAX);
            }
        }
        let steps = plan.steps.iter().map(|step| found.remove(&*step.name).unwrap_or_default()).collect();
        // Where nobody listens, nothing is added.
        let next_seq = if log::is_captured() { log::record::next_seq(tx, run)? } else { 0 };
        Ok(Self { steps, is_fresh: false, revision, next_seq })
    }
}

/// Notes that whoever claimed the run works on it now.
pub fn begin(tx: &mut Tx<'_>, fence: &Fence, now_ms: i64) -> store::Result<()> {
    fence.check(tx)?;
    tx.execute(&BEGIN, &params![fence.run(), RunState::Running.as_str(), now_ms]).map(drop)
}

fn is_over(state: StepState) -> bool {
    matches!(state, StepState::Succeeded | StepState::Skipped | StepState::Failed)
}

/// Lists steps of the plan as not begun.
pub(crate) fn insert(
    tx: &mut Tx<'_>,
    run: &str,
    plan: &Plan,
    is_listed: impl Fn(usize) -> bool,
) -> store::Result<()> {
    let rows: Vec<_> = plan
        .steps
        .iter()
        .enumerate()
        .filter(|(position, _)| is_listed(*position))
        .map(|(position, step)| {
            params![run, &*step.name, position as i64, step.kind.kind, NO_METERS_YET].into()
        })
        .collect();
    tx.batch(&INSERT, &rows)?;
    Ok(())
}

// Its spaces keep room for what the row will hold in the end: one that outgrows its page moves its neighbours, which
// doubles the pages of the commit.
const NO_METERS_YET: &str = concat!(
    "{",
    "                                                                                ",
    "                                                                                ",
    "}"
);
const BEGIN: Sql =
    Sql::Both("UPDATE run SET state = $2, started_ms = COALESCE(started_ms, $3) WHERE id = $1");
const STEPS: Sql = Sql::Both(
    "SELECT step, attempts, state, artifact, error_code, revision FROM step_run WHERE run_id = $1 ORDER BY position",
);
const FAILURES: Sql = Sql::Both(
    "SELECT step, COUNT(*) FROM step_attempt WHERE run_id = $1 AND state = 'failed' GROUP BY step ORDER BY step",
);
const INSERT: Sql = Sql::Both(
    "INSERT INTO step_run (run_id, step, position, kind, state, attempts, meters) \
     VALUES ($1, $2, $3, $4, 'pending', 0, $5)",
);
const CLOSE_LOST: Sql = Sql::Both(
    "INSERT INTO step_attempt \
     (run_id, step, attempt, worker, state, started_ms, finished_ms, error_code, error) \
     SELECT run_id, step, attempts, COALESCE(worker, ''), 'lost', COALESCE(attempt_ms, $2), $2, 'worker_lost', \
     'the worker went away' FROM step_run WHERE run_id = $1 AND state = 'running' \
     ON CONFLICT (run_id, step, attempt) DO NOTHING",
);
pub(crate) const QUERIES: &[&Sql] = &[&BEGIN, &STEPS, &FAILURES, &INSERT, &CLOSE_LOST];
