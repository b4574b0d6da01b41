//! Asks what a plugin answers.

use std::sync::Arc;

use anyhow::Context;
use engine::clock::Clock;
use engine::registry::{QueryContext, QueryError};
use serde_json::Value;

use crate::config::Config;
use crate::error::Problem;
use crate::{program, scripts};

/// Asks the query of that name about an athlete.
pub(crate) async fn ask(
    config: &Config,
    athlete: String,
    name: &str,
    params: Value,
) -> anyhow::Result<Value> {
    let store = program::store(config).await?;
    let registry = Arc::new(program::registry(config)?);
    let in_force = scripts::in_force(config, &store, &registry).await?;
    let (scripts, mistakes) = (in_force.library().clone(), in_force.mistakes().cloned().collect());
    let ctx = QueryContext { partition: athlete, clock: Clock::system(), scripts, mistakes };
    let query = registry.find_query(name).with_context(|| format!("no plugin answers `{name}`"))?;
    match query.ask(&store, ctx, params).await {
        Ok(answer) => Ok(answer),
        Err(QueryError::Invalid { code, message }) => Err(Problem::new(code, message).into()),
        Err(QueryError::NotFound { code, message }) => Err(Problem::new(code, message).into()),
        Err(error @ QueryError::Script(_)) => Err(script_problem(&error).into()),
        Err(QueryError::Store(error)) => Err(error.into()),
    }
}

fn script_problem(error: &QueryError) -> Problem {
    let code = match error {
        QueryError::Script(found) => found.first().map_or("rule_incomplete", |first| first.code),
        _ => "rule_incomplete",
    };
    Problem::new(code, error.to_string())
}
