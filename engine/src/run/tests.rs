//! Plans made by hand, executed on a real store: what runs, what is skipped, what is written down.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::Store;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry;

use super::*;
use crate::child::Family;
use crate::clock::Clock;
use crate::context::{Readings, RunContext, RunInfo, StepContext};
use crate::log::{Level, Line, Lines, layer};
use crate::plan::{Options, Plan, PlannedStep, Policy, When};
use crate::pool::Doors;
use crate::queue::{self, Lease};
use crate::script::Library;
use crate::step::{Cause as StepCause, ConfigError, Gather, Kind, Step, StepError};
use crate::telemetry::StepMetrics;

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Sum {
    total: i64,
}

/// Behaves as its configuration says; the tests' only step.
struct Play {
    config: PlayConfig,
    calls: AtomicU32,
}

#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct PlayConfig {
    give: i64,
    fail_first: u32,
    hopeless: bool,
    panic: bool,
    hang: bool,
    wait_s: u64,
}

impl Step for Play {
    const KIND: &'static str = "test.play";
    const ABOUT: &'static str = "Adds what it is given.";
    type Config = PlayConfig;
    type Input = (Gather<Sum>,);
    type Output = Sum;

    fn build(config: PlayConfig) -> Result<Self, ConfigError> {
        Ok(Self { config, calls: AtomicU32::new(0) })
    }

    async fn run(&self, ctx: &StepContext, (given,): (Gather<Sum>,)) -> Result<Sum, StepError> {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        let config = &self.config;
        if config.panic {
            panic!("on purpose");
        }
        if config.hang {
            ctx.cancelled().await;
            return Err(StepError::Cancelled);
        }
        if config.hopeless {
            return Err(StepError::Hopeless(StepCause::new("no_use", "no use")));
        }
        if call < config.fail_first {
            return Err(StepError::Failed(StepCause::new("bad_luck", "bad luck")));
        }
        if config.wait_s > 0 {
            let source = StepCause::new("quota", "the quota is spent");
            return Err(StepError::Later { after: Duration::from_secs(config.wait_s), source });
        }
        Ok(Sum { total: config.give + given.0.iter().map(|sum| sum.total).sum::<i64>() })
    }
}

/// The same, but it must be given something.
struct Need;

impl Step for Need {
    const KIND: &'static str = "test.need";
    const ABOUT: &'static str = "Passes on what it is given.";
    type Config = PlayConfig;
    type Input = (Sum,);
    type Output = Sum;

    fn build(_: PlayConfig) -> Result<Self, ConfigError> {
        Ok(Self)
    }

    async fn run(&self, _: &StepContext, (given,): (Sum,)) -> Result<Sum, StepError> {
        Ok(given)
    }
}

/// Gives more than an artifact may hold: ten megabytes.
struct Flood;

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Water(String);

impl Step for Flood {
    const KIND: &'static str = "test.flood";
    const ABOUT: &'static str = "Gives too much.";
    type Config = PlayConfig;
    type Input = ();
    type Output = Water;

    fn build(_: PlayConfig) -> Result<Self, ConfigError> {
        Ok(Self)
    }

    async fn run(&self, _: &StepContext, (): ()) -> Result<Water, StepError> {
        Ok(Water("x".repeat(10 << 20)))
    }
}

struct Over(i64);

impl When for Over {
    fn decide(&self, artifact: &Value) -> Result<bool, StepCause> {
        Ok(artifact[0]["total"].as_i64() > Some(self.0))
    }
}

struct Draft(Vec<PlannedStep>);

impl Draft {
    fn add(&mut self, name: &str, inputs: &[usize], config: Value) -> &mut PlannedStep {
        self.push(Kind::of::<Play>(), name, inputs, config)
    }

    fn need(&mut self, name: &str, input: usize) -> &mut PlannedStep {
        self.push(Kind::of::<Need>(), name, &[input], json!({}))
    }

