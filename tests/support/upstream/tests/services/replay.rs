//! Recorded answers, given again.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use upstream::Fault;
use upstream::open_meteo::Host;

use crate::trial::{Trial, day};

/// Answers of real servers beside the project, which are not part of it.
const RECORDED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../../shared/data/weather");

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write =
        |name: &str, content: Value| fs::write(folder.path().join(name), content.to_string()).unwrap();
    let uri =
        "https://customer-api.open-meteo.com/v1/forecast?longitude=0.1341e2&latitude=0.5252e2&apikey=123";
    write(
        "forecast.json",
        json!({
            "request": { "method": "GET", "uri": uri },
            "response": { "status": 200, "headers": { "content-encoding": "gzip" }, "body": { "latitude": 52.52 } },
        }),
    );
    write(
        "429-club.json",
        json!({ "status": 429, "body": { "error": true, "reason": "Enough for the club" } }),
    );
    fs::create_dir(folder.path().join("places")).unwrap();
    let hourly = json!({ "time": ["2026-06-01T00:00", "2026-06-02T23:00"], "temperature_2m": [3.25, null] });
    write("places/munich.json", json!({ "latitude": 48.12, "longitude": 11.6, "hourly": hourly }));
    write("places/no_weather.json", json!({ "elevation": [11] }));
    write(
        "geocoding.json",
        json!({
            "request": { "method": "GET", "uri": "https://geocoding-api.open-meteo.com/v1/search?name=Bath" },
            "response": { "status": 200, "headers": {}, "body": { "results": [] } },
        }),
    );
    folder
}

#[tokio::test]
async fn an_exchange_answers_whoever_asks_the_same_in_any_order() {
    let trial = Trial::start().await;
    assert_eq!(trial.upstream.replay(folder().path()).unwrap(), 4);
    let same = trial.ask(Host::Forecast, "apikey=123&latitude=0.5252e2&longitude=0.1341e2").await;
    assert_eq!((same.status, same.body), (200, json!({ "latitude": 52.52 })));
    let other = trial.ask(Host::Forecast, "apikey=124&latitude=0.5252e2&longitude=0.1341e2").await;
    assert_eq!(other.reason(), "The supplied API key is invalid.");
}

#[tokio::test]
async fn an_exchange_with_a_host_that_is_not_served_otherwise_is_answered_too() {
    let trial = Trial::start().await;
    trial.upstream.replay(folder().path()).unwrap();
    let url = format!("{}/open-meteo/geocoding/v1/search?name=", trial.upstream.url());
    let known = trial.http.get(format!("{url}Bath")).send().await.unwrap();
    assert_eq!(known.json::<Value>().await.unwrap(), json!({ "results": [] }));
    assert_eq!(trial.http.get(format!("{url}Hull")).send().await.unwrap().status(), 404);
    assert_eq!(trial.upstream.calls().len(), 2);
}

#[tokio::test]
async fn a_body_answers_for_its_place_and_days_and_variables() {
    let trial = Trial::start().await;
    trial.upstream.replay(folder().path()).unwrap();
    let query = |from: &str, hourly: &str| {
        format!("latitude=48.14&longitude=11.58&start_date={from}&end_date=2026-06-02&hourly={hourly}")
    };
    let recorded = trial.ask(Host::Archive, &query("2026-06-01", "temperature_2m")).await;
    assert_eq!(recorded.body["hourly"]["temperature_2m"], json!([3.25, null]));
    for (from, hourly) in [("2026-06-02", "temperature_2m"), ("2026-06-01", "temperature_2m,cloud_cover")] {
        let made = trial.ask(Host::Archive, &query(from, hourly)).await;
        assert!(made.hourly("temperature_2m").len() >= 24, "{from} {hourly}");
    }
}

#[tokio::test]
async fn a_recorded_error_is_a_fault() {
    let trial = Trial::start().await;
    trial.upstream.replay(folder().path()).unwrap();
    trial.upstream.fail_times("open_meteo", Fault::Recorded("429-club".to_owned()), 1);
    let refused = trial.ask_for_a_day().await;
    assert_eq!((refused.status, refused.reason()), (429, "Enough for the club"));
    assert_eq!(trial.ask_for_a_day().await.status, 200);
}

#[tokio::test]
async fn a_fault_spoils_a_recorded_answer_too() {
    let trial = Trial::start().await;
    trial.upstream.replay(folder().path()).unwrap();
    trial.upstream.fail("open_meteo", Fault::WrongType);
    let url = trial.url(Host::Forecast, "apikey=123&latitude=0.5252e2&longitude=0.1341e2");
    let answer = trial.http.get(url).send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/plain");
    assert_eq!(answer.json::<Value>().await.unwrap(), json!({ "latitude": 52.52 }));
}

#[tokio::test]
async fn a_file_that_is_no_json_is_named() {
    let (trial, folder) = (Trial::start().await, folder());
    fs::write(folder.path().join("broken.json"), "{").unwrap();
    let error = trial.upstream.replay(folder.path()).unwrap_err();
    assert!(error.to_string().contains("broken.json"), "{error}");
}

/// Every recorded exchange comes back as it was recorded, asked for at the path of its host.
#[tokio::test]
async fn real_answers_come_back_without_a_field_lost() {
    let folder = Path::new(RECORDED);
    if !folder.exists() {
        return;
    }
    let trial = Trial::start().await;
    let count = trial.upstream.replay(folder).unwrap();
    assert!(count >= 10, "{count}");
    for entry in fs::read_dir(folder.join("exchanges")).unwrap() {
        let recorded: Value = serde_json::from_slice(&fs::read(entry.unwrap().path()).unwrap()).unwrap();
        let uri = recorded["request"]["uri"].as_str().unwrap();
        let (host, rest) = uri.strip_prefix("https://").unwrap().split_once('/').unwrap();
        let host = match host.strip_suffix(".open-meteo.com").unwrap().trim_start_matches("customer-") {
            "api" => "forecast",
            other => other.strip_suffix("-api").unwrap(),
        };
        let url = format!("{}/open-meteo/{host}/{rest}", trial.upstream.url());
        let answer = trial.http.get(url).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), recorded["response"]["status"], "{uri}");
        assert_eq!(answer.json::<Value>().await.unwrap(), recorded["response"]["body"], "{uri}");
    }
    for entry in fs::read_dir(folder.join("errors")).unwrap() {
        let path = entry.unwrap().path();
        let recorded: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        trial.upstream.fail_times("open_meteo", Fault::Recorded(name.clone()), 1);
        let answer = trial.ask(Host::Archive, &day("2026-06-01", "temperature_2m")).await;
        assert_eq!(
            (json!(answer.status), &answer.body),
            (recorded["status"].clone(), &recorded["body"]),
            "{name}"
        );
    }
}
