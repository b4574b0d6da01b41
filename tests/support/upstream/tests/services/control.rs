//! What a test in another process sets and reads.

use serde_json::{Value, json};
use upstream::open_meteo::Host;

use crate::trial::{HOUR_MS, NOW_MS, TEN, Trial, day};

impl Trial {
    async fn put(&self, path: &str, body: Value) {
        let url = format!("{}/_control{path}", self.upstream.url());
        let answer = self.http.put(url).json(&body).send().await.unwrap();
        assert!(answer.status().is_success(), "{path} {body}: {}", answer.text().await.unwrap());
    }

    async fn delete(&self, path: &str) {
        let url = format!("{}/_control{path}", self.upstream.url());
        assert_eq!(self.http.delete(url).send().await.unwrap().status(), 204, "{path}");
    }

    async fn read(&self, path: &str) -> Value {
        let url = format!("{}/_control{path}", self.upstream.url());
        self.http.get(url).send().await.unwrap().json().await.unwrap()
    }
}

#[tokio::test]
async fn the_clock_is_set_and_moved() {
    let trial = Trial::start().await;
    assert_eq!(trial.read("/clock").await, json!({ "now_ms": NOW_MS }));
    trial.put("/clock", json!({ "advance_ms": 1_500 })).await;
    assert_eq!(trial.upstream.clock().now_ms(), NOW_MS + 1_500);
    trial.put("/clock", json!({ "now_ms": 7 })).await;
    assert_eq!(trial.read("/clock").await, json!({ "now_ms": 7 }));
}

#[tokio::test]
async fn faults_are_switched_on_and_off() {
    let trial = Trial::start().await;
    let switch = json!({ "service": "open_meteo", "fault": { "status": 503 }, "times": 9 });
    let url = format!("{}/_control/faults", trial.upstream.url());
    assert_eq!(trial.http.post(&url).json(&switch).send().await.unwrap().status(), 204);
    assert_eq!(trial.ask_for_a_day().await.status, 503);
    assert_eq!(
        trial.read("/faults").await,
        json!([{ "service": "open_meteo", "fault": { "status": 503 }, "times": 8 }])
    );
    trial.delete("/faults").await;
    assert_eq!(trial.ask_for_a_day().await.status, 200);
    for fault in [
        json!("reset"),
        json!("lost"),
        json!("reset_mid_body"),
        json!({ "slow": 5 }),
        json!({ "drip": 5 }),
        json!("silent"),
        json!("stall"),
        json!("truncated"),
        json!("wrong_type"),
        json!({ "html_page": 502 }),
        json!({ "huge": 9 }),
        json!("broken_json"),
        json!({ "deep_json": 9 }),
        json!("wrong_shape"),
        json!("garbage"),
        json!("empty"),
        json!({ "recorded": "429-daily" }),
        json!({ "redirect": "http://127.0.0.1:9" }),
    ] {
        let switch = json!({ "service": "open_meteo", "fault": fault });
        assert_eq!(trial.http.post(&url).json(&switch).send().await.unwrap().status(), 204, "{switch}");
    }
    trial.delete("/faults").await;
    let switch =
        json!({ "service": "strava", "path": "/strava/oauth/token", "fault": "lost", "times": null });
    assert_eq!(trial.http.post(&url).json(&switch).send().await.unwrap().status(), 204);
    assert_eq!(trial.read("/faults").await, json!([switch]));
    let unknown = json!({ "service": "open_meteo", "fault": "tired" });
    assert_eq!(trial.http.post(&url).json(&unknown).send().await.unwrap().status(), 422);
}

#[tokio::test]
async fn the_journal_is_read_and_emptied() {
    let trial = Trial::start().await;
    trial.ask_for_a_day().await;
    let calls = trial.read("/calls").await;
    assert_eq!(
        (calls.as_array().unwrap().len(), &calls[0]["status"]),
        (1, &json!(200)),
        "control is not in it"
    );
    trial.delete("/calls").await;
    assert_eq!(trial.read("/calls").await, json!([]));
}

#[tokio::test]
async fn the_door_is_shut_and_opened_at_the_other_port() {
    let trial = Trial::start().await;
    let url = format!("{}/_control/door", trial.upstream.control_url());
    let set = async |open: bool| {
        let answer = trial.http.put(&url).json(&json!({ "open": open })).send().await.unwrap();
        assert_eq!(answer.status(), 204);
    };
    set(false).await;
    while trial.http.get(trial.url(Host::Archive, "")).send().await.is_ok() {
        tokio::task::yield_now().await;
    }
    set(true).await;
    while trial.http.get(trial.url(Host::Archive, "")).send().await.is_err() {
        tokio::task::yield_now().await;
    }
    assert_eq!(trial.ask_for_a_day().await.status, 200);
}

#[tokio::test]
async fn the_state_of_open_meteo_is_set_and_read() {
    let trial = Trial::start().await;
    trial.put("/open-meteo/limits", json!({ "minute": 4.0, "hour": 50.0, "day": 100.0 })).await;
    trial.put("/open-meteo/spend", json!({ "cost": 3.0 })).await;
    assert_eq!(trial.ask_for_a_day().await.status, 200);
    let used = trial.read("/open-meteo/used").await;
    assert_eq!(used["used"], json!({ "minute": 4.0, "hour": 4.0, "day": 4.0 }));
    assert_eq!((&used["limits"]["day"], &used["most_at_once"]), (&json!(100.0), &json!(1)));
    assert_eq!(trial.ask_for_a_day().await.status, 429);
    trial.put("/open-meteo/keys", json!(["club"])).await;
    let with_key = format!("{}&apikey=club", day("2026-06-19", TEN));
    trial
        .put(
            "/open-meteo/nulls",
            json!({ "latitude": 48.14, "longitude": 11.58, "epoch_ms": NOW_MS - 24 * HOUR_MS }),
        )
        .await;
    trial.put("/open-meteo/null-from", json!({ "host": "archive", "epoch_ms": NOW_MS - 12 * HOUR_MS })).await;
    let answer = trial.ask(Host::Archive, &with_key).await;
    let nulls = answer.hourly("cloud_cover").iter().enumerate().filter(|(_, value)| value.is_null());
    assert_eq!(nulls.map(|(hour, _)| hour).collect::<Vec<_>>(), [10, 22, 23]);
    trial.delete("/open-meteo/nulls").await;
    trial.put("/open-meteo/null-from", json!({ "host": "archive" })).await;
    let answer = trial.ask(Host::Archive, &with_key).await;
    assert!(answer.hourly("cloud_cover").iter().all(|value| !value.is_null()));
    trial.put("/open-meteo/hold", json!(null)).await;
    let held =
        trial.http.get(trial.url(Host::Archive, &with_key)).timeout(std::time::Duration::from_millis(50));
    assert!(held.send().await.unwrap_err().is_timeout());
    trial.delete("/open-meteo/hold").await;
    assert_eq!(trial.ask(Host::Archive, &with_key).await.status, 200);
}
