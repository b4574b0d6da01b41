//! Scripts that would take the server down, and what stops them.

use std::time::{Duration, Instant};

use super::sample::{found, registry, source};
use crate::script::memory::Watch;
use crate::script::{Limits, plan_within};

const MIB: usize = 1 << 20;

/// Runs a script under the limits of a pipeline, the time shortened, and expects one of the stops.
#[track_caller]
fn check(text: &str, stops: &[&str]) {
    let limits = Limits { time: Duration::from_secs(3), ..Limits::PIPELINE };
    let (registry, source) = (registry(), source(text, &[]));
    let began = Instant::now();
    let watch = Watch::start();
    let result = plan_within(&registry, &source, &limits);
    let (took, peak) = (began.elapsed(), watch.peak_bytes());
    let (_, long) = found(&result);
    assert!(stops.iter().any(|stop| long.contains(stop)), "expected {stops:?}, found {long:.500}");
    assert!(peak <= limits.memory_bytes + 4 * MIB, "held {} KiB at once", peak / 1024);
    assert!(took <= limits.time + Duration::from_secs(2), "took {took:?}");
}

#[test]
fn an_endless_loop_is_stopped() {
    check("loop {}", &["script_limit: operations", "script_limit: time"]);
    check(
        "pipeline(\"x\");\nlet n = 0;\nwhile true { n += 1; }",
        &["script_limit: operations", "script_limit: time"],
    );
}

#[test]
fn the_deadline_stops_what_counts_little() {
    let limits = Limits { time: Duration::from_millis(20), operations: u64::MAX, ..Limits::PIPELINE };
    let (registry, source) = (registry(), source("loop {}", &[]));
    let began = Instant::now();
    let (short, long) = found(&plan_within(&registry, &source, &limits));
    assert_eq!(short, ["1:6 script_limit"], "{long}");
    assert!(long.contains("script_limit: time"), "{long}");
    assert!(began.elapsed() < Duration::from_secs(2));
}

#[test]
fn a_string_that_doubles_is_stopped() {
    check("let s = \"x\"; loop { s += s; }", &["script_limit: string"]);
    check("let s = \"x\"; s.pad(2000000000, \"x\");", &["script_limit: string"]);
}

#[test]
fn a_map_of_long_strings_is_stopped_by_memory() {
    let text = "let s = \"x\"; s.pad(60000, \"x\");\n\
        let m = #{}; let i = 0; while i < 20000 { m[`k${i}`] = s + i; i += 1; }";
    check(text, &["script_limit: memory"]);
}

#[test]
fn a_map_of_many_keys_is_stopped() {
    let text = "let m = #{}; let i = 0; while i < 200000 { m[`k${i}`] = i; i += 1; } m.len();";
    check(
        text,
        &["script_limit: map", "script_limit: operations", "script_limit: memory", "script_limit: time"],
    );
}

#[test]
fn a_large_map_that_is_copied_is_stopped() {
    let text = "let s = \"x\"; s.pad(30000, \"x\");\n\
        let m = #{}; let i = 0; while i < 900 { m[`k${i}`] = s + i; i += 1; }\n\
        let all = #{}; let j = 0; loop { all[`k${j}`] = m; j += 1; }";
    check(text, &["script_limit: string", "script_limit: memory", "script_limit: map"]);
}

#[test]
fn a_map_of_many_keys_that_is_copied_is_stopped() {
    let text = "let m = #{}; let i = 0; while i < 50000 { m[`k${i}`] = i; i += 1; }\n\
        let all = #{}; let j = 0; loop { let copy = m; all[`k${j}`] = copy; j += 1; }";
    check(text, &["script_limit: map", "script_limit: memory", "script_limit: time"]);
}

#[test]
fn an_array_nested_in_itself_is_stopped() {
    check("let a = []; loop { a = [a]; }", &["script_limit"]);
    check("let a = [1]; loop { a.push(a); }", &["script_limit: array"]);
    check("let a = [1]; loop { a += a; }", &["script_limit: array"]);
}

#[test]
fn a_map_nested_in_itself_is_stopped() {
    check("let m = #{}; loop { let n = #{}; n[\"a\"] = m; m = n; }", &["script_limit"]);
}

