//! The engine by itself: a worker with its database, scripts and schedules whose steps do nothing, as the peers were
//! measured. It prints the mebibytes that it holds at rest, and at most during a run of a thousand steps.

use std::sync::Arc;
use std::time::Duration;

use anyhow::ensure;
use engine::registry::Registry;
use engine::run::RunState;
use engine::script::Library;
use engine::worker::{Settings, Worker};
use engine::{Engine, clock::Clock};
use paceline_bench::cpu;
use paceline_bench::noop::{self, Noop};
use store::{Store, Url};
use tokio_util::sync::CancellationToken;

/// How long it is left alone first.
const REST: Duration = Duration::from_secs(3);

#[tokio::main]
#[expect(clippy::print_stdout, reason = "the caller reads it")]
async fn main() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let store = Store::open(&Url::sqlite(folder.path().join("bench.db"))).await?;
    store.migrate().await?;
    let mut registry = Registry::default();
    registry.step::<Noop>()?;
    let pipelines = folder.path().join("pipelines");
    std::fs::create_dir_all(&pipelines)?;
    std::fs::write(pipelines.join("noop.rhai"), noop::FAN)?;
    let library = Arc::new(Library::from_dir(folder.path())?);
    let engine = Engine::new(store, Arc::new(registry), library, Clock::system(), None);
    let stop = CancellationToken::new();
    let working = tokio::spawn(Worker::new(engine.clone(), Settings::standard())?.run(stop.clone()));
    tokio::time::sleep(REST).await;
    let idle = cpu::rss_mib("self")?;
    cpu::forget_peak()?;
    let run = noop::enqueue(&engine).await?;
    let ended = engine.ended(&run).await?;
    ensure!(ended.is_some_and(|run| run.state == RunState::Succeeded), "the run failed");
    let peak = cpu::peak_rss_mib()?;
    stop.cancel();
    working.await?;
    println!("{idle} {peak}");
    Ok(())
}
