//! Activities in their long form, their streams, and all that is odd about them.

use serde_json::{Value, json};
use upstream::strava::{ATHLETE, HOSTILE, Trap};

use super::client::{Client, refusal};
use crate::trial::NOW_MS;

const KEYS: &str =
    "time,distance,latlng,altitude,velocity_smooth,heartrate,cadence,watts,temp,moving,grade_smooth";

/// The activity with something odd about it, as a list shows it.
async fn odd(trap: Trap) -> (Client, Value) {
    let client = Client::start().await;
    let id = client.strava().add_trap(ATHLETE, trap, NOW_MS - 86_400_000);
    let got = client.get("/athlete/activities").await;
    assert_eq!(got.ids(), [id], "{trap:?}");
    (client, got.body[0].clone())
}

async fn check_odd(trap: Trap, fields: Value) {
    let (client, listed) = odd(trap).await;
    let detail = client.get_ok(&format!("/activities/{}", listed["id"])).await;
    for (name, value) in fields.as_object().unwrap() {
        assert_eq!((&listed[name], &detail[name]), (value, value), "{trap:?}: {name}");
    }
}

#[tokio::test]
async fn each_kind_of_odd_record_is_odd_in_its_way() {
    check_odd(Trap::Manual, json!({ "manual": true, "max_speed": 0.0, "map": null })).await;
    check_odd(Trap::Indoor, json!({ "trainer": true, "start_latlng": [] })).await;
    let hidden = json!({ "start_date": "2026-06-19T00:00:01Z", "start_date_local": "2026-06-19T00:00:01Z" });
    check_odd(Trap::HiddenStart, hidden).await;
    check_odd(Trap::PlaceNull, json!({ "start_latlng": null, "end_latlng": null })).await;
    check_odd(Trap::PlaceEmpty, json!({ "start_latlng": [], "end_latlng": [] })).await;
    check_odd(Trap::UnknownSport, json!({ "sport_type": "UnderwaterBasketWeaving", "type": "Workout" }))
        .await;
    check_odd(Trap::EstimatedPower, json!({ "device_watts": false, "average_watts": 187.0 })).await;
    check_odd(Trap::SpeedZero, json!({ "average_speed": 0 })).await;
    check_odd(Trap::SpeedNull, json!({ "average_speed": null })).await;
    let mixed =
        json!({ "distance": 10_812, "moving_time": 3_600.0, "total_elevation_gain": 0, "utc_offset": 7_200 });
    check_odd(Trap::MixedNumbers, mixed).await;
    let summer = json!({
        "timezone": "(GMT-05:00) America/New_York",
        "utc_offset": -14_400.0,
        "start_date": "2026-06-19T10:20:30Z",
        "start_date_local": "2026-06-19T06:20:30Z",
    });
    check_odd(Trap::SummerTime, summer).await;
}

#[tokio::test]
async fn an_id_is_beyond_what_a_double_can_tell_from_its_neighbours() {
    let (client, listed) = odd(Trap::HugeId).await;
    let id = listed["id"].as_i64().unwrap();
    assert_ne!(id as f64 as i64, id);
    assert_eq!(client.get_ok(&format!("/activities/{id}")).await["map"]["id"], format!("a{id}"));
}

#[tokio::test]
async fn a_bare_record_has_hardly_more_than_its_id_and_its_start() {
    let (client, listed) = odd(Trap::Bare).await;
    let names = listed.as_object().unwrap().keys().collect::<Vec<_>>();
    assert_eq!(names, ["resource_state", "id", "start_date"]);
    let detail = client.get_ok(&format!("/activities/{}", listed["id"])).await;
    assert_eq!(detail.as_object().unwrap().len(), 3);
    let (_, listed) = odd(Trap::PlaceMissing).await;
    assert!(listed.get("start_latlng").is_none() && listed.get("map").is_some());
}

