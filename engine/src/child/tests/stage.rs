//! Steps that are worth splitting, and what a test asks of their runs.

use std::sync::{Arc, Mutex};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::Store;

use crate::child::{Counts, counts};
use crate::context::StepContext;
use crate::registry::Registry;
use crate::run::record::{self, Page, RunRecord};
use crate::stage::Stage;
use crate::step::{Cause, ConfigError, Gather, Step, StepError};

/// The numbers above `from`, up to `to`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-split" = { "after": "from", "to": "to" }))]
pub(super) struct Delta {
    from: i64,
    to: i64,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    padding: String,
}

/// Gives a range.
pub(super) struct Range(i64);

#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RangeConfig {
    to: i64,
}

impl Step for Range {
    const KIND: &'static str = "test.range";
    const ABOUT: &'static str = "Gives a range.";
    type Config = RangeConfig;
    type Input = ();
    type Output = Delta;

    fn build(config: RangeConfig) -> Result<Self, ConfigError> {
        Ok(Self(config.to))
    }

    async fn run(&self, _: &StepContext, (): ()) -> Result<Delta, StepError> {
        Ok(Delta { from: 0, to: self.0, padding: String::new() })
    }
}

/// What the steps of a test were called with.
pub(super) type Calls = Arc<Mutex<Vec<(i64, i64)>>>;

/// Passes on what it is given, or fails as its configuration says.
pub(super) struct Work {
    config: WorkConfig,
    calls: Calls,
}

#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct WorkConfig {
    /// The part that begins here fails as often as given.
    fail_at: Option<i64>,
    fail_first: usize,
    /// The part that begins here waits until it is stopped.
    hang_at: Option<i64>,
    /// So many bytes more in what each part gives.
    padding: usize,
}

impl Step for Work {
    const KIND: &'static str = "test.work";
    const ABOUT: &'static str = "Passes on what it is given.";
    type Config = WorkConfig;
    type Input = (Delta,);
    type Output = Delta;

    fn build(config: WorkConfig) -> Result<Self, ConfigError> {
        Ok(Self { config, calls: Calls::default() })
    }

    async fn run(&self, ctx: &StepContext, (delta,): (Delta,)) -> Result<Delta, StepError> {
        let call = (delta.from, delta.to);
        let before = {
            let mut calls = self.calls.lock().unwrap();
            let before = calls.iter().filter(|former| **former == call).count();
            calls.push(call);
            before
        };
        if self.config.hang_at == Some(delta.from) {
            ctx.cancelled().await;
            return Err(StepError::Cancelled);
        }
        if self.config.fail_at == Some(delta.from) && before < self.config.fail_first {
            return Err(StepError::Failed(Cause::new("bad_luck", "bad luck")));
        }
        // Each part has a bookmark of its own, which is where it was left.
        let (from, to) = call;
        let told = ctx
            .commit(move |_, cursor| {
                let told: Option<i64> = cursor.get();
                cursor.set(&to)?;
                Ok(told)
            })
            .await?;
        assert!(told.is_none_or(|told| told == to), "the part after {from} found the bookmark of another");
        ctx.meter.rows_out(u64::try_from(to - from).unwrap());
        Ok(Delta { padding: "x".repeat(self.config.padding), ..delta })
    }
}

/// Adds up how many numbers it is given.
pub(super) struct Total;

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Numbers {
    pub(super) parts: usize,
    pub(super) count: i64,
    pub(super) is_in_order: bool,
}

impl Step for Total {
    const KIND: &'static str = "test.total";
    const ABOUT: &'static str = "Adds up.";
    type Config = RangeConfig;
    type Input = (Gather<Delta>,);
    type Output = Numbers;

    fn build(_: RangeConfig) -> Result<Self, ConfigError> {
        Ok(Self)
    }

    async fn run(&self, _: &StepContext, (Gather(given),): (Gather<Delta>,)) -> Result<Numbers, StepError> {
        Ok(Numbers {
            parts: given.len(),
            count: given.iter().map(|delta| delta.to - delta.from).sum(),
            is_in_order: given.windows(2).all(|pair| pair[0].to == pair[1].from),
        })
    }
}

pub(super) fn register(registry: &mut Registry, calls: &Calls) {
    let calls = calls.clone();
    registry.step::<Range>().unwrap();
    registry.step::<Total>().unwrap();
    registry.step_made::<Work>(move |config| Ok(Work { config, calls: calls.clone() })).unwrap();
}

/// One on each database, with what its steps are called with.
pub(super) async fn each(scripts: &[(&str, &str)]) -> Vec<(Stage, Calls)> {
    let mut stages = Vec::new();
    for url in support::databases() {
        let store = Store::open(&url.parse().unwrap()).await.unwrap();
        store.migrate().await.unwrap();
        let calls = Calls::default();
        stages.push((another(store, scripts, &calls).await, calls));
    }
    stages
}

/// As if in another process.
pub(super) async fn another(store: Store, scripts: &[(&str, &str)], calls: &Calls) -> Stage {
    Stage::with(store, scripts, |registry| register(registry, calls)).await
}

impl Stage {
    pub(super) async fn counts(&self, run: &str) -> Vec<Counts> {
        let run = run.to_owned();
        self.store.read(move |tx| counts(tx, &run)).await.unwrap()
    }

    pub(super) async fn children(&self, run: &str) -> Vec<RunRecord> {
        let page = Page { parent: Some(run.to_owned()), limit: 2000, ..Page::default() };
        self.store.read(move |tx| record::runs(tx, &page)).await.unwrap()
    }

    pub(super) async fn artifact(&self, run: &str, step: &str) -> Option<Value> {
        self.steps(run).await.into_iter().find(|found| found.step == step).unwrap().artifact
    }

    /// Waits for something that must come.
    pub(super) async fn until(&self, sql: &'static str, wanted: i64) {
        for _ in 0..3000 {
            if self.count(sql).await == wanted {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("waited in vain for {wanted} as {sql}");
    }
}
