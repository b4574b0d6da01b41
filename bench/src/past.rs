//! A year of hourly runs: the first page of them, and one of them opened.

use std::time::Instant;

use anyhow::ensure;
use engine::run::record::{self, Page};
use store::{Store, Url};
use support::postgres::Cluster;

use crate::cpu;
use crate::queue;
use crate::report::{Bar, Report};
use crate::seed;

const RUNS: i64 = 8_760;
const PAGE: i64 = 50;
const ROUNDS: usize = 31;

pub(crate) async fn list_and_open(report: &mut Report) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let sqlite = Store::open(&Url::sqlite(folder.path().join("bench.db"))).await?;
    sqlite.migrate().await?;
    let cluster = Cluster::start()?;
    for (name, store) in [("SQLite", sqlite), ("PostgreSQL", queue::fresh(&cluster).await?.0)] {
        seed::past(&store, RUNS).await?;
        let (mut lists, mut opens) = (Vec::new(), Vec::new());
        for round in 0..ROUNDS {
            let start = Instant::now();
            let page = Page { limit: PAGE, ..Page::default() };
            let listed = store.read(move |tx| record::runs(tx, &page)).await?;
            lists.push(start.elapsed().as_secs_f64() * 1e3);
            ensure!(listed.len() == PAGE as usize, "{} runs are listed", listed.len());
            let run = seed::past_id(RUNS * round as i64 / ROUNDS as i64);
            let start = Instant::now();
            let (found, steps) =
                store.read(move |tx| Ok((record::run(tx, &run)?, record::steps(tx, &run)?))).await?;
            opens.push(start.elapsed().as_secs_f64() * 1e3);
            ensure!(found.is_some() && steps.len() == seed::STEPS as usize, "the run was not found whole");
        }
        let (list, open) = (cpu::median(lists), cpu::median(opens));
        report.add(&format!("{name}, 8,760 past runs: the first page"), list, "ms", Bar::None);
        report.add(&format!("{name}, 8,760 past runs: one opened"), open, "ms", Bar::None);
        report.add(&format!("{name}, 8,760 past runs: both"), list + open, "ms", Bar::AtMost(100.0));
    }
    Ok(())
}
