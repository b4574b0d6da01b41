//! The API on a socket of this machine, asked as a page asks it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use anyhow::ensure;
use engine::Engine;
use reqwest::header::{ACCEPT_ENCODING, ETAG, IF_NONE_MATCH};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::cpu;

pub(crate) struct Server {
    address: SocketAddr,
    root: String,
    client: reqwest::Client,
    _served: JoinHandle<Result<(), api::ServeError>>,
    _stop: DropGuard,
}

/// What many requests for one address took.
pub(crate) struct Asked {
    /// Milliseconds, seen by the client, sorted.
    millis: Vec<f64>,
    /// Of the last answer, as it was sent.
    pub(crate) bytes: usize,
    pub(crate) tag: Option<String>,
}

impl Server {
    pub(crate) async fn start(engine: &Engine) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let root = format!("http://{address}/api/v1");
        let stop = CancellationToken::new();
        let state = api::State::new(engine.clone(), Arc::new(String::new), "me", "bench");
        let served = tokio::spawn(api::serve(listener, state, stop.clone().cancelled_owned()));
        Ok(Self { address, root, client: reqwest::Client::new(), _served: served, _stop: stop.drop_guard() })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Asks for an address many times on one connection; with a tag that the answer should still have.
    pub(crate) async fn ask(&self, path: &str, times: usize, known: Option<&str>) -> anyhow::Result<Asked> {
        let (mut millis, mut bytes, mut tag) = (Vec::with_capacity(times), 0, None);
        let wanted = if known.is_some() { 304 } else { 200 };
        for _ in 0..times {
            let started = Instant::now();
            let mut request = self.client.get(format!("{}{path}", self.root)).header(ACCEPT_ENCODING, "gzip");
            if let Some(known) = known {
                request = request.header(IF_NONE_MATCH, known);
            }
            let answer = request.send().await?;
            ensure!(answer.status().as_u16() == wanted, "{path}: {}", answer.status());
            tag = answer.headers().get(ETAG).and_then(|tag| Some(tag.to_str().ok()?.to_owned()));
            bytes = answer.bytes().await?.len();
            millis.push(started.elapsed().as_secs_f64() * 1e3);
        }
        millis.sort_by(f64::total_cmp);
        Ok(Asked { millis, bytes, tag })
    }
}

impl Asked {
    pub(crate) fn p50(&self) -> f64 {
        cpu::at(&self.millis, 0.5)
    }

    pub(crate) fn p99(&self) -> f64 {
        cpu::at(&self.millis, 0.99)
    }
}
