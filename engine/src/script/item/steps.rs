//! The kinds of step that are made of scripts: `script.map`, `script.filter` and `script.reduce`.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::work::{MOST_ITEMS, Order, Outcome, RESULT, Stop, spot};
use super::{ItemScript, Task};
use crate::context::StepContext;
use crate::script::library::step_script_path;
use crate::script::{Diagnostic, Limits, failure, suggest};
use crate::step::{ARTIFACT_LIMIT_BYTES, Cause, ConfigError, Gather, Kind, Scripts, Step, StepError};

/// A list of small values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-split" = { "list": "items" }))]
pub struct Items {
    /// The values, in their order.
    pub items: Vec<Value>,
    /// How many were left out because the script failed on them.
    #[serde(default)]
    pub failed: u64,
    /// The first ten of these.
    #[serde(default)]
    pub errors: Vec<ItemError>,
}

/// What became of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Reduced {
    /// What the script made of all items.
    pub value: Value,
    /// How many were left out because the script failed on them.
    #[serde(default)]
    pub failed: u64,
    /// The first ten of these.
    #[serde(default)]
    pub errors: Vec<ItemError>,
}

/// An item on which a script failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ItemError {
    /// Which one, counted from 0.
    pub item: u64,
    /// As that of a step that fails for it.
    pub code: String,
    /// Where in the script, and why.
    pub message: String,
}

/// Which script, and what becomes of items that it cannot take.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ScriptConfig {
    /// The file in `scripts/steps`, by its name without ending.
    script: String,
    /// `"fail"` ends the step with the first item on which the script fails, `"skip"` leaves such items out.
    #[serde(default)]
    on_error: OnError,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum OnError {
    #[default]
    Fail,
    Skip,
}

/// The kinds, which need the scripts of a pipeline.
pub(super) fn kinds() -> [Kind; 3] {
    let of = Treatment::of;
    [
        Kind::scripted::<Map>(move |config, scripts| of(config, scripts, Task::Map).map(Map)),
        Kind::scripted::<Filter>(move |config, scripts| of(config, scripts, Task::Filter).map(Filter)),
        Kind::scripted::<Reduce>(move |config, scripts| of(config, scripts, Task::Reduce).map(Reduce)),
    ]
}

#[derive(Debug)]
struct Map(Treatment);

#[derive(Debug)]
struct Filter(Treatment);

#[derive(Debug)]
struct Reduce(Treatment);

/// What is done with items, by which script.
#[derive(Debug)]
struct Treatment {
    script: Arc<ItemScript>,
    skips: bool,
}

impl Step for Map {
    const KIND: &'static str = "script.map";
    const ABOUT: &'static str = "Puts what a function of yours answers in the place of each item.";
    type Config = ScriptConfig;
    type Input = (Gather<Value>,);
    type Output = Items;

    fn build(_: ScriptConfig) -> Result<Self, ConfigError> {
        Err(no_scripts())
    }

    async fn run(&self, ctx: &StepContext, (given,): (Gather<Value>,)) -> Result<Items, StepError> {
        let Outcome { gave, failed, errors } = self.0.work(ctx, given, ItemScript::map).await?;
        ctx.meter.rows_out(gave.len() as u64);
        Ok(Items { items: gave, failed, errors })
    }

    fn example(&self) -> Option<Value> {
        self.0.script.example()
    }

    fn rests_on(&self) -> Option<&str> {
        Some(self.0.script.hash())
    }
}

impl Step for Filter {
    const KIND: &'static str = "script.filter";
    const ABOUT: &'static str = "Keeps the items for which a function of yours answers true.";
    type Config = ScriptConfig;
    type Input = (Gather<Value>,);
    type Output = Items;

    fn build(_: ScriptConfig) -> Result<Self, ConfigError> {
        Err(no_scripts())
    }

    async fn run(&self, ctx: &StepContext, (given,): (Gather<Value>,)) -> Result<Items, StepError> {
        let Outcome { gave, failed, errors } = self.0.work(ctx, given, ItemScript::filter).await?;
        ctx.meter.rows_out(gave.len() as u64);
        Ok(Items { items: gave, failed, errors })
    }

    fn example(&self) -> Option<Value> {
        self.0.script.example()
    }

    fn rests_on(&self) -> Option<&str> {
        Some(self.0.script.hash())
    }
}

impl Step for Reduce {
    const KIND: &'static str = "script.reduce";
    const ABOUT: &'static str = "Makes one value of all items by a function of yours.";
    type Config = ScriptConfig;
    type Input = (Gather<Value>,);
    type Output = Reduced;

