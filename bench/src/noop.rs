//! A step that does nothing, and plans of many of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::clock::Clock;
use engine::context::StepContext;
use engine::plan::{Options, Plan, PlannedStep, Policy};
use engine::registry::Registry;
use engine::run::Cause;
use engine::script::Library;
use engine::step::{ConfigError, Kind, Step, StepError};
use engine::{Engine, Request};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::Store;

/// Gives nothing worth having.
pub struct Noop {
    yields: bool,
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Whether it lets others go first, as the tasks of the floor do.
    yields: bool,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub struct Nothing {}

impl Step for Noop {
    const KIND: &'static str = "bench.noop";
    const ABOUT: &'static str = "Does nothing.";
    type Config = Config;
    type Input = ();
    type Output = Nothing;

    fn build(config: Config) -> Result<Self, ConfigError> {
        Ok(Self { yields: config.yields })
    }

    async fn run(&self, _: &StepContext, (): ()) -> Result<Nothing, StepError> {
        if self.yields {
            tokio::task::yield_now().await;
        }
        Ok(Nothing {})
    }
}

/// Edges of a graph: for each step, the steps that come before it.
pub type Edges = Vec<Vec<usize>>;

pub fn chain(steps: usize) -> Edges {
    (0..steps).map(|step| if step == 0 { Vec::new() } else { vec![step - 1] }).collect()
}

pub fn fan(steps: usize) -> Edges {
    let middle = (1..steps - 1).map(|_| vec![0]);
    std::iter::once(Vec::new()).chain(middle).chain([(1..steps - 1).collect()]).collect()
}

pub fn plan(edges: &Edges) -> anyhow::Result<Plan> {
    let kind = Arc::new(Kind::of::<Noop>());
    let steps = edges.iter().enumerate().map(|(number, before)| {
        Ok(PlannedStep {
            name: format!("step{number}").into(),
            kind: kind.clone(),
            config: serde_json::json!({ "yields": true }),
            step: kind.build(serde_json::json!({ "yields": true }))?,
            inputs: Vec::new(),
            after: before.clone(),
            policy: Policy::default(),
            when: None,
            spread: None,
        })
    });
    let steps = steps.collect::<Result<_, ConfigError>>()?;
    Ok(Plan::new("noop".to_owned(), Options::default(), steps))
}

/// An engine that knows one script, whose steps do nothing.
pub fn engine(store: Store, script: &str) -> anyhow::Result<Engine> {
    engine_with::<Noop>(store, script)
}

/// The same with another step.
pub fn engine_with<S: Step>(store: Store, script: &str) -> anyhow::Result<Engine> {
    let mut registry = Registry::default();
    registry.step::<S>()?;
    let scripts = BTreeMap::from([("pipelines/noop.rhai".to_owned(), script.to_owned())]);
    let library = Arc::new(Library::from_texts(scripts));
    Ok(Engine::new(store, Arc::new(registry), library, Clock::system(), None))
}

/// Puts a run of that script into the queue.
pub async fn enqueue(engine: &Engine) -> anyhow::Result<String> {
    let request = Request {
        pipeline: "noop".to_owned(),
        partition: "me".to_owned(),
        params: serde_json::Value::Null,
        cause: Cause::Cli,
        force: true,
        fresh: false,
        key: None,
        request_id: None,
    };
    Ok(engine.enqueue(request).await?.run)
}

/// One step as a script.
pub const ONE: &str = "//! Nothing, once.\npipeline(\"noop\", #{});\nbench::noop();\n";

/// The chain as a script.
pub const CHAIN: &str = r#"//! Nothing, a thousand times in a row.
pipeline("noop", #{});
let last = bench::noop().named("step0");
for number in 1..1000 {
    let next = bench::noop().named(`step${number}`);
    next.after(last);
    last = next;
}
"#;

/// The fan as a script.
pub const FAN: &str = r#"//! Nothing, a thousand times side by side.
pipeline("noop", #{});
let first = bench::noop().named("step0");
let last = bench::noop().named("step999");
for number in 1..999 {
    let middle = bench::noop().named(`step${number}`);
    middle.after(first);
    last.after(middle);
}
"#;
