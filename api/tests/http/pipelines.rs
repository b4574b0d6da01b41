//! Pipelines: listed, checked, started.

use serde_json::json;

use engine::schedule::Scheduler;

use crate::house::{House, NOW_MS, Plan};

#[tokio::test(flavor = "multi_thread")]
async fn pipelines_are_listed_with_steps_or_errors() {
    let house = House::new().await;
    let listed = house.client.get("/api/v1/pipelines").await.json();
    let [broken, counting, ..] = listed["items"].as_array().unwrap().as_slice() else { panic!("{listed}") };
    assert_eq!(counting["about"], "Counts to three.");
    assert_eq!(counting["steps"], json!([{"name": "count", "kind": "sample.count", "after": []}]));
    assert_eq!(broken["errors"][0]["line"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_start_answers_the_first_run_while_it_is_unfinished() {
    let house = House::new().await;
    let first = house.client.send("POST", "/api/v1/pipelines/counting/runs", &["x-paceline: 1"], b"").await;
    let second = house.client.post("/api/v1/pipelines/counting/runs", &json!({})).await;
    assert_eq!((first.status, &first.json()["new"]), (202, &json!(true)));
    assert_eq!((second.status, &second.json()["new"]), (200, &json!(false)));
    assert_eq!(first.json()["run"], second.json()["run"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forced_start_is_a_run_of_its_own() {
    let house = House::new().await;
    let first = house.client.post("/api/v1/pipelines/counting/runs", &json!({})).await;
    let second = house.client.post("/api/v1/pipelines/counting/runs?force=1", &json!({})).await;
    assert_eq!(second.status, 202);
    assert_ne!(first.json()["run"], second.json()["run"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_hands_over_params_partition_and_request() {
    let house = House::new().await;
    let body = json!({"params": {"who": "you"}, "partition": "other"}).to_string();
    let headers = ["content-type: application/json", "x-request-id: job-17"];
    let started =
        house.client.send("POST", "/api/v1/pipelines/counting/runs", &headers, body.as_bytes()).await;
    let id = started.json()["run"].as_str().unwrap().to_owned();
    let run = house.client.get(&format!("/api/v1/runs/{id}")).await.json();
    assert_eq!(run["params"], json!({"who": "you"}));
    assert_eq!((run["partition"].as_str(), run["request_id"].as_str()), (Some("other"), Some("job-17")));
}

async fn refused(pipeline: &str, body: serde_json::Value, expected: &str) {
    let house = House::new().await;
    let answer = house.client.post(&format!("/api/v1/pipelines/{pipeline}/runs"), &body).await;
    assert_eq!(answer.said(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_cannot_be_says_why() {
    refused("nothing", json!({}), "404 pipeline_unknown").await;
    refused("counting", json!({"params": {"what": 1}}), "422 invalid_parameter").await;
    refused("counting", json!({"params": {"who": 1}}), "422 invalid_parameter").await;
    refused("counting", json!({"params": []}), "422 invalid_parameter").await;
    refused("counting", json!({"parms": {}}), "422 invalid_parameter").await;
    refused("counting", json!({"partition": "a/b"}), "422 invalid_parameter").await;
    let broken = House::new().await.client.post("/api/v1/pipelines/broken/runs", &json!({})).await;
    assert_eq!(broken.status, 422);
    assert_eq!(broken.json()["error"]["details"][0]["line"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_without_mistakes_is_in_order() {
    let house = House::new().await;
    let text = "//! Counts.\npipeline(\"x\", #{});\nsample::count(#{ rows: 1 });\n";
    let answer = house
        .client
        .post("/api/v1/pipelines/check", &json!({"path": "pipelines/x.rhai", "text": text}))
        .await;
    assert_eq!((answer.status, answer.json()), (200, json!({"ok": true, "diagnostics": []})));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_is_shown_with_its_note_until_it_is_over() {
    for url in support::databases() {
        let house = House::build(Plan { url, ..Plan::usual() }).await;
        let pause = "/api/v1/pipelines/counting/pause";
        let paused = house.client.post(pause, &json!({"note": "on holiday"})).await;
        let wanted = json!({"since_ms": NOW_MS, "note": "on holiday"});
        assert_eq!((paused.status, &paused.json()["paused"]), (200, &wanted));
        let listed = house.client.get("/api/v1/pipelines").await.json();
        assert_eq!(listed["items"][1]["paused"], wanted);
        let started = house.client.post("/api/v1/pipelines/counting/runs", &json!({})).await;
        assert_eq!(started.status, 202);
        let resume = "/api/v1/pipelines/counting/resume";
        let resumed = house.client.send("POST", resume, &["x-paceline: 1"], b"").await;
        assert_eq!((resumed.status, &resumed.json()["paused"]), (200, &serde_json::Value::Null));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_that_cannot_be_says_why() {
    let house = House::new().await;
    let said = async |path: &str, body| house.client.post(path, &body).await.said();
    assert_eq!(said("/api/v1/pipelines/nothing/pause", json!({})).await, "404 pipeline_unknown");
    assert_eq!(said("/api/v1/pipelines/nothing/resume", json!({})).await, "404 pipeline_unknown");
    for note in ["a\nb".to_owned(), "x".repeat(201)] {
        let body = json!({"note": note});
        assert_eq!(said("/api/v1/pipelines/counting/pause", body).await, "422 invalid_parameter");
    }
    assert_eq!(said("/api/v1/pipelines/counting/pause", json!({"why": 1})).await, "422 invalid_parameter");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_is_shown_with_what_is_due_and_health_tells_of_the_scheduler() {
    let house = House::new().await;
    Scheduler::new(house.engine.clone()).tick().await.unwrap();
    let listed = house.client.get("/api/v1/pipelines").await.json();
    let due = json!([{"partition": "athlete", "next_ms": 1_785_002_400_000_i64}]);
    let wanted = json!({"rule": "every 1h", "catch_up": "last", "due": due});
    assert_eq!(listed["items"][5]["schedule"], wanted);
    let health = house.client.get("/api/v1/health").await.json();
    assert_eq!(health["scheduler"], json!({"last_tick_ms": NOW_MS, "age_ms": 0, "late": false}));
}

async fn mistaken(text: &str) -> serde_json::Value {
    let house = House::new().await;
    let answer = house
        .client
        .post("/api/v1/pipelines/check", &json!({"path": "pipelines/x.rhai", "text": text}))
        .await;
    assert_eq!(answer.status, 422);
    answer.json()["error"].clone()
}

// Row 35 of the bad inputs.
#[tokio::test(flavor = "multi_thread")]
async fn a_cycle_is_shown_as_a_path() {
    let error = mistaken(
        "//! Circles.\npipeline(\"x\", #{});\nlet a = sample::count(#{}).named(\"a\");\n\
         let b = sample::count(#{}).named(\"b\").after(a);\na.after(b);\n",
    )
    .await;
    assert_eq!(error["code"], "pipeline_cycle");
    assert!(error["message"].as_str().unwrap().contains('→'), "{error}");
    assert!(error["details"][0]["line"].as_u64().unwrap() > 0, "{error}");
}

// Row 36 of the bad inputs.
#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_key_is_named_with_its_place() {
    let error = mistaken("//! Miscounts.\npipeline(\"x\", #{});\nsample::count(#{ row: 1 });\n").await;
    assert_eq!(error["details"][0]["line"], 3);
    assert!(error["message"].as_str().unwrap().contains("`row`"), "{error}");
}

// Row 37 of the bad inputs.
#[tokio::test(flavor = "multi_thread")]
async fn an_endless_loop_is_stopped() {
    let error = mistaken("//! Never ends.\npipeline(\"x\", #{});\nloop {}\n").await;
    assert_eq!(error["code"], "script_limit");
    assert!(error["message"].as_str().unwrap().contains("operations"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn kinds_of_step_are_listed_with_their_schema() {
    let house = House::new().await;
    let listed = house.client.get("/api/v1/steps").await.json();
    let kinds = listed["items"].as_array().unwrap();
    let count = kinds.iter().find(|kind| kind["kind"] == "sample.count").unwrap();
    assert_eq!(count["output"], "Counted");
    assert_eq!(count["config"]["properties"]["rows"]["description"], "How far to count.");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipeline_after_nobody_is_shown_where_it_says_so() {
    let error =
        mistaken("//! Waits.\npipeline(\"x\", #{ after: \"conting\" });\nsample::count(#{});\n").await;
    assert_eq!(error["code"], "unknown_pipeline");
    assert_eq!((&error["details"][0]["line"], &error["details"][0]["column"]), (&json!(2), &json!(25)));
    assert_eq!(error["details"][0]["hint"], "did you mean `counting`?");
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_with_one_key_are_answered_with_one_run() {
    for url in support::databases() {
        let house = House::build(Plan { url, ..Plan::usual() }).await;
        let path = "/api/v1/pipelines/counting/runs?force=1";
        let first = house.client.post(path, &json!({"key": "monday"})).await;
        let headers = ["x-paceline: 1", "idempotency-key: monday"];
        let second = house.client.send("POST", path, &headers, b"").await;
        assert_eq!((first.status, second.status), (202, 200));
        assert_eq!((&second.json()["run"], &second.json()["new"]), (&first.json()["run"], &json!(false)));
        let headers = ["content-type: application/json", "idempotency-key: monday"];
        let torn = house.client.send("POST", path, &headers, br#"{"key": "tuesday"}"#).await;
        assert_eq!(torn.said(), "422 invalid_parameter");
        assert_eq!(house.client.post(path, &json!({"key": ""})).await.said(), "422 invalid_parameter");
    }
}
