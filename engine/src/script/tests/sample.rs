//! A few small steps, and the shortest way from a script to its plan or its mistakes.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::context::StepContext;
use crate::registry::Registry;
use crate::script::{Diagnostic, Limits, Planned, Source, plan_within};
use crate::step::{ConfigError, Gather, Step, StepError};

#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-split" = { "after": "from", "to": "to" }))]
pub(super) struct Changes {
    from: i64,
    #[serde(default)]
    to: i64,
    days: Option<String>,
    added: Counts,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Counts {
    rows: u32,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct Weather {
    hours: u32,
}

/// Declares a step that is never run.
macro_rules! step {
    ($name:ident, $kind:literal, $config:ty, $input:ty, $output:ty) => {
        struct $name;

        impl Step for $name {
            const KIND: &'static str = $kind;
            const ABOUT: &'static str = "For tests.";
            type Config = $config;
            type Input = $input;
            type Output = $output;

            fn build(config: $config) -> Result<Self, ConfigError> {
                Checked::checked(&config).map(|()| Self)
            }

            async fn run(&self, _: &StepContext, _: $input) -> Result<$output, StepError> {
                Err(StepError::Cancelled)
            }
        }
    };
}

trait Checked {
    fn checked(&self) -> Result<(), ConfigError> {
        Ok(())
    }
}

#[derive(Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields, default)]
struct ReadConfig {
    /// Where files are looked for.
    paths: Vec<String>,
    deep: bool,
}

impl Checked for ReadConfig {}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only read from scripts")]
struct HistoryConfig {
    #[serde(default)]
    variables: Vec<String>,
    precision: u8,
    #[serde(default)]
    cache: Cache,
}

#[derive(Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields, default)]
struct Cache {
    days: u32,
}

impl Checked for HistoryConfig {
    fn checked(&self) -> Result<(), ConfigError> {
        if self.precision > 4 {
            return Err(ConfigError::at("precision", "at most 4 decimals"));
        }
        Ok(())
    }
}

#[derive(Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields, default)]
struct Nothing {}

impl Checked for Nothing {}

step!(Read, "files.read", ReadConfig, (), Changes);
step!(History, "open_meteo.history", HistoryConfig, (Changes,), Weather);
step!(Days, "rollup.days", Nothing, (Gather<Changes>,), Changes);
step!(Hours, "sample.hours", Nothing, (Weather,), Weather);
step!(Daily, "insights.daily", Nothing, (Changes, Option<Weather>), Changes);

pub(super) fn registry() -> Registry {
    let mut registry = Registry::default();
    registry.step::<Read>().unwrap();
    registry.step::<History>().unwrap();
    registry.step::<Days>().unwrap();
    registry.step::<Daily>().unwrap();
    registry.step::<Hours>().unwrap();
    registry
}

pub(super) fn source(text: &str, modules: &[(&str, &str)]) -> Source {
    Source {
        path: "pipelines/x.rhai".to_owned(),
        text: text.to_owned(),
        modules: texts(modules),
        step_scripts: BTreeMap::new(),
    }
}

/// Texts by their names.
pub(super) fn texts(texts: &[(&str, &str)]) -> BTreeMap<String, String> {
    texts.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

/// Evaluates a script whose first line is `pipeline("x");`.
pub(super) fn evaluate(body: &str) -> Result<Planned, Vec<Diagnostic>> {
    evaluate_source(&source(&format!("pipeline(\"x\");\n{body}"), &[]))
}

pub(super) fn evaluate_source(source: &Source) -> Result<Planned, Vec<Diagnostic>> {
    plan_within(&registry(), source, &Limits::PIPELINE)
}

/// The mistakes as `line:column code`, and their whole text for the message of a failed test.
pub(super) fn found(result: &Result<Planned, Vec<Diagnostic>>) -> (Vec<String>, String) {
    match result {
        Ok(_) => (Vec::new(), "no mistake".to_owned()),
        Err(diagnostics) => {
            let short =
                diagnostics.iter().map(|found| format!("{}:{} {}", found.line, found.column, found.code));
            let long = diagnostics.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
            (short.collect(), long)
        }
    }
}
