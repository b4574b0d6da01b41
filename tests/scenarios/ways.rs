//! Where an athlete went, as the command line and the API tell it.

use std::fs;
use std::path::PathBuf;

use jiff::ToSpan;
use jiff::civil::date;
use serde_json::Value;

use crate::http::with;
use crate::program::Program;

/// The id of an activity on foot that has positions.
fn run(program: &Program) -> String {
    let activities = program.lines(&["activities", "--json"]);
    let is_long =
        |activity: &&Value| activity["sport"] == "running" && activity["distance_m"].as_f64() > Some(6000.0);
    activities.iter().find(is_long).unwrap()["id"].as_str().unwrap().to_owned()
}

/// Writes a run of two kilometres to the north for each of these days of October, so many metres to the east of a place.
fn runs(program: &Program, days: &[(i8, f64)]) -> PathBuf {
    const DEGREE_M: f64 = 111_195.0;
    const APART_M: f64 = 4.0;
    let folder = program.path("runs");
    fs::create_dir(&folder).unwrap();
    for (day, east_m) in days {
        let start = date(2026, 10, *day).at(8, 0, 0, 0);
        let point = |second: i32| {
            let latitude = 47.0 + f64::from(second) * APART_M / DEGREE_M;
            let longitude = 8.0 + east_m / DEGREE_M / 47.0_f64.to_radians().cos();
            let time = start + i64::from(second).seconds();
            format!("<trkpt lat=\"{latitude:.7}\" lon=\"{longitude:.7}\"><time>{time}Z</time></trkpt>\n")
        };
        let points: String = (0..500).map(point).collect();
        let text = format!(
            "<gpx version=\"1.1\" creator=\"own\" xmlns=\"http://www.topografix.com/GPX/1/1\">\
             <trk><type>running</type><trkseg>{points}</trkseg></trk></gpx>"
        );
        fs::write(folder.join(format!("{day}.gpx")), text).unwrap();
    }
    folder
}

#[test]
fn a_segment_of_an_activity_is_found_on_it_and_on_all_like_it() {
    for program in Program::on_both() {
        let folder = program.demo(45);
        program.json(&["import", &folder.to_string_lossy(), "--json"]);
        let id = run(&program);
        let add =
            ["segments", "add", "Lakeside", "--activity", &id, "--from-km", "1", "--to-km", "2.5", "--json"];
        let made = program.json(&add);
        assert_eq!((&made["name"], &made["is_matched"]), (&"Lakeside".into(), &true.into()), "{made}");
        assert!(made["efforts"].as_u64() > Some(1), "the demo runs the same way again: {made}");
        let efforts = program.lines(&["segments", "show", "Lakeside", "--json"]);
        assert_eq!(efforts.len() as u64, made["efforts"].as_u64().unwrap());
        assert!(efforts.iter().any(|effort| effort["activity"] == id.as_str()));
        assert!(
            efforts.iter().all(|effort| effort["load"].is_f64() && effort["tsb"].is_f64()),
            "{efforts:?}"
        );
        assert!(efforts.is_sorted_by_key(|effort| effort["rank"].as_u64()));

        // Without another pass: what comes later is looked at as it comes.
        let again = program.json(&add);
        assert_eq!((&again["id"], &again["efforts"]), (&made["id"], &made["efforts"]));
        program.succeed(&["segments", "rename", "Lakeside", "Shore"]);
        program.succeed(&["segments", "remove", "Shore"]);
        assert_eq!(program.lines(&["segments", "--json"]), Vec::<Value>::new());
        assert!(!program.run(&["segments", "show", "Shore"]).status.success());
    }
}

