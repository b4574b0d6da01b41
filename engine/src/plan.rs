//! What a pipeline script says once it is evaluated: steps, edges and policies, ready to run.

mod order;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::pool::Cooldown;
use crate::schedule::Schedule;
use crate::step::{AnyStep, Cause, Kind, Parts, Shape};
use crate::trigger::Pattern;
use order::Order;

/// What to do with a new run while one of the same pipeline and partition is unfinished.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Overlap {
    /// The unfinished run stands for the new one.
    #[default]
    Skip,
    /// The new one waits for its turn.
    Queue,
    /// The unfinished one is cancelled.
    CancelOld,
}

/// Options of a pipeline.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Options {
    /// Runs under the same lock and partition exclude each other.
    pub lock: Option<String>,
    pub on_overlap: Overlap,
    pub timeout: Option<Duration>,
    /// Higher goes first.
    pub priority: i64,
    /// Names of the params that a run may be given, with what they stand at otherwise.
    pub params: BTreeMap<String, Value>,
    /// When it runs by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
    /// It runs by itself only for those who have connected that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection: Option<String>,
    /// Pipelines whose success starts this one for the same partition.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<String>,
    /// Webhooks whose deliveries start this one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub on_webhook: Vec<String>,
    /// Files that start this one when they are put into the watched folder.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub on_file: Vec<Pattern>,
}

/// How a step is treated when it does not go well.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Policy {
    /// Attempts after the first.
    pub retries: u32,
    /// The pause before the first retry; it doubles, with full jitter.
    pub backoff: Duration,
    pub timeout: Option<Duration>,
    /// A failure of this step does not fail the run.
    pub optional: bool,
    /// For how long a result stands for the step while its inputs are unchanged; a plan without is hashed as ever.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cached: Option<Duration>,
    /// The pool that an attempt must be in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pool: Option<String>,
    /// When the pool closes because attempts fail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cooldown: Option<Cooldown>,
}

/// Decides from the artifact of a step's first input whether the step runs.
pub trait When: Send + Sync {
    /// Runs script code: call it on a blocking thread.
    fn decide(&self, artifact: &Value) -> Result<bool, Cause>;
}

/// What a step does in runs of their own, for which its run waits.
#[derive(Debug, Clone, PartialEq)]
pub enum Spread {
    /// It runs once for each part of its first input, and gives a list.
    Parts(Parts),
    /// It runs another pipeline.
    Pipeline { name: String, params: Value },
}

/// A step of a plan. Numbers are places in [`Plan::steps`].
#[derive(Clone)]
pub struct PlannedStep {
    pub name: Arc<str>,
    pub kind: Arc<Kind>,
    pub config: Value,
    pub step: Arc<dyn AnyStep>,
    /// The givers of each slot.
    pub inputs: Vec<Vec<usize>>,
    /// Steps that must be over first, without giving data.
    pub after: Vec<usize>,
    pub policy: Policy,
    pub when: Option<Arc<dyn When>>,
    pub spread: Option<Spread>,
}

impl PlannedStep {
    /// Whether it gives a list of artifacts.
    pub fn gives_many(&self) -> bool {
        matches!(self.spread, Some(Spread::Parts(_)))
    }
}

/// An evaluated pipeline without cycles, whose every configuration was checked.
#[derive(Clone)]
pub struct Plan {
    pub name: String,
    pub options: Options,
    pub steps: Vec<PlannedStep>,
    /// Equal for equal plans in every process.
    pub hash: String,
    pub(crate) order: Order,
}

impl Plan {
    /// Puts a plan together; the caller has shown that the steps form no cycle.
    pub fn new(name: String, options: Options, steps: Vec<PlannedStep>) -> Self {
        let hash = hash(&name, &options, &steps);
        let order = Order::of(&steps);
        Self { name, options, steps, hash, order }
    }

    /// What a run must have to itself: the lock that the script names, else its own turn where it is to wait for the run
    /// before it.
    pub(crate) fn lock(&self) -> Option<Cow<'_, str>> {
        let Options { lock, on_overlap, on_webhook, .. } = &self.options;
        let waits = *on_overlap == Overlap::Queue || !on_webhook.is_empty();
        // No lock that a script names has a colon in it.
        let turn = || waits.then(|| Cow::Owned(format!("pipeline:{}", self.name)));
        lock.as_deref().map(Cow::Borrowed).or_else(turn)
    }

    /// The same for runs of one partition.
    pub(crate) fn lock_key(&self, partition: &str) -> Option<String> {
        self.lock().map(|lock| format!("{lock}/{partition}"))
    }

    /// One value for each slot of a step, made of what its givers left.
    pub(crate) fn inputs(&self, step: usize, artifact: impl Fn(usize) -> Option<Value>) -> Vec<Value> {
        let step = &self.steps[step];
        let values = step.inputs.iter().zip(&step.kind.slots).map(|(givers, slot)| match slot.shape {
            Shape::Gather => {
                Value::Array(givers.iter().flat_map(|giver| self.list(*giver, artifact(*giver))).collect())
            }
            Shape::Plain | Shape::Optional => {
                givers.first().and_then(|giver| artifact(*giver)).unwrap_or(Value::Null)
            }
        });
        values.collect()
    }

    fn list(&self, giver: usize, artifact: Option<Value>) -> Vec<Value> {
        match artifact {
            Some(Value::Array(artifacts)) if self.steps[giver].gives_many() => artifacts,
            artifact => artifact.into_iter().collect(),
        }
    }

    /// A step by itself, as a run executes it for a part of its input: whether it runs and what its failure means
    /// was decided by the run that asks for it.
    pub(crate) fn alone(&self, step: usize) -> Self {
        let step = &self.steps[step];
        let alone = PlannedStep {
            inputs: step.inputs.iter().map(|_| Vec::new()).collect(),
            after: Vec::new(),
            policy: Policy { optional: false, ..step.policy.clone() },
            when: None,
            spread: None,
            ..step.clone()
        };
        let options = Options { timeout: None, ..self.options.clone() };
        Self::new(self.name.clone(), options, vec![alone])
    }
}

impl std::fmt::Debug for Plan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let steps: Vec<_> = self.steps.iter().map(|step| &step.name).collect();
        f.debug_struct("Plan").field("name", &self.name).field("steps", &steps).finish_non_exhaustive()
    }
}

// A closure is known by its step: the script language names closures differently in each process.
fn hash(name: &str, options: &Options, steps: &[PlannedStep]) -> String {
    let steps: Vec<_> = steps
        .iter()
        .map(|step| {
            let mut said = vec![
                json!(&*step.name),
                json!(step.kind.kind),
                json!(step.config),
                json!(step.inputs),
                json!(step.after),
                json!(step.policy),
                json!(step.when.is_some()),
            ];
            // Only where it is said, so that the plans of earlier versions keep their hash.
            if let Some(Spread::Parts(parts)) = &step.spread {
                said.push(json!(parts));
            }
            said
        })
        .collect();
    let text = json!([name, options, steps]).to_string();
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}
