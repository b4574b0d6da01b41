//! What scripts do with items, what they fail with, and how they prove themselves.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use super::steps::failure_of;
use super::work::{Order, Outcome, Stop};
use super::*;
use crate::clock::Clock;
use crate::rerun::Start;
use crate::run::{Cause, RunState};
use crate::script::{Folder, Limits};
use crate::stage::{NOW_MS, Stage};
use crate::step::{Scripts, StepError, StepScripts};

const EXAMPLES: &str = "fn examples() { [] }";

#[track_caller]
fn compiled(text: &str) -> ItemScript {
    ItemScript::compile("scripts/steps/s.rhai", text).unwrap_or_else(|found| panic!("{}", found[0]))
}

fn order(items: &Value, skips: bool) -> Order<'static> {
    let items = items.as_array().unwrap().clone();
    Order { items, skips, limits: &Limits::STEP, is_cancelled: Arc::new(|| false) }
}

/// What came of it, or the code and message with which the step fails.
fn told<T: Into<Value>>(worked: Result<Outcome<T>, Stop>) -> String {
    match worked.map_err(failure_of) {
        Ok(outcome) => outcome.gave.into().to_string(),
        Err(StepError::Hopeless(cause)) => format!("{}: {}", cause.code, cause.message),
        Err(error) => error.to_string(),
    }
}

/// A script that maps, whose function is written on its third line.
fn each(body: &str) -> ItemScript {
    compiled(&format!("//! T.\nconst LIMIT = 3;\nfn each(item) {{ {body} }}\n{EXAMPLES}"))
}

#[track_caller]
fn check_each(body: &str, items: &Value, wanted: &str) {
    let found = told(each(body).map(order(items, false)));
    assert!(found.starts_with(wanted), "{body}: {found:.300}");
}

#[track_caller]
fn check_keep(body: &str, items: &Value, wanted: &str) {
    let script = compiled(&format!("//! T.\nfn keep(item) {{ {body} }}\n{EXAMPLES}"));
    let found = told(script.filter(order(items, false)));
    assert!(found.starts_with(wanted), "{body}: {found:.300}");
}

#[track_caller]
fn check_fold(start: &str, body: &str, items: &Value, wanted: &str) {
    let fold = format!("fn start() {{ {start} }}\nfn fold(total, item) {{ {body} }}");
    let script = compiled(&format!("//! T.\n{fold}\n{EXAMPLES}"));
    let found = told(script.reduce(order(items, false)));
    assert!(found.starts_with(wanted), "{body}: {found:.300}");
}

