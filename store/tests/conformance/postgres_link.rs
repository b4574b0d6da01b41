//! What only a server can do: end a connection, ask for a retry, leave a commit in doubt.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use store::{Error, Sql, Store, params};
use support::proxy::{Link, Proxy};
use tokio::net::TcpListener;

use crate::{COUNT, CREATE, INSERT, count, insert, number, open, run};

const END_MYSELF: Sql = Sql::Both("SELECT pg_terminate_backend(pg_backend_pid())");
const END_OTHERS: Sql = Sql::Both(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()",
);

/// How long a link stays broken where nothing comes through.
const BROKEN: Duration = Duration::from_millis(300);
/// How long the pool may take to find working connections.
const RECOVERY: Duration = Duration::from_secs(5);

async fn table(url: &str) -> Store {
    let store = open(url).await;
    run(&store, &CREATE).await.unwrap();
    store
}

#[tokio::test]
async fn closure_runs_again_after_its_connection_ended() {
    let store = table(&support::postgres_url()).await;
    let mut first = true;
    let write = move |tx: &mut store::Tx<'_>| {
        tx.execute(&INSERT, &params![1, "x"])?;
        if std::mem::take(&mut first) {
            tx.optional(&END_MYSELF, &[], |_| Ok(()))?;
        }
        Ok(())
    };
    store.write(write).await.unwrap();
    assert_eq!(count(&store).await, 1);
}

#[tokio::test]
async fn closure_that_hides_the_lost_connection_runs_again_too() {
    #[derive(Debug, thiserror::Error)]
    #[error("could not write: {0}")]
    struct Wrapped(Error);
    let store = table(&support::postgres_url()).await;
    let mut first = true;
    let write = move |tx: &mut store::Tx<'_>| {
        if std::mem::take(&mut first) {
            tx.optional(&END_MYSELF, &[], |_| Ok(())).map_err(|error| Error::abort(Wrapped(error)))?;
        }
        tx.execute(&INSERT, &params![1, "x"])
    };
    store.write(write).await.unwrap();
    assert_eq!(count(&store).await, 1);
}

#[tokio::test]
async fn idle_connections_that_ended_are_replaced() {
    let url = support::postgres_url();
    let store = table(&url).await;
    let other = open(&url).await;
    other.write(|tx| tx.query(&END_OTHERS, &[], |_| Ok(()))).await.unwrap();
    insert(&store, 1).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn closure_runs_again_when_its_snapshot_is_old() {
    const RENAME: Sql = Sql::Both("UPDATE thing SET name = name || 'y'");
    let store = table(&support::postgres_url()).await;
    insert(&store, 1).await.unwrap();
    let runs = Arc::new(AtomicU32::new(0));
    let (counter, other) = (Arc::clone(&runs), store.clone());
    let handle = tokio::runtime::Handle::current();
    let write = move |tx: &mut store::Tx<'_>| {
        number(tx, &COUNT)?;
        if counter.fetch_add(1, Ordering::Relaxed) == 0 {
            handle.block_on(run(&other, &RENAME))?;
        }
        tx.execute(&RENAME, &[])
    };
    store.write(write).await.unwrap();
    assert_eq!(runs.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn stopped_transaction_is_ended_by_the_server() {
    const LIMIT: Sql =
        Sql::Both("SELECT setting FROM pg_settings WHERE name = 'idle_in_transaction_session_timeout'");
    let store = open(&support::postgres_url()).await;
    let limit = |tx: &mut store::Tx<'_>| tx.optional(&LIMIT, &[], |row| row.get::<String>(0));
    assert_eq!(store.read(limit).await.unwrap().as_deref(), Some("5000"));
    // Who reads slowly has longer, and nobody else after that.
    assert_eq!(store.read_slowly(limit).await.unwrap().as_deref(), Some("600000"));
    assert_eq!(store.read(limit).await.unwrap().as_deref(), Some("5000"));
}

#[tokio::test]
async fn slow_statement_is_ended_by_the_server() {
    const LIMIT: Sql = Sql::Both("SELECT setting FROM pg_settings WHERE name = 'statement_timeout'");
    let store = open(&support::postgres_url()).await;
    let limit = store.read(|tx| tx.optional(&LIMIT, &[], |row| row.get::<String>(0))).await;
    assert_eq!(limit.unwrap().as_deref(), Some("30000"));
}

#[tokio::test]
async fn unknown_database_is_a_wrong_setting() {
    let url = support::postgres_url().replace("/test_", "/missing_");
    let refused = Store::open(&url.parse().unwrap()).await.unwrap_err();
    assert_eq!(refused.code(), "store_config");
    assert!(refused.to_string().contains("missing_"), "{refused}");
}

#[tokio::test]
async fn absent_server_is_not_available() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let url = format!("postgres://me@127.0.0.1:{port}/f").parse().unwrap();
    let refused = Store::open(&url).await.unwrap_err();
    assert_eq!(refused.code(), "storage_unavailable");
}

#[tokio::test(flavor = "multi_thread")]
async fn commit_without_an_answer_is_reported_and_not_repeated() {
    let url = support::postgres_url();
    let direct = table(&url).await;
    let proxy = Proxy::start(&url).await.unwrap();
    let store = open(&proxy.url).await;
    proxy.set(Link::SwallowCommits);
    let runs = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&runs);
    let write = move |tx: &mut store::Tx<'_>| {
        counter.fetch_add(1, Ordering::Relaxed);
        tx.execute(&INSERT, &params![1, "x"])
    };
    let doubtful = store.write(write).await;
    assert!(matches!(doubtful, Err(Error::Unavailable { maybe_committed: true, .. })), "{doubtful:?}");
    assert_eq!((runs.load(Ordering::Relaxed), count(&direct).await), (1, 1));
    proxy.set(Link::Whole);
    insert(&store, 2).await.unwrap();
}

