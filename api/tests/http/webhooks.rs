//! Webhooks: who is let in, and what it starts.

use std::time::Duration;

use serde_json::json;

use crate::client::{Answer, Client};
use crate::house::{ATHLETE, House, Plan};
use paceline_api::Limits;

const SAMPLE: &str = "/api/v1/webhooks/sample";
const WORD: &str = "x-word: sesame";

async fn each() -> Vec<House> {
    let mut houses = Vec::new();
    for url in support::databases() {
        let limits =
            Limits { webhook_bytes: 1_000, webhook_wait: Duration::from_secs(20), ..Limits::STANDARD };
        houses.push(House::build(Plan { url, limits, ..Plan::usual() }).await);
    }
    houses
}

/// A delivery as it comes from elsewhere: for another host, and of whatever type.
async fn deliver(client: Client, path: &str, headers: &[&str], body: &str) -> Answer {
    let mut request = format!("POST {path} HTTP/1.1\r\nhost: paceline.example.org\r\nconnection: close\r\n");
    for header in headers {
        request += &format!("{header}\r\n");
    }
    request += &format!("content-type: text/plain\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    client.raw(request.as_bytes()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_starts_what_waits_for_it_and_one_run_stands_for_many() {
    for house in each().await {
        let first = deliver(house.client, SAMPLE, &[WORD], "you").await;
        let run = first.json()["items"][0]["run"].clone();
        let items = json!([{"pipeline": "told", "partition": ATHLETE, "run": run, "new": true}]);
        assert_eq!((first.status, &first.json()["items"]), (202, &items));
        let again = deliver(house.client, "/api/webhooks/sample", &[WORD], "you").await;
        assert_eq!((again.status, &again.json()["items"][0]["new"]), (202, &json!(false)));
        assert_eq!(again.json()["items"][0]["run"], run);
        let run = house.client.get(&format!("/api/v1/runs/{}", run.as_str().unwrap())).await.json();
        assert_eq!((&run["cause"], &run["params"]), (&json!("webhook"), &json!({"paths": [], "who": "you"})));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_makes_sure_of_the_address_is_answered() {
    let house = House::new().await;
    let answer = house.client.get("/api/v1/webhooks/sample?hub.challenge=42").await;
    assert_eq!((answer.status, answer.json()), (200, json!({"hub.challenge": "42", "method": "GET"})));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_is_not_let_in_says_why_and_starts_nothing() {
    for house in each().await {
        let said = async |path: &str, headers: &[&str], body: &str| {
            deliver(house.client, path, headers, body).await.said()
        };
        assert_eq!(said(SAMPLE, &[], "you").await, "403 webhook_refused");
        assert_eq!(said(SAMPLE, &["x-word: open"], "you").await, "403 webhook_refused");
        assert_eq!(said(SAMPLE, &["x-word: open", WORD], "you").await, "403 webhook_refused");
        assert_eq!(said("/api/v1/webhooks/other", &[WORD], "you").await, "404 not_found");
        assert_eq!(said(SAMPLE, &[WORD], &"x".repeat(1_001)).await, "413 file_too_large");
        assert_eq!(said("/api/v1/runs", &[WORD], "you").await, "403 host_refused");
        assert_eq!(house.client.get("/api/v1/runs").await.json()["items"], json!([]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_pipeline_is_told_and_not_started() {
    for house in each().await {
        house.client.post("/api/v1/pipelines/told/pause", &json!({})).await;
        let told = deliver(house.client, SAMPLE, &[WORD], "you").await;
        let items = json!([{"pipeline": "told", "partition": ATHLETE, "new": false}]);
        assert_eq!((told.status, &told.json()["items"]), (202, &items));
        assert_eq!(house.client.get("/api/v1/runs").await.json()["items"], json!([]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_never_comes_is_not_waited_for() {
    let limits = Limits { webhook_wait: Duration::from_millis(50), ..Limits::STANDARD };
    let house = House::build(Plan { limits, ..Plan::usual() }).await;
    let request =
        format!("POST {SAMPLE} HTTP/1.1\r\nhost: localhost\r\n{WORD}\r\ncontent-length: 9\r\n\r\nyou");
    assert_eq!(house.client.raw(request.as_bytes()).await.said(), "503 webhook_timeout");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_starts_a_pipeline_from_outside_is_listed() {
    let listed = House::new().await.client.get("/api/v1/pipelines").await.json();
    let told =
        listed["items"].as_array().unwrap().iter().find(|pipeline| pipeline["name"] == "told").unwrap();
    assert_eq!((&told["on_webhook"], &told["on_file"]), (&json!(["sample"]), &json!(["*.fit"])));
}
