//! Runs: paged, shown, cancelled.

use engine::plan::Overlap;
use engine::queue::{self, Job};
use engine::run::Cause;
use serde_json::{Value, json};

use crate::house::{ATHLETE, House, NOW_MS, Plan};

/// Puts runs into the queue whose ids end in 1, 2 …
async fn enqueue(house: &House, pipeline: &'static str, count: u8) {
    for number in 1..=count {
        let job = Job {
            id: format!("0198a000-0000-7000-8000-0000000000{number:02}"),
            pipeline: pipeline.to_owned(),
            partition: ATHLETE.to_owned(),
            params: "{}".to_owned(),
            cause: Cause::Http,
            request_id: None,
            lock_key: None,
            priority: 0,
            overlap: Overlap::Queue,
            script_hash: "hash".to_owned(),
            script_body: "{}".to_owned(),
            plan_hash: "plan".to_owned(),
            now_ms: NOW_MS,
        };
        house.store.write(move |tx| queue::enqueue(tx, &job)).await.unwrap();
    }
}

fn ids(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|run| &run["id"].as_str().unwrap()[34..]).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_follow_each_other_from_the_newest_run() {
    for url in support::databases() {
        let house = House::build(Plan { url, ..Plan::usual() }).await;
        enqueue(&house, "counting", 3).await;
        let first = house.client.get("/api/v1/runs?limit=2&pipeline=counting").await.json();
        assert_eq!(ids(&first), ["03", "02"]);
        let cursor = first["next"].as_str().unwrap();
        let second = house.client.get(&format!("/api/v1/runs?limit=2&cursor={cursor}")).await.json();
        assert_eq!((ids(&second), &second["next"]), (vec!["01"], &Value::Null));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_of_other_pipelines_are_left_out() {
    let house = House::new().await;
    enqueue(&house, "counting", 1).await;
    let page = house.client.get("/api/v1/runs?pipeline=import").await.json();
    assert_eq!(page, json!({"items": [], "next": null}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queued_run_is_asked_to_stop() {
    let house = House::new().await;
    enqueue(&house, "counting", 1).await;
    let path = "/api/v1/runs/0198a000-0000-7000-8000-000000000001/cancel";
    assert_eq!(house.client.post(path, &json!({})).await.status, 202);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_run_cannot_be_asked_to_stop() {
    let house = House::new().await;
    let path = "/api/v1/runs/0198a000-0000-7000-8000-000000000001/cancel";
    assert_eq!(house.client.post(path, &json!({})).await.said(), "404 not_found");
}

/// Starts the pipeline `counting` and waits for its end.
async fn counted(house: &House) -> String {
    house.work();
    let started = house.client.post("/api/v1/pipelines/counting/runs", &json!({})).await;
    let id = started.json()["run"].as_str().unwrap().to_owned();
    house.engine.ended(&id).await.unwrap();
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_shown_with_steps_attempts_artifacts_and_meters() {
    for url in support::databases() {
        let house = House::build(Plan { url, ..Plan::usual() }).await;
        let id = counted(&house).await;
        let run = house.client.get(&format!("/api/v1/runs/{id}")).await.json();
        let step = &run["steps"][0];
        assert_eq!((run["state"].as_str(), run["cause"].as_str()), (Some("succeeded"), Some("http")));
        assert_eq!((step["step"].as_str(), step["kind"].as_str()), (Some("count"), Some("sample.count")));
        assert_eq!((&step["artifact"], &step["meters"]["rows_in"]), (&json!({"rows": 3}), &json!(3)));
        assert_eq!(step["attempts"][0]["state"], "succeeded");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_over_cannot_be_stopped() {
    let house = House::new().await;
    let id = counted(&house).await;
    let answer = house.client.post(&format!("/api/v1/runs/{id}/cancel"), &json!({})).await;
    assert_eq!(answer.said(), "409 run_over");
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_are_a_list_of_their_own() {
    let house = House::new().await;
    let id = counted(&house).await;
    let steps = house.client.get(&format!("/api/v1/runs/{id}/steps")).await.json();
    assert_eq!(steps["items"][0]["step"], "count");
}

#[tokio::test(flavor = "multi_thread")]
async fn health_tells_when_a_pipeline_last_succeeded() {
    let house = House::new().await;
    counted(&house).await;
    let health = house.client.get("/api/v1/health").await.json();
    assert_eq!(
        health["pipelines"][1],
        json!({"pipeline": "counting", "last_success_ms": NOW_MS, "age_ms": 0})
    );
}
