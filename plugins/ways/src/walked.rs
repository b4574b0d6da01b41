//! What a step of this plugin tells those after it.

use engine::log::carried;
use engine::step::{Cause, StepError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How many activities a step looked at, and how many rows it wrote.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Walked {
    pub looked_at: u64,
    pub written: u64,
}

/// Works something out on a thread that may block.
pub(crate) async fn worked_out<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, StepError> {
    tokio::task::spawn_blocking(carried(work)).await.map_err(|error| {
        let message = "working out where activities went has failed".to_owned();
        StepError::Failed(Cause { code: "ways_failed", message, source: Some(Box::new(error)) })
    })
}
