//! Opens the file: creates it, looks at its version, sets a connection up.

use std::cell::Cell;
use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags, OptionalExtension};

use super::error;
use crate::{Durability, Error, Result, migrate};

const PREPARED_STATEMENTS: usize = 256;
/// Twice SQLite's own: most of what is kept is recordings of tens of kilobytes, and each page is written by itself.
const PAGE_BYTES: i64 = 8_192;
const BUSY_POLL: Duration = Duration::from_micros(500);
const BUSY_POLLS: i32 = 18_000;
/// Steps of SQLite's machine between two looks at the clock: a fraction of a millisecond.
const STEPS: i32 = 10_000;

/// Creates the file, only readable by its owner, and the directories above it, where they are missing.
pub(crate) fn create(path: &Path) -> Result<()> {
    if path.exists() {
        return Ok(());
    }
    if let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)
            .map_err(|error| file_error(&error, directory))?;
    }
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => Ok(()),
        // Another process was faster.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(file_error(&error, path)),
    }
}

/// Sorts what the file system says.
pub(crate) fn file_error(error: &io::Error, path: &Path) -> Error {
    let place = path.display();
    match error.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Error::ReadOnly(place.to_string()),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Error::Full(place.to_string()),
        _ => Error::unavailable(format!("`{place}`: {error}")),
    }
}

/// Refuses a database of a newer version without leaving a trace beside it.
pub(crate) fn refuse_newer(path: &Path) -> Result<()> {
    // Without a log beside it the file is complete and nobody has it open; `immutable` then keeps SQLite
    // from creating one. What cannot be read here is reported by the real opening.
    let immutable = !beside(path, "-wal").exists() && !beside(path, "-journal").exists();
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let Some(uri) = uri(path, immutable) else {
        return Ok(());
    };
    let Ok(connection) = Connection::open_with_flags(uri, flags) else {
        return Ok(());
    };
    let newest = connection
        .query_row("SELECT MAX(version) FROM schema_migration", [], |row| row.get::<_, Option<i64>>(0))
        .optional();
    match newest {
        Ok(Some(Some(found))) => migrate::refuse_newer_than(found, migrate::MIGRATIONS),
        _ => Ok(()),
    }
}

/// Opens the one connection that writes.
pub(crate) fn writer(path: &Path, durability: Durability) -> Result<Connection> {
    let connection = open(path)?;
    let map = |error: rusqlite::Error| error::map(&error, path);
    if connection.is_readonly(rusqlite::MAIN_DB).map_err(map)? {
        return Err(Error::ReadOnly(path.display().to_string()));
    }
    // A file that has pages keeps their size.
    connection.pragma_update(None, "page_size", PAGE_BYTES).map_err(map)?;
    // What a statement notes for its own undoing is given up with it, and no file need be made for that.
    connection.pragma_update(None, "temp_store", "MEMORY").map_err(map)?;
    use_log(&connection).map_err(|error| explain(&error, path))?;
    let synchronous = match durability {
        Durability::Full => "FULL",
        Durability::Normal => "NORMAL",
    };
    connection.pragma_update(None, "synchronous", synchronous).map_err(map)?;
    connection.pragma_update(None, "journal_size_limit", 64 << 20).map_err(map)?;
    // Takes the place of SQLite's own checkpoints, which would delay the answer to the commit that they follow.
    connection.wal_hook(Some(|_, frames| {
        FRAMES_IN_LOG.set(frames);
        Ok(())
    }));
    Ok(connection)
}

/// Opens a connection that only reads.
pub(crate) fn reader(path: &Path) -> Result<Connection> {
    let connection = open(path)?;
    connection.pragma_update(None, "query_only", true).map_err(|error| error::map(&error, path))?;
    Ok(connection)
}

fn open(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(|error| explain(&error, path))?;
    let map = |error: rusqlite::Error| error::map(&error, path);
    connection.busy_handler(Some(wait_for_lock)).map_err(map)?;
    connection.progress_handler(STEPS, Some(is_overdue)).map_err(map)?;
    connection.set_prepared_statement_cache_capacity(PREPARED_STATEMENTS);
    connection.pragma_update(None, "foreign_keys", true).map_err(map)?;
    connection.pragma_update(None, "trusted_schema", false).map_err(map)?;
    Ok(connection)
}

// SQLite calls its hooks on the thread that runs the statement, and they carry nothing of their own.
thread_local! {
    static FRAMES_IN_LOG: Cell<i32> = const { Cell::new(0) };
    static IS_IMPATIENT: Cell<bool> = const { Cell::new(false) };
    static UNTIL: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// How long the log was after the last commit of this thread.
pub(crate) fn frames_in_log() -> i32 {
    FRAMES_IN_LOG.get()
}

/// Runs statements that fail at once where another process holds the lock.
pub(crate) fn impatiently<T>(statements: impl FnOnce() -> T) -> T {
    IS_IMPATIENT.set(true);
    let answer = statements();
    IS_IMPATIENT.set(false);
    answer
}

/// Runs a statement, which is ended where it takes longer.
pub(crate) fn within<T>(limit: Option<Duration>, statement: impl FnOnce() -> T) -> T {
    let former = UNTIL.replace(limit.map(|limit| Instant::now() + limit));
    let answer = statement();
    UNTIL.set(former);
    answer
}

fn is_overdue() -> bool {
    UNTIL.get().is_some_and(|until| Instant::now() >= until)
}

/// SQLite's own back-off sleeps up to 100 ms and starves beside a busy process; this one polls.
#[expect(clippy::disallowed_methods, reason = "SQLite tells nobody when a lock is free")]
fn wait_for_lock(polls: i32) -> bool {
    if IS_IMPATIENT.get() {
        return false;
    }
    std::thread::sleep(BUSY_POLL);
    polls < BUSY_POLLS
}

/// Switches to the write-ahead log. SQLite does not call the busy handler for this switch.
fn use_log(connection: &Connection) -> rusqlite::Result<()> {
    let mut polls = 0;
    loop {
        let mode = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get::<_, String>(0));
        match mode {
            Err(error) if is_busy(&error) && wait_for_lock(polls) => polls += 1,
            mode => return mode.map(drop),
        }
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy)
}

/// SQLite says "unable to open" where the directory takes no new files.
fn explain(error: &rusqlite::Error, path: &Path) -> Error {
    let directory = path.parent().unwrap_or(Path::new("/"));
    let cannot_open = error.sqlite_error_code() == Some(rusqlite::ErrorCode::CannotOpen);
    if cannot_open && rustix::fs::access(directory, rustix::fs::Access::WRITE_OK).is_err() {
        return Error::ReadOnly(path.display().to_string());
    }
    error::map(error, path)
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn uri(path: &Path, immutable: bool) -> Option<String> {
    let path = path.to_str()?.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let immutable = if immutable { "?immutable=1" } else { "" };
    Some(format!("file:{path}{immutable}"))
}
