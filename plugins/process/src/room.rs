//! A folder for one program, gone with it.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::Serialize;
use tempfile::TempDir;

use crate::trouble::Trouble;

/// Where a program works; nobody but us may look into it.
pub(crate) struct Room(TempDir);

impl Room {
    pub(crate) fn new() -> Result<Self, Trouble> {
        tempfile::Builder::new().prefix("paceline-").tempdir().map(Self).map_err(Trouble::NoRoom)
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file that the program is to read.
    pub(crate) fn put(&self, name: &str, value: &impl Serialize) -> Result<PathBuf, Trouble> {
        let path = self.path().join(name);
        let write = || {
            let mut file =
                OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path)?;
            serde_json::to_writer(&mut file, value)?;
            file.flush()
        };
        write().map_err(Trouble::NoRoom)?;
        Ok(path)
    }
}