#[test]
fn a_map_puts_an_answer_in_the_place_of_each() {
    check_each("item * 2", &json!([1, 2, 3]), "[2,4,6]");
    check_each("#{ m: item.km * 1000.0 }", &json!([{ "km": 1.5 }]), r#"[{"m":1500.0}]"#);
    check_each("if item == () { \"none\" } else { item }", &json!([null, true, "x"]), r#"["none",true,"x"]"#);
    check_each("double(item) + global::LIMIT\n} fn double(n) { n * 2", &json!([1]), "[5]");
    check_each("[item].map(|n| n + 1)[0]", &json!([1]), "[2]");
    check_each("item", &json!([]), "[]");
}

#[test]
fn a_filter_keeps_what_the_answer_is_true_for() {
    check_keep("item > 1", &json!([1, 2, 3]), "[2,3]");
    check_keep("\"km\" in item", &json!([{ "km": 1 }, {}]), r#"[{"km":1}]"#);
}

#[test]
fn a_reduction_makes_one_value_of_all() {
    check_fold("0", "total + item", &json!([1, 2, 3]), "6");
    check_fold("[]", "total.push(item); total", &json!([1, 2]), "[1,2]");
    check_fold("#{ n: 0 }", "total.n += item; total", &json!([]), r#"{"n":0}"#);
}

#[test]
fn what_an_item_changes_is_not_seen_by_the_next() {
    let body = "let seen = item; item += 1; seen";
    check_each(body, &json!([1, 2, 3]), "[1,2,3]");
}

#[test]
fn a_failure_tells_which_item_and_where() {
    let wanted = "step_script_failed: item 1: scripts/steps/s.rhai:3:22: unknown property `km`";
    check_each("item.km", &json!([{ "km": 1 }, {}]), wanted);
}

#[test]
fn each_bad_script_has_its_code() {
    let one = json!([1, 2, 3]);
    for (body, wanted) in [
        ("item.nope()", "step_script_failed: item 0: "),
        ("throw \"no\"", "step_script_failed: item 0: scripts/steps/s.rhai:3:17: no"),
        ("sleep(1)", "step_script_failed: item 0: "),
        ("sleep(0.5)", "step_script_failed: item 0: "),
        ("|x| x", "step_script_result: item 0: "),
        ("#{ deep: [Fn(\"each\")] }", "step_script_result: item 0: "),
        ("0..3", "step_script_result: item 0: "),
        ("0.0 / 0.0", "step_script_result: item 0: "),
        ("let a = item; for n in 0..40 { a = [a]; } a", "step_script_result: item 0: "),
        ("loop {}", "script_limit: item 0: "),
        ("while true { item += 1; }", "script_limit: item 0: "),
        ("each(item)", "script_limit: item 0: "),
        ("let s = \"x\"; loop { s += s; }", "script_limit: item 0: "),
        ("let a = [1]; loop { a += a; }", "script_limit: item 0: "),
        ("let s = \"x\"; s.pad(40000, \"x\"); s", "artifact_too_large: item 1: "),
    ] {
        check_each(body, &one, wanted);
    }
    check_keep("item", &one, "step_script_result: item 0: ");
    check_keep("item.km > 1", &one, "step_script_failed: item 0: ");
    check_fold("|x| x", "total", &one, "step_script_result: scripts/steps/s.rhai:");
    check_fold("throw \"no\"", "total", &one, "step_script_failed: scripts/steps/s.rhai:");
    check_fold("\"x\"", "total + total", &json!(vec![1; 100]), "script_limit: item ");
}

#[test]
fn what_grows_from_item_to_item_is_stopped() {
    let items = json!(vec![1; 5_000]);
    let body = "let s = \"x\"; s.pad(60000, \"x\"); total.push([s + item]); total";
    check_fold("[]", body, &items, "script_limit: item ");
    let many = json!(vec![1; 10_001]);
    check_each("item", &many, "too_many_items: 10001 items");
}

#[test]
fn all_items_together_have_a_limit_too() {
    // A hundred turns are well below what one item may use.
    let limits = Limits { operations: 50_000, ..Limits::STEP };
    let order = Order { limits: &limits, ..order(&json!(vec![1; 1_000]), false) };
    match each("let n = 0; while n < 100 { n += 1; } n").map(order) {
        Err(Stop::Script(Some(item), found)) => {
            assert!(item > 1 && found.code == "script_limit", "{item}: {found}");
        }
        worked => panic!("{worked:?}"),
    }
}

#[test]
fn items_on_which_the_script_fails_can_be_left_out() {
    let items = json!([{ "km": 1 }, {}, { "km": 3 }, { "km": "x" }]);
    let outcome = each("item.km * 2").map(order(&items, true)).unwrap();
    assert_eq!((outcome.gave, outcome.failed), (vec![json!(2), json!(6)], 2));
    let places: Vec<_> = outcome.errors.iter().map(|error| (error.item, error.code.as_str())).collect();
    assert_eq!(places, [(1, "step_script_failed"), (3, "step_script_failed")]);
    let fold = compiled(&format!(
        "fn start() {{ 10 }}\nfn fold(total, item) {{ if item < 0 {{ throw \"no\" }} total + item }}\n{EXAMPLES}"
    ));
    let outcome = fold.reduce(order(&json!([1, -5, 2]), true)).unwrap();
    assert_eq!((outcome.gave, outcome.failed), (json!(13), 1));
}

#[test]
fn of_many_failures_the_first_are_told() {
    let outcome = each("item.km").map(order(&json!(vec![json!({}); 50]), true)).unwrap();
    assert_eq!((outcome.gave.len(), outcome.failed, outcome.errors.len()), (0, 50, 10));
}

#[test]
fn a_limit_ends_the_step_where_failures_are_left_out() {
    let found = told(each("loop {}").map(order(&json!([1, 2]), true)));
    assert!(found.starts_with("script_limit: item 0: "), "{found}");
}

#[test]
fn a_cancelled_step_looks_at_no_further_item() {
    let order = Order { is_cancelled: Arc::new(|| true), ..order(&json!([1]), false) };
    assert_eq!(each("item").map(order), Err(Stop::Cancelled));
}

#[test]
fn a_stop_reaches_a_script_that_is_at_an_item() {
    for (body, skips) in [("loop {}", false), ("loop { try { loop {} } catch { } }", true)] {
        let asked = AtomicU32::new(0);
        let is_cancelled = Arc::new(move || asked.fetch_add(1, Ordering::Relaxed) > 3);
        let order = Order { is_cancelled, ..order(&json!([1, 2]), skips) };
        assert_eq!(each(body).map(order), Err(Stop::Cancelled), "{body}");
    }
}

#[test]
fn calls_of_closures_count_for_the_item_that_they_are_made_at() {
    // None of these calls comes near the limit of an item, and all of them are below that of the step.
    let body = "let f = |n| { while n > 0 { n -= 1; } n }; for i in 0..100 { f.call(1000); } item";
    check_each(body, &json!([1]), "script_limit: item 0: ");
    check_each("let f = |n| { while n > 0 { n -= 1; } n }; f.call(1000)", &json!(vec![1; 100]), "[0,0,");
}

#[test]
fn what_the_machine_was_too_slow_for_is_tried_again() {
    let limits = Limits { time: Duration::ZERO, ..Limits::STEP };
    let order = Order { limits: &limits, ..order(&json!([1]), false) };
    let stop = each("loop {}").map(order).unwrap_err();
    assert!(matches!(failure_of(stop), StepError::Failed(cause) if cause.code == "script_limit"));
    let script = each("item");
    let stop = script.stop(None, crate::script::failure::no_thread("scripts/steps/s.rhai"));
    assert!(matches!(failure_of(stop), StepError::Failed(cause) if cause.code == "step_script_failed"));
}

#[test]
fn a_chain_of_closures_takes_nothing_down() {
    let items = json!([1]);
    let wanted = "script_limit: item 0: ";
    check_each("let f = Fn(\"x\"); loop { let g = f; f = || g; }", &items, wanted);
    check_each("let f = Fn(\"x\"); loop { f = Fn(\"x\").curry(take(f)); }", &items, wanted);
    check_keep("let f = Fn(\"x\"); loop { let g = f; f = || g; }", &items, wanted);
    let many = json!(vec![1; 5_000]);
    check_fold("0", "let before = total; || before", &many, "step_script_result: item 0: ");
    check_fold("[]", "let before = total; [|| before]", &many, "step_script_result: scripts/steps/s.rhai:");
}

#[test]
fn a_closure_that_holds_itself_is_refused() {
    let wanted = "script_limit: scripts/steps/s.rhai:3:";
    let body = "let m = #{}; let a = []; a.pad(9000, 0); m[\"a\"] = a; m[\"f\"] = || m; item";
    check_each(body, &json!([1, 2]), wanted);
    assert_eq!(told(each("let f = 1; f = || f; item").map(order(&json!([1]), false))), "[1]");
    // What is answered is no leak, as large as it may be.
    check_each("[item, item, item]", &json!(vec![0; 8_000]), "[[0,0,0],");
}

/// What is wrong with a script, as `line:column code`.
fn wrong(text: &str) -> Vec<String> {
    let found = mistakes("scripts/steps/s.rhai", text);
    found.iter().map(|found| format!("{}:{} {}", found.line, found.column, found.code)).collect()
}

#[test]
fn a_script_does_one_thing_and_has_examples() {
    for text in [
        "fn examples() { [] }",
        "fn each(a, b) { a }\nfn examples() { [] }",
        "fn each(item) { item }\nfn keep(item) { true }\nfn examples() { [] }",
        "fn fold(total, item) { total }\nfn examples() { [] }",
        "fn each(item) { item }",
    ] {
        let found = wrong(text);
        assert!(matches!(&found[..], [one] if one.ends_with(" step_script_incomplete")), "{text}: {found:?}");
    }
}

#[test]
fn a_script_proves_itself() {
    let proven =
        |script: &str, examples: &str| wrong(&format!("{script}\nfn examples() {{ [\n{examples}\n] }}"));
    let (double, large) = ("fn each(item) { item * 2 }", "fn keep(item) { item > 1 }");
    let sum = "fn start() { 0 } fn fold(total, item) { total + item }";
    let none: [&str; 0] = [];
    for (script, examples) in [
        (double, "#{ item: 1, gives: 2 }, #{ item: 1.5, gives: 3 }, #{ item: (), fails: true }"),
        (large, "#{ item: 2, keeps: true }, #{ item: 1, keeps: false }"),
        (sum, "#{ items: [1, 2], gives: 3 }, #{ items: [], gives: 0 }"),
    ] {
        assert_eq!(proven(script, examples), none, "{script}");
    }
    for (script, examples) in [
        (double, "#{ item: 1, gives: 3 }"),
        (double, "#{ item: 1, fails: true }"),
        (double, "#{ item: 1, give: 2 }"),
        (double, "#{ item: 1 }"),
        (double, "#{ gives: 1 }"),
        (double, "#{ item: (), fails: true }"),
        (double, ""),
        (large, "#{ item: 2, keeps: true }"),
        (large, "#{ item: 2, keeps: 1 }"),
        (sum, "#{ item: 2, gives: 2 }"),
    ] {
        let found = proven(script, examples);
        assert!(
            matches!(&found[..], [one] if one.ends_with(" step_script_unproven")),
            "{examples}: {found:?}"
        );
    }
    assert_eq!(proven(double, "#{ item: 1, gives: 3 }"), ["3:1 step_script_unproven"]);
    assert_eq!(proven("fn each(item) { item.km }", "#{ item: #{}, gives: 3 }"), ["1:22 unknown_property"]);
}

#[test]
fn a_proof_has_an_end() {
    let examples = |count: usize| vec!["#{ item: 1, gives: 1 }"; count].join(", ");
    let script =
        |count: usize| format!("fn each(item) {{ item }}\nfn examples() {{ [{}] }}", examples(count));
    assert_eq!(wrong(&script(100)), Vec::<String>::new());
    assert!(matches!(&wrong(&script(101))[..], [one] if one.ends_with(" step_script_unproven")));
    let endless =
        "fn each(item) { loop {} }\nfn examples() { [#{ item: 1, fails: true }, #{ item: 2, gives: 1 }] }";
    let found = compiled(endless).prove_within(Duration::ZERO).unwrap_err();
    assert!(matches!(&found[..], [one] if one.message == "script_limit: time"), "{}", found[0]);
}

#[test]
fn the_kinds_can_be_called_and_take_anything() {
    for kind in kinds() {
        crate::script::speakable(&kind).unwrap();
        assert!(kind.is_scripted() && kind.slots[0].takes("Whatever"), "{kind:?}");
        assert!(kind.build(json!({ "script": "s" })).is_err());
    }
    assert!(kinds()[0].split().is_some(), "what a map gives can be done in parts");
}

#[test]
fn a_step_rests_on_the_text_of_its_script_and_knows_an_example() {
    let [map, _, reduce] = kinds();
    let made = |kind: &Kind, text: &str| {
        let texts = StepScripts::from([("s".to_owned(), text.to_owned())]);
        let scripts = Scripts { texts: &texts, are_proven: false };
        kind.build_of(json!({ "script": "s" }), scripts).unwrap()
    };
    let double = "fn each(item) { item * 2 }\nfn examples() { [#{ item: 1, gives: 2 }] }";
    let one = made(&map, double);
    assert!(one.rests_on().is_some());
    assert_ne!(one.rests_on(), made(&map, &format!("{double}\n")).rests_on());
    assert_eq!(one.example(), Some(json!({ "items": [2], "failed": 0, "errors": [] })));
    let sum = "fn start() { 0 }\nfn fold(total, item) { total + item }\n\
        fn examples() { [#{ items: [1, 2], gives: 3 }] }";
    assert_eq!(made(&reduce, sum).example(), Some(json!({ "value": 3, "failed": 0, "errors": [] })));
}

const TWICE: &str =
    "fn each(item) { item.total * 2 }\nfn examples() { [#{ item: #{ total: 1 }, gives: 2 }] }";
const ADDED: &str = "fn start() { 0 }\nfn fold(total, item) { total + item }\n\
    fn examples() { [#{ items: [1, 2], gives: 3 }] }";
const NUMBERS: &str = r#"pipeline("numbers");
let one = test::play([], #{ give: 1 }).named("one");
let two = test::play([], #{ give: 2 }).named("two");
let twice = script::map([one, two], #{ script: "twice" }).named("twice").cached();
script::reduce(twice, #{ script: "added" }).named("added");
script::map(twice, #{ script: "twice" }).named("wrong").retry(3, "1s").optional();
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_run_does_with_artifacts_what_its_scripts_say() {
    let scripts = [("numbers", NUMBERS), ("steps/twice", TWICE), ("steps/added", ADDED)];
    for stage in Stage::each(&scripts).await {
        let run = stage.run("numbers").await;
        assert_eq!(run.state, RunState::Succeeded);
        let steps = stage.steps(&run.id).await;
        let step = |name: &str| steps.iter().find(|step| step.step == name).unwrap();
        assert_eq!(step("twice").artifact, Some(json!({ "items": [2, 4], "failed": 0, "errors": [] })));
        assert_eq!((step("twice").meters.rows_in, step("twice").meters.rows_out), (2, 2));
        assert_eq!(step("added").artifact, Some(json!({ "value": 6, "failed": 0, "errors": [] })));
        let wrong = step("wrong");
        assert_eq!((wrong.error_code.as_deref(), wrong.attempts.len()), (Some("step_script_failed"), 1));
        assert!(
            wrong.error.as_ref().unwrap().starts_with("item 0: scripts/steps/twice.rhai:1:"),
            "{:?}",
            wrong.error
        );
        let again = stage.run("numbers").await;
        assert!(stage.states(&again.id).await.contains(&"twice succeeded reused".to_owned()));
    }
}

const ONE: &str = r#"pipeline("one");
let one = test::play([], #{ give: 2 }).named("one");
script::map(one, #{ script: "twice" }).named("twice");
"#;
const THRICE: &str =
    "fn each(item) { item.total * 3 }\nfn examples() { [#{ item: #{ total: 1 }, gives: 3 }] }";

/// Puts another text of the script in force, as an edit of its file does.
fn edit(stage: &Stage, text: &str) {
    let root = tempfile::tempdir().unwrap();
    for (path, text) in [("pipelines/one.rhai", ONE), ("scripts/steps/twice.rhai", text)] {
        let path = root.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let changes = stage.engine.reload(&Folder::read(root.path()));
    assert!(!changes.is_empty(), "the edit was not seen");
}

/// What the script made of the only item.
async fn made(stage: &Stage, run: &str) -> Option<i64> {
    assert_eq!(stage.ended(run).await.state, RunState::Succeeded);
    let steps = stage.steps(run).await;
    let step = steps.into_iter().find(|step| step.step == "twice").unwrap();
    step.artifact.and_then(|artifact| artifact["items"][0].as_i64())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_goes_by_the_text_of_a_script_that_it_pinned_whoever_works_on_it() {
    for stage in Stage::each(&[("one", ONE), ("steps/twice", TWICE)]).await {
        let run = stage.enqueue("one", Value::Null, Cause::Cli).await;
        edit(&stage, THRICE);
        assert_eq!(made(&stage, &run).await, Some(4));
        let fresh = stage.enqueue("one", Value::Null, Cause::Cli).await;
        assert_eq!(made(&stage, &fresh).await, Some(6), "a new run goes by the edit");
        let start = Start::Step("twice".to_owned());
        let again = stage.engine.rerun(&run, &start, None).await.unwrap().run;
        assert_eq!(made(&stage, &again).await, Some(4), "run again");
        let left = stage.engine.rerun(&again, &start, None).await.unwrap().run;
        // Another process, later, to which the script is broken.
        let now_ms = AtomicI64::new(NOW_MS + 1_000_000);
        let later = Clock::from_fn(move || now_ms.fetch_add(1, Ordering::Relaxed));
        let scripts = [("one", ONE), ("steps/twice", "fn each(item) { itm }")];
        let heir = Stage::at(later, stage.store.clone(), &scripts, |_| {}).await;
        assert_eq!(made(&heir, &left).await, Some(4), "taken over");
    }
}
