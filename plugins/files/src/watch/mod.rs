//! Imports what is dropped into a folder, for as long as the program runs.
//!
//! A look at the folder is the truth; what the system tells about changes only says when to look. A file is taken
//! once nobody has written to it for a moment and it is whole, what arrives together is one run, and what is refused
//! goes to `refused/` with the reason beside it.

mod aside;
mod hints;
mod listing;
mod waiting;
mod whole;

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use engine::run::{Cause, RunState};
use engine::{Engine, EnqueueError, Request};
use fitness::records::import_file::{self, ImportFile, Outcome};
use fitness::records::source_file;
use serde_json::json;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use self::hints::Hints;
use self::listing::Item;
use self::waiting::Waiting;
use crate::prepare::DECODER;

const PIPELINE: &str = "import";
/// How often the folder is looked at although nothing was heard of it.
const POLL: Duration = Duration::from_secs(30);
/// The same while something in it is not whole yet.
const TICK: Duration = Duration::from_millis(250);
/// The same while it is not there, or where the system tells nothing.
const SEARCH: Duration = Duration::from_secs(1);
/// Until a run is tried again after one that failed; doubled with each failure, an hour at most.
const RETRY: Duration = Duration::from_secs(30);
const RETRY_MOST: Duration = Duration::from_secs(3600);
/// What one run is asked to read.
const RUN_FILES: usize = 1000;

/// A folder that is watched for one athlete.
pub struct Watch {
    engine: Engine,
    folder: PathBuf,
    athlete: String,
    waiting: Waiting,
    began: Instant,
    failures: u32,
    /// No run is enqueued before.
    rests_until: Option<Instant>,
    is_missing: bool,
}

/// A run that is over, and what became of its files.
struct Carried {
    run: String,
    state: RunState,
    files: Vec<ImportFile>,
}

impl Watch {
    /// Fails where the folder is not there or cannot be listed.
    pub fn new(engine: Engine, folder: &Path, athlete: &str) -> io::Result<Self> {
        let folder = folder.canonicalize()?;
        std::fs::read_dir(&folder)?;
        Ok(Self {
            engine,
            folder,
            athlete: athlete.to_owned(),
            waiting: Waiting::default(),
            began: Instant::now(),
            failures: 0,
            rests_until: None,
            is_missing: false,
        })
    }

    /// Watches until it is told to stop; a folder that goes away is waited for.
    pub async fn run(mut self, stop: CancellationToken) {
        info!(folder = %self.folder.display(), "watching for files to import");
        let mut hints = Hints::new(&self.folder);
        loop {
            let pause = tokio::select! {
                pause = self.round(&mut hints) => pause,
                () = stop.cancelled() => return,
            };
            tokio::select! {
                () = hints.told() => {}
                () = tokio::time::sleep(pause) => {}
                () = stop.cancelled() => return,
            }
        }
    }

    /// Looks once, imports what is ready, and answers how long to wait for news.
    async fn round(&mut self, hints: &mut Hints) -> Duration {
        let found = match self.look().await {
            Ok(found) => found,
            Err(error) => {
                if !std::mem::replace(&mut self.is_missing, true) {
                    warn!(folder = %self.folder.display(), %error, "the watched folder cannot be read; waiting for it");
                }
                hints.lose();
                return SEARCH;
            }
        };
        if std::mem::replace(&mut self.is_missing, false) {
            info!(folder = %self.folder.display(), "the watched folder is there again");
        }
        hints.renew();
        let rests = self.rests_until.is_some_and(|until| Instant::now() < until);
        if !found.ready.is_empty() && !rests {
            self.import(found.ready).await;
            return TICK;
        }
        match (found.waits && !rests, hints.work()) {
            (true, _) => TICK,
            (false, true) => POLL,
            (false, false) => SEARCH,
        }
    }

    async fn look(&mut self) -> io::Result<waiting::Found> {
        let (folder, mut waiting) = (self.folder.clone(), std::mem::take(&mut self.waiting));
        let now = self.began.elapsed();
        let looked = tokio::task::spawn_blocking(move || {
            let items = listing::list(&folder);
            let found = items.map(|items| waiting.look(items, now, whole::is_whole));
            (waiting, found)
        });
        let (waiting, found) = looked.await.map_err(io::Error::other)?;
        self.waiting = waiting;
        found
    }