#[tokio::test]
async fn hostile_text_is_in_all_that_somebody_wrote() {
    let (client, listed) = odd(Trap::HostileText).await;
    let detail = client.get_ok(&format!("/activities/{}", listed["id"])).await;
    assert_eq!((&detail["name"], &detail["description"]), (&json!(HOSTILE), &json!(HOSTILE)));
    assert_eq!((&detail["device_name"], &detail["gear"]["nickname"]), (&json!(HOSTILE), &json!(HOSTILE)));
    assert_eq!(detail["segment_efforts"][0]["segment"]["name"], HOSTILE);
    let (_, long) = odd(Trap::LongText).await;
    assert!(long["name"].as_str().unwrap().len() >= 2_000);
}

#[tokio::test]
async fn what_was_typed_in_or_is_bare_has_no_streams_and_what_was_indoors_no_places() {
    for trap in [Trap::Manual, Trap::Bare] {
        let (client, listed) = odd(trap).await;
        let got =
            client.get(&format!("/activities/{}/streams?keys={KEYS}&key_by_type=true", listed["id"])).await;
        assert_eq!(got.error(), refusal(404, "Activity/id/invalid"), "{trap:?}");
        assert!(client.get_ok(&format!("/activities/{}/laps", listed["id"])).await.is_array());
    }
    let (client, listed) = odd(Trap::Indoor).await;
    let path = format!("/activities/{}/streams?keys={KEYS}&key_by_type=true", listed["id"]);
    let streams = client.get_ok(&path).await;
    assert!(streams.get("latlng").is_none() && streams.get("heartrate").is_some());
}

