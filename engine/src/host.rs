//! The engine as a program holds it: pipelines by name, and the way into the queue.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use serde_json::Value;
use store::{Store, Tx};
use tokio::sync::Notify;
use tracing::info;

use crate::catalog::{Catalog, Change, PipelineInfo, PlanError, Ready};
use crate::clock::Clock;
use crate::context::Watcher;
use crate::http::Http;
use crate::live::Live;
use crate::params;
use crate::plan::{Overlap, Plan};
use crate::pool::Pools;
use crate::queue::{self, Enqueued, Job};
use crate::registry::{Means, Registry};
use crate::run::Cause;
use crate::run::record::{self, RunRecord};
use crate::script::{Diagnostic, Folder, InForce, Library, Source, version};
use crate::secret::Keys;
use crate::telemetry::Mirror;

/// Pipelines, registry and store, shared by API, command line and worker.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

struct Inner {
    store: Store,
    registry: Arc<Registry>,
    clock: Clock,
    watcher: Option<Watcher>,
    catalog: RwLock<Arc<Catalog>>,
    /// Held while scripts are read again.
    reloading: Mutex<()>,
    /// Plans of pinned scripts that are no longer the current ones, by the script's hash.
    pinned: Mutex<HashMap<String, Arc<Ready>>>,
    pools: Pools,
    wake: Notify,
    ended: Notify,
    /// When a scheduler of this process last looked to the end; 0 before the first time.
    ticked_ms: AtomicI64,
    /// Since when this process has a scheduler; 0 where it has none.
    scheduling_ms: AtomicI64,
    mirror: Mirror,
    live: Live,
    http: Http,
    secrets: OnceLock<Keys>,
}

/// A wish to run a pipeline.
#[derive(Debug, Clone)]
pub struct Request {
    pub pipeline: String,
    pub partition: String,
    /// A JSON object; what is not given stands at the pipeline's own value.
    pub params: Value,
    pub cause: Cause,
    /// Enqueue even where an unfinished run would stand for this one.
    pub force: bool,
    /// Run every step, even where a result is kept for it.
    pub fresh: bool,
    /// All requests with the same key for the same pipeline and partition get one run.
    pub key: Option<String>,
    pub request_id: Option<String>,
}

