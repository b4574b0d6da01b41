use serde_json::json;

use super::*;

fn best(source_id: &str, distance_m: u32, elapsed_s: f64, date: &str) -> OldBest {
    let told_date = (!date.is_empty()).then(|| date.to_owned());
    OldBest { source_id: source_id.to_owned(), distance_m, elapsed_s, told_date }
}

/// What reading comes to: the artifact and its warnings in words, or the refusal's code and reason.
fn read(kind: Kind, stem: &str, file: &Value) -> Result<Artifact, String> {
    let read = Artifact::read(kind, stem, file.to_string().as_bytes());
    read.map_err(|Refusal { code, reason }| format!("{code}: {reason}"))
}

fn check_refused(kind: Kind, stem: &str, file: &Value, wanted: &str) {
    assert_eq!(read(kind, stem, file).unwrap_err(), wanted, "{file}");
}

fn details(warnings: &[Warning]) -> Vec<&str> {
    warnings.iter().map(|warning| warning.detail.as_str()).collect()
}

#[test]
fn weather_is_that_of_the_hour_in_our_units() {
    let file = json!({
        "date": "2026-02-01", "hour_utc": 12, "temp_c": 3.4, "humidity": 81, "wind_kmh": 18, "gust_kmh": 36,
        "precip_mm": 0.2, "weather_code": 61, "avg_temp_c": 2.0, "avg_wind_kmh": 9.0, "avg_humidity": 70,
        "avg_precip_mm": 0.1,
    });
    let air = Air {
        temperature_c: Some(3.4),
        humidity: Some(0.81),
        wind_mps: Some(5.0),
        gust_mps: Some(10.0),
        precipitation_mm: Some(0.2),
        weather_code: Some(61),
        ..Air::default()
    };
    let hour = Hour(1_769_947_200 / 3_600);
    let wanted = Artifact::Weather { source_id: "17".to_owned(), hour, air };
    assert_eq!(read(Kind::Weather, "17", &file).unwrap(), wanted);
}

#[test]
fn what_the_hour_lacks_stays_unknown() {
    let file = json!({ "date": "2026-02-01", "hour_utc": 0, "temp_c": -90, "humidity": null });
    let Artifact::Weather { air, .. } = read(Kind::Weather, "17", &file).unwrap() else { panic!("{file}") };
    assert_eq!(air, Air { temperature_c: Some(-90.0), ..Air::default() });
}

#[test]
fn weather_without_its_hour_or_without_a_value_of_it_is_refused() {
    let check = |file: Value, wanted: &str| check_refused(Kind::Weather, "17", &file, wanted);
    let hour = "artifact_incomplete: it does not tell its hour, as `date` and `hour_utc`";
    check(json!({ "temp_c": 3 }), hour);
    check(json!({ "date": "2026-02-01", "temp_c": 3 }), hour);
    check(json!({ "date": "2026-02-30", "hour_utc": 3, "temp_c": 3 }), hour);
    check(json!({ "date": "2026-02-01", "hour_utc": 24, "temp_c": 3 }), hour);
    let value = "artifact_incomplete: it tells nothing of the hour; averages of a day are not taken";
    check(json!({ "date": "2026-02-01", "hour_utc": 3, "avg_temp_c": 3 }), value);
    let range = "value_out_of_range: `humidity` is 101, and must be 0 to 100";
    check(json!({ "date": "2026-02-01", "hour_utc": 3, "humidity": 101 }), range);
    let id = "artifact_incomplete: `a b` is no id of an activity";
    check_refused(Kind::Weather, "a b", &json!({ "date": "2026-02-01", "hour_utc": 3, "temp_c": 1 }), id);
}

#[test]
fn best_times_of_an_activity_are_read_by_distance() {
    let file = json!({
        "id": 17, "date": "2026-02-01T12:00:00Z", "best": { "1000": 251.5, "400": 88, "x": 3, "5000": null },
    });
    let Artifact::Activity { source_id, bests, warnings } = read(Kind::Activity, "17", &file).unwrap() else {
        panic!("{file}")
    };
    let date = "2026-02-01T12:00:00Z";
    assert_eq!(
        (source_id.as_str(), bests),
        ("17", vec![best("17", 400, 88.0, date), best("17", 1000, 251.5, date)])
    );
    assert_eq!(details(&warnings), ["`5000` has no time in seconds", "`x` is no distance in metres"]);
    assert!(warnings.iter().all(|warning| warning.code == "artifact_entry_left_out"));
}

#[test]
fn best_times_without_their_activity_are_refused() {
    let check = |file: Value, wanted: &str| check_refused(Kind::Activity, "17", &file, wanted);
    check(json!({ "best": {} }), "artifact_incomplete: it does not tell its activity, as `id`");
    check(json!({ "id": [], "best": {} }), "artifact_incomplete: it does not tell its activity, as `id`");
    check(json!({ "id": "17" }), "artifact_incomplete: it tells no times, as `best`");
    let elsewhere = "artifact_misnamed: it tells of activity `18`, and is called after another";
    check(json!({ "id": 18, "best": {} }), elsewhere);
}

#[test]
fn best_times_of_all_activities_are_read_by_range_of_time() {
    let file = json!({
        "best_all": {
            "400": { "time_s": 80.5, "id": "17", "date": "2026-02-01" },
            "0400": { "time_s": 99, "id": 18 },
            "800": { "time_s": 190 },
            "1000": { "time_s": 0, "id": 17 },
            "1500": "soon",
        },
        "best_12w": {},
        "activity": {},
        "no name": {},
    });
    let Artifact::Scopes { scopes, warnings } = read(Kind::Scopes, "segments_best", &file).unwrap() else {
        panic!("{file}")
    };
    let all = vec![best("18", 400, 99.0, ""), best("", 800, 190.0, "")];
    assert_eq!(scopes, [("best_12w".to_owned(), Vec::new()), ("best_all".to_owned(), all)]);
    assert_eq!(
        details(&warnings),
        [
            "`activity` is no name of a range of time",
            "best_all: `1000` has no time in seconds",
            "best_all: `1500`: invalid type: string \"soon\", expected struct Told",
            "`no name` is no name of a range of time",
        ]
    );
}

#[test]
fn what_is_no_json_of_this_form_is_refused() {
    for (kind, text) in [
        (Kind::Weather, "{\"temp_c\": NaN}"),
        (Kind::Weather, "[]"),
        (Kind::Activity, "{"),
        (Kind::Scopes, "{\"best_all\": 3}"),
        (Kind::Scopes, ""),
    ] {
        let refusal = Artifact::read(kind, "17", text.as_bytes()).unwrap_err();
        assert_eq!(refusal.code, "artifact_unreadable", "{text}");
    }
    let deep = "[".repeat(100_000);
    assert_eq!(Artifact::read(Kind::Scopes, "17", deep.as_bytes()).unwrap_err().code, "artifact_unreadable");
}
