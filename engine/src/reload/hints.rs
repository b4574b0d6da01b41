//! What the system tells about changes to scripts.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use notify::event::{AccessKind, AccessMode, ModifyKind};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;
use tracing::{debug, warn};

/// Wakes whoever waits for news; without it the folder is looked at more often.
pub(super) struct Hints {
    root: PathBuf,
    news: Arc<Notify>,
    /// Raised when one of the watched folders may no longer be the one of its name.
    is_lost: Arc<AtomicBool>,
    watched: Option<Watched>,
    has_complained: bool,
}

struct Watched {
    places: Places,
    /// Tells for as long as it lives.
    _watcher: RecommendedWatcher,
}

/// Folders in which a change may matter.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Places {
    inner: BTreeSet<PathBuf>,
    /// Where the root itself lies, and the root's path in there: it may be a link that is made to lead elsewhere.
    outer: Option<(PathBuf, PathBuf)>,
}

impl Hints {
    pub(super) fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            news: Arc::default(),
            is_lost: Arc::default(),
            watched: None,
            has_complained: false,
        }
    }

    /// Waits for news. They may be about nothing.
    pub(super) async fn told(&self) {
        self.news.notified().await;
    }

    /// True where the system tells.
    pub(super) fn work(&self) -> bool {
        self.watched.is_some()
    }

    /// Watches these folders, and anew where one of them was made anew.
    pub(super) fn renew(&mut self, folders: &BTreeSet<PathBuf>) {
        let places = Places::of(&self.root, folders);
        let is_lost = self.is_lost.swap(false, Ordering::AcqRel);
        if !is_lost && self.watched.as_ref().is_some_and(|watched| watched.places == places) {
            return;
        }
        self.watched = None;
        match self.watch(&places) {
            Ok(watcher) => {
                self.watched = Some(Watched { places, _watcher: watcher });
                // What came before the watch is only found by another look.
                self.news.notify_one();
            }
            Err(error) if !std::mem::replace(&mut self.has_complained, true) => {
                warn!(%error, "the system tells nothing about changes to scripts; they are looked at every second");
            }
            Err(_) => {}
        }
    }

    fn watch(&self, places: &Places) -> notify::Result<RecommendedWatcher> {
        let (news, is_lost, about) = (self.news.clone(), self.is_lost.clone(), places.clone());
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            match event {
                Ok(event) if is_about_reading(event.kind) || !about.concern(&event) => return,
                Ok(event) if about.lose(&event) => is_lost.store(true, Ordering::Release),
                Ok(_) => {}
                Err(error) => debug!(%error, "a change to scripts could not be told"),
            }
            news.notify_one();
        })?;
        for folder in &places.inner {
            watcher.watch(folder, RecursiveMode::NonRecursive)?;
        }
        if let Some((outer, _)) = &places.outer
            && let Err(error) = watcher.watch(outer, RecursiveMode::NonRecursive)
        {
            debug!(%error, "the folder around the scripts cannot be watched");
        }
        Ok(watcher)
    }
}

impl Places {
    fn of(root: &Path, folders: &BTreeSet<PathBuf>) -> Self {
        let mut inner = folders.clone();
        inner.extend(root.canonicalize().ok());
        let outer = root.parent().and_then(|outer| outer.canonicalize().ok());
        let outer = outer.filter(|outer| !inner.contains(outer));
        let outer = outer.zip(root.file_name()).map(|(outer, name)| (outer.clone(), outer.join(name)));
        Self { inner, outer }
    }

    /// Around the root many other things may lie.
    fn concern(&self, event: &Event) -> bool {
        let is_foreign = |path: &PathBuf| {
            self.outer.as_ref().is_some_and(|(outer, root)| path.parent() == Some(outer) && path != root)
        };
        event.paths.is_empty() || !event.paths.iter().all(is_foreign)
    }

    fn lose(&self, event: &Event) -> bool {
        let is_gone = matches!(event.kind, EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_)));
        event.need_rescan() || (is_gone && event.paths.iter().any(|path| self.inner.contains(path)))
    }
}

// Our own looks open files; to hear of them would be to look for ever.
fn is_about_reading(kind: EventKind) -> bool {
    matches!(kind, EventKind::Access(access) if access != AccessKind::Close(AccessMode::Write))
}
