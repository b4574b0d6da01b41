//! Runs that are followed, what their steps said, and how pipelines went.

use paceline_api::Limits;
use serde_json::{Value, json};
use store::{Sql, params};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tracing::subscriber::set_global_default;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry;

use crate::client::Answer;
use crate::house::{House, Plan};

/// An event as it came.
#[derive(Debug)]
struct Event {
    name: String,
    id: String,
    data: Value,
}

/// The events of an answer, each of which is sent in one piece.
fn events(answer: &Answer) -> Vec<Event> {
    let text = String::from_utf8(answer.body.clone()).unwrap();
    let (mut events, mut name, mut id) = (Vec::new(), String::new(), String::new());
    let mut data = Value::Null;
    for line in text.lines() {
        match line.split_once(": ") {
            Some(("event", value)) => name = value.to_owned(),
            Some(("id", value)) => id = value.to_owned(),
            Some(("data", value)) => data = serde_json::from_str(value).unwrap(),
            _ if line.is_empty() && !data.is_null() => {
                let (name, id) = (std::mem::take(&mut name), std::mem::take(&mut id));
                events.push(Event { name, id, data: data.take() });
            }
            _ => {}
        }
    }
    events
}

async fn started(house: &House) -> String {
    let started = house.client.post("/api/v1/pipelines/counting/runs", &json!({})).await;
    started.json()["run"].as_str().unwrap().to_owned()
}

