//! One suite for the queue, run on both databases.

mod claims;

use std::sync::{Mutex, mpsc};
use std::time::Duration;

use store::{Backend, Store, Tx, params};

use super::*;
use crate::plan::Overlap;
use crate::run::{Cause, Fence, Fenced, RunState, begin, record};

const LEASE: Duration = Duration::from_secs(30);
const NOW_MS: i64 = 2_000;

async fn stores() -> Vec<Store> {
    let mut stores = Vec::new();
    for url in support::databases() {
        let store = Store::open(&url.parse().unwrap()).await.unwrap();
        store.migrate().await.unwrap();
        stores.push(store);
    }
    stores
}

fn job(id: &str) -> Job {
    Job {
        id: id.to_owned(),
        pipeline: "daily".to_owned(),
        partition: "me".to_owned(),
        params: "{}".to_owned(),
        cause: Cause::Cli,
        request_id: None,
        lock_key: None,
        priority: 0,
        overlap: Overlap::Queue,
        script_hash: "hash".to_owned(),
        script_body: "{}".to_owned(),
        plan_hash: "plan".to_owned(),
        now_ms: 1_000,
    }
}

fn locked(id: &str) -> Job {
    Job { lock_key: Some("ingest/me".to_owned()), ..job(id) }
}

async fn put(store: &Store, job: Job) -> Enqueued {
    store.write(move |tx| enqueue(tx, &job)).await.unwrap()
}

async fn take(store: &Store, worker: &str) -> Vec<Claimed> {
    take_up_to(store, worker, 10).await
}

async fn take_up_to(store: &Store, worker: &str, limit: i64) -> Vec<Claimed> {
    take_at(store, worker, limit, NOW_MS).await
}

/// As a worker does whose clock says so.
async fn take_at(store: &Store, worker: &str, limit: i64, now_ms: i64) -> Vec<Claimed> {
    let lease = Lease { worker: worker.to_owned(), length: LEASE, now_ms };
    store.write_latest(move |tx| claim(tx, &lease, limit)).await.unwrap()
}

async fn hold(store: &Store, worker: &str, runs: &[&str]) -> Vec<String> {
    hold_at(store, worker, runs, NOW_MS).await
}

async fn hold_at(store: &Store, worker: &str, runs: &[&str], now_ms: i64) -> Vec<String> {
    let lease = Lease { worker: worker.to_owned(), length: LEASE, now_ms };
    let runs: Vec<_> = runs.iter().map(|run| (*run).to_owned()).collect();
    store.write_latest(move |tx| renew(tx, &lease, &runs)).await.unwrap()
}

async fn end(store: &Store, fence: &Fence) -> store::Result<()> {
    let fence = fence.clone();
    let ended = Ended::well(RunState::Succeeded, 3_000);
    store.write(move |tx| finish(tx, &fence, &ended)).await
}

