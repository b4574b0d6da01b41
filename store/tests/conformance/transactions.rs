//! What a transaction promises.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use futures_util::future::join_all;
use store::{Error, Options, Sql, Store, Tx, Value, params};

use crate::{COUNT, CREATE, INSERT, count, insert, number, on_both, run};

#[derive(Debug, PartialEq, thiserror::Error)]
#[error("the caller changed its mind")]
struct ChangedMind;

#[tokio::test]
async fn upsert_returns_only_changed_rows() {
    const UPSERT: Sql = Sql::Both(
        "INSERT INTO thing (id, name) VALUES ($1, $2)
        ON CONFLICT (id) DO UPDATE SET name = excluded.name
        WHERE thing.name IS DISTINCT FROM excluded.name RETURNING id",
    );
    on_both(async |store| {
        let changed = store
            .write(|tx| {
                let mut changed = Vec::new();
                for (id, name) in [(1, "a"), (1, "a"), (1, "b"), (2, "a")] {
                    changed.push(tx.optional(&UPSERT, &params![id, name], |row| row.get::<i64>(0))?);
                }
                Ok(changed)
            })
            .await;
        assert_eq!(changed.unwrap(), [Some(1), None, Some(1), Some(2)]);
    })
    .await;
}

#[tokio::test]
async fn execute_counts_the_rows_it_changed() {
    const RENAME: Sql = Sql::Both("UPDATE thing SET name = $1 WHERE id > $2 RETURNING id");
    on_both(async |store| {
        for id in 1..=3 {
            insert(&store, id).await.unwrap();
        }
        let changed = store.write(|tx| tx.execute(&RENAME, &params!["new", 1])).await;
        assert_eq!(changed.unwrap(), 2);
    })
    .await;
}

#[tokio::test]
async fn optional_runs_a_changing_statement_to_its_end() {
    const RENAME: Sql = Sql::Both("UPDATE thing SET name = 'new' RETURNING id");
    const RENAMED: Sql = Sql::Both("SELECT COUNT(*) FROM thing WHERE name = 'new'");
    on_both(async |store| {
        for id in 1..=600 {
            insert(&store, id).await.unwrap();
        }
        store.write(|tx| tx.optional(&RENAME, &[], |_| Ok(()))).await.unwrap();
        assert_eq!(store.read(|tx| number(tx, &RENAMED)).await.unwrap(), 600);
    })
    .await;
}

#[tokio::test]
async fn batch_writes_every_row() {
    on_both(async |store| {
        let changed = store
            .write(|tx| {
                let rows: Vec<_> = (0..1000).map(|id| vec![Value::Int(id), Value::Text("x")]).collect();
                tx.batch(&INSERT, &rows)
            })
            .await;
        assert_eq!((changed.unwrap(), count(&store).await), (1000, 1000));
    })
    .await;
}

#[tokio::test]
async fn batch_keeps_the_order_of_its_rows() {
    const SET: Sql = Sql::Both(
        "INSERT INTO thing (id, name) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET name = excluded.name",
    );
    const NAME: Sql = Sql::Both("SELECT name FROM thing");
    on_both(async |store| {
        let last = store
            .write(|tx| {
                let names: Vec<String> = (0..500).map(|name| name.to_string()).collect();
                let rows: Vec<_> = names.iter().map(|name| params![1, name].to_vec()).collect();
                tx.batch(&SET, &rows)?;
                tx.optional(&NAME, &[], |row| row.get::<String>(0))
            })
            .await;
        assert_eq!(last.unwrap().as_deref(), Some("499"));
    })
    .await;
}

#[tokio::test]
async fn batch_with_one_bad_row_writes_none() {
    on_both(async |store| {
        let rows = [1, 2, 1, 3];
        let failed = store
            .write(move |tx| {
                let rows: Vec<_> = rows.iter().map(|id| params![id, "x"].to_vec()).collect();
                tx.batch(&INSERT, &rows)
            })
            .await;
        assert!(matches!(failed, Err(Error::Conflict(_))), "{failed:?}");
        assert_eq!(count(&store).await, 0);
    })
    .await;
}

#[tokio::test]
async fn empty_batch_changes_nothing() {
    on_both(async |store| {
        assert_eq!(store.write(|tx| tx.batch(&INSERT, &[])).await.unwrap(), 0);
    })
    .await;
}

