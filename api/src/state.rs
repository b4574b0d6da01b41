//! What the routes work with.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use tokio::sync::{Semaphore, watch};

/// Renders the metrics of this process as Prometheus text.
pub type Metrics = Arc<dyn Fn() -> String + Send + Sync>;

/// Scripts that are checked at once: each may use its whole share of memory and a core.
const CHECKS_AT_ONCE: usize = 2;

/// Trends that are read at once: each is a scan that others wait behind.
const TRENDS_AT_ONCE: usize = 1;

/// Whoever presses a button again and again asks Strava once.
pub const SYNC_AGE: Duration = Duration::from_secs(15 * 60);

/// What memory for uploads is counted in.
pub(crate) const KIBIBYTE: usize = 1024;

/// What a program gives the API.
#[derive(Clone)]
pub struct State {
    pub engine: engine::Engine,
    pub metrics: Metrics,
    /// The athlete of every request, until there are accounts.
    pub partition: String,
    /// The version of the program, as health tells it.
    pub version: String,
    pub limits: Limits,
    /// A sync that succeeded more recently stands for one that is asked for.
    pub sync_age: Duration,
}

/// Sizes and times that a request is held to.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The body of an upload.
    pub upload_bytes: usize,
    /// Any other body.
    pub body_bytes: usize,
    /// The body of a webhook's delivery.
    pub webhook_bytes: usize,
    /// How long the sender of a delivery waits for its answer.
    pub webhook_wait: Duration,
    /// How long an upload waits for its import before it answers with the run alone.
    pub upload_wait: Duration,
    /// How long health waits for the database.
    pub health_wait: Duration,
    /// Who may follow runs at once: each holds a connection and little else.
    pub streams: usize,
    /// How long a client may leave what it was sent unread before its connection is dropped.
    pub unread_wait: Duration,
    /// How long open requests may take once the server is asked to stop.
    pub stop_wait: Duration,
}

impl Limits {
    /// What a server is run with.
    pub const STANDARD: Self = Self {
        upload_bytes: 64 * 1024 * 1024,
        body_bytes: 1024 * 1024,
        webhook_bytes: 256 * 1024,
        webhook_wait: Duration::from_millis(1500),
        upload_wait: Duration::from_secs(25),
        health_wait: Duration::from_secs(5),
        streams: 2_000,
        unread_wait: Duration::from_secs(60),
        stop_wait: Duration::from_secs(8),
    };
}

impl State {
    /// The state of a server for one athlete, with the standard limits.
    pub fn new(
        engine: engine::Engine,
        metrics: Metrics,
        partition: impl Into<String>,
        version: impl Into<String>,
    ) -> Self {
        let (partition, version) = (partition.into(), version.into());
        let limits = Limits::STANDARD;
        Self { engine, metrics, partition, version, limits, sync_age: SYNC_AGE }
    }
}

/// The state as the routes share it.
pub(crate) struct Shared {
    pub state: State,
    pub checks: Arc<Semaphore>,
    /// Room for the bodies of uploads, in KiB.
    pub uploads: Semaphore,
    /// Who may ask at once how a pipeline went: each reads the steps of up to 20,000 runs.
    pub trends: Semaphore,
    /// Room for those who follow runs.
    pub streams: Arc<Semaphore>,
    /// True once the server is about to stop.
    pub stopping: watch::Sender<bool>,
    /// The OpenAPI document.
    pub document: Bytes,
}

impl Shared {
    pub(crate) fn new(state: State, document: Bytes, stopping: watch::Sender<bool>) -> Self {
        let uploads = Semaphore::new(state.limits.upload_bytes.div_ceil(KIBIBYTE).max(1));
        let checks = Arc::new(Semaphore::new(CHECKS_AT_ONCE));
        let streams = Arc::new(Semaphore::new(state.limits.streams));
        let trends = Semaphore::new(TRENDS_AT_ONCE);
        Self { state, checks, uploads, trends, streams, stopping, document }
    }

    pub(crate) fn store(&self) -> &store::Store {
        self.state.engine.store()
    }
}
