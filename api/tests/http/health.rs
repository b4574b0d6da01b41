//! Health, metrics, and what every answer carries.

use std::sync::Arc;
use std::time::Duration;

use paceline_api::Limits;
use serde_json::json;
use support::postgres::Cluster;

use crate::house::{House, Plan};

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
            "queue": {"queued": 0, "running": 0, "workers": 0},
            "pipelines": [{"pipeline": "broken"}, {"pipeline": "counting"}, {"pipeline": "import"}, {"pipeline": "timed"}],
            "script_errors": null
        });
        assert_eq!((answer.status, told), (200, expected));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_former_addresses_answer_too() {
    let house = House::new().await;
    assert_eq!(house.client.get("/api/health").await.status, 200);
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
    assert_eq!(answer.body, b"up 1\n");
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
