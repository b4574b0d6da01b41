//! What a good edit replaces, what a broken one does not, and what is said of both.

use tempfile::TempDir;

use super::*;
use crate::script::rule::Rule;
use crate::stage::Play;

/// A folder of scripts, and what was made of it when it was last read.
struct House {
    root: TempDir,
    registry: Registry,
    catalog: Catalog,
    now_ms: i64,
}

impl House {
    fn with(files: &[(&str, &str)]) -> Self {
        let mut registry = Registry::default();
        registry.step::<Play>().unwrap();
        let catalog = Catalog::new(&registry, InForce::default(), 0);
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("pipelines")).unwrap();
        let mut house = Self { root, registry, catalog, now_ms: 0 };
        files.iter().for_each(|(path, text)| house.write(path, text));
        house.read();
        house
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.root.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn remove(&self, path: &str) {
        std::fs::remove_file(self.root.path().join(path)).unwrap();
    }

    /// Reads the folder again and tells what changed, each in a few words.
    fn read(&mut self) -> Vec<String> {
        self.now_ms += 1000;
        let next = self.catalog.next(&self.registry, &Folder::read(self.root.path()), self.now_ms);
        let before = std::mem::replace(&mut self.catalog, next);
        self.catalog.changes_since(&before).iter().map(word).collect()
    }

    fn info(&self, name: &str) -> PipelineInfo {
        self.catalog.infos().into_iter().find(|info| info.name == name).unwrap()
    }

    /// What the first step of the plan in force gives.
    fn total(&self, name: &str) -> i64 {
        let ready = self.catalog.ready(name).ok().unwrap();
        ready.plan.steps[0].config["give"].as_i64().unwrap()
    }
}

fn word(change: &Change) -> String {
    match change {
        Change::Loaded { pipeline, .. } => format!("loaded {pipeline}"),
        Change::Gone { pipeline } => format!("gone {pipeline}"),
        Change::ScriptLoaded { path } => format!("loaded {path}"),
        Change::ScriptGone { path } => format!("gone {path}"),
        Change::Broken(found) => format!("{} {}:{}:{}", found.code, found.path, found.line, found.column),
        Change::Mended { path } => format!("mended {path}"),
        Change::Conflict(found) => format!("conflict {}", found.path),
    }
}

fn pipeline(name: &str, total: i64) -> String {
    format!("//! Gives {total}.\npipeline(\"{name}\");\ntest::play([], #{{ give: {total} }});\n")
}

fn rule(weight: i64) -> String {
    format!(
        "//! A rule.\nfn applies(day) {{ day.x > 1 }}\nfn advise(day) {{ #{{ pick: \"easy\", weight: {weight} }} }}\n\
         fn examples() {{ [#{{ day: #{{ x: 2 }}, pick: \"easy\" }}, #{{ day: #{{ x: 1 }}, silent: true }}] }}"
    )
}

const A: &str = "pipelines/a.rhai";
const RULE: &str = "scripts/rules/r.rhai";

#[test]
fn a_good_edit_takes_effect_and_leaves_the_others_alone() {
    let mut house = House::with(&[(A, &pipeline("a", 1)), ("pipelines/b.rhai", &pipeline("b", 1))]);
    let (before, other) = (house.info("a"), house.info("b"));
    house.write(A, &pipeline("a", 2));
    assert_eq!(house.read(), ["loaded a"]);
    assert_eq!((house.total("a"), house.info("a").about.as_str()), (2, "Gives 2."));
    assert_ne!(house.info("a").script_hash, before.script_hash);
    assert_eq!((before.loaded_ms, house.info("a").loaded_ms), (Some(1000), Some(2000)));
    assert_eq!((other.loaded_ms, house.info("b").loaded_ms), (Some(1000), Some(1000)));
}

#[test]
fn a_broken_edit_is_told_with_its_place_and_the_last_good_plan_stays() {
    let mut house = House::with(&[(A, &pipeline("a", 1))]);
    house.write(A, "//! Broken.\npipeline(\"a\");\ntest::giv();\n");
    assert_eq!(house.read(), ["unknown_step pipelines/a.rhai:3:1"]);
    let info = house.info("a");
    assert_eq!((house.total("a"), info.about.as_str(), info.loaded_ms), (1, "Gives 1.", Some(1000)));
    assert_eq!((info.errors[0].line, info.steps.len()), (3, 1));
    assert_eq!(house.read(), [""; 0], "a mistake is told once");
    house.write(A, &pipeline("a", 3));
    assert_eq!(house.read(), ["loaded a", "mended pipelines/a.rhai"]);
    assert_eq!((house.total("a"), house.info("a").errors.len()), (3, 0));
}

