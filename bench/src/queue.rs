//! The queue on PostgreSQL against a bare `SKIP LOCKED` loop on the same server.

pub(crate) mod floor;
mod ours;

use std::path::Path;
use std::time::Instant;

use anyhow::ensure;
use engine::clock::Clock;
use engine::worker::{Settings, Worker};
use store::{Store, Url};
use support::postgres::{Cluster, Setup, fresh_database};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::cpu;
use crate::listening;
use crate::noop;
use crate::report::{Bar, Report};

/// What is claimed at once.
const BATCH: usize = 20;
const ROUNDS: usize = 7;
const RAM: &str = "/dev/shm";

pub(crate) async fn against_a_bare_loop(report: &mut Report) -> anyhow::Result<()> {
    for (place, parent, jobs) in [("disk", None, 1_000), ("RAM", Some(Path::new(RAM)), 4_000)] {
        if parent.is_some_and(|parent| !parent.is_dir()) {
            report.missing(&format!("queue in {place}"), &format!("there is no {RAM}"));
            continue;
        }
        // Its processes go with it.
        let cluster = Cluster::start_with(Setup { parent, is_durable: true })?;
        let (store, _) = fresh(&cluster).await?;
        floor::prepare(&store).await?;
        for workers in [1, 2, 4] {
            compare(report, &store, place, workers, jobs).await?;
        }
        whole_worker(report, &cluster, place, jobs / 4).await?;
    }
    Ok(())
}

/// A database of its own.
pub(crate) async fn fresh(cluster: &Cluster) -> anyhow::Result<(Store, Url)> {
    let url: Url = fresh_database(cluster.admin_url())?.parse()?;
    let store = Store::open(&url).await?;
    store.migrate().await?;
    Ok((store, url))
}

/// Jobs a second of both, in turns, each beginning with a full table and nothing else.
async fn compare(
    report: &mut Report,
    store: &Store,
    place: &str,
    workers: usize,
    jobs: usize,
) -> anyhow::Result<()> {
    let (mut bare, mut own, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        floor::fill(store, jobs).await?;
        let floor = rate(workers, jobs, || floor::drain(store.clone())).await?;
        ours::fill(store, jobs).await?;
        let ours = rate(workers, jobs, || ours::drain(store.clone())).await?;
        bare.push(floor);
        own.push(ours);
        ratios.push(ours / floor);
    }
    let what = |of: &str| format!("PostgreSQL in {place}, {workers} worker(s): {of}");
    report.add(&what("bare SKIP LOCKED"), cpu::median(bare), "jobs/s", Bar::None);
    report.add(&what("ours"), cpu::median(own), "jobs/s", Bar::None);
    report.spread(&what("ratio"), ratios, "x", Bar::AtLeast(0.8));
    Ok(())
}

/// Jobs a second of so many workers, until nothing is left.
async fn rate<W>(workers: usize, jobs: usize, drain: impl Fn() -> W) -> anyhow::Result<f64>
where
    W: Future<Output = anyhow::Result<usize>> + Send + 'static,
{
    let start = Instant::now();
    let mut all = JoinSet::new();
    (0..workers).for_each(|_| drop(all.spawn(drain())));
    let mut done = 0;
    while let Some(worked) = all.join_next().await {
        done += worked??;
    }
    ensure!(done == jobs, "{done} of {jobs} jobs were done");
    Ok(jobs as f64 / start.elapsed().as_secs_f64())
}

/// Runs a second of the worker itself, each run a plan of one step with its history.
async fn whole_worker(
    report: &mut Report,
    cluster: &Cluster,
    place: &str,
    runs: usize,
) -> anyhow::Result<()> {
    let (store, _) = fresh(cluster).await?;
    let what = format!("PostgreSQL in {place}, whole worker, {BATCH} slots, one-step runs");
    report.add(&what, runs_a_second(store, runs).await?, "runs/s", Bar::None);
    let (_, url) = fresh(cluster).await?;
    // Connections belong to the runtime that opened them.
    let listening = move || async move { runs_a_second(Store::open(&url).await?, runs).await };
    let figure = listening::beside(listening)?;
    report.add(&format!("{what}, with what steps say"), figure, "runs/s", Bar::None);
    Ok(())
}

async fn runs_a_second(store: Store, runs: usize) -> anyhow::Result<f64> {
    let engine = noop::engine(store.clone(), noop::ONE)?;
    let first = noop::enqueue(&engine).await?;
    ours::multiply(&store, &first, runs).await?;
    let settings = Settings { slots: BATCH, schedules: false, ..Settings::standard() };
    let stop = CancellationToken::new();
    let start = Instant::now();
    let worker = tokio::spawn(Worker::new(engine.clone(), settings)?.run(stop.clone()));
    while ours::unfinished(&store).await? > 0 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let seconds = start.elapsed().as_secs_f64();
    stop.cancel();
    worker.await?;
    Ok(runs as f64 / seconds)
}

pub(crate) fn now_ms() -> i64 {
    Clock::system().now_ms()
}
