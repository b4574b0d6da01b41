//! What is told of a run: how it stands, how its steps stand, and what they said.

use std::sync::{Arc, OnceLock};

use serde::Serialize;
use store::{Row, Sql, Tx, params};
use tokio::time::Instant;

use super::Cursor;
use crate::context::Readings;
use crate::log::Level;
use crate::log::record::{self, LineRecord, Which};
use crate::queue::{self, Why};
use crate::run::{RunState, StepState};

/// So many lines are read at once for all who follow: at most 256 KiB, as long as a line may be.
pub(super) const LINES_FOR_ALL: i64 = 128;
/// And for one who is behind the others; who never reads holds so many.
pub(super) const LINES_FOR_ONE: i64 = 64;

/// How a run stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunNews {
    pub run: String,
    pub state: RunState,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Why nobody works on it, where it is queued.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waits: Option<Why>,
}

/// How a step stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepNews {
    pub step: String,
    pub kind: String,
    pub state: StepState,
    /// How many were begun.
    pub attempts: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_ms: Option<i64>,
    /// When the latest attempt began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_ms: Option<i64>,
    pub meters: Readings,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The run whose result stands here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reused_from: Option<String>,
}

/// One thing that is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    Run(RunNews),
    Step(StepNews),
    Line(LineRecord),
}

/// A fact on its way to all who follow the run.
#[derive(Debug)]
pub struct Event {
    pub fact: Fact,
    /// The number of the commit that changed the step, and whether nothing else is told of that commit.
    revision: Option<(i64, bool)>,
    text: OnceLock<String>,
}

/// What is told at once.
#[derive(Debug)]
pub(super) struct Batch {
    /// When it began to be read: it tells nothing that happened later.
    pub began: Instant,
    /// Who knows less has missed something.
    pub from: Cursor,
    pub events: Vec<Arc<Event>>,
    /// There is more to be read at once.
    pub has_more: bool,
    /// Nothing will happen any more.
    pub is_over: bool,
}

impl Event {
    fn of(fact: Fact, revision: Option<(i64, bool)>) -> Arc<Self> {
        Arc::new(Self { fact, revision, text: OnceLock::new() })
    }

    /// The fact as it is sent, which is spelled once for all who follow; the first spelling stands.
    pub fn text(&self, spell: impl FnOnce(&Fact) -> String) -> &str {
        self.text.get_or_init(|| spell(&self.fact))
    }

    pub(super) fn is_new_to(&self, cursor: Cursor) -> bool {
        match (&self.fact, self.revision) {
            (Fact::Run(news), _) => cursor.state != Some(news.state),
            (Fact::Step(_), revision) => revision.is_some_and(|(revision, _)| revision >= cursor.revision),
            (Fact::Line(line), _) => line.seq >= cursor.seq,
        }
    }

    /// What is known once this was told.
    pub(super) fn after(&self, cursor: Cursor) -> Cursor {
        match (&self.fact, self.revision) {
            (Fact::Run(news), _) => Cursor { state: Some(news.state), ..cursor },
            (Fact::Step(_), Some((revision, true))) => {
                Cursor { revision: cursor.revision.max(revision.saturating_add(1)), ..cursor }
            }
            (Fact::Step(_), _) => cursor,
            (Fact::Line(line), _) => Cursor { seq: cursor.seq.max(line.seq.saturating_add(1)), ..cursor },
        }
    }
}

impl Batch {
    /// Of a run whose history was deleted.
    pub(super) fn gone(from: Cursor) -> Self {
        Self { began: Instant::now(), from, events: Vec::new(), has_more: false, is_over: true }
    }

    /// Whether it tells another state of the run than this one.
    pub(super) fn tells_other(&self, state: Option<RunState>) -> bool {
        self.events.iter().any(|event| matches!(&event.fact, Fact::Run(news) if Some(news.state) != state))
    }

    /// What is known once all of it was told.
    pub(super) fn to(&self) -> Cursor {
        self.events.iter().fold(self.from, |cursor, event| event.after(cursor))
    }
}

/// How much is read, and when.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    pub lines: i64,
    pub now_ms: i64,
}

