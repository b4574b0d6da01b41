//! Several records of one activity, and what a person says of them: it holds whatever is imported later.

use serde_json::{Value, json};

use crate::http::with;
use crate::program::Program;

/// A walk of so many minutes at four in the afternoon, as one device recorded it.
fn walk(late_s: u32, heart_rate: bool) -> String {
    let beats = "<extensions><gpxtpx:TrackPointExtension><gpxtpx:hr>120</gpxtpx:hr></gpxtpx:TrackPointExtension></extensions>";
    let point = |step: u32| {
        let (north, at_s) = (47.0 + f64::from(step) * 0.000_1, late_s + step * 10);
        let time = format!("2026-10-03T16:{:02}:{:02}Z", at_s / 60, at_s % 60);
        let beats = if heart_rate { beats } else { "" };
        format!("<trkpt lat=\"{north}\" lon=\"8.0\"><time>{time}</time>{beats}</trkpt>")
    };
    let points: String = (0..180).map(point).collect();
    let space = "http://www.garmin.com/xmlschemas/TrackPointExtension/v1";
    format!(
        "<?xml version=\"1.0\"?><gpx version=\"1.1\" creator=\"t\" xmlns:gpxtpx=\"{space}\">\
         <trk><type>walking</type><trkseg>{points}</trkseg></trk></gpx>"
    )
}

fn import(program: &Program, name: &str, text: &str) {
    let path = program.path(name);
    std::fs::write(&path, text).unwrap();
    program.succeed(&["import", &path.to_string_lossy(), "--json"]);
}

/// Each activity with how many other records it has, the richest first.
fn counted(program: &Program) -> Vec<(String, usize)> {
    let mut rows: Vec<(String, usize)> = program
        .lines(&["activities", "--json"])
        .iter()
        .map(|row| {
            let also = row["also"].as_array().map_or(0, Vec::len);
            (row["id"].as_str().unwrap().to_owned(), also)
        })
        .collect();
    rows.sort_by_key(|(_, also)| std::cmp::Reverse(*also));
    rows
}

fn day(program: &Program) -> Value {
    let days = program.lines(&["days", "--from", "2026-10-03", "--to", "2026-10-03", "--json"]);
    days.first().cloned().unwrap_or_default()
}

#[test]
fn what_a_person_says_of_records_holds_through_every_later_import() {
    for program in Program::on_both() {
        import(&program, "phone.gpx", &walk(20, false));
        import(&program, "watch.gpx", &walk(0, true));
        let before = day(&program);
        let (watch, also) = counted(&program).remove(0);
        assert_eq!((also, counted(&program).len()), (1, 1), "one activity of two records");
        let records = program.json(&["activities", "records", &watch, "--json"]);
        let phone = records["records"][1]["id"].as_str().unwrap().to_owned();
        assert_eq!(
            (&records["records"][0]["id"], &records["records"][1]["counts"]),
            (&json!(watch), &json!(false))
        );

        let split = program.lines(&["activities", "split", &phone, "--json"]);
        assert_eq!(split[0]["counted"].as_array().unwrap().len(), 2);
        assert_eq!(counted(&program).len(), 2);
        assert_ne!(day(&program), before, "both are counted");
        let rewritten = walk(20, false).replace("creator=\"t\"", "creator=\"later\"");
        import(&program, "phone.gpx", &rewritten);
        let phone = counted(&program).into_iter().map(|(id, _)| id).find(|id| *id != watch).unwrap();
        assert_eq!(counted(&program).len(), 2, "what took its place inherits what was said of it");
        import(&program, "again.gpx", &rewritten);
        import(&program, "tablet.gpx", &walk(10, true).replace("120", "121"));
        let after = counted(&program);
        assert_eq!(after, [(watch.clone(), 1), (phone.clone(), 0)], "the tablet is of one of them");

        with(&program, async |client| {
            let join = format!("/api/v1/activities/{watch}/join");
            let (status, said) = client.post(&join, json!({ "with": phone })).await;
            assert_eq!((status, &said["counted"]), (202, &json!([watch])));
            client.ended(said["run"].as_str().unwrap()).await;
            assert_eq!(counted(&program), [(watch.clone(), 2)]);
            assert_eq!(day(&program), before);
            let (status, refused) = client.post(&join, json!({ "with": phone })).await;
            assert_eq!((status, &refused["error"]["code"]), (409, &json!("merge_together")));

            let forget = format!("/api/v1/activities/{phone}/forget");
            let (_, said) = client.post(&forget, json!({})).await;
            client.ended(said["run"].as_str().unwrap()).await;
            let records = client.get(&format!("/api/v1/activities/{watch}/records")).await;
            assert_eq!((records["records"].as_array().unwrap().len(), &records["choices"]), (3, &json!([])));
        });
    }
}
