//! Whether a history of a million steps, or an old snapshot that keeps dead rows alive, slows the claim.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::ensure;
use engine::queue::{self, Ended, Lease};
use engine::run::RunState;
use store::{Sql, Store, Url};
use support::postgres::Cluster;

use crate::cpu;
use crate::queue::{floor, fresh, now_ms};
use crate::report::{Bar, Report};
use crate::seed;

const PAST_RUNS: i64 = 1_000_000 / seed::STEPS;
const CLAIMS: usize = 400;
/// Claims beside an old snapshot.
const LONG: usize = 6_000;
/// How far the slowest claims may be behind those without a history.
const SLOWER: f64 = 2.0;

pub(crate) async fn of_steps(report: &mut Report) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let cluster = Cluster::start()?;
    let sqlite = |name: &str| Url::sqlite(folder.path().join(name));
    let mut stores = Vec::new();
    for name in ["empty.db", "full.db"] {
        let store = Store::open(&sqlite(name)).await?;
        store.migrate().await?;
        stores.push(store);
    }
    compare(report, "SQLite", &stores[0], &stores[1]).await?;
    let (empty, full) = (fresh(&cluster).await?.0, fresh(&cluster).await?.0);
    compare(report, "PostgreSQL", &empty, &full).await?;
    beside_a_snapshot(report, &fresh(&cluster).await?.0).await
}

async fn compare(report: &mut Report, name: &str, empty: &Store, full: &Store) -> anyhow::Result<()> {
    seed::past(full, PAST_RUNS).await?;
    for store in [empty, full] {
        seed::waiting(store, "run", CLAIMS).await?;
    }
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for _ in 0..CLAIMS {
        without.push(claim_and_finish(empty).await?);
        with.push(claim_and_finish(full).await?);
    }
    without.sort_by(f64::total_cmp);
    with.sort_by(f64::total_cmp);
    for (point, share, bar) in [("p50", 0.5, Bar::AtMost(SLOWER)), ("p99", 0.99, Bar::None)] {
        let (without, with) = (cpu::at(&without, share), cpu::at(&with, share));
        report.add(&format!("{name}, claim, no history, {point}"), without, "ms", Bar::None);
        report.add(&format!("{name}, claim, 1,000,000 past steps, {point}"), with, "ms", Bar::None);
        report.add(&format!("{name}, claim, 1,000,000 past steps, {point}: ratio"), with / without, "x", bar);
    }
    Ok(())
}

/// Milliseconds of the claim.
async fn claim_and_finish(store: &Store) -> anyhow::Result<f64> {
    let lease = Lease { worker: "bench".to_owned(), length: Duration::from_secs(30), now_ms: now_ms() };
    let start = Instant::now();
    let claimed = store.write_latest(move |tx| queue::claim(tx, &lease, 1)).await?;
    let milliseconds = start.elapsed().as_secs_f64() * 1e3;
    ensure!(claimed.len() == 1, "nothing was claimed");
    let ended = Ended::well(RunState::Succeeded, now_ms());
    store.write(move |tx| queue::finish(tx, &claimed[0].fence, &ended)).await?;
    Ok(milliseconds)
}

/// No queue on PostgreSQL can clean up what an old snapshot may still read: a bare loop shows how much that is.
async fn beside_a_snapshot(report: &mut Report, store: &Store) -> anyhow::Result<()> {
    floor::prepare(store).await?;
    seed::waiting(store, "run", LONG).await?;
    floor::fill(store, LONG).await?;
    let (go, stop) = mpsc::channel();
    let (begun, begins) = tokio::sync::oneshot::channel();
    let old = tokio::spawn(hold_snapshot(store.clone(), begun, stop));
    begins.await?;
    let (mut claims, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..LONG {
        claims.push(claim_and_finish(store).await?);
        bare.push(floor::claim_and_finish(store).await?);
    }
    // The server notes what it counted with a delay.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let dead = store.read(|tx| Ok(tx.optional(&DEAD, &[], |row| row.get::<i64>(0))?.unwrap_or(0))).await?;
    drop(go);
    old.await??;
    let bare = slower(report, "bare SKIP LOCKED", &bare);
    let ours = slower(report, "ours", &claims);
    report.add(
        "PostgreSQL, claim beside an old snapshot, ours to bare",
        ours / bare,
        "x",
        Bar::AtMost(SLOWER),
    );
    report.add(
        "PostgreSQL, dead rows of `job` for each run",
        dead as f64 / LONG as f64,
        "",
        Bar::AtMost(2.5),
    );
    Ok(())
}

/// How many times longer the last claims took than the first ones.
fn slower(report: &mut Report, whose: &str, claims: &[f64]) -> f64 {
    let median = |part: &[f64]| cpu::median(part.to_vec());
    let (early, late) = (median(&claims[..LONG / 10]), median(&claims[LONG - LONG / 10..]));
    let what = format!("PostgreSQL, claim beside an old snapshot, p50, {whose}");
    report.add(&format!("{what}: first {}", LONG / 10), early, "ms", Bar::None);
    report.add(&format!("{what}: last {} of {LONG}", LONG / 10), late, "ms", Bar::None);
    report.add(&format!("{what}: slower"), late / early, "x", Bar::None);
    late / early
}

/// Keeps what it sees alive until the sender is dropped. It says something now and then, or the server would end it.
async fn hold_snapshot(
    store: Store,
    begun: tokio::sync::oneshot::Sender<()>,
    stop: mpsc::Receiver<()>,
) -> store::Result<()> {
    let mut begun = Some(begun);
    let hold = move |tx: &mut store::Tx<'_>| {
        loop {
            tx.query(&LOOK, &[], |_| Ok(()))?;
            if let Some(begun) = begun.take() {
                let _ = begun.send(());
            }
            if stop.recv_timeout(Duration::from_secs(1)) != Err(mpsc::RecvTimeoutError::Timeout) {
                return Ok(());
            }
        }
    };
    store.read(hold).await
}

const LOOK: Sql = Sql::Both("SELECT COUNT(*) FROM worker");
const DEAD: Sql =
    Sql::Both("SELECT CAST(n_dead_tup AS BIGINT) FROM pg_stat_user_tables WHERE relname = 'job'");
