//! Never more at once than there are slots, and a slot that nobody holds any more is free.

use std::slice;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::house::{House, Orders, script, until};
use crate::pool::rows;
use crate::queue::{self, Lease};

const HOLD: Orders = Orders { fail: false, hopeless: false, hold: true, calls: 0, spent_ms: None };

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_and_two_engines_never_have_more_attempts_at_once_than_slots() {
    for house in House::each("slots: 3", "").await {
        let twin = house.twin(&script("slots: 3", "")).await;
        house.order(HOLD);
        let runs = house.ask_for(24).await;
        let working = [house.work(4), house.work(4), twin.work(4)];
        until("three are at work", || async { house.watch.most.load(Ordering::SeqCst) == 3 }).await;
        house.watch.gate.add_permits(24);
        house.succeed(&runs).await;
        assert_eq!(house.watch.most.load(Ordering::SeqCst), 3);
        assert_eq!(house.watch.begun.load(Ordering::SeqCst), 24, "waiting is no attempt");
        assert!(house.pool().await.holders.is_empty() && house.pool().await.waiting.is_empty());
        for worker in working {
            worker.stop().await;
        }
        assert_eq!(house.stage.count("SELECT COUNT(*) FROM pool_use").await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_runs_all_pass_through_one_slot() {
    for house in House::each("slots: 1", "").await {
        let runs = house.ask_for(50).await;
        let worker = house.work(50);
        house.succeed(&runs).await;
        assert_eq!(house.watch.most.load(Ordering::SeqCst), 1);
        worker.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fan_of_one_run_goes_through_the_pool_without_letting_go_of_the_run() {
    let text = "pipeline(\"p\");\npool(\"up\", #{ slots: 2 });\n\
                for n in 0..40 { test::visit().named(`s${n}`).pool(\"up\"); }\n";
    for url in support::databases() {
        let store = store::Store::open(&url.parse().unwrap()).await.unwrap();
        store.migrate().await.unwrap();
        let house = House::on(store, text).await;
        house.impatient(Duration::from_millis(1));
        house.order(HOLD);
        let runs = house.ask_for(1).await;
        let worker = house.work(1);
        until("two are at work", || async { house.watch.most.load(Ordering::SeqCst) == 2 }).await;
        house.watch.gate.add_permits(40);
        let claims = async {
            let mut most = 0;
            while house.stage.count("SELECT COUNT(*) FROM job").await > 0 {
                most = most.max(house.stage.count("SELECT COALESCE(MAX(fence), 0) FROM job").await);
            }
            most
        };
        let (claims, ()) = tokio::join!(claims, house.succeed(&runs));
        assert_eq!(house.watch.most.load(Ordering::SeqCst), 2);
        assert_eq!(house.watch.begun.load(Ordering::SeqCst), 40);
        assert_eq!(claims, 1);
        worker.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slot_is_free_when_the_lease_of_its_holder_ran_out_or_its_fence_was_raised() {
    for house in House::each("slots: 1", "").await {
        let run = house.ask().await;
        let now_ms = house.now_ms();
        let lease = Lease { worker: "gone".to_owned(), length: Duration::from_secs(3), now_ms };
        let (hold, store) = (lease.clone(), house.stage.store.clone());
        let entered = store.write_latest(move |tx| {
            let claimed = queue::claim(tx, &hold, 1)?.remove(0);
            rows::note(tx, ("up", "a"), &claimed.fence, 1, None)?;
            Ok(claimed.fence)
        });
        let fence = entered.await.unwrap();
        let others = || {
            let store = store.clone();
            async move { store.write_latest(|tx| rows::others(tx, "up", "other", "a")).await.unwrap() }
        };
        assert_eq!(others().await, slice::from_ref(&run));
        until("the lease ran out", || async { others().await.is_empty() }).await;

        let longer = Lease { length: Duration::from_secs(600), ..lease.clone() };
        let (again, renewed) = (run.clone(), longer.clone());
        store.write(move |tx| queue::renew(tx, &renewed, slice::from_ref(&again))).await.unwrap();
        assert_eq!(others().await, slice::from_ref(&run), "it lives after all");
        store.write(move |tx| queue::release(tx, &fence, 0)).await.unwrap();
        assert!(others().await.is_empty());
        let claimed = store.write(move |tx| queue::claim(tx, &longer, 1)).await.unwrap();
        assert_eq!(claimed.len(), 1);
        assert!(others().await.is_empty(), "the next holder has yet to come in");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_that_is_made_larger_lets_more_in_at_once_under_the_same_plan() {
    for house in House::each("slots: 1", "").await {
        house.order(HOLD);
        let plan = house.stage.engine.plan("p").unwrap().hash.clone();
        let runs = house.ask_for(3).await;
        let worker = house.work(3);
        until("two wait", || async { house.pool().await.waiting.len() == 2 }).await;
        house.edit(&script("slots: 3", ""));
        assert_eq!(house.stage.engine.plan("p").unwrap().hash, plan);
        until("all are in", || async { house.pool().await.holders.len() == 3 }).await;
        house.watch.gate.add_permits(3);
        house.succeed(&runs).await;
        worker.stop().await;
    }
}
