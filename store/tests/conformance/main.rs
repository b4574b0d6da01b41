//! One suite for both databases: what holds on one must hold on the other.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails by panicking and tells where")]

mod errors;
mod migrations;
mod postgres_link;
mod sqlite_file;
mod transactions;
mod urls;
mod values;

use store::{Result, Sql, Store, Tx, Value};

extern crate paceline_store as store;

const CREATE: Sql = Sql::Per {
    // The columns of every kind; only the order of text differs in how it is asked for.
    sqlite: "CREATE TABLE thing (id BIGINT NOT NULL PRIMARY KEY, name TEXT, weight DOUBLE PRECISION,
        done BOOLEAN, content BYTEA)",
    postgres: "CREATE TABLE thing (id BIGINT NOT NULL PRIMARY KEY, name TEXT COLLATE \"C\",
        weight DOUBLE PRECISION, done BOOLEAN, content BYTEA)",
};
const INSERT: Sql = Sql::Both("INSERT INTO thing (id, name) VALUES ($1, $2)");
const COUNT: Sql = Sql::Both("SELECT COUNT(*) FROM thing");

/// Runs a check on a fresh store of each kind, with a table `thing`.
async fn on_both(check: impl AsyncFn(Store)) {
    for url in support::databases() {
        let store = open(&url).await;
        println!("on {:?}", store.backend());
        run(&store, &CREATE).await.unwrap();
        check(store).await;
    }
}

async fn open(url: &str) -> Store {
    Store::open(&url.parse().unwrap()).await.unwrap()
}

/// Runs one statement without parameters in a transaction of its own.
async fn run(store: &Store, sql: &'static Sql) -> Result<u64> {
    store.write(|tx| tx.execute(sql, &[])).await
}

async fn insert(store: &Store, id: i64) -> Result<u64> {
    store.write(move |tx| tx.execute(&INSERT, &[Value::Int(id), Value::Text("x")])).await
}

async fn count(store: &Store) -> i64 {
    store.read(|tx| number(tx, &COUNT)).await.unwrap()
}

fn number(tx: &mut Tx<'_>, sql: &Sql) -> Result<i64> {
    Ok(tx.optional(sql, &[], |row| row.get(0))?.unwrap_or(-1))
}
