//! The pipeline engine: typed steps, scripts that are checked before anything runs, durable runs.

mod catalog;
pub mod clock;
pub mod context;
pub mod dead_letter;
mod host;
pub mod plan;
pub mod queue;
pub mod registry;
pub mod reload;
pub mod rerun;
pub mod run;
pub mod script;
#[cfg(test)]
mod stage;
pub mod step;
pub mod telemetry;
pub mod worker;

pub use catalog::{Change, PipelineInfo, PlanError};
pub use host::{Engine, EnqueueError, Request};

/// Every statement of the engine, so that a test can prepare each on both databases.
pub fn queries() -> Vec<&'static store::Sql> {
    let rooms: [&[&[&store::Sql]]; 6] = [
        context::QUERIES,
        run::QUERIES,
        queue::QUERIES,
        dead_letter::QUERIES,
        &[rerun::QUERIES],
        &[worker::QUERIES],
    ];
    rooms.into_iter().flatten().flat_map(|queries| queries.iter().copied()).collect()
}
