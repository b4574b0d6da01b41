//! What a line costs the step that says it: spelled out, without secrets, and kept until it is written.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use anyhow::{anyhow, ensure};
use engine::context::StepContext;
use engine::log;
use engine::log::record::{self, Which};
use engine::step::{ConfigError, Step, StepError};
use store::{Durability, Options, Store, Url};
use tracing::info;
use tracing_subscriber::layer::SubscriberExt;

use crate::executor;
use crate::noop::{self, Config, Nothing};
use crate::report::{Bar, Report};

/// As many as are kept of an attempt.
const LINES: usize = 1_000;
const ROUNDS: usize = 31;
const SCRIPT: &str = "//! Says a lot.\npipeline(\"noop\", #{});\nbench::talk();\n";

/// Microseconds that a line took, for each run.
static TOOK: Mutex<Vec<f64>> = Mutex::new(Vec::new());

/// Says as much as is kept.
struct Talk;

impl Step for Talk {
    const KIND: &'static str = "bench.talk";
    const ABOUT: &'static str = "Says a lot.";
    type Config = Config;
    type Input = ();
    type Output = Nothing;

    fn build(_: Config) -> Result<Self, ConfigError> {
        Ok(Self)
    }

    async fn run(&self, _: &StepContext, (): ()) -> Result<Nothing, StepError> {
        let began = Instant::now();
        for number in 0..LINES {
            info!(number, file = "2024-05-02-lunch.fit", rows = 3_600, "a file was read");
        }
        let micros = began.elapsed().as_secs_f64() * 1e6 / LINES as f64;
        TOOK.lock().unwrap_or_else(PoisonError::into_inner).push(micros);
        Ok(Nothing {})
    }
}

pub(crate) fn of_a_line(report: &mut Report) -> anyhow::Result<()> {
    for (secrets, what) in
        [(3, "a line of a step, kept and masked"), (256, "the same with 256 secrets known")]
    {
        // On a thread of its own: the other benchmarks run without anybody who listens.
        let measured = std::thread::spawn(move || measure(secrets)).join();
        let measured = measured.map_err(|_| anyhow!("the measurement panicked"))?;
        report.spread(what, measured?, "us", Bar::AtMost(2.0));
    }
    Ok(())
}

fn measure(secrets: usize) -> anyhow::Result<Vec<f64>> {
    let listening = tracing_subscriber::registry().with(log::layer());
    let _listening = tracing::subscriber::set_default(listening);
    for number in 0..secrets {
        log::mask::learn(&format!("a secret of the benchmark, number {number}"));
    }
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(runs())?;
    Ok(std::mem::take(&mut *TOOK.lock().unwrap_or_else(PoisonError::into_inner)))
}

async fn runs() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let options = Options { durability: Durability::Normal, ..Options::STANDARD };
    let store = Store::open_with(&Url::sqlite(folder.path().join("bench.db")), options).await?;
    store.migrate().await?;
    let engine = noop::engine_with::<Talk>(store.clone(), SCRIPT)?;
    for _ in 0..ROUNDS {
        let run = noop::enqueue(&engine).await?;
        ensure!(executor::work(&engine, &run).await?, "the run failed");
        let which = Which { step: None, attempt: None, least: log::Level::Debug, limit: LINES as i64 * 2 };
        let kept = store.read(move |tx| record::last_lines(tx, &run, &which)).await?;
        ensure!(kept.len() == LINES, "{} lines were kept", kept.len());
    }
    Ok(())
}
