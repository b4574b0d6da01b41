//! What a step is given to work with.

mod cursor;
mod meter;
mod progress;

use std::sync::Arc;

use serde_json::Value;
use store::{Store, Tx};
use tokio_util::sync::CancellationToken;

pub use cursor::Cursor;
pub use meter::{Meter, Readings};
pub use progress::{Progress, Report, Watcher};

use crate::clock::Clock;
use crate::run::{Cause, Fence};
use crate::script::Library;
use crate::step::StepError;

pub(crate) const QUERIES: &[&[&store::Sql]] = &[cursor::QUERIES];

/// The run that a step belongs to; shared by all its steps.
#[derive(Debug)]
pub struct RunInfo {
    pub id: String,
    pub pipeline: String,
    pub partition: String,
    pub params: Value,
    pub cause: Cause,
}

/// Everything that a step may touch.
#[derive(Clone)]
pub struct StepContext {
    pub run: Arc<RunInfo>,
    /// The step's name in its pipeline.
    pub step: Arc<str>,
    /// Counts from 1.
    pub attempt: u32,
    pub clock: Clock,
    pub cancel: CancellationToken,
    pub progress: Progress,
    pub meter: Meter,
    /// The scripts beside the pipelines, for steps that evaluate rules.
    pub scripts: Arc<Library>,
    pub store: Option<Store>,
    pub fence: Fence,
}

impl StepContext {
    /// Reads from a consistent snapshot.
    pub async fn read<T, F>(&self, read: F) -> Result<T, StepError>
    where
        F: FnMut(&mut Tx<'_>) -> store::Result<T> + Send + 'static,
        T: Send + 'static,
    {
        Ok(self.store()?.read(read).await?)
    }

    /// Writes rows and moves the cursor in one short transaction, if the run is still this worker's.
    ///
    /// The closure may run again when the database asks for it, so it decides only on what it reads.
    pub async fn commit<T, F>(&self, mut write: F) -> Result<T, StepError>
    where
        F: FnMut(&mut Tx<'_>, &mut Cursor) -> store::Result<T> + Send + 'static,
        T: Send + 'static,
    {
        if self.cancel.is_cancelled() {
            return Err(StepError::Cancelled);
        }
        let (run, step, fence, clock) =
            (self.run.clone(), self.step.clone(), self.fence.clone(), self.clock.clone());
        let committed = self.store()?.write(move |tx| {
            fence.check(tx)?;
            let mut cursor = Cursor::load(tx, &run.pipeline, &step, &run.partition)?;
            let value = write(tx, &mut cursor)?;
            fence.note_progress(tx)?;
            cursor.save(tx, &run.pipeline, &step, &run.partition, clock.now_ms())?;
            Ok(value)
        });
        Ok(committed.await?)
    }

    fn store(&self) -> Result<&Store, StepError> {
        self.store
            .as_ref()
            .ok_or_else(|| StepError::Hopeless(crate::step::Cause::new("no_store", "this run has no store")))
    }
}
