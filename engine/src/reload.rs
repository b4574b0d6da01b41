//! Reads the scripts again when they change, for as long as the program runs.
//!
//! A look at the folder is the truth; what the system tells about changes only says when to look. So nothing is
//! missed on a drive that tells nothing, and a link that leads elsewhere is a change like any other.

mod hints;
mod settling;
#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use self::hints::Hints;
use self::settling::{Look, Settling};
use crate::catalog::Change;
use crate::host::Engine;
use crate::script::{Diagnostic, Folder};

/// How often the folder is looked at although nothing was heard of it.
const POLL: Duration = Duration::from_secs(2);
/// The same where the system tells nothing.
const SEARCH: Duration = Duration::from_secs(1);
/// The same while something in it is being written; also how long a hint waits for those that come with it.
const TICK: Duration = Duration::from_millis(50);

/// A folder of scripts that is watched for an engine.
pub struct Reload {
    engine: Engine,
    root: PathBuf,
    settling: Settling,
    began: Instant,
}

impl Reload {
    /// Watches the folder that holds `pipelines` and `scripts`. It need not be there yet.
    pub fn new(engine: Engine, root: &Path) -> io::Result<Self> {
        let root = std::path::absolute(root)?;
        Ok(Self { engine, root, settling: Settling::default(), began: Instant::now() })
    }

    /// Watches until it is told to stop.
    pub async fn run(mut self, stop: CancellationToken) {
        info!(folder = %self.root.display(), "watching for changes to scripts");
        self.engine.script_errors().iter().for_each(tell_mistake);
        self.engine.script_conflicts().iter().for_each(tell_conflict);
        let mut hints = Hints::new(&self.root);
        loop {
            let pause = tokio::select! {
                pause = self.round(&mut hints) => pause,
                () = stop.cancelled() => return,
            };
            tokio::select! {
                () = hints.told() => {}
                () = tokio::time::sleep(pause) => continue,
                () = stop.cancelled() => return,
            }
            tokio::time::sleep(TICK).await;
        }
    }

    /// Looks once, puts in force what is no longer being written, and answers how long to wait for news.
    async fn round(&mut self, hints: &mut Hints) -> Duration {
        let root = self.root.clone();
        let Some(found) = off_the_workers(move || Folder::read(&root)).await else { return SEARCH };
        hints.renew(found.places());
        match self.settling.look(found, self.began.elapsed()) {
            Look::Same if hints.work() => POLL,
            Look::Same => SEARCH,
            Look::Moving => TICK,
            Look::Settled(folder) => {
                let engine = self.engine.clone();
                let changes = off_the_workers(move || engine.reload(&folder)).await;
                changes.unwrap_or_default().iter().for_each(tell);
                if let Err(error) = self.engine.note_scripts().await {
                    warn!(%error, "the scripts in force could not be kept for the next start");
                }
                TICK
            }
        }
    }
}

/// Does what blocks where it may.
async fn off_the_workers<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.inspect_err(|error| warn!(%error, "the scripts could not be read again")).ok()
}

fn tell(change: &Change) {
    match change {
        Change::Loaded { pipeline, script_hash } => {
            info!(pipeline, script.hash = script_hash, "pipeline loaded; new runs go by it");
        }
        Change::Gone { pipeline } => {
            info!(pipeline, "pipeline gone with its file; runs that were enqueued before go on");
        }
        Change::ScriptLoaded { path } => info!(path, "script loaded; it is asked from now on"),
        Change::ScriptGone { path } => info!(path, "script gone with its file"),
        Change::Mended { path } => info!(path, "script in order again"),
        Change::Broken(mistake) => tell_mistake(mistake),
        Change::Conflict(conflict) => tell_conflict(conflict),
    }
}

fn tell_mistake(mistake: &Diagnostic) {
    let Diagnostic { code, path, line, column, message, .. } = mistake;
    warn!(code, path, line, column, message, "script broken; what was last in order stays in force");
}

fn tell_conflict(conflict: &Diagnostic) {
    let Diagnostic { code, path, line, column, message, .. } = conflict;
    warn!(code, path, line, column, message, "script in the way of another; it is asked all the same");
}
