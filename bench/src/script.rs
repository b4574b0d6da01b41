//! A function of a script over ten thousand items, beside the step alone that gives them.

use std::time::Instant;

use anyhow::{anyhow, ensure};
use engine::clock::Clock;
use engine::context::StepContext;
use engine::registry::Registry;
use engine::run::Rehearsal;
use engine::script::item::Items;
use engine::script::{self, Source};
use engine::step::{Cause, ConfigError, Step, StepError};
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

/// Fails unless each number is the one after that which [`Numbers`] gives.
struct Next;

impl Step for Next {
    const KIND: &'static str = "bench.next";
    const ABOUT: &'static str = "Looks at what became of the numbers.";
    type Config = Nothing;
    type Input = (Items,);
    type Output = List;

    fn build(_: Nothing) -> Result<Self, ConfigError> {
        Ok(Self)
    }

    async fn run(&self, _: &StepContext, (given,): (Items,)) -> Result<List, StepError> {
        let numbers = given.items.iter().map(serde_json::Value::as_u64);
        if numbers.eq((1..=u64::from(ITEMS)).map(Some)) {
            return Ok(List { items: Vec::new() });
        }
        Err(StepError::Hopeless(Cause::new("bench_wrong", "the script gave other numbers")))
    }
}

/// What knows the numbers.
pub(crate) fn registry() -> anyhow::Result<Registry> {
    let mut registry = Registry::default();
    registry.step::<Numbers>()?;
    registry.step::<Next>()?;
    Ok(registry)
}

pub(crate) async fn map_over_items(report: &mut Report) -> anyhow::Result<()> {
    let registry = registry()?;
    let map = "script::map(bench::numbers(), #{ script: \"next\" })";
    let alone = rehearsal(&registry, "bench::numbers();", NEXT)?;
    let mapped = rehearsal(&registry, &format!("{map};"), NEXT)?;
    ensure!(
        rehearsal(&registry, &format!("bench::next({map});"), NEXT)?.run().await,
        "the numbers are wrong"
    );
    let (mut floors, mut both, mut walls) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        for (plan, seconds) in [(&alone, &mut floors), (&mapped, &mut both)] {
            let began = Instant::now();
            let (took_s, succeeded) = cpu::of(plan.run()).await;
            ensure!(succeeded, "the rehearsal failed");
            seconds.push(took_s);
            walls.push(began.elapsed().as_secs_f64());
        }
    }
    let (floor, both) = (cpu::median(floors), cpu::median(both));
    report.add("10,000 numbers given", floor * 1e3, "CPU ms", Bar::None);
    report.add("script.map over them", (both - floor) * 1e3, "CPU ms", Bar::AtMost(60.0));
    // The rehearsals take turns, and that with the script is the second.
    let walls = walls.into_iter().skip(1).step_by(2).collect();
    report.add("both, by the clock", cpu::median(walls) * 1e3, "ms", Bar::None);
    Ok(())
}

/// A plan of steps of which one may be made of the script, which is called `next`.
pub(crate) fn rehearsal(registry: &Registry, steps: &str, script: &str) -> anyhow::Result<Rehearsal> {
    let source = Source {
        path: "pipelines/bench.rhai".to_owned(),
        text: format!("pipeline(\"bench\");\n{steps}\n"),
        modules: [].into(),
        step_scripts: [("next".to_owned(), script.to_owned())].into(),
    };
    let planned = script::plan(registry, &source);
    let planned =
        planned.map_err(|found| anyhow!("{}", found.first().map(ToString::to_string).unwrap_or_default()))?;
    Ok(Rehearsal::new(planned.plan, Clock::system()))
}