#[test]
fn a_way_that_is_gone_again_is_a_route() {
    for program in Program::on_both() {
        let folder = runs(&program, &[(3, 0.0), (5, 0.0), (6, 400.0), (7, 400.0), (9, 10.0), (11, 900.0)]);
        program.json(&["import", &folder.to_string_lossy(), "--json"]);
        let routes = program.lines(&["routes", "--json"]);
        let outings: Vec<u64> = routes.iter().map(|route| route["outings"].as_u64().unwrap()).collect();
        assert_eq!(outings, [3, 2], "those with the most outings first: {routes:?}");
        let first = &routes[0];
        assert_eq!((&first["sports"], &first["first_date"]), (&"on foot".into(), &"2026-10-03".into()));
        let route = program.json(&["routes", "show", first["id"].as_str().unwrap(), "--json"]);
        let outings = route["outings"].as_array().unwrap();
        assert_eq!(outings.len() as u64, first["outings"].as_u64().unwrap());
        assert_eq!(outings[0]["activity"], first["id"], "the first one is its id");
        assert!(outings.is_sorted_by_key(|outing| outing["start_ms"].as_i64()), "{outings:?}");
        let refused = program.run(&["routes", "show", "nowhere", "--json"]);
        let said: Value = serde_json::from_slice(&refused.stdout).unwrap();
        assert_eq!(said["error"]["code"], "route_unknown", "{said}");
        with(&program, async |client| {
            let id = first["id"].as_str().unwrap();
            assert_eq!(client.get("/api/v1/routes").await["items"], Value::Array(routes.clone()));
            let shown = client.get(&format!("/api/v1/routes/{id}")).await;
            assert_eq!(shown, route, "the command line tells what the API does, line and trend included");
            assert!(shown["polyline"].as_str().unwrap().len() > 64, "{shown}");
            let of = &client.get(&format!("/api/v1/activities/{id}")).await["route"];
            assert_eq!((&of["id"], &of["outings"]), (&first["id"], &first["outings"]), "{of}");
        });
    }
}

#[test]
fn ground_is_counted_and_hidden() {
    for program in Program::on_both() {
        let folder = program.demo(45);
        program.json(&["import", &folder.to_string_lossy(), "--json"]);
        let tiles = program.lines(&["places", "--json"]);
        assert_eq!(tiles.iter().map(|row| row["zoom"].as_u64()).collect::<Vec<_>>(), [Some(14), Some(17)]);
        assert!(tiles[1]["tiles"].as_u64() > tiles[0]["tiles"].as_u64(), "{tiles:?}");
        assert!(tiles[0]["square"].as_u64() >= Some(1), "{tiles:?}");
        let id = run(&program);
        let zone = program.json(&["privacy-zones", "add", "Home", "--start-of", &id, "--json"]);
        assert_eq!((&zone["name"], &zone["radius_m"]), (&"Home".into(), &300.0.into()), "{zone}");
        assert_eq!(program.lines(&["places", "--json"]), tiles, "the athlete sees all");
        program.succeed(&["privacy-zones", "remove", "Home"]);
        assert_eq!(program.lines(&["privacy-zones", "--json"]), Vec::<Value>::new());
    }
}

#[test]
fn a_line_of_gpx_is_a_segment() {
    let program = Program::on_sqlite();
    let file = program.path("line.gpx");
    let points: String =
        (0..30).map(|step| format!(r#"<rtept lat="{}" lon="8"/>"#, 47.0 + f64::from(step) * 1e-4)).collect();
    std::fs::write(&file, format!("<gpx><rte><name>Drawn</name>{points}</rte></gpx>")).unwrap();
    let made = program.json(&["segments", "add", "--gpx", &file.to_string_lossy(), "--json"]);
    assert_eq!((&made["name"], &made["efforts"]), (&"Drawn".into(), &0.into()), "{made}");
    std::fs::write(&file, "<gpx/>").unwrap();
    let refused = program.run(&["segments", "add", "--gpx", &file.to_string_lossy(), "--json"]);
    let said: Value = serde_json::from_slice(&refused.stdout).unwrap();
    assert_eq!(said["error"]["code"], "no_track", "{said}");
}
