//! A server on a socket, with a store and an engine of its own.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use engine::Engine;
use engine::clock::Clock;
use engine::script::Library;
use engine::worker::{Settings, Worker};
use paceline_api::{Limits, Metrics, ServeError, State};
use store::{Store, Url};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::client::Client;
use crate::sample;

pub(crate) const NOW_MS: i64 = 1_785_000_000_000;
/// Who is served.
pub(crate) const ATHLETE: &str = "athlete";

const COUNTING: &str = r#"//! Counts to three.
pipeline("counting", #{ on_overlap: "skip", params: #{ who: "me" } });
sample::count(#{ rows: 3 }).named("count");
"#;
const BROKEN: &str = r#"//! Cannot be planned.
pipeline("broken", #{});
sample::cuont(#{ rows: 3 });
"#;
const TIMED: &str = r#"//! Counts each hour.
pipeline("timed", #{ every: "1h", catch_up: "last" });
sample::count(#{ rows: 1 });
"#;
const TOLD: &str = r#"//! Counts when it is told to.
pipeline("told", #{ on_webhook: "sample", on_file: "*.fit", params: #{ who: "", paths: [] } });
sample::count(#{ rows: 1 });
"#;
const POLITE: &str = r#"//! Counts in a pool.
pipeline("polite", #{});
pool("upstream", #{ slots: 2, per: "15m", calls: 3 });
sample::count(#{ rows: 1 }).pool("upstream");
"#;
const IMPORT: &str = r#"//! Takes files in.
pipeline("import", #{ on_overlap: "queue", params: #{ uploads: [] } });
sample::take();
"#;

const CALM: &str = r#"//! Asks for calm.
fn applies(day) { day.form.tsb < -20.0 }
fn advise(day) { #{ pick: "easy", weight: 50, why: "Calm." } }
fn examples() {[
    #{ day: #{ form: #{ tsb: -30.0 } }, pick: "easy" },
    #{ day: #{ form: #{ tsb: 0.0 } }, silent: true },
]}
"#;

const DAILY: &str = r#"//! Brings the day up to date.
pipeline("daily", #{});
sample::count(#{ rows: 1 });
"#;

pub(crate) struct House {
    pub(crate) client: Client,
    pub(crate) engine: Engine,
    pub(crate) store: Store,
    pub(crate) served: JoinHandle<Result<(), ServeError>>,
    pub(crate) stop: CancellationToken,
    _stop_at_the_end: DropGuard,
}

/// How a house differs from the usual one.
pub(crate) struct Plan {
    pub(crate) url: String,
    pub(crate) migrated: bool,
    pub(crate) metrics: Metrics,
    pub(crate) limits: Limits,
    /// A pipeline more, by its name.
    pub(crate) pipeline: Option<(&'static str, &'static str)>,
}

impl Plan {
    pub(crate) fn usual() -> Self {
        let limits = Limits { upload_bytes: 100_000, ..Limits::STANDARD };
        let metrics: Metrics = Arc::new(|| "up 1\n".to_owned());
        Self { url: support::sqlite_url(), migrated: true, metrics, limits, pipeline: None }
    }
}

impl House {
    pub(crate) async fn new() -> Self {
        Self::build(Plan::usual()).await
    }

    pub(crate) async fn build(plan: Plan) -> Self {
        let store = Store::open(&plan.url.parse::<Url>().unwrap()).await.unwrap();
        if plan.migrated {
            store.migrate().await.unwrap();
        }
        let engine = engine(&store, plan.pipeline).await;
        let mut state = State::new(engine.clone(), plan.metrics, ATHLETE, "1.2.3");
        state.limits = plan.limits;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = Client(listener.local_addr().unwrap());
        let stop = CancellationToken::new();
        let served = tokio::spawn(paceline_api::serve(listener, state, stop.clone().cancelled_owned()));
        Self { client, served, engine, store, _stop_at_the_end: stop.clone().drop_guard(), stop }
    }

    /// Lets a worker carry out what is in the queue.
    pub(crate) fn work(&self) {
        let settings = Settings { poll: Duration::from_millis(20), ..Settings::standard() };
        let worker = Worker::new(self.engine.clone(), settings).unwrap();
        tokio::spawn(worker.run(self.stop.clone()));
    }
}

async fn engine(store: &Store, more: Option<(&str, &str)>) -> Engine {
    let texts = [
        ("counting", COUNTING),
        ("broken", BROKEN),
        ("import", IMPORT),
        ("timed", TIMED),
        ("told", TOLD),
        ("polite", POLITE),
        ("daily", DAILY),
    ];
    let texts = texts.into_iter().chain(more);
    let texts = texts.map(|(name, text)| (format!("pipelines/{name}.rhai"), text.to_owned()));
    let mut texts: BTreeMap<String, String> = texts.collect();
    texts.insert("scripts/rules/calm.rhai".to_owned(), CALM.to_owned());
    let (store, library) = (store.clone(), Arc::new(Library::from_texts(texts)));
    let registry = Arc::new(sample::registry());
    let clock = Clock::fixed(NOW_MS);
    tokio::task::spawn_blocking(move || Engine::new(store, registry, library, clock, None)).await.unwrap()
}
