//! Files in at the command line.

use crate::program::{Program, real_files};

#[test]
fn import_says_what_became_of_each_file_in_one_object() {
    let program = Program::on_sqlite();
    let folder = program.demo(14);
    std::fs::write(folder.join("broken.fit"), b"not a fit file").unwrap();
    let folder = folder.to_string_lossy().into_owned();
    let files = std::fs::read_dir(&folder).unwrap().count();
    let first = program.json(&["import", &folder, "--json"]);
    assert_eq!(first["imported"], files - 1);
    assert_eq!(first["refused"], 1);
    assert_eq!(first["files"].as_array().unwrap().len(), files);
    let second = program.json(&["import", &folder, "--json"]);
    assert_eq!((&second["unchanged"], &second["imported"]), (&(files - 1).into(), &0.into()));
}

#[test]
fn the_same_file_twice_is_one_activity_and_a_duplicate() {
    for program in Program::on_both() {
        let folder = program.demo(7);
        let file = std::fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
        let copy = program.path("copy.fit");
        std::fs::copy(&file, &copy).unwrap();
        let first = program.json(&["import", &file.to_string_lossy(), "--json"]);
        let second = program.json(&["import", &copy.to_string_lossy(), "--json"]);
        assert_eq!(second["duplicate"], 1);
        assert_eq!(second["files"][0]["activities"], first["files"][0]["activities"]);
        assert_eq!(program.lines(&["activities", "--json"]).len(), 1);
    }
}

#[test]
fn both_databases_give_the_same_numbers() {
    let [sqlite, postgres] = Program::on_both();
    let numbers = |program: &Program| {
        let folder = program.demo(45);
        program.json(&["import", &folder.to_string_lossy(), "--json"]);
        let mut activities = program.lines(&["activities", "--json"]);
        activities.iter_mut().for_each(|activity| activity["file"] = "".into());
        (activities, program.lines(&["days", "--json"]), program.succeed(&["today", "--json"]))
    };
    assert_eq!(numbers(&sqlite), numbers(&postgres));
}

#[test]
fn a_setting_from_a_date_changes_only_the_days_from_there() {
    let program = Program::on_sqlite();
    let folder = program.demo(60);
    program.json(&["import", &folder.to_string_lossy(), "--json"]);
    let before = program.lines(&["days", "--json"]);
    program.succeed(&["athlete", "set", "--hr-max", "200", "--hr-rest", "40", "--from", "2026-10-15"]);
    let after = program.lines(&["days", "--json"]);
    let loads = |days: &[serde_json::Value], is_before: bool| -> Vec<_> {
        let date = |day: &serde_json::Value| day["date"].as_str().unwrap().to_owned();
        days.iter().filter(|day| (date(day).as_str() < "2026-10-15") == is_before).cloned().collect()
    };
    assert_eq!(loads(&before, true), loads(&after, true));
    assert_ne!(loads(&before, false), loads(&after, false));
}

#[test]
fn a_dry_run_tells_what_the_change_then_computes_again() {
    for program in Program::on_both() {
        let folder = program.demo(30);
        program.json(&["import", &folder.to_string_lossy(), "--json"]);
        let set = ["athlete", "set", "--hr-max", "200", "--hr-rest", "40", "--from", "2026-10-15"];
        let planned = program.json(&[&set[..], &["--dry-run", "--json"]].concat());
        assert!(planned["loads"].as_u64() > Some(0), "{planned}");
        let made = program.json(&[&set[..], &["--json"]].concat());
        for count in ["activities", "loads", "days", "first_day", "changed"] {
            assert_eq!(planned[count], made[count], "{count}");
        }
        let run = program.json(&["runs", "show", made["run"].as_str().unwrap(), "--json"]);
        let meters = |step: &str| {
            let steps = run["steps"].as_array().unwrap().iter();
            steps.clone().find(|found| found["step"] == step).unwrap()["meters"].clone()
        };
        let (loads, days) = (meters("rollup.loads"), meters("rollup.days"));
        assert_eq!((&loads["rows_in"], &loads["rows_out"]), (&made["activities"], &made["loads"]));
        // Of each day there is one row for the athlete and one that may be shown to others.
        assert_eq!(days["rows_out"].as_u64(), made["days"].as_u64().map(|days| 2 * days));
    }
}

#[test]
fn an_estimate_names_the_activity_that_shows_it() {
    let program = Program::on_sqlite();
    let folder = program.demo(90);
    program.json(&["import", &folder.to_string_lossy(), "--json"]);
    let shown = program.json(&["athlete", "show", "--json"]);
    let estimates = shown["estimates"].as_array().unwrap();
    let with_evidence = |name: &str| {
        estimates.iter().rev().find(|estimate| estimate["name"] == name && estimate["evidence"].is_object())
    };
    let estimate = with_evidence("hr_max").unwrap();
    let id = &estimate["evidence"]["activity"];
    let activity = program.lines(&["activities", "--json"]).into_iter().find(|row| row["id"] == *id).unwrap();
    assert_eq!(activity["max_hr"], estimate["evidence"]["reading"]);
    assert_eq!(activity["max_hr"], estimate["value"]);
}

#[test]
fn an_export_counts_what_it_holds_and_changes_nothing_the_second_time() {
    for program in Program::on_both() {
        let export = program.export(40).to_string_lossy().into_owned();
        let first = program.json(&["import", &export, "--json"]);
        let counts = &first["export"];
        let activities = program.lines(&["activities", "--json"]);
        assert_eq!(counts["activities"], activities.len(), "{counts}");
        assert!(counts["lists"]["shoe"].as_u64().unwrap() > 0, "{counts}");
        let second = program.json(&["import", &export, "--json"]);
        assert_eq!((&second["imported"], &second["updated"]), (&0.into(), &0.into()));
        assert_eq!(second["export"], *counts);
        assert_eq!(program.lines(&["activities", "--json"]), activities);
        let summary = program.succeed(&["import", &export]);
        assert!(summary.contains("from the table alone"), "{summary}");
    }
}

#[test]
fn a_real_export_reports_what_it_lacks_and_changes_nothing_the_second_time() {
    let Some(folder) = real_files() else { return };
    let export = folder.join("strava-export/slalom007").to_string_lossy().into_owned();
    let program = Program::on_sqlite();
    let first = program.json(&["import", &export, "--json"]);
    let counts = [&first["export"]["activities"], &first["export"]["files_missing"]];
    assert_eq!(counts, [242, 187], "{}", first["export"]);
    let days = program.lines(&["days", "--json"]);
    let second = program.json(&["import", &export, "--json"]);
    assert_eq!((&second["imported"], &second["updated"]), (&0.into(), &0.into()));
    assert_eq!(program.lines(&["days", "--json"]), days);
}
