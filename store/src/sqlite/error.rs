//! Sorts SQLite's errors.

use std::path::Path;

use rusqlite::ErrorCode;
use rusqlite::ffi;

use crate::Error;

/// Sorts a driver's error by what the caller can do about it; `path` is the database's file.
pub(crate) fn map(error: &rusqlite::Error, path: &Path) -> Error {
    let place = path.display();
    let Some(code) = error.sqlite_error() else {
        return Error::other(error);
    };
    match code.code {
        ErrorCode::ConstraintViolation => Error::Conflict(error.to_string()),
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed => {
            Error::Retry(format!("another process holds `{place}`"))
        }
        ErrorCode::DiskFull => Error::Full(place.to_string()),
        ErrorCode::ReadOnly => Error::ReadOnly(place.to_string()),
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Error::Corrupt(format!("`{place}`: {error}")),
        ErrorCode::SystemIoFailure if is_quota(code.extended_code) => Error::Full(place.to_string()),
        ErrorCode::SystemIoFailure | ErrorCode::CannotOpen | ErrorCode::PermissionDenied => {
            Error::unavailable(format!("`{place}`: {error}"))
        }
        // One that took longer than it may.
        ErrorCode::OperationInterrupted => {
            Error::unavailable(format!("a statement on `{place}` took too long"))
        }
        _ => Error::other(error),
    }
}

// A file size limit (RLIMIT_FSIZE, a quota) fails the write itself instead of reporting a full disk.
fn is_quota(extended: i32) -> bool {
    matches!(extended, ffi::SQLITE_IOERR_WRITE | ffi::SQLITE_IOERR_SHMSIZE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(result_code: i32, code: &str) {
        let failure = rusqlite::Error::SqliteFailure(ffi::Error::new(result_code), None);
        assert_eq!(map(&failure, Path::new("/data/fitness.db")).code(), code);
    }

    #[test]
    fn lock_of_another_process_is_busy() {
        check(ffi::SQLITE_BUSY, "store_busy");
    }

    #[test]
    fn full_disk_is_full() {
        check(ffi::SQLITE_FULL, "storage_full");
    }

    #[test]
    fn file_size_limit_is_full() {
        check(ffi::SQLITE_IOERR_WRITE, "storage_full");
    }

    #[test]
    fn failed_read_is_unavailable() {
        check(ffi::SQLITE_IOERR_READ, "storage_unavailable");
    }

    #[test]
    fn statement_that_took_too_long_is_unavailable() {
        check(ffi::SQLITE_INTERRUPT, "storage_unavailable");
    }

    #[test]
    fn protected_directory_is_read_only() {
        check(ffi::SQLITE_READONLY_DIRECTORY, "storage_read_only");
    }

    #[test]
    fn damage_is_corrupt() {
        check(ffi::SQLITE_CORRUPT, "storage_corrupt");
    }

    #[test]
    fn foreign_format_is_corrupt() {
        check(ffi::SQLITE_NOTADB, "storage_corrupt");
    }
}
