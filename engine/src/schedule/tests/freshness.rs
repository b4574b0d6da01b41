//! Which pipelines are late, as time goes by.

use super::stage::{Stage, ms, stages};

const HOURLY: &str = r#"every: "1h", on_overlap: "queue""#;

/// Since when the pipeline is late at that time of the day, `on time`, or `not watched`.
async fn check(stage: &Stage, now: &str, expected: &str) {
    stage.pass(&format!("2026-11-20T{now}Z"));
    let fresh = stage.engine.condition().await.unwrap().pipelines.remove(0);
    let found = match fresh.lateness.map(|lateness| (lateness.partitions, lateness.due_ms)) {
        None => "not watched".to_owned(),
        Some((0, None)) => "on time".to_owned(),
        Some((1, Some(due_ms))) => {
            jiff::Timestamp::from_millisecond(due_ms).unwrap().to_string()[11..16].to_owned()
        }
        Some(other) => format!("{other:?}"),
    };
    assert_eq!(found, expected, "at {now}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slot_without_a_success_is_late_once_its_time_is_over() {
    for mut stage in stages("2026-11-20T10:15:00Z", HOURLY).await {
        stage.at("2026-11-20T10:15:00Z").await;
        check(&stage, "10:59:00", "on time").await;
        stage.at("2026-11-20T11:00:00Z").await;
        check(&stage, "11:14:59", "on time").await;
        check(&stage, "11:15:00", "11:00").await;
        stage.at("2026-11-20T12:00:00Z").await;
        check(&stage, "12:01:00", "11:00").await;
        stage.succeed().await;
        check(&stage, "12:20:00", "on time").await;
        let fresh = stage.engine.condition().await.unwrap().pipelines.remove(0);
        assert_eq!(fresh.last_success_ms, Some(ms("2026-11-20T12:01:00Z")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slot_that_no_scheduler_took_up_is_late_too() {
    for mut stage in stages("2026-11-20T10:15:00Z", HOURLY).await {
        stage.at("2026-11-20T10:15:00Z").await;
        check(&stage, "11:14:59", "on time").await;
        check(&stage, "13:00:00", "11:00").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipeline_with_a_long_timeout_has_that_long() {
    for mut stage in stages("2026-11-20T10:15:00Z", r#"every: "6h", timeout: "2h""#).await {
        stage.at("2026-11-20T10:15:00Z").await;
        stage.at("2026-11-20T12:00:00Z").await;
        check(&stage, "13:59:59", "on time").await;
        check(&stage, "14:00:00", "12:00").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn slots_that_are_left_out_on_purpose_are_not_late() {
    for mut stage in stages("2026-11-20T10:15:00Z", HOURLY).await {
        stage.at("2026-11-20T10:15:00Z").await;
        stage.at("2026-11-20T15:30:00Z").await;
        check(&stage, "15:59:00", "on time").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_pipeline_is_not_watched() {
    for mut stage in stages("2026-11-20T10:15:00Z", HOURLY).await {
        stage.at("2026-11-20T10:15:00Z").await;
        stage.pause("x").await;
        check(&stage, "13:00:00", "not watched").await;
        assert!(stage.resume("x").await);
        stage.at("2026-11-20T13:30:00Z").await;
        check(&stage, "13:30:00", "on time").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipeline_without_a_schedule_is_not_watched() {
    for stage in stages("2026-11-20T10:15:00Z", "").await {
        check(&stage, "13:00:00", "not watched").await;
    }
}
