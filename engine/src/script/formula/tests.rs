use std::collections::BTreeMap;

use serde_json::json;

use super::*;
use crate::script::rule::panel;

const SHAPE: Shape = Shape {
    what: "a number",
    code: "script_incomplete",
    functions: &[("value", &["day", "streams"]), ("examples", &[])],
};

fn compile(body: &str) -> Formula {
    let text = format!(
        "//! A number.\nconst HALF = 0.5;\nfn value(d, s) {{ {body} }}\nfn examples() {{ [#{{ value: 1 }}] }}"
    );
    Formula::compile(&SHAPE, "scripts/numbers/n.rhai", &text).unwrap()
}

/// A minute in steps of a second: a heart rate that rises from 100.
fn streams() -> Series {
    let seconds: Vec<f64> = (0..=60).map(f64::from).collect();
    let columns = BTreeMap::from([("hr".to_owned(), seconds.iter().map(|second| 100.0 + second).collect())]);
    Series::new(seconds, columns).unwrap()
}

fn answer(body: &str) -> Answer {
    let day = Subject::new(&json!({ "load": 5.0, "week": { "hours": 3 }, "ratio": null }));
    let formula = compile(body);
    let arguments = [Argument::Map(day), Argument::Series(streams())];
    panel(|panel| panel.call(&formula, "value", &arguments)).unwrap()
}

/// What a function whose body is that answers, as JSON or in a few words.
fn check(body: &str, wanted: &str) {
    let said = match answer(body) {
        Answer::Value(value) => value.to_string(),
        Answer::Missing(paths) => format!("missing {}", paths.join(", ")),
        Answer::Failed(found) => format!("{} at {}: {}", found.code, found.line, found.message),
    };
    assert!(said.starts_with(wanted), "{body}: {said}");
}

#[test]
fn a_series_answers_what_it_is_asked() {
    check("s.mean(\"hr\")", "129.5");
    check("s.max(\"hr\")", "160.0");
    check("s.min(\"hr\")", "100.0");
    check("s.sum(\"hr\")", "7770.0");
    check("s.seconds()", "60.0");
    check("s.seconds_with(\"hr\")", "60.0");
    check("s.seconds_above(\"hr\", 139)", "20.0");
    check("s.seconds_between(\"hr\", 110, 120.0)", "10.0");
    check("s.percentile(\"hr\", 50)", "129.0");
    check("s.best_mean(\"hr\", 10)", "154.5");
    check("s.mean_between(\"hr\", 0, 11)", "104.5");
    check("s.slice(0, 11).mean(\"hr\")", "104.5");
    check("s.correlation(\"hr\", \"hr\")", "1.0");
    check("s.mean_of(\"hr\", |v| v * 2.0)", "259.0");
    check("s.sum_of(\"hr\", |v| if v > 150 { 1 } else { 0 })", "9.0");
    check("[s.has(\"hr\"), s.has(\"power\")]", "[true,false]");
}

#[test]
fn constants_maps_and_series_go_together() {
    check("d.load * global::HALF + d.week.hours", "5.5");
    check("()", "null");
}

#[test]
fn what_is_not_known_is_named_by_the_kinds_own_word() {
    check("d.ratio", "missing day.ratio");
    check("d.week.minutes + 1", "missing day.week.minutes");
    check("s.mean(\"power\")", "missing streams.power");
    check("s.slice(0, 10).mean_of(\"power\", |v| v)", "missing streams.power");
    for odd in ["", "a b", "a\\u0000", &"x".repeat(65)] {
        check(&format!("s.mean(\"{odd}\")"), "script_error at 3: a column's name is of at most 64 letters");
    }
}

#[test]
fn a_mistake_is_told_at_its_place() {
    check("s.mean(1)", "unknown_function at 3");
    check("throw \"no\"", "script_error at 3: no");
    check("s.best_mean(\"hr\", 0)", "script_error at 3: `best_mean` asks for more than 0 seconds");
    check("s.mean_of(\"hr\", |v| \"x\")", "script_error at 3: a number was expected here");
    check("s", "script_error at 3: `value` answers data, this one a series");
    check("loop {}", "script_limit at 3: script_limit: operations");
    let holding = "let m = #{}; let a = []; a.pad(9000, 0); m[\"a\"] = a; m[\"f\"] = || m; 1.0";
    check(holding, "script_limit at 3: script_limit: memory: a closure holds itself");
}

#[test]
fn a_closure_for_each_of_an_hours_seconds_is_within_the_limit() {
    let seconds: Vec<f64> = (0..=3600).map(f64::from).collect();
    let columns = BTreeMap::from([("hr".to_owned(), seconds.clone())]);
    let arguments =
        [Argument::Map(Subject::new(&json!({}))), Argument::Series(Series::new(seconds, columns).unwrap())];
    let formula = compile("s.mean_of(\"hr\", |v| if v > 150 { v * v + 2 * v } else { v / 2 })");
    let answer = panel(|panel| panel.call(&formula, "value", &arguments)).unwrap();
    assert!(matches!(answer, Answer::Value(_)), "{answer:?}");
}

#[test]
fn each_call_begins_anew() {
    let formula = compile("let sum = 0; for turn in 0..9000 { sum += turn; } sum");
    let arguments = [Argument::Map(Subject::new(&json!({}))), Argument::Series(Series::empty())];
    let answers = panel(|panel| [0; 30].map(|_| panel.call(&formula, "value", &arguments))).unwrap();
    assert!(answers.iter().all(|answer| matches!(answer, Answer::Value(_))), "{:?}", answers[29]);
}

#[test]
fn the_inputs_have_the_kinds_own_words() {
    let formula = compile("if d.load > 1.0 { s.mean(\"hr\") / d.week.hours } else { 0 }");
    assert_eq!(formula.inputs(), ["day.load", "day.week.hours", "streams"]);
    assert_eq!((formula.id(), formula.about(), formula.hash().len()), ("n", "A number.", 64));
}

#[test]
fn a_parameter_is_passed_where_more_than_its_properties_is_used() {
    for (body, is_passed) in [
        ("d.load + d.week.hours", false),
        ("d.load.round() + d.week[\"hours\"]", false),
        ("if known(d, \"load\") { d.load } else { 0 }", true),
        ("d.load + d[\"hours\"]", true),
        ("let day = d; day.load + d.load", true),
        ("1", false),
    ] {
        assert_eq!(compile(body).passes("day"), is_passed, "{body}");
    }
}

#[test]
fn a_function_that_is_missing_is_told_with_its_parameters() {
    let found = Formula::compile(&SHAPE, "x.rhai", "fn examples() { [] }").unwrap_err();
    assert_eq!(
        (found[0].code, found[0].message.as_str()),
        ("script_incomplete", "a number has a function `value(day, streams)`")
    );
}

#[test]
fn examples_are_read_as_data_and_known_by_their_places() {
    let formula = compile("1");
    assert_eq!(formula.examples().unwrap(), [json!({ "value": 1 })]);
    let found = formula.wrong("script_error", Part::Example(0), "no".to_owned());
    assert_eq!((found[0].line, found[0].column), (4, 18));
    let text = "fn value(a, b) { 1 }\nfn examples() { 7 }";
    let formula = Formula::compile(&SHAPE, "x.rhai", text).unwrap();
    assert_eq!(formula.examples().unwrap_err()[0].message, "`examples` answers an array of maps");
}
