//! Answers of the real service beside the project, which are not part of it.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use upstream::strava::ATHLETE;

use super::{Recording, id};

/// What none of them tells.
pub(super) const NEVER: [&str; 4] =
    ["detail perceived_exertion", "detail private_note", "stream temp", "stream watts"];

/// All that is there of what the steps ask for; nothing where the folder is not.
pub(super) fn recording() -> Option<Recording> {
    let folder = folder()?;
    let read = |name: &str| -> Value {
        let value = fs::read(folder.join(name)).unwrap();
        serde_json::from_slice(&value).unwrap()
    };
    let body = |name: &str| read(&format!("exchanges/{name}.json"))["response"]["body"].take();
    let list = |value: Value| value.as_array().unwrap().clone();
    let of_athlete = |mut value: Value| {
        value["athlete"]["id"] = ATHLETE.into();
        value
    };
    let mut details = vec![body("activity"), body("activity_ride"), read("sporty/activity.json")];
    details.push(read("elevate/sample_activity.json"));
    details.extend(["run", "ride"].map(|kind| read(&format!("models/detailed_activities-{kind}.json"))));
    let details: Vec<Value> = details.into_iter().map(of_athlete).collect();
    let sporty = (id(&details[2]), read("sporty/streams-of-that-activity.json"));
    let elevate = (id(&details[3]), read("elevate/sample_streams.json"));
    let lists = ["athlete_activities", "athlete_activities_december_2018"];
    let mut listed: Vec<Value> =
        lists.into_iter().flat_map(|name| list(body(name))).map(of_athlete).collect();
    let is_listed = |detail: &&Value| !listed.iter().any(|listed| id(listed) == id(detail));
    let others: Vec<Value> = details.iter().filter(is_listed).cloned().collect();
    listed.extend(others);
    let mut profile = body("athlete");
    profile["id"] = ATHLETE.into();
    let gear = [body("gear-01"), body("gear-02")];
    profile["bikes"] = vec![gear[1].clone()].into();
    profile["shoes"] = vec![gear[0].clone()].into();
    // No starred one was recorded by itself.
    let starred = list(body("starred_segments"));
    let line = |starred: &Value| {
        let mut line = body("segment");
        line["id"] = starred["id"].clone();
        line
    };
    let lines = starred.iter().map(line).collect();
    Some(Recording {
        list: listed,
        details,
        streams: vec![sporty, elevate],
        profile,
        zones: body("athlete_zones"),
        gear: gear.into(),
        starred,
        lines,
        efforts: list(body("segment_efforts")),
    })
}

/// Where they lie, if they are there.
fn folder() -> Option<PathBuf> {
    let rooms = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    rooms.map(|room| room.join("shared/data/strava-api")).find(|folder| folder.exists())
}
