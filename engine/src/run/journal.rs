//! Writes down how far a run is: each commit holds everything that happened since the last one.

use std::sync::Arc;

use store::{Sql, Store, Tx, Value, params};

use super::reuse::{self, Kept};
use super::{Fence, StepState};
use crate::context::Readings;
use crate::log::{self, Line, mask};
use crate::step::Cause;

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

/// What is written down at once.
#[derive(Debug)]
pub(crate) struct Page {
    /// Grows with each page of the run.
    pub revision: i64,
    pub entries: Vec<Entry>,
    /// What steps have said meanwhile.
    pub lines: Arc<Vec<Line>>,
}

/// Something that happened to a step.
#[derive(Debug)]
pub(crate) struct Entry {
    pub step: Arc<str>,
    /// Its place in the plan.
    pub position: usize,
    pub at_ms: i64,
    pub what: What,
}

#[derive(Debug)]
pub(crate) enum What {
    Started {
        attempt: u32,
    },
    /// It waits for its pool before its next attempt; so many it has made.
    Outside {
        attempts: u32,
        error: Error,
    },
    /// An attempt failed, or had to wait, and another will follow.
    Retried {
        attempt: Attempt,
        state: StepState,
        error: Error,
        meters: Readings,
    },
    Ended {
        attempt: Option<Attempt>,
        state: StepState,
        artifact: Option<String>,
        meters: Readings,
        error: Option<Error>,
        kept: Option<Kept>,
    },
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Attempt {
    pub number: u32,
    pub started_ms: i64,
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

impl Error {
    pub(super) fn of(cause: &Cause) -> Self {
        Self { code: cause.code.to_owned(), text: readable(&mask::masked(&cause.report())) }
    }
}

/// The most of an error's text that is kept.
const TEXT_BYTES: usize = 16 << 10;

/// A text that any store keeps and that does nothing to a terminal: an error may quote what somebody else wrote.
fn readable(text: &str) -> String {
    let mut readable = String::with_capacity(text.len().min(TEXT_BYTES));
    for letter in text.chars() {
        if readable.len() >= TEXT_BYTES {
            readable.push('…');
            break;
        }
        if letter.is_control() && !matches!(letter, '\n' | '\t') {
            readable.extend(letter.escape_default());
        } else {
            readable.push(letter);
        }
    }
    readable
}

impl Journal {
    /// Commits what is on the page, if the run is still held.
    pub(crate) async fn write(&self, page: Page) -> store::Result<()> {
        let Self::Store { store, fence, worker } = self else { return Ok(()) };
        if page.entries.is_empty() && page.lines.is_empty() {
            return Ok(());
        }
        let (fence, worker) = (fence.clone(), worker.clone());
        let write = move |tx: &mut Tx<'_>| {
            fence.check(tx)?;
            write(tx, &fence, &worker, &page)
        };
        store.write_brief(write).await
    }
}

/// Who writes, and in which commit of the run.
#[derive(Clone, Copy)]
struct By<'a> {
    run: &'a str,
    worker: &'a str,
    revision: i64,
}

#[derive(Default)]
struct Rows<'a> {
    started: Vec<Vec<Value<'a>>>,
    outside: Vec<Vec<Value<'a>>>,
    attempts: Vec<Vec<Value<'a>>>,
    ended: Vec<Vec<Value<'a>>>,
}

fn write(tx: &mut Tx<'_>, fence: &Fence, worker: &str, page: &Page) -> store::Result<()> {
    let Page { revision, entries, lines } = page;
    let meters: Vec<_> = entries.iter().map(meters).collect();
    let mut rows = Rows::default();
    let by = By { run: fence.run(), worker, revision: *revision };
    for (entry, meters) in entries.iter().zip(&meters) {
        rows.add(by, entry, meters);
    }
    if entries.iter().any(Entry::is_success) {
        fence.note_progress(tx)?;
    }
    // A quick retry may start and end between two commits, so starts go first.
    tx.batch(&START, &rows.started)?;
    tx.batch(&STAND_OUTSIDE, &rows.outside)?;
    tx.batch(&KEEP_ATTEMPT, &rows.attempts)?;
    tx.batch(&END, &rows.ended)?;
    reuse::write(tx, fence.run(), entries)?;
    log::record::write(tx, fence.run(), lines)
}

