//! Files that are put into a folder: which pipelines want one, and their start.

use store::Tx;

use crate::host::{Engine, EnqueueError, Request};
use crate::queue::{self, Enqueued};
use crate::schedule::pause::is_paused;

/// Which pipelines a file starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// These, by name.
    By(Vec<String>),
    /// None.
    Nobody,
    /// None of those that can be read, but there is one that cannot.
    Unclear,
}

impl Engine {
    /// Which pipelines a file of that name starts, paused ones included.
    pub fn wanted(&self, file: &str) -> Wanted {
        let pipelines = self.pipelines();
        let wants = |name: &str| {
            let plan = self.plan(name).ok();
            plan.is_some_and(|plan| plan.options.on_file.iter().any(|pattern| pattern.fits(file)))
        };
        let by: Vec<_> =
            pipelines.iter().filter(|known| wants(&known.name)).map(|known| known.name.clone()).collect();
        match by.is_empty() {
            false => Wanted::By(by),
            true if pipelines.iter().any(|known| known.script_hash.is_none()) => Wanted::Unclear,
            true => Wanted::Nobody,
        }
    }

    /// Enqueues a run that nobody asked for by name, or nothing while its pipeline is paused.
    pub async fn enqueue_unless_paused(&self, request: Request) -> Result<Option<Enqueued>, EnqueueError> {
        let job = self.prepare(&request)?;
        let start = move |tx: &mut Tx<'_>| {
            if is_paused(tx, &job.pipeline)? { Ok(None) } else { queue::enqueue(tx, &job).map(Some) }
        };
        let enqueued = self.store().write_latest(start).await?;
        self.wake();
        Ok(enqueued)
    }
}
