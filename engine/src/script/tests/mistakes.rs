//! The mistake table: each mistake with its place.

use crate::script::Source;

use super::sample::{evaluate, evaluate_source, found, source};

/// The script's first line is `pipeline("x");`, so that what is written here begins on line 2.
#[track_caller]
fn check(body: &str, expected: &[&str]) {
    let (short, long) = found(&evaluate(body));
    assert_eq!(short, expected, "\n{long}");
}

#[track_caller]
fn check_whole(text: &str, expected: &[&str]) {
    let (short, long) = found(&evaluate_source(&source(text, &[])));
    assert_eq!(short, expected, "\n{long}");
}

#[track_caller]
fn check_text(body: &str, expected: &str) {
    let (_, long) = found(&evaluate(body));
    assert!(long.contains(expected), "{expected:?} is not in\n{long}");
}

const READ: &str = "let r = files::read();\n";

#[test]
fn a_misspelt_variable_is_found_where_it_stands() {
    check("let r = files::read();\nrollup::days([rr]);", &["3:15 unknown_variable"]);
    check_text("let days = files::read();\nrollup::days([dais]);", "did you mean `days`?");
}

#[test]
fn an_unknown_namespace_is_found_where_it_stands() {
    check("  file::read();", &["2:3 unknown_namespace"]);
    check_text("file::read();", "did you mean `files`?");
}

#[test]
fn an_unknown_step_is_found_at_the_call() {
    check("let r = files::raed();", &["2:9 unknown_step"]);
    check_text("files::raed();", "did you mean `files::read`?");
}

#[test]
fn a_wrong_or_missing_input_is_found_at_the_call() {
    check(
        &format!("{READ}let w = open_meteo::history(r, #{{ precision: 1 }});\nrollup::days([w]);"),
        &["4:1 wrong_input"],
    );
    check("let d = rollup::days();", &["2:9 missing_input"]);
    check("open_meteo::history(#{ precision: 1 });", &["2:1 missing_input"]);
    check(&format!("{READ}files::read(r).named(\"b\");"), &["3:1 wrong_input"]);
    check(&format!("{READ}open_meteo::history([r], #{{ precision: 1 }});"), &["3:1 wrong_input"]);
    check("rollup::days([1]);", &["2:1 wrong_input"]);
}

#[test]
fn an_unknown_key_is_found_at_the_key() {
    check("files::read(#{\n  deep: true,\n  pathes: [],\n});", &["4:3 invalid_config"]);
    check(
        &format!("{READ}open_meteo::history(r, #{{ precision: 1,\n cache: #{{ weeks: 1 }} }});"),
        &["4:12 invalid_config"],
    );
}

#[test]
fn a_wrong_type_is_found_at_the_value() {
    check("files::read(#{ deep: 3 });", &["2:22 invalid_config"]);
    check(&format!("{READ}open_meteo::history(r, #{{ precision: -1 }});"), &["3:38 invalid_config"]);
}

#[test]
fn a_bad_array_element_is_found_at_the_element() {
    check("files::read(#{ paths: [\"a\", 3] });", &["2:29 invalid_config"]);
}

#[test]
fn a_value_that_a_step_refuses_is_found_at_the_value() {
    check(&format!("{READ}open_meteo::history(r, #{{ precision: 9 }});"), &["3:38 invalid_config"]);
}

#[test]
fn a_missing_key_is_found_at_the_map() {
    check(&format!("{READ}open_meteo::history(r, #{{ variables: [] }});"), &["3:24 invalid_config"]);
    check(&format!("{READ}open_meteo::history(r);"), &["3:1 invalid_config"]);
}

#[test]
fn a_configuration_in_a_variable_is_found_at_the_call() {
    check("let config = #{ deep: 3 };\nfiles::read(config);", &["3:1 invalid_config"]);
    check("let inner = 3;\nfiles::read(#{ deep: inner });", &["3:22 invalid_config"]);
}

#[test]
fn a_step_a_closure_and_a_range_in_a_configuration_are_found_where_they_stand() {
    check(&format!("{READ}files::read(#{{ deep: r }}).named(\"b\");"), &["3:22 config_not_data"]);
    check("files::read(#{ paths: [|x| x] });", &["2:24 config_not_data"]);
    check("files::read(#{ paths: 0..3 });", &["2:23 config_not_data"]);
}

