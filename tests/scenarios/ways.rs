//! Where an athlete went, as the command line and the API tell it.

use serde_json::Value;

use crate::program::Program;

/// The id of an activity on foot that has positions.
fn run(program: &Program) -> String {
    let activities = program.lines(&["activities", "--json"]);
    let is_long =
        |activity: &&Value| activity["sport"] == "running" && activity["distance_m"].as_f64() > Some(6000.0);
    activities.iter().find(is_long).unwrap()["id"].as_str().unwrap().to_owned()
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
