//! Steps that are made of scripts: what a plan knows of them before anything runs.

use super::sample::{evaluate_source, found, registry, source, texts};
use crate::script::{Diagnostic, Planned, Source, plan_pinned};

const DOUBLE: &str = "fn each(item) { #{ rows: item.added.rows * 2 } }\n\
    fn examples() { [#{ item: #{ added: #{ rows: 1 } }, gives: #{ rows: 2 } }] }";
const SUM: &str = "fn start() { #{ rows: 0 } }\n\
    fn fold(total, item) { total.rows += item.rows; total }\n\
    fn examples() { [#{ items: [#{ rows: 1 }], gives: #{ rows: 1 } }] }";
const MANY: &str = "fn keep(item) { item.rows > 1 }\n\
    fn examples() { [#{ item: #{ rows: 2 }, keeps: true }, #{ item: #{ rows: 1 }, keeps: false }] }";

const UNTRUE: &str = "fn each(item) { item }\nfn examples() { [#{ item: 1, gives: 2 }] }";

/// The script's first two lines are a header and a step that gives `Changes`.
fn evaluate(body: &str) -> Result<Planned, Vec<Diagnostic>> {
    let scripts = [
        ("double", DOUBLE),
        ("sum", SUM),
        ("many", MANY),
        ("broken", "fn each(item) { itm }"),
        ("untrue", UNTRUE),
    ];
    let text = format!("pipeline(\"x\");\nlet r = files::read();\n{body}");
    evaluate_source(&Source { step_scripts: texts(&scripts), ..source(&text, &[]) })
}

#[track_caller]
fn check(body: &str, wanted: &[&str]) {
    let (short, long) = found(&evaluate(body));
    assert_eq!(short, wanted, "\n{long}");
}

#[track_caller]
fn check_text(body: &str, wanted: &str) {
    let (_, long) = found(&evaluate(body));
    assert!(long.contains(wanted), "{wanted:?} is not in\n{long}");
}

#[test]
fn a_plan_keeps_the_texts_that_its_steps_are_made_of() {
    let body = "let d = script::map(r, #{ script: \"double\" });\nscript::reduce([d], #{ script: \"sum\" });";
    let planned = evaluate(body).map_err(|found| found[0].to_string()).unwrap();
    assert_eq!(planned.source.step_scripts, texts(&[("double", DOUBLE), ("sum", SUM)]));
    let steps: Vec<_> = planned.plan.steps.iter().map(|step| (&*step.name, step.inputs.clone())).collect();
    let wanted = [("files.read", vec![]), ("script.map", vec![vec![0]]), ("script.reduce", vec![vec![1]])];
    assert_eq!(steps, wanted);
    // What a run pinned gives the same plan.
    let pinned = evaluate_source(&planned.source).map_err(|found| found[0].to_string()).unwrap();
    assert_eq!((pinned.plan.hash, pinned.source.hash()), (planned.plan.hash, planned.source.hash()));
}

#[test]
fn what_a_run_pinned_is_not_proven_again() {
    let text = "pipeline(\"x\");\nlet r = files::read();\nscript::map(r, #{ script: \"untrue\" });";
    let source = Source { step_scripts: texts(&[("untrue", UNTRUE)]), ..source(text, &[]) };
    assert_eq!(found(&evaluate_source(&source)).0, ["3:27 invalid_config"]);
    let pinned = plan_pinned(&registry(), &source).map_err(|found| found[0].to_string()).unwrap();
    assert_eq!(pinned.plan.steps.len(), 2);
}

#[test]
fn several_steps_and_lists_in_parts_go_in() {
    check("let d = script::map([r, r], #{ script: \"double\" });", &[]);
    check(
        "let d = script::map(r, #{ script: \"double\" });\nscript::filter(d, #{ script: \"many\" }).for_each(2);",
        &[],
    );
}

#[test]
fn a_script_that_does_not_fit_is_found_where_it_is_named() {
    check("script::map(r, #{ script: \"duoble\" });", &["3:27 invalid_config"]);
    check_text(
        "script::map(r, #{ script: \"duoble\" });",
        "`scripts/steps/duoble.rhai`; did you mean `double`?",
    );
    check("script::map(r, #{ script: \"broken\" });", &["3:27 invalid_config"]);
    check_text(
        "script::map(r, #{ script: \"broken\" });",
        "scripts/steps/broken.rhai:1:17: unknown variable `itm`",
    );
    check_text("script::map(r, #{ script: \"untrue\" });", "untrue.rhai:2:18: it answers 1, expected 2");
    check("script::filter(r, #{ script: \"double\" });", &["3:30 invalid_config"]);
    check_text(
        "script::filter(r, #{ script: \"double\" });",
        "is for `script::map`, not for `script::filter`",
    );
    check("script::map(r, #{ script: \"double\", on_error: \"stop\" });", &["3:47 invalid_config"]);
    check("script::map(r, #{ scrip: \"double\" });", &["3:19 invalid_config"]);
    check("script::map(r);", &["3:1 invalid_config"]);
    check("script::map(#{ script: \"double\" });", &["3:1 missing_input"]);
    check("script::map(3, #{ script: \"double\" });", &["3:1 wrong_input"]);
}

#[test]
fn a_condition_is_tried_on_what_the_script_gives() {
    let sum = |property: &str| {
        format!(
            "let s = script::reduce(r, #{{ script: \"sum\" }});\n\
             script::map(s, #{{ script: \"double\" }}).when(|all| all[0].value.{property} > 3);"
        )
    };
    check(&sum("rows"), &[]);
    let (short, long) = found(&evaluate(&sum("row")));
    assert!(
        matches!(&short[..], [one] if one.starts_with("4:") && one.ends_with("unknown_property")),
        "{long}"
    );
    let broken = "let s = script::map(r, #{ script: \"broken\" });\n\
        script::map(s, #{ script: \"double\" }).named(\"doubled\").when(|all| all[0].items[0].rows > 3);";
    check(broken, &["3:35 invalid_config"]);
}
