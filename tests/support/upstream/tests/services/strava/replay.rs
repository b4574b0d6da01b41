//! Recorded exchanges with Strava, given again.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use upstream::Fault;
use upstream::strava::ATHLETE;

use super::client::{Client, Got};
use super::recorded;
use crate::trial::NOW_MS;

fn write(folder: &Path, name: &str, uri: &str, status: u16, body: &Value) {
    let headers =
        json!({ "X-Ratelimit-Usage": "5,148", "Transfer-Encoding": "chunked", "Content-Encoding": "gzip" });
    let exchange = json!({
        "request": { "method": "GET", "uri": format!("https://www.strava.com{uri}") },
        "response": { "status": status, "headers": headers, "body": body },
    });
    fs::write(folder.join(name), exchange.to_string()).unwrap();
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    write(at, "a-gone.json", "/api/v3/activities/7", 404, &json!(""));
    write(at, "b-one.json", "/api/v3/activities/7", 200, &json!({ "id": 7 }));
    write(at, "c-limit.json", "/api/v3/activities/7", 429, &json!({ "errors": "Rate Limit Exceeded" }));
    write(at, "list.json", "/api/v3/athlete/activities", 200, &json!([{ "id": 7 }]));
    write(at, "window.json", "/api/v3/athlete/activities?after=10&before=20", 200, &json!([{ "id": 8 }]));
    write(at, "gone.json", "/api/v3/activities/9", 404, &json!(""));
    folder
}

#[tokio::test]
async fn what_was_recorded_wins_over_the_state_where_at_least_the_same_is_asked() {
    let (client, folder) = (Client::start().await, folder());
    let made = client.strava().grow(ATHLETE, 2, NOW_MS);
    assert_eq!(client.trial.upstream.replay(folder.path()).unwrap(), 6);
    let got = client.get("/activities/7?include_all_efforts=true").await;
    assert_eq!((got.status, got.body), (200, json!({ "id": 7 })), "what succeeded comes before what failed");
    assert_eq!(got.headers["x-ratelimit-usage"], "5,148");
    assert!(got.headers.get("content-encoding").is_none());
    assert_eq!(client.get("/activities/9").await.status, 404);
    let ids = async |query: &str| client.get(&format!("/athlete/activities{query}")).await.ids();
    assert_eq!(ids("?after=10&before=20&per_page=200").await, [8]);
    assert_eq!(ids("?after=10&before=21&page=1").await, [7]);
    assert_eq!(ids("?per_page=1&page=2").await, [made[0]], "a page that was not recorded is the state's");
    assert_eq!(client.get(&format!("/activities/{}", made[0])).await.body["id"], made[0]);
}

#[tokio::test]
async fn an_exchange_that_failed_is_a_fault_by_its_files_name() {
    let (client, folder) = (Client::start().await, folder());
    client.trial.upstream.replay(folder.path()).unwrap();
    client.trial.upstream.fail_times("strava", Fault::Recorded("c-limit".to_owned()), 1);
    let got = client.get("/athlete").await;
    assert_eq!((got.status, got.header("x-ratelimit-usage")), (429, Some("5,148")));
    assert_eq!(client.get("/athlete").await.status, 200);
}

/// Every read that succeeded comes back as it was recorded, and every error by its name.
#[tokio::test]
async fn real_answers_come_back_without_a_field_lost() {
    let Some(folder) = recorded::folder() else { return };
    let client = Client::start().await;
    let count = client.trial.upstream.replay(&folder.join("exchanges")).unwrap();
    assert!(count >= 40, "{count}");
    let mut recorded = BTreeMap::<String, Vec<Value>>::new();
    for entry in fs::read_dir(folder.join("exchanges")).unwrap() {
        let exchange: Value = serde_json::from_slice(&fs::read(entry.unwrap().path()).unwrap()).unwrap();
        let (request, response) = (&exchange["request"], &exchange["response"]);
        if request["method"] == "GET" && response["status"] == 200 {
            let path = request["uri"].as_str().unwrap().strip_prefix("https://www.strava.com").unwrap();
            recorded.entry(path.to_owned()).or_default().push(response.clone());
        }
    }
    assert!(recorded.len() >= 38, "{}", recorded.len());
    for (path, responses) in recorded {
        let url = format!("{}/strava{path}", client.trial.upstream.url());
        let got = Got::from(client.trial.http.get(url).send().await.unwrap()).await;
        let is_it = |response: &Value| {
            let usage = response["headers"]["X-Ratelimit-Usage"].as_str();
            response["body"] == got.body && usage == got.header("x-ratelimit-usage")
        };
        assert!(got.status == 200 && responses.iter().any(is_it), "{path}");
    }
    client.trial.upstream.replay(&folder.join("errors")).unwrap();
    for entry in fs::read_dir(folder.join("errors")).unwrap() {
        let path = entry.unwrap().path();
        let recorded: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        client.trial.upstream.fail_times("strava", Fault::Recorded(name.clone()), 1);
        let got = client.get("/athlete").await;
        assert_eq!((json!(got.status), &got.body), (recorded["status"].clone(), &recorded["body"]), "{name}");
    }
}