#[test]
fn a_cycle_is_found_at_its_after_calls_with_its_path() {
    let body = "let a = files::read().named(\"a\");\nlet b = rollup::days([a]).named(\"b\");\na.after(b);";
    check(body, &["4:3 pipeline_cycle"]);
    check_text(body, "pipeline_cycle: a → b → a");
    let body =
        "let a = files::read().named(\"a\");\nlet b = files::read().named(\"b\").after(a);\na.after(b);";
    check(body, &["3:34 pipeline_cycle", "4:3 pipeline_cycle"]);
}

#[test]
fn the_same_step_twice_names_both_places() {
    check("files::read();\n files::read();", &["3:2 duplicate_step"]);
    check_text("files::read();\n files::read();", "the first is at 2:1");
}

#[test]
fn a_property_that_the_artifact_lacks_is_found_in_the_closure() {
    check(&format!("{READ}rollup::days([r]).when(|c| c[0].form > 3);"), &["3:33 unknown_property"]);
    let history = "open_meteo::history(r, #{ precision: 1 })";
    check(&format!("{READ}{history}.when(|c| c.added.rosw > 3);"), &["3:60 unknown_property"]);
    // Not on the way that the trial takes.
    check(&format!("{READ}{history}.when(|c| c.from < 0 && c.dayz == ());"), &["3:68 unknown_property"]);
}

#[test]
fn a_condition_that_is_not_true_or_false_is_found_at_its_result() {
    check(
        &format!("{READ}open_meteo::history(r, #{{ precision: 1 }}).when(|c| c.from + 1);"),
        &["3:52 condition_not_bool"],
    );
}

#[test]
fn a_namespace_in_a_closure_is_found_where_it_stands() {
    let history = "open_meteo::history(r, #{ precision: 1 })";
    check(&format!("{READ}{history}.when(|c| files::read() == c);"), &["3:52 namespace_in_condition"]);
    check(
        &format!("fn f(c) {{ files::read() }}\n{READ}{history}.when(|c| f(c));"),
        &["2:11 namespace_in_condition"],
    );
}

#[test]
fn a_step_that_a_closure_captures_is_refused() {
    let history = "open_meteo::history(r, #{ precision: 1 })";
    check(&format!("{READ}{history}.when(|c| r == c);"), &["3:43 invalid_argument"]);
}

#[test]
fn a_condition_on_a_step_without_input_is_refused() {
    check("files::read().when(|c| true);", &["2:15 invalid_argument"]);
}

#[test]
fn wrong_arguments_of_a_method_are_found_where_they_stand() {
    check("files::read().retry(99, \"1s\");", &["2:21 invalid_argument"]);
    check("files::read().retry(3, \"soon\");", &["2:24 invalid_argument"]);
    check("files::read().retry(3);", &["2:15 invalid_argument"]);
    check("files::read().timeout(10);", &["2:23 invalid_argument"]);
    check("files::read().named(\"\");", &["2:21 invalid_argument"]);
    check("files::read().after(3);", &["2:21 invalid_argument"]);
    check("files::read().retyr(3, \"1s\");", &["2:15 unknown_method"]);
    check_text("files::read().retyr(3, \"1s\");", "did you mean `retry`?");
}

#[test]
fn pipeline_comes_once_and_first() {
    check_whole("files::read();", &["1:1 pipeline_late"]);
    check_whole("files::read();\npipeline(\"x\");", &["1:1 pipeline_late", "2:1 pipeline_late"]);
    check_whole("pipeline(\"x\");\npipeline(\"x\");\nfiles::read();", &["2:1 pipeline_twice"]);
    check_whole("let x = 1;", &["1:1 pipeline_missing"]);
    check_whole("pipeline(\"x\");", &["1:1 pipeline_empty"]);
}

#[test]
fn a_pipeline_is_called_as_its_file() {
    check_whole("pipeline(\"y\");\nfiles::read();", &["1:10 pipeline_misnamed"]);
    check_whole("let n = \"y\";\npipeline(n, #{});\nfiles::read();", &["2:10 pipeline_misnamed"]);
    let outside =
        Source { path: "drafts/x.rhai".to_owned(), ..source("pipeline(\"y\");\nfiles::read();", &[]) };
    assert_eq!(found(&evaluate_source(&outside)).0, Vec::<String>::new());
}

