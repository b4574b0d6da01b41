//! Every real file against what independent libraries read out of it; runs where those files are.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test says what it saw and stops where it must"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fitness::recording::{Channel, Recording, Samples};
use paceline_files::decode::{Decoded, Limits, decode};
use serde_json::Value;

#[path = "manifest/known.rs"]
mod known;
#[path = "manifest/table.rs"]
mod table;

use known::DIFFERENCES;

fn data() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    folder.join("MANIFEST.csv").is_file().then_some(folder)
}

struct Entry {
    path: String,
    facts: Value,
}

fn entries(folder: &Path) -> Vec<Entry> {
    let text = std::fs::read_to_string(folder.join("MANIFEST.csv")).unwrap();
    let rows = table::parse(&text);
    let column = |name: &str| rows[0].iter().position(|cell| cell == name).unwrap();
    let (path, facts) = (column("path"), column("facts"));
    let wanted = |row: &&Vec<String>| {
        let name = &row[path];
        ["fit/", "gpx/", "tcx/", "pairs/"].iter().any(|start| name.starts_with(start))
            && [".fit", ".gpx", ".tcx"].iter().any(|end| name.ends_with(end))
    };
    let entry = |row: &Vec<String>| Entry {
        path: row[path].clone(),
        facts: serde_json::from_str(&row[facts]).unwrap(),
    };
    rows[1..].iter().filter(wanted).map(entry).collect()
}

#[test]
fn decoded_files_agree_with_the_manifest() {
    let Some(folder) = data() else { return };
    let mut tally: BTreeMap<&str, u32> = BTreeMap::new();
    let mut found: Vec<(String, String)> = Vec::new();
    for entry in entries(&folder) {
        let bytes = std::fs::read(folder.join(&entry.path)).unwrap();
        *tally.entry("files").or_default() += 1;
        let mut report = Report { path: &entry.path, tally: &mut tally, found: &mut found };
        match decode(&entry.path, &bytes, &Limits::STANDARD) {
            Ok(decoded) => report.compare(&decoded, &entry.facts),
            Err(refusal) => {
                assert!(!refusal.reason.is_empty(), "{}", entry.path);
                println!("refused {}: {} ({})", entry.path, refusal.code, refusal.reason);
                report.refused(&entry.facts);
            }
        }
    }
    println!("{tally:?}");
    let unexplained: Vec<_> = found.iter().filter(|(path, what)| !is_known(path, what)).collect();
    assert!(unexplained.is_empty(), "{unexplained:#?}");
    let stale: Vec<_> = DIFFERENCES
        .iter()
        .filter(|known| !found.iter().any(|(path, what)| covers(known, path, what)))
        .collect();
    assert!(stale.is_empty(), "no longer different: {stale:#?}");
}

fn is_known(path: &str, what: &str) -> bool {
    DIFFERENCES.iter().any(|known| covers(known, path, what))
}

fn covers(known: &(&str, &str, &str), path: &str, what: &str) -> bool {
    path.ends_with(known.0) && what.starts_with(known.1)
}

struct Report<'a> {
    path: &'a str,
    tally: &'a mut BTreeMap<&'static str, u32>,
    found: &'a mut Vec<(String, String)>,
}

