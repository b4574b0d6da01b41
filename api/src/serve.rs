//! Listening, and the end of it.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tracing::{info, warn};

use crate::router::router_until;
use crate::state::State;

/// Why the server does not run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("`{0}` is not a loopback address, and there are no accounts yet that would protect the data")]
    NotLoopback(SocketAddr),
    #[error("cannot listen")]
    Io(#[from] io::Error),
}

/// Answers requests until `shutdown`; then finishes those that are open, within the limit. Who follows a run is let go.
pub async fn serve(
    listener: TcpListener,
    state: State,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let address = listener.local_addr()?;
    if !address.ip().is_loopback() {
        return Err(ServeError::NotLoopback(address));
    }
    let stop_wait = state.limits.stop_wait;
    let (stopping, stopped) = oneshot::channel();
    let streams = watch::Sender::new(false);
    let router = router_until(state, streams.clone());
    let signal = async move {
        shutdown.await;
        // Whoever follows a run would do so for as long as the run lasts.
        streams.send_replace(true);
        // The other end is gone only where the server is too.
        let _ = stopping.send(());
    };
    info!(%address, "listening");
    tokio::select! {
        served = axum::serve(listener, router).with_graceful_shutdown(signal) => served?,
        () = overdue(stopped, stop_wait) => warn!("requests were cut off at the end"),
    }
    Ok(())
}

async fn overdue(stopped: oneshot::Receiver<()>, wait: Duration) {
    if stopped.await.is_ok() {
        tokio::time::sleep(wait).await;
    } else {
        std::future::pending::<()>().await;
    }
}
