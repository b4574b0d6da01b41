//! Calls in a window: paid when they are made, shared by all, and remembered.

use std::slice;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::house::{House, Orders, START_MS, script, until};
use crate::pool::{ClosedBy, Obstacle, PoolState};
use crate::queue::Why;
use crate::run::RunState;

const QUARTER: Duration = Duration::from_secs(900);
const RATE: &str = "per: \"15m\", calls: 4";

#[tokio::test(flavor = "multi_thread")]
async fn a_spent_window_parks_runs_until_it_turns_and_a_restart_gives_no_call_again() {
    for house in House::each(RATE, "").await {
        let runs = house.ask_for(4).await;
        let worker = house.work(2);
        house.succeed(&runs).await;
        worker.stop().await;
        let restarted = house.twin(&script(RATE, "")).await;
        let late = restarted.ask_for(6).await;
        let worker = restarted.work(2);
        for run in &late {
            restarted.parked(run).await;
        }
        let until_ms = START_MS + 900_000;
        let why = restarted.waits(&late[0]).await;
        let Some(Why::Pool { until_ms: Some(parked_ms), obstacle, .. }) = why else { panic!("{why:?}") };
        assert!((until_ms..until_ms + 100).contains(&parked_ms), "{parked_ms}");
        assert_eq!(obstacle, Obstacle::Spent { calls: 4, of: 4, until_ms });
        assert_eq!(restarted.step(&late[0]).await, "waiting pool_spent 0");
        assert_eq!(house.watch.begun.load(Ordering::SeqCst), 4);
        for turns in 1..=2 {
            restarted.pass(QUARTER + Duration::from_millis(100));
            let begun = (4 + 4 * turns).min(10);
            until("the next ones begin", || async { house.watch.begun.load(Ordering::SeqCst) == begun })
                .await;
        }
        restarted.succeed(&late).await;
        worker.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_of_two_engines_share_the_calls_and_a_step_pays_each_call_but_the_first_one_by_itself() {
    for house in House::each("per: \"15m\", calls: 12", "").await {
        let twin = house.twin(&script("per: \"15m\", calls: 12", "")).await;
        house.order(Orders { calls: 3, ..Orders::default() });
        let runs = house.ask_for(5).await;
        let working = [house.work(1), twin.work(1)];
        until("the calls are spent", || async {
            let parked = house.stage.count("SELECT COUNT(*) FROM job WHERE worker IS NULL").await;
            let calls = house.pool().await.calls.unwrap();
            calls.used == 12 && house.watch.calls.load(Ordering::SeqCst) == 12 && parked >= 1
        })
        .await;
        assert_eq!(house.watch.calls.load(Ordering::SeqCst), 12);
        house.pass(QUARTER + Duration::from_millis(100));
        house.succeed(&runs).await;
        for worker in working {
            worker.stop().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_that_turns_soon_is_waited_for_in_place_without_charging_the_timeout() {
    for house in House::each("per: \"15m\", calls: 1", ".timeout(\"1s\")").await {
        house.order(Orders { calls: 2, ..Orders::default() });
        house.pass(QUARTER - Duration::from_secs(10));
        let run = house.ask().await;
        let worker = house.work(1);
        until("one call was made", || async { house.watch.calls.load(Ordering::SeqCst) == 1 }).await;
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        assert_eq!(house.stage.state(&run).await, RunState::Running);
        house.pass(Duration::from_secs(10));
        house.succeed(slice::from_ref(&run)).await;
        assert_eq!(house.watch.begun.load(Ordering::SeqCst), 1, "the attempt went on where it stood");
        worker.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_of_the_upstream_closes_the_pool_to_every_run_until_the_time_it_said() {
    for house in House::each("slots: 2", "").await {
        house.order(Orders { spent_ms: Some(300_000), ..Orders::default() });
        let first = house.ask().await;
        let worker = house.work(2);
        house.parked(&first).await;
        assert_eq!(house.watch.begun.load(Ordering::SeqCst), 1);
        house.order(Orders::default());
        let second = house.ask().await;
        house.parked(&second).await;
        assert_eq!(house.pool().await.waiting.len(), 2);
        let pool = house.pool().await;
        assert_eq!((pool.state, pool.closed_by), (PoolState::Closed, Some(ClosedBy::Upstream)));
        assert_eq!(pool.closed_until_ms, Some(START_MS + 300_000));
        assert_eq!(house.watch.begun.load(Ordering::SeqCst), 1);
        house.pass(Duration::from_secs(301));
        house.succeed(&[first, second]).await;
        assert_eq!(house.pool().await.state, PoolState::Open);
        worker.stop().await;
    }
}