    async fn import(&mut self, mut ready: Vec<Item>) {
        ready.truncate(RUN_FILES);
        let ready = self.unknown(ready).await;
        let (named, nameless): (Vec<_>, Vec<_>) =
            ready.into_iter().partition(|item| item.path.to_str().is_some());
        for item in nameless {
            self.set_aside(&item, "file_unreadable", "its name is not UTF-8: rename it, and it is read", "")
                .await;
        }
        if named.is_empty() {
            return;
        }
        match self.carry_out(&named).await {
            Ok(carried) => self.settle(named, &carried).await,
            Err(error) => {
                warn!(%error, files = named.len(), "the files of the watched folder cannot be imported now");
                self.rest();
            }
        }
    }

    /// Leaves out what was read as it is now, perhaps by another process.
    async fn unknown(&mut self, ready: Vec<Item>) -> Vec<Item> {
        let paths: Vec<String> =
            ready.iter().filter_map(|item| item.path.to_str().map(str::to_owned)).collect();
        let athlete = self.athlete.clone();
        let read = self.engine.store().read(move |tx| source_file::at(tx, &athlete, &paths)).await;
        let known: HashMap<String, source_file::SourceFile> =
            read.unwrap_or_default().into_iter().map(|file| (file.path.clone(), file)).collect();
        let is_known = |item: &Item| {
            let file = item.path.to_str().and_then(|path| known.get(path));
            file.is_some_and(|file| {
                file.bytes == item.stamp.bytes
                    && file.modified_ns == item.stamp.modified_ns
                    && file.decoder == DECODER
            })
        };
        let (known, unknown): (Vec<_>, Vec<_>) = ready.into_iter().partition(is_known);
        known.iter().for_each(|item| self.waiting.settle(item));
        unknown
    }

    async fn carry_out(&self, items: &[Item]) -> Result<Carried, EnqueueError> {
        let paths: Vec<_> = items.iter().filter_map(|item| item.path.to_str()).collect();
        let request = Request {
            pipeline: PIPELINE.to_owned(),
            partition: self.athlete.clone(),
            params: json!({ "paths": paths }),
            cause: Cause::Watch,
            // Another import's run does not stand for these files.
            force: true,
            fresh: false,
            key: None,
            request_id: None,
        };
        let run = self.engine.enqueue(request).await?.run;
        info!(run.id = run, files = items.len(), "importing what was put into the watched folder");
        let ended = self.engine.ended(&run).await?;
        let state = ended.map_or(RunState::Cancelled, |run| run.state);
        let id = run.clone();
        let files = self.engine.store().read(move |tx| import_file::list(tx, &id)).await?;
        Ok(Carried { run, state, files })
    }

    /// Sets aside what was refused, and tries again what the run did not come to.
    async fn settle(&mut self, items: Vec<Item>, carried: &Carried) {
        let Carried { run, state, files } = carried;
        let outcomes: HashMap<&str, &ImportFile> =
            files.iter().map(|file| (file.path.as_str(), file)).collect();
        let succeeded = *state == RunState::Succeeded;
        let mut left = 0;
        for item in items {
            let path = item.path.to_string_lossy().into_owned();
            match outcomes.get(path.as_str()) {
                Some(file) if file.outcome == Outcome::Refused => {
                    let code = file.code.as_deref().unwrap_or("file_refused");
                    let reason = file.reason.as_deref().unwrap_or_default();
                    self.set_aside(&item, code, reason, run).await;
                }
                None if !succeeded => left += 1,
                _ => self.waiting.settle(&item),
            }
        }
        if left > 0 {
            warn!(
                run.id = run,
                state = state.as_str(),
                files = left,
                "an import of the watched folder did not end well"
            );
            self.rest();
        } else {
            self.failures = 0;
            self.rests_until = None;
        }
    }

    fn rest(&mut self) {
        let pause = RETRY.saturating_mul(1 << self.failures.min(7)).min(RETRY_MOST);
        self.failures += 1;
        self.rests_until = Some(Instant::now() + pause);
    }

    async fn set_aside(&mut self, item: &Item, code: &str, reason: &str, run: &str) {
        self.waiting.settle(item);
        let (folder, moving) = (self.folder.clone(), item.clone());
        let note = aside::note(code, reason, run);
        let moved = tokio::task::spawn_blocking(move || aside::set_aside(&folder, &moving, &note)).await;
        let file = item.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match moved.map_err(io::Error::other).flatten() {
            Ok(true) => warn!(
                run.id = run,
                file, code, reason, "a file of the watched folder was refused and set aside"
            ),
            Ok(false) => {}
            Err(error) => warn!(run.id = run, file, code, %error, "a refused file cannot be set aside"),
        }
    }
}
