//! A pool whose attempts fail in a row rests, and one attempt tries whether it may go on.

use std::slice;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::house::{House, Orders, until};
use crate::pool::{Obstacle, PoolState};
use crate::queue::Why;
use crate::run::RunState;

const FAIL: Orders = Orders { fail: true, hopeless: false, hold: false, calls: 0, spent_ms: None };
const PAUSE: Duration = Duration::from_secs(601);
const COOLDOWN: &str = ".cooldown(3, \"10m\")";

async fn fail(house: &House, runs: usize) {
    for _ in 0..runs {
        let run = house.ask().await;
        let ended = house.stage.engine.ended(&run).await.unwrap().unwrap();
        assert_eq!(ended.state, RunState::Failed);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_close_the_pool_runs_park_and_a_trial_that_succeeds_opens_it() {
    for house in House::each("slots: 5", COOLDOWN).await {
        let worker = house.work(4);
        house.order(FAIL);
        fail(&house, 3).await;
        let pool = house.pool().await;
        let until_ms = house.now_ms() + 600_000;
        assert_eq!((pool.state, pool.closed_until_ms), (PoolState::Closed, Some(until_ms)));
        let runs = house.ask_for(3).await;
        for run in &runs {
            house.parked(run).await;
        }
        let why = house.waits(&runs[0]).await;
        let Some(Why::Pool { obstacle: Obstacle::Closed { until_ms: told_ms, failures, .. }, .. }) = why
        else {
            panic!("{why:?}")
        };
        assert_eq!((told_ms, failures), (until_ms, 3));
        house.order(Orders { hold: true, ..Orders::default() });
        house.pass(PAUSE);
        until("one tries", || async { house.pool().await.holders.len() == 1 }).await;
        until("the others wait for it", || async { house.pool().await.waiting.len() == 2 }).await;
        assert_eq!(house.pool().await.state, PoolState::Trial);
        assert_eq!(house.watch.begun.load(Ordering::SeqCst), 4);
        house.watch.gate.add_permits(1);
        until("the others follow together", || async { house.pool().await.holders.len() == 2 }).await;
        assert_eq!(house.pool().await.state, PoolState::Open);
        house.watch.gate.add_permits(2);
        house.succeed(&runs).await;
        worker.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trial_that_fails_closes_the_pool_again() {
    for house in House::each("slots: 5", COOLDOWN).await {
        let worker = house.work(4);
        house.order(FAIL);
        fail(&house, 3).await;
        house.pass(PAUSE);
        fail(&house, 1).await;
        let pool = house.pool().await;
        assert_eq!((pool.state, pool.failures), (PoolState::Closed, 4));
        assert_eq!(pool.closed_until_ms, Some(house.now_ms() + 600_000));
        worker.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_hopeless_says_nothing_of_the_upstream() {
    for house in House::each("slots: 5", COOLDOWN).await {
        let worker = house.work(4);
        house.order(Orders { hopeless: true, ..Orders::default() });
        fail(&house, 4).await;
        let pool = house.pool().await;
        assert_eq!((pool.state, pool.failures), (PoolState::Open, 0));
        worker.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_takes_too_long_counts() {
    for house in House::each("slots: 5", ".cooldown(1, \"10m\").timeout(\"1s\")").await {
        let worker = house.work(4);
        house.order(Orders { hold: true, ..Orders::default() });
        fail(&house, 1).await;
        assert_eq!(house.pool().await.state, PoolState::Closed);
        worker.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn opening_it_by_hand_ends_the_cooldown_and_calls_back_what_was_parked() {
    for house in House::each("slots: 5", COOLDOWN).await {
        let worker = house.work(4);
        house.order(FAIL);
        fail(&house, 3).await;
        house.order(Orders::default());
        let runs = house.ask_for(2).await;
        until("all are parked", || async { house.pool().await.waiting.len() == 2 }).await;
        let opened = house.stage.engine.open_pool("up").await.unwrap();
        assert_eq!((opened.state, opened.failures), (PoolState::Open, 0));
        house.succeed(&runs).await;
        let unknown = house.stage.engine.open_pool("down").await.unwrap_err();
        assert_eq!(unknown.to_string(), "there is no pool `down`, only `up`");
        worker.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn retries_of_one_step_count_and_wait_for_the_pool_like_everybody() {
    for house in House::each("slots: 5", ".cooldown(2, \"10m\").retry(5, \"1s\")").await {
        let worker = house.work(1);
        house.order(FAIL);
        let run = house.ask().await;
        house.parked(&run).await;
        assert_eq!(house.watch.begun.load(Ordering::SeqCst), 2);
        assert_eq!(house.step(&run).await, "waiting pool_closed 2");
        house.order(Orders::default());
        house.pass(PAUSE);
        house.succeed(slice::from_ref(&run)).await;
        assert_eq!(house.step(&run).await, "succeeded 3");
        worker.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn retries_end_although_the_run_is_parked_between_them() {
    for house in House::each("slots: 5", ".cooldown(1, \"10m\").retry(1, \"1s\")").await {
        let worker = house.work(1);
        house.order(FAIL);
        let run = house.ask().await;
        house.parked(&run).await;
        house.pass(PAUSE);
        let ended = house.stage.engine.ended(&run).await.unwrap().unwrap();
        assert_eq!((ended.state, house.watch.begun.load(Ordering::SeqCst)), (RunState::Failed, 2));
        worker.stop().await;
    }
}
