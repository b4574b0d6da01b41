//! The maintenance scripts that come with the program, and what is written of them.

use std::path::{Path, PathBuf};

use fitness::gear::Totals;
use fitness::records::gear::Gear;

use super::super::item;
use super::*;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn docs() -> String {
    std::fs::read_to_string(root().join("docs/SCRIPTS.md")).unwrap()
}

#[test]
fn what_is_shipped_proves_itself() {
    let library = Library::from_dir(&root()).unwrap();
    let texts = library.matching("gear/*.rhai");
    let paths: Vec<&str> = texts.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(paths, ["scripts/gear/chain.rhai", "scripts/gear/shoes.rhai"]);
    for (path, text) in &texts {
        assert_eq!(mistakes(path, text), [], "{path}");
    }
}

#[test]
fn what_is_shown_how_to_write_proves_itself() {
    let docs = docs();
    let (_, section) = docs.split_once("## Maintenance of gear").unwrap();
    let (_, script) = section.split_once("```rhai\n").unwrap();
    let (script, _) = script.split_once("```").unwrap();
    assert_eq!(mistakes(PATH, script), [], "{script}");
}

#[test]
fn what_scripts_are_given_is_described() {
    let docs = docs();
    let totals = Totals { meters: 1.0, seconds: 1.0, uses: 1 };
    let gear = Gear {
        id: "a".to_owned(),
        name: "Daily".to_owned(),
        kind: Kind::Shoes,
        brand: None,
        model: None,
        sources: Vec::new(),
        totals,
        since: totals,
        before_m: 0.0,
        before_s: 0.0,
        first: Some(FIRST),
        last: Some(FIRST),
        is_retired: false,
        retired_on: None,
        components: Vec::new(),
        services: Vec::new(),
    };
    let told = item::of_gear(&gear, FIRST);
    let below = ["gear", "since"].into_iter().flat_map(|key| {
        let inner = told[key].as_object().unwrap().keys();
        inner.map(move |name| format!("item.{key}.{name}"))
    });
    let names: Vec<String> =
        told.as_object().unwrap().keys().map(|name| format!("item.{name}")).chain(below).collect();
    assert!(names.contains(&"item.since.days".to_owned()) && told["days"] == 0);
    for name in names.iter().filter(|name| !["item.gear", "item.since"].contains(&name.as_str())) {
        assert!(docs.contains(&format!("`{name}`")), "docs/SCRIPTS.md says nothing of `{name}`");
    }
}
