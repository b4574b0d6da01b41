//! A store with an athlete, a folder of programs, and the steps run by hand.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use engine::clock::Clock;
use engine::context::{RunContext, RunInfo, StepContext};
use engine::run::{Cause, Fence, Stop};
use engine::script::Library;
use engine::step::{Gather, Step, StepError};
use fitness::outside::Records;
use fitness::records::athlete::Athlete;
use fitness::records::outside_record::{self, Place};
use fitness::records::{self};
use serde_json::{Value, json};
use store::{Sql, Store, Url, params};

use crate::limits::Limits;
use crate::{Exec, Options, Tap};

const SCRIPT: Sql =
    Sql::Both("INSERT INTO script (hash, body) VALUES ('hash', '') ON CONFLICT (hash) DO NOTHING");
const RUN: Sql = Sql::Both(
    "INSERT INTO run (id, pipeline, partition, params, cause, state, script_hash, plan_hash, enqueued_ms) \
     VALUES ($1, 'sheet', 'me', '{}', 'cli', 'running', 'hash', '', 0)",
);
const JOB: Sql = Sql::Both(
    "INSERT INTO job (run_id, partition, priority, ready_ms, attempts, fence) VALUES ($1, 'me', 0, 0, 1, 1)",
);

const LOSE: Sql = Sql::Both("UPDATE job SET fence = fence + 1 WHERE run_id = $1");

pub(super) struct House {
    store: Store,
    programs: tempfile::TempDir,
    runs: u32,
    /// Stops what is run next.
    pub stop: Stop,
}

impl House {
    pub(super) async fn new(url: &str) -> Self {
        let store = Store::open(&url.parse::<Url>().unwrap()).await.unwrap();
        store.migrate().await.unwrap();
        let me = Athlete { id: "me".to_owned(), timezone: "UTC".to_owned(), created_ms: 0 };
        let furnish = store.write(move |tx| {
            records::athlete::ensure(tx, &me)?;
            tx.execute(&SCRIPT, &[]).map(drop)
        });
        furnish.await.unwrap();
        Self { store, programs: tempfile::tempdir().unwrap(), runs: 0, stop: Stop::default() }
    }

    /// One in a database of each kind.
    pub(super) async fn each(scenario: impl AsyncFn(Self)) {
        for url in support::databases() {
            scenario(Self::new(&url).await).await;
        }
    }

    pub(super) async fn on_sqlite() -> Self {
        Self::new(&support::sqlite_url()).await
    }

    /// Puts a shell script into the folder of programs.
    pub(super) fn script(&self, name: &str, body: &str) {
        self.put(name, &format!("#!/bin/sh\n{body}\n"), 0o755);
    }

    pub(super) fn put(&self, name: &str, content: &str, mode: u32) {
        let path = self.programs.path().join(name);
        std::fs::write(&path, content).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    /// Puts the tap of our own into the folder of programs.
    pub(super) fn install_tap(&self) {
        std::os::unix::fs::symlink(test_tap::program(), self.programs.path().join("tap")).unwrap();
    }

    pub(super) fn folder(&self) -> &Path {
        self.programs.path()
    }

    fn options(&self) -> Options {
        Options { programs: Some(PathBuf::from(self.programs.path())) }
    }

    pub(super) fn exec(&self, config: Value) -> Exec {
        Exec::with(serde_json::from_value(config).unwrap(), &self.options()).unwrap()
    }

    /// A step in a new run.
    pub(super) async fn exec_once(&mut self, step: &Exec, given: Vec<Records>) -> Result<Records, StepError> {
        let ctx = self.begin("process.exec").await;
        step.run(&ctx, (Gather(given),)).await
    }

    /// A program that is given nothing, with limits that suit a test.
    pub(super) async fn run_within(
        &mut self,
        config: Value,
        change: impl FnOnce(&mut Limits),
    ) -> Result<Records, StepError> {
        let step = self.exec(config).within(change);
        self.exec_once(&step, Vec::new()).await
    }

    pub(super) async fn tap(&mut self, config: Value) -> Result<Records, StepError> {
        self.begin("singer.tap").await;
        self.tap_again(config).await
    }

    /// The tap in the run that is there.
    pub(super) async fn tap_again(&self, config: Value) -> Result<Records, StepError> {
        let step = Tap::with(serde_json::from_value(config).unwrap(), &self.options()).unwrap();
        step.run(&self.context("singer.tap", 2), ()).await
    }

    pub(super) async fn begin(&mut self, step: &str) -> StepContext {
        self.runs += 1;
        let id = self.run();
        let put = self.store.write(move |tx| {
            tx.execute(&RUN, &params![&id])?;
            tx.execute(&JOB, &params![&id]).map(drop)
        });
        put.await.unwrap();
        self.context(step, 1)
    }

    fn run(&self) -> String {
        format!("run{}", self.runs)
    }

    fn context(&self, step: &str, attempt: u32) -> StepContext {
        let shared = RunContext {
            run: Arc::new(RunInfo {
                id: self.run(),
                pipeline: "sheet".to_owned(),
                partition: "me".to_owned(),
                params: json!({ "since": "2026-01-01" }),
                cause: Cause::Cli,
            }),
            clock: Clock::fixed(0),
            scripts: Arc::new(Library::default()),
            store: Some(self.store.clone()),
            fence: Fence::new(&self.run(), 1),
            stop: self.stop.clone(),
            http: engine::http::Http::default(),
            secrets: engine::secret::Keys::default(),
            watcher: None,
        };
        StepContext::new(Arc::new(shared), step.into(), attempt)
    }

    /// Gives the run to somebody else.
    pub(super) async fn lose_run(&self) {
        let id = self.run();
        self.store.write(move |tx| tx.execute(&LOSE, &params![&id]).map(drop)).await.unwrap();
    }

    /// What an artifact stands for, as `stream key body`.
    pub(super) async fn told(&self, of: &Records) -> Vec<String> {
        let of = of.clone();
        let page =
            self.store.read(move |tx| outside_record::page(tx, "me", &of, &Place::before(&of), 100_000));
        let line = |(record, _): (outside_record::OutsideRecord, Place)| {
            format!("{} {} {}", record.stream, record.key, record.body)
        };
        page.await.unwrap().into_iter().map(line).collect()
    }

    /// Everything that was ever told by a step.
    pub(super) async fn all(&self, step: &str) -> Vec<String> {
        let (pipeline, step) = ("sheet".to_owned(), step.to_owned());
        self.told(&Records { pipeline, step, from: -1, to: i64::MAX, rows: 0 }).await
    }
}

/// The code with which a step failed, `later` and `cancelled` aside, and its words.
pub(super) fn failure(result: Result<Records, StepError>) -> (&'static str, &'static str, String) {
    match result {
        Ok(_) => ("", "succeeded", String::new()),
        Err(StepError::Failed(cause)) => ("failed", cause.code, cause.report()),
        Err(StepError::Hopeless(cause)) => ("hopeless", cause.code, cause.report()),
        Err(StepError::Cancelled) => ("", "cancelled", String::new()),
        Err(StepError::Later { source, .. }) => ("later", source.code, source.report()),
    }
}
