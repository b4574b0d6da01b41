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
    house.engine.note_scripts().await.unwrap();
    let listed = house.client.get("/api/v1/rules").await.json();
    let versions = house.client.get(VERSIONS).await.json();
    let version = &versions["items"][0];
    assert_eq!((&version["since_ms"], &version["lines"]), (&json!(NOW_MS), &json!(7)));
    assert_eq!(version["version"], listed["items"][0]["version"]);
    assert!(version["text"].as_str().unwrap().starts_with("//! Asks for calm."));
}

const BACKTEST: &str = "/api/v1/rules/backtest";

#[tokio::test(flavor = "multi_thread")]
async fn a_backtest_hands_over_rule_days_and_version() {
    let house = House::new().await;
    let asked = json!({"name": "calm", "from": "2026-01-01", "to": "2026-07-25", "against": "3f2a"});
    assert_eq!(house.client.post(BACKTEST, &asked).await.json(), asked);
    assert_eq!(house.client.post(BACKTEST, &json!({"name": "calm"})).await.json(), json!({"name": "calm"}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistake_in_a_draft_that_is_tested_is_told_with_its_place() {
    let house = House::new().await;
    let draft = json!({"rule": {"name": "mine", "text": "fn applies(day) {\n    day.load >\n}"}});
    let answer = house.client.post(BACKTEST, &draft).await;
    let error = &answer.json()["error"];
    assert_eq!(
        (answer.status, &error["code"], &error["details"][0]["line"]),
        (422, &json!("script_syntax"), &json!(3)),
        "{error}"
    );
    assert_eq!(house.client.post(BACKTEST, &json!({"nam": "x"})).await.said(), "422 invalid_parameter");
}
