//! What Prometheus reads of a pool, before anybody entered it and after.

use std::sync::atomic::Ordering;

use super::house::{House, Orders, START_MS, until};
use crate::telemetry;

#[tokio::test(flavor = "multi_thread")]
async fn the_series_of_a_pool_are_there_from_the_start_and_tell_of_all_workers() {
    let metrics = telemetry::install().unwrap();
    let house = House::each("slots: 3, calls: 5, per: \"15m\"", "").await.remove(0);
    let check = |expected: [&str; 5]| {
        let text = metrics.render();
        for line in expected {
            assert!(text.lines().any(|told| told == line), "{line} is not in\n{text}");
        }
    };
    check([
        "paceline_pool_slots{pool=\"up\"} 3",
        "paceline_pool_slots_used{pool=\"up\"} 0",
        "paceline_pool_calls{pool=\"up\"} 5",
        "paceline_pool_calls_used{pool=\"up\"} 0",
        "paceline_pool_closed_until_timestamp_seconds{pool=\"up\"} 0",
    ]);
    house.order(Orders { hold: true, spent_ms: None, ..Orders::default() });
    let first = house.ask().await;
    let worker = house.work(2);
    until("one is in and at work", || async { house.watch.begun.load(Ordering::SeqCst) == 1 }).await;
    house.order(Orders { spent_ms: Some(60_000), ..Orders::default() });
    let second = house.ask().await;
    house.parked(&second).await;
    house.stage.engine.measure_pools().await.unwrap();
    let until_s = START_MS / 1000 + 60;
    check([
        "paceline_pool_slots{pool=\"up\"} 3",
        "paceline_pool_slots_used{pool=\"up\"} 1",
        "paceline_pool_calls{pool=\"up\"} 5",
        "paceline_pool_calls_used{pool=\"up\"} 2",
        &format!("paceline_pool_closed_until_timestamp_seconds{{pool=\"up\"}} {until_s}"),
    ]);
    house.watch.gate.add_permits(1);
    house.succeed(&[first]).await;
    worker.stop().await;
}
