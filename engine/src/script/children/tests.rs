//! What is seen of a pipeline only beside the others that it runs.

use std::collections::BTreeMap;

use super::*;
use crate::script::plan;
use crate::stage::Play;

/// Each pipeline as its name, its options and the calls that it makes.
fn library(pipelines: &[(&str, &str, &str)]) -> (Registry, Library) {
    let mut registry = Registry::default();
    registry.step::<Play>().unwrap();
    let text = |(name, options, calls): &(&str, &str, &str)| {
        let text = format!("pipeline(\"{name}\", #{{ {options} }});\ntest::play([]);\n{calls}");
        (format!("pipelines/{name}.rhai"), text)
    };
    (registry, Library::from_texts(pipelines.iter().map(text).collect::<BTreeMap<_, _>>()))
}

/// What is wrong with each pipeline, as `name line:column code`, and the messages.
fn found(pipelines: &[(&str, &str, &str)]) -> (Vec<String>, String) {
    let (registry, library) = library(pipelines);
    let (mut short, mut long) = (Vec::new(), String::new());
    for name in library.pipelines() {
        let planned = plan(&registry, &Source::of(&library, &name).unwrap()).unwrap();
        for mistake in check_children(&registry, &library, &planned).err().unwrap_or_default() {
            short.push(format!("{name} {}:{} {}", mistake.line, mistake.column, mistake.code));
            long.push_str(&format!("{mistake}\n{:?}\n", mistake.hint));
        }
    }
    (short, long)
}

#[track_caller]
fn check(pipelines: &[(&str, &str, &str)], expected: &[&str]) {
    let (short, long) = found(pipelines);
    assert_eq!(short, expected, "\n{long}");
}

#[track_caller]
fn check_text(pipelines: &[(&str, &str, &str)], expected: &str) {
    let (_, long) = found(pipelines);
    assert!(long.contains(expected), "{expected:?} is not in\n{long}");
}

#[test]
fn a_pipeline_that_is_not_there_is_found_at_its_name() {
    let pipelines = [("daily", "", ""), ("outer", "", "flow::pipeline(#{ name: \"dayly\" });")];
    check(&pipelines, &["outer 3:25 unknown_pipeline"]);
    check_text(&pipelines, "did you mean `daily`?");
}

#[test]
fn a_param_that_the_pipeline_does_not_take_is_found_where_it_stands() {
    let daily = ("daily", "params: #{ days: 3 }", "");
    let call = |params: &str| format!("flow::pipeline(#{{ name: \"daily\", params: #{{ {params} }} }});");
    check(&[daily, ("outer", "", &call("days: 5"))], &[]);
    check(&[daily, ("outer", "", &call("days: 5, hours: 3"))], &["outer 3:54 invalid_param"]);
    check(&[daily, ("outer", "", &call("days: \"five\""))], &["outer 3:45 invalid_param"]);
    check_text(&[daily, ("outer", "", &call("dayz: 5"))], "did you mean `days`?");
}

#[test]
fn pipelines_that_contain_each_other_are_found_with_the_path() {
    let call = |name: &str| format!("flow::pipeline(#{{ name: \"{name}\" }});");
    let (b, c, a) = (call("b"), call("c"), call("a"));
    let pipelines =
        [("a", "", b.as_str()), ("b", "", c.as_str()), ("c", "", a.as_str()), ("d", "", a.as_str())];
    check(&pipelines, &["a 3:25 pipeline_cycle", "b 3:25 pipeline_cycle", "c 3:25 pipeline_cycle"]);
    check_text(&pipelines, "pipelines contain each other: a → b → c → a");
    check(&[("a", "", a.as_str())], &["a 3:25 pipeline_cycle"]);
}

#[test]
fn a_lock_that_nothing_can_get_is_found_with_the_path() {
    let call = |name: &str| format!("flow::pipeline(#{{ name: \"{name}\" }});");
    let (inner, b, d) = (call("inner"), call("b"), call("d"));
    let pipelines = [
        ("a", "lock: \"x\"", inner.as_str()),
        ("inner", "", b.as_str()),
        ("b", "lock: \"y\"", ""),
        ("c", "lock: \"y\"", d.as_str()),
        ("d", "lock: \"x\"", ""),
    ];
    check(&pipelines, &["a 3:25 lock_cycle", "c 3:25 lock_cycle"]);
    check_text(
        &pipelines,
        "a lock that nothing can get, `x` → `y` → `x`: `a` holds `x` and runs `inner` → `b`, which needs `y`; \
         `c` holds `y` and runs `d`, which needs `x`",
    );
    // One order for all of them is no circle, nor is the same lock again.
    check(&pipelines[..3], &[]);
    check(&[("a", "lock: \"x\"", d.as_str()), ("d", "lock: \"x\"", "")], &[]);
}

#[test]
fn a_pipeline_that_takes_both_locks_in_two_orders_is_found_too() {
    let call = |name: &str| format!("flow::pipeline(#{{ name: \"{name}\" }});");
    let (b, a) = (call("b"), call("a"));
    // Run by itself, `b` holds `y` and then needs `x`.
    let pipelines =
        [("outer", "lock: \"x\"", b.as_str()), ("b", "lock: \"y\"", a.as_str()), ("a", "lock: \"x\"", "")];
    check(&pipelines, &["b 3:25 lock_cycle", "outer 3:25 lock_cycle"]);
}