async fn follow(house: &House, run: &str, headers: &[&str]) -> Answer {
    house.client.send("GET", &format!("/api/v1/runs/{run}/events"), headers, b"").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_followed_to_its_end_and_not_beyond() {
    for url in support::databases() {
        let house = House::build(Plan { url, ..Plan::usual() }).await;
        let run = started(&house).await;
        let (client, path) = (house.client, format!("/api/v1/runs/{run}/events"));
        let following = tokio::spawn(async move { client.get(&path).await });
        house.work();
        let answer = following.await.unwrap();
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/event-stream")));
        let told = events(&answer);
        let last = told.last().unwrap();
        assert_eq!((last.name.as_str(), &last.data["state"]), ("run", &json!("succeeded")));
        let step = told.iter().rfind(|event| event.name == "step").unwrap();
        assert_eq!((&step.data["step"], &step.data["state"]), (&json!("count"), &json!("succeeded")));
        assert_eq!(step.data["meters"]["rows_in"], 3);

        let again = follow(&house, &run, &[&format!("last-event-id: {}", last.id)]).await;
        assert_eq!((again.status, again.body.len()), (204, 0));
        let rest = follow(&house, &run, &[&format!("last-event-id: {}", step.id)]).await;
        let rest: Vec<_> = events(&rest).into_iter().map(|event| event.name).collect();
        assert_eq!(rest, ["run"]);
        let after = house.client.get(&format!("/api/v1/job_runs/{run}/events?after={}", step.id)).await;
        assert_eq!(events(&after).len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_id_of_an_event_is_refused() {
    let house = House::new().await;
    let run = started(&house).await;
    assert_eq!(follow(&house, &run, &["last-event-id: 17"]).await.said(), "422 invalid_parameter");
    let after = house.client.get(&format!("/api/v1/runs/{run}/events?after=x")).await;
    assert_eq!(after.said(), "422 invalid_parameter");
    let unknown = follow(&house, "0198a000-0000-7000-8000-000000000001", &[]).await;
    assert_eq!(unknown.said(), "404 not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_follows_a_run_does_not_hold_up_the_end_of_the_server() {
    let house = House::new().await;
    let run = started(&house).await;
    let mut stream = TcpStream::connect(house.client.0).await.unwrap();
    let request = format!("GET /api/v1/runs/{run}/events HTTP/1.1\r\nhost: {}\r\n\r\n", house.client.0);
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut heard = Vec::new();
    while !String::from_utf8_lossy(&heard).contains("event: run") {
        assert!(stream.read_buf(&mut heard).await.unwrap() > 0, "it ended too early");
    }
    house.stop.cancel();
    stream.read_to_end(&mut heard).await.unwrap();
    house.served.await.unwrap().unwrap();
}

/// Has the first step of a run have said two things.
async fn said(house: &House, run: &str) {
    const LINE: Sql = Sql::Both(
        "INSERT INTO step_log (run_id, seq, position, attempt, at_ms, level, text) VALUES ($1, $2, 0, 1, 5, $3, $4)",
    );
    let run = run.to_owned();
    let write = move |tx: &mut store::Tx<'_>| {
        tx.execute(&LINE, &params![&run, 0_i64, "info", "began"])?;
        tx.execute(&LINE, &params![&run, 1_i64, "warn", "slow"])
    };
    house.store.write(write).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_steps_said_is_listed_page_by_page_and_by_how_much_it_matters() {
    let house = House::new().await;
    house.work();
    let run = started(&house).await;
    house.engine.ended(&run).await.unwrap();
    said(&house, &run).await;
    let shown = house.client.get(&format!("/api/v1/runs/{run}")).await.json();
    let wanted =
        json!({"seq": 0, "step": "count", "attempt": 1, "at_ms": 5, "level": "info", "text": "began"});
    assert_eq!((&shown["log"][0], shown["log"].as_array().unwrap().len()), (&wanted, 2));
    let first = house.client.get(&format!("/api/v1/runs/{run}/log?limit=1")).await.json();
    assert_eq!(first, json!({"items": [wanted], "next": "1"}));
    let second = house.client.get(&format!("/api/v1/runs/{run}/log?cursor=1")).await.json();
    assert_eq!((&second["items"][0]["text"], &second["next"]), (&json!("slow"), &Value::Null));
    let loud = house.client.get(&format!("/api/v1/runs/{run}/log?level=warn&step=count&attempt=1")).await;
    assert_eq!(loud.json()["items"].as_array().unwrap().len(), 1);
    let none = house.client.get(&format!("/api/v1/runs/{run}/log?attempt=2")).await.json();
    assert_eq!(none["items"], json!([]));
    for wrong in ["level=loud", "cursor=-1", "cursor=x", "attempt=0"] {
        let answer = house.client.get(&format!("/api/v1/runs/{run}/log?{wrong}")).await;
        assert_eq!(answer.said(), "422 invalid_parameter", "{wrong}");
    }
    let unknown = house.client.get("/api/v1/runs/0198a000-0000-7000-8000-000000000001/log").await;
    assert_eq!(unknown.said(), "404 not_found");
}

const TALKING: &str = r#"//! Counts, and says how.
pipeline("talking", #{});
sample::count(#{ rows: 1, says: "asked with token=abc123def for a page" }).named("count");
"#;

#[tokio::test(flavor = "multi_thread")]
async fn what_a_step_says_is_kept_without_its_secrets_and_told() {
    // Workers have threads of their own.
    let _ = set_global_default(registry().with(engine::log::layer()));
    for url in support::databases() {
        let house = House::build(Plan { url, pipeline: Some(("talking", TALKING)), ..Plan::usual() }).await;
        house.work();
        let started = house.client.post("/api/v1/pipelines/talking/runs", &json!({})).await;
        let run = started.json()["run"].as_str().unwrap().to_owned();
        let told = events(&follow(&house, &run, &[]).await);
        let line = told.iter().find(|event| event.name == "line").unwrap();
        let wanted = "asked with token=*** for a page";
        assert_eq!((&line.data["text"], &line.data["level"]), (&json!(wanted), &json!("info")));
        let kept = house.client.get(&format!("/api/v1/runs/{run}/log?step=count&attempt=1")).await.json();
        assert_eq!((&kept["items"][0]["text"], kept["items"].as_array().unwrap().len()), (&json!(wanted), 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_clients_than_there_are_places_are_told_so() {
    let limits = Limits { streams: 0, ..Plan::usual().limits };
    let house = House::build(Plan { limits, ..Plan::usual() }).await;
    let run = started(&house).await;
    assert_eq!(follow(&house, &run, &[]).await.said(), "503 too_many_streams");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipeline_tells_how_it_went() {
    for url in support::databases() {
        let house = House::build(Plan { url, ..Plan::usual() }).await;
        house.work();
        let run = started(&house).await;
        house.engine.ended(&run).await.unwrap();
        let told = house.client.get("/api/v1/pipelines/counting/metrics?days=7&by=week").await.json();
        assert_eq!((&told["pipeline"], &told["by"]), (&json!("counting"), &json!("week")));
        let span = &told["spans"][0];
        assert_eq!((&span["runs"]["succeeded"], &span["steps"][0]["step"]), (&json!(1), &json!("count")));
        assert_eq!(span["steps"][0]["meters"]["rows_in"], 3);
        let wrong = house.client.get("/api/v1/pipelines/counting/metrics?by=hour").await;
        assert_eq!(wrong.said(), "422 invalid_parameter");
        assert_eq!(house.client.get("/api/v1/pipelines/nobody/metrics").await.status, 404);
    }
}
