//! Databases for tests: each test gets its own, and nothing is left behind.

#![expect(clippy::panic, reason = "a test that finds no database must fail, not skip")]

pub mod memory;
pub mod postgres;
pub mod proxy;
mod sqlite;
mod watcher;

use std::sync::OnceLock;

pub use sqlite::sqlite_url;

use postgres::Cluster;

/// The URL of a fresh, empty PostgreSQL database, dropped when the process ends.
///
/// It lives under `FITNESS_TEST_DB_URL` if that is set, else in a throw-away cluster of this process.
///
/// # Panics
///
/// Where no PostgreSQL can be started: a missing PostgreSQL must not pass for a success.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "a run of all tests starts one cluster for all processes")]
pub fn postgres_url() -> String {
    let fresh = match std::env::var("FITNESS_TEST_DB_URL") {
        Ok(url) => postgres::fresh_database(&url),
        Err(_) => postgres::fresh_database(own_cluster().admin_url()),
    };
    fresh.unwrap_or_else(|error| panic!("cannot make a test database: {error:#}"))
}

/// The URLs of two fresh, empty databases, one of each kind, for suites that run on both.
#[must_use]
pub fn databases() -> [String; 2] {
    [sqlite_url(), postgres_url()]
}

fn own_cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(|| {
        Cluster::start().unwrap_or_else(|error| panic!("cannot start PostgreSQL for tests: {error:#}"))
    })
}