    fn push(&mut self, kind: Kind, name: &str, inputs: &[usize], config: Value) -> &mut PlannedStep {
        let step = kind.build(config.clone()).unwrap();
        self.0.push(PlannedStep {
            name: name.into(),
            kind: Arc::new(kind),
            config,
            step,
            inputs: vec![inputs.to_vec()],
            after: Vec::new(),
            policy: Policy::default(),
            when: None,
            spread: None,
        });
        self.0.last_mut().unwrap()
    }

    fn plan(self) -> Arc<Plan> {
        Arc::new(Plan::new("play".to_owned(), Options::default(), self.0))
    }
}

/// A run on a store of its own.
struct Stage {
    store: Store,
    fence: Fence,
    stop: Stop,
}

impl Stage {
    async fn set(plan: &Plan) -> Self {
        Self::set_on(&support::sqlite_url(), plan).await
    }

    async fn set_on(url: &str, plan: &Plan) -> Self {
        let store = Store::open(&url.parse().unwrap()).await.unwrap();
        store.migrate().await.unwrap();
        let job = queue::Job {
            id: "run".to_owned(),
            pipeline: "play".to_owned(),
            partition: "me".to_owned(),
            params: "{}".to_owned(),
            cause: Cause::Cli,
            request_id: None,
            lock_key: None,
            priority: 0,
            overlap: crate::plan::Overlap::Queue,
            script_hash: "hash".to_owned(),
            script_body: "{}".to_owned(),
            plan_hash: plan.hash.clone(),
            now_ms: 0,
        };
        store.write(move |tx| queue::enqueue(tx, &job)).await.unwrap();
        let fence = Self::claim(&store).await;
        Self { store, fence, stop: Stop::default() }
    }

    async fn claim(store: &Store) -> Fence {
        let lease = Lease { worker: "me".to_owned(), length: Duration::from_secs(30), now_ms: 1 };
        let claimed = store.write(move |tx| queue::claim(tx, &lease, 1)).await.unwrap();
        claimed[0].fence.clone()
    }

    async fn perform(&self, plan: &Arc<Plan>) -> Outcome {
        let (fence, resumed_plan) = (self.fence.clone(), plan.clone());
        let resumed = self.store.write(move |tx| Resumed::load(tx, &fence, &resumed_plan, 7)).await.unwrap();
        self.perform_from(plan, resumed).await
    }

    fn context(&self) -> Arc<RunContext> {
        let info = RunInfo {
            id: "run".to_owned(),
            pipeline: "play".to_owned(),
            partition: "me".to_owned(),
            params: json!({}),
            cause: Cause::Cli,
        };
        let context = RunContext {
            run: Arc::new(info),
            clock: Clock::fixed(5),
            scripts: Arc::new(Library::default()),
            store: Some(self.store.clone()),
            fence: self.fence.clone(),
            stop: self.stop.clone(),
            http: crate::http::Http::default(),
            secrets: crate::secret::Keys::default(),
            watcher: None,
        };
        Arc::new(context)
    }

    async fn perform_from(&self, plan: &Arc<Plan>, resumed: Resumed) -> Outcome {
        self.execution(plan, resumed).0.run().await.unwrap()
    }

    /// A run at its beginning, and what its steps say.
    fn execution(&self, plan: &Arc<Plan>, resumed: Resumed) -> (Execution, Arc<Lines>) {
        let metrics = StepMetrics::of_plan(plan).into();
        let (doors, family) = (Doors::default(), Family::default());
        let lines = Arc::new(Lines::from(resumed.next_seq));
        let context = self.context();
        let shared = Shared { plan: plan.clone(), metrics, context, doors, family, lines: lines.clone() };
        let journal =
            Journal::Store { store: self.store.clone(), fence: self.fence.clone(), worker: "me".into() };
        (Execution::new(Arc::new(shared), journal, resumed), lines)
    }

