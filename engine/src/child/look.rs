//! What a step does that has children: it sees that they are there, and what became of them.

use serde_json::Value;
use store::{Row, Sql, Store, Tx, params};

use super::ChildRun;
use super::insert::{self, Mother};
use crate::catalog::PlanError;
use crate::context::Readings;
use crate::host::{Engine, EnqueueError, Request};
use crate::run::{Cause as Reason, RunState};
use crate::step::{ARTIFACT_LIMIT_BYTES, Cause, StepError};

/// How the children of a step stand.
#[derive(Debug)]
pub(crate) enum Found {
    /// Some are not over.
    Open { text: String },
    /// What the step gives, and what its children counted.
    Done { artifact: String, readings: Readings },
    /// Why it fails.
    Failed { code: String, text: String },
}

struct Child {
    id: String,
    part: Option<i64>,
    state: RunState,
    error_code: Option<String>,
    error: Option<String>,
}

/// Starts the parts of a step that were not started yet, and answers how they stand.
pub(crate) async fn look_at_parts(
    engine: &Engine,
    mother: &Mother,
    givers: Vec<String>,
    count: usize,
) -> Result<Found, StepError> {
    let mut children = children(engine.store(), mother).await?;
    if children.len() < count {
        let (own, now_ms) = (mother.clone(), engine.clock().now_ms());
        engine.store().write(move |tx| insert::parts(tx, &own, &givers, count, now_ms)).await?;
        engine.wake();
        children = self::children(engine.store(), mother).await?;
    }
    let open = children.iter().filter(|child| !child.state.is_over()).count();
    if open > 0 {
        return Ok(Found::Open { text: format!("waits for {open} of {count} parts") });
    }
    match children.iter().find(|child| child.state != RunState::Succeeded) {
        Some(child) => {
            let number = child.part.unwrap_or(0) + 1;
            Ok(failed(child, &format!("part {number} of {count} (run {})", child.id)))
        }
        None => gather(engine.store(), mother).await,
    }
}

/// Starts the run of a pipeline for a step, where it was not started yet, and answers how it stands.
pub(crate) async fn look_at_pipeline(
    engine: &Engine,
    mother: &Mother,
    partition: &str,
    (pipeline, given): (&str, &Value),
) -> Result<Found, StepError> {
    let mut child = children(engine.store(), mother).await?.pop();
    if child.is_none() {
        let request = Request {
            pipeline: pipeline.to_owned(),
            partition: partition.to_owned(),
            params: given.clone(),
            cause: Reason::SubPipeline,
            force: true,
            // As its parent is: see `insert`.
            fresh: false,
            key: None,
            request_id: None,
        };
        let job = engine.prepare(&request).map_err(refused)?;
        let own = mother.clone();
        engine.store().write(move |tx| insert::pipeline(tx, &own, &job)).await?;
        engine.wake();
        child = children(engine.store(), mother).await?.pop();
    }
    let Some(child) = child else {
        return Err(StepError::Failed(Cause::new("child_gone", "the run that was started is gone")));
    };
    let who = format!("pipeline `{pipeline}` (run {})", child.id);
    Ok(match child.state {
        RunState::Queued | RunState::Running => Found::Open { text: format!("waits for {who}") },
        RunState::Succeeded => {
            let artifact = serde_json::to_string(&ChildRun { run: child.id }).unwrap_or_default();
            Found::Done { artifact, readings: Readings::default() }
        }
        RunState::Failed | RunState::Cancelled => failed(&child, &who),
    })
}

fn refused(error: EnqueueError) -> StepError {
    let code = match error {
        EnqueueError::Plan(PlanError::Unknown { .. }) => "unknown_pipeline",
        EnqueueError::Plan(PlanError::Invalid { .. }) => "pipeline_invalid",
        EnqueueError::Params(_) | EnqueueError::Key => "invalid_param",
        EnqueueError::Store(error) => return error.into(),
    };
    StepError::Hopeless(Cause::new(code, error.to_string()))
}

fn failed(child: &Child, who: &str) -> Found {
    if child.state == RunState::Cancelled {
        return Found::Failed { code: "child_cancelled".to_owned(), text: format!("{who} was cancelled") };
    }
    let code = child.error_code.clone().unwrap_or_else(|| "run_failed".to_owned());
    Found::Failed { code, text: format!("{who}: {}", child.error.as_deref().unwrap_or("it failed")) }
}

async fn children(store: &Store, mother: &Mother) -> store::Result<Vec<Child>> {
    let (run, step) = (mother.fence.run().to_owned(), mother.step.clone());
    store.read(move |tx| tx.query(&CHILDREN, &params![&run, &step], read)).await
}

fn read(row: &Row<'_>) -> store::Result<Child> {
    Ok(Child {
        id: row.get(0)?,
        part: row.get(1)?,
        state: RunState::parse(&row.get::<String>(2)?).unwrap_or(RunState::Failed),
        error_code: row.get(3)?,
        error: row.get(4)?,
    })
}

async fn gather(store: &Store, mother: &Mother) -> Result<Found, StepError> {
    let (run, step) = (mother.fence.run().to_owned(), mother.step.clone());
    let read = move |tx: &mut Tx<'_>| {
        tx.query(&RESULTS, &params![&run, &step], |row| Ok((row.get::<String>(0)?, row.get::<String>(1)?)))
    };
    let (artifacts, meters): (Vec<_>, Vec<_>) = store.read(read).await?.into_iter().unzip();
    let readings = meters.iter().map(|text| serde_json::from_str(text).unwrap_or_default()).sum();
    Ok(Found::Done { artifact: list(&artifacts)?, readings })
}

/// The artifacts of all parts as one.
pub(crate) fn list(artifacts: &[String]) -> Result<String, StepError> {
    let list = format!("[{}]", artifacts.join(","));
    if list.len() > ARTIFACT_LIMIT_BYTES {
        let message = format!(
            "the artifacts of {} parts have {} bytes together, at most {ARTIFACT_LIMIT_BYTES}: give `.for_each` a \
             larger size",
            artifacts.len(),
            list.len()
        );
        return Err(StepError::Hopeless(Cause::new("artifact_too_large", message)));
    }
    Ok(list)
}

const CHILDREN: Sql = Sql::Both(
    "SELECT id, part, state, error_code, error FROM run WHERE parent = $1 AND parent_step = $2 \
     ORDER BY COALESCE(part, 0)",
);
const RESULTS: Sql = Sql::Both(
    "SELECT step_run.artifact, step_run.meters FROM run JOIN step_run ON step_run.run_id = run.id \
     WHERE run.parent = $1 AND run.parent_step = $2 AND step_run.artifact IS NOT NULL ORDER BY run.part",
);
pub(super) const QUERIES: &[&Sql] = &[&CHILDREN, &RESULTS];
