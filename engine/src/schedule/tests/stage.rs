//! Engines on a database of their own, with a clock that the test moves and a step that does nothing.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Store, Tx};

use crate::clock::Clock;
use crate::context::StepContext;
use crate::host::Engine;
use crate::registry::{Connected, Connection, Means, Partition, Partitions, Receipt, Registry, Status};
use crate::run::record::{self, Page, RunRecord};
use crate::schedule::pause::{self, Pause};
use crate::schedule::{Scheduler, Standing, standings};
use crate::script::Library;
use crate::step::{BoxFuture, Cause, ConfigError, Step, StepError};

pub(super) struct Stage {
    pub(super) store: Store,
    pub(super) engine: Engine,
    pub(super) scheduler: Scheduler,
    /// Who has connected the account.
    pub(super) connected: Arc<Mutex<Vec<String>>>,
    now_ms: Arc<AtomicI64>,
}

/// Whom the sample's pipelines run for.
struct People(Vec<Partition>);

impl Partitions for People {
    fn list(&self, _: &mut Tx<'_>) -> store::Result<Vec<Partition>> {
        Ok(self.0.clone())
    }
}

/// An account that nobody has asked for; who has it is told by the test.
struct Account(Arc<Mutex<Vec<String>>>);

impl Connection for Account {
    fn name(&self) -> &'static str {
        "account"
    }

    fn begin<'a>(&'a self, _: &'a Means, _: &'a str, _: &'a str) -> BoxFuture<'a, Result<String, Cause>> {
        Box::pin(async { unreachable!() })
    }

    fn finish<'a>(
        &'a self,
        _: &'a Means,
        _: &'a str,
        _: &'a BTreeMap<String, String>,
    ) -> BoxFuture<'a, Result<Connected, Cause>> {
        Box::pin(async { unreachable!() })
    }

    fn take_over<'a>(
        &'a self,
        _: &'a Means,
        _: &'a str,
        _: &'a str,
    ) -> BoxFuture<'a, Result<Connected, Cause>> {
        Box::pin(async { unreachable!() })
    }

    fn status<'a>(&'a self, _: &'a Means, _: &'a str) -> BoxFuture<'a, Result<Status, Cause>> {
        Box::pin(async { unreachable!() })
    }

    fn is_connected(&self, _: &mut Tx<'_>, partition: &str) -> store::Result<bool> {
        Ok(self.0.lock().unwrap().iter().any(|connected| connected == partition))
    }

    fn disconnect<'a>(&'a self, _: &'a Means, _: &'a str) -> BoxFuture<'a, Result<Receipt, Cause>> {
        Box::pin(async { unreachable!() })
    }
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Nothing {}

#[derive(Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields, default)]
struct RestConfig {
    fail: bool,
}

struct Rest(RestConfig);

impl Step for Rest {
    const KIND: &'static str = "sample.rest";
    const ABOUT: &'static str = "Does nothing.";
    type Config = RestConfig;
    type Input = ();
    type Output = Nothing;

    fn build(config: RestConfig) -> Result<Self, ConfigError> {
        Ok(Self(config))
    }

    async fn run(&self, _: &StepContext, (): ()) -> Result<Nothing, StepError> {
        if self.0.fail { Err(StepError::Cancelled) } else { Ok(Nothing {}) }
    }
}

/// One on each database, at that time.
pub(super) async fn stages(now: &str, options: &str) -> Vec<Stage> {
    stages_of(now, &[("x", options)]).await
}

/// The same with several pipelines, by name and options.
pub(super) async fn stages_of(now: &str, pipelines: &[(&str, &str)]) -> Vec<Stage> {
    let mut stages = Vec::new();
    for url in support::databases() {
        let store = Store::open(&url.parse().unwrap()).await.unwrap();
        store.migrate().await.unwrap();
        stages.push(Stage::new(store, now, pipelines, &[("me", None)]).await);
    }
    stages
}

pub(super) fn ms(text: &str) -> i64 {
    text.parse::<Timestamp>().unwrap().as_millisecond()
}

