//! An engine whose steps do as a test tells them while it counts them.

use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::Store;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::context::StepContext;
use crate::pool::PoolRecord;
use crate::pool::pools::Patience;
use crate::queue::{self, Why};
use crate::registry::Registry;
use crate::run::{Cause, RunState};
use crate::script::Folder;
use crate::stage::{NOW_MS, Stage};
use crate::step::{Cause as StepCause, ConfigError, Step, StepError};
use crate::worker::{Settings, Worker};

/// The beginning of a quarter of an hour.
pub(super) const START_MS: i64 = NOW_MS - NOW_MS % 900_000;

/// What the steps of one house share with its test.
pub(super) struct Watch {
    /// Attempts at work, and the most that ever were.
    now: AtomicU32,
    pub(super) most: AtomicU32,
    /// Attempts that began, and calls that were made.
    pub(super) begun: AtomicU32,
    pub(super) calls: AtomicU32,
    /// Attempts that wait for the test: one goes on for each permit.
    pub(super) gate: Semaphore,
    pub(super) orders: Mutex<Orders>,
}

/// How a step behaves from here on.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Orders {
    pub(super) fail: bool,
    pub(super) hopeless: bool,
    /// Waits for a permit of the gate before it ends.
    pub(super) hold: bool,
    /// Makes so many calls.
    pub(super) calls: u32,
    /// Tells the pool that the upstream is spent for so long.
    pub(super) spent_ms: Option<i64>,
}

/// Does as it is told.
struct Call(Arc<Watch>);

#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct NoConfig {}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Nothing {}

impl Step for Call {
    const KIND: &'static str = "test.visit";
    const ABOUT: &'static str = "Calls an upstream.";
    type Config = NoConfig;
    type Input = ();
    type Output = Nothing;

    fn build(_: NoConfig) -> Result<Self, ConfigError> {
        Err(ConfigError::at("", "made with a watch"))
    }

    async fn run(&self, ctx: &StepContext, (): ()) -> Result<Nothing, StepError> {
        self.0.begun.fetch_add(1, Ordering::SeqCst);
        let now = self.0.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.0.most.fetch_max(now, Ordering::SeqCst);
        let ended = self.work(ctx).await;
        self.0.now.fetch_sub(1, Ordering::SeqCst);
        ended
    }
}

impl Call {
    async fn work(&self, ctx: &StepContext) -> Result<Nothing, StepError> {
        let orders = *self.0.orders.lock().unwrap();
        for _ in 0..orders.calls {
            ctx.permit().await?;
            self.0.calls.fetch_add(1, Ordering::SeqCst);
        }
        if let Some(length_ms) = orders.spent_ms {
            ctx.pool_spent(ctx.clock.now_ms() + length_ms).await?;
            let source = StepCause::new("too_many", "too many calls");
            return Err(StepError::Later { after: Duration::from_millis(1), source });
        }
        if orders.hold {
            tokio::select! {
                permit = self.0.gate.acquire() => permit.unwrap().forget(),
                () = ctx.cancelled() => return Err(StepError::Cancelled),
            }
        }
        let cause = StepCause::new("bad_luck", "bad luck");
        match orders {
            Orders { hopeless: true, .. } => Err(StepError::Hopeless(cause)),
            Orders { fail: true, .. } => Err(StepError::Failed(cause)),
            _ => Ok(Nothing {}),
        }
    }
}

/// An engine on one database, with a clock that the test moves.
pub(super) struct House {
    pub(super) stage: Stage,
    pub(super) watch: Arc<Watch>,
    clock_ms: Arc<AtomicI64>,
}

/// A worker that is stopped by hand.
pub(super) struct Working {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Working {
    pub(super) async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }
}

/// What the script says of the pool, and of the step `a` that is in it.
pub(super) fn script(pool: &str, step: &str) -> String {
    format!(
        "pipeline(\"p\");\npool(\"up\", #{{ {pool} }});\ntest::visit().named(\"a\").pool(\"up\"){step};\n"
    )
}

impl House {
    /// One on each database.
    pub(super) async fn each(pool: &str, step: &str) -> Vec<Self> {
        let mut houses = Vec::new();
        for url in support::databases() {
            let store = Store::open(&url.parse().unwrap()).await.unwrap();
            store.migrate().await.unwrap();
            houses.push(Self::on(store, &script(pool, step)).await);
        }
        houses
    }

    pub(super) async fn on(store: Store, script: &str) -> Self {
        let watch = Arc::new(Watch {
            now: AtomicU32::new(0),
            most: AtomicU32::new(0),
            begun: AtomicU32::new(0),
            calls: AtomicU32::new(0),
            gate: Semaphore::new(0),
            orders: Mutex::default(),
        });
        Self::with(store, script, watch, Arc::new(AtomicI64::new(START_MS))).await
    }

