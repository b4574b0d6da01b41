//! A function of a script over ten thousand items, beside the step alone that gives them.

use std::collections::BTreeMap;

use anyhow::{anyhow, ensure};
use engine::clock::Clock;
use engine::context::StepContext;
use engine::registry::Registry;
use engine::run::Rehearsal;
use engine::script::{self, Source};
use engine::step::{ConfigError, Step, StepError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cpu;
use crate::report::{Bar, Report};

const ITEMS: u32 = 10_000;
const ROUNDS: usize = 21;
const NEXT: &str = "//! What comes after each.\n\
    const STEP = 1;\n\
    fn each(item) { if item < 0 { 0 } else { item + global::STEP } }\n\
    fn examples() { [#{ item: 1, gives: 2 }] }\n";

/// Gives whole numbers.
struct Numbers;

#[derive(Serialize, Deserialize, JsonSchema)]
struct List {
    items: Vec<u32>,
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Nothing {}

impl Step for Numbers {
    const KIND: &'static str = "bench.numbers";
    const ABOUT: &'static str = "Gives whole numbers.";
    type Config = Nothing;
    type Input = ();
    type Output = List;

    fn build(_: Nothing) -> Result<Self, ConfigError> {
        Ok(Self)
    }

    async fn run(&self, _: &StepContext, (): ()) -> Result<List, StepError> {
        Ok(List { items: (0..ITEMS).collect() })
    }
}

pub(crate) async fn map_over_items(report: &mut Report) -> anyhow::Result<()> {
    let mut registry = Registry::default();
    registry.step::<Numbers>()?;
    let alone = rehearsal(&registry, "bench::numbers();")?;
    let mapped = rehearsal(&registry, "script::map(bench::numbers(), #{ script: \"next\" });")?;
    let (mut floors, mut both) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        for (plan, seconds) in [(&alone, &mut floors), (&mapped, &mut both)] {
            let (took_s, succeeded) = cpu::of(plan.run()).await;
            ensure!(succeeded, "the rehearsal failed");
            seconds.push(took_s);
        }
    }
    let (floor, both) = (cpu::median(floors), cpu::median(both));
    report.add("10,000 numbers given", floor * 1e3, "CPU ms", Bar::None);
    report.add("script.map over them", (both - floor) * 1e3, "CPU ms", Bar::AtMost(60.0));
    Ok(())
}

fn rehearsal(registry: &Registry, steps: &str) -> anyhow::Result<Rehearsal> {
    let source = Source {
        path: "pipelines/bench.rhai".to_owned(),
        text: format!("pipeline(\"bench\");\n{steps}\n"),
        modules: BTreeMap::new(),
        step_scripts: BTreeMap::from([("next".to_owned(), NEXT.to_owned())]),
    };
    let planned = script::plan(registry, &source);
    let planned =
        planned.map_err(|found| anyhow!("{}", found.first().map(ToString::to_string).unwrap_or_default()))?;
    Ok(Rehearsal::new(planned.plan, Clock::system()))
}
