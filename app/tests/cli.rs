//! The program as a person and a script meet it: exit codes, what is on stdout, what is on stderr.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use store::{Sql, Store, Url, params};

/// What the program answered.
struct Answer {
    code: i32,
    stdout: String,
    stderr: String,
}

/// Runs the program with a data folder of its own and nothing else in its environment.
fn paceline(folder: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> Answer {
    answer(program(folder).envs(variables.iter().copied()).args(arguments).output().unwrap())
}

fn program(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_paceline"));
    command.env_clear().env("FITNESS_DATA_DIR", folder.join("data")).current_dir(folder);
    command
}

fn answer(Output { status, stdout, stderr }: Output) -> Answer {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Answer { code: status.code().unwrap(), stdout: text(stdout), stderr: text(stderr) }
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// Row 39: a wrong setting ends the program with 78 and one line that names the variable, and no secret.
fn check_setting(variables: &[(&str, &str)], name: &str) {
    let folder = folder();
    let answer = paceline(folder.path(), variables, &["activities"]);
    assert_eq!(answer.code, 78, "{}", answer.stderr);
    assert_eq!(answer.stderr.lines().count(), 1, "{}", answer.stderr);
    assert!(answer.stderr.contains(name), "{}", answer.stderr);
    assert!(!answer.stderr.contains("changeme"), "{}", answer.stderr);
    assert_eq!(answer.stdout, "");
}

#[test]
fn a_postgres_address_without_a_host_is_refused() {
    check_setting(&[("FITNESS_DB_URL", "postgres://")], "FITNESS_DB_URL");
}

#[test]
fn a_port_beyond_all_ports_is_refused() {
    check_setting(&[("FITNESS_DB_URL", "postgres://me:changeme@db:99999/paceline")], "FITNESS_DB_URL");
}

#[test]
fn an_unknown_kind_of_database_is_refused() {
    check_setting(&[("FITNESS_DB_URL", "mysql://me:changeme@db/paceline")], "FITNESS_DB_URL");
}

#[test]
fn a_secret_in_the_wrong_variable_is_not_printed() {
    check_setting(&[("FITNESS_LISTEN", "changeme")], "FITNESS_LISTEN");
}

#[test]
fn two_database_addresses_are_refused() {
    let both = [("FITNESS_DB_URL", "sqlite:a.db"), ("DATABASE_URL", "postgres://me:changeme@db/paceline")];
    check_setting(&both, "FITNESS_DB_URL");
}

#[test]
fn a_server_that_others_could_reach_does_not_start() {
    let folder = folder();
    let answer = paceline(folder.path(), &[], &["serve", "--listen", "0.0.0.0:0"]);
    assert_eq!(answer.code, 78);
    assert!(answer.stderr.contains("not a loopback address"), "{}", answer.stderr);
}

/// Row 40: a database of a newer version is refused and left as it is.
#[test]
fn a_newer_database_is_refused_untouched() {
    let folder = folder();
    let file = folder.path().join("newer.db");
    make_newer(&file);
    let before = std::fs::read(&file).unwrap();
    let url = format!("sqlite:{}", file.display());
    let answer = paceline(folder.path(), &[("FITNESS_DB_URL", &url)], &["activities"]);
    assert_eq!(answer.code, 78, "{}", answer.stderr);
    let know = store::MIGRATIONS.last().unwrap().version;
    assert!(answer.stderr.contains(&format!("schema_newer (found 999, know {know})")), "{}", answer.stderr);
    assert!(std::fs::read(&file).unwrap() == before, "the file was changed");
}

fn make_newer(file: &Path) {
    const NEWER: Sql = Sql::Both(
        "INSERT INTO schema_migration (version, name, checksum, applied_ms) VALUES (999, 'later', '', NULL)",
    );
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = Store::open(&Url::sqlite(file)).await.unwrap();
        store.migrate().await.unwrap();
        store.write(|tx| tx.execute(&NEWER, &params![])).await.unwrap();
    });
    drop(runtime);
    // The store closes its connections on threads of its own; the last one takes the log into the file,
    // unless two close at the same moment: then the log stays, which is as good a state to begin with.
    let log = file.with_extension("db-wal");
    let started = Instant::now();
    while log.exists() && started.elapsed() < Duration::from_secs(2) {
        std::thread::yield_now();
    }
}

