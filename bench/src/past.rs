//! A year of hourly runs: the first page of them, and one of them opened.

use std::time::Instant;

use anyhow::ensure;
use engine::log::Level;
use engine::log::record::{Which, last_lines};
use engine::run::record::{self, Page};
use engine::{Engine, child, queue};
use store::{Sql, Store, Url, params};
use support::postgres::Cluster;

use crate::cpu;
use crate::noop;
use crate::queue::fresh;
use crate::report::{Bar, Report};
use crate::seed;

const RUNS: i64 = 8_760;
const PAGE: i64 = 50;
const ROUNDS: usize = 31;
/// What the steps of an opened run said, and so much of it is shown.
const LINES: i64 = 1_000;
const SHOWN: i64 = 200;
const SCRIPT: &str = r#"//! Nothing, a dozen times.
pipeline("noop", #{});
for number in 0..12 {
    bench::noop().named(`step${number}`);
}
"#;

pub(crate) async fn list_and_open(report: &mut Report) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let sqlite = Store::open(&Url::sqlite(folder.path().join("bench.db"))).await?;
    sqlite.migrate().await?;
    let cluster = Cluster::start()?;
    for (name, store) in [("SQLite", sqlite), ("PostgreSQL", fresh(&cluster).await?.0)] {
        seed::past(&store, RUNS).await?;
        let engine = pinned(&store).await?;
        let (mut lists, mut opens) = (Vec::new(), Vec::new());
        for round in 0..ROUNDS {
            let start = Instant::now();
            let page = Page { limit: PAGE, ..Page::default() };
            let listed = store.read(move |tx| record::runs(tx, &page)).await?;
            lists.push(start.elapsed().as_secs_f64() * 1e3);
            ensure!(listed.len() == PAGE as usize, "{} runs are listed", listed.len());
            let run = seed::past_id(RUNS * round as i64 / ROUNDS as i64);
            seed::lines(&store, &run, LINES).await?;
            let start = Instant::now();
            let (steps, lines) = open(&engine, &run).await?;
            opens.push(start.elapsed().as_secs_f64() * 1e3);
            ensure!((steps, lines) == (seed::STEPS as usize, SHOWN as usize), "the run was not found whole");
        }
        let (list, open) = (cpu::median(lists), cpu::median(opens));
        report.add(&format!("{name}, 8,760 past runs: the first page"), list, "ms", Bar::None);
        report.add(&format!("{name}, 8,760 past runs: one opened"), open, "ms", Bar::None);
        report.add(&format!("{name}, 8,760 past runs: both"), list + open, "ms", Bar::AtMost(100.0));
    }
    Ok(())
}

/// An engine whose plan all past runs pinned.
async fn pinned(store: &Store) -> anyhow::Result<Engine> {
    let engine = noop::engine(store.clone(), SCRIPT)?;
    let run = noop::enqueue(&engine).await?;
    store.write(move |tx| tx.execute(&PIN, &params![&run])).await?;
    Ok(engine)
}

/// Reads all that a page of a run shows; answers how many steps and lines it has.
async fn open(engine: &Engine, run: &str) -> anyhow::Result<(usize, usize)> {
    let shape = engine.steps_of(run).await?;
    ensure!(shape.is_some(), "the run has no graph");
    let (asked, now_ms) = (run.to_owned(), engine.clock().now_ms());
    let read = engine.store().read(move |tx| {
        let which = Which { step: None, attempt: None, least: Level::Debug, limit: SHOWN };
        let (found, waits) = (record::run(tx, &asked)?, queue::waiting(tx, &asked, now_ms)?);
        let (lines, children) = (last_lines(tx, &asked, &which)?, child::counts(tx, &asked)?);
        Ok((found.is_some() && waits.is_none() && children.is_empty(), record::steps(tx, &asked)?, lines))
    });
    let (is_whole, steps, lines) = read.await?;
    ensure!(is_whole, "the run was not found, or is not over");
    Ok((steps.len(), lines.len()))
}

const PIN: Sql = Sql::Both(
    "UPDATE run SET script_hash = (SELECT pinned.script_hash FROM run AS pinned WHERE pinned.id = $1), \
     plan_hash = (SELECT pinned.plan_hash FROM run AS pinned WHERE pinned.id = $1) WHERE id <> $1",
);