    fn build(_: ScriptConfig) -> Result<Self, ConfigError> {
        Err(no_scripts())
    }

    async fn run(&self, ctx: &StepContext, (given,): (Gather<Value>,)) -> Result<Reduced, StepError> {
        let Outcome { gave, failed, errors } = self.0.work(ctx, given, ItemScript::reduce).await?;
        Ok(Reduced { value: gave, failed, errors })
    }

    fn example(&self) -> Option<Value> {
        self.0.script.example()
    }

    fn rests_on(&self) -> Option<&str> {
        Some(self.0.script.hash())
    }
}

type Act<T> = fn(&ItemScript, Order<'_>) -> Result<Outcome<T>, Stop>;

impl Treatment {
    fn of(config: ScriptConfig, scripts: Scripts<'_>, task: Task) -> Result<Self, ConfigError> {
        let ScriptConfig { script: name, on_error } = config;
        let path = step_script_path(&name);
        let text = scripts.texts.get(&name).ok_or_else(|| {
            let hint = suggest::hint(&name, scripts.texts.keys().map(String::as_str));
            let hint = hint.map(|hint| format!("; {hint}")).unwrap_or_default();
            ConfigError::at("script", format!("there is no `{path}`{hint}"))
        })?;
        let broken = |found: Vec<Diagnostic>| {
            let first = found.first().map(spot).unwrap_or_default();
            ConfigError::at("script", format!("the script is broken: {first}"))
        };
        let script = ItemScript::compile(&path, text).map_err(broken)?;
        if script.task != task {
            let (is, wanted) = (script.task.step(), task.step());
            return Err(ConfigError::at("script", format!("`{path}` is for `{is}`, not for `{wanted}`")));
        }
        // No pipeline goes by a script that does not do what it says.
        if !scripts.are_proven {
            script.prove().map_err(broken)?;
        }
        Ok(Self { script: Arc::new(script), skips: on_error == OnError::Skip })
    }

    async fn work<T: Clone + Send + 'static>(
        &self,
        ctx: &StepContext,
        given: Gather<Value>,
        act: Act<T>,
    ) -> Result<Outcome<T>, StepError> {
        let items = items(given);
        ctx.meter.rows_in(items.len() as u64);
        let (script, skips, own) = (self.script.clone(), self.skips, ctx.clone());
        let work = move || {
            let is_cancelled = Arc::new(move || own.is_cancelled());
            act(&script, Order { items, skips, limits: &Limits::STEP, is_cancelled })
        };
        let worked = tokio::task::spawn_blocking(work).await.map_err(|error| {
            let message = "the script could not be run".to_owned();
            StepError::Failed(Cause { code: FAILED, message, source: Some(Box::new(error)) })
        })?;
        worked.map_err(failure_of)
    }
}

/// What is in the lists among artifacts, and every other one for itself.
fn items(Gather(given): Gather<Value>) -> Vec<Value> {
    let each = given.into_iter().flat_map(|artifact| match artifact {
        Value::Object(mut list) if list.get("items").is_some_and(Value::is_array) => {
            match list.remove("items") {
                Some(Value::Array(items)) => items,
                _ => Vec::new(),
            }
        }
        artifact => vec![artifact],
    });
    each.collect()
}

const FAILED: &str = "step_script_failed";

// A script answers the same for the same item, so another attempt would be none the better, unless it was the machine.
pub(super) fn failure_of(stop: Stop) -> StepError {
    match stop {
        Stop::Cancelled => StepError::Cancelled,
        Stop::Script(item, found) if failure::may_pass(&found) => {
            StepError::Failed(Cause::new(code(found.code), told(item, &spot(&found))))
        }
        Stop::Script(item, found) => hopeless(code(found.code), told(item, &spot(&found))),
        Stop::TooManyItems(count) => {
            hopeless("too_many_items", format!("{count} items, and at most {MOST_ITEMS}"))
        }
        Stop::TooLarge(item) => {
            let message = format!("item {item}: what is given has more than {ARTIFACT_LIMIT_BYTES} bytes");
            hopeless("artifact_too_large", message)
        }
    }
}

fn told(item: Option<usize>, message: &str) -> String {
    item.map_or_else(|| message.to_owned(), |item| format!("item {item}: {message}"))
}

fn hopeless(code: &'static str, message: String) -> StepError {
    StepError::Hopeless(Cause::new(code, message))
}

/// What a step fails with where its script has that mistake.
pub(super) fn code(found: &'static str) -> &'static str {
    if [failure::LIMIT, RESULT].contains(&found) { found } else { FAILED }
}

fn no_scripts() -> ConfigError {
    ConfigError::at("script", "only a step of a pipeline has scripts")
}
