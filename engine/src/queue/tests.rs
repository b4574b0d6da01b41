//! One suite for the queue, run on both databases.

use std::time::Duration;

use store::{Store, Tx, params};

use super::*;
use crate::plan::Overlap;
use crate::run::{Cause, Fence, Fenced, RunState, record};

const LEASE: Duration = Duration::from_secs(30);

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
    let lease = Lease { worker: worker.to_owned(), length: LEASE, now_ms: 2_000 };
    store.write(move |tx| claim(tx, &lease, 10)).await.unwrap()
}

async fn hold(store: &Store, worker: &str, runs: &[&str]) -> Vec<String> {
    let lease = Lease { worker: worker.to_owned(), length: LEASE, now_ms: 2_000 };
    let runs: Vec<_> = runs.iter().map(|run| (*run).to_owned()).collect();
    store.write(move |tx| renew(tx, &lease, &runs)).await.unwrap()
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
async fn a_run_is_claimed_once_in_the_order_of_priority_and_age() {
    for store in stores().await {
        put(&store, job("a")).await;
        put(&store, Job { priority: 5, ..job("b") }).await;
        put(&store, Job { now_ms: 500, ..job("c") }).await;
        put(&store, Job { now_ms: 9_000, ..job("later") }).await;
        assert_eq!(ids(&take(&store, "one").await), ["b", "c", "a"]);
        assert!(take(&store, "two").await.is_empty());
        assert_eq!(state(&store, "a").await, RunState::Running);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_workers_at_once_never_receive_the_same_run() {
    for store in stores().await {
        for number in 0..40 {
            put(&store, job(&format!("run{number:02}"))).await;
        }
        let mut claims = tokio::task::JoinSet::new();
        for worker in 0..8 {
            let store = store.clone();
            claims.spawn(async move { take(&store, &format!("worker{worker}")).await });
        }
        let mut runs: Vec<_> =
            claims.join_all().await.into_iter().flatten().map(|claimed| claimed.run).collect();
        let all = runs.len();
        runs.sort();
        runs.dedup();
        assert_eq!(all, runs.len(), "a run was claimed twice");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_run_holds_a_lock_key_until_it_is_finished() {
    for store in stores().await {
        put(&store, locked("a")).await;
        put(&store, locked("b")).await;
        let first = take(&store, "one").await;
        assert_eq!(ids(&first), ["a"]);
        assert!(take(&store, "two").await.is_empty());
        end(&store, &first[0].fence).await.unwrap();
        assert_eq!(ids(&take(&store, "two").await), ["b"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_living_lease_is_left_alone_and_one_that_ran_out_is_taken_over() {
    for store in stores().await {
        put(&store, locked("a")).await;
        take(&store, "one").await;
        assert!(take(&store, "two").await.is_empty());
        run_out(&store).await;
        let taken = take(&store, "two").await;
        assert_eq!((ids(&taken), taken[0].claims), (vec!["a"], 2));
    }
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
async fn cancelling_ends_an_idle_run_at_once_and_only_marks_a_held_one() {
    for store in stores().await {
        put(&store, job("idle")).await;
        assert!(store.write(|tx| ask_cancel(tx, "idle", 5)).await.unwrap());
        assert_eq!(state(&store, "idle").await, RunState::Cancelled);
        put(&store, job("held")).await;
        take(&store, "one").await;
        assert!(store.write(|tx| ask_cancel(tx, "held", 5)).await.unwrap());
        assert_eq!(state(&store, "held").await, RunState::Running);
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
            store.write(move |tx| register(tx, &worker, 1)).await.unwrap();
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
