//! Writes down how far a run is: each commit holds everything that happened since the last one.

use std::sync::Arc;

use store::{Sql, Store, Tx, Value, params};

use super::{Fence, StepState};
use crate::context::Readings;

/// Where the history of a run goes.
#[derive(Clone)]
pub(crate) enum Journal {
    Store {
        store: Store,
        fence: Fence,
        worker: Arc<str>,
    },
    /// Nowhere: for measuring what the executor itself costs.
    Null,
}

/// Something that happened to a step.
#[derive(Debug)]
pub(crate) struct Entry {
    pub step: Arc<str>,
    pub at_ms: i64,
    pub what: What,
}

#[derive(Debug)]
pub(crate) enum What {
    Started {
        attempt: u32,
    },
    /// An attempt failed and another will follow.
    Retried {
        attempt: u32,
        error: Error,
    },
    Ended {
        attempt: Option<u32>,
        state: StepState,
        artifact: Option<Arc<str>>,
        meters: Readings,
        error: Option<Error>,
    },
}

impl Entry {
    fn is_success(&self) -> bool {
        matches!(self.what, What::Ended { state: StepState::Succeeded, .. })
    }
}

/// What a person reads of a failure.
#[derive(Debug, Clone)]
pub(crate) struct Error {
    pub code: String,
    pub text: String,
}

impl Journal {
    /// Commits the entries together, if the run is still held.
    pub(crate) async fn write(&self, entries: Vec<Entry>) -> store::Result<()> {
        let Self::Store { store, fence, worker } = self else { return Ok(()) };
        if entries.is_empty() {
            return Ok(());
        }
        let (fence, worker) = (fence.clone(), worker.clone());
        let write = move |tx: &mut Tx<'_>| {
            fence.check(tx)?;
            write(tx, &fence, &worker, &entries)
        };
        store.write(write).await
    }
}

#[derive(Default)]
struct Rows<'a> {
    step_started: Vec<Vec<Value<'a>>>,
    attempt_started: Vec<Vec<Value<'a>>>,
    attempt_ended: Vec<Vec<Value<'a>>>,
    step_ended: Vec<Vec<Value<'a>>>,
}

fn write(tx: &mut Tx<'_>, fence: &Fence, worker: &str, entries: &[Entry]) -> store::Result<()> {
    let meters: Vec<_> = entries.iter().map(meters).collect();
    let mut rows = Rows::default();
    for (entry, meters) in entries.iter().zip(&meters) {
        rows.add(fence.run(), worker, entry, meters);
    }
    if entries.iter().any(Entry::is_success) {
        fence.note_progress(tx)?;
    }
    // A quick retry may start and end between two commits, so starts go first.
    tx.batch(&START_STEP, &rows.step_started)?;
    tx.batch(&START_ATTEMPT, &rows.attempt_started)?;
    tx.batch(&END_ATTEMPT, &rows.attempt_ended)?;
    tx.batch(&END_STEP, &rows.step_ended)?;
    Ok(())
}

fn meters(entry: &Entry) -> String {
    match &entry.what {
        What::Ended { meters, .. } => serde_json::to_string(meters).unwrap_or_default(),
        What::Started { .. } | What::Retried { .. } => String::new(),
    }
}

impl<'a> Rows<'a> {
    fn add(&mut self, run: &'a str, worker: &'a str, entry: &'a Entry, meters: &'a str) {
        let (step, at_ms) = (&*entry.step, entry.at_ms);
        match &entry.what {
            What::Started { attempt } => {
                self.step_started.push(params![run, step, *attempt, at_ms].into());
                self.attempt_started.push(params![run, step, *attempt, worker, at_ms].into());
            }
            What::Retried { attempt, error } => {
                self.end_attempt(run, entry, *attempt, StepState::Failed, Some(error));
            }
            What::Ended { attempt, state, artifact, error, .. } => {
                if let Some(attempt) = attempt {
                    self.end_attempt(run, entry, *attempt, *state, error.as_ref());
                }
                let (code, text) = split(error.as_ref());
                self.step_ended.push(
                    params![run, step, state.as_str(), artifact.as_deref(), meters, at_ms, code, text].into(),
                );
            }
        }
    }

    fn end_attempt(
        &mut self,
        run: &'a str,
        entry: &'a Entry,
        attempt: u32,
        state: StepState,
        error: Option<&'a Error>,
    ) {
        let (code, text) = split(error);
        self.attempt_ended
            .push(params![run, &*entry.step, attempt, state.as_str(), entry.at_ms, code, text].into());
    }
}

fn split(error: Option<&Error>) -> (Option<&str>, Option<&str>) {
    (error.map(|error| error.code.as_str()), error.map(|error| error.text.as_str()))
}

const START_STEP: Sql = Sql::Both(
    "UPDATE step_run SET state = 'running', attempts = $3, started_ms = COALESCE(started_ms, $4), \
     error_code = NULL, error = NULL WHERE run_id = $1 AND step = $2",
);
const START_ATTEMPT: Sql = Sql::Both(
    "INSERT INTO step_attempt (run_id, step, attempt, worker, state, started_ms) \
     VALUES ($1, $2, $3, $4, 'running', $5)",
);
const END_ATTEMPT: Sql = Sql::Both(
    "UPDATE step_attempt SET state = $4, finished_ms = $5, error_code = $6, error = $7 \
     WHERE run_id = $1 AND step = $2 AND attempt = $3",
);
const END_STEP: Sql = Sql::Both(
    "UPDATE step_run SET state = $3, artifact = $4, meters = $5, finished_ms = $6, error_code = $7, error = $8 \
     WHERE run_id = $1 AND step = $2",
);
pub(crate) const QUERIES: &[&Sql] = &[&START_STEP, &START_ATTEMPT, &END_ATTEMPT, &END_STEP];
