//! Health, metrics, and what every answer carries.

use std::sync::Arc;
use std::time::Duration;

use paceline_api::Limits;
use serde_json::json;
use store::{Sql, params};
use support::postgres::Cluster;

use crate::house::{House, NOW_MS, Plan};

#[tokio::test(flavor = "multi_thread")]
async fn health_tells_of_database_queue_and_pipelines() {
    for url in support::databases() {
        let kind = if url.starts_with("sqlite") { "sqlite" } else { "postgres" };
        let house = House::build(Plan { url, ..Plan::usual() }).await;
        let answer = house.client.get("/api/v1/health").await;
        let mut told = answer.json();
        let errors = told["script_errors"].take();
        assert_eq!(
            (&errors[0]["path"], &errors[0]["code"]),
            (&json!("pipelines/broken.rhai"), &json!("unknown_step"))
        );
        let expected = json!({
            "status": "ok", "version": "1.2.3", "database": {"ok": true, "kind": kind},
            "queue": {
                "queued": 0, "ready": 0, "parked": 0, "locked": 0, "oldest_ready_age_ms": 0, "late": false,
                "running": 0, "workers": 0, "dead_letters": 0
            },
            "pipelines": [
                {"pipeline": "broken"}, {"pipeline": "counting"}, {"pipeline": "daily"}, {"pipeline": "import"},
                {"pipeline": "polite"}, {"pipeline": "timed", "late": false}, {"pipeline": "told"}
            ],
            "script_errors": null
        });
        assert_eq!((answer.status, told), (200, expected));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_late_is_told_and_health_stays_well() {
    const SCHEDULE: Sql = Sql::Both(
        "INSERT INTO schedule (pipeline, partition, rule, next_ms) VALUES ('timed', 'athlete', 'every 1h', $1)",
    );
    const OLD: Sql = Sql::Both("UPDATE job SET ready_ms = $1");
    for url in support::databases() {
        let house = House::build(Plan { url, ..Plan::usual() }).await;
        let minutes_ago = |minutes: i64| NOW_MS - minutes * 60_000;
        let due_ms = minutes_ago(16);
        house.store.write(move |tx| tx.execute(&SCHEDULE, &params![due_ms])).await.unwrap();
        let answer = house.client.get("/api/v1/health").await;
        let told = answer.json();
        assert_eq!((answer.status, &told["status"]), (200, &json!("late")));
        assert_eq!(told["pipelines"][5], json!({"pipeline": "timed", "late": true, "due_ms": due_ms}));
        assert_eq!(told["pipelines"][1], json!({"pipeline": "counting"}));

        let on_time = Sql::Both("DELETE FROM schedule");
        house.store.write(move |tx| tx.execute(&on_time, &[])).await.unwrap();
        house.client.post("/api/v1/pipelines/counting/runs", &json!({})).await;
        assert_eq!(house.client.get("/api/v1/health").await.json()["status"], "ok");
        let ready_ms = minutes_ago(6);
        house.store.write(move |tx| tx.execute(&OLD, &params![ready_ms])).await.unwrap();
        let answer = house.client.get("/api/v1/health").await;
        let queue = &answer.json()["queue"];
        assert_eq!((answer.status, &answer.json()["status"]), (200, &json!("late")));
        assert_eq!(
            (&queue["ready"], &queue["late"], &queue["oldest_ready_age_ms"]),
            (&json!(1), &json!(true), &json!(360_000))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scheduler_and_a_success_are_told_with_their_age() {
    for url in support::databases() {
        let house = House::build(Plan { url, ..Plan::usual() }).await;
        house.work();
        let started = house.client.post("/api/v1/pipelines/counting/runs", &json!({})).await.json();
        house.engine.ended(started["run"].as_str().unwrap()).await.unwrap();
        let told = loop {
            let told = house.client.get("/api/v1/health").await.json();
            if told["scheduler"]["last_tick_ms"].is_i64() {
                break told;
            }
            tokio::task::yield_now().await;
        };
        assert_eq!(told["scheduler"], json!({"last_tick_ms": NOW_MS, "age_ms": 0, "late": false}));
        let counting = json!({"pipeline": "counting", "last_success_ms": NOW_MS, "age_ms": 0});
        assert_eq!((&told["pipelines"][1], &told["queue"]["workers"]), (&counting, &json!(1)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_former_addresses_answer_too() {
    let house = House::new().await;
    for path in ["health", "metrics", "jobs", "job_runs", "job_dead_letters"] {
        let (former, now) = (format!("/api/{path}"), format!("/api/v1/{path}"));
        let status = house.client.get(&now).await.status;
        assert_eq!(house.client.get(&former).await.status, status, "{path}");
        assert_ne!(status, 404, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn health_answers_503_while_the_database_is_away() {
    let cluster = Cluster::start().unwrap();
    let limits = Limits { health_wait: Duration::from_secs(2), ..Limits::STANDARD };
    let house = House::build(Plan { url: cluster.admin_url().to_owned(), limits, ..Plan::usual() }).await;
    drop(cluster);
    let answer = house.client.get("/api/v1/health").await;
    let database = json!({"ok": false, "kind": "postgres", "code": "storage_unavailable"});
    assert_eq!((answer.status, &answer.json()["database"]), (503, &database));
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_are_plain_text() {
    let house = House::new().await;
    let answer = house.client.get("/api/v1/metrics").await;
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let text = String::from_utf8(answer.body).unwrap();
    assert!(text.starts_with("up 1\n# HELP paceline_store_up "), "{text}");
    assert!(text.contains("\npaceline_queue_runs{pipeline=\"counting\",why=\"ready\"} 0\n"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_is_an_answer_without_its_text() {
    let house = House::build(Plan { metrics: Arc::new(|| panic!("secret")), ..Plan::usual() }).await;
    let answer = house.client.get("/api/v1/metrics").await;
    assert_eq!(answer.said(), "500 internal");
    assert!(!String::from_utf8_lossy(&answer.body).contains("secret"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistake_in_a_statement_is_an_answer_without_its_text() {
    let house = House::build(Plan { migrated: false, ..Plan::usual() }).await;
    let answer = house.client.get("/api/v1/runs").await;
    assert_eq!(answer.said(), "500 store_error");
    assert!(!String::from_utf8_lossy(&answer.body).contains("no such table"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_carries_the_callers_id_and_the_headers_that_protect() {
    let house = House::new().await;
    let answer = house.client.send("GET", "/api/v1/nothing", &["x-request-id: job-17"], b"").await;
    assert_eq!(answer.header("x-request-id"), Some("job-17"));
    assert_eq!(answer.json()["error"]["request_id"], "job-17");
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_is_served() {
    let house = House::new().await;
    let document = house.client.get("/api/v1/openapi.json").await.json();
    assert_eq!(document["openapi"], "3.1.0");
    assert!(document["paths"]["/api/v1/runs/{id}"].is_object());
}
