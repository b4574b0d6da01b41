//! A store with a connected athlete, Strava beside it, and the steps run by hand.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use engine::clock::Clock;
use engine::context::{RunContext, RunInfo, StepContext};
use engine::http::{Base, Http, Limits};
use engine::registry::Means;
use engine::run::{Cause, Fence, Stop};
use engine::script::Library;
use engine::secret::Keys;
use engine::step::{Gather, Step, StepError};
use fitness::Changes;
use fitness::records::activity::{ActivityRow, PageKey};
use fitness::records::athlete::Athlete;
use fitness::records::strava::connection::{self, Connection, State};
use fitness::records::{self, strava};
use jiff::Timestamp;
use serde_json::{Value, json};
use store::{Sql, Store, Tx, Url};
use upstream::Upstream;
use upstream::strava::{ATHLETE, CLIENT_ID, CLIENT_SECRET, Strava};
use zeroize::Zeroizing;

use crate::oauth::Tokens;
use crate::steps::{self, Made};
use crate::token::Vault;
use crate::{Application, Options};

const SCRIPT: Sql = Sql::Both("INSERT INTO script (hash, body) VALUES ('hash', '')");
const RUN: Sql = Sql::Both(
    "INSERT INTO run (id, pipeline, partition, params, cause, state, script_hash, plan_hash, enqueued_ms) \
     VALUES ('run', 'hourly', 'me', '{}', 'cli', 'running', 'hash', '', 0)",
);
const JOB: Sql = Sql::Both(
    "INSERT INTO job (run_id, partition, priority, ready_ms, attempts, fence) VALUES ('run', 'me', 0, 0, 1, 1)",
);
const NEW_RUN: Sql = Sql::Both("DELETE FROM step_cursor");

pub(super) const SCOPES: [&str; 3] = ["read", "activity:read_all", "profile:read_all"];
pub(super) const NOW: &str = "2026-06-20T12:03:00Z";

/// Where a test lives.
pub(super) struct House {
    store: Store,
    pub(super) upstream: Upstream,
    now_ms: Arc<AtomicI64>,
    keys: Keys,
    limits: Mutex<Option<Limits>>,
}

pub(super) fn ms(time: &str) -> i64 {
    time.parse::<Timestamp>().unwrap().as_millisecond()
}

impl House {
    /// With a connected athlete, in a database of each kind.
    pub(super) async fn each<F: Future<Output = ()>>(scenario: impl Fn(Self) -> F) {
        for url in support::databases() {
            scenario(Self::new(&url).await).await;
        }
    }

    pub(super) async fn new(url: &str) -> Self {
        let store = Store::open(&url.parse::<Url>().unwrap()).await.unwrap();
        store.migrate().await.unwrap();
        let held = store
            .write(|tx| [&SCRIPT, &RUN, &JOB].into_iter().try_for_each(|sql| tx.execute(sql, &[]).map(drop)));
        held.await.unwrap();
        let house = Self {
            store,
            upstream: Upstream::start_at(ms(NOW)).await.unwrap(),
            now_ms: Arc::new(AtomicI64::new(ms(NOW))),
            keys: Keys::parse(&BASE64_STANDARD.encode([7; 32])).unwrap(),
            limits: Mutex::default(),
        };
        let me = Athlete { id: "me".to_owned(), timezone: "Europe/Berlin".to_owned(), created_ms: 0 };
        house.write(move |tx| records::athlete::ensure(tx, &me)).await;
        house.connect(&SCOPES).await;
        house
    }

    /// How long an answer may take from now on, where it is not the usual.
    pub(super) fn set_patience(&self, time: Option<Duration>) {
        *self.limits.lock().unwrap() = time.map(|time| Limits { time, bytes: 1 << 20 });
    }

    pub(super) fn strava(&self) -> &Strava {
        self.upstream.strava()
    }

