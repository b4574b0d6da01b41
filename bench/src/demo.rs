//! The program as it is installed, on a database of its own, with the demo athlete's files beside it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::ensure;
use engine::clock::Clock;
use engine::context::Watcher;
use engine::registry::Registry;
use engine::run::Cause;
use engine::script::Library;
use engine::{Engine, Request};
use serde_json::{Value, json};
use store::{Store, Url};

use crate::executor;

/// How the plugins are set up here.
pub(crate) fn options() -> plugins::Options {
    plugins::Options {
        files: files::Options { local_paths_over_http: false, time_zone: "UTC".to_owned() },
        open_meteo: plugins::open_meteo::Options::standard(),
        process: plugins::process::Options::default(),
        strava: plugins::strava::Options::default(),
    }
}

pub(crate) struct Demo {
    pub engine: Engine,
    pub folder: tempfile::TempDir,
}

impl Demo {
    pub(crate) async fn new() -> anyhow::Result<Self> {
        Self::watched(None).await
    }

    /// The same with somebody who watches how far steps are.
    pub(crate) async fn watched(watcher: Option<Watcher>) -> anyhow::Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        Self::with(options(), &root, watcher).await
    }

    /// The same with other services, and the scripts of another folder.
    pub(crate) async fn with(
        options: plugins::Options,
        scripts: &Path,
        watcher: Option<Watcher>,
    ) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let store = Store::open(&Url::sqlite(folder.path().join("bench.db"))).await?;
        store.migrate().await?;
        let mut registry = Registry::default();
        plugins::register(&mut registry, options)?;
        let library = Arc::new(Library::from_dir(scripts)?);
        let engine = Engine::new(store, Arc::new(registry), library, Clock::system(), watcher);
        Ok(Self { engine, folder })
    }

    /// FIT files of the demo athlete, in a folder of their own.
    pub(crate) fn files(&self, count: usize) -> anyhow::Result<Vec<PathBuf>> {
        let all = self.folder.path().join("all");
        files::demo::write(&all, 1, jiff::civil::date(2026, 10, 31), 365)?;
        let mut found: Vec<_> =
            std::fs::read_dir(&all)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
        found.sort();
        ensure!(found.len() >= count, "the demo athlete has only {} files", found.len());
        found.truncate(count);
        Ok(found)
    }

    pub(crate) async fn run(&self, pipeline: &str, params: Value) -> anyhow::Result<()> {
        let request = Request {
            pipeline: pipeline.to_owned(),
            partition: "me".to_owned(),
            params,
            cause: Cause::Cli,
            force: true,
            fresh: false,
            key: None,
            request_id: None,
        };
        let run = self.engine.enqueue(request).await?.run;
        ensure!(executor::work(&self.engine, &run).await?, "pipeline `{pipeline}` failed");
        Ok(())
    }

    pub(crate) async fn import(&self, paths: &[PathBuf]) -> anyhow::Result<()> {
        self.run("import", json!({ "paths": paths })).await
    }
}
