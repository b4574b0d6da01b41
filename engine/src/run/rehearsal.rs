//! Runs a plan without store or history, to measure what the executor itself costs.

use std::sync::Arc;

use serde_json::Value;

use super::{Cause, Execution, Fence, Journal, Outcome, Resumed, Shared, Stop};
use crate::clock::Clock;
use crate::context::RunInfo;
use crate::plan::Plan;
use crate::script::Library;
use crate::telemetry::StepMetrics;

/// Executes the plan in memory; answers whether it succeeded. Its steps have no store.
pub async fn rehearse(plan: Arc<Plan>, clock: Clock) -> bool {
    let run = RunInfo {
        id: "rehearsal".to_owned(),
        pipeline: plan.name.clone(),
        partition: "rehearsal".to_owned(),
        params: Value::Null,
        cause: Cause::Cli,
    };
    let resumed = Resumed::fresh(&plan);
    let shared = Shared {
        metrics: StepMetrics::of_plan(&plan).into(),
        plan,
        run: Arc::new(run),
        clock,
        stop: Stop::default(),
        watcher: None,
        scripts: Arc::new(Library::default()),
        store: None,
        fence: Fence::new("rehearsal", 0),
    };
    let outcome = Execution::new(Arc::new(shared), Journal::Null, resumed).run().await;
    matches!(outcome, Ok(Outcome::Succeeded))
}
