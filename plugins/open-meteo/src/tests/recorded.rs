//! Answers as they were recorded, where they lie beside the project, and answers that never should be.

use std::path::{Path, PathBuf};

use engine::http::Answer;
use fitness::weather::{Air, Cell};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::answer::{AnswerError, Column, parse, read};
use crate::refusal::Refusal;

/// Every JSON file below the folder of recorded answers; none where it is not there.
fn recorded() -> Vec<(PathBuf, Value)> {
    fn collect(folder: &Path, found: &mut Vec<(PathBuf, Value)>) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                collect(&path, found);
            } else if path.extension().is_some_and(|end| end == "json") {
                let value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
                found.push((path, value));
            }
        }
    }
    let mut found = Vec::new();
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/weather");
    let main = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/data/weather");
    collect(&shared, &mut found);
    collect(&main, &mut found);
    found
}

/// The body of an exchange, or a file that is one.
fn body(value: &Value) -> &Value {
    value.pointer("/response/body").or(value.get("body")).unwrap_or(value)
}

#[test]
fn no_field_of_the_recorded_hours_is_lost() {
    let mut fields = 0;
    for (path, value) in recorded() {
        let body = body(&value);
        let Some(hourly) = body.get("hourly").and_then(Value::as_object) else { continue };
        let told = parse(body.to_string().as_bytes()).unwrap().pop().unwrap();
        assert_eq!(told.hourly.len(), hourly.len(), "{}", path.display());
        for (name, values) in hourly {
            let read = match &told.hourly[name] {
                Column::Numbers(numbers) => json!(numbers),
                Column::Texts(texts) => json!(texts),
            };
            let floats = |values: &Value| -> Vec<Value> {
                let values = values.as_array().unwrap().iter();
                values.map(|value| value.as_f64().map_or(value.clone(), |number| json!(number))).collect()
            };
            assert_eq!(floats(&read), floats(values), "{name} of {}", path.display());
            assert_eq!(told.hourly_units[name], body["hourly_units"][name], "{name} of {}", path.display());
            fields += 1;
        }
        // Hours of a zone that is half an hour off are none of UTC, which alone is asked for.
        if body["utc_offset_seconds"].as_i64().unwrap() % 3600 != 0 {
            assert!(matches!(told.place(), Err(AnswerError::Times)), "{}", path.display());
            continue;
        }
        let place = told.place().unwrap();
        assert_eq!(place.hours.len(), hourly["time"].as_array().unwrap().len());
        let is_told = hourly.contains_key("temperature_2m") || hourly.contains_key("weather_code");
        assert!(!is_told || place.hours.iter().all(|(_, air)| !air.is_unknown()), "{}", path.display());
    }
    assert!(fields == 0 || fields > 20, "{fields}");
}

#[test]
fn the_recorded_refusals_ask_for_what_they_say() {
    for (path, value) in
        recorded().into_iter().filter(|(path, _)| path.to_string_lossy().contains("/errors/"))
    {
        let status = value["status"].as_u64().unwrap() as u16;
        let answer = Answer {
            status,
            content_type: "application/json".to_owned(),
            body: body(&value).to_string().into_bytes(),
            ..Answer::default()
        };
        let refusal = Refusal::of(&answer);
        match status {
            429 => assert!(matches!(refusal, Some(Refusal::Spent(_))), "{}", path.display()),
            _ => assert!(matches!(refusal, Some(Refusal::Wrong)), "{}", path.display()),
        }
    }
}

fn place(latitude: f64, change: impl FnOnce(&mut Value)) -> Value {
    let mut value = json!({
        "latitude": latitude, "longitude": 8.3, "utc_offset_seconds": 0,
        "hourly_units": { "time": "unixtime", "temperature_2m": "°C", "weather_code": "wmo code" },
        "hourly": { "time": [1_714_608_000, 1_714_611_600], "temperature_2m": [11.5, null], "weather_code": [3, 61] }
    });
    change(&mut value);
    value
}

fn check(answer: &Value, wanted: &str) {
    let cells = [Cell::of(47.05, 8.31, 2).unwrap()];
    let told = match read(answer.to_string().as_bytes(), &cells) {
        Ok(places) => format!("{} hours", places[0].hours.len()),
        Err(error) => error.to_string(),
    };
    assert_eq!(told, wanted);
}

#[test]
fn one_place_is_an_object_and_several_are_a_list() {
    check(&place(47.1, |_| {}), "2 hours");
    check(&json!([place(47.1, |_| {})]), "2 hours");
    check(&json!([place(47.1, |_| {}), place(47.1, |_| {})]), "it has 2 places, not 1");
    check(&json!([]), "it has 0 places, not 1");
}

#[test]
fn what_was_not_asked_is_refused() {
    check(&place(12.0, |_| {}), "place 1 is another than was asked for");
    check(
        &place(47.1, |value| value["hourly_units"]["temperature_2m"] = json!("K")),
        "`temperature_2m` is in `K`",
    );
    check(
        &place(47.1, |value| value["hourly"]["temperature_2m"] = json!([1.0])),
        "`temperature_2m` has 1 values for 2 hours",
    );
    check(
        &place(47.1, |value| value["hourly"]["temperature_2m"] = json!(["warm", "cold"])),
        "`temperature_2m` is in `text`",
    );
    for times in [
        json!([1_714_608_000, 1_714_608_001]),
        json!([7200, 3600]),
        json!([null, 3600]),
        json!(["noon", "one"]),
    ] {
        check(&place(47.1, |value| value["hourly"]["time"] = times), "its times are not those of hours");
    }
    check(
        &place(47.1, |value| {
            value.as_object_mut().unwrap().remove("hourly");
        }),
        "its times are not those of hours",
    );
}

#[test]
fn times_of_a_wall_become_those_of_utc() {
    let local = place(47.1, |value| {
        value["utc_offset_seconds"] = json!(7200);
        value["hourly"]["time"] = json!(["2024-05-02T02:00", "2024-05-02T03:00"]);
    });
    let cells = [Cell::of(47.05, 8.31, 2).unwrap()];
    let of = |answer: &Value| read(answer.to_string().as_bytes(), &cells).unwrap();
    assert_eq!(of(&local), of(&place(47.1, |_| {})));
    let first = of(&local)[0].hours[0].1;
    assert_eq!(first, Air { temperature_c: Some(11.5), weather_code: Some(3), ..Air::default() });
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = read(&bytes, &[Cell::of(47.05, 8.31, 2).unwrap()]);
    }

    #[test]
    fn a_damaged_answer_is_read_or_refused(at in 0..200_usize, byte: u8) {
        let mut bytes = place(47.1, |_| {}).to_string().into_bytes();
        let at = at % bytes.len();
        bytes[at] = byte;
        match read(&bytes, &[Cell::of(47.05, 8.31, 2).unwrap()]) {
            Ok(places) => prop_assert_eq!(places.len(), 1),
            Err(error) => prop_assert!(!matches!(error, AnswerError::Places { .. }), "{}", error),
        }
    }
}
