use std::path::Path;

use super::*;
use rooms::{Dependency, Package, Target};

/// The findings as `path:line`, one a line.
fn places(findings: &[Finding]) -> String {
    let places: Vec<String> = findings.iter().map(|it| format!("{}:{}", it.path, it.line)).collect();
    places.join("\n")
}

fn source(path: &str, text: &str) -> Source {
    Source::new(path, text.to_owned())
}

fn check_use(room: &str, other: &str, for_tests: bool, expected: &str) {
    check_target(room, Target::Room(other.to_owned()), for_tests, expected);
}

fn check_crate(room: &str, name: &str, expected: &str) {
    check_target(room, Target::Outside(name.to_owned()), false, expected);
}

fn check_target(room: &str, target: Target, for_tests: bool, expected: &str) {
    let manifest = ("Cargo.toml".to_owned(), "[dependencies]\nkey.workspace = true\n".to_owned());
    let dependencies = vec![Dependency { target, key: "key".to_owned(), for_tests }];
    let findings = rooms::check(&[Package { room: room.to_owned(), manifest, dependencies }]);
    assert_eq!(places(&findings), expected);
}

#[test]
fn this_workspace_is_tidy() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let findings: Vec<String> = findings(root).unwrap().iter().map(Finding::to_string).collect();
    assert!(findings.is_empty(), "to tidy:\n{}", findings.join("\n"));
}

#[test]
fn a_finding_reads_path_line_reason() {
    assert_eq!(Finding::new("engine/src/lib.rs", 7, "too long").to_string(), "engine/src/lib.rs:7: too long");
}

#[test]
fn a_plugin_may_use_engine_fitness_and_store() {
    check_use("plugins/files", "engine", false, "");
    check_use("plugins/files", "fitness", false, "");
    check_use("plugins/files", "store", false, "");
}

#[test]
fn a_plugin_knows_no_other_plugin() {
    check_use("plugins/files", "plugins/rollup", false, "Cargo.toml:2");
    check_use("plugins/files", "plugins/rollup", true, "Cargo.toml:2");
}

#[test]
fn the_api_knows_no_plugin() {
    check_use("api", "plugins/files", false, "Cargo.toml:2");
    check_use("api", "plugins/all", false, "Cargo.toml:2");
}

#[test]
fn the_engine_uses_the_store_alone() {
    check_use("engine", "store", false, "");
    check_use("engine", "fitness", false, "Cargo.toml:2");
    check_use("engine", "api", false, "Cargo.toml:2");
}

#[test]
fn nobody_depends_on_the_programs() {
    for room in ["api", "engine", "store", "fitness", "plugins/files", "plugins/all", "tests", "xtask"] {
        check_use(room, "app", false, "Cargo.toml:2");
    }
}

#[test]
fn test_support_is_for_tests() {
    check_use("store", "tests/support", true, "");
    check_use("store", "tests/support", false, "Cargo.toml:2");
    check_use("plugins/files", "tests/support/upstream", true, "");
    check_use("app", "tests/support/upstream", false, "Cargo.toml:2");
    check_use("tests/support/upstream", "engine", false, "Cargo.toml:2");
}

#[test]
fn a_room_outside_the_picture_may_use_nothing() {
    check_use("cellar", "store", false, "Cargo.toml:2");
}

#[test]
fn only_the_store_names_a_driver() {
    check_crate("store", "rusqlite", "");
    check_crate("fitness", "rusqlite", "Cargo.toml:2");
    check_crate("tests", "tokio-postgres", "Cargo.toml:2");
    check_crate("api", "deadpool-postgres", "Cargo.toml:2");
}

#[test]
fn only_the_engine_names_rhai_and_reqwest() {
    check_crate("engine", "rhai", "");
    check_crate("plugins/insights", "rhai", "Cargo.toml:2");
    check_crate("tests", "reqwest", "");
    check_crate("plugins/files", "reqwest", "Cargo.toml:2");
    check_crate("engine", "hyper-util", "");
    check_crate("plugins/open-meteo", "hyper-util", "Cargo.toml:2");
}

#[test]
fn a_plugin_knows_no_route() {
    check_crate("plugins/files", "axum", "Cargo.toml:2");
}

#[test]
fn a_library_does_not_use_anyhow() {
    check_crate("app", "anyhow", "");
    check_crate("fitness", "anyhow", "Cargo.toml:2");
}

fn check_absence(path: &str, text: &str, expected: &str) {
    assert_eq!(places(&absences::check(&source(path, text))), expected);
}

