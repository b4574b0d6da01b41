//! An engine with a store of its own and steps that do as they are told, for tests.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{Store, params};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::clock::Clock;
use crate::context::StepContext;
use crate::registry::Registry;
use crate::run::record::{self, RunRecord, StepRecord};
use crate::run::{Cause, RunState};
use crate::script::Library;
use crate::step::{Cause as StepCause, ConfigError, Gather, Step, StepError};
use crate::worker::{Settings, Worker};
use crate::{Engine, Request};

pub(crate) const NOW_MS: i64 = 1_785_000_000_000;

pub(crate) struct Stage {
    pub(crate) engine: Engine,
    pub(crate) store: Store,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Sum {
    total: i64,
}

/// Adds what it is given, and fails as its configuration says.
pub(crate) struct Play {
    config: PlayConfig,
    calls: AtomicU32,
}

#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct PlayConfig {
    give: i64,
    /// So many calls fail before one succeeds.
    fail_first: u32,
    hopeless: bool,
    panic: bool,
    /// Waits until the run is stopped.
    hang: bool,
}

impl Step for Play {
    const KIND: &'static str = "test.play";
    const ABOUT: &'static str = "Adds what it is given.";
    type Config = PlayConfig;
    type Input = (Gather<Sum>,);
    type Output = Sum;

    fn build(config: PlayConfig) -> Result<Self, ConfigError> {
        Ok(Self { config, calls: AtomicU32::new(0) })
    }

    async fn run(&self, ctx: &StepContext, (given,): (Gather<Sum>,)) -> Result<Sum, StepError> {
        let config = &self.config;
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        ctx.meter.rows_in(1);
        if config.hang {
            ctx.cancelled().await;
            return Err(StepError::Cancelled);
        }
        assert!(!config.panic, "on purpose");
        if call < config.fail_first {
            let cause = StepCause::new("bad_luck", "bad luck");
            return Err(if config.hopeless { StepError::Hopeless(cause) } else { StepError::Failed(cause) });
        }
        Ok(Sum { total: config.give + given.0.iter().map(|sum| sum.total).sum::<i64>() })
    }
}

impl Stage {
    /// One on each database, with these pipelines.
    pub(crate) async fn each(scripts: &[(&str, &str)]) -> Vec<Self> {
        let mut stages = Vec::new();
        for url in support::databases() {
            let store = Store::open(&url.parse().unwrap()).await.unwrap();
            store.migrate().await.unwrap();
            stages.push(Self::with(store, scripts, |_| {}).await);
        }
        stages
    }

    /// One with further steps.
    pub(crate) async fn with(
        store: Store,
        scripts: &[(&str, &str)],
        register: impl FnOnce(&mut Registry),
    ) -> Self {
        let now_ms = AtomicI64::new(NOW_MS);
        // Each look at the clock is a moment later, so that ids sort by their order.
        let ticking = Clock::from_fn(move || now_ms.fetch_add(1, Ordering::Relaxed));
        Self::at(ticking, store, scripts, register).await
    }

    /// One that goes by another clock.
    pub(crate) async fn at(
        clock: Clock,
        store: Store,
        scripts: &[(&str, &str)],
        register: impl FnOnce(&mut Registry),
    ) -> Self {
        // What has a folder lies there, every other one is a pipeline.
        let path = |name: &str| {
            if name.contains('/') { format!("scripts/{name}.rhai") } else { format!("pipelines/{name}.rhai") }
        };
        let texts = scripts.iter().map(|(name, text)| (path(name), (*text).to_owned()));
        let library = Arc::new(Library::from_texts(texts.collect::<BTreeMap<_, _>>()));
        let mut registry = Registry::default();
        registry.step::<Play>().unwrap();
        register(&mut registry);
        let (own, registry) = (store.clone(), Arc::new(registry));
        let engine = tokio::task::spawn_blocking(move || Engine::new(own, registry, library, clock, None));
        Self { engine: engine.await.unwrap(), store }
    }

    /// Carries out what is in the queue until the guard goes.
    pub(crate) fn work(&self) -> DropGuard {
        let stop = CancellationToken::new();
        tokio::spawn(self.worker().run(stop.clone()));
        stop.drop_guard()
    }

    fn worker(&self) -> Worker {
        let settings = Settings { poll: Duration::from_millis(20), ..Settings::standard() };
        Worker::new(self.engine.clone(), settings).unwrap()
    }

    pub(crate) async fn enqueue(&self, pipeline: &str, params: Value, cause: Cause) -> String {
        let request = Request {
            pipeline: pipeline.to_owned(),
            partition: "me".to_owned(),
            params,
            cause,
            force: true,
            fresh: false,
            key: None,
            request_id: None,
        };
        self.engine.enqueue(request).await.unwrap().run
    }

    /// Runs a pipeline to its end.
    pub(crate) async fn run(&self, pipeline: &str) -> RunRecord {
        let run = self.enqueue(pipeline, Value::Null, Cause::Cli).await;
        self.ended(&run).await
    }

    pub(crate) async fn ended(&self, run: &str) -> RunRecord {
        let stop = CancellationToken::new();
        let working = tokio::spawn(self.worker().run(stop.clone()));
        let ended = self.engine.ended(run).await.unwrap().unwrap();
        // Gone before the next one comes, which would else take up a run that this one hands back.
        stop.cancel();
        working.await.unwrap();
        ended
    }

    pub(crate) async fn state(&self, run: &str) -> RunState {
        let run = run.to_owned();
        self.store.read(move |tx| record::run(tx, &run)).await.unwrap().unwrap().state
    }

    pub(crate) async fn steps(&self, run: &str) -> Vec<StepRecord> {
        let run = run.to_owned();
        self.store.read(move |tx| record::steps(tx, &run)).await.unwrap()
    }

    /// States as "name state", with the code where there is one and `reused` where the result is another run's.
    pub(crate) async fn states(&self, run: &str) -> Vec<String> {
        let line = |step: StepRecord| {
            let words = [
                Some(step.step),
                Some(step.state.as_str().to_owned()),
                step.error_code,
                step.reused_from.map(|_| "reused".to_owned()),
            ];
            words.into_iter().flatten().collect::<Vec<_>>().join(" ")
        };
        self.steps(run).await.into_iter().map(line).collect()
    }

    pub(crate) async fn count(&self, sql: &'static str) -> i64 {
        let sql = store::Sql::Both(sql);
        let count = self.store.read(move |tx| tx.optional(&sql, &params![], |row| row.get(0))).await;
        count.unwrap().unwrap_or(0)
    }
}
