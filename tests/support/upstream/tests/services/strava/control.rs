//! What a test in another process sets and reads of Strava.

use serde_json::{Value, json};
use upstream::strava::{ATHLETE, Calls, Rotation, Visibility, Windows};

use super::client::{Client, Got};
use crate::trial::NOW_MS;

impl Client {
    async fn control(&self, method: reqwest::Method, path: &str, body: Value) -> Got {
        let url = format!("{}/_control/strava{path}", self.trial.upstream.url());
        Got::from(self.trial.http.request(method, url).json(&body).send().await.unwrap()).await
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let got = self.control(reqwest::Method::POST, path, body).await;
        assert!([200, 204].contains(&got.status), "{path}: {}", got.status);
        got.body
    }

    async fn put(&self, path: &str, body: Value) {
        assert_eq!(self.control(reqwest::Method::PUT, path, body).await.status, 204, "{path}");
    }

    async fn read(&self, path: &str) -> Value {
        self.control(reqwest::Method::GET, path, Value::Null).await.body
    }
}

#[tokio::test]
async fn activities_are_made_changed_and_deleted() {
    let client = Client::start().await;
    let grown = client.post("/grow", json!({ "count": 3 })).await;
    assert_eq!(grown.as_array().unwrap().len(), 3);
    let added = client.post("/activities", json!({ "name": "By hand", "meters": 5_000.0 })).await;
    let id = added["id"].as_i64().unwrap();
    let known = client.strava().activity(id).unwrap();
    assert_eq!((known.name.as_str(), known.meters, known.athlete_id), ("By hand", 5_000.0, ATHLETE));
    assert_eq!(known.start_ms, NOW_MS - 7_200_000);
    let path = format!("/activities/{id}");
    let changes = json!({ "visibility": "only_me", "sport_type": "Hike" });
    assert_eq!(client.control(reqwest::Method::PATCH, &path, changes).await.status, 204);
    let known = client.strava().activity(id).unwrap();
    assert_eq!((known.visibility, known.sport_type.as_str()), (Visibility::OnlyMe, "Hike"));
    let wrong = client.control(reqwest::Method::PATCH, &path, json!({ "metres": 1 })).await;
    assert_eq!(wrong.status, 422);
    assert_eq!(client.read("/truth").await["activities"][id.to_string()]["sport_type"], "Hike");
    assert!(client.read(&format!("/activities/{id}/streams")).await["time"].is_object());
    for status in [204, 404] {
        assert_eq!(client.control(reqwest::Method::DELETE, &path, Value::Null).await.status, status);
    }
    let odd = client.post("/traps", json!({ "trap": "manual", "start_ms": NOW_MS - 86_400_000 })).await;
    assert!(client.strava().activity(odd["id"].as_i64().unwrap()).unwrap().is_manual);
}

#[tokio::test]
async fn athletes_are_added_and_changed() {
    let client = Client::start().await;
    client.post("/athletes", json!({ "id": 7, "has_subscription": false })).await;
    client.post("/athletes", json!({ "weight_kg": 61.0 })).await;
    assert!(!client.strava().athlete(7).unwrap().has_subscription);
    assert_eq!(client.strava().athlete(ATHLETE).unwrap().weight_kg, Some(61.0));
    let tokens = client.post("/tokens", json!({ "athlete_id": 7, "scopes": ["read"] })).await;
    let client = Client { token: tokens["access_token"].as_str().unwrap().to_owned(), ..client };
    assert_eq!(client.get("/athlete").await.body["id"], 7);
    client.control(reqwest::Method::DELETE, "/access/7", Value::Null).await;
    assert_eq!(client.get("/athlete").await.status, 401);
    client.refresh(tokens["refresh_token"].as_str().unwrap()).await;
    client.refresh(tokens["refresh_token"].as_str().unwrap()).await;
    assert_eq!(client.read("/tokens").await, json!({ "stale_refreshes": 1, "unknown_refreshes": 0 }));
    client.control(reqwest::Method::DELETE, "/consent/7", Value::Null).await;
    assert_eq!(client.strava().tokens(7), None);
}

#[tokio::test]
async fn switches_are_set_one_by_one() {
    let client = Client::start().await;
    client.put("/switches", json!({ "rotation": "always" })).await;
    client.put("/switches", json!({ "poison": [5], "header_case": "upper" })).await;
    let switches = client.strava().switches();
    assert_eq!((switches.rotation, switches.poison), (Rotation::Always, vec![5]));
    let told = client.read("/switches").await;
    assert_eq!((&told["rotation"], &told["is_inactive"]), (&json!("always"), &json!(false)));
    let wrong = client.control(reqwest::Method::PUT, "/switches", json!({ "mood": "bad" })).await;
    assert_eq!(wrong.status, 422);
}

#[tokio::test]
async fn limits_are_set_spent_and_read() {
    let client = Client::start().await;
    let windows = |quarter, day| Windows { quarter, day };
    let limits = Calls { overall: windows(5, 50), read: windows(5, 50) };
    client.put("/limits", json!(limits)).await;
    client.put("/spend", json!({ "overall": { "quarter": 4, "day": 4 } })).await;
    assert_eq!(client.get("/athlete").await.status, 200);
    assert_eq!(client.get("/athlete").await.status, 429);
    let told = client.read("/used").await;
    assert_eq!(told["used"], json!({ "overall": windows(6, 6), "read": windows(2, 2) }));
    assert_eq!((&told["limits"], &told["calls_while_spent"]), (&json!(limits), &json!(1)));
}

#[tokio::test]
async fn events_are_put_in_read_and_sent() {
    let client = Client::start().await;
    let event = json!({
        "aspect_type": "create", "event_time": 1, "object_id": 2, "object_type": "activity", "owner_id": 3,
        "subscription_id": 4, "updates": {},
    });
    client.post("/events", json!([event])).await;
    assert_eq!(client.read("/events").await, json!({ "pending": [event], "sent": [] }));
    assert_eq!(client.post("/events/send", Value::Null).await, json!([]), "nobody has subscribed");
}
