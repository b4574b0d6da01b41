//! What a scheduler does as time goes by, jumps, or is shared.

use crate::run::RunState;

use super::stage::{Stage, ms, stages};

const HOURLY: &str = r#"every: "1h", on_overlap: "queue""#;

#[track_caller]
fn hours(found: &(Vec<String>, usize), wanted: &[&str]) {
    let shown: Vec<_> = found.0.iter().map(|slot| &slot[5..13]).collect();
    assert_eq!((shown.as_slice(), found.1), (wanted, wanted.len()), "slots and runs");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_schedule_waits_for_its_next_slot() {
    for mut stage in stages("2026-11-20T10:15:00Z", HOURLY).await {
        stage.at("2026-11-20T10:15:00Z").await;
        assert_eq!(stage.standing().await.next_ms, ms("2026-11-20T11:00:00Z"));
        stage.at("2026-11-20T10:59:59Z").await;
        hours(&stage.slots().await, &[]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_due_slot_gets_one_run_for_its_cause() {
    for mut stage in stages("2026-11-20T10:15:00Z", HOURLY).await {
        for now in ["10:15:00", "11:00:00", "11:00:01", "11:00:02", "12:00:00"] {
            stage.at(&format!("2026-11-20T{now}Z")).await;
        }
        hours(&stage.slots().await, &["11-20T11", "11-20T12"]);
        let run = stage.runs().await.remove(0);
        assert_eq!(
            (run.cause.as_str(), run.partition.as_str(), run.state),
            ("schedule", "me", RunState::Queued)
        );
        assert_eq!(stage.standing().await.last_slot.as_deref(), Some("2026-11-20T12:00:00Z"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unfinished_run_stands_for_the_slot_where_the_pipeline_says_so() {
    for mut stage in stages("2026-11-20T10:15:00Z", r#"every: "1h", on_overlap: "skip""#).await {
        for now in ["10:15:00", "11:00:00", "12:00:00"] {
            stage.at(&format!("2026-11-20T{now}Z")).await;
        }
        let (slots, runs) = stage.slots().await;
        assert_eq!((slots.len(), runs), (2, 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_is_only_for_who_has_connected_what_it_names() {
    for mut stage in stages("2026-11-20T10:15:00Z", r#"every: "1h", connection: "account""#).await {
        stage.at("2026-11-20T10:15:00Z").await;
        stage.at("2026-11-20T11:00:00Z").await;
        hours(&stage.slots().await, &[]);
        stage.connected.lock().unwrap().push("me".to_owned());
        stage.at("2026-11-20T11:30:00Z").await;
        stage.at("2026-11-20T12:00:00Z").await;
        hours(&stage.slots().await, &["11-20T12"]);
        stage.connected.lock().unwrap().clear();
        stage.at("2026-11-20T13:00:00Z").await;
        hours(&stage.slots().await, &["11-20T12"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_for_a_connection_that_no_plugin_has_is_for_nobody() {
    for mut stage in stages("2026-11-20T10:15:00Z", r#"every: "1h", connection: "other""#).await {
        stage.at("2026-11-20T10:15:00Z").await;
        stage.at("2026-11-20T11:00:00Z").await;
        hours(&stage.slots().await, &[]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_schedulers_fill_a_slot_once() {
    for mut stage in stages("2026-11-20T10:15:00Z", HOURLY).await {
        let mut other = stage.another(HOURLY, &[("me", None)]).await;
        let mut third = stage.another(HOURLY, &[("me", None)]).await;
        for hour in 10..16 {
            let now = format!("2026-11-20T{hour}:00:00Z");
            tokio::join!(stage.at(&now), other.at(&now), third.at(&now));
        }
        hours(&stage.slots().await, &["11-20T11", "11-20T12", "11-20T13", "11-20T14", "11-20T15"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scheduler_that_starts_anew_goes_on_where_the_last_one_was() {
    for mut stage in stages("2026-11-20T10:15:00Z", HOURLY).await {
        stage.at("2026-11-20T10:15:00Z").await;
        for now in ["11:00:00", "11:00:05", "12:00:10"] {
            let mut fresh = stage.another(HOURLY, &[("me", None)]).await;
            fresh.at(&format!("2026-11-20T{now}Z")).await;
        }
        hours(&stage.slots().await, &["11-20T11", "11-20T12"]);
    }
}

/// Goes through the hours of a day with a jump of the clock and back in between.
async fn jump(catch_up: &str, there: &str) -> Vec<(Vec<String>, usize)> {
    let mut found = Vec::new();
    for mut stage in stages("2026-11-20T09:15:00Z", &format!(r#"{HOURLY}, catch_up: "{catch_up}""#)).await {
        stage.at("2026-11-20T09:15:00Z").await;
        stage.at("2026-11-20T10:00:01Z").await;
        stage.at("2026-11-20T11:00:01Z").await;
        stage.at(there).await;
        stage.at("2026-11-20T11:30:00Z").await;
        for hour in 12..15 {
            stage.at(&format!("2026-11-20T{hour}:00:01Z")).await;
        }
        found.push(stage.slots().await);
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_jumps_forward_and_back_doubles_nothing_and_loses_nothing() {
    for found in jump("last", "2026-11-20T12:30:00Z").await {
        hours(&found, &["11-20T10", "11-20T11", "11-20T12", "11-20T13", "11-20T14"]);
    }
    for found in jump("last", "2026-11-21T11:30:00Z").await {
        hours(&found, &["11-20T10", "11-20T11", "11-20T12", "11-20T13", "11-20T14", "11-21T11"]);
    }
    for found in jump("none", "2026-11-21T11:30:00Z").await {
        hours(&found, &["11-20T10", "11-20T11", "11-20T12", "11-20T13", "11-20T14"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_jumps_back_and_forward_doubles_nothing_and_loses_nothing() {
    for found in jump("last", "2026-11-20T10:30:00Z").await {
        hours(&found, &["11-20T10", "11-20T11", "11-20T12", "11-20T13", "11-20T14"]);
    }
    for found in jump("last", "2026-11-19T11:30:00Z").await {
        hours(&found, &["11-20T10", "11-20T11", "11-20T12", "11-20T13", "11-20T14"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_after_the_clock_was_set_back_goes_back_too() {
    for mut stage in stages("2026-11-21T09:15:00Z", HOURLY).await {
        stage.at("2026-11-21T09:15:00Z").await;
        let mut fresh = stage.another(HOURLY, &[("me", None)]).await;
        fresh.at("2026-11-20T09:15:00Z").await;
        assert_eq!(stage.standing().await.next_ms, ms("2026-11-20T10:00:00Z"));
    }
}

/// Is away from shortly after ten o'clock until half past three.
async fn downtime(catch_up: &str) -> Vec<(Vec<String>, usize)> {
    let mut found = Vec::new();
    for mut stage in stages("2026-11-20T09:30:00Z", &format!("{HOURLY}, {catch_up}")).await {
        stage.at("2026-11-20T09:30:00Z").await;
        stage.at("2026-11-20T10:00:01Z").await;
        let options = format!("{HOURLY}, {catch_up}");
        let mut fresh = stage.another(&options, &[("me", None)]).await;
        fresh.at("2026-11-20T15:30:00Z").await;
        fresh.at("2026-11-20T16:00:00Z").await;
        found.push(stage.slots().await);
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_downtime_none_goes_on_with_the_next_slot() {
    for found in downtime(r#"catch_up: "none""#).await {
        hours(&found, &["11-20T10", "11-20T16"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_downtime_last_makes_up_for_the_latest_slot() {
    for found in downtime(r#"catch_up: "last""#).await {
        hours(&found, &["11-20T10", "11-20T15", "11-20T16"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_downtime_all_makes_up_for_each_slot_up_to_its_limit() {
    for found in downtime(r#"catch_up: "all""#).await {
        let all = ["11-20T10", "11-20T11", "11-20T12", "11-20T13", "11-20T14", "11-20T15", "11-20T16"];
        hours(&found, &all);
    }
    for found in downtime(r#"catch_up: "all", catch_up_limit: 2"#).await {
        hours(&found, &["11-20T10", "11-20T14", "11-20T15", "11-20T16"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_rule_begins_now() {
    for mut stage in stages("2026-11-20T09:30:00Z", HOURLY).await {
        stage.at("2026-11-20T09:30:00Z").await;
        let quarterly = r#"every: "15m", on_overlap: "queue", catch_up: "all""#;
        let mut changed = stage.another(quarterly, &[("me", None)]).await;
        changed.at("2026-11-20T15:20:00Z").await;
        hours(&stage.slots().await, &[]);
        changed.at("2026-11-20T15:30:00Z").await;
        hours(&stage.slots().await, &["11-20T15"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_that_is_taken_away_ends() {
    for mut stage in stages("2026-11-20T09:30:00Z", HOURLY).await {
        stage.at("2026-11-20T09:30:00Z").await;
        let mut without = stage.another("", &[("me", None)]).await;
        without.at("2026-11-20T09:40:00Z").await;
        stage.at("2026-11-20T15:20:00Z").await;
        hours(&stage.slots().await, &[]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_partition_has_its_own_slots_on_its_own_wall() {
    let daily = r#"cron: "30 4 * * *""#;
    for stage in stages("2026-11-20T00:00:00Z", daily).await {
        let people = [("a", Some("Europe/Berlin")), ("b", Some("America/New_York")), ("c", None)];
        let mut many = stage.another(daily, &people).await;
        let mut seen = Vec::new();
        many.at("2026-11-20T00:00:00Z").await;
        for hour in [3, 4, 9] {
            many.at(&format!("2026-11-20T{hour:02}:30:00Z")).await;
            seen.push(many.runs().await.last().unwrap().partition.clone());
        }
        assert_eq!(seen, ["a", "c", "b"]);
        assert_eq!(many.runs().await.len(), 3);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_zone_of_the_pipeline_holds_for_every_partition() {
    let daily = r#"cron: "30 4 * * *", timezone: "Asia/Tokyo""#;
    for stage in stages("2026-11-20T00:00:00Z", daily).await {
        let mut abroad = stage.another(daily, &[("a", Some("Europe/Berlin"))]).await;
        abroad.at("2026-11-20T00:00:00Z").await;
        let standing = stage.standing().await;
        assert_eq!(standing.next_ms, ms("2026-11-20T19:30:00Z"));
        assert_eq!(standing.rule, "cron 30 4 * * * in Asia/Tokyo");
    }
}

async fn paused(catch_up: &str) -> Vec<(Vec<String>, usize)> {
    let options = format!(r#"{HOURLY}, catch_up: "{catch_up}""#);
    let mut found = Vec::new();
    for mut stage in stages("2026-11-20T09:30:00Z", &options).await {
        stage.at("2026-11-20T09:30:00Z").await;
        stage.pause("x").await;
        for hour in 10..13 {
            stage.at(&format!("2026-11-20T{hour}:00:00Z")).await;
        }
        hours(&stage.slots().await, &[]);
        assert!(stage.resume("x").await);
        stage.at("2026-11-20T12:30:00Z").await;
        stage.at("2026-11-20T13:00:00Z").await;
        found.push(stage.slots().await);
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn the_slots_of_a_pause_were_missed() {
    for found in paused("none").await {
        hours(&found, &["11-20T13"]);
    }
    for found in paused("last").await {
        hours(&found, &["11-20T12", "11-20T13"]);
    }
    for found in paused("all").await {
        hours(&found, &["11-20T10", "11-20T11", "11-20T12", "11-20T13"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_is_noted_when_it_came_to_its_end() {
    for mut stage in stages("2026-11-20T09:30:00Z", HOURLY).await {
        let ticking =
            |stage: &Stage| stage.engine.ticking().map(|ticking| (ticking.last_ms, ticking.is_late()));
        assert_eq!(ticking(&stage), Some((None, false)));
        stage.pass("2026-11-20T09:30:31Z");
        assert_eq!(ticking(&stage), Some((None, true)), "it has not looked once");
        stage.at("2026-11-20T09:30:32Z").await;
        let looked_ms = Some(ms("2026-11-20T09:30:32Z"));
        stage.pass("2026-11-20T09:31:02Z");
        assert_eq!(ticking(&stage), Some((looked_ms, false)));
        stage.pass("2026-11-20T09:31:03Z");
        assert_eq!(ticking(&stage), Some((looked_ms, true)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn slots_too_old_to_come_again_are_forgotten() {
    for mut stage in stages("2026-09-01T09:30:00Z", HOURLY).await {
        stage.at("2026-09-01T09:30:00Z").await;
        stage.at("2026-09-01T10:00:00Z").await;
        stage.at("2026-11-20T10:00:00Z").await;
        assert_eq!(stage.slots().await.0, ["2026-11-20T10:00:00Z"]);
    }
}