#[test]
fn options_of_the_pipeline_are_checked_where_they_stand() {
    check_whole("pipeline(\"x\", #{ evry: \"1h\" });\nfiles::read();", &["1:18 unknown_option"]);
    check_whole("pipeline(\"x\", #{ timeout: \"1x\" });\nfiles::read();", &["1:27 invalid_option"]);
    check_whole(
        "pipeline(\"x\", #{ on_overlap: \"wait\", lock: 3 });\nfiles::read();",
        &["1:30 invalid_option", "1:44 invalid_option"],
    );
    check_whole("pipeline(\"x\", #{ params: #{ a: |x| x } });\nfiles::read();", &["1:32 invalid_option"]);
    check_whole("pipeline(3);\nfiles::read();", &["1:10 invalid_argument"]);
}

#[track_caller]
fn check_options(options: &str, expected: &[&str]) {
    check_whole(&format!("pipeline(\"x\", #{{ {options} }});\nfiles::read();"), expected);
}

#[test]
fn a_schedule_that_cannot_be_is_found_where_it_stands() {
    check_options(r#"every: "1h""#, &[]);
    check_options(r#"every: "soon""#, &["1:25 invalid_option"]);
    check_options(r#"every: "0s""#, &["1:25 invalid_option"]);
    check_options(r#"every: 3"#, &["1:25 invalid_option"]);
    check_options(r#"cron: "30 4 * * *", timezone: "Europe/Berlin""#, &[]);
    check_options(r#"cron: "61 4 * * *""#, &["1:24 invalid_cron"]);
    check_options(r#"cron: "0 0 30 2 *""#, &["1:24 invalid_cron"]);
    check_options(r#"cron: "* * * * * *""#, &["1:24 invalid_cron"]);
    check_options("cron: 5", &["1:24 invalid_option"]);
    check_options(r#"cron: "0 5 * * *", timezone: "Europe/Berlon""#, &["1:47 unknown_time_zone"]);
    check_options(r#"cron: "0 5 * * *", timezone: 1"#, &["1:47 invalid_option"]);
    check_options(r#"every: "1h", cron: "0 5 * * *""#, &["1:31 schedule_twice"]);
    check_options(r#"every: "1h", timezone: "UTC""#, &["1:31 invalid_option"]);
}

#[test]
fn what_is_to_be_made_up_for_is_checked_where_it_stands() {
    check_options(r#"every: "1h", catch_up: "all", catch_up_limit: 3"#, &[]);
    check_options(r#"every: "1h", catch_up: "some""#, &["1:41 invalid_option"]);
    check_options(r#"every: "1h", catch_up: 3"#, &["1:41 invalid_option"]);
    check_options(r#"every: "1h", catch_up_limit: 0"#, &["1:47 invalid_option"]);
    check_options(r#"every: "1h", catch_up_limit: 5000"#, &["1:47 invalid_option"]);
    check_options(r#"catch_up: "last", timezone: "UTC""#, &["1:18 invalid_option", "1:36 invalid_option"]);
}

#[test]
fn whom_a_schedule_is_for_is_checked_where_it_stands() {
    check_options(r#"every: "1h", connection: "strava""#, &[]);
    check_options(r#"every: "1h", connection: 3"#, &["1:43 invalid_option"]);
    check_options(r#"every: "1h", connection: "a b""#, &["1:43 invalid_option"]);
    check_options(r#"connection: "strava""#, &["1:18 invalid_option"]);
}

#[test]
fn a_pipeline_before_this_one_is_checked_where_it_stands() {
    check_options(r#"after: "import""#, &[]);
    check_options(r#"after: 3"#, &["1:25 invalid_option"]);
    check_options(r#"after: ["a", 3]"#, &["1:31 invalid_option"]);
    check_options(r#"after: "a b""#, &["1:25 invalid_option"]);
}

#[test]
fn a_step_whose_input_cannot_be_split_is_found_at_its_for_each() {
    check(&format!("{READ}open_meteo::history(r, #{{ precision: 1 }}).for_each(5);"), &[]);
    check(&format!("{READ}rollup::days([r, r]).for_each(5);"), &[]);
    let weather = "let w = open_meteo::history(r, #{ precision: 1 });\n";
    check(&format!("{READ}{weather}sample::hours(w).for_each(5);"), &["4:18 not_splittable"]);
    check_text(&format!("{READ}{weather}sample::hours(w).for_each(5);"), "`Weather` cannot be split");
    check("rollup::days([]).for_each(5);", &["2:18 not_splittable"]);
    check("files::read().for_each(5);", &["2:15 invalid_argument"]);
    check(&format!("{READ}rollup::days([r]).for_each(5).cached();"), &["3:1 invalid_argument"]);
    check(&format!("{READ}rollup::days([r]).for_each(0);"), &["3:28 invalid_argument"]);
    check(&format!("{READ}rollup::days([r]).for_each(\"5\");"), &["3:28 invalid_argument"]);
    check(&format!("{READ}rollup::days([r]).for_each();"), &["3:19 invalid_argument"]);
}

#[test]
fn a_step_that_gives_many_is_refused_where_one_is_taken() {
    let many = "let m = rollup::days([r]).for_each(5);\n";
    check(&format!("{READ}{many}rollup::days([m, r]).named(\"all\");"), &[]);
    check(&format!("{READ}{many}open_meteo::history(m, #{{ precision: 1 }});"), &["4:1 gives_many"]);
    check(&format!("{READ}{many}insights::daily(m);"), &["4:1 gives_many"]);
    check(&format!("{READ}{many}rollup::days([m]).named(\"b\").when(|c| true);"), &["4:30 gives_many"]);
    // It is told whichever of the two comes first.
    let late = "let m = rollup::days([r]);\nopen_meteo::history(m, #{ precision: 1 });\nm.for_each(5);";
    check(&format!("{READ}{late}"), &["4:1 gives_many"]);
}

#[test]
fn a_pipeline_as_a_step_is_checked_where_it_stands() {
    check("flow::pipeline(#{ name: \"daily\", params: #{ days: 3 } });", &[]);
    check("flow::pipeline(#{ nam: \"daily\" });", &["2:19 invalid_config"]);
    check("flow::pipeline();", &["2:1 invalid_config"]);
    check("flow::pipeline(#{ name: 3 });", &["2:25 invalid_config"]);
    check("flow::pipeline(#{ name: \"daily\" }).retry(3, \"1s\");", &["2:1 invalid_argument"]);
    check("flow::pipeline(#{ name: \"daily\" }).timeout(\"1s\");", &["2:1 invalid_argument"]);
    check("flow::pipeline(#{ name: \"daily\" }).pool(\"up\");", &["2:1 invalid_argument"]);
    check("flow::pipeline(#{ name: \"daily\" }).cached();", &["2:1 invalid_argument"]);
    check("flow::pipeline(#{ name: \"daily\" }).for_each(3);", &["2:36 invalid_argument"]);
    check(&format!("{READ}flow::pipeline(r, #{{ name: \"daily\" }});"), &["3:1 wrong_input"]);
}

#[test]
fn several_mistakes_are_found_at_once() {
    check(
        "let r = files::read(#{ deep: 3 }).retry(99, \"1s\");\nopen_meteo::history(r, #{ precison: 1 });",
        &["2:30 invalid_config", "2:41 invalid_argument", "3:27 invalid_config"],
    );
}

#[test]
fn a_mistake_in_a_library_file_is_found_there() {
    let text = "import \"steps\" as steps;\npipeline(\"x\");\nsteps::all();";
    let source = source(text, &[("steps", "fn all() {\n  files::read(#{ deep: 3 })\n}")]);
    let diagnostics = evaluate_source(&source).unwrap_err();
    let (short, long) = found(&Err(diagnostics.clone()));
    assert_eq!(
        (short, diagnostics[0].path.as_str()),
        (vec!["2:24 invalid_config".to_owned()], "scripts/lib/steps.rhai"),
        "{long}"
    );
}

#[test]
fn a_script_that_does_not_parse_is_found_where_it_breaks() {
    check("let r = files::read(;", &["2:21 script_syntax"]);
    check("let r = files::read(", &["2:21 script_syntax"]);
}

#[test]
fn a_mistake_is_shown_with_its_line() {
    let body = "let r = files::read();\nopen_meteo::history(r, #{\n    precison: 3,\n});";
    insta::assert_snapshot!(found(&evaluate(body)).1);
}

#[test]
fn how_long_a_result_is_kept_is_checked_where_it_stands() {
    check("files::read().cached();", &[]);
    check("files::read().cached(\"7d\");", &[]);
    check("files::read().cached(7);", &["2:22 invalid_argument"]);
    check("files::read().cached(\"soon\");", &["2:22 invalid_argument"]);
    check("files::read().cached(\"400d\");", &["2:22 invalid_argument"]);
    check("files::read().cached(\"7d\", 1);", &["2:15 invalid_argument"]);
}

#[test]
fn a_webhook_is_checked_where_it_stands() {
    check_options(r#"on_webhook: "strava""#, &[]);
    check_options(r#"on_webhook: ["strava", "other"]"#, &[]);
    check_options("on_webhook: 3", &["1:30 invalid_option"]);
    check_options(r#"on_webhook: ["a", 3]"#, &["1:36 invalid_option"]);
    check_options(r#"on_webhook: "a b""#, &["1:30 invalid_option"]);
    check_options(r#"on_webhok: "a""#, &["1:18 unknown_option"]);
}

#[test]
fn a_pattern_of_files_is_checked_where_it_stands() {
    let paths = "params: #{ paths: [] }";
    check_options(&format!(r#"on_file: "*.fit", {paths}"#), &[]);
    check_options(&format!(r#"on_file: ["*.fit", "*.gpx"], {paths}"#), &[]);
    check_options(&format!("on_file: 3, {paths}"), &["1:27 invalid_option"]);
    check_options(
        &format!(r#"on_file: ["*", "a/b", 3], {paths}"#),
        &["1:33 invalid_pattern", "1:40 invalid_option"],
    );
    check_options(&format!(r#"on_file: "", {paths}"#), &["1:27 invalid_pattern"]);
    check_options(&format!(r#"on_file: "*.{{fit,gpx}}", {paths}"#), &["1:27 invalid_pattern"]);
    check_options(r#"on_file: "*""#, &["1:18 param_missing"]);
    check_options(r#"on_file: "*", params: #{ path: [] }"#, &["1:18 param_missing"]);
    check_options(r#"on_file: "*", params: #{ paths: "" }"#, &["1:18 param_missing"]);
}

const CALL: &str = "files::read()";

#[test]
fn a_pool_is_sized_with_what_lets_somebody_in() {
    for sizes in ["slots: 2", "calls: 100, per: \"15m\"", "slots: 1, calls: 1, per: \"1s\""] {
        check(&format!("pool(\"up\", #{{ {sizes} }});\n{CALL}.pool(\"up\").cooldown(5, \"10m\");"), &[]);
    }
    let sized = |sizes: &str| format!("pool(\"up\", #{{ {sizes} }});\n{CALL};");
    check(&sized("slots: 0"), &["2:22 invalid_option"]);
    check(&sized("slots: -1"), &["2:22 invalid_option"]);
    check(&sized("slots: \"2\""), &["2:22 invalid_option"]);
    check(&sized("calls: 0, per: \"15m\""), &["2:22 invalid_option"]);
    check(&sized("calls: 100"), &["2:15 invalid_option"]);
    check(&sized("per: \"15m\""), &["2:15 invalid_option"]);
    check(&sized("calls: 100, per: \"soon\""), &["2:32 invalid_option"]);
    check(&sized("calls: 100, per: \"0s\""), &["2:32 invalid_option"]);
    check(&sized(""), &["2:12 invalid_option"]);
    check(&sized("slot: 2"), &["2:12 invalid_option", "2:15 unknown_option"]);
    check_text(&sized("slot: 2"), "did you mean `slots`?");
}

#[test]
fn a_pool_is_sized_by_a_name_and_a_map_and_once() {
    check(&format!("pool(\"up\");\n{CALL};"), &["2:1 invalid_argument"]);
    check(&format!("pool(\"up\", 2);\n{CALL};"), &["2:12 invalid_argument"]);
    check(&format!("pool(\"a b\", #{{ slots: 2 }});\n{CALL};"), &["2:6 invalid_argument"]);
    let twice = format!("pool(\"up\", #{{ slots: 2 }});\n{CALL};\npool(\"up\", #{{ slots: 3 }});");
    check(&twice, &["4:1 pool_twice"]);
}

#[test]
fn a_step_is_in_a_pool_by_its_name_and_only_a_pool_can_close() {
    check("files::read().pool();", &["2:15 invalid_argument"]);
    check("files::read().pool(3);", &["2:20 invalid_argument"]);
    check("files::read().cooldown(5, \"10m\");", &["2:15 cooldown_without_pool"]);
    check("files::read().pool(\"up\").cooldown(0, \"10m\");", &["2:35 invalid_argument"]);
    check("files::read().pool(\"up\").cooldown(5, 10);", &["2:38 invalid_argument"]);
    check("files::read().pool(\"up\").cooldown(5);", &["2:26 invalid_argument"]);
}