impl Stage {
    async fn new(
        store: Store,
        now: &str,
        pipelines: &[(&str, &str)],
        people: &[(&str, Option<&str>)],
    ) -> Self {
        let now_ms = Arc::new(AtomicI64::new(ms(now)));
        let told = now_ms.clone();
        let clock = Clock::from_fn(move || told.load(Ordering::Relaxed));
        let mut registry = Registry::default();
        registry.step::<Rest>().unwrap();
        let connected = Arc::new(Mutex::new(Vec::new()));
        registry.connection(Account(connected.clone())).unwrap();
        let zone = |zone: &str| TimeZone::get(zone).unwrap();
        let people =
            people.iter().map(|(id, home)| Partition { id: (*id).to_owned(), time_zone: home.map(zone) });
        registry.partitions(People(people.collect())).unwrap();
        let text = |(name, options): &(&str, &str)| {
            let text = format!("pipeline(\"{name}\", #{{ {options} }});\nsample::rest();");
            (format!("pipelines/{name}.rhai"), text)
        };
        let library = Arc::new(Library::from_texts(pipelines.iter().map(text).collect::<BTreeMap<_, _>>()));
        let engine = {
            let store = store.clone();
            let make = move || Engine::new(store, Arc::new(registry), library, clock, None);
            tokio::task::spawn_blocking(make).await.unwrap()
        };
        Self { scheduler: Scheduler::new(engine.clone()), store, engine, connected, now_ms }
    }

    /// Another process on the same database with other options or people; its clock shows what this one's shows.
    pub(super) async fn another(&self, options: &str, people: &[(&str, Option<&str>)]) -> Self {
        let now = Timestamp::from_millisecond(self.now_ms.load(Ordering::Relaxed)).unwrap().to_string();
        Self::new(self.store.clone(), &now, &[("x", options)], people).await
    }

    /// Sets the clock.
    pub(super) fn pass(&self, now: &str) {
        self.now_ms.store(ms(now), Ordering::Relaxed);
    }

    /// Sets the clock, and looks.
    pub(super) async fn at(&mut self, now: &str) {
        self.pass(now);
        self.scheduler.tick().await.unwrap();
    }

    /// All runs, in the order in which they were asked for.
    pub(super) async fn runs(&self) -> Vec<RunRecord> {
        let page = Page { limit: 1_000, ..Page::default() };
        let mut runs = self.store.read(move |tx| record::runs(tx, &page)).await.unwrap();
        runs.reverse();
        runs
    }

    /// Lets every run that is not over succeed now.
    pub(super) async fn succeed(&self) {
        let sql =
            store::Sql::Both("UPDATE run SET state = 'succeeded', finished_ms = $1 WHERE state = 'queued'");
        let now_ms = self.now_ms.load(Ordering::Relaxed);
        self.store.write(move |tx| tx.execute(&sql, &store::params![now_ms])).await.unwrap();
    }

    /// The slots that have a run, with how many runs there are.
    pub(super) async fn slots(&self) -> (Vec<String>, usize) {
        let sql = store::Sql::Both("SELECT slot FROM schedule_slot WHERE run_id IS NOT NULL ORDER BY due_ms");
        let slots = self.store.read(move |tx| tx.query(&sql, &[], |row| row.get(0))).await.unwrap();
        (slots, self.runs().await.len())
    }

    pub(super) async fn standing(&self) -> Standing {
        self.store.read(standings).await.unwrap().remove(0)
    }

    pub(super) async fn pause(&self, pipeline: &str) {
        let pause = Pause { pipeline: pipeline.to_owned(), since_ms: 1, note: None };
        self.store.write(move |tx| pause::pause(tx, &pause)).await.unwrap();
    }

    pub(super) async fn resume(&self, pipeline: &str) -> bool {
        let pipeline = pipeline.to_owned();
        self.store.write(move |tx| pause::resume(tx, &pipeline)).await.unwrap()
    }
}
