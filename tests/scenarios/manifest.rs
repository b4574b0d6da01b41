//! Every real file through the whole program, against what independent libraries read; runs where those files are.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::program::{Program, real_files};

const FOLDERS: [&str; 4] = ["fit", "gpx", "tcx", "pairs"];

/// A file's facts: sums over its sessions, activities or tracks, as the manifest has them.
struct Facts {
    path: String,
    start: Option<i64>,
    elapsed_s: Option<f64>,
    meters: Option<f64>,
    mean_hr: Option<f64>,
    max_hr: Option<f64>,
    mean_power: Option<f64>,
    max_power: Option<f64>,
    /// The device's own normalized power.
    normalized_power: Option<f64>,
    is_strict: bool,
}

#[test]
fn real_files_come_through_the_program_with_the_manifests_numbers() {
    let Some(folder) = real_files() else { return };
    let program = Program::on_sqlite();
    let paths = FOLDERS.map(|name| folder.join(name).to_string_lossy().into_owned());
    let arguments: Vec<_> =
        ["import", "--json"].into_iter().chain(paths.iter().map(String::as_str)).collect();
    let imported = program.json(&arguments);
    let files = imported["files"].as_array().unwrap();
    let has_reason = |file: &&Value| {
        file["code"].is_string() && file["reason"].as_str().is_some_and(|text| text.len() > 8)
    };
    assert!(files.iter().filter(|file| file["outcome"] == "refused").all(|file| has_reason(&file)));

    let mut activities: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for activity in program.lines(&["activities", "--json"]) {
        activities.entry(activity["sha256"].as_str().unwrap().to_owned()).or_default().push(activity);
    }
    let mut tally: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
    let mut far = Vec::new();
    for (sha256, facts) in manifest(&folder) {
        let Some(ours) = activities.get(&sha256) else { continue };
        for (what, agrees) in compare(ours, &facts) {
            let counts = tally.entry(what).or_default();
            counts.0 += 1;
            counts.1 += u32::from(agrees);
            if !agrees {
                far.push(format!("{} {what}: {}", facts.path, ours[0]));
            }
        }
    }
    println!("{tally:?}\n{far:#?}");
    let (compared, agreeing) = tally.values().fold((0, 0), |sum, (all, good)| (sum.0 + all, sum.1 + good));
    assert!(compared > 200, "only {compared} figures were compared");
    assert!(agreeing * 100 >= compared * 97, "{agreeing} of {compared} figures agree: {far:#?}");
}

fn compare(ours: &[Value], facts: &Facts) -> Vec<(&'static str, bool)> {
    let sum = |name: &str| -> f64 { ours.iter().filter_map(|activity| activity[name].as_f64()).sum() };
    let start = ours.iter().filter_map(|activity| activity["start_ms"].as_i64()).min();
    let mut found = Vec::new();
    if let (Some(ours), Some(theirs)) = (start, facts.start) {
        found.push(("start", (ours - theirs).abs() <= 1_000));
    }
    if let Some(theirs) = facts.elapsed_s {
        found.push(("elapsed", (sum("elapsed_s") - theirs).abs() <= 2.0));
    }
    if let Some(theirs) = facts.meters {
        found.push(("distance", (sum("distance_m") - theirs).abs() <= (theirs * 0.002).max(0.1)));
    }
    let is_one = ours.len() == 1 && facts.is_strict;
    if let (Some(theirs), Some(ours), true) = (facts.mean_hr, ours[0]["avg_hr"].as_f64(), is_one) {
        found.push(("heart rate", (ours - theirs).abs() <= 0.5));
    }
    let figures = [
        ("maximum heart rate", "max_hr", facts.max_hr, 0.0),
        ("power", "avg_power", facts.mean_power, 0.01),
        ("maximum power", "max_power", facts.max_power, 0.0),
        // A device may hold through a pause, or leave it out.
        ("normalized power", "np", facts.normalized_power, 0.03),
    ];
    for (what, name, theirs, share) in figures {
        if let (Some(theirs), Some(ours), true) = (theirs, ours[0][name].as_f64(), is_one) {
            found.push((what, (ours - theirs).abs() <= share * theirs + 0.5));
        }
    }
    found
}

fn manifest(folder: &std::path::Path) -> Vec<(String, Facts)> {
    let mut table = csv::Reader::from_path(folder.join("MANIFEST.csv")).unwrap();
    let rows = table.deserialize::<BTreeMap<String, String>>().map(Result::unwrap);
    let wanted = rows.filter(|row| FOLDERS.iter().any(|name| row["path"].starts_with(&format!("{name}/"))));
    let facts = |row: BTreeMap<String, String>| {
        let facts: Value = serde_json::from_str(&row["facts"]).unwrap_or_default();
        (row["sha256"].clone(), Facts::of(row["path"].clone(), &facts))
    };
    wanted.map(facts).collect()
}

impl Facts {
    fn of(path: String, facts: &Value) -> Self {
        let parts =
            facts["sessions"].as_array().or(facts["activities"].as_array()).cloned().unwrap_or_default();
        let sum = |names: [&str; 2]| {
            let values: Vec<_> =
                parts.iter().filter_map(|part| names.iter().find_map(|name| part[*name].as_f64())).collect();
            (!values.is_empty()).then(|| values.iter().sum::<f64>())
        };
        let first =
            parts.iter().filter_map(|part| part["start_utc"].as_str().or(part["first_time"].as_str())).min();
        let alone = parts.first().filter(|_| parts.len() == 1);
        let hr = facts["rec_avg_hr"].as_f64().or_else(|| facts["avg_hr"].as_f64());
        Self {
            path,
            start: first.or(facts["start_utc"].as_str()).and_then(millis),
            elapsed_s: sum(["elapsed_s", "lap_time_s"]),
            meters: sum(["dist_m", "lap_dist_m"]).or_else(|| facts["length_2d_m"].as_f64()),
            mean_hr: hr.or_else(|| {
                parts.first().filter(|_| parts.len() == 1)?["avg_hr"]
                    .as_f64()
                    .filter(|_| facts["strict"].is_null())
            }),
            max_hr: facts["rec_max_hr"].as_f64(),
            mean_power: facts["rec_avg_power"].as_f64(),
            max_power: facts["rec_max_power"].as_f64(),
            normalized_power: alone.and_then(|part| part["norm_power"].as_f64()),
            is_strict: facts["strict"].is_null() || facts["strict"] == "ok",
        }
    }
}

fn millis(text: &str) -> Option<i64> {
    text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond)
}
