//! Finds out of where somebody went what is not known yet, after a command that asks for it.

use engine::run::Cause;
use engine::{Engine, PlanError, Request};
use serde_json::json;

use crate::config::Config;
use crate::progress::Progress;
use crate::work;

const PIPELINE: &str = "ways";

/// Runs the pipeline of the ways.
pub(crate) async fn walk(
    config: &Config,
    engine: &Engine,
    athlete: &str,
    progress: &Progress,
) -> anyhow::Result<()> {
    catch_up(config, engine, athlete, PIPELINE, progress).await
}

/// Runs a pipeline that finds out what is due; who has none of that name runs its steps otherwise.
pub(crate) async fn catch_up(
    config: &Config,
    engine: &Engine,
    athlete: &str,
    pipeline: &str,
    progress: &Progress,
) -> anyhow::Result<()> {
    if matches!(engine.plan(pipeline).err(), Some(PlanError::Unknown { .. })) {
        return Ok(());
    }
    let request = Request {
        pipeline: pipeline.to_owned(),
        partition: athlete.to_owned(),
        params: json!({}),
        cause: Cause::Cli,
        // A run that is at work already may have read before what was written now.
        force: true,
        fresh: false,
        key: None,
        request_id: None,
    };
    let finished = work::carry_out(config, engine, request, progress).await?;
    finished.problem().map_or(Ok(()), |problem| Err(problem.into()))
}
