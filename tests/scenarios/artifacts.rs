//! The artifacts of the former system at the command line and over HTTP.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::program::Program;

const SWITCH: &str = "FITNESS_ENABLE_LOCAL_ARTIFACT_IMPORT";

/// An export with one run on 1 February 2026 at 12:20 UTC, which its source calls 17.
fn export(program: &Program) -> PathBuf {
    let folder = program.path("export");
    fs::create_dir_all(folder.join("activities")).unwrap();
    let table = "Activity ID,Activity Date,Activity Name,Activity Type,Filename\n\
        17,\"Feb 1, 2026, 12:20:00 PM\",Lunch run,Run,activities/17.gpx\n";
    fs::write(folder.join("activities.csv"), table).unwrap();
    let mut track =
        r#"<?xml version="1.0"?><gpx version="1.1" creator="t"><trk><type>running</type><trkseg>"#.to_owned();
    for minute in 20..50 {
        let latitude = 47.05 + f64::from(minute) * 0.001;
        write!(
            track,
            r#"<trkpt lat="{latitude}" lon="8.31"><time>2026-02-01T12:{minute}:00Z</time></trkpt>"#
        )
        .unwrap();
    }
    fs::write(folder.join("activities/17.gpx"), track + "</trkseg></trk></gpx>").unwrap();
    folder
}

fn artifacts(program: &Program) -> PathBuf {
    let folder = program.path("strava-local-ingest");
    let put = |name: &str, content: Value| {
        let path = folder.join("data").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content.to_string()).unwrap();
    };
    let weather = json!({
        "date": "2026-02-01", "hour_utc": 12, "temp_c": 3.5, "humidity": 80, "wind_kmh": 18, "gust_kmh": 36,
        "precip_mm": 0, "weather_code": 3, "avg_temp_c": 2.0,
    });
    put("weather/17.json", weather.clone());
    put("weather/18.json", weather);
    put(
        "segments/17.json",
        json!({ "id": 17, "date": "2026-02-01T12:20:00Z", "best": { "400": 88, "1000": 251.5 } }),
    );
    put(
        "segments_best.json",
        json!({ "best_all": { "400": { "time_s": 88, "id": 17, "date": "2026-02-01" } } }),
    );
    folder
}

/// What the command answers to a program, and what it says beside it.
fn take_over(program: &Program, folder: &Path) -> (Value, String) {
    let folder = folder.to_string_lossy();
    let output = program.command(&["artifacts", &folder, "--json"]).env(SWITCH, "1").output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    (serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}")), said)
}

#[test]
fn artifacts_are_taken_over_once_and_said_to_be_deprecated() {
    for program in Program::on_both() {
        program.json(&["import", &export(&program).to_string_lossy(), "--json"]);
        let folder = artifacts(&program);
        let (first, said) = take_over(&program, &folder);
        assert_eq!((&first["imported"], &first["refused"]), (&json!(3), &json!(1)), "{first}");
        let refused =
            first["files"].as_array().unwrap().iter().find(|file| file["outcome"] == "refused").unwrap();
        assert_eq!(refused["code"], "artifact_without_activity");
        assert!(first["deprecated"].as_str().unwrap().contains("deprecated"));
        assert!(said.starts_with("warning: ") && said.contains(r#""level":"WARN""#), "{said}");
        let activity = program.lines(&["activities", "--json"])[0]["id"].as_str().unwrap().to_owned();
        let shown = program.json(&["weather", "show", &activity, "--json"]);
        assert!(shown.to_string().contains(r#""temperature_c":3.5"#), "{shown}");
        let (second, _) = take_over(&program, &folder);
        assert_eq!((&second["unchanged"], &second["imported"]), (&json!(3), &json!(0)), "{second}");
    }
}

#[test]
fn beside_a_server_that_lacks_the_switch_the_command_says_what_it_needs() {
    for program in Program::on_both() {
        program.json(&["import", &export(&program).to_string_lossy(), "--json"]);
        let folder = artifacts(&program);
        let _server = program.serve();
        let output = program.run(&["artifacts", &folder.to_string_lossy()]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), output.stdout.is_empty()), (Some(78), true), "{said}");
        assert!(said.contains("artifacts_disabled") && said.contains(&format!("set {SWITCH}=1")), "{said}");
        // Whoever of the two works it off, the switch of the command is what counts.
        let (report, _) = take_over(&program, &folder);
        assert_eq!((&report["imported"], &report["refused"]), (&json!(3), &json!(1)), "{report}");
    }
}

#[test]
fn artifacts_are_left_alone_unless_the_operator_allows_it() {
    let program = Program::on_sqlite();
    let folder = artifacts(&program);
    let output = program.run(&["artifacts", &folder.to_string_lossy(), "--json"]);
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &answer["error"]["code"]), (Some(78), &json!("artifacts_disabled")));
    let server = program.serve();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let url = format!("{}/api/v1/pipelines/artifacts/runs", server.url);
        let body = json!({ "params": { "folder": folder } });
        let http = reqwest::Client::new();
        let started: Value =
            http.post(url).header("x-paceline", "1").json(&body).send().await.unwrap().json().await.unwrap();
        let url = format!("{}/api/v1/runs/{}", server.url, started["run"].as_str().unwrap());
        loop {
            let run: Value = http.get(&url).send().await.unwrap().json().await.unwrap();
            if run["state"] == "failed" {
                assert_eq!(run["error_code"], "artifacts_disabled", "{run}");
                break;
            }
            assert!(["queued", "running"].contains(&run["state"].as_str().unwrap()), "{run}");
            tokio::task::yield_now().await;
        }
    });
}
