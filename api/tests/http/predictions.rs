//! What the athlete would run.

use fitness::best_effort::BestEffort;
use fitness::recording::Recording;
use fitness::records::activity::{self, Activity, Origin};
use fitness::records::athlete::{self, Athlete};
use fitness::records::best_effort;
use serde_json::{Value, json};

use crate::client::Answer;
use crate::house::{ATHLETE, House, NOW_MS, Plan};

/// Keeps a run over 5 km in 20 minutes, and answers its id.
async fn race(house: &House) -> String {
    let raced = house.store.write(|tx| {
        let athlete = Athlete { id: ATHLETE.to_owned(), timezone: "UTC".to_owned(), created_ms: NOW_MS };
        athlete::ensure(tx, &athlete)?;
        let origin = Origin {
            athlete: ATHLETE,
            provenance: "file",
            source_id: "race",
            file: "race.fit",
            sha256: "race",
            part: 0,
            parts: 1,
        };
        let recording = Recording { sport: "running".to_owned(), ..Recording::default() };
        let activity = Activity::of(&recording, origin, Some(jiff::civil::date(2026, 7, 20)));
        activity::upsert(tx, &activity, 1)?;
        let effort = BestEffort { distance_m: 5000.0, elapsed_s: 1200.0, start_s: 0.0 };
        best_effort::replace(tx, &activity.id, &[effort])?;
        Ok(activity.id)
    });
    raced.await.unwrap()
}

async fn ask(house: &House, params: &str) -> Answer {
    house.client.get(&format!("/api/v1/predictions?{params}")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_former_address_answers_the_same() {
    let house = House::new().await;
    race(&house).await;
    let former = house.client.get("/api/v1/insights/predictions?date=2026-07-25").await.json();
    assert_eq!(ask(&house, "date=2026-07-25").await.json(), former);
    let names: Vec<&Value> =
        former["items"].as_array().unwrap().iter().map(|item| &item["distance"]).collect();
    assert_eq!(names, ["5k", "10k", "half", "marathon"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn predictions_name_the_run_that_they_rest_on() {
    for url in support::databases() {
        let house = House::build(Plan { url, ..Plan::usual() }).await;
        let id = race(&house).await;
        let answer = ask(&house, "date=2026-07-25").await;
        let first = &answer.json()["items"][0];
        let shown = json!([first["distance"], first["seconds"], first["basis"]["activity"]]);
        assert_eq!((answer.status, shown), (200, json!(["5k", 1200.0, id])));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn distances_come_as_they_are_asked_for() {
    let house = House::new().await;
    race(&house).await;
    let answer = ask(&house, "date=2026-07-25&distances=half,%205k,mile").await.json();
    let names: Vec<&Value> =
        answer["items"].as_array().unwrap().iter().map(|item| &item["distance"]).collect();
    assert_eq!(names, ["half", "5k", "mile"], "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_before_the_first_run_has_no_predictions_and_says_what_is_missing() {
    let house = House::new().await;
    race(&house).await;
    let answer = ask(&house, "date=2026-07-19").await;
    let body = answer.json();
    assert_eq!((answer.status, &body["items"]), (200, &json!([])));
    assert!(body["needs"]["message"].is_string(), "{body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn predictions_of_a_day_that_is_none_are_refused() {
    let house = House::new().await;
    for date in ["2026-02-30", "20260725", "yesterday", ""] {
        let answer = ask(&house, &format!("date={date}")).await;
        assert_eq!(answer.said(), "422 invalid_parameter", "{date}");
        assert_eq!(answer.json()["error"]["details"], json!({"parameter": "date"}), "{date}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_distance_that_is_none_is_refused() {
    let house = House::new().await;
    assert_eq!(ask(&house, "date=2026-07-25&distances=5k,far").await.said(), "422 invalid_parameter");
}
