//! Rules in force, and what they were.

use serde_json::json;

use crate::house::{House, NOW_MS};

const VERSIONS: &str = "/api/v1/rules/calm/versions";

#[tokio::test(flavor = "multi_thread")]
async fn the_rules_in_force_are_listed_with_their_version() {
    let house = House::new().await;
    let listed = house.client.get("/api/v1/rules").await.json();
    let rule = &listed["items"][0];
    assert_eq!(
        (&rule["name"], &rule["about"], &rule["line"], &rule["inputs"]),
        (&json!("calm"), &json!("Asks for calm."), &json!(3), &json!(["form.tsb"]))
    );
    assert_eq!((rule["version"].as_str().unwrap().len(), &listed["next"]), (12, &json!(null)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_tells_the_texts_that_it_had() {
    let house = House::new().await;
    assert_eq!(house.client.get(VERSIONS).await.said(), "404 not_found");
    house.engine.note_rules().await.unwrap();
    let listed = house.client.get("/api/v1/rules").await.json();
    let versions = house.client.get(VERSIONS).await.json();
    let version = &versions["items"][0];
    assert_eq!((&version["since_ms"], &version["lines"]), (&json!(NOW_MS), &json!(7)));
    assert_eq!(version["version"], listed["items"][0]["version"]);
    assert!(version["text"].as_str().unwrap().starts_with("//! Asks for calm."));
}
