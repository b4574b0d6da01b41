//! What can be decided about a dead letter: to try it anew, or to leave it.

use serde::Serialize;
use store::{Sql, Tx, params};
use tracing::info;

use super::{Filter, Letter, LetterState, letter, letters};
use crate::host::{Engine, EnqueueError, Request};
use crate::plan::Overlap;
use crate::queue::{self, Enqueued, Job};
use crate::rerun;
use crate::run::Cause;

/// At most so many letters are replayed by one wish.
const GROUP: i64 = 1000;

/// Why nothing was done about a dead letter.
#[derive(Debug, thiserror::Error)]
pub enum LetterError {
    #[error("there is no dead letter of run `{0}`")]
    Unknown(String),
    #[error("the dead letter of run `{id}` is {}", .state.as_str())]
    Closed { id: String, state: LetterState },
    #[error("the dead letter of run `{id}` is being replayed by run `{run}`")]
    UnderWay { id: String, run: String },
    #[error(transparent)]
    Enqueue(#[from] EnqueueError),
}

impl LetterError {
    /// The stable name of the failure; that of an enqueue which failed is told by its own error.
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::Unknown(_) => Some("not_found"),
            Self::Closed { .. } => Some("letter_closed"),
            Self::UnderWay { .. } => Some("letter_under_way"),
            Self::Enqueue(_) => None,
        }
    }
}

/// What came of the wish to replay a letter of a group.
#[derive(Debug, Clone, Serialize)]
pub struct Replayed {
    pub letter: String,
    /// The run that follows it, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// Why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl Engine {
    /// Runs the pipeline anew, as its script stands now, with what the failed run was given.
    ///
    /// A letter whose replay is under way answers that run.
    pub async fn replay(&self, id: &str, request_id: Option<String>) -> Result<Enqueued, LetterError> {
        let letter = self.open_letter(id).await?;
        let request = Request {
            pipeline: letter.pipeline,
            partition: letter.partition,
            params: letter.params,
            cause: Cause::Replay,
            force: true,
            fresh: false,
            key: None,
            request_id,
        };
        // Of a group, each has its turn: none stands for another, and none cancels one.
        let job = Job { overlap: Overlap::Queue, ..self.prepare(&request)? };
        let id = id.to_owned();
        let enqueued = self.store().write_latest(move |tx| enqueue(tx, &id, &job)).await;
        let enqueued = enqueued.map_err(EnqueueError::from)?;
        info!(run.id = enqueued.run, letter = letter.id, new = enqueued.new, "dead letter replayed");
        self.wake();
        Ok(enqueued)
    }

    /// Replays every open letter that fits and is not under way, the oldest first.
    pub async fn replay_all(
        &self,
        filter: Filter,
        request_id: Option<String>,
    ) -> Result<Vec<Replayed>, LetterError> {
        let filter = Filter { state: Some(LetterState::Open), ..filter };
        let found = self.store().read(move |tx| letters(tx, &filter, None, GROUP)).await;
        let found = found.map_err(EnqueueError::from)?;
        let mut replayed = Vec::new();
        for letter in found.into_iter().rev().filter(|letter| letter.replay_run.is_none()) {
            let (run, error) = match self.replay(&letter.id, request_id.clone()).await {
                Ok(enqueued) => (Some(enqueued.run), None),
                Err(LetterError::Enqueue(EnqueueError::Store(error))) => {
                    return Err(EnqueueError::Store(error).into());
                }
                Err(error) => (None, Some(error.to_string())),
            };
            replayed.push(Replayed { letter: letter.id, run, error });
        }
        Ok(replayed)
    }

    /// Closes a letter without another run.
    pub async fn discard(&self, id: &str, note: Option<String>) -> Result<Letter, LetterError> {
        let letter = self.open_letter(id).await?;
        if let Some(run) = letter.replay_run {
            return Err(LetterError::UnderWay { id: letter.id, run });
        }
        let (letter, now_ms) = (letter.id, self.clock().now_ms());
        let discarded = self.store().write(move |tx| {
            tx.execute(&DISCARD, &params![&letter, now_ms, note.as_deref()])?;
            super::letter(tx, &letter)
        });
        let discarded = discarded.await.map_err(EnqueueError::from)?;
        discarded.ok_or_else(|| LetterError::Unknown(id.to_owned()))
    }

    async fn open_letter(&self, id: &str) -> Result<Letter, LetterError> {
        let asked = id.to_owned();
        let found = self.store().read(move |tx| letter(tx, &asked)).await.map_err(EnqueueError::from)?;
        match found {
            None => Err(LetterError::Unknown(id.to_owned())),
            Some(letter) if letter.state != LetterState::Open => {
                Err(LetterError::Closed { id: letter.id, state: letter.state })
            }
            Some(letter) => Ok(letter),
        }
    }
}

fn enqueue(tx: &mut Tx<'_>, id: &str, job: &Job) -> store::Result<Enqueued> {
    rerun::hold(tx, id)?;
    let under_way = letter(tx, id)?.and_then(|letter| letter.replay_run);
    if let Some(run) = under_way {
        return Ok(Enqueued { run, new: false });
    }
    let enqueued = queue::enqueue(tx, job)?;
    rerun::follow(tx, &enqueued.run, id)?;
    Ok(enqueued)
}

const DISCARD: Sql = Sql::Both(
    "UPDATE dead_letter SET state = 'discarded', closed_ms = $2, note = $3 \
     WHERE run_id = $1 AND state = 'open' AND replay_run IS NULL",
);
pub(super) const QUERIES: &[&Sql] = &[&DISCARD];
