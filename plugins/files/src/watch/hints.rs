//! What the system tells about changes in the folder.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;
use tracing::{debug, warn};

/// Wakes whoever waits for news; without it the folder is looked at more often.
pub(super) struct Hints {
    folder: PathBuf,
    news: Arc<Notify>,
    /// Raised when the folder that was watched is no longer the one of that name.
    is_lost: Arc<AtomicBool>,
    watcher: Option<RecommendedWatcher>,
    has_complained: bool,
}

impl Hints {
    pub(super) fn new(folder: &Path) -> Self {
        let mut hints = Self {
            folder: folder.to_owned(),
            news: Arc::default(),
            is_lost: Arc::default(),
            watcher: None,
            has_complained: false,
        };
        hints.renew();
        hints
    }

    /// Waits for news. They may be about nothing.
    pub(super) async fn told(&self) {
        self.news.notified().await;
    }

    /// True where the system tells.
    pub(super) fn work(&self) -> bool {
        self.watcher.is_some()
    }

    /// The folder is gone, and with it the watch.
    pub(super) fn lose(&mut self) {
        self.watcher = None;
    }

    /// Watches the folder again where it was made anew.
    pub(super) fn renew(&mut self) {
        if self.is_lost.swap(false, Ordering::AcqRel) {
            self.watcher = None;
        }
        if self.watcher.is_some() {
            return;
        }
        match self.watch() {
            Ok(watcher) => {
                self.watcher = Some(watcher);
                // What came before the watch is only found by another look.
                self.news.notify_one();
            }
            Err(error) if !std::mem::replace(&mut self.has_complained, true) => {
                warn!(%error, "the system tells nothing about the watched folder; it is looked at every second");
            }
            Err(_) => {}
        }
    }

    fn watch(&self) -> notify::Result<RecommendedWatcher> {
        let (news, is_lost, folder) = (self.news.clone(), self.is_lost.clone(), self.folder.clone());
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            match event {
                Ok(event) if is_about_reading(event.kind) => return,
                Ok(event) if is_about_the_folder(&event, &folder) => is_lost.store(true, Ordering::Release),
                Ok(_) => {}
                Err(error) => debug!(%error, "a change in the watched folder could not be told"),
            }
            news.notify_one();
        })?;
        watcher.watch(&self.folder, RecursiveMode::Recursive)?;
        Ok(watcher)
    }
}

// Our own looks open files; to hear of them would be to look for ever.
fn is_about_reading(kind: EventKind) -> bool {
    matches!(kind, EventKind::Access(access) if access != AccessKind::Close(AccessMode::Write))
}

fn is_about_the_folder(event: &Event, folder: &Path) -> bool {
    let is_gone =
        matches!(event.kind, EventKind::Remove(_) | EventKind::Modify(notify::event::ModifyKind::Name(_)));
    event.need_rescan() || (is_gone && event.paths.iter().any(|path| path == folder))
}