#[test]
fn a_mended_script_that_is_as_before_is_not_loaded_anew() {
    let mut house = House::with(&[(A, &pipeline("a", 1))]);
    house.write(A, "oops(");
    house.read();
    house.write(A, &pipeline("a", 1));
    assert_eq!(house.read(), ["mended pipelines/a.rhai"]);
    assert_eq!(house.info("a").loaded_ms, Some(1000));
}

#[test]
fn a_pipeline_that_never_was_good_does_not_run() {
    let mut house = House::with(&[]);
    house.write(A, "pipeline(\"a\")");
    assert_eq!(house.read(), ["pipeline_empty pipelines/a.rhai:1:1"]);
    assert!(matches!(house.catalog.ready("a"), Err(PlanError::Invalid { .. })));
    assert_eq!((house.info("a").script_hash, house.info("a").loaded_ms), (None, None));
}

#[test]
fn a_file_that_is_deleted_takes_its_pipeline_along() {
    let mut house = House::with(&[(A, &pipeline("a", 1)), ("pipelines/b.rhai", &pipeline("b", 1))]);
    house.remove(A);
    assert_eq!(house.read(), ["gone a"]);
    assert!(matches!(house.catalog.ready("a"), Err(PlanError::Unknown { .. })));
    assert_eq!(house.catalog.infos().len(), 1);
}

#[test]
fn a_new_file_is_a_new_pipeline() {
    let mut house = House::with(&[]);
    house.write(A, &pipeline("a", 7));
    assert_eq!(house.read(), ["loaded a"]);
    assert_eq!(house.total("a"), 7);
}

#[test]
fn a_file_that_takes_another_pipelines_name_is_told_and_does_not_touch_it() {
    let mut house = House::with(&[(A, &pipeline("a", 1))]);
    house.write("pipelines/b.rhai", &pipeline("a", 2));
    assert_eq!(house.read(), ["pipeline_misnamed pipelines/b.rhai:2:10"]);
    assert_eq!(house.total("a"), 1);
    assert!(house.catalog.ready("b").is_err());
}

#[test]
fn a_library_file_reloads_the_pipelines_that_use_it_and_no_other() {
    let uses = "import \"lib\" as lib;\npipeline(\"a\");\ntest::play([], #{ give: lib::TOTAL });\n";
    let lib = "scripts/lib/lib.rhai";
    let mut house = House::with(&[
        (A, uses),
        ("pipelines/b.rhai", &pipeline("b", 1)),
        (lib, "export const TOTAL = 1;"),
        ("scripts/lib/other.rhai", ""),
    ]);
    house.write(lib, "export const TOTAL = 5;");
    assert_eq!(house.read(), ["loaded a"]);
    assert_eq!(house.total("a"), 5);
    house.write("scripts/lib/other.rhai", "export const X = 1;");
    assert_eq!(house.read(), [""; 0]);
    house.write(lib, "export const TOTAL = ;");
    assert_eq!(house.read(), ["script_syntax scripts/lib/lib.rhai:1:22"]);
    assert_eq!(house.total("a"), 5);
    house.write(lib, "export const TOTAL = 6;");
    assert_eq!(house.read(), ["loaded a", "mended scripts/lib/lib.rhai"]);
}

#[test]
fn a_good_rule_takes_the_place_of_the_last_and_a_broken_one_never_does() {
    let mut house = House::with(&[(A, &pipeline("a", 1)), (RULE, &rule(10))]);
    let same = house.catalog.library().clone();
    house.write(RULE, "fn applies(day) {");
    assert_eq!(house.read(), ["script_syntax scripts/rules/r.rhai:1:18"]);
    assert!(Arc::ptr_eq(&same, house.catalog.library()), "nothing is compiled again");
    house.write(RULE, &rule(20).replace("x: 2", "x: 0"));
    assert_eq!(house.read().len(), 1, "a rule that does not prove itself is broken too");
    assert_eq!(house.catalog.library().text(RULE), Some(rule(10).as_str()));
    house.write(RULE, &rule(30));
    assert_eq!(house.read(), ["loaded scripts/rules/r.rhai", "mended scripts/rules/r.rhai"]);
    assert_eq!(house.catalog.library().text(RULE), Some(rule(30).as_str()));
    house.remove(RULE);
    assert_eq!(house.read(), ["gone scripts/rules/r.rhai"]);
    assert_eq!(house.catalog.library().text(RULE), None);
}