#[tokio::test]
async fn error_of_the_closure_rolls_back_and_comes_back() {
    on_both(async |store| {
        let failed = store
            .write(|tx| {
                tx.execute(&INSERT, &params![1, "x"])?;
                Err::<(), _>(Error::abort(ChangedMind))
            })
            .await;
        assert_eq!(failed.unwrap_err().downcast_aborted::<ChangedMind>().unwrap(), ChangedMind);
        assert_eq!(count(&store).await, 0);
    })
    .await;
}

#[tokio::test]
async fn overlooked_failure_of_a_statement_commits_nothing() {
    on_both(async |store| {
        let done = store
            .write(|tx| {
                tx.execute(&INSERT, &params![1, "x"])?;
                drop(tx.execute(&INSERT, &params![1, "x"]));
                Ok(())
            })
            .await;
        assert!(
            matches!(&done, Err(Error::Other(text)) if text.contains("nothing was committed")),
            "{done:?}"
        );
        assert_eq!(count(&store).await, 0);
    })
    .await;
}

#[tokio::test]
async fn panic_is_an_error_and_the_store_lives_on() {
    on_both(async |store| {
        let panicking = |tx: &mut store::Tx<'_>| -> store::Result<()> {
            tx.execute(&INSERT, &params![1, "x"])?;
            panic!("boom")
        };
        let failed = store.write(panicking).await;
        assert!(matches!(&failed, Err(Error::Panicked(text)) if text == "boom"), "{failed:?}");
        insert(&store, 1).await.unwrap();
        assert_eq!(count(&store).await, 1);
    })
    .await;
}

