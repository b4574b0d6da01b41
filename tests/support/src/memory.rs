//! A folder in memory for temporary files: thousands of databases that are thrown away need no disk, and half of the
//! time of all tests went into files of it.

use std::fs::{Permissions, set_permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::statvfs;
use tempfile::TempDir;

use crate::watcher::Watcher;

const SYSTEM: &str = "/dev/shm";
/// What several tests keep at once, and what a server of theirs has written before it begins anew.
const ROOM: u64 = 6 << 30;

/// A folder in memory, which goes with this value or with the process.
pub struct Memory {
    folder: PathBuf,
    watcher: Watcher,
}

impl Memory {
    /// Makes one; nothing where the system has too little memory for it.
    pub fn folder() -> io::Result<Option<Self>> {
        let has_room = statvfs(SYSTEM).is_ok_and(|disk| disk.f_bavail.saturating_mul(disk.f_frsize) >= ROOM);
        if !has_room {
            return Ok(None);
        }
        let folder = TempDir::with_prefix_in("paceline-tests-", SYSTEM)?.keep();
        // The account that PostgreSQL runs as goes through it.
        set_permissions(&folder, Permissions::from_mode(0o755))?;
        let watcher = Watcher::start(r#"rm -rf "$1""#, &[&folder.display().to_string()])?;
        Ok(Some(Self { folder, watcher }))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.watcher.run_now();
    }
}

#[test]
fn a_folder_in_memory_goes_with_its_value() {
    // Where the system has too little of it, there is none.
    let Some(memory) = Memory::folder().unwrap() else { return };
    let folder = memory.path().to_owned();
    std::fs::write(folder.join("a"), "a").unwrap();
    drop(memory);
    assert!(!folder.exists());
}
