//! A folder for one program, gone with it.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::time::Duration;

use serde::Serialize;
use tempfile::TempDir;
use tracing::warn;

use crate::trouble::Trouble;

const PREFIX: &str = "paceline-program-";
/// Younger ones are left alone: whoever makes one locks it a moment later.
const YOUNG: Duration = Duration::from_secs(60);

/// Where a program works; nobody but us may look into it.
pub(crate) struct Room {
    folder: TempDir,
    /// Tells others that it is in use; where we are killed, the lock goes with us.
    _lock: File,
}

impl Room {
    /// Makes one; the first of a process also clears away what killed ones left behind.
    pub(crate) async fn new() -> Result<Self, Trouble> {
        static SWEPT: Once = Once::new();
        apart(|| {
            let folder = tempfile::env::temp_dir();
            SWEPT.call_once(|| sweep(&folder, YOUNG));
            Self::within(&folder).map_err(Trouble::NoRoom)
        })
        .await
    }

    fn within(folder: &Path) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(folder)?;
        let lock = File::open(folder.path())?;
        lock.lock_shared()?;
        Ok(Self { folder, _lock: lock })
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file that the program is to read.
    pub(crate) async fn put(&self, name: &str, value: &impl Serialize) -> Result<PathBuf, Trouble> {
        let path = self.path().join(name);
        let content = serde_json::to_vec(value).map_err(|error| Trouble::NoRoom(error.into()))?;
        apart(move || {
            let mut options = OpenOptions::new();
            let opened = options.write(true).create(true).truncate(true).mode(0o600).open(&path);
            opened.and_then(|mut file| file.write_all(&content)).map_err(Trouble::NoRoom)?;
            Ok(path)
        })
        .await
    }

    /// Takes it away with all that is in it; one that is only dropped goes too, while its thread waits.
    pub(crate) async fn leave(self) {
        let left = apart(move || self.folder.close().map_err(Trouble::NoRoom)).await;
        if let Err(error) = left {
            warn!(%error, "the folder of a program cannot be removed");
        }
    }
}

/// Does what may wait for a disk where nobody else has to wait for it.
pub(crate) async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Trouble> + Send + 'static,
) -> Result<T, Trouble> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(Trouble::NoRoom(io::Error::other(error))))
}

/// Removes rooms of ours that nobody is in. What cannot be removed is left: the next process tries again.
fn sweep(folder: &Path, young: Duration) {
    let us = rustix::process::geteuid().as_raw();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let Ok(about) = entry.metadata() else { continue };
        let is_room = about.is_dir() && entry.file_name().to_string_lossy().starts_with(PREFIX);
        let age = about.modified().ok().and_then(|modified| modified.elapsed().ok()).unwrap_or_default();
        if !is_room || about.uid() != us || age < young {
            continue;
        }
        if File::open(entry.path()).is_ok_and(|room| room.try_lock().is_ok()) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_room_that_nobody_is_in_is_swept() {
        let folder = tempfile::tempdir().unwrap();
        let room = Room::within(folder.path()).unwrap();
        let (left, other) =
            (folder.path().join("paceline-program-left"), folder.path().join("paceline-other"));
        for path in [&left, &other] {
            std::fs::create_dir(path).unwrap();
            std::fs::write(path.join("config.json"), "{}").unwrap();
        }
        sweep(folder.path(), YOUNG);
        assert!(left.exists(), "a young one may be about to be locked");
        sweep(folder.path(), Duration::ZERO);
        assert_eq!((left.exists(), other.exists(), room.path().exists()), (false, true, true));
    }

    #[tokio::test]
    async fn a_room_is_gone_with_all_that_is_in_it() {
        let room = Room::new().await.unwrap();
        let file = room.put("run.json", &1).await.unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "1");
        let path = room.path().to_owned();
        room.leave().await;
        assert!(!path.exists());
    }
}