#[test]
fn the_engine_does_not_name_the_field() {
    check_absence("engine/src/lib.rs", "\n// An activity.", "engine/src/lib.rs:2");
    check_absence("engine/src/lib.rs", "struct ActivityDelta;", "engine/src/lib.rs:1");
    check_absence("engine/src/lib.rs", "struct LastActivities;", "engine/src/lib.rs:1");
    check_absence("engine/src/lib.rs", "// After a minute of inactivity.", "");
    check_absence("fitness/src/lib.rs", "struct Activity;", "");
}

#[test]
fn only_app_reads_the_environment() {
    let reader = "fn f() {\n    let _ = std::env::var(\"HOME\");\n}";
    check_absence("store/src/lib.rs", reader, "store/src/lib.rs:2");
    check_absence("app/src/main.rs", reader, "");
    check_absence("tests/support/src/lib.rs", reader, "");
    check_absence("store/tests/conformance.rs", reader, "");
}

#[test]
fn an_imported_reader_of_the_environment_is_seen() {
    check_absence("api/src/lib.rs", "use std::env::{var_os};", "api/src/lib.rs:1");
}

#[test]
fn a_compile_time_variable_is_no_environment() {
    check_absence("store/src/lib.rs", "const DIR: &str = env!(\"CARGO_MANIFEST_DIR\");", "");
}

#[test]
fn rhai_is_named_by_the_script_host_alone() {
    check_absence("engine/src/script/host.rs", "use rhai::Engine;", "");
    check_absence("engine/src/plan.rs", "use rhai::Engine;", "engine/src/plan.rs:1");
    check_absence("engine/src/plan.rs", "// rhai::Engine is not named here", "");
}

#[test]
fn an_ignored_test_is_a_finding() {
    check_absence("store/src/lib.rs", "#[test]\n#[ignore]\nfn f() {}", "store/src/lib.rs:2");
}

#[test]
fn a_note_of_what_is_missing_needs_an_issue() {
    check_absence("store/src/lib.rs", concat!("// TO", "DO: later"), "store/src/lib.rs:1");
    check_absence("store/src/lib.rs", concat!("// TO", "DO #12: later"), "");
}

fn check_size(path: &str, text: &str, expected: &str) {
    assert_eq!(places(&sizes::check(&source(path, text))), expected);
}

#[test]
fn a_file_stays_under_500_lines() {
    check_size("store/src/lib.rs", &"// line\n".repeat(499), "");
    check_size("store/src/lib.rs", &"// line\n".repeat(500), "store/src/lib.rs:1");
}

#[test]
fn tests_do_not_count_as_lines() {
    let tests = format!("// line\n#[cfg(test)]\nmod tests {{\n{}}}\n", "// line\n".repeat(500));
    check_size("store/src/lib.rs", &tests, "");
    check_size("store/src/lib.rs", &tests.replace("cfg(test)", "cfg(not(test))"), "store/src/lib.rs:1");
    check_size("store/src/tests.rs", &"// line\n".repeat(500), "");
}

#[test]
fn a_function_stays_under_80_lines() {
    let function =
        |lines: usize| format!("\n/// Doc.\npub fn f() {{\n{}}}\n", "    g();\n".repeat(lines - 2));
    check_size("store/src/lib.rs", &function(79), "");
    check_size("store/src/lib.rs", &function(80), "store/src/lib.rs:3");
}

#[test]
fn a_method_stays_under_80_lines() {
    let method = format!("impl S {{\n    fn f() {{\n{}    }}\n}}\n", "        g();\n".repeat(78));
    check_size("store/src/lib.rs", &method, "store/src/lib.rs:2");
}

#[test]
fn a_long_function_in_tests_is_allowed() {
    let tests = format!("#[cfg(test)]\nmod tests {{\nfn f() {{\n{}}}\n}}\n", "g();\n".repeat(100));
    check_size("store/src/lib.rs", &tests, "");
}

#[test]
fn a_file_that_does_not_parse_is_a_finding() {
    check_size("store/src/lib.rs", "fn f() {}\nfn {", "store/src/lib.rs:2");
}

#[test]
fn empty_names_are_refused() {
    let check = |path: &str, text: &str| places(&names::check(&source(path, text)));
    assert_eq!(check("store/src/utils.rs", ""), "store/src/utils.rs:1");
    assert_eq!(check("plugins/common/src/lib.rs", ""), "plugins/common/src/lib.rs:1");
    assert_eq!(check("store/src/sql.rs", "\nmod helpers { fn f() {} }"), "store/src/sql.rs:2");
    assert_eq!(check("store/src/sql.rs", "mod uncommon {}"), "");
}

