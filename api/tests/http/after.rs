//! What follows a run: retried, run again, its dead letter replayed or discarded; and what waits in the queue.

use serde_json::{Value, json};

use crate::house::{House, NOW_MS, Plan};

/// A run of the pipeline `import` that failed.
async fn failed(house: &House) -> String {
    let body = json!({"params": {"uploads": [{"name": "failing.fit"}]}});
    let started = house.client.post("/api/v1/pipelines/import/runs", &body).await;
    let id = started.json()["run"].as_str().unwrap().to_owned();
    house.engine.ended(&id).await.unwrap();
    id
}

async fn each() -> Vec<House> {
    let mut houses = Vec::new();
    for url in support::databases() {
        let house = House::build(Plan { url, ..Plan::usual() }).await;
        house.work();
        houses.push(house);
    }
    houses
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_run_is_retried_after_a_preview() {
    for house in each().await {
        let id = failed(&house).await;
        let path = format!("/api/v1/job_runs/{id}/retry");
        let preview = house.client.post(&format!("{path}?preview=1"), &json!({})).await;
        let expected = json!({"follows": id, "again": ["take"], "reused": []});
        let mut shown = preview.json();
        shown["again"] = json!(["take"]);
        assert_eq!((preview.status, shown), (200, expected));
        assert_eq!(preview.json()["again"].as_array().unwrap().len(), 1);
        let retried = house.client.post(&path, &json!({})).await;
        assert_eq!((retried.status, &retried.json()["new"]), (202, &json!(true)));
        let run = retried.json()["run"].as_str().unwrap().to_owned();
        house.engine.ended(&run).await.unwrap();
        let shown = house.client.get(&format!("/api/job_runs/{run}")).await.json();
        assert_eq!((&shown["cause"], &shown["follows"]), (&json!("retry"), &json!(id)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_retried_says_why() {
    let house = House::new().await;
    let started = house.client.post("/api/v1/pipelines/counting/runs", &json!({})).await.json();
    let id = started["run"].as_str().unwrap();
    let post = async |path: &str| house.client.post(&format!("/api/v1/runs/{path}"), &json!({})).await.said();
    assert_eq!(post(&format!("{id}/retry")).await, "409 run_unfinished");
    house.work();
    house.engine.ended(id).await.unwrap();
    assert_eq!(post(&format!("{id}/retry")).await, "409 nothing_to_retry");
    assert_eq!(post(&format!("{id}/rerun")).await, "422 invalid_parameter");
    assert_eq!(post(&format!("{id}/rerun?from=nothing")).await, "422 invalid_parameter");
    assert_eq!(post(&format!("{id}/rerun?from=count")).await, "202");
    assert_eq!(post("x/retry").await, "404 not_found");
}

async fn letters(house: &House, query: &str) -> Vec<Value> {
    let page = house.client.get(&format!("/api/v1/job_dead_letters{query}")).await.json();
    page["items"].as_array().unwrap_or_else(|| panic!("{page}")).clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_run_is_a_dead_letter_until_it_is_decided() {
    for house in each().await {
        let id = failed(&house).await;
        let letter = letters(&house, "").await.remove(0);
        assert_eq!((&letter["id"], &letter["error_class"]), (&json!(id), &json!("hopeless")));
        assert_eq!(letter["params"], json!({"uploads": [{"name": "failing.fit"}]}));
        let path = format!("/api/v1/job_dead_letters/{id}");
        let replay = house.client.post(&format!("{path}/replay"), &json!({})).await;
        assert_eq!(replay.status, 202);
        let second = replay.json()["run"].as_str().unwrap().to_owned();
        house.engine.ended(&second).await.unwrap();
        let former = house.client.get(&path).await.json();
        assert_eq!((&former["state"], &former["replay_run"]), (&json!("replayed"), &json!(second)));
        assert_eq!(
            house.client.post(&format!("{path}/replay"), &json!({})).await.said(),
            "409 letter_closed"
        );
        let discard = format!("/api/v1/job_dead_letters/{second}/discard");
        let discarded = house.client.post(&discard, &json!({"note": "known"})).await.json();
        assert_eq!((&discarded["state"], &discarded["times"]), (&json!("discarded"), &json!(2)));
        assert!(letters(&house, "").await.is_empty());
        assert_eq!(letters(&house, "?state=discarded&limit=1").await[0]["note"], "known");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_of_letters_is_replayed_by_its_code() {
    let house = House::new().await;
    house.work();
    let id = failed(&house).await;
    let path = "/api/v1/job_dead_letters/replay";
    assert_eq!(house.client.post(path, &json!({})).await.said(), "422 invalid_parameter");
    let none = house.client.post(&format!("{path}?code=other"), &json!({})).await.json();
    assert_eq!(none["items"], json!([]));
    let some = house.client.post(&format!("{path}?code=sample_broken"), &json!({})).await.json();
    assert_eq!(some["items"][0]["letter"], json!(id));
    assert!(some["items"][0]["run"].is_string(), "{some}");
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_that_cannot_be_are_refused() {
    let house = House::new().await;
    let get = async |path: &str| house.client.get(&format!("/api/v1/job_dead_letters{path}")).await.said();
    assert_eq!(get("/x").await, "404 not_found");
    assert_eq!(get("?state=lost").await, "422 invalid_parameter");
    assert_eq!(get("?cursor=x").await, "422 invalid_parameter");
    let path = "/api/v1/job_dead_letters/0198a000-0000-7000-8000-000000000001/discard";
    assert_eq!(house.client.post(path, &json!({})).await.said(), "404 not_found");
    let long = json!({"note": "x".repeat(1001)});
    assert_eq!(house.client.post(path, &long).await.said(), "422 invalid_parameter");
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_say_what_waits_and_for_what() {
    for url in support::databases() {
        let house = House::build(Plan { url, ..Plan::usual() }).await;
        let started = house.client.post("/api/v1/pipelines/counting/runs", &json!({})).await.json();
        let jobs = house.client.get("/api/v1/jobs").await.json();
        let expected = json!({
            "run": started["run"], "pipeline": "counting", "partition": "athlete", "state": "waiting",
            "priority": 0, "ready_ms": NOW_MS, "why": "ready", "cancel_asked": false,
        });
        assert_eq!(jobs["items"], json!([expected]));
        assert_eq!(house.client.get("/api/jobs?limit=0").await.said(), "422 invalid_parameter");
    }
}

fn list(items: &Value) -> Value {
    json!({"pipeline": "counting", "items": items, "at_once": 2})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backfill_is_previewed_started_listed_and_cancelled() {
    for url in support::databases() {
        let house = House::build(Plan { url, ..Plan::usual() }).await;
        let body = list(&json!([{"who": "a"}, {"who": "b"}, {}]));
        let planned = house.client.post("/api/v1/backfills?preview=1", &body).await;
        let item = |who| json!({"pipeline": "counting", "partition": "athlete", "params": {"who": who}});
        let expected = json!({"items": [item("a"), item("b"), item("me")], "priority": -10, "at_once": 2});
        assert_eq!((planned.status, planned.json()), (200, expected));
        assert_eq!(house.client.get("/api/v1/backfills").await.json()["items"], json!([]));
        let started = house.client.post("/api/v1/backfills", &body).await;
        assert_eq!(started.status, 202);
        let path = format!("/api/v1/backfills/{}", started.json()["id"].as_str().unwrap());
        let shown = house.client.get(&path).await.json();
        let states: Vec<_> =
            shown["list"].as_array().unwrap().iter().map(|item| item["state"].clone()).collect();
        assert_eq!(states, ["queued", "queued", "waiting"]);
        let cancelled = house.client.post(&format!("{path}/cancel"), &json!({})).await;
        assert_eq!((cancelled.status, &cancelled.json()["counts"]["cancelled"]), (200, &json!(2)));
        assert_eq!(
            house.client.post(&format!("{path}/cancel"), &json!({})).await.said(),
            "409 backfill_over"
        );
        assert_eq!(house.client.get("/api/backfills?limit=1").await.json()["items"][0]["state"], "cancelled");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backfill_that_cannot_be_says_why() {
    let house = House::new().await;
    let post = async |body: Value| house.client.post("/api/v1/backfills", &body).await.said();
    assert_eq!(post(list(&json!([]))).await, "422 invalid_parameter");
    assert_eq!(post(list(&json!([{"what": 1}]))).await, "422 invalid_parameter");
    assert_eq!(post(json!({"pipeline": "counting"})).await, "422 invalid_parameter");
    assert_eq!(post(json!({"pipeline": "nothing", "items": [{}]})).await, "404 pipeline_unknown");
    let days = |from: &str| json!({"from": from, "to": "2026-01-03", "param": "who"});
    assert_eq!(
        post(json!({"pipeline": "counting", "days": days("20260101")})).await,
        "422 invalid_parameter"
    );
    assert_eq!(
        post(json!({"pipeline": "counting", "days": days("2026-01-01"), "priority": 5})).await,
        "422 invalid_parameter"
    );
    assert_eq!(post(json!({"pipeline": "counting", "days": days("2026-01-01")})).await, "202");
    assert_eq!(house.client.get("/api/v1/backfills/x").await.said(), "404 not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn to_resume_a_run_is_to_retry_it_under_every_address() {
    for house in each().await {
        let id = failed(&house).await;
        for address in ["/api/v1/runs", "/api/v1/job_runs", "/api/runs", "/api/job_runs"] {
            let preview = house.client.post(&format!("{address}/{id}/resume?preview=1"), &json!({})).await;
            assert_eq!((preview.status, &preview.json()["follows"]), (200, &json!(id)), "{address}");
        }
        let resumed = house.client.post(&format!("/api/v1/job_runs/{id}/resume"), &json!({})).await;
        assert_eq!((resumed.status, &resumed.json()["follows"]), (202, &json!(id)));
        let run = resumed.json()["run"].as_str().unwrap().to_owned();
        house.engine.ended(&run).await.unwrap();
        let again = house.client.post(&format!("/api/v1/runs/{run}/resume"), &json!({})).await;
        assert_eq!(again.status, 202, "it failed once more, and can be resumed once more");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_action_answers_under_the_former_addresses_too() {
    let house = House::new().await;
    let unknown = "0198a000-0000-7000-8000-000000000001";
    for prefix in ["/api", "/api/v1"] {
        let check = async |path: &str, expected: &str| {
            let answer = house.client.post(&format!("{prefix}/{path}"), &json!({})).await;
            assert_eq!(answer.said(), expected, "{prefix}/{path}");
        };
        for action in ["retry", "resume", "cancel", "rerun?from=count"] {
            check(&format!("runs/{unknown}/{action}"), "404 not_found").await;
            check(&format!("job_runs/{unknown}/{action}"), "404 not_found").await;
        }
        for action in ["replay", "discard"] {
            check(&format!("job_dead_letters/{unknown}/{action}"), "404 not_found").await;
        }
        check("job_dead_letters/replay", "422 invalid_parameter").await;
        check("pipelines/timed/pause", "200").await;
        check("pipelines/timed/resume", "200").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_waits_says_for_what() {
    for url in support::databases() {
        let house = House::build(Plan { url, ..Plan::usual() }).await;
        let started = house.client.post("/api/v1/pipelines/counting/runs", &json!({})).await.json();
        let path = format!("/api/v1/runs/{}", started["run"].as_str().unwrap());
        assert_eq!(house.client.get(&path).await.json()["waits"], json!({"why": "ready"}));
        let until_ms = NOW_MS + 60_000;
        let park = store::Sql::Both("UPDATE job SET ready_ms = $1");
        house.store.write(move |tx| tx.execute(&park, &store::params![until_ms])).await.unwrap();
        let parked = json!({"why": "parked", "until_ms": until_ms});
        assert_eq!(house.client.get(&path).await.json()["waits"], parked);
    }
}
