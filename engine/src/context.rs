//! What a step is given to work with.

mod cursor;
mod meter;
mod progress;

use std::ops::Deref;
use std::sync::Arc;

use serde_json::Value;
use store::{Store, Tx};

use cursor::Bookmark;
pub use cursor::Cursor;
pub use meter::{Meter, Readings};
pub use progress::{Progress, Report, Watcher};

use crate::clock::Clock;
use crate::http::Http;
use crate::pool::{Door, Visit};
use crate::registry::Means;
use crate::run::{Cause, Fence, Fenced, Stop};
use crate::script::Library;
use crate::secret::Keys;
use crate::step::StepError;

pub(crate) const QUERIES: &[&[&store::Sql]] = &[cursor::QUERIES];

/// The run that a step belongs to; shared by all its steps.
#[derive(Debug)]
pub struct RunInfo {
    pub id: String,
    pub pipeline: String,
    pub partition: String,
    pub params: Value,
    /// What set it off; of a run that follows another, what set the first of them off.
    pub cause: Cause,
}

/// What all steps of a run work with.
pub struct RunContext {
    pub run: Arc<RunInfo>,
    pub clock: Clock,
    /// The scripts beside the pipelines, for steps that evaluate rules.
    pub scripts: Arc<Library>,
    pub store: Option<Store>,
    pub fence: Fence,
    pub stop: Stop,
    /// How outside services are asked.
    pub http: Http,
    /// What opens and seals what outside services entrusted to us.
    pub secrets: Keys,
    pub watcher: Option<Watcher>,
}

/// Everything that a step may touch: its run's context, and what is the step's own.
#[derive(Clone)]
pub struct StepContext {
    shared: Arc<RunContext>,
    /// The step's name in its pipeline.
    pub step: Arc<str>,
    /// Counts from 1.
    pub attempt: u32,
    pub progress: Progress,
    pub meter: Meter,
    visit: Option<Arc<Visit>>,
    /// Which part of its input it has, where it has a part.
    part: Option<i64>,
}

impl Deref for StepContext {
    type Target = RunContext;

    fn deref(&self) -> &RunContext {
        &self.shared
    }
}

impl StepContext {
    /// The context of one attempt at a step.
    pub fn new(shared: Arc<RunContext>, step: Arc<str>, attempt: u32) -> Self {
        let progress = Progress::new(shared.watcher.clone(), &shared.run.id, &step);
        Self { shared, step, attempt, progress, meter: Meter::default(), visit: None, part: None }
    }

    /// The same for an attempt that is in a pool.
    pub(crate) fn through(self, door: Option<&Arc<Door>>) -> Self {
        Self { visit: door.map(|door| Arc::new(Visit::new(door.clone()))), ..self }
    }

    /// The attempt's stay in its pool, where it has one.
    pub(crate) fn visit(&self) -> Option<&Arc<Visit>> {
        self.visit.as_ref()
    }

    /// The same for a part of the step's input, which has a cursor of its own.
    #[must_use]
    pub(crate) fn of_part(self, part: Option<i64>) -> Self {
        Self { part, ..self }
    }

    /// True once the run was stopped or the attempt is over: nothing more can be committed.
    pub fn is_cancelled(&self) -> bool {
        self.stop.is_stopped() || self.meter.is_closed()
    }

    /// Returns when the run is stopped.
    pub async fn cancelled(&self) {
        self.stop.stopped().await;
    }

    /// Ends the attempt for parts of it that may still be at work on another thread.
    pub(crate) fn end(&self) {
        self.meter.close();
    }

    /// Reads from a consistent snapshot.
    pub async fn read<T, F>(&self, read: F) -> Result<T, StepError>
    where
        F: FnMut(&mut Tx<'_>) -> store::Result<T> + Send + 'static,
        T: Send + 'static,
    {
        Ok(self.store()?.read(read).await?)
    }

    /// The same, with the cursor as it was left.
    pub async fn peek<T, F>(&self, mut read: F) -> Result<T, StepError>
    where
        F: FnMut(&mut Tx<'_>, &Cursor) -> store::Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let ctx = self.clone();
        let read = self.store()?.read(move |tx| {
            let cursor = Cursor::load(tx, &ctx.bookmark())?;
            read(tx, &cursor)
        });
        Ok(read.await?)
    }

    /// Writes rows and moves the cursor in one short transaction, if the run is still this worker's.
    ///
    /// The closure may run again when the database asks for it, so it decides only on what it reads.
    pub async fn commit<T, F>(&self, mut write: F) -> Result<T, StepError>
    where
        F: FnMut(&mut Tx<'_>, &mut Cursor) -> store::Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let ctx = self.clone();
        let committed = self.store()?.write(move |tx| {
            if ctx.is_cancelled() {
                return Err(store::Error::abort(Fenced));
            }
            ctx.fence.check(tx)?;
            // Before the work: the heartbeat changes the same row, and passes over it only once it is locked.
            ctx.fence.note_progress(tx)?;
            let mut cursor = Cursor::load(tx, &ctx.bookmark())?;
            let value = write(tx, &mut cursor)?;
            cursor.save(tx, &ctx.bookmark(), ctx.clock.now_ms())?;
            Ok(value)
        });
        Ok(committed.await?)
    }

    /// What is the installation's and not the run's: what is written with it holds, whatever becomes of the run.
    pub fn means(&self) -> Result<Means, StepError> {
        Ok(Means {
            store: self.store()?.clone(),
            http: self.http.clone(),
            clock: self.clock.clone(),
            secrets: self.secrets.clone(),
        })
    }

    fn bookmark(&self) -> Bookmark<'_> {
        let RunInfo { id: run, pipeline, partition, .. } = &*self.run;
        match self.part {
            Some(part) => Bookmark::Part { run, step: &self.step, part },
            None => Bookmark::Step { pipeline, step: &self.step, partition },
        }
    }

    fn store(&self) -> Result<&Store, StepError> {
        self.store
            .as_ref()
            .ok_or_else(|| StepError::Hopeless(crate::step::Cause::new("no_store", "this run has no store")))
    }
}
