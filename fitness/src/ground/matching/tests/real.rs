//! Against what Strava tells of the same ride, where its recording and the answer lie near the project.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::Value;

use super::*;

const RIDE: &str = "pairs/elevate/rides/garmin_export/20190929_ride_4108490848.gpx";
const TOLD: &str = "strava-api/elevate/sample_activity.json";

fn data() -> Option<PathBuf> {
    let rooms = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().map(|room| room.join("shared/data"));
    rooms.into_iter().find(|folder| folder.join(RIDE).exists() && folder.join(TOLD).exists())
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let from = text.find(before).unwrap() + before.len();
    &text[from..from + text[from..].find(after).unwrap()]
}

fn ms(text: &str) -> i64 {
    text.parse::<Timestamp>().unwrap().as_millisecond()
}

fn ride(text: &str) -> Walk {
    let mut walk = Walk::default();
    for point in text.split("<trkpt ").skip(1) {
        let degrees = |name: &str| between(point, &format!("{name}=\""), "\"").parse().unwrap();
        walk.at.push(walk.places.len());
        walk.places.push(Place { latitude: degrees("lat"), longitude: degrees("lon") });
        walk.time_ms.push(ms(between(point, "<time>", "</time>")));
    }
    walk
}

/// Cut out of the ride by Strava's times, beside its seconds.
fn line(walk: &Walk, effort: &Value) -> (Line, f64) {
    let from_ms = ms(effort["start_date"].as_str().unwrap());
    let seconds = effort["elapsed_time"].as_f64().unwrap();
    let part = from_ms..=from_ms + (seconds * 1000.0) as i64;
    let places = walk.places.iter().zip(&walk.time_ms).filter(|(_, time_ms)| part.contains(time_ms));
    (Line::of(places.map(|(place, _)| *place).collect()).thinned(10.0), seconds)
}

#[test]
fn the_efforts_of_a_ride_are_those_that_strava_tells() {
    let Some(data) = data() else { return };
    let walk = ride(&fs::read_to_string(data.join(RIDE)).unwrap());
    let told: Value = serde_json::from_str(&fs::read_to_string(data.join(TOLD)).unwrap()).unwrap();
    let told = told["segment_efforts"].as_array().unwrap();
    let mut apart_s: Vec<f64> = Vec::new();
    for effort in told {
        let (line, seconds) = line(&walk, effort);
        let found = efforts(&Prepared::of(&line).unwrap(), &walk);
        assert_eq!(found.len(), 1, "{}: {found:?}", effort["name"]);
        apart_s.push((found[0].elapsed_s - seconds).abs());
    }
    apart_s.sort_by(f64::total_cmp);
    let near = apart_s.iter().filter(|seconds| **seconds <= 5.0).count();
    assert!(told.len() == 51 && near >= 48, "{apart_s:?}");
}

#[test]
fn nothing_of_it_is_found_on_the_way_back() {
    let Some(data) = data() else { return };
    let walk = ride(&fs::read_to_string(data.join(RIDE)).unwrap());
    let told: Value = serde_json::from_str(&fs::read_to_string(data.join(TOLD)).unwrap()).unwrap();
    let back = Walk { places: walk.places.iter().rev().copied().collect(), ..walk.clone() };
    for effort in told["segment_efforts"].as_array().unwrap() {
        let prepared = Prepared::of(&line(&walk, effort).0).unwrap();
        assert_eq!(efforts(&prepared, &back), [], "{}", effort["name"]);
    }
}
