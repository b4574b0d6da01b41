//! One SQL surface over SQLite and PostgreSQL.
//!
//! A transaction is a plain closure: nothing can be awaited inside it, it may run again when the database
//! asks for a retry, and nobody hears "done" before the commit.

mod check;
mod error;
#[cfg(debug_assertions)]
pub mod failpoint;
#[cfg(not(debug_assertions))]
mod failpoint;
mod migrate;
mod options;
mod postgres;
mod row;
mod snapshot;
mod sql;
mod sqlite;
mod store;
mod tx;
mod url;
mod value;

pub use check::Finding;
pub use error::{Error, Result};
pub use migrate::{MIGRATIONS, Migrated, Migration, MigrationState, MigrationStatus};
pub use options::{Durability, Options};
pub use postgres::Postgres;
pub use row::Row;
pub use snapshot::{Snapshot, oldest_snapshot};
pub use sql::{Backend, Sql};
pub use sqlite::Sqlite;
pub use store::Store;
pub use tx::{LeaseTime, Tx};
pub use url::Url;
pub use value::{FromValue, Value};
