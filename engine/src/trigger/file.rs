//! Files that are put into a folder: which pipelines want one, and their start.

use std::sync::Arc;

use store::Tx;

use crate::host::{Engine, EnqueueError, Request};
use crate::plan::Plan;
use crate::queue::{self, Enqueued};
use crate::run::Cause;
use crate::schedule::pause::is_paused;

/// The pipelines that files start, as the scripts in force say.
#[derive(Debug, Clone)]
pub struct OnFile {
    plans: Vec<Arc<Plan>>,
    /// Every pipeline could be read.
    is_whole: bool,
}

/// Which pipelines a file starts.
#[derive(Debug, Clone)]
pub enum Wanted {
    /// These, in the order of their names.
    By(Vec<Arc<Plan>>),
    Nobody,
    /// None of those that can be read, but there is one that cannot.
    Unclear,
}

impl OnFile {
    /// Which of them a file of that name starts.
    pub fn wanted(&self, file: &str) -> Wanted {
        let fits = |plan: &&Arc<Plan>| plan.options.on_file.iter().any(|pattern| pattern.fits(file));
        let by: Vec<_> = self.plans.iter().filter(fits).cloned().collect();
        match by.is_empty() {
            false => Wanted::By(by),
            true if self.is_whole => Wanted::Nobody,
            true => Wanted::Unclear,
        }
    }
}

impl Engine {
    /// The pipelines that files start, paused ones included.
    pub fn on_file(&self) -> OnFile {
        let is_whole = self.pipelines().iter().all(|known| known.script_hash.is_some());
        OnFile { plans: self.plans(), is_whole }
    }

    /// Enqueues a run that is given files, or nothing while the pipeline is paused. What `note` writes of it is written
    /// in the same transaction, which may run again.
    pub async fn start_with_files(
        &self,
        pipeline: &str,
        partition: &str,
        paths: &[String],
        mut note: impl FnMut(&mut Tx<'_>, &str) -> store::Result<()> + Send + 'static,
    ) -> Result<Option<Enqueued>, EnqueueError> {
        let request = Request {
            pipeline: pipeline.to_owned(),
            partition: partition.to_owned(),
            params: serde_json::json!({ super::PATHS: paths }),
            cause: Cause::Watch,
            // A run that was given other files does not stand for these.
            force: true,
            fresh: false,
            key: None,
            request_id: None,
        };
        let job = self.prepare(&request)?;
        let start = move |tx: &mut Tx<'_>| {
            if is_paused(tx, &job.pipeline)? {
                return Ok(None);
            }
            let enqueued = queue::enqueue(tx, &job)?;
            note(tx, &enqueued.run)?;
            Ok(Some(enqueued))
        };
        let enqueued = self.store().write_latest(start).await?;
        self.wake();
        Ok(enqueued)
    }
}
