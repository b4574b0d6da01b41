//! What a worker holds that has nothing to do, and how much more while it runs a thousand steps.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use engine::registry::Registry;
use engine::script::Library;
use engine::worker::{Settings, Worker};
use engine::{Engine, clock::Clock};
use store::{Store, Url};
use tokio_util::sync::CancellationToken;

use crate::cpu;
use crate::noop::{self, Noop};
use crate::report::{Bar, Report};

/// The argument under which this program is the worker that is looked at.
pub(crate) const WORKER: &str = "--worker";
/// How long it is left alone first.
const REST: Duration = Duration::from_secs(3);

/// The engine by itself: a worker with its database, scripts and schedules whose steps do nothing, as the peers were
/// measured. It prints the mebibytes that it holds at rest, and at most during a run.
#[expect(clippy::print_stdout, reason = "the caller reads it")]
pub(crate) async fn worker() -> anyhow::Result<()> {
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
    ensure!(ended.is_some_and(|run| run.state == engine::run::RunState::Succeeded), "the run failed");
    let peak = cpu::peak_rss_mib()?;
    stop.cancel();
    working.await?;
    println!("{idle} {peak}");
    Ok(())
}

pub(crate) fn at_rest_and_at_work(report: &mut Report) -> anyhow::Result<()> {
    let told = Command::new(std::env::current_exe()?).arg(WORKER).stderr(Stdio::inherit()).output()?;
    let told = String::from_utf8(told.stdout)?;
    let (idle, peak) = told.trim().split_once(' ').context("the worker told no figures")?;
    let (idle, peak): (f64, f64) = (idle.parse()?, peak.parse()?);
    report.add("RSS of the engine at rest, SQLite", idle, "MiB", Bar::AtMost(20.0));
    report.add("RSS, growth at most during 1,000 steps", peak - idle, "MiB", Bar::AtMost(5.0));
    the_program(report)
}

/// The installed program with all plugins, where it was built beside this one.
fn the_program(report: &mut Report) -> anyhow::Result<()> {
    let what = "RSS of `paceline work` at rest, SQLite";
    let program = std::env::current_exe()?.with_file_name("paceline");
    if !program.is_file() {
        report.missing(what, "`cargo build --release -p paceline` has not been run");
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut worker = Command::new(program)
        .arg("work")
        .current_dir(root)
        .env_clear()
        .env("FITNESS_DATA_DIR", folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    std::thread::sleep(REST);
    let idle = cpu::rss_mib(&worker.id().to_string());
    worker.kill()?;
    worker.wait()?;
    report.add(what, idle?, "MiB", Bar::None);
    Ok(())
}
