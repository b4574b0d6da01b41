//! Sorts PostgreSQL's errors; the driver itself displays only `db error`.

use std::error::Error as _;

use deadpool_postgres::PoolError;
use tokio_postgres::error::DbError;

use crate::Error;

/// Sorts a driver's error by what the caller can do about it.
pub(super) fn map(error: &tokio_postgres::Error) -> Error {
    if let Some(answer) = error.as_db_error() {
        return of_answer(answer);
    }
    let what = error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {source}"));
    let is_link = error.is_closed()
        || error.source().is_some_and(<dyn std::error::Error>::is::<std::io::Error>)
        || error.to_string().contains("connecting to server");
    if is_link { Error::unavailable(what) } else { Error::Other(what) }
}

/// Sorts the failure to begin a transaction.
pub(super) fn of_begin(error: &tokio_postgres::Error) -> Error {
    // A standby knows no transactions that write, and says so as of a feature that it lacks.
    if error.code().is_some_and(|state| state.code() == "0A000") {
        return Error::ReadOnly("the server".to_owned());
    }
    map(error)
}

/// Sorts the failure of a commit, after which the rows may be there.
pub(super) fn of_commit(error: &tokio_postgres::Error) -> Error {
    match map(error) {
        Error::Unavailable { what, .. } => Error::Unavailable { what, maybe_committed: true },
        other => other,
    }
}

/// Sorts the failure to get a connection.
pub(super) fn of_pool(failure: &PoolError) -> Error {
    match failure {
        PoolError::Backend(error) => map(error),
        PoolError::PostCreateHook(deadpool_postgres::HookError::Backend(error)) => map(error),
        PoolError::Timeout(deadpool_postgres::TimeoutType::Wait) => {
            Error::Retry("all connections are in use".to_owned())
        }
        other => Error::unavailable(other),
    }
}

fn of_answer(answer: &DbError) -> Error {
    let code = answer.code().code();
    let what = format!("{} ({code})", answer.message());
    match code {
        "40001" | "40P01" | "55P03" => Error::Retry(what),
        "25006" => Error::ReadOnly("the server".to_owned()),
        "53100" => Error::Full(format!("the server: {what}")),
        "28P01" | "28000" | "3D000" => Error::Config(what),
        // A statement that ran out of time, a server that stops, starts or has no connection left.
        "57014" | "25P03" | "40003" | "53300" => Error::unavailable(what),
        _ if code.starts_with("57P") || code.starts_with("08") => Error::unavailable(what),
        _ if code.starts_with("23") => Error::Conflict(what),
        _ if code.starts_with("XX") => Error::Corrupt(what),
        _ => Error::Other(what),
    }
}
