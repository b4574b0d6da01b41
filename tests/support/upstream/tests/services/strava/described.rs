//! The answers beside what Strava itself says of them, where that lies beside the project.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use upstream::strava::{ATHLETE, Calls};

use super::client::Client;
use super::recorded::{body, read};
use super::schema::Definitions;
use crate::trial::NOW_MS;

const KEYS: &str =
    "time,distance,latlng,altitude,velocity_smooth,heartrate,cadence,watts,temp,moving,grade_smooth";

fn names(object: &Value) -> BTreeSet<&str> {
    object.as_object().unwrap().keys().map(String::as_str).collect()
}

/// A client with a history of all sports and an effort.
async fn client() -> (Client, Vec<i64>, i64) {
    let client = Client::start().await;
    client.strava().set_limits(Calls::without_end());
    let ids = client.strava().grow(ATHLETE, 60, NOW_MS);
    let run = client.strava().upload_late(ATHLETE, NOW_MS - 86_400_000);
    client.strava().add_effort(1_109_718, run, 600, 118);
    (client, ids, run)
}

#[tokio::test]
async fn answers_are_of_the_types_that_the_description_says() {
    let Some(document) = read("spec/strava-swagger-with-definitions.json") else { return };
    let definitions = Definitions::new(document);
    let check = |name: &str, value: &Value| {
        assert_eq!(definitions.faults(name, value), [""; 0], "{name}");
    };
    let (client, ids, run) = client().await;
    for summary in client.get_ok("/athlete/activities?per_page=200").await.as_array().unwrap() {
        check("summaryActivity", summary);
    }
    for id in ids.iter().chain([&run]) {
        let detail = client.get_ok(&format!("/activities/{id}?include_all_efforts=true")).await;
        check("detailedActivity", &detail);
        for effort in detail["segment_efforts"].as_array().unwrap() {
            check("detailedSegmentEffort", effort);
        }
        check(
            "streamSet",
            &client.get_ok(&format!("/activities/{id}/streams?keys={KEYS}&key_by_type=true")).await,
        );
        for lap in client.get_ok(&format!("/activities/{id}/laps")).await.as_array().unwrap() {
            check("lap", lap);
        }
        for zone in client.get_ok(&format!("/activities/{id}/zones")).await.as_array().unwrap() {
            check("activityZone", zone);
        }
    }
    let athlete = client.get_ok("/athlete").await;
    check("detailedAthlete", &athlete);
    check("zones", &client.get_ok("/athlete/zones").await);
    for gear in [&athlete["bikes"][0], &athlete["shoes"][0]] {
        check("summaryGear", gear);
        check("detailedGear", &client.get_ok(&format!("/gear/{}", gear["id"].as_str().unwrap())).await);
    }
    for segment in client.get_ok("/segments/starred").await.as_array().unwrap() {
        check("summarySegment", segment);
        check("detailedSegment", &client.get_ok(&format!("/segments/{}", segment["id"])).await);
    }
    for effort in client.get_ok("/segment_efforts?segment_id=1109718").await.as_array().unwrap() {
        check("detailedSegmentEffort", effort);
    }
    check("fault", &client.get("/activities/1").await.body);
}

/// The check itself finds what is wrong.
#[test]
fn a_wrong_type_is_found_wherever_it_is() {
    let Some(document) = read("spec/strava-swagger-with-definitions.json") else { return };
    let definitions = Definitions::new(document);
    for (name, value) in [
        ("summaryActivity", json!({ "id": "7" })),
        ("summaryActivity", json!({ "start_latlng": [1.0] })),
        ("summaryActivity", json!({ "sport_type": "Sleep" })),
        ("detailedActivity", json!({ "laps": [{ "lap_index": 1.5 }] })),
        ("streamSet", json!({ "time": { "data": [0, "1"] } })),
        ("detailedGear", json!([])),
    ] {
        assert_eq!(definitions.faults(name, &value).len(), 1, "{name} {value}");
    }
}

/// A field that was recorded is there, if it is not one of what only others have.
#[tokio::test]
async fn answers_have_the_fields_that_were_recorded() {
    let (Some(list), Some(detail)) = (body("athlete_activities"), body("activity")) else { return };
    let (client, _, run) = client().await;
    let check = |what: &str, ours: &Value, theirs: &Value, not_ours: &[&str]| {
        let missing = names(theirs).difference(&names(ours)).copied().collect::<BTreeSet<_>>();
        assert_eq!(missing, not_ours.iter().copied().collect(), "{what}");
    };
    let ours = client.get_ok("/athlete/activities?per_page=1").await;
    check("summary", &ours[0], &list[0], &[]);
    let ours = client.get_ok(&format!("/activities/{run}?include_all_efforts=true")).await;
    check("detail", &ours, &detail, &["similar_activities"]);
    check("gear", &ours["gear"], &detail["gear"], &[]);
    check("lap", &ours["laps"][0], &detail["laps"][0], &["pace_zone"]);
    check("effort", &ours["segment_efforts"][0], &detail["segment_efforts"][0], &[]);
    check("split", &ours["splits_metric"][0], &detail["splits_metric"][0], &[]);
    check("best effort", &ours["best_efforts"][0], &detail["best_efforts"][0], &[]);
    let athlete = client.get_ok("/athlete").await;
    check("athlete", &athlete, &body("athlete").unwrap(), &[]);
    check("shoes", &athlete["shoes"][0], &body("athlete").unwrap()["shoes"][0], &[]);
    let gear = |kind: &str| format!("/gear/{}", athlete[kind][0]["id"].as_str().unwrap());
    check("shoe", &client.get_ok(&gear("shoes")).await, &body("gear-01").unwrap(), &[]);
    check("bike", &client.get_ok(&gear("bikes")).await, &body("gear-02").unwrap(), &["weight"]);
    let starred = client.get_ok("/segments/starred").await;
    check("starred", &starred[0], &body("starred_segments").unwrap()[0], &[]);
    let segment = client.get_ok("/segments/1109718").await;
    check("segment", &segment, &body("segment").unwrap(), &["xoms", "local_legend"]);
    let zones = client.get_ok(&format!("/activities/{run}/zones")).await;
    check("zones", &zones[0], &body("activity_zones").unwrap()[0], &[]);
}
