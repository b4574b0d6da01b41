//! Gauges over both databases, and counters of this process.

use std::time::Duration;

use serde_json::Value;
use store::{Sql, Store, params};
use support::postgres::Cluster;

use super::super::install;
use super::keep_for;
use crate::queue::{self, Lease};
use crate::run::{Cause, RunState};
use crate::stage::Stage;

const WELL: &str = "//! Succeeds.\npipeline(\"well\", #{});\ntest::play([], #{}).named(\"a\");\n";
const BAD: &str =
    "//! Fails.\npipeline(\"bad\", #{});\ntest::play([], #{ fail_first: 9, hopeless: true });\n";

/// The value of a series, or nothing where it is absent.
fn value(text: &str, series: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok())
}

#[tokio::test(flavor = "multi_thread")]
async fn gauges_mirror_the_database() {
    for stage in Stage::each(&[("well", WELL), ("bad", BAD)]).await {
        stage.run("well").await;
        stage.run("bad").await;
        stage.enqueue("well", Value::Null, Cause::Cli).await;
        let text = stage.engine.gauges().await;
        let check = |series: &str, expected: Option<f64>| {
            assert_eq!(value(&text, series), expected, "{series}\n{text}");
        };
        check("paceline_store_up", Some(1.0));
        check("paceline_queue_runs{pipeline=\"well\",why=\"ready\"}", Some(1.0));
        check("paceline_queue_runs{pipeline=\"bad\",why=\"parked\"}", Some(0.0));
        check("paceline_queue_runs{pipeline=\"(other)\",why=\"locked\"}", Some(0.0));
        check("paceline_queue_leases", Some(0.0));
        check("paceline_workers", Some(0.0));
        check("paceline_dead_letters", Some(1.0));
        assert!(value(&text, "paceline_queue_oldest_ready_seconds").is_some_and(|age| age > 0.0), "{text}");
        let success = "paceline_last_success_timestamp_seconds{pipeline=\"well\"}";
        assert!(value(&text, success).is_some_and(|at| at > 1_785_000_000.0), "{text}");
        check("paceline_last_success_timestamp_seconds{pipeline=\"bad\"}", None);
        let is_postgres = stage.store.backend() == store::Backend::Postgres;
        for series in ["paceline_postgres_oldest_snapshot_seconds", "paceline_postgres_job_dead_rows"] {
            assert_eq!(value(&text, series).is_some(), is_postgres, "{series}\n{text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pipelines_that_only_others_know_share_one_label() {
    for stage in Stage::each(&[("well", WELL)]).await {
        stage.enqueue("well", Value::Null, Cause::Cli).await;
        let rename = Sql::Both("UPDATE run SET pipeline = 'theirs'");
        stage.store.write(move |tx| tx.execute(&rename, &params![])).await.unwrap();
        let text = stage.engine.gauges().await;
        let other = value(&text, "paceline_queue_runs{pipeline=\"(other)\",why=\"ready\"}");
        assert_eq!((other, text.contains("theirs")), (Some(1.0), false), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_database_is_away_only_that_is_told() {
    let cluster = Cluster::start().unwrap();
    let store = Store::open(&cluster.admin_url().parse().unwrap()).await.unwrap();
    store.migrate().await.unwrap();
    let stage = Stage::with(store, &[("well", WELL)], |_| {}).await;
    drop(cluster);
    let text = stage.engine.gauges().await;
    let series: Vec<_> = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect();
    assert_eq!(series, ["paceline_store_up 0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn rescues_and_refused_commits_are_counted_from_zero_on() {
    let handle = install().unwrap();
    let count = |series: &str| value(&handle.render(), series).unwrap_or(-1.0);
    let (rescues, refused) = ("paceline_run_rescues_total", "paceline_fenced_writes_total");
    assert_eq!((count(rescues), count(refused)), (0.0, 0.0));
    for (number, stage) in (1_u8..).zip(Stage::each(&[("well", WELL)]).await) {
        let run = stage.enqueue("well", Value::Null, Cause::Cli).await;
        let now_ms = stage.engine.clock().now_ms();
        let lease = Lease { worker: "dead".to_owned(), length: Duration::ZERO, now_ms };
        let held = stage.store.write_latest(move |tx| queue::claim(tx, &lease, 1)).await.unwrap().remove(0);
        assert_eq!(stage.ended(&run).await.state, RunState::Succeeded);
        assert_eq!(count(rescues), f64::from(number));
        let late = stage.store.write(move |tx| queue::release(tx, &held.fence, 0)).await;
        assert_eq!(late.unwrap_err().code(), "store_aborted");
        assert_eq!(count(refused), f64::from(number));
    }
}

#[test]
fn a_reading_is_kept_for_a_second_or_for_ten_times_as_long_as_it_took() {
    assert_eq!(keep_for(Duration::from_millis(20)), Duration::from_secs(1));
    assert_eq!(keep_for(Duration::from_millis(300)), Duration::from_secs(3));
}