    /// Connects the athlete with what is granted.
    pub(super) async fn connect(&self, scopes: &[&str]) {
        let tokens = self.strava().connect(ATHLETE, scopes);
        let tokens = Tokens {
            access: Zeroizing::new(tokens.access_token),
            refresh: Zeroizing::new(tokens.refresh_token),
            expires_ms: tokens.expires_at * 1000,
        };
        let pair = Vault { keys: &self.keys }.seal("me", &tokens).unwrap();
        let connection = Connection {
            athlete: "me".to_owned(),
            strava_id: Some(ATHLETE),
            scopes: scopes.join(","),
            pair,
            number: 1,
            state: State::Connected,
            reason: None,
            connected_ms: ms(NOW),
            changed_ms: ms(NOW),
        };
        self.write(move |tx| connection::put(tx, &connection)).await;
    }

    pub(super) async fn write<T: Send + 'static>(
        &self,
        write: impl FnMut(&mut Tx<'_>) -> store::Result<T> + Send + 'static,
    ) -> T {
        self.store.write(write).await.unwrap()
    }

    pub(super) async fn read<T: Send + 'static>(
        &self,
        read: impl FnMut(&mut Tx<'_>) -> store::Result<T> + Send + 'static,
    ) -> T {
        self.store.read(read).await.unwrap()
    }

    pub(super) fn now_ms(&self) -> i64 {
        self.now_ms.load(Ordering::Relaxed)
    }

    /// Later, for Strava as well.
    pub(super) fn wait(&self, length: Duration) {
        self.upstream.clock().advance(length);
        self.now_ms.fetch_add(i64::try_from(length.as_millis()).unwrap(), Ordering::Relaxed);
    }

    /// Earlier, by our clock alone.
    pub(super) fn set_back(&self, length: Duration) {
        self.now_ms.fetch_sub(i64::try_from(length.as_millis()).unwrap(), Ordering::Relaxed);
    }

    pub(super) fn options(&self) -> Options {
        let base = |url: String| Base::parse(&url).ok();
        Options {
            application: Some(Application {
                client_id: CLIENT_ID.to_owned(),
                client_secret: CLIENT_SECRET.to_owned(),
            }),
            api: base(self.upstream.strava_api_url()),
            authorization: base(self.upstream.strava_auth_url()),
            limits: *self.limits.lock().unwrap(),
            ..Options::default()
        }
    }

    pub(super) fn means(&self) -> Means {
        self.context("outside", json!({})).means().unwrap()
    }

    pub(super) fn context(&self, step: &str, params: Value) -> StepContext {
        self.attempt(step, params, (Cause::Schedule, 1))
    }

    fn attempt(&self, step: &str, params: Value, (cause, attempt): (Cause, u32)) -> StepContext {
        let now_ms = self.now_ms.clone();
        let shared = RunContext {
            run: Arc::new(RunInfo {
                id: "run".to_owned(),
                pipeline: "hourly".to_owned(),
                partition: "me".to_owned(),
                params,
                cause,
            }),
            clock: Clock::from_fn(move || now_ms.load(Ordering::Relaxed)),
            scripts: Arc::new(Library::default()),
            store: Some(self.store.clone()),
            fence: Fence::new("run", 1),
            stop: Stop::default(),
            http: Http::default(),
            secrets: self.keys.clone(),
            watcher: None,
        };
        StepContext::new(Arc::new(shared), step.into(), attempt)
    }

    /// Runs a step in a run of its own, with its usual configuration.
    async fn run<S: Made>(&self, input: S::Input, params: Value) -> Result<S::Output, StepError> {
        self.write(|tx| tx.execute(&NEW_RUN, &[]).map(drop)).await;
        self.go_on::<S>(input, params).await
    }

    /// Goes on with a step in the run that was cut or parked.
    async fn go_on<S: Made>(&self, input: S::Input, params: Value) -> Result<S::Output, StepError> {
        let config = serde_json::from_value(json!({})).unwrap();
        let step = S::made(config, &self.options()).unwrap();
        step.run(&self.context(S::KIND, params), input).await
    }

