//! What can go wrong, the same for both databases.

use std::fmt::Display;

/// The answer of every verb of the store.
pub type Result<T> = std::result::Result<T, Error>;

/// A failure, sorted by what the caller can do about it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A constraint refused the rows.
    #[error("the rows conflict with what is stored: {0}")]
    Conflict(String),
    /// Others held the database for longer than the store waits; trying later is safe.
    #[error("the database is busy: {0}")]
    Retry(String),
    /// The database cannot be reached, or the link broke.
    #[error("the database is not available: {what}{}", if *maybe_committed { " (the commit may have happened)" } else { "" })]
    Unavailable {
        /// What the driver said.
        what: String,
        /// The link broke during the commit: read before writing again.
        maybe_committed: bool,
    },
    /// There is no space left.
    #[error("there is no space left for `{0}`")]
    Full(String),
    /// The file, its directory or the server accepts no writes.
    #[error("`{0}` is read-only")]
    ReadOnly(String),
    /// The stored bytes are damaged.
    #[error("the database is damaged: {0}")]
    Corrupt(String),
    /// A newer program has migrated this database; it was left untouched.
    #[error("the database belongs to a newer version (found {found}, know {know})")]
    SchemaNewer {
        /// The schema's version in the database.
        found: i64,
        /// The newest version this program knows.
        know: i64,
    },
    /// A released migration differs from the one that was applied.
    #[error("migration {version} was applied with another text than this program has")]
    SchemaChanged {
        /// The migration whose checksum differs.
        version: i64,
    },
    /// The URL or a setting is wrong; never holds a password.
    #[error("{0}")]
    Config(String),
    /// The closure gave up with an error of its own; everything was rolled back.
    #[error("{0}")]
    Aborted(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The closure panicked; everything was rolled back.
    #[error("a transaction panicked: {0}")]
    Panicked(String),
    /// A mistake in a statement, a parameter or a column.
    #[error("{0}")]
    Other(String),
}

impl Error {
    /// Wraps an error of the caller's, so that a closure can roll back with it.
    pub fn abort(error: impl std::error::Error + Send + Sync + 'static) -> Error {
        Error::Aborted(Box::new(error))
    }

    /// The stable name of the failure.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Error::Conflict(_) => "store_conflict",
            Error::Retry(_) => "store_busy",
            Error::Unavailable { .. } => "storage_unavailable",
            Error::Full(_) => "storage_full",
            Error::ReadOnly(_) => "storage_read_only",
            Error::Corrupt(_) => "storage_corrupt",
            Error::SchemaNewer { .. } => "schema_newer",
            Error::SchemaChanged { .. } => "schema_changed",
            Error::Config(_) => "store_config",
            Error::Aborted(_) => "store_aborted",
            Error::Panicked(_) => "store_panicked",
            Error::Other(_) => "store_error",
        }
    }

    /// Gives the closure's own error back, or this error where it is not one of type `E`.
    pub fn downcast_aborted<E: std::error::Error + 'static>(self) -> std::result::Result<E, Error> {
        match self {
            Error::Aborted(inner) => inner.downcast::<E>().map(|error| *error).map_err(Error::Aborted),
            other => Err(other),
        }
    }

    /// Whether the database was only away or busy, so that the same may succeed a little later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Error::Retry(_) | Error::Unavailable { .. })
    }

    /// Whether running the same transaction again may succeed and cannot double anything.
    pub(crate) fn may_run_again(&self) -> bool {
        matches!(self, Error::Retry(_) | Error::Unavailable { maybe_committed: false, .. })
    }

    pub(crate) fn unavailable(what: impl Display) -> Error {
        Error::Unavailable { what: what.to_string(), maybe_committed: false }
    }

    pub(crate) fn other(what: impl Display) -> Error {
        Error::Other(what.to_string())
    }
}

/// Turns what a panic carried into an error.
pub(crate) fn panicked(payload: &(dyn std::any::Any + Send)) -> Error {
    let text = payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned());
    Error::Panicked(text.unwrap_or_else(|| "no message".to_owned()))
}