#[test]
fn a_deep_value_goes_into_no_configuration_and_no_closure() {
    let deep = "pipeline(\"x\");\nlet a = []; let i = 0; while i < 900 { a = [a]; i += 1; }\nlet r = files::read();\n";
    check(&format!("{deep}files::read(#{{ paths: a }}).named(\"b\");"), &["nested too deep"]);
    check(&format!("{deep}rollup::days([r]).when(|c| a.len() > 0);"), &["nested too deep"]);
}

#[test]
fn a_deep_error_is_stopped() {
    check(
        "let a = []; let i = 0; while i < 900 { a = [a]; i += 1; }\nthrow a;",
        &["script_error", "x.rhai:2:1"],
    );
}

#[test]
fn deep_recursion_is_stopped() {
    check("fn f(n) { f(n + 1) } f(0);", &["script_limit: calls"]);
    check("let f = |n, f| f.call(n + 1, f); f.call(0, f);", &["script_limit: calls"]);
    let deep = format!("fn f(n) {{ {}f(n + 1){} }} f(0);", "(1 + ".repeat(8), ")".repeat(8));
    check(&deep, &["script_limit: calls"]);
}

#[test]
fn deep_expressions_are_refused() {
    check(&format!("{}1{};", "(".repeat(100_000), ")".repeat(100_000)), &["script_limit: depth"]);
    check(&format!("let x = {}1;", "- ".repeat(50_000)), &["script_limit: depth", "script_syntax"]);
    check(&format!("if true {{}} {}", "else if true {} ".repeat(15_000)), &["script_limit: depth"]);
    check(&format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)), &["script_limit: depth"]);
}

#[test]
fn a_chain_of_closures_is_stopped_and_freed() {
    let stops = ["script_limit: memory", "script_limit: operations", "script_limit: time"];
    check("pipeline(\"x\"); let f = Fn(\"x\"); loop { let g = f; f = || g; }", &stops);
    check("let f = Fn(\"x\"); loop { f = Fn(\"x\").curry(take(f)); }", &stops);
    let nested =
        "let f = Fn(\"x\"); loop { f = Fn(\"x\").curry(Fn(\"x\").curry(Fn(\"x\").curry(take(f)))); }";
    check(nested, &stops);
}

#[test]
fn a_closure_that_holds_itself_is_told() {
    let stop = "script_limit: memory: a closure holds itself";
    let large = "let a = []; a.pad(9000, 0); let m = #{}; m[\"a\"] = a;";
    check(&format!("{large} m[\"f\"] = || m;"), &[stop]);
    check("let i = 0; while i < 2000 { let f = i; f = || f; i += 1; }", &[stop]);
    // Much that is held by nobody is no such thing.
    check(&format!("{large} let f = || m;"), &["`pipeline(name"]);
}

#[test]
fn a_script_cannot_evaluate_sleep_or_read_files() {
    check("eval(\"40 + 2\");", &["script_syntax", "unknown_function", "eval"]);
    check("sleep(8);", &["a script cannot sleep"]);
    check("sleep(8.0);", &["a script cannot sleep"]);
    check("import \"/etc/passwd\" as x;", &["no file `/etc/passwd` in the script library"]);
    check("import \"../../etc/passwd\" as x;", &["no file"]);
    check("timestamp();", &["unknown function"]);
    check("blob(2000000000);", &["unknown function"]);
}

#[test]
fn printing_goes_nowhere() {
    check("let i = 0; while i < 1000 { print(i); debug(i); i += 1; }", &["`pipeline(name"]);
    check(
        "let i = 0; while i < 1000000 { print(i); i += 1; }",
        &["script_limit: operations", "script_limit: time"],
    );
}

#[test]
fn too_many_functions_variables_and_a_huge_script_are_refused() {
    let functions: String = (0..101).map(|n| format!("fn f{n}() {{}}\n")).collect();
    check(&functions, &["script_limit: functions"]);
    let variables: String = (0..101).map(|n| format!("let v{n} = 1;\n")).collect();
    check(&variables, &["script_limit: variables"]);
    check(&"1;".repeat(200_000), &["script_limit: size"]);
}

#[test]
fn a_caught_error_does_not_hide_a_limit() {
    check("loop { try { loop {} } catch { } }", &["script_limit"]);
}
