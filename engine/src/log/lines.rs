//! The lines of a run that are not written yet.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Level, Line};
use crate::telemetry;

/// So many lines of a run wait to be written at most, and so many bytes of them.
const MOST: usize = 4_096;
const MOST_BYTES: usize = 1 << 20;

/// So many lines of a run are kept, and so many bytes of them; of what a person must see, more.
const MOST_OF_RUN: i64 = 20_000;
const MOST_BYTES_OF_RUN: usize = 16 << 20;

/// What all steps of a run have said since it was last written down.
#[derive(Debug, Default)]
pub(crate) struct Lines(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    next_seq: i64,
    /// Of all that this process kept of the run.
    bytes_of_run: usize,
    bytes: usize,
    lines: Vec<Line>,
}

impl Waiting {
    /// Whether the run has said as much as is kept of it.
    fn is_full(&self) -> bool {
        self.next_seq >= MOST_OF_RUN || self.bytes_of_run >= MOST_BYTES_OF_RUN
    }

    fn add(&mut self, said: Said, text: String) {
        let Said { position, attempt, at_ms, level } = said;
        let seq = self.next_seq;
        self.next_seq += 1;
        self.bytes += text.len();
        self.bytes_of_run += text.len();
        self.lines.push(Line { seq, position, attempt, at_ms, level, text });
    }
}

/// Where and when a line was said.
#[derive(Debug, Clone, Copy)]
pub(super) struct Said {
    pub position: i64,
    pub attempt: u32,
    pub at_ms: i64,
    pub level: Level,
}

impl Lines {
    /// The lines of a run that goes on from this number.
    pub(crate) fn from(next_seq: i64) -> Self {
        Self(Mutex::new(Waiting { next_seq, ..Waiting::default() }))
    }

    /// Answers the text again where there is no room.
    pub(super) fn put(&self, said: Said, text: String) -> Option<String> {
        let mut waiting = self.lock();
        let is_too_much = waiting.is_full() && !said.level.is_loud();
        if is_too_much || waiting.lines.len() >= MOST || waiting.bytes + text.len() > MOST_BYTES {
            return Some(text);
        }
        waiting.add(said, text);
        None
    }

    /// Whether only what a person must see is kept from now on.
    pub(super) fn is_full(&self) -> bool {
        self.lock().is_full()
    }

    /// Adds what must not be left out: a few lines of an attempt that is over.
    pub(super) fn put_all(&self, said: impl IntoIterator<Item = (Said, String)>) {
        let mut waiting = self.lock();
        said.into_iter().for_each(|(said, text)| waiting.add(said, text));
    }

    /// What waits to be written, in its order.
    pub(crate) fn take(&self) -> Vec<Line> {
        let mut waiting = self.lock();
        waiting.bytes = 0;
        std::mem::take(&mut waiting.lines)
    }

    /// Has lines wait again that could not be written; where that is too many, the oldest go.
    pub(crate) fn put_back(&self, mut lines: Vec<Line>) {
        let mut waiting = self.lock();
        lines.append(&mut waiting.lines);
        let mut bytes: usize = lines.iter().map(|line| line.text.len()).sum();
        let mut lost = 0;
        while lines.len() - lost > MOST || bytes > MOST_BYTES {
            bytes -= lines[lost].text.len();
            lost += 1;
            telemetry::line_lost();
        }
        lines.drain(..lost);
        (waiting.lines, waiting.bytes) = (lines, bytes);
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