async fn run_out(store: &Store) {
    let sql = store::Sql::Both("UPDATE job SET lease_until_ms = 0");
    store.write(move |tx: &mut Tx<'_>| tx.execute(&sql, &params![])).await.unwrap();
}

async fn state(store: &Store, run: &str) -> RunState {
    let run = run.to_owned();
    store.read(move |tx| record::run(tx, &run)).await.unwrap().unwrap().state
}

fn ids(claimed: &[Claimed]) -> Vec<&str> {
    claimed.iter().map(|claimed| claimed.run.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_was_overtaken_can_neither_write_nor_finish_nor_renew() {
    for store in stores().await {
        put(&store, job("a")).await;
        let old = take(&store, "one").await;
        run_out(&store).await;
        let new = take(&store, "two").await;
        let refused = end(&store, &old[0].fence).await.unwrap_err();
        assert!(refused.downcast_aborted::<Fenced>().is_ok());
        let fence = old[0].fence.clone();
        let written = store.write(move |tx| fence.check(tx)).await.unwrap_err();
        assert!(written.downcast_aborted::<Fenced>().is_ok());
        assert!(hold(&store, "one", &["a"]).await.is_empty());
        assert_eq!(hold(&store, "two", &["a"]).await, ["a"]);
        end(&store, &new[0].fence).await.unwrap();
        assert_eq!(state(&store, "a").await, RunState::Succeeded);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_finished_run_can_be_committed_any_more() {
    for store in stores().await {
        put(&store, job("a")).await;
        let held = take(&store, "one").await;
        end(&store, &held[0].fence).await.unwrap();
        let fence = held[0].fence.clone();
        let late = store.write(move |tx| fence.check(tx)).await.unwrap_err();
        assert!(late.downcast_aborted::<Fenced>().is_ok());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_handed_back_is_ready_again_at_its_time_and_its_claim_is_not_counted() {
    for store in stores().await {
        put(&store, locked("a")).await;
        let held = take(&store, "one").await;
        let fence = held[0].fence.clone();
        store.write(move |tx| release(tx, &fence, 2_000)).await.unwrap();
        assert_eq!(state(&store, "a").await, RunState::Queued);
        assert_eq!(take(&store, "two").await[0].claims, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_run_skips_queues_or_cancels_the_first_as_the_pipeline_says() {
    for store in stores().await {
        put(&store, job("a")).await;
        let skipped = put(&store, Job { overlap: Overlap::Skip, ..job("b") }).await;
        assert_eq!(skipped, Enqueued { run: "a".to_owned(), new: false });
        assert!(put(&store, job("c")).await.new);
        assert!(
            put(&store, Job { partition: "you".to_owned(), overlap: Overlap::Skip, ..job("d") }).await.new
        );
        put(&store, Job { overlap: Overlap::CancelOld, ..job("e") }).await;
        let all = ["a", "c", "d", "e"].map(str::to_owned);
        let asked = store.read(move |tx| cancelled(tx, &all)).await.unwrap();
        assert_eq!(asked, ["a", "c"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_was_asked_to_stop_on_its_way_back_ends_with_the_next_claim() {
    for store in stores().await {
        put(&store, job("a")).await;
        let fence = take(&store, "one").await.remove(0).fence;
        assert!(store.write_latest(|tx| ask_cancel(tx, "a", NOW_MS)).await.unwrap());
        store.write(move |tx| release(tx, &fence, NOW_MS + 3_600_000)).await.unwrap();
        assert!(take(&store, "two").await.is_empty());
        assert_eq!(state(&store, "a").await, RunState::Cancelled);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_of_a_run_does_not_stand_for_what_was_told_after_the_run_began() {
    const ADOPT: Sql = Sql::Both("UPDATE run SET parent = 'a', parent_step = 'x', part = 0 WHERE id = 'b'");
    for store in stores().await {
        put(&store, job("a")).await;
        take(&store, "one").await;
        put(&store, job("b")).await;
        store.write(|tx| tx.execute(&ADOPT, &[])).await.unwrap();
        let told = store.write_latest(|tx| enqueue_behind(tx, &job("c"))).await.unwrap();
        assert_eq!(told, Enqueued { run: "c".to_owned(), new: true });
        let again = store.write_latest(|tx| enqueue_behind(tx, &job("d"))).await.unwrap();
        assert_eq!(again, Enqueued { run: "c".to_owned(), new: false });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_parked_for_long_keeps_its_lock_for_its_children_and_no_longer() {
    const ADOPT: Sql = Sql::Both("UPDATE run SET parent = 'a', parent_step = 'x', part = 0 WHERE id = 'b'");
    for store in stores().await {
        put(&store, locked("a")).await;
        let parent = take(&store, "one").await.remove(0).fence;
        put(&store, job("b")).await;
        store.write(|tx| tx.execute(&ADOPT, &[])).await.unwrap();
        store.write_latest(move |tx| release(tx, &parent, NOW_MS + 3_600_000)).await.unwrap();
        put(&store, locked("c")).await;
        let child = take(&store, "two").await;
        assert_eq!(ids(&child), ["b"]);
        let (fence, ended) = (child[0].fence.clone(), Ended::well(RunState::Succeeded, NOW_MS));
        store.write_latest(move |tx| finish(tx, &fence, &ended)).await.unwrap();
        assert_eq!(ids(&take(&store, "two").await), ["c"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_ends_an_idle_run_at_once_and_only_marks_a_held_one() {
    for store in stores().await {
        put(&store, job("idle")).await;
        assert!(store.write(|tx| ask_cancel(tx, "idle", 5)).await.unwrap());
        assert_eq!(state(&store, "idle").await, RunState::Cancelled);
        put(&store, job("held")).await;
        take(&store, "one").await;
        assert!(store.write(|tx| ask_cancel(tx, "held", 5)).await.unwrap());
        assert_eq!(state(&store, "held").await, RunState::Queued);
        assert!(!store.write(|tx| ask_cancel(tx, "nobody", 5)).await.unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_dead_process_held_is_free_at_once_and_what_a_living_one_holds_is_not() {
    for store in stores().await {
        let living = Identity::this_process();
        let dead =
            Identity { id: "dead".to_owned(), process_start: living.process_start - 1, ..living.clone() };
        for worker in [living.clone(), dead] {
            let lease = Lease { worker: worker.id.clone(), length: LEASE, now_ms: 1 };
            store.write(move |tx| register(tx, &worker, 1, &lease)).await.unwrap();
        }
        put(&store, job("a")).await;
        take(&store, "dead").await;
        put(&store, job("b")).await;
        take(&store, &living.id).await;
        let found = store.read(move |tx| dead_neighbours(tx, &living)).await.unwrap();
        assert_eq!(found, ["dead"]);
        store.write(|tx| forget(tx, "dead")).await.unwrap();
        assert_eq!(ids(&take(&store, "heir").await), ["a"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn claims_that_came_to_nothing_are_counted_until_one_gets_something_done() {
    for store in stores().await {
        put(&store, job("a")).await;
        for worker in ["one", "two"] {
            take(&store, worker).await;
            run_out(&store).await;
        }
        let third = take(&store, "three").await.remove(0);
        assert_eq!(third.claims, 3);
        let fence = third.fence.clone();
        store.write(move |tx| fence.note_progress(tx)).await.unwrap();
        run_out(&store).await;
        assert_eq!(take(&store, "four").await[0].claims, 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_statement_prepares_on_both_databases() {
    for store in stores().await {
        for sql in crate::queries() {
            store.prepare(sql).await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_whose_row_is_locked_is_passed_over_by_the_heartbeat_and_still_held() {
    let store = stores().await.remove(1);
    put(&store, job("a")).await;
    put(&store, job("b")).await;
    take(&store, "one").await;
    let other = store.clone();
    let handle = tokio::runtime::Handle::current();
    let held = store.write(move |tx| {
        tx.query(&store::Sql::Both("SELECT 1 FROM job WHERE run_id = 'a' FOR UPDATE"), &[], |_| Ok(()))?;
        Ok(handle.block_on(hold(&other, "one", &["a", "b"])))
    });
    let mut held = held.await.unwrap();
    held.sort();
    assert_eq!(held, ["a", "b"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_are_listed_with_what_they_hold_until_they_are_not_heard_of_for_some_leases() {
    for store in stores().await {
        let me = Identity::this_process();
        let short = Lease { worker: "ghost".to_owned(), length: Duration::ZERO, now_ms: 7 };
        let lease = Lease { worker: me.id.clone(), length: LEASE, now_ms: 9 };
        let ghost = Identity { id: "ghost".to_owned(), ..me.clone() };
        store.write(move |tx| register(tx, &ghost, 1, &short)).await.unwrap();
        let (identity, terms) = (me.clone(), lease.clone());
        store.write(move |tx| register(tx, &identity, 8, &terms)).await.unwrap();
        put(&store, job("a")).await;
        take(&store, &me.id).await;
        let seen = |store: Store| async move { store.read(workers).await.unwrap() };
        let listed = seen(store.clone()).await;
        let shown: Vec<_> = listed.iter().map(|worker| (worker.id.as_str(), worker.seen_ms)).collect();
        assert_eq!(shown, [("ghost", 7), (me.id.as_str(), 9)]);
        assert_eq!(listed[1].runs, ["a"]);
        assert!(!listed[1].host.contains(' '));
        while store.write(prune).await.unwrap() == 0 {}
        let left = seen(store.clone()).await;
        assert_eq!(left.iter().map(|worker| worker.since_ms).collect::<Vec<_>>(), [8]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_queue_is_counted_by_what_its_runs_wait_for() {
    for store in stores().await {
        for job in [locked("a"), locked("b"), job("c"), Job { now_ms: 9_000, ..job("later") }] {
            put(&store, job).await;
        }
        assert_eq!(ids(&take_up_to(&store, "one", 1).await), ["a"]);
        let counted = async || {
            let depth = store.read(|tx| depth(tx, 5_000)).await.unwrap();
            let runs = Reason::ALL.map(|reason| depth.runs(reason));
            (runs, depth.held, depth.oldest_ready_ms(5_000))
        };
        assert_eq!(counted().await, ([1, 1, 1], 1, 4_000));
        run_out(&store).await;
        assert_eq!(counted().await, ([2, 1, 1], 0, 4_000), "nobody holds a run whose lease ran out");
        assert_eq!(take(&store, "two").await.len(), 2);
        assert_eq!(counted().await, ([0, 1, 1], 2, 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_workers_that_were_heard_of_lately_are_counted() {
    for store in stores().await {
        let lease = Lease { worker: "one".to_owned(), length: LEASE, now_ms: 2_000 };
        store.write(move |tx| register(tx, &Identity::this_process(), 1_000, &lease)).await.unwrap();
        let workers = async || store.read(|tx| depth(tx, 5_000)).await.unwrap().workers;
        assert_eq!(workers().await, 1);
        let sql = store::Sql::Both("UPDATE worker SET lease_until_ms = 0");
        store.write(move |tx: &mut Tx<'_>| tx.execute(&sql, &params![])).await.unwrap();
        assert_eq!(workers().await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_rescued_after_a_lease_that_ran_out_and_not_after_it_was_handed_back() {
    for store in stores().await {
        put(&store, job("a")).await;
        let first = take(&store, "one").await.remove(0);
        assert!(!first.is_rescue());
        let fence = first.fence.clone();
        store.write(move |tx| release(tx, &fence, 2_000)).await.unwrap();
        assert!(!take(&store, "two").await.remove(0).is_rescue());
        run_out(&store).await;
        assert!(take(&store, "three").await.remove(0).is_rescue());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_transaction_that_keeps_dead_rows_is_named_until_it_ends() {
    let store = Store::open(&support::postgres_url().parse().unwrap()).await.unwrap();
    store.migrate().await.unwrap();
    let seen = async || store.read(bloat).await.unwrap().unwrap();
    assert_eq!(seen().await.oldest, None);
    let (begun, has_begun) = tokio::sync::oneshot::channel();
    let (end, told) = std::sync::mpsc::channel::<()>();
    let (mut begun, other) = (Some(begun), store.clone());
    let holding = tokio::spawn(async move {
        let hold = move |tx: &mut Tx<'_>| {
            record::run(tx, "none")?;
            begun.take().map(|begun| begun.send(()));
            told.recv().unwrap();
            Ok(())
        };
        other.read(hold).await
    });
    has_begun.await.unwrap();
    let oldest = seen().await.oldest.unwrap();
    assert!(oldest.process.is_some_and(|process| process > 0) && oldest.age_ms >= 0, "{oldest:?}");
    assert_eq!(oldest.name, "paceline");
    end.send(()).unwrap();
    holding.await.unwrap().unwrap();
    while seen().await.oldest.is_some() {
        tokio::task::yield_now().await;
    }
    put(&store, job("a")).await;
    run_out(&store).await;
    // The server tells of it when its statistics are written next.
    while seen().await.dead_rows == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(open_sqlite().await.read(bloat).await.unwrap(), None);
}

async fn open_sqlite() -> Store {
    Store::open(&support::sqlite_url().parse().unwrap()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_under_way_holds_up_a_rescue_and_no_renewal() {
    for store in stores().await.into_iter().filter(|store| store.backend() == Backend::Postgres) {
        put(&store, job("a")).await;
        let fence = take(&store, "one").await.remove(0).fence;
        let ((checked, is_checked), (go_on, may_go_on)) = (mpsc::channel(), mpsc::channel::<()>());
        let may_go_on = Mutex::new(may_go_on);
        let committing = tokio::spawn({
            let store = store.clone();
            async move {
                let commit = move |tx: &mut Tx<'_>| {
                    // Its snapshot is older than the renewal.
                    tx.query(&Sql::Both("SELECT 1"), &[], |_| Ok(()))?;
                    fence.check(tx)?;
                    checked.send(()).unwrap();
                    may_go_on.lock().unwrap().recv().unwrap();
                    fence.check(tx)
                };
                store.write(commit).await
            }
        });
        let told = tokio::task::spawn_blocking(move || is_checked.recv());
        told.await.unwrap().unwrap();
        let before = until_ms(&store).await;
        assert_eq!(hold(&store, "one", &["a"]).await, ["a"]);
        assert!(until_ms(&store).await > before, "renewed while the commit goes on");
        store.write(|tx| forget(tx, "one")).await.unwrap();
        assert!(take(&store, "two").await.is_empty(), "taken while its former holder commits");
        go_on.send(()).unwrap();
        committing.await.unwrap().unwrap();
        assert_eq!(ids(&take(&store, "two").await), ["a"]);
    }
}

async fn until_ms(store: &Store) -> i64 {
    const UNTIL: Sql = Sql::Both("SELECT lease_until_ms FROM job");
    store.read(|tx| tx.optional(&UNTIL, &[], |row| row.get(0))).await.unwrap().unwrap()
}
