//! The step on both databases: what becomes of the former system's files that come once, twice, too early or spoilt.

mod house;

use fitness::records::old_best::Part;
use house::House;
use serde_json::json;

const SUNDAY: &str = "2026-02-01T12:20:00Z";

fn weather(hour: i64, celsius: f64) -> String {
    json!({ "date": "2026-02-01", "hour_utc": hour, "temp_c": celsius, "humidity": 50, "wind_kmh": 18 })
        .to_string()
}

#[tokio::test]
async fn weather_is_shown_with_its_activity_until_the_archive_knows_better() {
    House::each(async |mut house: House| {
        let id = house.went("17", SUNDAY).await;
        house.advised("2026-02-01").await;
        house.put("weather/17.json", &weather(12, 3.5));
        let changes = house.take_over().await.unwrap();
        assert_eq!(house.outcomes().await, ["17.json imported"]);
        assert_eq!(changes.days.as_deref(), Some("2026-02-01"));
        let shown = house.shown(&id).await;
        let start = shown.conditions.unwrap().start;
        assert_eq!((shown.state, start.temperature_c, start.wind_mps), ("provisional", Some(3.5), Some(5.0)));
        assert!(!house.has_advice("2026-02-01").await, "it rested on other weather");
        assert_eq!(house.due().await, 1, "the archive is asked all the same");
    })
    .await;
}

