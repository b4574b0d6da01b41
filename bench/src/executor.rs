//! What a step costs beside its work: in memory against petgraph and a JoinSet, durable against the bars.

use std::path::Path;

use anyhow::ensure;
use engine::Engine;
use engine::clock::Clock;
use engine::run::{Rehearsal, RunState};
use engine::worker::{Settings, Worker};
use petgraph::graph::{DiGraph, NodeIndex};
use store::{Durability, Options, Sql, Store, Url, params};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::cpu;
use crate::fsync;
use crate::listening;
use crate::noop::{self, Edges};
use crate::report::{Bar, Report};

const STEPS: usize = 1_000;
const ROUNDS: usize = 31;
/// A worker writes itself down when it comes and when it goes, whatever it runs.
pub(crate) const WORKER_COMMITS: usize = 2;

pub(crate) async fn in_memory(report: &mut Report) -> anyhow::Result<()> {
    for (shape, edges) in [("chain", noop::chain(STEPS)), ("fan", noop::fan(STEPS))] {
        let rehearsal = Rehearsal::new(noop::plan(&edges)?, Clock::system());
        let graph = graph(&edges);
        let (mut floors, mut ours) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            floors.push(cpu::of(floor(&graph)).await.0);
            let (seconds, succeeded) = cpu::of(rehearsal.run()).await;
            ensure!(succeeded, "the rehearsal failed");
            ours.push(seconds);
        }
        let (floor, ours) = (cpu::median(floors), cpu::median(ours));
        let per_step = 1e6 / STEPS as f64;
        report.add(
            &format!("in memory, {shape}: petgraph + JoinSet"),
            floor * per_step,
            "us/step",
            Bar::None,
        );
        report.add(&format!("in memory, {shape}: ours"), ours * per_step, "us/step", Bar::None);
        report.add(&format!("in memory, {shape}: ratio"), ours / floor, "x", Bar::AtMost(2.0));
    }
    Ok(())
}

fn graph(edges: &Edges) -> DiGraph<(), ()> {
    let mut graph = DiGraph::new();
    for _ in edges {
        graph.add_node(());
    }
    for (step, before) in edges.iter().enumerate() {
        for giver in before {
            graph.add_edge(NodeIndex::new(*giver), NodeIndex::new(step), ());
        }
    }
    graph
}

/// The least that an executor can do: count down, spawn, join.
async fn floor(graph: &DiGraph<(), ()>) {
    let incoming = petgraph::Direction::Incoming;
    let mut waits: Vec<_> =
        graph.node_indices().map(|node| graph.neighbors_directed(node, incoming).count()).collect();
    let mut tasks = JoinSet::new();
    let spawn = |tasks: &mut JoinSet<NodeIndex>, node| {
        tasks.spawn(async move {
            tokio::task::yield_now().await;
            node
        });
    };
    graph.node_indices().filter(|node| waits[node.index()] == 0).for_each(|node| spawn(&mut tasks, node));
    while let Some(Ok(node)) = tasks.join_next().await {
        for next in graph.neighbors(node) {
            waits[next.index()] -= 1;
            if waits[next.index()] == 0 {
                spawn(&mut tasks, next);
            }
        }
    }
}

pub(crate) async fn durable(report: &mut Report) -> anyhow::Result<()> {
    let bare = cpu::median(bare_transactions().await?) * 1e6 / STEPS as f64;
    report.add("SQLite NORMAL, one bare transaction after the other", bare, "us each", Bar::None);
    for (shape, script) in [("chain", noop::CHAIN), ("fan", noop::FAN)] {
        let seconds = cpu::median(run(script, Durability::Normal).await?.0);
        let figure = seconds * 1e6 / STEPS as f64;
        report.add(
            &format!("SQLite NORMAL with full history, {shape}"),
            figure,
            "us/step",
            Bar::AtMost(60.0),
        );
        report.add(&format!("SQLite NORMAL, {shape}: ratio to bare"), figure / bare, "x", Bar::None);
        let kept = listening::beside(move || run(script, Durability::Normal))?.0;
        let figure = cpu::median(kept) * 1e6 / STEPS as f64;
        let what = format!("SQLite NORMAL with what steps say too, {shape}");
        report.add(&what, figure, "us/step", Bar::AtMost(60.0));
    }
    let commits = run(noop::FAN, Durability::Full).await?.1.saturating_sub(WORKER_COMMITS);
    let what = "SQLite FULL, fan of 1,000: commits in the log";
    report.add(what, commits as f64, "", Bar::AtMost(10.0));
    fsync::count(report)
}

/// CPU seconds of several runs, each on a database of its own, and the commits of the last.
async fn run(script: &str, durability: Durability) -> anyhow::Result<(Vec<f64>, usize)> {
    let mut seconds = Vec::new();
    let mut commits = 0;
    for _ in 0..7 {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("bench.db");
        let engine = engine(script, &path, durability).await?;
        let enqueued = noop::enqueue(&engine).await?;
        let before = commits_in_log(&path)?;
        let (spent, ended) = cpu::of(work(&engine, &enqueued)).await;
        ensure!(ended?, "the run failed");
        seconds.push(spent);
        commits = commits_in_log(&path)? - before;
    }
    Ok((seconds, commits))
}

/// The least that a durable chain can do: hand the writer one small update, wait, hand it the next.
async fn bare_transactions() -> anyhow::Result<Vec<f64>> {
    const NOTE: Sql = Sql::Both(
        "INSERT INTO script (hash, body) VALUES ('bench', $1) ON CONFLICT (hash) DO UPDATE SET body = excluded.body",
    );
    let folder = tempfile::tempdir()?;
    let url = Url::sqlite(folder.path().join("bench.db"));
    let store =
        Store::open_with(&url, Options { durability: Durability::Normal, ..Options::STANDARD }).await?;
    store.migrate().await?;
    let mut seconds = Vec::new();
    for _ in 0..7 {
        let (spent, written) = cpu::of(async {
            for step in 0..STEPS {
                store.write_brief(move |tx| tx.execute(&NOTE, &params![&step.to_string()])).await?;
            }
            store::Result::Ok(())
        })
        .await;
        written?;
        seconds.push(spent);
    }
    Ok(seconds)
}

pub(crate) async fn engine(script: &str, path: &Path, durability: Durability) -> anyhow::Result<Engine> {
    let store = Store::open_with(&Url::sqlite(path), Options { durability, ..Options::STANDARD }).await?;
    store.migrate().await?;
    noop::engine(store, script)
}

/// Runs a worker until the run is over; answers whether it succeeded.
pub(crate) async fn work(engine: &Engine, run: &str) -> anyhow::Result<bool> {
    let stop = CancellationToken::new();
    let worker = tokio::spawn(Worker::new(engine.clone(), Settings::standard())?.run(stop.clone()));
    let ended = engine.ended(run).await?;
    stop.cancel();
    worker.await?;
    Ok(ended.is_some_and(|run| run.state == RunState::Succeeded))
}

/// Commits that the write-ahead log holds: frames that carry the size of the database, of the log's present salt.
fn commits_in_log(path: &Path) -> anyhow::Result<usize> {
    let log = std::fs::read(path.with_extension("db-wal"))?;
    let word = |at: usize| {
        log.get(at..at + 4).map(|bytes| u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    };
    let (page, salt) = (word(8).unwrap_or(4096) as usize, word(16));
    let frames = (32..log.len()).step_by(24 + page);
    Ok(frames.filter(|at| word(at + 8) == salt && word(at + 4).is_some_and(|size| size > 0)).count())
}
