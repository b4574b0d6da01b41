//! Today's advice, from the files to the card.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::program::Program;

#[test]
fn advice_names_the_rule_that_won_and_the_inputs_of_every_rule() {
    let program = Program::on_sqlite();
    let folder = program.demo(120);
    program.json(&["import", &folder.to_string_lossy(), "--json"]);
    let today = program.json(&["today", "--json", "--date", "2026-10-31"]);
    let rules = today["rules"].as_array().unwrap();
    assert_eq!(rules.len(), 14);
    assert!(today["today"]["source"]["line"].as_u64().unwrap() > 1);
    assert!((1..=3).contains(&today["contributors"].as_array().unwrap().len()));
    assert_eq!(rules.iter().filter(|rule| rule["verdict"] == "won").count(), 1);
    assert!(today["today"]["why"].as_str().unwrap().len() > 20);
    assert!(today["trend"]["word"].is_string());
}

#[test]
fn the_same_store_and_date_give_the_same_bytes() {
    let program = Program::on_sqlite();
    let folder = program.demo(60);
    program.json(&["import", &folder.to_string_lossy(), "--json"]);
    let first = program.succeed(&["today", "--json", "--date", "2026-10-20"]);
    program.succeed(&["run", "daily"]);
    assert_eq!(program.succeed(&["today", "--json", "--date", "2026-10-20"]), first);
}

#[test]
fn an_empty_store_still_gives_advice() {
    let program = Program::on_sqlite();
    let card = program.succeed(&["today"]);
    assert!(card.contains("There is no training to look at yet"), "{card}");
}

#[test]
fn a_draft_is_tried_and_not_kept() {
    let program = Program::on_sqlite();
    let folder = program.demo(60);
    program.json(&["import", &folder.to_string_lossy(), "--json"]);
    let before = program.succeed(&["today", "--json"]);
    let draft = folder.join("mine.rhai");
    let text = "//! Says rest.\nfn applies(day) { true }\n\
        fn advise(day) { #{ pick: \"rest\", weight: 100, why: \"Because.\" } }\nfn examples() { [] }";
    std::fs::write(&draft, text).unwrap();
    let tried = program.json(&["rules", "evaluate", &draft.to_string_lossy(), "--json"]);
    assert_eq!((&tried["today"]["rule"], &tried["today"]["text"]), (&"mine".into(), &"Rest today.".into()));
    assert_eq!(program.succeed(&["today", "--json"]), before);
}

#[test]
fn the_rules_are_listed() {
    let program = Program::on_sqlite();
    let listed = program.json(&["rules", "--json"]);
    assert_eq!(listed["items"].as_array().unwrap().len(), 14);
    assert!(program.succeed(&["rules"]).contains("fresh_and_ready"));
}

/// The program's own scripts in a folder, with a rule that outweighs all others and says why in these words.
fn own_scripts(program: &Program) -> PathBuf {
    let folder = program.path("my-scripts");
    for name in ["pipelines", "scripts/rules"] {
        std::fs::create_dir_all(folder.join(name)).unwrap();
        let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name);
        for file in std::fs::read_dir(own).unwrap().map(Result::unwrap) {
            std::fs::copy(file.path(), folder.join(name).join(file.file_name())).unwrap();
        }
    }
    folder
}

fn says(why: &str) -> String {
    format!(
        "//! Speaks.\nfn applies(day) {{ !known(day, \"x\") }}\n\
         fn advise(day) {{ #{{ pick: \"rest\", weight: 100, why: \"{why}\" }} }}\n\
         fn examples() {{ [#{{ day: #{{}}, pick: \"rest\" }}, #{{ day: #{{ x: 1 }}, silent: true }}] }}"
    )
}

#[test]
fn a_saved_edit_speaks_in_the_next_insight_and_a_broken_one_never() {
    let program = Program::on_sqlite();
    let folder = own_scripts(&program);
    let run = |arguments: &[&str]| {
        let output = program.command(arguments).env("FITNESS_SCRIPTS_DIR", &folder).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let json = |arguments: &[&str]| serde_json::from_str::<Value>(&run(arguments)).unwrap();
    let why = || json(&["today", "--json"])["today"]["why"].clone();
    // Each command is a process of its own, which knows of the former ones what the store holds.
    let mine = folder.join("scripts/rules/mine.rhai");
    for (text, spoken) in
        [(says("One."), "One."), (says("Two."), "Two."), ("fn applies(day) {".to_owned(), "Two.")]
    {
        std::fs::write(&mine, text).unwrap();
        run(&["run", "daily"]);
        assert_eq!(why(), spoken);
    }
    let card =
        json(&["rules", "evaluate", &folder.join("scripts/rules/wind.rhai").to_string_lossy(), "--json"]);
    assert_eq!(card["today"]["why"], "Two.", "a question goes by what is in force");
    let versions = json(&["rules", "versions", "mine", "--json"]);
    let versions = versions["items"].as_array().unwrap();
    assert_eq!(versions.len(), 2);
    let first = versions[1]["version"].as_str().unwrap();
    assert_eq!(run(&["rules", "versions", "mine", "--show", first]).trim_end(), says("One."));
    assert!(run(&["rules", "versions", "mine"]).contains(first));
}

#[test]
fn a_rule_is_tested_on_past_days_and_nothing_is_kept() {
    let program = Program::on_sqlite();
    let folder = program.demo(120);
    program.json(&["import", &folder.to_string_lossy(), "--json"]);
    let before = program.succeed(&["today", "--json", "--date", "2026-10-31"]);
    let draft = folder.join("mine.rhai");
    std::fs::write(&draft, says("So.")).unwrap();
    let days = ["--from", "2026-09-01", "--to", "2026-10-20"];
    let test = |rule: &str, form: &[&str]| {
        let arguments = [&["rules", "backtest", rule][..], &days, form].concat();
        program.succeed(&arguments)
    };
    let tested: Value = serde_json::from_str(&test(&draft.to_string_lossy(), &["--json"])).unwrap();
    assert_eq!(
        (&tested["days"], &tested["counts"]["wins"], &tested["draft"]),
        (&50.into(), &50.into(), &true.into())
    );
    assert_eq!(tested["fires"][0]["after"]["days_known"], 7);
    assert!(!tested["conflicts"].as_array().unwrap().is_empty());
    let told = test("fresh_and_ready", &[]);
    assert!(
        told.starts_with("fresh_and_ready (") && told.contains("2026-09-01 to 2026-10-20: speaks on"),
        "{told}"
    );
    assert_eq!(program.succeed(&["today", "--json", "--date", "2026-10-31"]), before);
    let unknown = program.run(&["rules", "backtest", "nothing"]);
    let error = String::from_utf8_lossy(&unknown.stderr).into_owned();
    assert!(error.contains("rule_unknown") && error.contains("`paceline rules` lists the rules"), "{error}");
}