#[tokio::test]
async fn a_second_time_changes_nothing() {
    House::each(async |mut house: House| {
        house.went("17", SUNDAY).await;
        house.put("weather/17.json", &weather(12, 3.5));
        house.put("segments/17.json", r#"{"id": 17, "best": {"400": 88}}"#);
        house.put("segments_best.json", r#"{"best_all": {"400": {"time_s": 88, "id": 17}}}"#);
        let first = house.take_over().await.unwrap();
        let wanted = ["segments_best.json imported", "17.json imported", "17.json imported"];
        assert_eq!(house.outcomes().await, wanted);
        house.advised("2026-02-01").await;
        let second = house.take_over().await.unwrap();
        let wanted = ["segments_best.json unchanged", "17.json unchanged", "17.json unchanged"];
        assert_eq!(house.outcomes().await, wanted);
        assert!(!first.is_empty() && second.is_empty() && house.has_advice("2026-02-01").await);
    })
    .await;
}

#[tokio::test]
async fn what_is_known_of_an_hour_stays() {
    House::each(async |mut house: House| {
        let id = house.went("17", SUNDAY).await;
        house.put("weather/17.json", &weather(12, 3.5));
        house.take_over().await.unwrap();
        house.put("weather/17.json", &weather(12, 30.0));
        house.take_over().await.unwrap();
        assert_eq!(house.outcomes().await, ["17.json unchanged"]);
        assert_eq!(house.shown(&id).await.conditions.unwrap().start.temperature_c, Some(3.5));
    })
    .await;
}

#[tokio::test]
async fn weather_waits_for_its_activity() {
    House::each(async |mut house: House| {
        house.put("weather/17.json", &weather(12, 3.5));
        let changes = house.take_over().await.unwrap();
        assert_eq!(house.outcomes().await, ["17.json refused artifact_without_activity"]);
        assert!(changes.is_empty());
        house.went("17", SUNDAY).await;
        house.take_over().await.unwrap();
        assert_eq!(house.outcomes().await, ["17.json imported"]);
    })
    .await;
}

#[tokio::test]
async fn weather_of_another_hour_and_of_an_indoor_activity_is_refused() {
    House::each(async |mut house: House| {
        house.went("17", SUNDAY).await;
        house.went_indoors("18", SUNDAY).await;
        house.put("weather/17.json", &weather(9, 3.5));
        house.put("weather/18.json", &weather(12, 3.5));
        house.put("weather/19.json", "{\"temp_c\": NaN}");
        house.take_over().await.unwrap();
        let wanted = [
            "17.json refused artifact_of_another_hour",
            "18.json refused artifact_not_wanted",
            "19.json refused artifact_unreadable",
        ];
        assert_eq!(house.outcomes().await, wanted);
    })
    .await;
}

#[tokio::test]
async fn where_the_service_had_the_last_word_it_stands() {
    let ends = [
        ("final", None, "17.json unchanged"),
        ("none", Some("refused"), "17.json refused artifact_not_wanted"),
    ];
    for (state, reason, wanted) in ends {
        House::each(async |mut house: House| {
            let id = house.went("17", SUNDAY).await;
            house.ended(state, reason).await;
            house.advised("2026-02-01").await;
            house.put("weather/17.json", &weather(12, 3.5));
            for _ in 0..2 {
                let changes = house.take_over().await.unwrap();
                assert_eq!(house.outcomes().await, [wanted]);
                assert!(changes.is_empty() && house.has_advice("2026-02-01").await);
            }
            let shown = house.shown(&id).await;
            assert_eq!((shown.state, shown.conditions), (state, None));
        })
        .await;
    }
}

#[tokio::test]
async fn weather_that_the_export_tells_stays() {
    House::each(async |mut house: House| {
        let id = house.went("17", SUNDAY).await;
        house.told("17", &id, r#"{"weather": {"temperature_c": 8.0, "humidity": 0.5}}"#).await;
        house.put("weather/17.json", &weather(12, 3.5));
        house.take_over().await.unwrap();
        assert_eq!(house.outcomes().await, ["17.json unchanged"]);
        assert_eq!(house.shown(&id).await.conditions.unwrap().start.temperature_c, Some(8.0));
    })
    .await;
}

#[tokio::test]
async fn best_times_are_kept_with_the_activity_that_holds_them() {
    House::each(async |mut house: House| {
        let id = house.went("17", SUNDAY).await;
        house.put(
            "segments/17.json",
            r#"{"id": "17", "date": "2026-02-01", "best": {"1000": 251.5, "400": 88}}"#,
        );
        let scopes = r#"{"best_all": {"400": {"time_s": 80, "id": 9}, "1000": {"time_s": 251.5, "id": 17}}}"#;
        house.put("segments_best.json", scopes);
        house.take_over().await.unwrap();
        let of_activity = house.bests(Part::Activity("17")).await;
        assert_eq!(of_activity, [(400, 88.0, Some(id.clone())), (1000, 251.5, Some(id.clone()))]);
        assert_eq!(house.bests(Part::Scope("best_all")).await, [(400, 80.0, None), (1000, 251.5, Some(id))]);
    })
    .await;
}

#[tokio::test]
async fn newer_best_times_replace_those_of_their_part_alone() {
    House::each(async |mut house: House| {
        house.put("segments/17.json", r#"{"id": 17, "best": {"400": 88, "800": 200}}"#);
        house.put("segments/18.json", r#"{"id": 18, "best": {"400": 90}}"#);
        let scopes = r#"{"best_all": {"400": {"time_s": 88, "id": 17}}, "best_12w": {"400": {"time_s": 90, "id": 18}}}"#;
        house.put("segments_best.json", scopes);
        house.take_over().await.unwrap();
        house.put("segments/17.json", r#"{"id": 17, "best": {"400": 87}}"#);
        house.put("segments_best.json", r#"{"best_all": {"400": {"time_s": 87, "id": 17}}}"#);
        house.take_over().await.unwrap();
        let wanted = ["segments_best.json updated", "17.json updated", "18.json unchanged"];
        assert_eq!(house.outcomes().await, wanted);
        assert_eq!(house.bests(Part::Activity("17")).await, [(400, 87.0, None)]);
        assert_eq!(house.bests(Part::Activity("18")).await, [(400, 90.0, None)]);
        assert_eq!(house.bests(Part::Scope("best_all")).await, [(400, 87.0, None)]);
        assert_eq!(house.bests(Part::Scope("best_12w")).await, [(400, 90.0, None)]);
    })
    .await;
}

#[tokio::test]
async fn of_two_files_that_tell_of_one_hour_the_one_of_the_lower_id_counts_in_any_order() {
    let both = [("weather/9.json", 3.5), ("weather/17.json", 8.0)];
    for (first, second) in [(both[0], both[1]), (both[1], both[0])] {
        House::each(async |mut house: House| {
            let id = house.went("9", SUNDAY).await;
            house.went("17", SUNDAY).await;
            // Only the file of the lower id knows the humidity.
            let put = |house: &House, (name, celsius): (&str, f64)| {
                let told = json!({ "date": "2026-02-01", "hour_utc": 12, "temp_c": celsius });
                house.put(
                    name,
                    &if name.ends_with("/9.json") { weather(12, celsius) } else { told.to_string() },
                );
            };
            put(&house, first);
            house.take_over().await.unwrap();
            std::fs::remove_file(house.path().join(first.0)).unwrap();
            put(&house, second);
            house.take_over().await.unwrap();
            let start = house.shown(&id).await.conditions.unwrap().start;
            assert_eq!((start.temperature_c, start.humidity), (Some(3.5), Some(0.5)), "{first:?} came first");
            put(&house, first);
            assert!(house.take_over().await.unwrap().is_empty(), "{first:?} came first");
            assert_eq!(house.outcomes().await, ["17.json unchanged", "9.json unchanged"]);
        })
        .await;
    }
}

#[tokio::test]
async fn best_times_under_the_name_of_another_activity_replace_nothing() {
    House::each(async |mut house: House| {
        house.put("segments/17.json", r#"{"id": 17, "best": {"400": 88}}"#);
        house.put("segments/copy.json", r#"{"id": 17, "best": {"400": 70}}"#);
        for wanted in ["17.json imported", "17.json unchanged"] {
            house.take_over().await.unwrap();
            assert_eq!(house.outcomes().await, [wanted, "copy.json refused artifact_misnamed"]);
            assert_eq!(house.bests(Part::Activity("17")).await, [(400, 88.0, None)]);
        }
    })
    .await;
}

#[tokio::test]
async fn a_run_that_was_cut_goes_on_and_tells_of_all_its_changes() {
    House::each(async |mut house: House| {
        house.went("17", SUNDAY).await;
        house.went("18", "2026-02-03T07:10:00Z").await;
        house.put("weather/17.json", &weather(12, 3.5));
        let cut = house.take_over().await.unwrap();
        let later = json!({ "date": "2026-02-03", "hour_utc": 7, "temp_c": 1 }).to_string();
        house.put("weather/18.json", &later);
        let whole = house.go_on().await.unwrap();
        assert_eq!(house.outcomes().await, ["17.json imported", "18.json imported"]);
        assert_eq!((whole.from, whole.days.as_deref()), (cut.from, Some("2026-02-01")));
        assert!(whole.to > cut.to);
    })
    .await;
}

#[tokio::test]
async fn nothing_is_read_where_the_operator_does_not_allow_it_or_nothing_is_there() {
    House::each(async |mut house: House| {
        assert_eq!(house.refusal(json!({ "folder": house.path() }), true).await, "artifacts_not_found");
        house.put("segments_best.json", "{}");
        assert_eq!(house.refusal(json!({ "folder": house.path() }), false).await, "artifacts_disabled");
        assert_eq!(house.refusal(json!({}), true).await, "invalid_parameter");
        assert_eq!(house.refusal(json!({ "folder": "a\0b" }), true).await, "invalid_parameter");
    })
    .await;
}