/// Row 40: where nothing can be written, the path is named. Nobody may write there, not even root.
#[test]
fn a_read_only_folder_is_named() {
    let folder = folder();
    let answer = paceline(folder.path(), &[("FITNESS_DATA_DIR", "/sys/paceline")], &["activities"]);
    assert_eq!(answer.code, 78, "{}", answer.stderr);
    assert!(answer.stderr.contains("storage_read_only /sys/paceline"), "{}", answer.stderr);
}

#[test]
fn the_exit_codes_are_in_the_help() {
    let folder = folder();
    let answer = paceline(folder.path(), &[], &["--help"]);
    assert_eq!(answer.code, 0);
    assert!(answer.stdout.contains("78  a setting is wrong"), "{}", answer.stdout);
}

#[test]
fn a_wrong_command_line_ends_with_2() {
    let folder = folder();
    assert_eq!(paceline(folder.path(), &[], &["improt"]).code, 2);
}

/// With `--json`, stdout is exactly one object.
fn check_object(arguments: &[&str], code: i32, key: &str) {
    let folder = folder();
    let answer = paceline(folder.path(), &[], arguments);
    assert_eq!(answer.code, code, "{}", answer.stderr);
    let object: Value = serde_json::from_str(&answer.stdout).unwrap();
    assert!(object.get(key).is_some(), "{}", answer.stdout);
}

#[test]
fn a_program_reads_one_object_of_the_database() {
    check_object(&["db", "migrate", "--json"], 0, "applied");
    check_object(&["db", "status", "--json"], 0, "migrations");
    check_object(&["db", "check", "--json"], 1, "findings");
}

#[test]
fn a_program_reads_one_object_of_steps_and_scripts() {
    check_object(&["steps", "--json"], 0, "items");
    check_object(&["check", "--json"], 0, "scripts");
    check_object(&["doctor", "--json"], 0, "checks");
}

#[test]
fn a_program_reads_one_object_where_it_fails() {
    check_object(&["runs", "show", "nothing", "--json"], 1, "error");
    check_object(&["run", "nothing", "--json"], 2, "error");
    check_object(&["days", "--from", "yesterday", "--json"], 2, "error");
}

#[test]
fn a_program_reads_one_object_of_an_import() {
    let folder = folder();
    let missing = folder.path().join("nowhere.fit");
    let answer = paceline(folder.path(), &[], &["import", missing.to_str().unwrap(), "--json"]);
    assert_eq!(answer.code, 1, "{}", answer.stderr);
    let report: Value = serde_json::from_str(&answer.stdout).unwrap();
    assert_eq!((&report["refused"], &report["files"][0]["code"]), (&1.into(), &"file_not_found".into()));
}

#[test]
fn a_mistake_in_a_pipeline_is_shown_with_line_and_column() {
    let folder = folder();
    let script = "//! Mine.\n\npipeline(\"mine\", #{});\n\nfiles::read(#{\n    max_file_mb: 3,\n});\n";
    write(&folder.path().join("mine.rhai"), script);
    let answer = paceline(folder.path(), &[], &["check", "mine.rhai"]);
    assert_eq!(answer.code, 1, "{}", answer.stderr);
    assert!(answer.stdout.contains("mine.rhai:6:5: unknown field `max_file_mb`"), "{}", answer.stdout);
}

#[test]
fn a_data_folder_that_is_a_file_is_a_wrong_setting() {
    let folder = folder();
    write(&folder.path().join("taken"), "");
    let answer = paceline(folder.path(), &[("FITNESS_DATA_DIR", "taken")], &["days"]);
    assert_eq!(answer.code, 78, "{}", answer.stderr);
    assert!(answer.stderr.starts_with("error: FITNESS_DATA_DIR: cannot make `taken`"), "{}", answer.stderr);
}

