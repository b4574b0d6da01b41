//! The pipeline engine: typed steps, scripts that are checked before anything runs, durable runs.

pub mod backfill;
mod catalog;
pub mod child;
pub mod clock;
pub mod condition;
pub mod context;
pub mod dead_letter;
mod host;
pub mod http;
pub mod live;
pub mod log;
mod params;
pub mod plan;
pub mod pool;
pub mod queue;
pub mod registry;
pub mod reload;
pub mod rerun;
pub mod run;
pub mod schedule;
pub mod script;
pub mod secret;
#[cfg(test)]
mod stage;
pub mod step;
pub mod telemetry;
pub mod trend;
pub mod trigger;
pub mod upkeep;
pub mod worker;

pub use catalog::{Change, PipelineInfo, PlanError, StepInfo};
pub use host::{Engine, EnqueueError, Request};
pub use schedule::{DueInfo, PauseError, ScheduleInfo};

/// Every statement of the engine, so that a test can prepare each on both databases.
pub fn queries() -> Vec<&'static store::Sql> {
    let rooms: &[&[&[&store::Sql]]] = &[
        child::QUERIES,
        context::QUERIES,
        run::QUERIES,
        queue::QUERIES,
        backfill::QUERIES,
        dead_letter::QUERIES,
        schedule::QUERIES,
        &[condition::QUERIES],
        &[log::record::QUERIES],
        live::QUERIES,
        &[rerun::QUERIES],
        &[script::version::QUERIES],
        &[trend::QUERIES],
        &[upkeep::QUERIES],
        &[worker::QUERIES],
        &[pool::QUERIES],
    ];
    rooms.iter().copied().flatten().flat_map(|queries| queries.iter().copied()).collect()
}
