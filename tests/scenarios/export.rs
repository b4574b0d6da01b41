//! What an export says of its activities, as it is shown.

use std::collections::BTreeMap;
use std::io::Write;

use files::demo::Language;
use serde_json::{Value, json};

use crate::program::{Program, Server};

const TABLE: &str = "\
Activity ID,Activity Date,Activity Name,Activity Type,Activity Description,Activity Gear,Filename,Commute,Competition
71,\"Oct 3, 2026, 8:00:00 AM\",Town race,Run,\"With Ada, in the rain\",Race day,activities/71.gpx,0.0,1.0
72,\"Oct 5, 2026, 6:00:00 AM\",To work,Ride,,Grey gravel,,1.0,0.0
73,\"Oct 6, 2026, 6:00:00 PM\",,Run,,,activities/73.gpx,0.0,0.0
";

/// A recording that is called otherwise than its row.
fn gpx(day: &str) -> String {
    let point = |second: u32| {
        format!(
            r#"<trkpt lat="47.0{second:02}" lon="8.0"><ele>400</ele><time>{day}T08:00:{second:02}Z</time></trkpt>"#
        )
    };
    let points: String = (0..30).map(point).collect();
    format!(
        r#"<?xml version="1.0"?><gpx version="1.1" creator="t"><trk><name>From the watch</name><type>running</type><trkseg>{points}</trkseg></trk></gpx>"#
    )
}

/// Three activities: with a file, without one, and with a file but without words.
fn small_export() -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let entries = [
        ("activities.csv", TABLE.to_owned()),
        ("activities/71.gpx", gpx("2026-10-03")),
        ("activities/73.gpx", gpx("2026-10-06")),
    ];
    for (name, text) in entries {
        writer.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn import_small(program: &Program) -> Value {
    let path = program.path("small.zip");
    std::fs::write(&path, small_export()).unwrap();
    program.json(&["import", &path.to_string_lossy(), "--json"])
}

/// What the athlete says of each activity.
fn told(activities: &[Value]) -> Value {
    let keys = ["name", "description", "gear", "commute", "competition"];
    let words = |activity: &Value| -> Value {
        keys.iter().filter_map(|key| Some((*key, activity.get(key)?.clone()))).collect()
    };
    activities.iter().map(words).collect()
}

/// The newest first.
fn expected() -> Value {
    json!([
        {"name": "From the watch"},
        {"name": "To work", "gear": "Grey gravel", "commute": true},
        {"name": "Town race", "description": "With Ada, in the rain", "gear": "Race day", "competition": true},
    ])
}

async fn get(server: &Server, path: &str) -> Value {
    let answer = reqwest::get(format!("{}/api/v1/{path}", server.url)).await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    answer.json().await.unwrap()
}

#[test]
fn the_command_line_shows_what_the_rows_say_and_else_the_files() {
    for program in Program::on_both() {
        import_small(&program);
        assert_eq!(told(&program.lines(&["activities", "--json"])), expected());
    }
}

#[test]
fn people_read_the_name_of_the_row() {
    let program = Program::on_sqlite();
    import_small(&program);
    let shown = program.succeed(&["activities"]);
    let names: Vec<bool> = shown.lines().map(|line| line.ends_with("Town race")).collect();
    assert_eq!(names, [false, false, false, true], "{shown}");
}

#[test]
fn the_api_shows_what_the_rows_say_and_else_the_files() {
    for program in Program::on_both() {
        import_small(&program);
        let server = program.serve();
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let listed = get(&server, "activities").await["items"].take();
            let listed = listed.as_array().unwrap();
            assert_eq!(told(listed), expected());
            let mut pages = Vec::new();
            for activity in listed {
                pages.push(get(&server, &format!("activities/{}", activity["id"].as_str().unwrap())).await);
            }
            assert_eq!(told(&pages), expected());
        });
    }
}

#[test]
fn an_uploaded_export_says_which_entry_is_a_row_and_which_a_file() {
    let program = Program::on_sqlite();
    let server = program.serve();
    let url = format!("{}/api/v1/uploads?name=small.zip", server.url);
    let answer: Value = tokio::runtime::Runtime::new().unwrap().block_on(async {
        let request = reqwest::Client::new().post(url).header("x-paceline", "1").body(small_export());
        request.send().await.unwrap().json().await.unwrap()
    });
    let mut entries: Vec<[&str; 3]> = answer["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| ["source_row", "kind", "outcome"].map(|key| entry[key].as_str().unwrap_or_default()))
        .collect();
    entries.sort_unstable();
    assert_eq!(
        entries,
        [["71", "file", "imported"], ["72", "row", "imported"], ["73", "file", "imported"]],
        "{answer}"
    );
}

/// The names of the table's rows, by their ids.
fn german_names(export: &std::path::Path) -> BTreeMap<String, String> {
    let mut archive = zip::ZipArchive::new(std::fs::File::open(export).unwrap()).unwrap();
    let mut table = csv::Reader::from_reader(archive.by_name("activities.csv").unwrap());
    let at =
        |name: &str, header: &csv::StringRecord| header.iter().position(|column| column == name).unwrap();
    let header = table.headers().unwrap().clone();
    let (id, name) = (at("Aktivitäts-ID", &header), at("Name der Aktivität", &header));
    table.records().map(Result::unwrap).map(|row| (row[id].to_owned(), row[name].to_owned())).collect()
}

#[test]
fn a_german_export_shows_its_german_names_although_its_files_have_english_ones() {
    let program = Program::on_sqlite();
    let export = program.export_in(Language::German, 120);
    let names = german_names(&export);
    let imported = program.json(&["import", &export.to_string_lossy(), "--json"]);
    let rows: BTreeMap<&str, &str> = imported["files"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|entry| Some((entry["activities"][0].as_str()?, entry["source_row"].as_str()?)))
        .collect();
    let activities = program.lines(&["activities", "--json"]);
    assert!(activities.len() > 60, "{}", activities.len());
    for activity in &activities {
        let row = rows[activity["id"].as_str().unwrap()];
        assert_eq!(activity["name"], *names[row], "row {row}");
    }
}