#[test]
fn a_rule_that_was_broken_from_the_start_is_told() {
    let mut house = House::with(&[(A, &pipeline("a", 1))]);
    house.write(RULE, "fn applies(day) {");
    assert_eq!(house.read(), ["loaded scripts/rules/r.rhai", "script_syntax scripts/rules/r.rhai:1:18"]);
    assert_eq!(house.catalog.mistakes().len(), 1);
}

/// What a process that starts puts in force where these lie, one after another knew the last as good.
fn started(lies: &[(&str, &str)], good: &[(&str, &str)]) -> Catalog {
    let texts = |list: &[(&str, &str)]| {
        list.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect::<BTreeMap<_, _>>()
    };
    let mut registry = Registry::default();
    registry.step::<Play>().unwrap();
    let scripts = InForce::of(&registry, Library::from_texts(texts(lies)), texts(good));
    Catalog::new(&registry, scripts, 0)
}

#[test]
fn what_was_last_in_order_outlives_the_process_that_read_it() {
    let catalog = started(&[(RULE, "fn applies(day) {")], &[(RULE, &rule(10))]);
    assert_eq!(catalog.library().text(RULE), Some(rule(10).as_str()));
    assert_eq!(catalog.mistakes()[0].code, "script_syntax");
    assert_eq!(catalog.scripts_in_order(), [(RULE.to_owned(), rule(10))]);
}

#[test]
fn a_text_that_was_last_in_order_is_not_proven_again() {
    // It proves nothing, so a proof would find a mistake.
    let catalog = started(&[(RULE, "//! Taken on trust.")], &[(RULE, "//! Taken on trust.")]);
    assert!(catalog.mistakes().is_empty());
}

#[test]
fn a_broken_rule_that_never_was_in_order_stands_and_is_told_and_not_kept() {
    let catalog = started(&[(RULE, "fn applies(day) {")], &[]);
    assert_eq!(catalog.library().text(RULE), Some("fn applies(day) {"));
    assert_eq!((catalog.mistakes().len(), catalog.scripts_in_order().len()), (1, 0));
}

#[test]
fn a_good_text_of_a_rule_that_is_gone_is_not_asked() {
    let catalog = started(&[], &[(RULE, &rule(10))]);
    assert_eq!((catalog.library().text(RULE), catalog.scripts_in_order().len()), (None, 0));
}

#[test]
fn what_lies_in_a_folder_of_its_own_is_no_rule() {
    let check = |_: &str, text: &str| {
        Rule::compile("x", text)
            .err()
            .into_iter()
            .flatten()
            .filter(|_| text.contains("broken"))
            .collect::<Vec<_>>()
    };
    let mut house = House::with(&[(A, &pipeline("a", 1))]);
    house.registry.scripts("metrics", check).unwrap();
    let metric = "scripts/metrics/more/m.rhai";
    house.write(metric, "//! No rule.");
    assert_eq!(house.read(), ["loaded scripts/metrics/more/m.rhai"]);
    house.write(metric, "//! No rule, and broken.");
    assert_eq!(house.read(), ["rule_incomplete x:1:1"; 3]);
    assert_eq!(house.catalog.library().text(metric), Some("//! No rule."), "the last good text stays");
    house.write("scripts/metric/n.rhai", "//! Nobody asks.");
    let told = house.read();
    assert_eq!(told, ["loaded scripts/metric/n.rhai", "script_unknown_folder scripts/metric/n.rhai:0:0"]);
    let found =
        house.catalog.mistakes().into_iter().find(|found| found.code == "script_unknown_folder").unwrap();
    assert_eq!(
        found.message,
        "nobody asks scripts in `scripts/metric`, only those in `rules`, `steps`, `metrics`"
    );
    assert_eq!(found.hint.as_deref(), Some("did you mean `metrics`?"));
    assert!(
        house.registry.scripts("rules", check).is_err()
            && house.registry.scripts("steps", check).is_err()
            && house.registry.scripts("metrics", check).is_err()
    );
}

#[test]
fn scripts_in_the_way_of_each_other_stay_in_force_and_are_told_once() {
    let mut house = House::with(&[]);
    house.registry.scripts("metrics", |_, _| Vec::new()).unwrap();
    house.registry.conflicts(|library| {
        let bold = library.scripts().filter(|(_, text)| text.contains("bold"));
        bold.skip(1).map(|(path, _)| Diagnostic::of_file("test", path, String::new())).collect()
    });
    let (one, other) = ("scripts/metrics/a.rhai", "scripts/metrics/b.rhai");
    house.write(one, "//! bold");
    assert_eq!(house.read(), ["loaded scripts/metrics/a.rhai"]);
    house.write(other, "//! bold");
    assert_eq!(house.read(), ["loaded scripts/metrics/b.rhai", "conflict scripts/metrics/b.rhai"]);
    house.write(other, "//! bold too");
    assert_eq!(house.read(), ["loaded scripts/metrics/b.rhai"]);
    assert_eq!((house.catalog.conflicts().len(), house.catalog.mistakes().len()), (1, 0));
    house.write(one, "//! shy");
    assert_eq!(house.read(), ["loaded scripts/metrics/a.rhai"]);
    assert!(house.catalog.conflicts().is_empty());
}