#[tokio::test]
async fn panic_in_a_read_leaves_the_readers_usable() {
    on_both(async |store| {
        for _ in 0..20 {
            let failed =
                store.read(|tx| tx.optional(&COUNT, &[], |_| -> store::Result<()> { panic!("boom") })).await;
            assert!(matches!(failed, Err(Error::Panicked(_))), "{failed:?}");
        }
        assert_eq!(count(&store).await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failing_transactions_leave_their_neighbours_alone() {
    on_both(async |store| {
        let writes = (0..300).map(|id| {
            store.write(move |tx| {
                tx.execute(&INSERT, &params![id, "x"])?;
                if id % 3 == 0 { Err(Error::abort(ChangedMind)) } else { Ok(()) }
            })
        });
        let failed = join_all(writes).await.iter().filter(|done| done.is_err()).count();
        assert_eq!((failed, count(&store).await), (100, 200));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn constraint_that_fails_at_the_commit_harms_only_its_owner() {
    const CHILD: Sql = Sql::Both(
        "CREATE TABLE child (parent BIGINT NOT NULL REFERENCES thing (id) DEFERRABLE INITIALLY DEFERRED)",
    );
    const ADOPT: Sql = Sql::Both("INSERT INTO child (parent) VALUES ($1)");
    const CHILDREN: Sql = Sql::Both("SELECT COUNT(*) FROM child");
    on_both(async |store| {
        run(&store, &CHILD).await.unwrap();
        insert(&store, 1).await.unwrap();
        let writes = (0..50).map(|index| {
            let parent = if index == 25 { 2 } else { 1 };
            store.write(move |tx| tx.execute(&ADOPT, &params![parent]))
        });
        let done = join_all(writes).await;
        assert!(matches!(done[25], Err(Error::Conflict(_))), "{:?}", done[25]);
        assert_eq!(store.read(|tx| number(tx, &CHILDREN)).await.unwrap(), 49);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_increments_all_count() {
    const READ: Sql = Sql::Both("SELECT CAST(weight AS BIGINT) FROM thing WHERE id = 1");
    const SET: Sql = Sql::Both("UPDATE thing SET weight = $1 WHERE id = 1");
    async fn increment(store: &Store) {
        for _ in 0..25 {
            let add = |tx: &mut store::Tx<'_>| {
                let before = number(tx, &READ)?;
                tx.execute(&SET, &params![before + 1])
            };
            store.write(add).await.unwrap();
        }
    }
    on_both(async |store| {
        run(&store, &Sql::Both("INSERT INTO thing (id, weight) VALUES (1, 0)")).await.unwrap();
        join_all((0..8).map(|_| increment(&store))).await;
        assert_eq!(store.read(|tx| number(tx, &READ)).await.unwrap(), 200);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn read_sees_one_snapshot() {
    on_both(async |store| {
        let (started, has_started) = mpsc::channel();
        let (written, is_written) = mpsc::channel();
        let reader = store.clone();
        let read = tokio::spawn(async move {
            let mut first = true;
            let wait = Arc::new(std::sync::Mutex::new(is_written));
            reader
                .read(move |tx| {
                    let before = number(tx, &COUNT)?;
                    if std::mem::take(&mut first) {
                        started.send(()).unwrap();
                        wait.lock().unwrap().recv().unwrap();
                    }
                    Ok((before, number(tx, &COUNT)?))
                })
                .await
        });
        tokio::task::block_in_place(|| has_started.recv().unwrap());
        insert(&store, 1).await.unwrap();
        written.send(()).unwrap();
        assert_eq!(read.await.unwrap().unwrap(), (0, 0));
        assert_eq!(count(&store).await, 1);
    })
    .await;
}

#[tokio::test]
async fn read_cannot_write() {
    on_both(async |store| {
        let written = store.read(|tx| tx.execute(&INSERT, &params![1, "x"])).await;
        assert!(
            matches!(&written, Err(Error::Other(text)) if text == "a read transaction cannot write"),
            "{written:?}"
        );
        insert(&store, 1).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn dropping_the_answer_does_not_stop_the_store() {
    on_both(async |store| {
        for id in 0..10 {
            let write = insert(&store, id);
            drop(tokio::time::timeout(std::time::Duration::ZERO, write).await);
        }
        insert(&store, 100).await.unwrap();
        assert!(count(&store).await >= 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_stores_share_one_database() {
    for url in support::databases() {
        let (first, second) = (crate::open(&url).await, crate::open(&url).await);
        run(&first, &crate::CREATE).await.unwrap();
        let writes = (0..100).map(|id| insert(if id % 2 == 0 { &first } else { &second }, id));
        assert!(join_all(writes).await.iter().all(Result::is_ok));
        assert_eq!((count(&first).await, count(&second).await), (100, 100));
    }
}

#[tokio::test]
async fn lease_clock_does_not_go_back() {
    on_both(async |store| {
        let read = |tx: &mut store::Tx<'_>| tx.lease_clock().map(|time| (time.boot, time.ms));
        let (boot, first) = store.write(read).await.unwrap();
        let (same_boot, second) = store.write(read).await.unwrap();
        assert!(!boot.is_empty() && first > 0);
        assert!(boot == same_boot && first <= second);
    })
    .await;
}

#[tokio::test]
async fn successful_closure_runs_once() {
    on_both(async |store| {
        let runs = Arc::new(AtomicU32::new(0));
        let counter = Arc::clone(&runs);
        let count_run = move |tx: &mut store::Tx<'_>| {
            counter.fetch_add(1, Ordering::Relaxed);
            tx.execute(&INSERT, &params![1, "x"])
        };
        store.write(count_run).await.unwrap();
        assert_eq!(runs.load(Ordering::Relaxed), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn statement_that_runs_away_is_ended_and_the_store_goes_on() {
    // Neither database has the other's way to take long.
    const ENDLESS: Sql = Sql::Per {
        sqlite: "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n",
        postgres: "SELECT 1 FROM pg_sleep(3600)",
    };
    let options = Options { statement_limit: Duration::from_millis(300), ..Options::STANDARD };
    for url in support::databases() {
        let store = Store::open_with(&url.parse().unwrap(), options).await.unwrap();
        run(&store, &CREATE).await.unwrap();
        let read = store.read(|tx| tx.query(&ENDLESS, &[], |_| Ok(()))).await.unwrap_err();
        let write = |tx: &mut Tx<'_>| {
            tx.execute(&INSERT, &params![1, "x"])?;
            tx.query(&ENDLESS, &[], |_| Ok(()))
        };
        let write = store.write(write).await.unwrap_err();
        assert_eq!((read.code(), write.code()), ("storage_unavailable", "storage_unavailable"), "{write}");
        insert(&store, 2).await.unwrap();
        assert_eq!(count(&store).await, 1);
    }
}
