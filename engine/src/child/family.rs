//! What ties a run to its parent and to its children while it is carried out.

use std::collections::HashMap;

use serde_json::Value;
use store::{Sql, Tx, params};

use crate::host::Engine;
use crate::plan::{Plan, Spread};

/// What a run knows of its kin; nothing where it stands alone.
#[derive(Default)]
pub(crate) struct Family {
    /// Where children are put into the queue; without it parts are worked off inside.
    pub engine: Option<Engine>,
    /// What the one step of a run for a part is given.
    pub given: Option<Given>,
    /// Since when the run's time is counted.
    pub begun_ms: i64,
    /// Until when it may take.
    pub deadline_ms: Option<i64>,
}

/// The part that a run is for, as its step receives it.
pub(crate) struct Given {
    pub part: i64,
    pub inputs: Vec<Value>,
}

/// Which part of which step of which run a run is for.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub parent: String,
    pub step: String,
    pub number: i64,
}

/// Reads what a part is given from what the steps of its parent left, which does not change any more. Answers the
/// step's place in the plan too; nothing where the plan does not fit.
pub(crate) fn given(tx: &mut Tx<'_>, plan: &Plan, part: &Part) -> store::Result<Option<(usize, Given)>> {
    let index = plan.steps.iter().position(|step| *step.name == *part.step);
    let parts = index.and_then(|index| match &plan.steps[index].spread {
        Some(Spread::Parts(parts)) => Some((index, parts)),
        _ => None,
    });
    let Some((index, parts)) = parts else { return Ok(None) };
    let artifacts =
        tx.query(&ARTIFACTS, &params![&part.parent], |row| Ok((row.get(0)?, row.get::<String>(1)?)))?;
    let artifacts: HashMap<String, String> = artifacts.into_iter().collect();
    let inputs =
        plan.inputs(index, |giver| serde_json::from_str(artifacts.get(&*plan.steps[giver].name)?).ok());
    let shape = plan.steps[index].kind.slots[0].shape;
    let mut split = parts.of(&inputs, shape).unwrap_or_default();
    let number = usize::try_from(part.number).ok().filter(|number| *number < split.len());
    Ok(number.map(|number| (index, Given { part: part.number, inputs: split.swap_remove(number) })))
}

const ARTIFACTS: Sql = Sql::Both(
    "SELECT step, artifact FROM step_run WHERE run_id = $1 AND artifact IS NOT NULL ORDER BY position",
);
pub(super) const QUERIES: &[&Sql] = &[&ARTIFACTS];
