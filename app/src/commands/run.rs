//! `paceline run`: runs a pipeline here and now.

use anyhow::bail;
use clap::Args;
use engine::run::Cause;
use engine::{EnqueueError, Request, queue};
use serde_json::{Map, Value};

use crate::cli::{Form, Whose};
use crate::config::Config;
use crate::error::{self, Problem};
use crate::progress::Progress;
use crate::work::{self, Finished};
use crate::{output, program, units};

const AFTER_HELP: &str = "\
Examples:
  paceline run daily
  paceline run import --param 'paths=[\"/home/me/recordings\"]'
  paceline run daily --key \"daily $(date +%F)\"    once a day, however often it is called
  paceline run daily --json         the run with its steps, when it is over";

/// Runs a pipeline and shows its steps as they end
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Run {
    /// The pipeline; `paceline check` lists them
    pipeline: String,
    /// A param, JSON or else a text; may be repeated
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = param)]
    param: Vec<(String, Value)>,
    /// All params as one JSON object
    #[arg(long, value_name = "JSON", conflicts_with = "param", value_parser = params)]
    params: Option<Value>,
    /// Run beside an unfinished run, and each step although a result is kept
    #[arg(long)]
    force: bool,
    /// One run for all who ask with this key, while its history is kept
    #[arg(long, value_name = "TEXT", value_parser = key)]
    key: Option<String>,
    /// Wait for the end and show the steps; this is what happens anyway
    #[arg(long)]
    watch: bool,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    pub(crate) form: Form,
}

impl Run {
    pub(crate) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        let progress = Progress::new(self.form.json);
        let engine = program::engine(config, progress.watcher()).await?;
        engine.plan(&self.pipeline)?;
        program::meet(engine.store(), &self.whose.athlete).await?;
        let request = Request {
            pipeline: self.pipeline,
            partition: self.whose.athlete,
            params: self.params.unwrap_or_else(|| Value::Object(self.param.into_iter().collect())),
            cause: Cause::Cli,
            force: self.force,
            fresh: self.force,
            key: self.key,
            request_id: None,
        };
        let finished = work::carry_out(config, &engine, request, &progress).await?;
        tell(&finished, self.form)
    }
}

/// Says how a run ended, in the form that is wanted.
pub(crate) fn tell(finished: &Finished, form: Form) -> anyhow::Result<u8> {
    if form.json {
        return answer(finished);
    }
    match finished.problem() {
        Some(problem) => bail!(problem),
        None => {
            output::line(summary(finished))?;
            Ok(error::DONE)
        }
    }
}

/// The run with its steps is the answer, however it ended.
fn answer(finished: &Finished) -> anyhow::Result<u8> {
    let mut value = serde_json::to_value(&finished.run)?;
    value["steps"] = serde_json::to_value(&finished.steps)?;
    output::json(&value)?;
    let problem = finished.problem();
    problem.iter().for_each(|problem: &Problem| output::problem(problem, false));
    Ok(problem.map_or(error::DONE, |problem| problem.exit))
}

fn summary(finished: &Finished) -> String {
    let run = &finished.run;
    let times = run.started_ms.zip(run.finished_ms);
    let took = times.map(|(from, to)| units::took(from, to)).unwrap_or_default();
    let steps = units::count(finished.steps.len(), "step", "steps");
    format!("`{}` {} in {took}: {steps} (run {})", run.pipeline, run.state.as_str(), run.id)
}

fn param(text: &str) -> Result<(String, Value), String> {
    let (name, value) = text.split_once('=').ok_or("it must be NAME=VALUE")?;
    let value = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()));
    Ok((name.to_owned(), value))
}

fn key(text: &str) -> Result<String, String> {
    if queue::is_key(text) { Ok(text.to_owned()) } else { Err(EnqueueError::Key.to_string()) }
}

fn params(text: &str) -> Result<Value, String> {
    let object: Map<String, Value> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    Ok(Value::Object(object))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_param_is_json_or_else_a_text() {
        assert_eq!(param("days=3"), Ok(("days".to_owned(), json!(3))));
        assert_eq!(param("date=2026-05-02"), Ok(("date".to_owned(), json!("2026-05-02"))));
    }

    #[test]
    fn a_param_without_a_value_is_refused() {
        assert!(param("days").is_err());
    }

    #[test]
    fn params_are_an_object() {
        assert!(params("[1]").is_err());
    }
}
