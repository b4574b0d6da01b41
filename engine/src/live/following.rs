//! One who follows a run.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::Instant;

use super::Cursor;
use super::facts::{self, Batch, Event, LINES_FOR_ONE, Look};
use crate::host::Engine;
use crate::telemetry;

/// What happens to a run, from a cursor on until its end.
pub struct Following {
    engine: Engine,
    run: String,
    /// What was told so far.
    cursor: Cursor,
    told: broadcast::Receiver<Arc<Batch>>,
    waiting: VecDeque<Arc<Event>>,
    /// When it last read for itself.
    read: Instant,
    /// There is something that no batch will bring.
    must_read: bool,
    is_over: bool,
}

impl Engine {
    /// Follows a run from a cursor on; nothing where there is no such run.
    pub async fn follow(&self, run: &str, cursor: Cursor) -> store::Result<Option<Following>> {
        let mut following = Following {
            engine: self.clone(),
            run: run.to_owned(),
            cursor,
            // Before the first read, so that what comes after it is heard of.
            told: self.join(run),
            waiting: VecDeque::new(),
            read: Instant::now(),
            must_read: true,
            is_over: false,
        };
        telemetry::following(true);
        let is_there = following.read().await?;
        Ok(is_there.then_some(following))
    }
}

impl Following {
    /// Whether nothing is left to be told.
    pub fn has_ended(&self) -> bool {
        self.is_over && self.waiting.is_empty()
    }

    /// How much waits to be told.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.waiting.len()
    }

    /// What happens next, with what is known then; nothing once the run is over and all was told. May be dropped and
    /// asked again.
    pub async fn next(&mut self) -> store::Result<Option<(Cursor, Arc<Event>)>> {
        loop {
            while let Some(event) = self.waiting.pop_front() {
                if event.is_new_to(self.cursor) {
                    self.cursor = event.after(self.cursor);
                    return Ok(Some((self.cursor, event)));
                }
            }
            if self.is_over {
                return Ok(None);
            }
            if self.must_read {
                self.read().await?;
                continue;
            }
            match self.told.recv().await {
                Ok(batch) => self.take(&batch),
                Err(RecvError::Lagged(_)) => self.must_read = true,
                Err(RecvError::Closed) => {
                    self.told = self.engine.join(&self.run);
                    self.must_read = true;
                }
            }
        }
    }

    /// Reads what happened since. Answers whether the run is there.
    async fn read(&mut self) -> store::Result<bool> {
        let (run, cursor) = (self.run.clone(), self.cursor);
        let look = Look { lines: LINES_FOR_ONE, now_ms: self.engine.clock().now_ms() };
        let read = self.engine.store().read(move |tx| facts::since(tx, &run, cursor, look)).await?;
        self.read = Instant::now();
        let is_there = read.is_some();
        let batch = read.unwrap_or_else(|| Batch::gone(cursor));
        self.must_read = batch.has_more;
        self.cursor = batch.from;
        // Who is far behind would have all others told again what they know.
        if !batch.has_more {
            self.engine.live().anchor(&self.run, batch.to());
        }
        self.put(&batch);
        Ok(is_there)
    }

    pub(super) fn take(&mut self, batch: &Batch) {
        // What was read before this one's own look may tell of a state that is over by now.
        let is_stale = batch.began < self.read && batch.tells_other(self.cursor.state);
        self.must_read = is_stale || self.cursor.is_behind(batch.from);
        if !self.must_read {
            self.put(batch);
        }
    }

    fn put(&mut self, batch: &Batch) {
        self.waiting.extend(batch.events.iter().cloned());
        self.is_over = batch.is_over;
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        telemetry::following(false);
    }
}
