//! What a step that waits looks like, and how it stops waiting.

use std::slice;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::house::{House, Orders, until};
use crate::pool::Obstacle;
use crate::queue::Why;
use crate::run::RunState;

const HOLD: Orders = Orders { fail: false, hopeless: false, hold: true, calls: 0, spent_ms: None };

/// A house with one run in the pool of one slot and another one that waits for it.
async fn queued(house: &House, worker_slots: usize) -> (super::house::Working, String, String) {
    house.order(HOLD);
    let first = house.ask().await;
    let worker = house.work(worker_slots);
    until("the first is in", || async { house.pool().await.holders.len() == 1 }).await;
    let second = house.ask().await;
    until("the second waits", || async { house.step(&second).await == "waiting pool_full 0" }).await;
    (worker, first, second)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_waits_says_for_whom_and_has_made_no_attempt() {
    for house in House::each("slots: 1", "").await {
        let (worker, first, second) = queued(&house, 2).await;
        let why = house.waits(&second).await;
        let obstacle = Obstacle::Full { slots: 1, by: vec![first.clone()] };
        assert_eq!(why, Some(Why::Pool { pool: "up".to_owned(), until_ms: None, obstacle }));
        let told = house.stage.steps(&second).await.remove(0).error.unwrap();
        assert_eq!(told, format!("waits for pool `up`: 1 of 1 slots taken by run {first}"));
        assert_eq!(house.waits(&first).await, None);
        house.watch.gate.add_permits(2);
        house.succeed(&[first, second.clone()]).await;
        assert_eq!(house.step(&second).await, "succeeded 1");
        worker.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_is_not_charged_to_the_timeout_of_the_step() {
    for house in House::each("slots: 1", ".timeout(\"1s\")").await {
        let text = super::house::script("slots: 1", "");
        let patient = house.twin(&text).await;
        patient.order(HOLD);
        let first = patient.ask().await;
        let holder = patient.work(1);
        until("the first is in", || async { house.pool().await.holders.len() == 1 }).await;
        let second = house.ask().await;
        let worker = house.work(1);
        until("the second waits", || async { house.step(&second).await == "waiting pool_full 0" }).await;
        tokio::time::sleep(Duration::from_millis(1_200)).await;
        house.watch.gate.add_permits(2);
        house.succeed(&[first, second]).await;
        holder.stop().await;
        worker.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_waits_too_long_lets_go_of_its_worker_and_comes_back() {
    for house in House::each("slots: 1", "").await {
        house.impatient(Duration::from_millis(50));
        let (worker, first, second) = queued(&house, 2).await;
        house.parked(&second).await;
        let why = house.waits(&second).await;
        assert!(matches!(why, Some(Why::Pool { until_ms: Some(_), .. })), "{why:?}");
        assert_eq!(house.pool().await.waiting, slice::from_ref(&second));
        house.watch.gate.add_permits(2);
        house.pass(Duration::from_secs(1));
        house.succeed(&[first, second.clone()]).await;
        assert_eq!(house.step(&second).await, "succeeded 1");
        worker.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_waits_can_be_cancelled_and_has_made_no_attempt() {
    for house in House::each("slots: 1", "").await {
        let (worker, first, second) = queued(&house, 2).await;
        house.stage.engine.cancel(&second).await.unwrap();
        let ended = house.stage.engine.ended(&second).await.unwrap().unwrap();
        assert_eq!(ended.state, RunState::Cancelled);
        assert!(house.step(&second).await.starts_with("cancelled"), "{}", house.step(&second).await);
        assert!(house.step(&second).await.ends_with(" 0"), "{}", house.step(&second).await);
        house.watch.gate.add_permits(1);
        house.succeed(&[first]).await;
        assert_eq!(house.stage.count("SELECT COUNT(*) FROM pool_use").await, 0);
        worker.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_drains_gives_back_the_slot_and_the_place_in_the_line() {
    for house in House::each("slots: 1", "").await {
        let (worker, first, second) = queued(&house, 2).await;
        worker.stop().await;
        assert!(house.pool().await.holders.is_empty());
        assert_eq!(house.stage.state(&first).await, RunState::Queued);
        assert_eq!(house.stage.state(&second).await, RunState::Queued);
        house.order(Orders::default());
        let next = house.work(2);
        house.succeed(&[first, second.clone()]).await;
        assert_eq!(house.step(&second).await, "succeeded 1");
        assert_eq!(house.watch.most.load(Ordering::SeqCst), 1);
        next.stop().await;
    }
}