#[test]
fn a_check_of_a_damaged_database_sends_to_a_backup_and_not_to_itself() {
    let folder = folder();
    write(&folder.path().join("data/paceline.db"), &"no database ".repeat(1000));
    let other = paceline(folder.path(), &[], &["activities"]);
    assert!(other.stderr.contains("`paceline db check`"), "{}", other.stderr);
    let answer = paceline(folder.path(), &[], &["db", "check"]);
    assert_eq!(answer.code, 1, "{}", answer.stderr);
    assert!(answer.stderr.contains("[storage_corrupt]"), "{}", answer.stderr);
    assert!(answer.stderr.contains("restore a backup"), "{}", answer.stderr);
    assert!(!answer.stderr.contains("`paceline db check`"), "{}", answer.stderr);
}

#[test]
fn a_time_zone_has_no_date() {
    let folder = folder();
    let zone = ["athlete", "set", "--timezone", "Europe/Berlin", "--from", "2026-03-01"];
    let alone = paceline(folder.path(), &[], &zone);
    assert_eq!(alone.code, 2, "{}", alone.stderr);
    assert!(alone.stderr.contains("a time zone has no date"), "{}", alone.stderr);
    let beside = paceline(folder.path(), &[], &[&zone[..], &["--ftp", "250"]].concat());
    assert_eq!(beside.code, 0, "{}", beside.stderr);
    assert!(beside.stderr.contains("a time zone has no date"), "{}", beside.stderr);
}

#[test]
fn a_birth_year_has_no_date_either() {
    let folder = folder();
    let year = ["athlete", "set", "--birth-year", "1985"];
    let dated = paceline(folder.path(), &[], &[&year[..], &["--from", "2026-03-01"]].concat());
    assert_eq!(dated.code, 2, "{}", dated.stderr);
    assert!(dated.stderr.contains("a birth year has no date"), "{}", dated.stderr);
    assert_eq!(paceline(folder.path(), &[], &year).code, 0);
    let shown = paceline(folder.path(), &[], &["athlete", "show"]).stdout;
    assert!(shown.lines().any(|line| line.starts_with("birth year") && line.contains("1985")), "{shown}");
}

#[test]
fn a_dry_run_of_a_setting_writes_nothing() {
    let folder = folder();
    let zones =
        ["athlete", "set", "--hr-zones", "running:110,130,150", "--ftp", "250", "--from", "2026-03-01"];
    let shown = paceline(folder.path(), &[], &[&zones[..], &["--dry-run"]].concat());
    assert_eq!(shown.code, 0, "{}", shown.stderr);
    let wanted = "would be set from 2026-03-01 on: threshold power, heart-rate zones of running\n\
                  no load is computed again\n";
    assert_eq!(shown.stdout, wanted);
    let given = || paceline(folder.path(), &[], &["athlete", "show", "--json"]).stdout.contains("2026-03-01");
    assert!(!given());
    let set = paceline(folder.path(), &[], &[&zones[..], &["--yes"]].concat());
    assert_eq!(set.code, 0, "{}", set.stderr);
    assert!(given());
}

#[test]
fn a_rule_whose_advice_has_another_form_is_found_at_its_example() {
    let folder = folder();
    let rule = "//! Mine.\nfn applies(day) { day.x > 1 }\nfn advise(day) { #{ pick: \"medium\", weight: 1, why: \"So.\" } }\n\
                fn examples() {[\n  #{ day: #{ x: 2 }, pick: \"medium\" },\n  #{ day: #{ x: 0 }, silent: true },\n]}\n";
    write(&folder.path().join("mine.rhai"), rule);
    let answer = paceline(folder.path(), &[], &["check", "mine.rhai"]);
    assert_eq!(answer.code, 1, "{}", answer.stderr);
    assert!(
        answer.stdout.contains("mine.rhai:5:3: what it advises does not fit: unknown variant"),
        "{}",
        answer.stdout
    );
}

