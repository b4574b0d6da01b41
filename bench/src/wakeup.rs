//! How soon a worker begins what another connection has enqueued, on PostgreSQL.

use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use anyhow::Context;
use engine::context::StepContext;
use engine::step::{ConfigError, Step, StepError};
use engine::worker::{Settings, Worker};
use store::{Sql, Store};
use support::postgres::Cluster;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_util::sync::CancellationToken;

use crate::cpu;
use crate::noop::{self, Config, Nothing};
use crate::queue;
use crate::report::{Bar, Report};

const ROUNDS: usize = 300;
const SCRIPT: &str = "//! Says that it began.\npipeline(\"noop\", #{});\nbench::begun();\n";

static BEGUN: OnceLock<Mutex<UnboundedSender<Instant>>> = OnceLock::new();

/// Tells when it is at work.
struct Begun;

impl Step for Begun {
    const KIND: &'static str = "bench.begun";
    const ABOUT: &'static str = "Says that it began.";
    type Config = Config;
    type Input = ();
    type Output = Nothing;

    fn build(_: Config) -> Result<Self, ConfigError> {
        Ok(Self)
    }

    async fn run(&self, _: &StepContext, (): ()) -> Result<Nothing, StepError> {
        let now = Instant::now();
        if let Some(Ok(sender)) = BEGUN.get().map(Mutex::lock) {
            let _ = sender.send(now);
        }
        Ok(Nothing {})
    }
}

pub(crate) async fn from_commit_to_step(report: &mut Report) -> anyhow::Result<()> {
    let cluster = Cluster::start()?;
    let (store, url) = queue::fresh(&cluster).await?;
    let (sender, begun) = unbounded_channel();
    BEGUN.get_or_init(|| Mutex::new(sender));
    let worker = noop::engine_with::<Begun>(store, SCRIPT)?;
    // Another pool stands for another process: the two have nothing in common but the server.
    let giver = noop::engine_with::<Begun>(Store::open(&url).await?, SCRIPT)?;
    let stop = CancellationToken::new();
    let settings = Settings { schedules: false, ..Settings::standard() };
    let working = tokio::spawn(Worker::new(worker, settings)?.run(stop.clone()));
    let measured = measure(&giver, begun).await;
    stop.cancel();
    working.await?;
    let (mut waits, mut bare) = measured?;
    waits.sort_by(f64::total_cmp);
    bare.sort_by(f64::total_cmp);
    let floor = cpu::at(&bare, 0.5);
    report.add("two bare round trips to PostgreSQL, p50", floor, "ms", Bar::None);
    for (name, share) in [("p50", 0.5), ("p99", 0.99)] {
        let wait = cpu::at(&waits, share);
        report.add(
            &format!("from the commit of an enqueue to its first step, {name}"),
            wait,
            "ms",
            Bar::None,
        );
        let what = format!("from the commit of an enqueue to its first step, {name}: ratio");
        report.add(&what, wait / floor, "x", Bar::None);
    }
    Ok(())
}

async fn measure(
    giver: &engine::Engine,
    mut begun: UnboundedReceiver<Instant>,
) -> anyhow::Result<(Vec<f64>, Vec<f64>)> {
    let (mut waits, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        bare.push(two_round_trips(giver.store()).await?);
        let run = noop::enqueue(giver).await?;
        let committed = Instant::now();
        let began =
            tokio::time::timeout(Duration::from_secs(10), begun.recv()).await?.context("no step began")?;
        waits.push(began.saturating_duration_since(committed).as_secs_f64() * 1e3);
        giver.ended(&run).await?;
    }
    Ok((waits, bare))
}

async fn two_round_trips(store: &Store) -> store::Result<f64> {
    const NOTHING: Sql = Sql::Both("SELECT 1");
    store
        .read(|tx| {
            let start = Instant::now();
            tx.query(&NOTHING, &[], |_| Ok(()))?;
            tx.query(&NOTHING, &[], |_| Ok(()))?;
            Ok(start.elapsed().as_secs_f64() * 1e3)
        })
        .await
}
