//! Listening, and the end of it.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::serve::ListenerExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};
use tracing::{debug, info, warn};

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
    let (stop_wait, unread_wait) = (state.limits.stop_wait, state.limits.unread_wait);
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
        served = axum::serve(listener.tap_io(move |client| give_up(client, unread_wait)), router).with_graceful_shutdown(signal) => served?,
        () = overdue(stopped, stop_wait) => warn!("requests were cut off at the end"),
    }
    Ok(())
}

/// Has the system drop the connection of a client that does not read: it would keep its place among those who follow
/// runs for ever.
fn give_up(client: &TcpStream, after: Duration) {
    #[cfg(target_os = "linux")]
    {
        let after_ms = u32::try_from(after.as_millis()).unwrap_or(u32::MAX);
        if let Err(error) = rustix::net::sockopt::set_tcp_user_timeout(client, after_ms) {
            debug!(%error, "a client that does not read will keep its connection");
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (client, after);
}

async fn overdue(stopped: oneshot::Receiver<()>, wait: Duration) {
    if stopped.await.is_ok() {
        tokio::time::sleep(wait).await;
    } else {
        std::future::pending::<()>().await;
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_connection_is_dropped_whose_client_does_not_read() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut tapped = listener.tap_io(|client| give_up(client, Duration::from_secs(60)));
        let address = axum::serve::Listener::local_addr(&tapped).unwrap();
        let _client = TcpStream::connect(address).await.unwrap();
        let (accepted, _) = axum::serve::Listener::accept(&mut tapped).await;
        assert_eq!(rustix::net::sockopt::tcp_user_timeout(&accepted).unwrap(), 60_000);
    }
}