fn numbers(stream: &Value) -> Vec<f64> {
    stream["data"].as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[tokio::test]
async fn streams_say_what_the_summary_says() {
    let client = Client::start().await;
    for id in client.strava().grow(ATHLETE, 40, NOW_MS) {
        let known = client.strava().activity(id).unwrap();
        let streams = client.get_ok(&format!("/activities/{id}/streams?keys={KEYS}&key_by_type=true")).await;
        let time = numbers(&streams["time"]);
        assert_eq!(time.last(), Some(&(known.elapsed_s as f64)), "{known:?}");
        for (name, stream) in streams.as_object().unwrap() {
            assert_eq!(stream["data"].as_array().unwrap().len(), time.len(), "{name}");
            assert_eq!(stream["original_size"], time.len());
        }
        let heart = mean(&numbers(&streams["heartrate"]));
        assert!((heart - known.sensors.heartrate.unwrap()).abs() < 0.5, "{heart} {known:?}");
        assert_eq!(streams.get("distance").is_some(), known.meters > 0.0);
        assert_eq!(streams.get("latlng").is_some(), known.place.is_some());
        assert_eq!(streams.get("watts").is_some(), known.sensors.watts.is_some());
        let Some(distance) = streams.get("distance").map(numbers) else { continue };
        assert!(distance.is_sorted() && distance[0] == 0.0);
        assert!((distance[distance.len() - 1] - known.meters).abs() < 0.06, "{known:?}");
        let Some(altitude) = streams.get("altitude").map(numbers) else { continue };
        let climb = altitude.windows(2).map(|pair| (pair[1] - pair[0]).max(0.0)).sum::<f64>();
        assert!((climb - known.climb_meters).abs() <= 1.0 + known.climb_meters * 0.05, "{climb} {known:?}");
    }
}

#[tokio::test]
async fn streams_come_by_name_or_as_a_list_with_the_distance_always() {
    let client = Client::start().await;
    let id = client.strava().upload_late(ATHLETE, NOW_MS - 86_400_000);
    let names = |streams: &Value| match streams {
        Value::Object(columns) => columns.keys().cloned().collect::<Vec<_>>(),
        list => list.as_array().unwrap().iter().map(|one| one["type"].as_str().unwrap().to_owned()).collect(),
    };
    let by_name =
        client.get_ok(&format!("/activities/{id}/streams?keys=heartrate,time&key_by_type=true")).await;
    assert_eq!(names(&by_name), ["distance", "heartrate", "time"]);
    let list = client.get_ok(&format!("/activities/{id}/streams?keys=heartrate,watts")).await;
    assert_eq!(names(&list), ["distance", "heartrate"]);
    assert_eq!(list[1]["data"], by_name["heartrate"]["data"]);
}

#[tokio::test]
async fn laps_and_splits_add_up_to_the_whole() {
    let client = Client::start().await;
    let mut run = client.strava().new_activity(ATHLETE, NOW_MS - 86_400_000);
    run.laps = 3;
    let id = client.strava().add_activity(run);
    let detail = client.get_ok(&format!("/activities/{id}")).await;
    let sum = |list: &Value, name: &str| -> f64 {
        list.as_array().unwrap().iter().map(|one| one[name].as_f64().unwrap()).sum()
    };
    assert_eq!(detail["laps"], client.get_ok(&format!("/activities/{id}/laps")).await);
    assert_eq!(detail["laps"].as_array().unwrap().len(), 3);
    assert!((sum(&detail["laps"], "distance") - 10_812.4).abs() < 0.1);
    assert_eq!(sum(&detail["laps"], "moving_time"), 3_600.0);
    assert_eq!(detail["splits_metric"].as_array().unwrap().len(), 11);
    assert_eq!(detail["splits_standard"].as_array().unwrap().len(), 7);
    for splits in ["splits_metric", "splits_standard"] {
        assert!((sum(&detail[splits], "distance") - 10_812.4).abs() < 0.7, "{splits}");
        assert_eq!(sum(&detail[splits], "elapsed_time"), 3_660.0, "{splits}");
        assert_eq!(sum(&detail[splits], "moving_time"), 3_600.0, "{splits}");
    }
    let best = detail["best_efforts"].as_array().unwrap();
    assert_eq!(
        best.iter().map(|one| one["name"].as_str().unwrap()).collect::<Vec<_>>(),
        ["400m", "1k", "1 mile", "5k", "10k"]
    );
    let pace = |one: &Value| one["elapsed_time"].as_f64().unwrap() / one["distance"].as_f64().unwrap();
    assert!(pace(&best[0]) < pace(&best[4]));
}

#[tokio::test]
async fn efforts_are_told_all_or_without_the_hidden_ones() {
    let client = Client::start().await;
    let mut counts = [0, 0];
    for id in client.strava().grow(ATHLETE, 60, NOW_MS) {
        for (count, query) in counts.iter_mut().zip(["", "?include_all_efforts=true"]) {
            let detail = client.get_ok(&format!("/activities/{id}{query}")).await;
            let efforts = detail["segment_efforts"].as_array().unwrap();
            *count += efforts.len();
            for effort in efforts {
                assert!(effort["id"].as_i64().unwrap() > 1 << 53);
                assert_eq!(effort["activity"]["id"], id);
            }
        }
        client.strava().set_limits(upstream::strava::Calls::without_end());
    }
    assert!(counts[0] > 0 && counts[1] > counts[0], "{counts:?}");
}

#[tokio::test]
async fn starred_segments_know_the_best_time_and_efforts_their_dates() {
    let client = Client::start().await;
    let run = client.strava().upload_late(ATHLETE, NOW_MS - 2 * 86_400_000);
    let other = client.strava().upload_late(ATHLETE, NOW_MS - 86_400_000);
    let starred = client.get_ok("/segments/starred").await;
    assert_eq!((starred[0].get("pr_time"), &starred[0]["starred"]), (None, &json!(true)));
    let id = starred[0]["id"].as_i64().unwrap();
    client.strava().add_effort(id, run, 600, 121);
    client.strava().add_effort(id, other, 600, 118);
    let starred = client.get_ok("/segments/starred").await;
    assert_eq!(
        (&starred[0]["pr_time"], &starred[0]["athlete_pr_effort"]["activity_id"]),
        (&json!(118), &json!(other))
    );
    let segment = client.get_ok(&format!("/segments/{id}")).await;
    assert_eq!(segment["athlete_segment_stats"]["effort_count"], 2);
    let efforts = client.get_ok(&format!("/segment_efforts?segment_id={id}")).await;
    assert_eq!(efforts.as_array().unwrap().len(), 2);
    assert_eq!((&efforts[0]["pr_rank"], &efforts[1]["pr_rank"]), (&json!(2), &json!(1)));
    let query = "&start_date_local=2026-06-19T00:00:00Z&end_date_local=2026-06-20T00:00:00Z";
    let efforts = client.get_ok(&format!("/segment_efforts?segment_id={id}{query}")).await;
    assert_eq!((efforts.as_array().unwrap().len(), &efforts[0]["elapsed_time"]), (1, &json!(118)));
    assert_eq!(client.get("/segments/1").await.error(), refusal(404, "Segment/id/invalid"));
}

#[tokio::test]
async fn without_a_subscription_efforts_and_zones_must_be_paid_for() {
    let client = Client::start().await;
    let run = client.strava().upload_late(ATHLETE, NOW_MS - 86_400_000);
    let paths = ["/segment_efforts?segment_id=1109718".to_owned(), format!("/activities/{run}/zones")];
    for path in &paths {
        assert_eq!(client.get(path).await.status, 200, "{path}");
    }
    let mut athlete = client.strava().athlete(ATHLETE).unwrap();
    athlete.has_subscription = false;
    client.strava().set_athlete(athlete);
    for path in &paths {
        let got = client.get(path).await;
        assert_eq!((got.status, &got.body["message"]), (402, &json!("Payment Required")), "{path}");
    }
    assert_eq!(client.get("/segments/starred").await.status, 200);
}

#[tokio::test]
async fn time_in_zones_adds_up_to_the_whole() {
    let client = Client::start().await;
    let run = client.strava().upload_late(ATHLETE, NOW_MS - 86_400_000);
    let zones = client.get_ok(&format!("/activities/{run}/zones")).await;
    let buckets = zones[0]["distribution_buckets"].as_array().unwrap();
    assert_eq!(buckets.iter().map(|bucket| bucket["time"].as_i64().unwrap()).sum::<i64>(), 3_660);
    let athlete = client.get_ok("/athlete/zones").await;
    assert_eq!(athlete["heart_rate"]["zones"].as_array().unwrap().len(), 5);
    assert_eq!(athlete["power"]["zones"][0], json!({ "min": 0, "max": 132 }));
}

#[tokio::test]
async fn the_profile_is_short_without_its_scope() {
    let client = Client::start().await;
    let whole = client.get_ok("/athlete").await;
    assert_eq!((&whole["weight"], &whole["ftp"]), (&json!(70.5), &json!(240)));
    let bike = whole["bikes"][0]["id"].as_str().unwrap();
    assert_eq!(client.get_ok(&format!("/gear/{bike}")).await["frame_type"], 3);
    assert_eq!(client.get("/gear/b0").await.error(), refusal(404, "Gear/id/invalid"));
    let short = Client::start_with(&["read", "activity:read"]).await;
    assert_eq!(short.get_ok("/athlete").await.get("weight"), None);
    assert_eq!(
        short.get("/athlete/zones").await.error(),
        refusal(401, "AccessToken/profile:read_permission/missing")
    );
}

#[tokio::test]
async fn a_history_is_the_same_in_every_process() {
    let (one, other) = (Client::start().await, Client::start().await);
    let ids = one.strava().grow(ATHLETE, 300, NOW_MS);
    assert_eq!(other.strava().grow(ATHLETE, 300, NOW_MS), ids);
    assert_eq!(one.strava().truth().activities, other.strava().truth().activities);
    let truth = one.strava().truth();
    let sports = truth.activities.values().map(|one| one.sport_type.as_str());
    let sports = sports.collect::<std::collections::BTreeSet<_>>();
    assert_eq!(sports.len(), 7, "{sports:?}");
    let activities = truth.activities_of(ATHLETE);
    assert!(activities[0].start_ms + 1000 * activities[0].elapsed_s < NOW_MS);
    for pair in activities.windows(2) {
        assert!(pair[1].start_ms + 1000 * pair[1].elapsed_s < pair[0].start_ms, "{pair:?}");
    }
}