    async fn change(&self, sql: &'static str) {
        let sql = store::Sql::Both(sql);
        self.store.write(move |tx| tx.execute(&sql, &store::params![])).await.unwrap();
    }

    /// How many lines of steps are written down.
    async fn line_count(&self) -> i64 {
        let sql = store::Sql::Both("SELECT COUNT(*) FROM step_log");
        let read = move |tx: &mut store::Tx<'_>| tx.optional(&sql, &store::params![], |row| row.get(0));
        self.store.read(read).await.unwrap().unwrap()
    }

    /// The number of the commit that changed a step last.
    async fn revision(&self, step: &'static str) -> i64 {
        let sql = store::Sql::Both("SELECT revision FROM step_run WHERE run_id = 'run' AND step = $1");
        let read = move |tx: &mut store::Tx<'_>| tx.optional(&sql, &store::params![step], |row| row.get(0));
        self.store.read(read).await.unwrap().unwrap()
    }

    async fn steps(&self) -> BTreeMap<String, record::StepRecord> {
        let steps = self.store.read(|tx| record::steps(tx, "run")).await.unwrap();
        steps.into_iter().map(|step| (step.step.clone(), step)).collect()
    }

    /// States as "name state", with the code where there is one.
    async fn states(&self) -> Vec<String> {
        let steps = self.steps().await;
        let line = |step: &record::StepRecord| match &step.error_code {
            Some(code) => format!("{} {} {code}", step.step, step.state.as_str()),
            None => format!("{} {}", step.step, step.state.as_str()),
        };
        steps.values().map(line).collect()
    }
}

async fn check(draft: Draft, expected_outcome: &str, expected_states: &[&str]) -> (Stage, Arc<Plan>) {
    let plan = draft.plan();
    let stage = Stage::set(&plan).await;
    let outcome = stage.perform(&plan).await;
    let outcome = match outcome {
        Outcome::Failed { code, .. } => format!("failed {code}"),
        Outcome::Parked { until_ms } => format!("parked until {until_ms}"),
        other => format!("{other:?}").to_lowercase(),
    };
    assert_eq!(outcome, expected_outcome);
    assert_eq!(stage.states().await, expected_states);
    (stage, plan)
}

