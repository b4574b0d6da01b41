//! Work on threads of its own that keep what steps say; everything else is measured without anybody who listens.

use anyhow::anyhow;
use engine::log;
use tokio::runtime::Builder;
use tracing::{Dispatch, dispatcher};
use tracing_subscriber::layer::SubscriberExt;

/// Does work in a runtime all of whose threads listen.
pub(crate) fn beside<T, W>(work: impl FnOnce() -> W + Send + 'static) -> anyhow::Result<T>
where
    W: Future<Output = anyhow::Result<T>>,
    T: Send + 'static,
{
    let measured = std::thread::spawn(move || {
        let listening = Dispatch::new(tracing_subscriber::registry().with(log::layer()));
        let _here = dispatcher::set_default(&listening);
        // As long as the thread lasts.
        let begin = move || std::mem::forget(dispatcher::set_default(&listening));
        Builder::new_multi_thread().enable_all().on_thread_start(begin).build()?.block_on(work())
    });
    measured.join().map_err(|_| anyhow!("the measurement panicked"))?
}
