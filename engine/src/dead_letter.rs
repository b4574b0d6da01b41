//! Dead letters: runs that failed for good, kept with what they were given until somebody decides about them.
//!
//! Each failed run is one, whoever asked for it, and its id is the run's. A run that follows it closes it by success;
//! by failing it closes it too, and opens a new one that names it.

mod replay;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{Row, Sql, Tx, params};

pub use replay::{LetterError, Replayed};

use crate::queue::Ended;
use crate::run::{FailureClass, RunState};

/// What became of a dead letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LetterState {
    /// Nobody decided yet, or what was decided is under way.
    Open,
    /// A run that followed it has ended.
    Replayed,
    Discarded,
}

/// A dead letter as it stands.
#[derive(Debug, Clone, Serialize)]
pub struct Letter {
    /// The id of the run that failed.
    pub id: String,
    pub pipeline: String,
    pub partition: String,
    /// What the run was given.
    pub params: Value,
    pub error_code: String,
    pub error_class: FailureClass,
    pub error: String,
    /// How often in a row it failed: 1, and one more with each replay.
    pub times: i64,
    /// The letter whose replay this run was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub former: Option<String>,
    pub state: LetterState,
    pub created_ms: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The run that follows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replay_run: Option<String>,
}

/// Which letters are meant.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub state: Option<LetterState>,
    pub pipeline: Option<String>,
    pub code: Option<String>,
}

impl LetterState {
    const ALL: [Self; 3] = [Self::Open, Self::Replayed, Self::Discarded];

    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Replayed => "replayed",
            Self::Discarded => "discarded",
        }
    }

    /// The state of that word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// Letters, those of the newest runs first.
pub fn letters(
    tx: &mut Tx<'_>,
    filter: &Filter,
    before: Option<&str>,
    limit: i64,
) -> store::Result<Vec<Letter>> {
    let Filter { state, pipeline, code } = filter;
    let state = state.map(LetterState::as_str);
    tx.query(&LETTERS, &params![state, pipeline.as_deref(), code.as_deref(), before, limit], read)
}

/// The letter of that run.
pub fn letter(tx: &mut Tx<'_>, id: &str) -> store::Result<Option<Letter>> {
    tx.optional(&LETTER, &params![id], read)
}

/// Notes how a run ended; `letter` is the one that the run follows.
pub(crate) fn note_end(tx: &mut Tx<'_>, run: &str, letter: Option<&str>, ended: &Ended) -> store::Result<()> {
    match (ended.state, letter) {
        (RunState::Failed, letter) => open(tx, run, letter, ended),
        (RunState::Succeeded, Some(letter)) => close(tx, letter, run, ended.now_ms).map(drop),
        (RunState::Cancelled, Some(letter)) => tx.execute(&GIVE_BACK, &params![letter, run]).map(drop),
        _ => Ok(()),
    }
}

fn open(tx: &mut Tx<'_>, run: &str, former: Option<&str>, ended: &Ended) -> store::Result<()> {
    let failed = match former {
        Some(former) => close(tx, former, run, ended.now_ms)?,
        None => None,
    };
    let former = former.filter(|_| failed.is_some());
    let code = ended.error_code.as_deref().unwrap_or("run_failed");
    let class = ended.class.unwrap_or(FailureClass::of_code(code));
    let error = ended.error.as_deref().unwrap_or_default();
    let times = failed.unwrap_or(0) + 1;
    tx.execute(&OPEN, &params![run, code, class.as_str(), error, times, former, ended.now_ms])?;
    Ok(())
}

/// Answers how often the letter had failed, where it was open.
fn close(tx: &mut Tx<'_>, letter: &str, run: &str, now_ms: i64) -> store::Result<Option<i64>> {
    tx.optional(&CLOSE, &params![letter, run, now_ms], |row| row.get(0))
}

fn read(row: &Row<'_>) -> store::Result<Letter> {
    Ok(Letter {
        id: row.get(0)?,
        pipeline: row.get(1)?,
        partition: row.get(2)?,
        params: serde_json::from_str(&row.get::<String>(3)?).unwrap_or_default(),
        error_code: row.get(4)?,
        error_class: FailureClass::parse(&row.get::<String>(5)?).unwrap_or(FailureClass::Exhausted),
        error: row.get(6)?,
        times: row.get(7)?,
        former: row.get(8)?,
        state: LetterState::parse(&row.get::<String>(9)?).unwrap_or(LetterState::Open),
        created_ms: row.get(10)?,
        closed_ms: row.get(11)?,
        note: row.get(12)?,
        replay_run: row.get(13)?,
    })
}

const LETTERS: Sql = Sql::Both(
    "SELECT run_id, pipeline, partition, params, error_code, error_class, error, times, former, state, \
     created_ms, closed_ms, note, replay_run FROM dead_letter \
     WHERE (CAST($1 AS TEXT) IS NULL OR state = $1) AND (CAST($2 AS TEXT) IS NULL OR pipeline = $2) \
     AND (CAST($3 AS TEXT) IS NULL OR error_code = $3) AND (CAST($4 AS TEXT) IS NULL OR run_id < $4) \
     ORDER BY run_id DESC LIMIT $5",
);
const LETTER: Sql = Sql::Both(
    "SELECT run_id, pipeline, partition, params, error_code, error_class, error, times, former, state, \
     created_ms, closed_ms, note, replay_run FROM dead_letter WHERE run_id = $1",
);
const OPEN: Sql = Sql::Both(
    "INSERT INTO dead_letter (run_id, pipeline, partition, params, error_code, error_class, error, times, \
     former, state, created_ms) SELECT id, pipeline, partition, params, $2, $3, $4, $5, $6, 'open', $7 \
     FROM run WHERE id = $1 ON CONFLICT (run_id) DO NOTHING",
);
const CLOSE: Sql = Sql::Both(
    "UPDATE dead_letter SET state = 'replayed', replay_run = $2, closed_ms = $3 \
     WHERE run_id = $1 AND state = 'open' RETURNING times",
);
const GIVE_BACK: Sql = Sql::Both(
    "UPDATE dead_letter SET replay_run = NULL WHERE run_id = $1 AND replay_run = $2 AND state = 'open'",
);
pub(crate) const QUERIES: &[&[&Sql]] = &[&[&LETTERS, &LETTER, &OPEN, &CLOSE, &GIVE_BACK], replay::QUERIES];
