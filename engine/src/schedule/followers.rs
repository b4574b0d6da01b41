//! Pipelines that start because another one succeeded.

use serde_json::Value;
use store::Tx;

use super::pause::is_paused;
use crate::host::{Engine, Request};
use crate::queue::{self, Enqueued, Job};
use crate::run::Cause;

/// The runs that follow where that pipeline succeeds for that partition.
pub(crate) fn prepare(engine: &Engine, pipeline: &str, partition: &str) -> Vec<Job> {
    let plans = engine.plans().into_iter();
    let followers = plans.filter(|plan| plan.options.after.iter().any(|before| before == pipeline));
    let request = |name: &str| Request {
        pipeline: name.to_owned(),
        partition: partition.to_owned(),
        params: Value::Null,
        cause: Cause::Pipeline,
        force: false,
        fresh: false,
        key: None,
        request_id: None,
    };
    followers.filter_map(|plan| engine.prepare(&request(&plan.name)).ok()).collect()
}

/// Enqueues them in the transaction that ends the run before, save those that are paused.
pub(crate) fn enqueue(tx: &mut Tx<'_>, followers: &[Job]) -> store::Result<Vec<Enqueued>> {
    let mut enqueued = Vec::new();
    for job in followers {
        if !is_paused(tx, &job.pipeline)? {
            enqueued.push(queue::enqueue(tx, job)?);
        }
    }
    Ok(enqueued)
}