/// Ends the steps that a run left open when it ended without them.
pub(crate) fn close_open(tx: &mut Tx<'_>, run: &str, now_ms: i64) -> store::Result<()> {
    close_all_open(tx, &[run.to_owned()], now_ms)
}

/// The same for many runs.
pub(crate) fn close_all_open(tx: &mut Tx<'_>, runs: &[String], now_ms: i64) -> store::Result<()> {
    tx.execute(&KEEP_ABANDONED, &params![runs, now_ms])?;
    tx.execute(&CANCEL_OPEN, &params![runs, now_ms])?;
    Ok(())
}

fn meters(entry: &Entry) -> String {
    match &entry.what {
        What::Ended { meters, .. } | What::Retried { meters, .. } => {
            serde_json::to_string(meters).unwrap_or_default()
        }
        What::Started { .. } | What::Outside { .. } => String::new(),
    }
}

impl<'a> Rows<'a> {
    fn add(&mut self, by: By<'a>, entry: &'a Entry, meters: &'a str) {
        let By { run, worker, revision } = by;
        let (position, at_ms) = (entry.position as i64, entry.at_ms);
        match &entry.what {
            What::Started { attempt } => {
                self.started.push(params![run, position, *attempt, worker, at_ms, revision].into());
                // It waits no longer.
                self.outside.retain(|row| row.get(1) != Some(&Value::Int(position)));
            }
            What::Outside { attempts, error } => {
                let (code, text) = split(Some(error));
                self.outside.push(params![run, position, *attempts, code, text, revision].into());
            }
            What::Retried { attempt, state, error, .. } => {
                self.keep_attempt(by, entry, (*attempt, meters), *state, Some(error));
            }
            What::Ended { attempt, state, artifact, error, .. } => {
                // One that ended the step well is told by the step's own row, which saves a page in each commit.
                if let Some(attempt) = attempt.filter(|_| !is_well(*state)) {
                    self.keep_attempt(by, entry, (attempt, meters), *state, error.as_ref());
                }
                let (code, text) = split(error.as_ref());
                let (state, artifact) = (state.as_str(), artifact.as_deref());
                self.ended.push(
                    params![run, position, state, artifact, meters, at_ms, code, text, revision].into(),
                );
            }
        }
    }