#[test]
fn a_file_that_cannot_be_read_stands_as_it_was() {
    let mut house = House::with(&[(A, &pipeline("a", 1)), (RULE, &rule(10))]);
    for path in [A, RULE] {
        house.remove(path);
        std::os::unix::fs::symlink("nowhere", house.root.path().join(path)).unwrap();
    }
    let told = ["script_unreadable pipelines/a.rhai:0:0", "script_unreadable scripts/rules/r.rhai:0:0"];
    assert_eq!(house.read(), told);
    assert_eq!((house.total("a"), house.info("a").errors.len()), (1, 1));
    assert_eq!(house.catalog.library().text(RULE), Some(rule(10).as_str()));
}

#[test]
fn a_new_file_that_cannot_be_read_is_listed_and_cannot_be_run() {
    let mut house = House::with(&[]);
    std::os::unix::fs::symlink("nowhere", house.root.path().join(A)).unwrap();
    assert_eq!(house.read(), ["script_unreadable pipelines/a.rhai:0:0"]);
    assert_eq!(house.info("a").errors[0].code, "script_unreadable");
    assert!(matches!(house.catalog.ready("a"), Err(PlanError::Invalid { .. })));
}

#[test]
fn a_folder_that_went_away_is_told_and_its_scripts_stay() {
    let mut house = House::with(&[(A, &pipeline("a", 1)), (RULE, &rule(10))]);
    std::fs::remove_dir_all(house.root.path().join("pipelines")).unwrap();
    assert_eq!(house.read(), ["script_unreadable pipelines:0:0"]);
    assert_eq!(house.total("a"), 1);
    house.write(A, &pipeline("a", 2));
    assert_eq!(house.read(), ["loaded a", "mended pipelines"]);
}

#[test]
fn a_folder_that_is_not_there_yet_is_not_missed() {
    let mut house = House::with(&[(A, &pipeline("a", 1))]);
    assert!(house.catalog.mistakes().is_empty());
    house.write(RULE, &rule(10));
    assert_eq!(house.read(), ["loaded scripts/rules/r.rhai"]);
}

/// One that starts after another.
fn follower(name: &str, after: &str, total: i64) -> String {
    format!(
        "//! Gives {total}.\npipeline(\"{name}\", #{{ after: [\"{after}\"] }});\ntest::play([], #{{ give: {total} }});\n"
    )
}

#[test]
fn an_edit_that_would_start_pipelines_without_end_is_not_put_in_force() {
    let mut house =
        House::with(&[("pipelines/a.rhai", &pipeline("a", 1)), ("pipelines/b.rhai", &follower("b", "a", 1))]);
    house.write("pipelines/a.rhai", &follower("a", "b", 2));
    let told = house.read();
    assert!(told.len() == 1 && told[0].starts_with("trigger_cycle pipelines/a.rhai"), "{told:?}");
    assert_eq!((house.total("a"), house.total("b")), (1, 1), "the last good plans stay");
    assert!(house.info("b").errors.is_empty(), "the other one is not at fault");
    house.write("pipelines/b.rhai", &pipeline("b", 3));
    let mut told = house.read();
    told.sort();
    assert_eq!(told, ["loaded a", "loaded b", "mended pipelines/a.rhai"]);
}

#[test]
fn one_that_follows_a_pipeline_waits_until_that_is_there() {
    let mut house = House::with(&[("pipelines/b.rhai", &follower("b", "a", 1))]);
    assert!(house.catalog.ready("b").is_err());
    assert_eq!(house.info("b").errors[0].code, "unknown_pipeline");
    house.write("pipelines/a.rhai", &pipeline("a", 1));
    assert_eq!(house.read(), ["loaded a", "loaded b", "mended pipelines/b.rhai"]);
    house.remove("pipelines/a.rhai");
    let told = house.read();
    assert!(told.contains(&"gone a".to_owned()), "{told:?}");
    assert_eq!((house.total("b"), house.info("b").errors[0].code), (1, "unknown_pipeline"));
}

