//! SQLite files for tests.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use tempfile::TempDir;

use crate::watcher::Watcher;

/// The URL of a SQLite file that does not exist yet; its directory is removed when the process ends.
///
/// # Panics
///
/// Where there is no temporary directory.
#[must_use]
pub fn sqlite_url() -> String {
    static DIRECTORY: OnceLock<(String, Watcher)> = OnceLock::new();
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let (directory, _) = DIRECTORY
        .get_or_init(|| directory().unwrap_or_else(|error| panic!("no temporary directory: {error}")));
    format!("sqlite:{directory}/{}.db", NEXT.fetch_add(1, Ordering::Relaxed))
}

fn directory() -> std::io::Result<(String, Watcher)> {
    let path = TempDir::with_prefix("paceline-test-")?.keep().display().to_string();
    let watcher = Watcher::start("rm -rf \"$1\"", &[&path])?;
    Ok((path, watcher))
}