#[tokio::test(flavor = "multi_thread")]
async fn artifacts_flow_along_the_edges_and_are_written_down() {
    let mut draft = Draft(Vec::new());
    draft.add("a", &[], json!({"give": 1}));
    draft.add("b", &[], json!({"give": 2}));
    draft.add("c", &[0, 1], json!({"give": 10}));
    draft.need("d", 2);
    let (stage, _) =
        check(draft, "succeeded", &["a succeeded", "b succeeded", "c succeeded", "d succeeded"]).await;
    assert_eq!(stage.steps().await["d"].artifact, Some(json!({"total": 13})));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_step_is_tried_again_and_each_attempt_is_kept() {
    let mut draft = Draft(Vec::new());
    draft.add("a", &[], json!({"fail_first": 2})).policy.retries = 2;
    let (stage, _) = check(draft, "succeeded", &["a succeeded"]).await;
    let attempts: Vec<_> =
        stage.steps().await["a"].attempts.iter().map(|attempt| (attempt.attempt, attempt.state)).collect();
    assert_eq!(attempts, [(1, StepState::Failed), (2, StepState::Failed), (3, StepState::Succeeded)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_fails_the_run_and_skips_what_needs_it_while_other_branches_finish() {
    let mut draft = Draft(Vec::new());
    draft.add("a", &[], json!({"hopeless": true})).policy.retries = 5;
    draft.add("b", &[0], json!({}));
    draft.add("c", &[], json!({}));
    draft.add("d", &[1, 2], json!({}));
    let expected =
        ["a failed no_use", "b skipped upstream_failed", "c succeeded", "d skipped upstream_failed"];
    let (stage, _) = check(draft, "failed no_use", &expected).await;
    assert_eq!(stage.steps().await["a"].attempts.len(), 1, "a hopeless step is not tried again");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_optional_failure_leaves_a_gap_that_only_plain_inputs_feel() {
    let mut draft = Draft(Vec::new());
    draft.add("a", &[], json!({"hopeless": true})).policy.optional = true;
    draft.add("gathers", &[0], json!({"give": 4}));
    draft.need("needs", 0);
    draft.add("waits", &[], json!({})).after = vec![0];
    let expected = ["a failed no_use", "gathers succeeded", "needs skipped input_absent", "waits succeeded"];
    check(draft, "succeeded", &expected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_condition_that_says_no_skips_the_step() {
    let mut draft = Draft(Vec::new());
    draft.add("a", &[], json!({"give": 3}));
    draft.add("high", &[0], json!({})).when = Some(Arc::new(Over(5)));
    draft.add("low", &[0], json!({})).when = Some(Arc::new(Over(2)));
    check(draft, "succeeded", &["a succeeded", "high skipped when_false", "low succeeded"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_fails_its_step_and_nothing_else() {
    let mut draft = Draft(Vec::new());
    draft.add("a", &[], json!({"panic": true}));
    draft.add("b", &[], json!({}));
    check(draft, "failed step_panicked", &["a failed step_panicked", "b succeeded"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_artifact_of_ten_megabytes_fails_its_step_at_once_and_is_not_kept() {
    let mut draft = Draft(Vec::new());
    draft.push(Kind::of::<Flood>(), "a", &[], json!({})).inputs = Vec::new();
    let (stage, _) = check(draft, "failed artifact_too_large", &["a failed artifact_too_large"]).await;
    let step = stage.steps().await.remove("a").unwrap();
    assert_eq!((step.artifact, step.attempts.len()), (None, 1));
    assert!(step.error.unwrap().contains("at most 65536"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_takes_too_long_is_cut_off() {
    let mut draft = Draft(Vec::new());
    draft.add("a", &[], json!({"hang": true})).policy.timeout = Some(Duration::from_millis(20));
    check(draft, "failed step_timeout", &["a failed step_timeout"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_must_wait_long_parks_its_run_and_is_no_failure() {
    let mut draft = Draft(Vec::new());
    draft.add("a", &[], json!({"wait_s": 900}));
    draft.add("b", &[], json!({}));
    check(draft, "parked until 900005", &["a waiting quota", "b succeeded"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_run_stops_its_steps_and_starts_no_more() {
    let mut draft = Draft(Vec::new());
    draft.add("a", &[], json!({"hang": true}));
    draft.add("b", &[0], json!({}));
    let plan = draft.plan();
    let stage = Stage::set(&plan).await;
    stage.stop.now(StopReason::Asked);
    assert!(matches!(stage.perform(&plan).await, Outcome::Cancelled));
    assert_eq!(stage.states().await, ["a cancelled", "b cancelled"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resumed_run_repeats_only_what_was_not_finished() {
    let mut draft = Draft(Vec::new());
    draft.add("a", &[], json!({"give": 1}));
    draft.add("b", &[0], json!({"wait_s": 900}));
    let (mut stage, _) = check(draft, "parked until 900005", &["a succeeded", "b waiting quota"]).await;
    let (first, second) = (stage.revision("a").await, stage.revision("b").await);
    assert!(0 < first && first < second, "{first} {second}");
    let mut changed = Draft(Vec::new());
    changed.add("a", &[], json!({"give": 1}));
    changed.add("b", &[0], json!({"give": 5}));
    let plan = changed.plan();
    let fence = stage.fence.clone();
    stage.store.write(move |tx| queue::release(tx, &fence, 0)).await.unwrap();
    stage.fence = Stage::claim(&stage.store).await;
    assert!(matches!(stage.perform(&plan).await, Outcome::Succeeded));
    let steps = stage.steps().await;
    assert_eq!((steps["a"].attempts.len(), steps["b"].attempts.len()), (1, 2));
    // Whoever takes a run up counts its commits on.
    assert_eq!(stage.revision("a").await, first);
    assert!(stage.revision("b").await > second);
    assert_eq!(steps["b"].artifact, Some(json!({"total": 6})));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_another_worker_took_writes_nothing_more() {
    let mut draft = Draft(Vec::new());
    draft.add("a", &[], json!({}));
    let plan = draft.plan();
    let stage = Stage::set(&plan).await;
    let fence = stage.fence.clone();
    let resumed = Resumed::fresh(&plan);
    stage.store.write(move |tx| queue::release(tx, &fence, 0)).await.unwrap();
    Stage::claim(&stage.store).await;
    let outcome = stage.perform_from(&plan, resumed).await;
    assert!(matches!(outcome, Outcome::Lost));
    assert!(stage.states().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_heartbeat_amid_the_first_commit_after_a_rescue_does_not_undo_it() {
    let mut draft = Draft(Vec::new());
    draft.add("a", &[], json!({}));
    let mut stage = Stage::set_on(&support::postgres_url(), &draft.plan()).await;
    stage.store.write(|tx| queue::forget(tx, "me")).await.unwrap();
    stage.fence = Stage::claim(&stage.store).await;
    let step = StepContext::new(stage.context(), "a".into(), 1);
    let (store, handle) = (stage.store.clone(), tokio::runtime::Handle::current());
    let calls = Arc::new(AtomicU32::new(0));
    let counted = calls.clone();
    let commit = step.commit(move |_, _| {
        counted.fetch_add(1, Ordering::Relaxed);
        let lease = Lease { worker: "me".to_owned(), length: Duration::from_secs(30), now_ms: 1 };
        let beat = store.write_latest(move |tx| queue::renew(tx, &lease, &["run".to_owned()]));
        assert_eq!(handle.block_on(beat)?, ["run"]);
        Ok(())
    });
    commit.await.unwrap();
    assert_eq!(calls.load(Ordering::Relaxed), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_steps_at_once_all_end_before_the_one_that_gathers_them() {
    let mut draft = Draft(Vec::new());
    draft.add("first", &[], json!({"give": 1}));
    for number in 0..998 {
        draft.add(&format!("middle{number}"), &[0], json!({}));
    }
    let middle: Vec<_> = (1..999).collect();
    draft.add("last", &middle, json!({}));
    let plan = draft.plan();
    let stage = Stage::set(&plan).await;
    assert!(matches!(stage.perform(&plan).await, Outcome::Succeeded));
    assert_eq!(stage.steps().await["last"].artifact, Some(json!({"total": 998})));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_open_steps_of_a_run_that_ends_without_them_are_cancelled_in_one_revision() {
    for url in support::databases() {
        let mut draft = Draft(Vec::new());
        for number in 0..300 {
            draft.add(&format!("step{number:03}"), &[], json!({}));
        }
        let plan = draft.plan();
        let stage = Stage::set_on(&url, &plan).await;
        let list = move |tx: &mut store::Tx<'_>| list_steps(tx, "run", &plan, |_| true);
        stage.store.write(list).await.unwrap();
        stage.store.write(|tx| close_open(tx, "run", 7)).await.unwrap();
        let sql = store::Sql::Both(
            "SELECT COUNT(*), MIN(revision), MAX(revision) FROM step_run WHERE state = 'cancelled'",
        );
        let read = move |tx: &mut store::Tx<'_>| {
            tx.optional(&sql, &store::params![], |row| {
                Ok((row.get::<i64>(0)?, row.get::<i64>(1)?, row.get::<i64>(2)?))
            })
        };
        assert_eq!(stage.store.read(read).await.unwrap(), Some((300, 1, 1)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_that_cannot_be_written_wait_and_do_not_end_the_run() {
    // Another test may have set the same one.
    let _ = tracing::subscriber::set_global_default(registry().with(layer()));
    let mut draft = Draft(Vec::new());
    draft.add("a", &[], json!({}));
    let plan = draft.plan();
    for url in support::databases() {
        let stage = Stage::set_on(&url, &plan).await;
        let (mut execution, lines) = stage.execution(&plan, Resumed::fresh(&plan));
        let line =
            |seq| Line { seq, position: 0, attempt: 1, at_ms: 5, level: Level::Info, text: "x".into() };
        lines.put_back(vec![line(0), line(1)]);
        stage.change("ALTER TABLE step_log RENAME TO elsewhere").await;
        execution.write_page().await.unwrap();
        stage.change("ALTER TABLE elsewhere RENAME TO step_log").await;
        assert_eq!(stage.line_count().await, 0);
        execution.write_page().await.unwrap();
        assert_eq!(stage.line_count().await, 2);
        // Whether a commit took place may be unknown, so that its lines come again.
        lines.put_back(vec![line(1), line(2)]);
        execution.write_page().await.unwrap();
        assert_eq!(stage.line_count().await, 3);
        let fence = stage.fence.clone();
        stage.store.write(move |tx| queue::release(tx, &fence, 0)).await.unwrap();
        Stage::claim(&stage.store).await;
        lines.put_back(vec![line(3)]);
        assert!(execution.write_page().await.is_err(), "the run is another worker's");
    }
}

#[test]
fn lines_that_wait_too_long_make_room_for_later_ones() {
    let lines = Lines::from(0);
    let line =
        |seq| Line { seq, position: 0, attempt: 1, at_ms: 5, level: Level::Info, text: "x".repeat(1_000) };
    lines.put_back((0..3_000).map(line).collect());
    let kept = lines.take();
    assert_eq!((kept.len(), kept.last().unwrap().seq), (1_048, 2_999));
}

#[test]
fn what_is_kept_of_a_failure_has_no_secret_in_it() {
    let source = std::io::Error::other("GET /?access_token=abc&page=1 failed");
    let cause = StepCause { source: Some(Box::new(source)), ..StepCause::new("away", "cannot ask") };
    assert_eq!(journal::Error::of(&cause).text, "cannot ask: GET /?access_token=***&page=1 failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_goes_on_while_what_it_said_is_written() {
    // Another test may have set the same one.
    let _ = tracing::subscriber::set_global_default(registry().with(layer()));
    let mut draft = Draft(Vec::new());
    draft.add("a", &[], json!({}));
    let plan = draft.plan();
    let stage = Stage::set(&plan).await;
    let (mut execution, lines) = stage.execution(&plan, Resumed::fresh(&plan));
    let text = "x".to_owned();
    lines.put_back(vec![Line { seq: 0, position: 0, attempt: 1, at_ms: 5, level: Level::Info, text }]);
    let (begun, has_begun) = tokio::sync::oneshot::channel();
    let (release, released) = std::sync::mpsc::channel();
    let (store, mut begun) = (stage.store.clone(), Some(begun));
    // The database has one writer, which waits for the step.
    let hold = move |_: &mut store::Tx<'_>| {
        let _ = begun.take().map(|begun| begun.send(()));
        let _ = released.recv();
        Ok(())
    };
    let holding = tokio::spawn(async move { store.write(hold).await });
    has_begun.await.unwrap();
    let mut alone = Some(Box::pin(async move {
        release.send(()).unwrap();
        let news = attempt::News::Ended { end: attempt::End::Cancelled, readings: Readings::default() };
        attempt::Report { index: 0, at_ms: 5, news }
    }));
    let ended = execution.write_beside(&mut alone).await.unwrap();
    assert!(ended.is_some() && alone.is_none());
    holding.await.unwrap().unwrap();
    assert_eq!(stage.line_count().await, 1);
}