/// What happened since; nothing where there is no such run. A cursor that knows more than there is was another run's or
/// another database's, and all is told.
pub(super) fn since(
    tx: &mut Tx<'_>,
    run: &str,
    cursor: Cursor,
    Look { lines: most, now_ms }: Look,
) -> store::Result<Option<Batch>> {
    let began = Instant::now();
    let found = tx.optional(&RUN, &params![run], |row| {
        let tip: (i64, i64) = (row.get(6)?, row.get(7)?);
        Ok((read_run(row)?, tip))
    })?;
    let Some((mut news, (revision, seq))) = found else { return Ok(None) };
    let is_beyond = cursor.revision > revision + 1 || cursor.seq > seq + 1;
    let cursor = if is_beyond { Cursor::START } else { cursor };
    if news.state == RunState::Queued && cursor.state != Some(news.state) {
        news.waits = queue::waiting(tx, run, now_ms)?;
    }
    let which = Which { step: None, attempt: None, least: Level::Debug, limit: most };
    let lines = record::lines_from(tx, run, &which, cursor.seq)?;
    // How steps and run ended is told after what they said.
    let has_more = lines.len() as i64 == most;
    let steps = match has_more {
        true => Vec::new(),
        false => tx.query(&STEPS, &params![run, cursor.revision], read_step)?,
    };
    let is_over = news.state.is_over();
    let told = (cursor.state != Some(news.state)).then(|| Event::of(Fact::Run(news), None));
    let (first, last) = if is_over { (None, told.filter(|_| !has_more)) } else { (told, None) };
    let events = first.into_iter().chain(in_order(lines, steps)).chain(last).collect();
    Ok(Some(Batch { began, from: cursor, events, has_more, is_over: is_over && !has_more }))
}

/// Each step's news behind what was said before.
fn in_order(lines: Vec<LineRecord>, steps: Vec<(i64, StepNews)>) -> Vec<Arc<Event>> {
    let mut events = Vec::with_capacity(lines.len() + steps.len());
    let mut lines = lines.into_iter().peekable();
    let mut steps = steps.into_iter().peekable();
    while let Some((revision, news)) = steps.next() {
        let before_ms = said_before_ms(&news);
        while let Some(line) = lines.next_if(|line| line.at_ms < before_ms) {
            events.push(Event::of(Fact::Line(line), None));
        }
        let is_last = steps.peek().is_none_or(|(next, _)| *next != revision);
        events.push(Event::of(Fact::Step(news), Some((revision, is_last))));
    }
    events.extend(lines.map(|line| Event::of(Fact::Line(line), None)));
    events
}

fn said_before_ms(news: &StepNews) -> i64 {
    match (news.state, news.finished_ms) {
        (StepState::Running, _) => news.attempt_ms.unwrap_or(i64::MIN),
        (_, Some(finished_ms)) => finished_ms.saturating_add(1),
        (_, None) => i64::MIN,
    }
}

fn read_run(row: &Row<'_>) -> store::Result<RunNews> {
    Ok(RunNews {
        run: row.get(0)?,
        state: RunState::parse(&row.get::<String>(1)?).unwrap_or(RunState::Failed),
        started_ms: row.get(2)?,
        finished_ms: row.get(3)?,
        error_code: row.get(4)?,
        error: row.get(5)?,
        waits: None,
    })
}

fn read_step(row: &Row<'_>) -> store::Result<(i64, StepNews)> {
    let news = StepNews {
        step: row.get(1)?,
        kind: row.get(2)?,
        state: StepState::parse(&row.get::<String>(3)?).unwrap_or(StepState::Lost),
        attempts: row.get(4)?,
        started_ms: row.get(5)?,
        attempt_ms: row.get(6)?,
        finished_ms: row.get(7)?,
        meters: serde_json::from_str(&row.get::<String>(8)?).unwrap_or_default(),
        error_code: row.get(9)?,
        error: row.get(10)?,
        reused_from: row.get(11)?,
    };
    Ok((row.get(0)?, news))
}

const RUN: Sql = Sql::Both(
    "SELECT run.id, run.state, run.started_ms, run.finished_ms, run.error_code, run.error, \
     COALESCE((SELECT MAX(step_run.revision) FROM step_run WHERE step_run.run_id = run.id), -1), \
     COALESCE((SELECT MAX(step_log.seq) FROM step_log WHERE step_log.run_id = run.id), -1) \
     FROM run WHERE run.id = $1",
);
const STEPS: Sql = Sql::Both(
    "SELECT revision, step, kind, state, attempts, started_ms, attempt_ms, finished_ms, meters, error_code, error, \
     reused_from FROM step_run WHERE run_id = $1 AND revision >= $2 ORDER BY revision, position",
);
pub(super) const QUERIES: &[&Sql] = &[&RUN, &STEPS];
