//! Runs a plan without store or history, to measure what the executor itself costs.

use std::sync::Arc;

use serde_json::Value;

use super::{Cause, Execution, Fence, Journal, Outcome, Resumed, Shared, Stop};
use crate::child::Family;
use crate::clock::Clock;
use crate::context::{RunContext, RunInfo};
use crate::plan::Plan;
use crate::pool::Doors;
use crate::script::Library;
use crate::telemetry::StepMetrics;

/// A plan whose steps have no store, to be executed in memory as often as wanted.
pub struct Rehearsal {
    plan: Arc<Plan>,
    metrics: Arc<[StepMetrics]>,
    clock: Clock,
}

impl Rehearsal {
    /// Makes the series of the plan's steps, as the engine does once for each pipeline.
    pub fn new(plan: Plan, clock: Clock) -> Self {
        Self { metrics: StepMetrics::of_plan(&plan).into(), plan: Arc::new(plan), clock }
    }

    /// Executes the plan; answers whether it succeeded.
    pub async fn run(&self) -> bool {
        let run = RunInfo {
            id: "rehearsal".to_owned(),
            pipeline: self.plan.name.clone(),
            partition: "rehearsal".to_owned(),
            params: Value::Null,
            cause: Cause::Cli,
        };
        let context = RunContext {
            run: Arc::new(run),
            clock: self.clock.clone(),
            scripts: Arc::new(Library::default()),
            store: None,
            fence: Fence::new("rehearsal", 0),
            stop: Stop::default(),
            http: crate::http::Http::default(),
            secrets: crate::secret::Keys::default(),
            watcher: None,
        };
        let (plan, metrics) = (self.plan.clone(), self.metrics.clone());
        let (context, doors, family) = (Arc::new(context), Doors::default(), Family::default());
        let shared = Shared { plan, metrics, context, doors, family, lines: Arc::default() };
        let resumed = Resumed::fresh(&self.plan);
        let outcome = Execution::new(Arc::new(shared), Journal::Null, resumed).run().await;
        matches!(outcome, Ok(Outcome::Succeeded))
    }
}
