//! The catalogue tells of what there is, and of nothing else.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::*;
use crate::context::StepContext;
use crate::registry::Registry;
use crate::script::rule::{Outcome, Rule, Subject};
use crate::script::{Source, plan, series, vocabulary};
use crate::step::{ConfigError, Gather, Step, StepError};

fn names(told: &[Told]) -> BTreeSet<&'static str> {
    told.iter().map(|told| told.name).collect()
}

#[test]
fn every_method_and_every_option_is_told() {
    let methods: BTreeSet<&str> = vocabulary::METHODS.into_iter().collect();
    assert_eq!(names(METHODS), methods);
    let options: BTreeSet<&str> = OPTIONS.iter().map(|(name, _)| *name).collect();
    let known: BTreeSet<&str> = vocabulary::options().into_iter().collect();
    assert_eq!(options, known);
}

#[test]
fn every_word_is_told() {
    let told: BTreeSet<String> = names(WORDS).into_iter().chain(names(METHODS)).map(str::to_owned).collect();
    assert_eq!(vocabulary::words(), told);
}

/// Whether a call is one that its word takes; otherwise a message tells what it takes.
fn is_taken(call: &str, usage: &str) -> bool {
    let mut registry = Registry::default();
    registry.step::<Sample>().unwrap();
    let source = Source {
        path: "pipelines/x.rhai".to_owned(),
        text: format!("let r = sample::step();\n{call};"),
        modules: BTreeMap::new(),
        step_scripts: BTreeMap::new(),
    };
    let found = plan(&registry, &source).err().unwrap_or_default();
    assert!(!found.is_empty(), "{call}: the step has no inputs");
    !found.iter().any(|found| found.message.starts_with(usage))
}

#[test]
fn a_word_takes_as_many_arguments_as_are_told() {
    let counts = |told: &[Told], name: &str, own: usize| -> BTreeSet<usize> {
        let named = told.iter().filter(|told| told.name == name);
        named.map(|told| told.parameters.len() - own).collect()
    };
    let found = |call: &dyn Fn(&str) -> String, usage: &str| -> BTreeSet<usize> {
        (0..5).filter(|count| is_taken(&call(&vec!["()"; *count].join(", ")), usage)).collect()
    };
    for name in names(METHODS) {
        let taken =
            found(&|arguments: &str| format!("r.{name}({arguments})"), &format!("expected `.{name}("));
        assert_eq!(taken, counts(METHODS, name, 1), "{name}");
    }
    for (name, usage) in [("pipeline", "`pipeline` takes "), ("pool", "expected `pool(name, ")] {
        let taken = found(&|arguments: &str| format!("{name}({arguments})"), usage);
        assert_eq!(taken, counts(WORDS, name, 0), "{name}");
    }
}

#[test]
fn what_rules_may_call_is_there_for_them() {
    for told in RULES.calls {
        let given: Vec<&str> =
            told.parameters.iter().map(|(_, is)| if *is == "Map" { "day" } else { "\"a.b\"" }).collect();
        let call = format!("{}({})", told.name, given.join(", "));
        let text =
            format!("fn applies(day) {{ {call} }}\nfn advise(day) {{ #{{}} }}\nfn examples() {{ [] }}");
        let rule = Rule::compile("scripts/rules/r.rhai", &text).unwrap();
        let day = Subject::new(&serde_json::json!({ "a": { "b": 1 } }));
        assert!(matches!(rule.evaluate(&day), Outcome::Advice(_)), "{call}");
    }
}

#[test]
fn every_function_of_a_series_is_told_with_as_many_parameters() {
    let registered = series::FUNCTIONS.gen_fn_signatures_with_mapper(Into::into);
    let count = |signature: &str| {
        let inside = signature.split_once('(').map_or("", |(_, rest)| rest);
        let inside = inside.split_once(')').map_or("", |(inside, _)| inside);
        inside.split(',').filter(|parameter| !parameter.trim().is_empty()).count()
    };
    let registered: BTreeSet<(String, usize)> = registered
        .map(|signature| (signature.split('(').next().unwrap_or_default().to_owned(), count(&signature)))
        .collect();
    let told: BTreeSet<(String, usize)> =
        SERIES.iter().map(|told| (told.name.to_owned(), told.parameters.len())).collect();
    assert_eq!(registered, told);
}

#[test]
fn a_function_is_told_in_one_line() {
    assert_eq!(METHODS[2].to_string(), "retry(step: step, times: int, backoff: String) -> step");
    assert_eq!(WORDS[0].to_string(), "pipeline(name: String)");
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct DailyAdvice {}

/// How much may be asked.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields, default)]
struct Quota {
    /// Calls a day; 0 is no limit.
    per_day: u32,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is looked at")]
struct Config {
    /// Which files are read.
    files: Vec<String>,
    #[serde(default)]
    deep: Option<bool>,
    /// What becomes of the rest.
    #[serde(default)]
    rest: Rest,
    #[serde(default)]
    quota: Quota,
}

#[derive(Deserialize, JsonSchema, Default)]
#[serde(rename_all = "snake_case")]
enum Rest {
    #[default]
    Kept,
    Gone,
}

struct Sample;

impl Step for Sample {
    const KIND: &'static str = "sample.step";
    const ABOUT: &'static str = "For tests.";
    type Config = Config;
    type Input = (DailyAdvice, Option<DailyAdvice>, Gather<Value>);
    type Output = DailyAdvice;

    fn build(_: Config) -> Result<Self, ConfigError> {
        Ok(Self)
    }

    async fn run(&self, _: &StepContext, _: Self::Input) -> Result<DailyAdvice, StepError> {
        Err(StepError::Cancelled)
    }
}

#[test]
fn inputs_are_named_after_their_artifacts() {
    let wanted = [("daily_advice", "step"), ("daily_advice2", "step | ()"), ("given", "Array | step")];
    assert_eq!(inputs(&Kind::of::<Sample>()), wanted.map(|(name, is)| (name.to_owned(), is)));
}

#[test]
fn keys_are_told_with_what_they_take() {
    let keys = keys(&Kind::of::<Sample>());
    let told: Vec<_> =
        keys.iter().map(|key| (key.name.as_str(), key.what.as_str(), key.is_required)).collect();
    let wanted = [
        ("files", "a list, each a text", true),
        ("deep", "`true` or `false`", false),
        ("rest", "one of `\"kept\"`, `\"gone\"`", false),
        ("quota", "a map", false),
        ("quota.per_day", "a whole number", false),
    ];
    assert_eq!(told, wanted);
    assert_eq!(keys[0].about, "Which files are read.");
    assert_eq!(keys[3].about, "How much may be asked.");
}