/// One that works in a pool, and sizes it where it is told how.
fn pooled(name: &str, pool: &str, size: Option<u32>) -> String {
    let sized = size.map(|slots| format!("pool(\"up\", #{{ slots: {slots} }});\n")).unwrap_or_default();
    format!("//! Pooled.\npipeline(\"{name}\");\n{sized}test::play([]).pool(\"{pool}\");\n")
}

const B: &str = "pipelines/b.rhai";

#[test]
fn a_pool_that_no_pipeline_sizes_is_told_where_it_is_used() {
    let mut house = House::with(&[(A, &pooled("a", "up", Some(2))), (B, &pooled("b", "upp", None))]);
    let told = house.info("b").errors.remove(0);
    assert_eq!((told.code, told.line, told.column), ("unknown_pool", 3, 21));
    assert_eq!(told.hint.as_deref(), Some("did you mean `up`?"));
    assert!(house.info("b").script_hash.is_none() && house.info("a").errors.is_empty());
    house.write(B, &pooled("b", "up", None));
    assert_eq!(house.read(), ["loaded b", "mended pipelines/b.rhai"]);
    house.write(A, &pipeline("a", 1));
    assert_eq!(house.read(), ["loaded a", "unknown_pool pipelines/b.rhai:3:21"]);
    assert!(house.info("b").script_hash.is_some(), "what was in force stays");
}

#[test]
fn a_pool_that_two_pipelines_size_is_told_at_both_or_at_the_one_that_came_later() {
    let both = House::with(&[(A, &pooled("a", "up", Some(2))), (B, &pooled("b", "up", Some(3)))]);
    for name in ["a", "b"] {
        let told = both.info(name).errors.remove(0);
        assert_eq!((told.code, told.line, told.column), ("pool_twice", 3, 6));
    }
    assert_eq!(
        both.info("a").errors[0].hint.as_deref(),
        Some("another one is at pipelines/b.rhai:3:6; keep one of them")
    );
    assert!(both.catalog.pools().is_empty(), "nobody knows which of them is meant");
    let mut house = House::with(&[(A, &pooled("a", "up", Some(2))), (B, &pooled("b", "up", None))]);
    house.write(B, &pooled("b", "up", Some(3)));
    assert_eq!(house.read(), ["pool_twice pipelines/b.rhai:3:6"]);
    assert_eq!(house.catalog.pools()["up"].slots, Some(2));
}

#[test]
fn a_pool_of_another_size_is_another_script_and_the_same_plan() {
    let mut house = House::with(&[(A, &pooled("a", "up", Some(2)))]);
    let before = house.catalog.ready("a").ok().unwrap();
    house.write(A, &pooled("a", "up", Some(5)));
    assert_eq!(house.read(), ["loaded a"]);
    let after = house.catalog.ready("a").ok().unwrap();
    assert_eq!(before.plan.hash, after.plan.hash);
    assert_eq!(house.catalog.pools()["up"].slots, Some(5));
}

#[test]
fn an_edit_of_what_a_step_is_made_of_loads_its_pipeline() {
    let double = |factor: u32| {
        let examples = format!("[#{{ item: #{{ total: 1 }}, gives: {factor} }}]");
        format!("fn each(item) {{ item.total * {factor} }}\nfn examples() {{ {examples} }}")
    };
    let uses = "pipeline(\"a\");\nscript::map(test::play([], #{ give: 1 }), #{ script: \"d\" });\n";
    let script = "scripts/steps/d.rhai";
    let mut house = House::with(&[(A, uses), ("pipelines/b.rhai", &pipeline("b", 1)), (script, &double(2))]);
    let (good, other) = (house.info("a").script_hash, house.info("b"));
    house.write(script, &double(3));
    assert_eq!(house.read(), ["loaded a", "loaded scripts/steps/d.rhai"]);
    assert_ne!(house.info("a").script_hash, good);
    assert_eq!(house.info("b").loaded_ms, other.loaded_ms, "who does not use it is left alone");
    let good = house.info("a").script_hash;
    house.write(script, "fn each(item) { itm }");
    assert_eq!(house.read(), ["unknown_variable scripts/steps/d.rhai:1:17"]);
    house.write(A, &format!("//! Longer.\n{uses}"));
    assert_eq!(house.read(), ["loaded a"], "a pipeline can be changed meanwhile");
    assert_ne!(house.info("a").script_hash, good);
    let body = |house: &House| house.catalog.ready("a").ok().unwrap().source.step_scripts["d"].clone();
    assert_eq!(body(&house), double(3), "the last good one stays in force");
}
