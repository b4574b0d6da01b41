//! Today's advice, from the files to the card.

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