#[test]
fn a_script_of_a_step_is_checked_by_name_and_by_path() {
    let folder = folder();
    let scripts = folder.path().join("scripts");
    let variables = [("FITNESS_SCRIPTS_DIR", "scripts")];
    write(&scripts.join("pipelines/mine.rhai"), "//! Mine.\npipeline(\"mine\", #{});\nfiles::read();\n");
    let made = paceline(folder.path(), &variables, &["new", "step", "far"]);
    assert_eq!((made.code, made.stdout.as_str()), (0, "scripts/scripts/steps/far.rhai\n"), "{}", made.stderr);
    assert_eq!(paceline(folder.path(), &variables, &["new", "step", "far"]).code, 1);
    let uses = "//! Mine.\npipeline(\"uses\", #{});\nscript::map(files::read(), #{ script: \"far\" });\n";
    write(&scripts.join("pipelines/uses.rhai"), uses);
    for named in ["far", "scripts/scripts/steps/far.rhai", "uses", "scripts/pipelines/uses.rhai"] {
        let answer = paceline(folder.path(), &variables, &["check", named]);
        assert_eq!(answer.code, 0, "{named}: {}", answer.stdout);
    }
    let wrong = "fn each(item) { item }\nfn examples() {[\n  #{ item: 1, gives: 2 },\n]}\n";
    write(&scripts.join("scripts/steps/far.rhai"), wrong);
    let answer = paceline(folder.path(), &variables, &["check", "far"]);
    assert_eq!(answer.code, 1, "{}", answer.stdout);
    assert!(answer.stdout.contains("far.rhai:3:3: it answers 1, expected 2"), "{}", answer.stdout);
}

#[test]
fn a_script_that_is_no_text_stops_no_other() {
    let folder = folder();
    let scripts = folder.path().join("scripts");
    write(&scripts.join("pipelines/good.rhai"), "//! Good.\npipeline(\"good\", #{});\nfiles::read();\n");
    std::fs::write(scripts.join("pipelines/bad.rhai"), b"//! Bad.\npipeline(\xff);\n").unwrap();
    let variables = [("FITNESS_SCRIPTS_DIR", "scripts")];
    let answer = paceline(folder.path(), &variables, &["check"]);
    assert_eq!(answer.code, 1, "{}", answer.stderr);
    assert!(answer.stdout.contains("pipelines/bad.rhai:2:10: "), "{}", answer.stdout);
    assert_eq!(paceline(folder.path(), &variables, &["check", "good"]).code, 0);
}

/// A process that is told to stop leaves its run to the next one, and a program reads that.
#[test]
fn an_import_that_is_terminated_hands_its_run_back() {
    let folder = folder();
    for index in 0..4000 {
        write(&folder.path().join(format!("tracks/{index}.gpx")), &track(index));
    }
    let mut import = program(folder.path());
    import.args(["import", "tracks", "--json"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let import = import.spawn().unwrap();
    let data = folder.path().join("data/paceline.db");
    until("the run is at work", || data.exists() && states(&data) == ["running"]);
    let told = Instant::now();
    let id = import.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    let answer = answer(import.wait_with_output().unwrap());
    assert!(told.elapsed() < Duration::from_secs(10), "{:?}", told.elapsed());
    assert_eq!(answer.code, 1, "{}", answer.stderr);
    let object: Value = serde_json::from_str(&answer.stdout).unwrap();
    assert_eq!(object["error"]["code"], "interrupted", "{}", answer.stdout);
    assert_eq!(states(&data), ["queued"]);
}

fn track(index: usize) -> String {
    let points = (0..60).map(|at| {
        let (minute, second) = (index / 60 % 60, at);
        let (day, hour) = (1 + index / 86_400, index / 3600 % 24);
        format!(
            "<trkpt lat=\"47.{at:04}\" lon=\"8.{index:04}\"><time>2026-03-{day:02}T{hour:02}:{minute:02}:{second:02}Z</time></trkpt>"
        )
    });
    let points: String = points.collect();
    format!("<gpx version=\"1.1\" creator=\"a\"><trk><trkseg>{points}</trkseg></trk></gpx>")
}

/// The states of all runs.
fn states(data: &Path) -> Vec<String> {
    const STATES: Sql = Sql::Both("SELECT state FROM run ORDER BY id");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let Ok(store) = Store::open(&Url::sqlite(data)).await else { return Vec::new() };
        let states = store.read(|tx| tx.query(&STATES, &params![], |row| row.get(0))).await;
        // Before the schema is there, there are no runs.
        states.unwrap_or_default()
    })
}

fn until(what: &str, is_so: impl Fn() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < Duration::from_secs(30), "not within 30 s: {what}");
        std::thread::yield_now();
    }
}