/// A store with short limits behind a link that goes silent at that word, and the link.
async fn behind(proxy: &Proxy, word: &'static str) -> Store {
    let options = store::Options {
        connections: 1,
        statement_limit: Duration::from_millis(300),
        ..store::Options::STANDARD
    };
    let store = Store::open_with(&proxy.url.parse().unwrap(), options).await.unwrap();
    proxy.set(Link::SilentFrom(word));
    store
}

#[tokio::test(flavor = "multi_thread")]
async fn link_that_goes_silent_is_given_up_at_every_question_and_made_anew() {
    let url = support::postgres_url();
    table(&url).await;
    for word in ["START TRANSACTION", "SELECT COUNT"] {
        let proxy = Proxy::start(&url).await.unwrap();
        let store = behind(&proxy, word).await;
        let given_up = store.read(|tx| number(tx, &COUNT)).await.unwrap_err();
        assert_eq!(given_up.code(), "storage_unavailable", "{word}");
        proxy.set(Link::Whole);
        assert_eq!(count(&store).await, 0, "{word}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn link_that_goes_silent_while_it_is_made_is_given_up() {
    let url = support::postgres_url();
    table(&url).await;
    let proxy = Proxy::start(&url).await.unwrap();
    let store = behind(&proxy, "idle_in_transaction").await;
    // The pool's one connection goes, so that the next transaction makes another.
    open(&url).await.write(|tx| tx.query(&END_OTHERS, &[], |_| Ok(()))).await.unwrap();
    let given_up = store.read(|tx| number(tx, &COUNT)).await.unwrap_err();
    assert_eq!(given_up.code(), "storage_unavailable");
    proxy.set(Link::Whole);
    assert_eq!(count(&store).await, 0);
}

/// Writes so many rows one by one, whatever comes in between.
async fn write_through(store: Store, rows: i64) {
    for id in 0..rows {
        // A commit in doubt is looked at before it is written again.
        while let Err(error) = insert(&store, id).await {
            if matches!(error, Error::Conflict(_)) {
                break;
            }
            assert!(matches!(error, Error::Unavailable { .. }), "{error}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_survive_crashes_of_the_server() {
    let mut cluster = support::postgres::Cluster::start().unwrap();
    let store = table(cluster.admin_url()).await;
    let writes = tokio::spawn(write_through(store.clone(), 400));
    for _ in 0..3 {
        tokio::task::block_in_place(|| cluster.crash_and_restart()).unwrap();
    }
    writes.await.unwrap();
    assert_eq!(count(&store).await, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_survive_each_way_in_which_a_link_breaks_and_go_on_within_five_seconds() {
    const RENAME: Sql = Sql::Both("UPDATE thing SET name = 'y' WHERE id = 0");
    let url = support::postgres_url();
    let direct = table(&url).await;
    let proxy = Proxy::start(&url).await.unwrap();
    let store = open(&proxy.url).await;
    let writes = tokio::spawn(write_through(store.clone(), 1_500));
    let mut ways = vec![Link::Reset, Link::SwallowCommits];
    ways.extend([1_000, 2_000, 5_000, 10_000, 20_000].map(Link::CutAfter));
    for way in ways {
        proxy.set(way);
        let before = count(&direct).await;
        let broken = std::time::Instant::now();
        while broken.elapsed() < BROKEN && count(&direct).await < before + 20 {
            tokio::task::yield_now().await;
        }
        proxy.set(Link::Whole);
        let mended = std::time::Instant::now();
        while let Err(error) = run(&store, &RENAME).await {
            assert!(matches!(error, Error::Unavailable { .. }), "{error}");
            assert!(mended.elapsed() < RECOVERY, "after {way:?}: {error}");
        }
        assert!(mended.elapsed() < RECOVERY, "after {way:?} it took {:?}", mended.elapsed());
    }
    writes.await.unwrap();
    assert_eq!(count(&direct).await, 1_500);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_hears_what_is_told_and_goes_on_after_its_link_was_cut() {
    const TELL: Sql = Sql::Both("SELECT pg_notify('thing', '')");
    let store = open(&support::postgres_url()).await;
    let (sender, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let listening = store.clone();
    let listener = tokio::spawn(async move {
        listening.listen("thing", Arc::new(move || sender.send(()).unwrap_or_default())).await;
    });
    heard.recv().await.unwrap();
    store.write(|tx| tx.query(&TELL, &[], |_| Ok(()))).await.unwrap();
    heard.recv().await.unwrap();
    store.write(|tx| tx.query(&END_OTHERS, &[], |_| Ok(()))).await.unwrap();
    // It listens again, and says so because it may have missed something.
    heard.recv().await.unwrap();
    store.write(|tx| tx.query(&TELL, &[], |_| Ok(()))).await.unwrap();
    heard.recv().await.unwrap();
    listener.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_aside_answer_while_the_pool_is_exhausted() {
    const SETTING: Sql = Sql::Both("SELECT setting FROM pg_settings WHERE name = 'synchronous_commit'");
    let options = store::Options { connections: 1, ..store::Options::STANDARD };
    let store = Store::open_with(&support::postgres_url().parse().unwrap(), options).await.unwrap();
    let aside = store.aside().unwrap();
    let handle = tokio::runtime::Handle::current();
    let setting = store.read(move |_| {
        handle.block_on(aside.read(|tx| tx.optional(&SETTING, &[], |row| row.get::<String>(0))))
    });
    assert_eq!(setting.await.unwrap().as_deref(), Some("off"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_latest_write_sees_what_others_committed_since_it_began_and_runs_once() {
    const RENAME: Sql = Sql::Both("UPDATE thing SET name = name || 'y'");
    let store = table(&support::postgres_url()).await;
    insert(&store, 1).await.unwrap();
    let runs = Arc::new(AtomicU32::new(0));
    let (counter, other) = (Arc::clone(&runs), store.clone());
    let handle = tokio::runtime::Handle::current();
    let write = move |tx: &mut store::Tx<'_>| {
        number(tx, &COUNT)?;
        counter.fetch_add(1, Ordering::Relaxed);
        handle.block_on(run(&other, &RENAME))?;
        tx.execute(&RENAME, &[])
    };
    assert_eq!(store.write_latest(write).await.unwrap(), 1);
    assert_eq!(runs.load(Ordering::Relaxed), 1);
}
