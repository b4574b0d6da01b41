//! A run ends although a step of it never does.

use std::sync::mpsc;
use std::sync::{Mutex, OnceLock};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::Store;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::context::StepContext;
use crate::queue::Lease;
use crate::run::Fenced;
use crate::stage::{NOW_MS, Stage};
use crate::step::{ConfigError, Step, StepError};
use crate::worker::refill::Refill;

const DEAF: &str = "//! Heeds nothing.\npipeline(\"deaf\", #{});\nlet a = test::block(#{}).named(\"a\");\n";

/// What the step and the test tell each other.
struct Wires {
    blocked: mpsc::Sender<()>,
    release: mpsc::Receiver<()>,
    tried: mpsc::Sender<[bool; 2]>,
}

static WIRES: OnceLock<Mutex<Option<Wires>>> = OnceLock::new();

fn wires() -> &'static Mutex<Option<Wires>> {
    WIRES.get_or_init(Mutex::default)
}

/// Blocks its thread, and tries to write once it is let go.
struct Block;

#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct NoConfig {}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Nothing {}

impl Step for Block {
    const KIND: &'static str = "test.block";
    const ABOUT: &'static str = "Never returns.";
    type Config = NoConfig;
    type Input = ();
    type Output = Nothing;

    fn build(NoConfig {}: NoConfig) -> Result<Self, ConfigError> {
        Ok(Self)
    }

    async fn run(&self, ctx: &StepContext, (): ()) -> Result<Nothing, StepError> {
        let wires = wires().lock().unwrap().take().unwrap();
        wires.blocked.send(()).unwrap();
        wires.release.recv().unwrap();
        // The test asks on its own runtime, because this task may be dropped at its next pause.
        let (late, fence, store) = (ctx.clone(), ctx.fence.clone(), ctx.store.clone().unwrap());
        tokio::spawn(async move {
            let committed = late.commit(|_, _| Ok(())).await.is_ok();
            let written = store.write(move |tx| fence.check(tx)).await;
            let is_fenced = written.is_err_and(|error| error.downcast_aborted::<Fenced>().is_ok());
            wires.tried.send([committed, is_fenced]).unwrap();
        });
        Ok(Nothing {})
    }
}

async fn held(stage: &Stage) -> Held {
    let lease = Lease { worker: "me".to_owned(), length: Duration::from_secs(30), now_ms: NOW_MS + 60_000 };
    let claimed = stage.store.write(move |tx| queue::claim(tx, &lease, 1)).await.unwrap().remove(0);
    let (refill, _) = Refill::until(CancellationToken::new(), stage.engine.clone());
    let finisher = Finisher::start(stage.store.clone(), refill);
    Held { engine: stage.engine.clone(), worker: "me".to_owned(), finisher, claimed, stop: Stop::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_cancelled_run_ends_although_its_step_never_returns_and_nothing_of_it_is_written_later() {
    for url in support::databases() {
        let store = Store::open(&url.parse().unwrap()).await.unwrap();
        store.migrate().await.unwrap();
        let stage = Stage::with(store, &[("deaf", DEAF)], |registry| registry.step::<Block>().unwrap()).await;
        let run = stage.enqueue("deaf", serde_json::Value::Null, Cause::Cli).await;
        let (blocked, is_blocked) = mpsc::channel();
        let (release, released) = mpsc::channel();
        let (tried, tries) = mpsc::channel();
        *wires().lock().unwrap() = Some(Wires { blocked, release: released, tried });
        let held = held(&stage).await;
        let stop = held.stop.clone();
        let working = tokio::spawn(async move { held.work_within(Duration::from_millis(50)).await });
        is_blocked.recv().unwrap();
        stop.now(StopReason::Asked);
        working.await.unwrap();
        assert_eq!(stage.state(&run).await, RunState::Cancelled);
        assert_eq!(stage.states(&run).await, ["a cancelled step_abandoned"]);
        assert_eq!(stage.count("SELECT COUNT(*) FROM job").await, 0, "nothing is left to take up");
        release.send(()).unwrap();
        assert_eq!(
            tries.recv().unwrap(),
            [false, true],
            "neither its commit nor one under its fence went through"
        );
        assert_eq!(stage.states(&run).await, ["a cancelled step_abandoned"]);
    }
}
