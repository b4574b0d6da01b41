//! Child runs: runs that a step of another run waits for.
//!
//! A step whose input has many parts runs in one run for each, so that any worker takes its share; a pipeline that is
//! run as a step is a child too. Their run is parked meanwhile, and made ready in the transaction that ends the last of
//! them. Until then it keeps its lock, under which they work.

mod counts;
mod family;
mod insert;
mod kin;
mod look;
#[cfg(test)]
mod tests;

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::Sql;

use crate::context::StepContext;
use crate::step::{Cause, ConfigError, Step, StepError};

pub use counts::{Counts, counts};
pub(crate) use family::{Family, Part, given};
pub(crate) use insert::Mother;
pub(crate) use kin::{KEEP_LOCK, end_all, hold, wake_parent};
pub(crate) use look::{Found, list, look_at_parts, look_at_pipeline};

pub(crate) const QUERIES: &[&[&Sql]] =
    &[counts::QUERIES, family::QUERIES, insert::QUERIES, kin::QUERIES, look::QUERIES];

/// So few parts are not worth runs of their own.
pub(crate) const INSIDE: usize = 8;
/// So many of these are at work at once.
pub(crate) const WIDTH: usize = 4;
/// When a run that waits for its children looks by itself, should it never be told.
pub(crate) const LOOK: Duration = Duration::from_secs(60);
/// What is noted at a step that waits for its children.
pub(crate) const WAITS: &str = "waits_for_children";

/// A run that was waited for.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ChildRun {
    /// Its id.
    pub run: String,
}

/// Runs another pipeline as a step: the executor starts it and waits for it.
#[derive(Debug)]
pub(crate) struct Pipeline;

/// Which pipeline, and with which params.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PipelineConfig {
    /// The pipeline, by name.
    pub name: String,
    /// What it is given; what is not given stands at the pipeline's own value.
    #[serde(default)]
    pub params: Map<String, Value>,
}

impl Step for Pipeline {
    const KIND: &'static str = "flow.pipeline";
    const ABOUT: &'static str = "Runs another pipeline for the same partition, and waits for its end.";
    type Config = PipelineConfig;
    type Input = ();
    type Output = ChildRun;

    fn build(_: PipelineConfig) -> Result<Self, ConfigError> {
        Ok(Self)
    }

    async fn run(&self, _: &StepContext, (): ()) -> Result<ChildRun, StepError> {
        Err(StepError::Hopeless(Cause::new("no_store", "this run has no queue to start another run in")))
    }
}