/// Why a run was not enqueued.
#[derive(Debug, thiserror::Error)]
pub enum EnqueueError {
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error("{0}")]
    Params(String),
    #[error("a key has 1 to {} characters, on one line", queue::KEY_CHARACTERS)]
    Key,
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Engine {
    /// Evaluates every pipeline of the scripts in force. Blocks on script code: call it off the runtime's workers.
    pub fn new(
        store: Store,
        registry: Arc<Registry>,
        scripts: impl Into<InForce>,
        clock: Clock,
        watcher: Option<Watcher>,
    ) -> Self {
        let catalog = Catalog::new(&registry, scripts.into(), clock.now_ms());
        let pools = Pools::new();
        pools.resize(catalog.pools());
        Self(Arc::new(Inner {
            catalog: RwLock::new(Arc::new(catalog)),
            reloading: Mutex::default(),
            store,
            registry,
            clock,
            watcher,
            pinned: Mutex::default(),
            pools,
            wake: Notify::new(),
            ended: Notify::new(),
            ticked_ms: AtomicI64::new(0),
            scheduling_ms: AtomicI64::new(0),
            mirror: Mirror::default(),
            live: Live::default(),
            http: Http::default(),
            secrets: OnceLock::new(),
        }))
    }

    /// The same with keys for what outside services entrust to it; without them nothing can be sealed.
    #[must_use]
    pub fn keeping_secrets(self, keys: Keys) -> Self {
        let _ = self.0.secrets.set(keys);
        self
    }

    /// The database.
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// What plugins offer.
    pub fn registry(&self) -> &Arc<Registry> {
        &self.0.registry
    }

    /// The scripts as steps see them: a rule that is broken stands as it last was in order.
    pub fn library(&self) -> Arc<Library> {
        self.catalog().library().clone()
    }

    /// Puts the scripts of a folder in force, each broken one excepted, and says what changed. Runs that were
    /// enqueued before go by the script they pinned. Blocks on script code: call it off the runtime's workers.
    pub fn reload(&self, folder: &Folder) -> Vec<Change> {
        let _one_at_a_time = self.0.reloading.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.catalog();
        let next = Arc::new(before.next(&self.0.registry, folder, self.0.clock.now_ms()));
        let changes = next.changes_since(&before);
        self.0.pools.resize(next.pools());
        *self.0.catalog.write().unwrap_or_else(PoisonError::into_inner) = next;
        // What runs still need of these is made again from what they pinned.
        self.0.pinned.lock().unwrap_or_else(PoisonError::into_inner).clear();
        changes
    }

    /// Keeps the text of each script in force that is in order, where it is another than was last kept, so that the
    /// next process knows it.
    pub async fn note_scripts(&self) -> store::Result<usize> {
        let (scripts, now_ms) = (self.catalog().scripts_in_order(), self.0.clock.now_ms());
        let known = self.0.store.read(version::good).await?;
        let new = scripts.into_iter().filter(|(path, text)| known.get(path) != Some(text));
        let new: Vec<(String, String)> = new.collect();
        if new.is_empty() {
            return Ok(0);
        }
        self.0.store.write_latest(move |tx| version::note(tx, &new, now_ms)).await
    }

    /// Everything that is wrong with the scripts as they lie.
    pub fn script_errors(&self) -> Vec<Diagnostic> {
        self.catalog().mistakes()
    }

    /// Scripts in force that are in the way of others.
    pub fn script_conflicts(&self) -> Vec<Diagnostic> {
        self.catalog().conflicts().to_vec()
    }

    fn catalog(&self) -> Arc<Catalog> {
        self.0.catalog.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The clock that everything goes by.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// What lines of the doctor, connections and hooks work with.
    pub fn means(&self) -> Means {
        Means {
            store: self.0.store.clone(),
            http: self.0.http.clone(),
            clock: self.0.clock.clone(),
            secrets: self.secrets().clone(),
        }
    }

    pub(crate) fn http(&self) -> &Http {
        &self.0.http
    }

    pub(crate) fn secrets(&self) -> &Keys {
        self.0.secrets.get_or_init(Keys::default)
    }

    pub(crate) fn mirror(&self) -> &Mirror {
        &self.0.mirror
    }

    pub(crate) fn live(&self) -> &Live {
        &self.0.live
    }

    pub(crate) fn shared_pools(&self) -> &Pools {
        &self.0.pools
    }

    pub(crate) fn watcher(&self) -> Option<&Watcher> {
        self.0.watcher.as_ref()
    }

    /// All pipelines, by name, those with errors included, as their scripts say: what is due and what rests
    /// is known to [`Engine::scheduled_pipelines`].
    pub fn pipelines(&self) -> Vec<PipelineInfo> {
        self.catalog().infos()
    }

    /// The plan of a pipeline: the last good one.
    pub fn plan(&self, pipeline: &str) -> Result<Arc<Plan>, PlanError> {
        Ok(self.ready(pipeline)?.plan.clone())
    }

    /// Fails where there is no pipeline of that name, mistakes or not.
    pub fn known(&self, pipeline: &str) -> Result<(), PlanError> {
        match self.ready(pipeline) {
            Err(error @ PlanError::Unknown { .. }) => Err(error),
            _ => Ok(()),
        }
    }

    fn ready(&self, pipeline: &str) -> Result<Arc<Ready>, PlanError> {
        self.catalog().ready(pipeline)
    }

    /// The plans of all pipelines without errors, by name.
    pub fn plans(&self) -> Vec<Arc<Plan>> {
        self.catalog().plans()
    }

    /// Since when this process has a scheduler, and when that last looked to the end, in epoch milliseconds.
    pub(crate) fn ticks(&self) -> (Option<i64>, Option<i64>) {
        let known = |ms: &AtomicI64| Some(ms.load(Ordering::Relaxed)).filter(|ms| *ms != 0);
        (known(&self.0.scheduling_ms), known(&self.0.ticked_ms))
    }

    pub(crate) fn note_scheduler(&self) {
        self.0.scheduling_ms.store(self.0.clock.now_ms(), Ordering::Relaxed);
    }

    pub(crate) fn note_tick(&self, at_ms: i64) {
        self.0.ticked_ms.store(at_ms, Ordering::Relaxed);
        crate::telemetry::scheduler_looked(at_ms);
    }

    /// Puts a run into the queue and wakes this process's worker.
    pub async fn enqueue(&self, request: Request) -> Result<Enqueued, EnqueueError> {
        let job = self.prepare(&request)?;
        let (key, fresh) = (request.key, request.fresh);
        if !key.as_deref().is_none_or(queue::is_key) {
            return Err(EnqueueError::Key);
        }
        // Of requests at once, each must see what those before it left: none of them reads an older snapshot.
        let enqueue = move |tx: &mut Tx<'_>| {
            let enqueued = match &key {
                Some(key) => queue::enqueue_once(tx, &job, key)?,
                None => queue::enqueue(tx, &job)?,
            };
            if fresh && enqueued.new {
                queue::make_fresh(tx, &enqueued.run)?;
            }
            Ok(enqueued)
        };
        let enqueued = self.0.store.write_latest(enqueue).await?;
        info!(
            run.id = enqueued.run,
            pipeline = request.pipeline,
            cause = request.cause.as_str(),
            new = enqueued.new,
            request.id = request.request_id,
            "run enqueued"
        );
        self.wake();
        Ok(enqueued)
    }

    /// The run that a request asks for.
    pub(crate) fn prepare(&self, request: &Request) -> Result<Job, EnqueueError> {
        let ready = self.ready(&request.pipeline)?;
        let now_ms = self.0.clock.now_ms();
        let options = &ready.plan.options;
        let params = params::fill(&options.params, &request.params).map_err(EnqueueError::Params)?;
        let script_body = serde_json::to_string(&ready.source).map_err(store::Error::abort)?;
        Ok(Job {
            id: new_id(now_ms),
            pipeline: request.pipeline.clone(),
            partition: request.partition.clone(),
            params: params.to_string(),
            cause: request.cause,
            request_id: request.request_id.clone(),
            lock_key: ready.plan.lock_key(&request.partition),
            priority: options.priority,
            overlap: if request.force && options.on_overlap == Overlap::Skip {
                Overlap::Queue
            } else {
                options.on_overlap
            },
            script_hash: ready.script_hash.clone(),
            script_body,
            plan_hash: ready.plan.hash.clone(),
            now_ms,
        })
    }

    /// Asks a run to stop. Answers false where it is unknown or over.
    pub async fn cancel(&self, run: &str) -> store::Result<bool> {
        let (run, now_ms) = (run.to_owned(), self.0.clock.now_ms());
        let found = self.0.store.write_latest(move |tx| queue::ask_cancel(tx, &run, now_ms)).await?;
        self.0.wake.notify_one();
        Ok(found)
    }

    /// Waits until a run is over, whoever runs it.
    pub async fn ended(&self, run: &str) -> store::Result<Option<RunRecord>> {
        loop {
            let notified = self.0.ended.notified();
            let id = run.to_owned();
            let found = self.0.store.read(move |tx| record::run(tx, &id)).await?;
            if found.as_ref().is_none_or(|run| run.state.is_over()) {
                return Ok(found);
            }
            tokio::select! {
                () = notified => {}
                () = tokio::time::sleep(Duration::from_millis(250)) => {}
            }
        }
    }

    /// Tells this process's worker that there may be something to take.
    pub(crate) fn wake(&self) {
        self.0.wake.notify_one();
    }

    pub(crate) async fn woken(&self) {
        self.0.wake.notified().await;
    }

    /// Returns when a run of this process has ended.
    pub(crate) async fn run_ended(&self) {
        self.0.ended.notified().await;
    }

    pub(crate) fn tell_ended(&self) {
        self.0.ended.notify_waiters();
        // What waited for this run's lock is ready now.
        self.0.wake.notify_one();
    }

    /// The plan that a run pinned. Blocks on script code where the script is no longer the current one.
    pub(crate) fn pinned(&self, script_hash: &str, body: &str) -> Result<Arc<Ready>, PlanError> {
        if let Some(ready) = self.catalog().of_script(script_hash) {
            return Ok(ready);
        }
        let mut pinned = self.0.pinned.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(ready) = pinned.get(script_hash) {
            return Ok(ready.clone());
        }
        let invalid = |diagnostics| PlanError::Invalid { name: script_hash.to_owned(), diagnostics };
        let source: Source = serde_json::from_str(body).map_err(|_| invalid(Arc::default()))?;
        let now_ms = self.0.clock.now_ms();
        let ready =
            Ready::pinned(&self.0.registry, &source, now_ms).map_err(|found| invalid(Arc::new(found)))?;
        pinned.insert(script_hash.to_owned(), ready.clone());
        Ok(ready)
    }
}

/// An id that sorts by its time.
pub(crate) fn new_id(now_ms: i64) -> String {
    let (seconds, millis) = (now_ms.div_euclid(1000), now_ms.rem_euclid(1000));
    let at = uuid::Timestamp::from_unix(
        uuid::NoContext,
        u64::try_from(seconds).unwrap_or(0),
        u32::try_from(millis).unwrap_or(0) * 1_000_000,
    );
    uuid::Uuid::new_v7(at).to_string()
}
