//! Starts the pipelines that want what is dropped into a folder, for as long as the program runs.
//!
//! A look at the folder is the truth; what the system tells about changes only says when to look. A file is taken
//! once nobody has written to it for a moment and it is whole, what arrives together is one run, and what is refused
//! goes to `refused/` with the reason beside it. So does what no pipeline wants.

mod aside;
mod handing;
mod hints;
mod listing;
mod waiting;
mod whole;

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use engine::Engine;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use self::handing::Handing;
use self::hints::Hints;
use self::listing::Item;
use self::waiting::Waiting;

/// How often the folder is looked at although nothing was heard of it.
const POLL: Duration = Duration::from_secs(30);
/// The same while something in it is not whole yet.
const TICK: Duration = Duration::from_millis(250);
/// The same while it is not there, or where the system tells nothing.
const SEARCH: Duration = Duration::from_secs(1);

/// A folder that is watched for one athlete.
pub struct Watch {
    engine: Engine,
    folder: PathBuf,
    athlete: String,
    waiting: Waiting,
    handing: Handing,
    began: Instant,
    is_missing: bool,
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
            handing: Handing::default(),
            began: Instant::now(),
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

    /// Looks once, hands out what is ready, and answers how long to wait for news.
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
        if !found.ready.is_empty() {
            // What is ready and stays waits for a pipeline that is paused, or for one that failed.
            return if self.hand_out(found.ready).await { TICK } else { SEARCH };
        }
        match (found.waits, hints.work()) {
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
