//! A lock on a file, for those who run other tools beside the workers: nothing is at work without it.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use tracing::{info, warn};

/// Open while this worker holds the lock, or where none is asked for.
#[derive(Default)]
pub(super) struct Gate {
    path: Option<PathBuf>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    held: Option<File>,
    /// Whether it was told that the lock is not to be had.
    is_told: bool,
}

impl Gate {
    pub(super) fn new(path: Option<&Path>) -> Self {
        Self { path: path.map(Path::to_owned), state: Mutex::default() }
    }

    /// Takes the lock, unless it is held already. Answers false where somebody else has it.
    pub(super) fn enter(&self) -> bool {
        let Some(path) = &self.path else { return true };
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.held.is_some() {
            return true;
        }
        match lock(path) {
            Ok(file) => {
                if std::mem::take(&mut state.is_told) {
                    info!(lock = %path.display(), "the lock is free; work goes on");
                }
                state.held = Some(file);
            }
            Err(why) if !state.is_told => {
                state.is_told = true;
                warn!(lock = %path.display(), why, "no run is begun without the lock; it is tried again at each poll");
            }
            Err(_) => {}
        }
        state.held.is_some()
    }

    /// Gives the lock back, when nothing is at work.
    pub(super) fn leave(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).held = None;
    }
}

/// The lock goes with the file that is answered, also when the process is killed.
fn lock(path: &Path) -> Result<File, String> {
    let file = OpenOptions::new().create(true).append(true).open(path).map_err(|error| error.to_string())?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err("another process holds it".to_owned()),
        Err(TryLockError::Error(error)) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::Value;
    use tokio::time::timeout;
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::run::{Cause, RunState};
    use crate::stage::Stage;
    use crate::worker::{Settings, Worker};

    const WELL: &str = "//! Succeeds.\npipeline(\"well\", #{});\ntest::play([], #{}).named(\"a\");\n";

    #[tokio::test(flavor = "multi_thread")]
    async fn no_run_is_begun_while_another_tool_holds_the_lock() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipeline.lock");
        for stage in Stage::each(&[("well", WELL)]).await {
            let other = lock(&path).unwrap();
            let poll = Duration::from_millis(20);
            let settings = Settings { poll, lock: Some(path.clone()), ..Settings::standard() };
            let stop = CancellationToken::new();
            let worker = Worker::new(stage.engine.clone(), settings).unwrap();
            let working = tokio::spawn(worker.run(stop.clone()));
            let run = stage.enqueue("well", Value::Null, Cause::Cli).await;
            let early = timeout(Duration::from_millis(300), stage.engine.ended(&run)).await;
            assert!(early.is_err(), "it ran without the lock");
            drop(other);
            let ended = stage.engine.ended(&run).await.unwrap().unwrap();
            assert_eq!(ended.state, RunState::Succeeded);
            stop.cancel();
            working.await.unwrap();
            assert!(lock(&path).is_ok(), "the lock was not given back");
        }
    }

    #[test]
    fn the_lock_is_one_workers_until_it_leaves() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipeline.lock");
        let (one, other) = (Gate::new(Some(&path)), Gate::new(Some(&path)));
        assert!(one.enter() && one.enter());
        assert!(!other.enter());
        one.leave();
        assert!(other.enter());
    }

    #[test]
    fn without_a_path_the_gate_is_open() {
        assert!(Gate::new(None).enter());
    }

    #[test]
    fn a_lock_that_cannot_be_made_keeps_the_gate_shut() {
        assert!(!Gate::new(Some(Path::new("/nowhere/pipeline.lock"))).enter());
    }
}