impl Report<'_> {
    fn check(&mut self, what: &'static str, agrees: bool, detail: impl std::fmt::Display) {
        *self.tally.entry(what).or_default() += 1;
        if !agrees {
            println!("differs {}: {what} {detail}", self.path);
            self.found.push((self.path.to_owned(), format!("{what} {detail}")));
        }
    }

    fn close(&mut self, what: &'static str, ours: Option<f64>, theirs: Option<f64>, slack: f64) {
        let Some(theirs) = theirs else { return };
        let agrees = ours.is_some_and(|ours| (ours - theirs).abs() <= slack);
        self.check(what, agrees, format!("{ours:?} against {theirs}"));
    }

    fn refused(&mut self, facts: &Value) {
        *self.tally.entry("refused").or_default() += 1;
        let points = number(facts, "records").or(number(facts, "points")).unwrap_or(0.0);
        let laps = facts["activities"].as_array().map_or(0, Vec::len);
        let sessions = facts["sessions"].as_array().map_or(0, Vec::len);
        let empty = points == 0.0 && laps == 0 && sessions == 0;
        self.check("refusal", empty, format!("with {points} points, {sessions} sessions, {laps} activities"));
    }

    fn compare(&mut self, decoded: &Decoded<'_>, facts: &Value) {
        *self.tally.entry("imported").or_default() += 1;
        let warnings: Vec<_> =
            decoded.warnings.iter().chain(decoded.recordings.iter().flat_map(|r| &r.warnings)).collect();
        if !warnings.is_empty() {
            println!("warned {}: {warnings:?}", self.path);
        }
        for recording in &decoded.recordings {
            assert_columns_are_even(&recording.samples, self.path);
        }
        if facts.get("strict").is_some() {
            self.fit(decoded, facts);
        } else if facts.get("root").is_some() {
            self.tcx(decoded, facts);
        } else {
            self.gpx(decoded, facts);
        }
    }

    fn fit(&mut self, decoded: &Decoded<'_>, facts: &Value) {
        self.close("records", Some(decoded.records as f64), number(facts, "records"), 0.0);
        if facts["strict"] == "ok" {
            let clean = decoded.warnings.iter().all(|warning| !warning.code.starts_with("fit_"));
            self.check("clean", clean, format!("{:?}", decoded.warnings));
            self.close("mean hr", mean_hr(&decoded.recordings), number(facts, "rec_avg_hr"), 0.5);
        }
        let Some(sessions) = facts["sessions"].as_array() else { return };
        self.close("sessions", Some(decoded.recordings.len() as f64), Some(sessions.len() as f64), 0.0);
        for (recording, session) in decoded.recordings.iter().zip(sessions) {
            let sport = session["sport"].as_str().unwrap();
            self.check("sport", recording.sport == sport, format!("{} against {sport}", recording.sport));
            self.start(recording.start_ms, session["start_utc"].as_str());
            let totals = &recording.totals;
            self.close("elapsed", totals.elapsed_s, number(session, "elapsed_s"), 2.0);
            self.close("timer", totals.timer_s, number(session, "timer_s"), 2.0);
            let meters = number(session, "dist_m");
            self.close("distance", totals.distance_m, meters, 0.002 * meters.unwrap_or(0.0));
            self.close("ascent", totals.ascent_m, number(session, "ascent_m"), 0.5);
            self.close("power", totals.avg_power.or(Some(0.0)), number(session, "avg_power"), 0.5);
        }
        let laps: usize = decoded.recordings.iter().map(|recording| recording.laps.len()).sum();
        self.close("laps", Some(laps as f64), number(facts, "laps"), 0.0);
    }

    fn tcx(&mut self, decoded: &Decoded<'_>, facts: &Value) {
        let activities = facts["activities"].as_array().cloned().unwrap_or_default();
        self.close("activities", Some(decoded.recordings.len() as f64), Some(activities.len() as f64), 0.0);
        for (recording, activity) in decoded.recordings.iter().zip(&activities) {
            let sport = match activity["sport"].as_str().unwrap() {
                "Running" => "running",
                "Biking" => "cycling",
                _ => "other",
            };
            self.check("sport", recording.sport == sport, format!("{} against {sport}", recording.sport));
            self.start(recording.start_ms, activity["first_time"].as_str());
            self.close("points", Some(recording.samples.len() as f64), number(activity, "trackpoints"), 0.0);
            self.close("elapsed", recording.totals.elapsed_s, number(activity, "lap_time_s"), 2.0);
            let meters = number(activity, "lap_dist_m");
            self.close("distance", recording.totals.distance_m, meters, 0.002 * meters.unwrap_or(0.0));
            self.close("mean hr", mean_hr(std::slice::from_ref(recording)), number(activity, "avg_hr"), 0.5);
            let watts = mean(std::slice::from_ref(recording), Channel::Power);
            self.close("mean power", watts, number(activity, "avg_power"), 0.5);
            self.close("laps", Some(recording.laps.len() as f64), number(activity, "laps"), 0.0);
        }
    }

    fn gpx(&mut self, decoded: &Decoded<'_>, facts: &Value) {
        self.close("points", Some(decoded.records as f64), number(facts, "points"), 0.0);
        let kept: usize = decoded.recordings.iter().map(|recording| recording.samples.len()).sum();
        self.close("points kept", Some(kept as f64), number(facts, "points"), 0.0);
        let meters: f64 = decoded.recordings.iter().map(|recording| haversine(&recording.samples)).sum();
        let theirs = number(facts, "length_2d_m");
        self.close("distance", Some(meters), theirs, (0.002 * theirs.unwrap_or(0.0)).max(0.1));
        let starts = decoded.recordings.iter().filter_map(|recording| recording.start_ms);
        let ends = decoded.recordings.iter().filter_map(|recording| recording.samples.time_ms.iter().max());
        let (start, end) = (starts.min(), ends.max().copied());
        self.start(start, facts["start_utc"].as_str());
        let elapsed = start.zip(end).map(|(start, end)| (end - start) as f64 / 1000.0);
        self.close("elapsed", elapsed, number(facts, "elapsed_s"), 2.0);
        self.close("mean hr", mean_hr(&decoded.recordings), number(facts, "avg_hr"), 0.5);
        self.close(
            "mean cadence",
            mean(&decoded.recordings, Channel::Cadence),
            number(facts, "avg_cad"),
            0.5,
        );
        self.close("mean power", mean(&decoded.recordings, Channel::Power), number(facts, "avg_power"), 0.5);
    }

    fn start(&mut self, ours: Option<i64>, theirs: Option<&str>) {
        let Some(text) = theirs else { return };
        let zoned = if text.ends_with('Z') || text[10..].contains(['+', '-']) {
            text.to_owned()
        } else {
            format!("{text}Z")
        };
        let theirs: jiff::Timestamp = zoned.parse().unwrap();
        let agrees = ours.is_some_and(|ours| (ours - theirs.as_millisecond()).abs() < 1000);
        self.check("start", agrees, format!("{ours:?} against {text}"));
    }
}

