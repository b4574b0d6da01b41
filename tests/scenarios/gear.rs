//! How far shoes, bicycles and their components went, as the command line and the API tell it.

use std::collections::BTreeMap;
use std::path::Path;

use files::demo::Language;
use serde_json::{Value, json};

use crate::http::with;
use crate::program::{Program, real_files};

/// How many listed activities name each gear.
fn named(program: &Program) -> BTreeMap<String, u64> {
    let mut uses = BTreeMap::new();
    for activity in program.lines(&["activities", "--limit", "500", "--json"]) {
        if let Some(name) = activity["gear"].as_str() {
            *uses.entry(name.to_owned()).or_default() += 1;
        }
    }
    uses
}

fn gear(program: &Program) -> BTreeMap<String, Value> {
    let lines = program.lines(&["gear", "--json"]);
    lines.into_iter().map(|gear| (gear["name"].as_str().unwrap().to_owned(), gear)).collect()
}

fn used(gear: &BTreeMap<String, Value>) -> BTreeMap<String, u64> {
    let uses = gear.iter().map(|(name, gear)| (name.clone(), gear["uses"].as_u64().unwrap()));
    uses.filter(|(_, uses)| *uses > 0).collect()
}

#[test]
fn an_export_tells_of_gear_in_each_language() {
    for (program, language) in Program::on_both().into_iter().zip([Language::English, Language::German]) {
        let export = program.export_in(language, 60);
        program.json(&["import", &export.to_string_lossy(), "--json"]);
        let gear = gear(&program);
        assert_eq!(used(&gear), named(&program));
        let bike = &gear["Grey gravel"];
        assert_eq!((&bike["kind"], &bike["brand"]), (&json!("bike"), &json!("Canyon")));
        assert_eq!(gear["Daily"]["kind"], "shoes");
        let components = bike["components"].as_array().unwrap();
        assert_eq!(components.len(), 2, "{bike}");
        assert!(components.iter().all(|component| component["uses"] == bike["uses"]), "{bike}");
    }
}

#[test]
fn what_is_said_of_gear_holds_through_the_next_import() {
    for program in Program::on_both() {
        let export = program.export(60).to_string_lossy().into_owned();
        program.json(&["import", &export, "--json"]);
        let before = gear(&program);
        let activities = program.lines(&["activities", "--limit", "500", "--json"]);
        let run = activities.iter().find(|activity| activity["gear"] == "Daily").unwrap();
        let run = run["id"].as_str().unwrap();

        program.succeed(&["gear", "rename", "daily", "Every day"]);
        program.succeed(&["gear", "retire", "Old blue ones", "--on", "2026-09-30"]);
        program.succeed(&["gear", "add", "Barefoot", "--kind", "shoes", "--before-km", "12"]);
        program.succeed(&["gear", "use", run, "--gear", "Barefoot"]);
        let mounted = ["gear", "component", "add", "Grey gravel", "Saddle", "--from", "2026-10-01", "--json"];
        let mounted = program.json(&mounted);
        let saddle = mounted["components"].as_array().unwrap().iter().find(|one| one["kind"] == "saddle");
        let saddle = saddle.unwrap()["id"].as_str().unwrap().to_owned();
        program.succeed(&["gear", "service", &saddle, "--on", "2026-10-31", "--what", "greased"]);
        program.json(&["import", &export, "--json"]);

        let after = gear(&program);
        let uses = |gear: &Value| gear["uses"].as_u64().unwrap();
        assert_eq!(uses(&after["Every day"]), uses(&before["Daily"]) - 1);
        assert_eq!(uses(&after["Barefoot"]), 1);
        assert!(after["Barefoot"]["meters"].as_f64() > Some(12_000.0), "{}", after["Barefoot"]);
        assert_eq!(after["Old blue ones"]["retired_on"], "2026-09-30");
        let shown = program.json(&["gear", "show", "Grey gravel", "--json"]);
        let saddle = shown["components"].as_array().unwrap().iter().find(|one| one["id"] == saddle).unwrap();
        assert_eq!(saddle["services"], json!([{ "date": "2026-10-31", "what": "greased" }]));
        assert_eq!(saddle["since"]["uses"], 0);
        assert!(saddle["uses"].as_u64() < shown["uses"].as_u64(), "from its day on: {shown}");

        program.succeed(&["gear", "use", run, "--as-told"]);
        with(&program, async |client| {
            let listed = client.get("/api/v1/gear").await;
            let of = |name: &str| {
                let items = listed["items"].as_array().unwrap();
                items.iter().find(|gear| gear["name"] == name).unwrap().clone()
            };
            assert_eq!((uses(&of("Every day")), uses(&of("Barefoot"))), (uses(&before["Daily"]), 0));
            assert_eq!(of("Grey gravel")["components"], shown["components"]);
        });
        let refused = program.run(&["gear", "retire", "Nobody's", "--json"]);
        let said: Value = serde_json::from_slice(&refused.stdout).unwrap();
        assert_eq!((refused.status.code(), &said["error"]["code"]), (Some(2), &json!("gear_unknown")));
    }
}

fn import(folder: &Path, export: &str) -> BTreeMap<String, Value> {
    let program = Program::on_sqlite();
    let export = folder.join("strava-export").join(export);
    program.json(&["import", &export.to_string_lossy(), "--json"]);
    let gear = gear(&program);
    assert_eq!(used(&gear), named(&program));
    gear
}

#[test]
fn real_exports_of_all_ages_tell_of_gear() {
    let Some(folder) = real_files() else { return };
    let nameless = import(&folder, "slalom007");
    let names: Vec<_> = nameless.keys().map(String::as_str).collect();
    assert_eq!(names, ["ASICS GT 2000 I", "ASICS GT 2000 II"]);
    assert!(nameless.values().all(|gear| gear["kind"] == "shoes" && gear["uses"].as_u64() > Some(0)));
    let old = import(&folder, "aldahshoury-2018");
    let names: Vec<_> = old.keys().map(String::as_str).collect();
    assert_eq!(names, ["Bar2o2a", "Zatona"]);
    for bike in old.values() {
        assert_eq!((&bike["kind"], &bike["components"][0]["kind"]), (&json!("bike"), &json!("frame")));
        assert_eq!(bike["components"][0]["uses"], bike["uses"]);
    }
}
