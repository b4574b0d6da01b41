//! Requests that are refused, each with its code.

use std::sync::Arc;

use paceline_api::State;
use serde_json::json;

use crate::house::{ATHLETE, House};

async fn get(path: &str, expected: &str) {
    let house = House::new().await;
    let answer = house.client.get(path).await;
    assert_eq!(
        format!("{} {}", answer.said(), answer.json()["error"]["message"].as_str().unwrap_or("")),
        expected
    );
}

async fn check(method: &str, path: &str, headers: &[&str], body: &[u8], expected: &str) {
    let house = House::new().await;
    let answer = house.client.send(method, path, headers, body).await;
    assert_eq!(answer.said(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_does_not_exist() {
    get("/api/v1/nothing", "404 not_found there is no address `/api/v1/nothing`").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_does_not_exist() {
    get("/api/v1/runs/x", "404 not_found there is no run `x`").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_no_text() {
    get("/api/v1/runs/%ff", "404 not_found there is no thing of that name").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_method_names_those_there_are() {
    let house = House::new().await;
    let answer = house.client.send("DELETE", "/api/v1/runs", &["x-paceline: 1"], b"").await;
    assert_eq!(
        (answer.said().as_str(), answer.header("allow")),
        ("405 method_not_allowed", Some("get,head"))
    );
}

// Row 29 of the bad inputs.
#[tokio::test(flavor = "multi_thread")]
async fn a_limit_or_a_cursor_out_of_range() {
    let range = "must be a whole number from 1 to 500";
    for list in ["runs", "activities"] {
        get(&format!("/api/v1/{list}?limit=-1"), &format!("422 invalid_parameter `limit` {range}, not `-1`"))
            .await;
        get(
            &format!("/api/v1/{list}?limit=1e9"),
            &format!("422 invalid_parameter `limit` {range}, not `1e9`"),
        )
        .await;
        let cursor = "422 invalid_parameter `cursor` must be the `next` of a page";
        get(&format!("/api/v1/{list}?cursor=%27;--"), cursor).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parameter_that_no_one_knows() {
    get("/api/v1/health?verbose=1", "422 invalid_parameter `verbose` is not a parameter of this address")
        .await;
}

// Row 23 of the bad inputs.
#[tokio::test(flavor = "multi_thread")]
async fn half_a_million_brackets() {
    let body = "[".repeat(500_000);
    let json = ["content-type: application/json"];
    check("POST", "/api/v1/pipelines/check", &json, body.as_bytes(), "400 json_too_deep").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_no_json() {
    let json = ["content-type: application/json"];
    check("POST", "/api/v1/pipelines/counting/runs", &json, b"{", "400 invalid_json").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_another_type() {
    let headers = ["content-type: text/plain", "x-paceline: 1"];
    check("POST", "/api/v1/pipelines/check", &headers, b"hello", "415 unsupported_media_type").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_too_large_is_refused_before_it_is_sent() {
    let house = House::new().await;
    let head = "POST /api/v1/pipelines/check HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n";
    let rest = "content-type: application/json\r\ncontent-length: 50000000\r\n\r\n";
    assert_eq!(house.client.raw(format!("{head}{rest}").as_bytes()).await.said(), "413 file_too_large");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_a_foreign_form_could_send() {
    let form = ["content-type: application/x-www-form-urlencoded"];
    check("POST", "/api/v1/pipelines/counting/runs", &form, b"a=b", "403 csrf_refused").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_origin() {
    check("GET", "/api/v1/runs", &["origin: https://example.org"], b"", "403 origin_refused").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_was_pointed_at_this_machine() {
    let house = House::new().await;
    let answer = house
        .client
        .raw(b"GET /api/v1/runs HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n")
        .await;
    assert_eq!(answer.said(), "403 host_refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_no_loopback_is_not_served() {
    let house = House::new().await;
    let listener = tokio::net::TcpListener::bind("0.0.0.0:0").await.unwrap();
    let state = State::new(house.engine.clone(), Arc::new(String::new), ATHLETE, "1");
    let served = paceline_api::serve(listener, state, std::future::pending()).await;
    assert!(matches!(served, Err(paceline_api::ServeError::NotLoopback(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_names_the_parameter_for_programs() {
    let house = House::new().await;
    let answer = house.client.get("/api/v1/runs?limit=0").await;
    assert_eq!(answer.json()["error"]["details"], json!({"parameter": "limit"}));
}