    pub(super) async fn list(&self) -> Result<Changes, StepError> {
        self.run::<steps::Activities>((), json!({})).await
    }

    pub(super) async fn sweep(&self, params: Value) -> Result<Changes, StepError> {
        self.run::<steps::Sweep>((), params).await
    }

    pub(super) async fn sweep_on(&self) -> Result<Changes, StepError> {
        self.go_on::<steps::Sweep>((), json!({})).await
    }

    pub(super) async fn details(&self) -> Result<Changes, StepError> {
        self.run::<steps::Details>((Gather(Vec::new()),), json!({})).await
    }

    pub(super) async fn streams(&self) -> Result<Changes, StepError> {
        self.run::<steps::StreamsStep>((Gather(Vec::new()),), json!({})).await
    }

    pub(super) async fn details_on(&self) -> Result<Changes, StepError> {
        self.go_on::<steps::Details>((Gather(Vec::new()),), json!({})).await
    }

    pub(super) async fn streams_on(&self) -> Result<Changes, StepError> {
        self.go_on::<steps::StreamsStep>((Gather(Vec::new()),), json!({})).await
    }

    pub(super) async fn segments(&self) -> Result<Changes, StepError> {
        self.run::<steps::Segments>((Gather(Vec::new()),), json!({})).await
    }

    /// The same in a run that somebody asked for.
    pub(super) async fn segments_as_asked(&self) -> Result<Changes, StepError> {
        self.write(|tx| tx.execute(&NEW_RUN, &[]).map(drop)).await;
        let step = steps::Segments::made(Default::default(), &self.options()).unwrap();
        let ctx = self.attempt(steps::Segments::KIND, json!({}), (Cause::Cli, 1));
        step.run(&ctx, (Gather(Vec::new()),)).await
    }

    pub(super) async fn athlete(&self) -> Result<Changes, StepError> {
        self.run::<steps::AthleteStep>((), json!({})).await
    }

    pub(super) async fn hints(&self) -> Result<Changes, StepError> {
        self.run::<steps::Hints>((), json!({})).await
    }

    /// Looks into hints once more, after so many tries.
    pub(super) async fn hints_at(&self, attempt: u32) -> Result<Changes, StepError> {
        let step = steps::Hints::made(Default::default(), &self.options()).unwrap();
        step.run(&self.attempt(steps::Hints::KIND, json!({}), (Cause::Schedule, attempt)), ()).await
    }

    pub(super) async fn expire(&self) -> Result<Changes, StepError> {
        self.run::<steps::Expire>((Gather(Vec::new()),), json!({})).await
    }

    /// All of a sync: what is new, its details, its samples.
    pub(super) async fn sync(&self) {
        self.list().await.unwrap();
        self.details().await.unwrap();
        self.streams().await.unwrap();
    }

    /// What was asked since the last look, as method and path behind the address.
    pub(super) fn asked(&self) -> Vec<String> {
        let calls = self.upstream.calls();
        self.upstream.forget_calls();
        let path = |path: &str| path.trim_start_matches("/strava/").to_owned();
        calls.iter().map(|call| format!("{} {}", call.method, path(&call.path))).collect()
    }

    /// The same without what tokens were asked for.
    pub(super) fn asked_for(&self) -> Vec<String> {
        let mut asked = self.asked();
        asked.retain(|asked| !asked.contains("oauth"));
        asked
    }

    /// Every activity that is counted, the newest first.
    pub(super) async fn kept(&self) -> Vec<ActivityRow> {
        self.read(|tx| records::activity::list(tx, "me", &PageKey::newest(), 20_000)).await
    }

    pub(super) async fn counts(&self) -> strava::activity::Counts {
        self.read(|tx| strava::activity::counts(tx, "me")).await
    }
}