fn check_migrations(paths: &[&str], listed: &str, expected: &str) {
    let mut sources: Vec<Source> = paths.iter().map(|path| source(path, "")).collect();
    sources.push(source("store/src/migrate.rs", &format!("const LIST: &str = \"{listed}\";")));
    let mut findings = migrations::check(&sources);
    findings.sort();
    assert_eq!(places(&findings), expected);
}

#[test]
fn migrations_come_in_pairs() {
    let pair = ["migrations/sqlite/0001_start.sql", "migrations/postgres/0001_start.sql"];
    check_migrations(&pair, "0001_start", "");
    check_migrations(&pair[..1], "0001_start", "migrations/sqlite/0001_start.sql:1");
    check_migrations(&pair[1..], "0001_start", "migrations/postgres/0001_start.sql:1");
}

#[test]
fn migrations_count_without_gaps() {
    let paths = ["migrations/sqlite/0002_next.sql", "migrations/postgres/0002_next.sql"];
    check_migrations(
        &paths,
        "0002_next",
        "migrations/postgres/0002_next.sql:1\nmigrations/sqlite/0002_next.sql:1",
    );
}

#[test]
fn a_migration_that_the_store_does_not_list_is_a_finding() {
    let pair = ["migrations/sqlite/0001_start.sql", "migrations/postgres/0001_start.sql"];
    check_migrations(&pair, "", "migrations/sqlite/0001_start.sql:1");
}

fn check_codes(text: &str, document: &str, expected: &str) {
    assert_eq!(places(&codes::check(&[source("store/src/error.rs", text)], document)), expected);
}

#[test]
fn a_code_from_a_function_needs_its_paragraph() {
    let function = "impl Error {\n    fn code(&self) -> &'static str {\n        \"storage_full\"\n    }\n}";
    check_codes(function, "### `storage_full`", "");
    check_codes(function, "about `storage_full`", "store/src/error.rs:3");
}

#[test]
fn a_code_in_a_field_needs_its_paragraph() {
    let field = "fn f() -> Refusal {\n    Refusal { code: \"file_empty\".to_owned() }\n}";
    check_codes(field, "", "store/src/error.rs:2");
}

#[test]
fn a_code_that_a_call_hands_over_needs_its_paragraph() {
    let receivers =
        "impl Refusal { fn new(name: &str, code: &str) {} }\nimpl Notes { fn add(&mut self, code: &str) {} }";
    let call = |text: &str| format!("{receivers}\nfn f() {{ {text} }}");
    check_codes(&call("Refusal::new(\"file\", \"file_empty\");"), "", "store/src/error.rs:3");
    check_codes(&call("notes.add(\"file_empty\");"), "", "store/src/error.rs:3");
    check_codes(&call("Other::new(\"file\", \"file_empty\");"), "", "");
}

#[test]
fn a_code_in_a_variable_needs_its_paragraph() {
    let variable = "fn f(cut: bool) {\n    let code = if cut { \"xml_truncated\" } else { \"\" };\n}";
    check_codes(variable, "", "store/src/error.rs:2");
}

#[test]
fn codes_in_tests_need_no_paragraph() {
    check_codes("#[cfg(test)]\nmod tests {\n    const CODE: &str = \"made_up\";\n}", "", "");
}

#[test]
fn a_code_is_explained_once() {
    check_codes("", "### `file_empty`\n### `file_empty`", "docs/ERRORS.md:2");
}

fn check_lock(package: &str, expected: &str) {
    assert_eq!(places(&lockfile::check(package)), expected);
}

#[test]
fn a_version_with_a_known_hole_is_a_finding() {
    check_lock("name = \"quick-xml\"\nversion = \"0.40.9\"", "Cargo.lock:1");
    check_lock("name = \"quick-xml\"\nversion = \"0.41.0\"", "");
}

#[test]
fn a_banned_crate_is_a_finding() {
    check_lock("version = 4\n\nname = \"aws-lc-sys\"\nversion = \"0.30.0\"", "Cargo.lock:3");
}

#[test]
fn sqlite_is_linked_once() {
    let two = "name = \"rusqlite\"\nversion = \"0.40.2\"\nname = \"rusqlite\"\nversion = \"0.41.0\"";
    check_lock(two, "Cargo.lock:3");
}

#[test]
fn crates_come_from_crates_io() {
    check_lock(
        "name = \"pco\"\nversion = \"1.0.0\"\nsource = \"git+https://example.org/pco\"",
        "Cargo.lock:1",
    );
}