fn assert_columns_are_even(samples: &Samples, path: &str) {
    let length = samples.len();
    assert!(samples.channels.values().all(|column| column.len() == length), "{path}");
    assert!(samples.time_ms.is_empty() || samples.time_ms.len() == length, "{path}");
    assert!(samples.breaks.iter().all(|at| *at < length), "{path}");
}

fn number(facts: &Value, name: &str) -> Option<f64> {
    facts.get(name)?.as_f64()
}

fn mean_hr(recordings: &[Recording]) -> Option<f64> {
    mean(recordings, Channel::HeartRate)
}

fn mean(recordings: &[Recording], channel: Channel) -> Option<f64> {
    let columns = recordings.iter().filter_map(|recording| recording.samples.channel(channel));
    let values: Vec<f64> = columns.flatten().copied().filter(|value| value.is_finite()).collect();
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// Metres along the positions, segments not joined.
fn haversine(samples: &Samples) -> f64 {
    const RADIUS_M: f64 = 6_371_008.8;
    let (Some(latitude), Some(longitude)) =
        (samples.channel(Channel::Latitude), samples.channel(Channel::Longitude))
    else {
        return 0.0;
    };
    let step = |index: usize| {
        let (from, to) = (latitude[index - 1].to_radians(), latitude[index].to_radians());
        let turn = (longitude[index] - longitude[index - 1]).to_radians();
        let half = ((to - from) / 2.0).sin().powi(2) + from.cos() * to.cos() * (turn / 2.0).sin().powi(2);
        2.0 * RADIUS_M * half.sqrt().asin()
    };
    (1..latitude.len()).filter(|index| !samples.breaks.contains(index)).map(step).sum()
}
