//! Metrics of the athlete's own, as the command line and the API tell them.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::program::Program;

const LOAD: &str = r#"//! Half of the minutes.
fn about() { #{ per: "activity", title: "Half", unit: "min", aggregate: "sum", sports: ["running"], replaces_load: true } }
fn value(activity, athlete, streams, day) { activity.elapsed_s / 120.0 }
fn examples() { [#{ activity: #{ elapsed_s: 240.0 }, value: 2 }, #{ missing: "activity.elapsed_s" }] }
"#;

fn named<'a>(listed: &'a Value, name: &str) -> &'a Value {
    listed["items"].as_array().unwrap().iter().find(|item| item["name"] == name).unwrap()
}

#[test]
fn shipped_metrics_are_computed_by_an_import_and_tried_without_a_trace() {
    for program in Program::on_both() {
        let folder = program.demo(45);
        program.json(&["import", &folder.to_string_lossy(), "--json"]);
        let listed = program.json(&["metrics", "--json"]);
        let beats = named(&listed, "beats_per_km");
        assert!(beats["known"].as_u64() > Some(5), "{listed}");
        let of_each = program.lines(&["metrics", "show", "beats_per_km", "--json"]);
        assert_eq!(of_each.len() as u64, beats["known"].as_u64().unwrap());
        assert!(!program.lines(&["metrics", "show", "hard_minutes", "--by", "month", "--json"]).is_empty());

        let (day, id) = (of_each[0]["date"].as_str().unwrap(), of_each[0]["activity"].as_str().unwrap());
        let text =
            fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/metrics/beats_per_km.rhai"));
        let draft = program.path("draft.rhai");
        fs::write(&draft, text.unwrap().replace("streams.mean(", "2.0 * streams.mean(")).unwrap();
        let draft = draft.to_string_lossy();
        let tried =
            program.json(&["metrics", "try", "beats_per_km", "--on", day, "--file", &draft, "--json"]);
        let item = tried["items"].as_array().unwrap().iter().find(|item| item["activity"] == id).unwrap();
        let (kept, new) = (item["kept"].as_f64().unwrap(), item["new"].as_f64().unwrap());
        assert!((new / kept - 2.0).abs() < 1e-9, "{tried}");
        assert_ne!(tried["version"], tried["kept_version"]);
        assert_eq!(program.lines(&["metrics", "show", "beats_per_km", "--json"]), of_each);

        let explained = program.json(&["explain", "activity", id, "beats_per_km", "--json"]);
        assert_eq!((&explained["value"], &explained["unit"]), (&json!(kept), &json!("beats/km")));
        let done = program.lines(&["metrics", "backfill", "beats_per_km", "--json"]);
        assert_eq!((done.len(), &done[0]["known"]), (1, &beats["known"]));
    }
}

#[test]
fn a_metric_stands_in_place_of_the_load_until_it_is_taken_away() {
    let program = Program::on_sqlite();
    let folder = program.demo(20);
    program.json(&["import", &folder.to_string_lossy(), "--json"]);
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let scripts = program.path("my-scripts");
    for part in ["pipelines", "scripts/rules"] {
        fs::create_dir_all(scripts.join(part)).unwrap();
        for file in fs::read_dir(format!("{root}/{part}")).unwrap() {
            let file = file.unwrap();
            fs::copy(file.path(), scripts.join(part).join(file.file_name())).unwrap();
        }
    }
    fs::create_dir_all(scripts.join("scripts/metrics")).unwrap();
    let metric = scripts.join("scripts/metrics/half.rhai");
    fs::write(&metric, LOAD).unwrap();
    let own = |arguments: &[&str]| {
        let output = program.command(arguments).env("FITNESS_SCRIPTS_DIR", &scripts).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let loads = || {
        let activities = program.lines(&["activities", "--json"]);
        let runs = activities.into_iter().filter(|activity| activity["sport"] == "running");
        runs.map(|run| (run["id"].clone(), run["load"].clone(), run["load_method"].clone()))
            .collect::<Vec<_>>()
    };
    let before = loads();
    own(&["metrics", "backfill"]);
    let replaced = loads();
    assert!(!replaced.is_empty() && replaced.iter().all(|(_, _, method)| method == "own"), "{replaced:?}");
    let explained = own(&["explain", "activity", replaced[0].0.as_str().unwrap(), "load", "--json"]);
    let explained: Value = serde_json::from_str(explained.trim()).unwrap();
    let inputs = explained["inputs"].as_array().unwrap();
    let input = inputs.iter().find(|input| input["name"] == "own_metric").unwrap();
    assert_eq!(input["value"], "half");
    assert!(input["provenance"].as_str().unwrap().contains("the chain gives"), "{input}");
    fs::remove_file(&metric).unwrap();
    own(&["metrics", "backfill"]);
    assert_eq!(loads(), before);
}

#[test]
fn a_backfill_of_what_cannot_be_computed_is_refused_and_runs_nothing() {
    let program = Program::on_sqlite();
    let refused = |arguments: &[&str], scripts: Option<&Path>| {
        let mut command = program.command(arguments);
        if let Some(scripts) = scripts {
            command.env("FITNESS_SCRIPTS_DIR", scripts);
        }
        let output = command.output().unwrap();
        assert!(!output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        String::from_utf8(output.stderr).unwrap()
    };
    let unknown = refused(&["metrics", "backfill", "nonesuch"], None);
    assert!(unknown.contains("there is no metric `nonesuch`"), "{unknown}");
    let scripts = program.path("my-scripts");
    fs::create_dir_all(scripts.join("pipelines")).unwrap();
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../pipelines/import.rhai");
    fs::copy(shipped, scripts.join("pipelines/import.rhai")).unwrap();
    let missing = refused(&["metrics", "backfill"], Some(&scripts));
    assert!(missing.contains("there is no pipeline `metrics`"), "{missing}");
    assert!(program.lines(&["runs", "--json"]).is_empty(), "nothing was enqueued");
}
