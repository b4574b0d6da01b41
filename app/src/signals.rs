//! Being told to stop.

use std::io;

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::info;

/// The number of SIGXFSZ on the machines that we build for.
const FILE_TOO_LARGE: i32 = 25;

/// Lets a write fail that would make a file larger than its limit (`ulimit -f`), which the store tells as `storage_full`;
/// without a handler the system ends the process instead.
pub(crate) fn survive_file_limit() -> io::Result<()> {
    signal(SignalKind::from_raw(FILE_TOO_LARGE)).map(drop)
}

/// Cancels the token at SIGTERM or Ctrl-C. Both are caught from this call on.
pub(crate) fn until_told(stop: CancellationToken) -> io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        info!("stopping");
        stop.cancel();
    })
}
