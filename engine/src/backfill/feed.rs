//! Turns items into runs, as many as may be unfinished at once.

use tracing::{info, warn};

use super::{request, rows};
use crate::host::{Engine, EnqueueError};
use crate::plan::Overlap;
use crate::queue::Job;

/// An item with the run that it becomes, or why it cannot.
pub(super) struct Fed {
    pub position: i64,
    pub job: Result<Job, (String, String)>,
}

impl Engine {
    /// Gives every open backfill what it has room for; answers whether there is one.
    pub async fn feed_backfills(&self) -> store::Result<bool> {
        let open = self.store().read(rows::open).await?;
        for id in &open {
            self.feed(id).await?;
        }
        Ok(!open.is_empty())
    }

    async fn feed(&self, id: &str) -> store::Result<()> {
        let own = id.to_owned();
        let Some(next) = self.store().read(move |tx| rows::next(tx, &own)).await? else { return Ok(()) };
        let fed: Vec<Fed> = next
            .items
            .into_iter()
            .map(|(position, item)| {
                let job = self.prepare(&request(item, next.request_id.clone()));
                // Of a list, each has its turn: none stands for another, and none cancels one.
                let job = job.map(|job| Job { overlap: Overlap::Queue, priority: next.priority, ..job });
                Fed { position, job: job.map_err(|error| why(&error)) }
            })
            .collect();
        let (own, now_ms) = (id.to_owned(), self.clock().now_ms());
        let (enqueued, done) =
            self.store().write_latest(move |tx| rows::feed(tx, &own, &fed, now_ms)).await?;
        if enqueued > 0 {
            info!(backfill = id, enqueued, "runs of a backfill enqueued");
            self.wake();
        }
        if done {
            info!(backfill = id, "backfill done");
        }
        Ok(())
    }
}

fn why(error: &EnqueueError) -> (String, String) {
    let code = match error {
        EnqueueError::Plan(_) => "pipeline_invalid",
        EnqueueError::Params(_) | EnqueueError::Key => "invalid_parameter",
        EnqueueError::Store(error) => error.code(),
    };
    warn!(code, error = %error, "an item of a backfill cannot run");
    (code.to_owned(), error.to_string())
}