    fn keep_attempt(
        &mut self,
        By { run, worker, .. }: By<'a>,
        entry: &'a Entry,
        (attempt, meters): (Attempt, &'a str),
        state: StepState,
        error: Option<&'a Error>,
    ) {
        let (code, text) = split(error);
        let Attempt { number, started_ms } = attempt;
        let (step, state, ended_ms) = (&*entry.step, state.as_str(), entry.at_ms);
        self.attempts
            .push(params![run, step, number, worker, state, started_ms, ended_ms, code, text, meters].into());
    }
}

/// Whether an attempt that ended so is told by its step alone.
pub(crate) fn is_well(state: StepState) -> bool {
    matches!(state, StepState::Succeeded | StepState::Skipped)
}

fn split(error: Option<&Error>) -> (Option<&str>, Option<&str>) {
    (error.map(|error| error.code.as_str()), error.map(|error| error.text.as_str()))
}

const START: Sql = Sql::Both(
    "UPDATE step_run SET state = 'running', attempts = $3, worker = $4, attempt_ms = $5, revision = $6, \
     started_ms = COALESCE(started_ms, $5), error_code = NULL, error = NULL WHERE run_id = $1 AND position = $2",
);
// What failed before the run was stopped in its pause stays a failure.
const KEEP_ATTEMPT: Sql = Sql::Both(
    "INSERT INTO step_attempt \
     (run_id, step, attempt, worker, state, started_ms, finished_ms, error_code, error, meters) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (run_id, step, attempt) DO NOTHING",
);
const STAND_OUTSIDE: Sql = Sql::Both(
    "UPDATE step_run SET state = 'waiting', attempts = CAST($3 AS BIGINT), attempt_ms = NULL, error_code = $4, error = $5, \
     revision = $6, started_ms = CASE WHEN CAST($3 AS BIGINT) = 0 THEN NULL ELSE started_ms END \
     WHERE run_id = $1 AND position = $2",
);
const END: Sql = Sql::Both(
    "UPDATE step_run SET state = $3, artifact = $4, meters = $5, finished_ms = $6, error_code = $7, error = $8, \
     revision = $9 WHERE run_id = $1 AND position = $2",
);
// Lists are bound in each database's own way.
const KEEP_ABANDONED: Sql = Sql::Per {
    sqlite: "INSERT INTO step_attempt \
             (run_id, step, attempt, worker, state, started_ms, finished_ms, error_code, error) \
             SELECT run_id, step, attempts, COALESCE(worker, ''), 'cancelled', COALESCE(attempt_ms, $2), $2, \
             'step_abandoned', 'its run ended while it was at work' FROM step_run \
             WHERE run_id IN (SELECT value FROM json_each($1)) AND state = 'running' \
             ON CONFLICT (run_id, step, attempt) DO NOTHING",
    postgres: "INSERT INTO step_attempt \
               (run_id, step, attempt, worker, state, started_ms, finished_ms, error_code, error) \
               SELECT run_id, step, attempts, COALESCE(worker, ''), 'cancelled', COALESCE(attempt_ms, $2), $2, \
               'step_abandoned', 'its run ended while it was at work' FROM step_run \
               WHERE run_id = ANY($1) AND state = 'running' ON CONFLICT (run_id, step, attempt) DO NOTHING",
};
// All steps of a run in one revision, as whoever follows it must be told of them at once.
const CANCEL_OPEN: Sql = Sql::Per {
    sqlite: "WITH tip AS (SELECT run_id, MAX(revision) + 1 AS revision FROM step_run \
             WHERE run_id IN (SELECT value FROM json_each($1)) GROUP BY run_id) \
             UPDATE step_run SET state = 'cancelled', finished_ms = $2, revision = tip.revision, error_code = \
             CASE WHEN step_run.state = 'running' THEN 'step_abandoned' ELSE step_run.error_code END, error = \
             CASE WHEN step_run.state = 'running' THEN 'its run ended while it was at work' ELSE step_run.error END \
             FROM tip WHERE step_run.run_id = tip.run_id AND step_run.state IN ('pending', 'running', 'waiting')",
    postgres: "WITH tip AS (SELECT run_id, MAX(revision) + 1 AS revision FROM step_run \
               WHERE run_id = ANY($1) GROUP BY run_id) \
               UPDATE step_run SET state = 'cancelled', finished_ms = $2, revision = tip.revision, error_code = \
               CASE WHEN step_run.state = 'running' THEN 'step_abandoned' ELSE step_run.error_code END, error = \
               CASE WHEN step_run.state = 'running' THEN 'its run ended while it was at work' \
               ELSE step_run.error END FROM tip \
               WHERE step_run.run_id = tip.run_id AND step_run.state IN ('pending', 'running', 'waiting')",
};
pub(crate) const QUERIES: &[&Sql] =
    &[&START, &STAND_OUTSIDE, &KEEP_ATTEMPT, &END, &KEEP_ABANDONED, &CANCEL_OPEN];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_that_quotes_anything_can_be_kept_and_shown() {
        let check = |message: &str, wanted: &str| {
            assert_eq!(Error::of(&Cause::new("code", message)).text, wanted);
        };
        check("no key field `a\0`", "no key field `a\\u{0}`");
        check("red \u{1b}[31m\nand\tmore ä", "red \\u{1b}[31m\nand\tmore ä");
        check(&"x".repeat(TEXT_BYTES + 1), &format!("{}…", "x".repeat(TEXT_BYTES)));
    }
}
