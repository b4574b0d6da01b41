//! Deliveries of webhooks: who may start what.

use serde_json::Value;
use store::Tx;
use tracing::{info, warn};

use crate::host::{Engine, EnqueueError, Request};
use crate::plan::Plan;
use crate::queue::{self, Enqueued, Job};
use crate::registry::{Delivery, Verdict};
use crate::run::Cause;
use crate::schedule::pause::is_paused;

/// What came of a delivery.
#[derive(Debug, Clone, PartialEq)]
pub enum Received {
    /// This is to be answered, and nothing was started.
    Answer(Value),
    /// One for each pipeline that waits for the name, and each partition that is meant.
    Started(Vec<Started>),
}

/// What a delivery did to one pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Started {
    pub pipeline: String,
    pub partition: String,
    /// Nothing where the pipeline is paused: the delivery is not kept.
    pub run: Option<Enqueued>,
}

/// Why a delivery was not taken.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    #[error("there is no webhook `{0}`")]
    Unknown(String),
    #[error("the delivery is not signed, or not by whom it should be")]
    Refused,
    #[error(transparent)]
    Enqueue(#[from] EnqueueError),
}

impl Engine {
    /// Hands a delivery to whoever receives that name, and starts what its verdict says.
    ///
    /// A run that has not begun stands for the new one, so that a flood becomes one run behind the one at work.
    pub async fn receive(&self, name: &str, delivery: &Delivery) -> Result<Received, WebhookError> {
        let unknown = || WebhookError::Unknown(name.to_owned());
        let hook = self.registry().find_hook(name).ok_or_else(unknown)?;
        let verdict = hook.receive(&self.means(), delivery).await.map_err(EnqueueError::Store)?;
        match verdict {
            Verdict::Answer(answer) => Ok(Received::Answer(answer)),
            Verdict::Refuse => {
                warn!(webhook = name, "delivery refused");
                Err(WebhookError::Refused)
            }
            Verdict::Enqueue { partition, params } => {
                let plans = self.plans().into_iter();
                let waiting: Vec<_> =
                    plans.filter(|plan| plan.options.on_webhook.iter().any(|on| on == name)).collect();
                if waiting.is_empty() {
                    return Err(unknown());
                }
                let jobs = self.webhook_jobs(&waiting, partition, &params).await?;
                Ok(Received::Started(self.start_for(name, jobs).await?))
            }
        }
    }

    /// The runs that are asked for, always in the same order, or two deliveries could wait for each other.
    async fn webhook_jobs(
        &self,
        plans: &[std::sync::Arc<Plan>],
        partition: Option<String>,
        params: &Value,
    ) -> Result<Vec<Job>, EnqueueError> {
        let registry = self.registry().clone();
        let partitions = match partition {
            Some(partition) => vec![partition],
            None => {
                let all = self.store().read(move |tx| registry.list_partitions(tx)).await?;
                all.into_iter().map(|partition| partition.id).collect()
            }
        };
        let pairs = plans.iter().flat_map(|plan| partitions.iter().map(move |partition| (plan, partition)));
        pairs.map(|(plan, partition)| self.prepare(&request(plan, partition, params))).collect()
    }

    async fn start_for(&self, name: &str, jobs: Vec<Job>) -> Result<Vec<Started>, EnqueueError> {
        let start =
            move |tx: &mut Tx<'_>| jobs.iter().map(|job| start(tx, job)).collect::<store::Result<Vec<_>>>();
        let started = self.store().write_latest(start).await?;
        for Started { pipeline, partition, run } in &started {
            let (run, new) = (run.as_ref().map(|run| &*run.run), run.as_ref().is_some_and(|run| run.new));
            info!(webhook = name, pipeline, partition, run.id = run, new, "delivery received");
        }
        self.wake();
        Ok(started)
    }
}

fn start(tx: &mut Tx<'_>, job: &Job) -> store::Result<Started> {
    let run = if is_paused(tx, &job.pipeline)? { None } else { Some(queue::enqueue_behind(tx, job)?) };
    Ok(Started { pipeline: job.pipeline.clone(), partition: job.partition.clone(), run })
}

/// Of what a delivery brings, a pipeline is given the params that it declares.
fn request(plan: &Plan, partition: &str, params: &Value) -> Request {
    let brought = params.as_object().into_iter().flatten();
    let declared = brought.filter(|(name, _)| plan.options.params.contains_key(*name));
    Request {
        pipeline: plan.name.clone(),
        partition: partition.to_owned(),
        params: Value::Object(declared.map(|(name, value)| (name.clone(), value.clone())).collect()),
        cause: Cause::Webhook,
        force: false,
        fresh: false,
        key: None,
        request_id: None,
    }
}