    /// Another engine on the same database, as another process has it.
    pub(super) async fn twin(&self, script: &str) -> Self {
        Self::with(self.stage.store.clone(), script, self.watch.clone(), self.clock_ms.clone()).await
    }

    async fn with(store: Store, script: &str, watch: Arc<Watch>, clock_ms: Arc<AtomicI64>) -> Self {
        let (shown, shared) = (clock_ms.clone(), watch.clone());
        let clock = Clock::from_fn(move || shown.load(Ordering::SeqCst));
        let register = |registry: &mut Registry| {
            registry.step_made::<Call>(move |_| Ok(Call(shared.clone()))).unwrap();
        };
        let stage = Stage::at(clock, store, &[("p", script)], register).await;
        // In a test nothing takes a minute.
        stage.engine.shared_pools().set_patience(Patience {
            in_place: Duration::from_secs(20),
            poll: Duration::from_millis(20),
            away: Duration::from_millis(200),
        });
        Self { stage, watch, clock_ms }
    }

    pub(super) fn impatient(&self, in_place: Duration) {
        let pools = self.stage.engine.shared_pools();
        pools.set_patience(Patience { in_place, ..pools.patience() });
    }

    pub(super) fn order(&self, orders: Orders) {
        *self.watch.orders.lock().unwrap() = orders;
    }

    pub(super) fn pass(&self, by: Duration) {
        self.clock_ms.fetch_add(i64::try_from(by.as_millis()).unwrap(), Ordering::SeqCst);
    }

    pub(super) fn now_ms(&self) -> i64 {
        self.clock_ms.load(Ordering::SeqCst)
    }

    pub(super) async fn ask(&self) -> String {
        self.stage.enqueue("p", Value::Null, Cause::Cli).await
    }

    pub(super) async fn ask_for(&self, runs: usize) -> Vec<String> {
        let mut asked = Vec::new();
        for _ in 0..runs {
            asked.push(self.ask().await);
        }
        asked
    }

    /// A worker that takes so many runs at once.
    pub(super) fn work(&self, slots: usize) -> Working {
        let lease = Duration::from_secs(2);
        let settings = Settings {
            slots,
            lease,
            heartbeat: lease / 4,
            poll: Duration::from_millis(20),
            ..Settings::standard()
        };
        let worker = Worker::new(self.stage.engine.clone(), settings).unwrap();
        let stop = CancellationToken::new();
        Working { task: tokio::spawn(worker.run(stop.clone())), stop }
    }

    pub(super) async fn succeed(&self, runs: &[String]) {
        for run in runs {
            let ended = self.stage.engine.ended(run).await.unwrap().unwrap();
            assert_eq!(ended.state, RunState::Succeeded, "{ended:?}");
        }
    }

    /// The one pool.
    pub(super) async fn pool(&self) -> PoolRecord {
        self.stage.engine.pools().await.unwrap().remove(0)
    }

    pub(super) async fn waits(&self, run: &str) -> Option<Why> {
        let (run, now_ms) = (run.to_owned(), self.now_ms());
        self.stage.store.read(move |tx| queue::waiting(tx, &run, now_ms)).await.unwrap()
    }

    /// Waits until the run let go of its worker for the pool's sake.
    pub(super) async fn parked(&self, run: &str) {
        let is_parked =
            || async { matches!(self.waits(run).await, Some(Why::Pool { until_ms: Some(_), .. })) };
        until("it is parked", is_parked).await;
    }

    /// The step `a`, as `state code attempts`.
    pub(super) async fn step(&self, run: &str) -> String {
        let Some(step) = self.stage.steps(run).await.into_iter().next() else { return String::new() };
        let code = step.error_code.map(|code| format!(" {code}")).unwrap_or_default();
        format!("{}{code} {}", step.state.as_str(), step.attempts.len())
    }

    /// Puts another script in the place of the one in force.
    pub(super) fn edit(&self, script: &str) {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("pipelines")).unwrap();
        std::fs::write(root.path().join("pipelines/p.rhai"), script).unwrap();
        self.stage.engine.reload(&Folder::read(root.path()));
        assert_eq!(self.stage.engine.script_errors(), []);
    }
}

/// Waits until it is so.
pub(super) async fn until<F: Future<Output = bool>>(what: &str, mut is_so: impl FnMut() -> F) {
    let all = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    // Far longer than anything takes, so that a test that cannot go on fails instead.
    assert!(tokio::time::timeout(Duration::from_secs(60), all).await.is_ok(), "never: {what}");
}
