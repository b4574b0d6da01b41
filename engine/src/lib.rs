//! The pipeline engine: typed steps, scripts that are checked before anything runs, durable runs.

pub mod clock;
pub mod context;
mod host;
pub mod plan;
pub mod queue;
pub mod registry;
pub mod run;
pub mod schedule;
pub mod script;
pub mod step;
pub mod telemetry;
pub mod worker;

pub use host::{Engine, EnqueueError, PipelineInfo, PlanError, Request};
pub use schedule::{DueInfo, PauseError, ScheduleInfo};

/// Every statement of the engine, so that a test can prepare each on both databases.
pub fn queries() -> Vec<&'static store::Sql> {
    let rooms: [&[&[&store::Sql]]; 5] =
        [context::QUERIES, run::QUERIES, queue::QUERIES, schedule::QUERIES, &[worker::QUERIES]];
    rooms.into_iter().flatten().flat_map(|queries| queries.iter().copied()).collect()
}
