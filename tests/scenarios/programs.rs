//! Programs from outside in a whole installation: a tap and a program behind it, and programs that nobody should run.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::process::{Pid, test_kill_process_group};
use serde_json::{Value, json};

use crate::bombs::{check_waits, keep_asking};
use crate::crash::Watch;
use crate::program::Program;
use crate::workers::{Process, hasty};

const SHEET: &str = r#"//! What the tap counts, and the even ones of it.
pipeline("sheet", #{ lock: "sheet" });

let counted = singer::tap(#{ program: "tap", config: #{ count: 10 }, streams: ["numbers"] });
process::exec([counted], #{ program: "even", key: ["id"], silent: true });
"#;
const SAID: &str = r#"//! What programs say.
pipeline("said", #{});

let counted = singer::tap(#{ program: "tap", config_file: "tap.json", streams: ["numbers"] });
process::exec([counted], #{ program: "break" });
"#;
/// Where nothing fits, `grep` ends with 1.
const EVEN: &str = r#"grep -E '"id":[0-9]*[02468],' || [ $? = 1 ]"#;

/// What a server meets, and the code that its run ends with.
const BAD: [(&str, &str, &str); 7] = [
    (
        "flood",
        r#"much=$(head -c 2000 /dev/zero | tr '\0' x); exec yes "{\"id\":1,\"much\":\"$much\"}""#,
        "process_output_too_large",
    ),
    ("giant", r#"head -c 100000000 /dev/zero | tr '\0' x"#, "process_line_too_long"),
    ("deaf", "trap '' TERM; while :; do sleep 1000; done", "process_timeout"),
    ("parent", "sleep 1000 &", "process_left_children"),
    ("lost", "sleep 1000 & exit 3", "process_exit"),
    ("broken", "echo '{'", "process_bad_json"),
    ("silent", "exit 0", "process_silent"),
];

/// An installation with scripts and programs of its own.
struct House {
    program: Program,
    scripts: PathBuf,
    programs: PathBuf,
}

impl House {
    fn new(program: Program) -> Self {
        let (scripts, programs) = (program.path("own-scripts"), program.path("programs"));
        fs::create_dir_all(scripts.join("pipelines")).unwrap();
        fs::create_dir(&programs).unwrap();
        fs::set_permissions(&programs, fs::Permissions::from_mode(0o755)).unwrap();
        symlink(test_tap::program(), programs.join("tap")).unwrap();
        Self { program, scripts, programs }
    }

    fn pipeline(&self, name: &str, text: &str) {
        fs::write(self.scripts.join(format!("pipelines/{name}.rhai")), text).unwrap();
    }

    fn script(&self, name: &str, body: &str) {
        let path = self.programs.join(name);
        fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.program.command(arguments);
        command.env("FITNESS_SCRIPTS_DIR", &self.scripts).env("FITNESS_PROCESS_PROGRAMS", &self.programs);
        command
    }

    /// How many records each step of a run wrote.
    fn run(&self, pipeline: &str) -> Vec<u64> {
        let output = self.command(&["run", pipeline, "--json"]).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{error}");
        let run: Value = serde_json::from_slice(&output.stdout).unwrap();
        let steps = run["steps"].as_array().unwrap();
        steps.iter().map(|step| step["artifact"]["rows"].as_u64().unwrap()).collect()
    }
}

#[test]
fn a_tap_and_a_program_behind_it_tell_what_is_new() {
    for program in Program::on_both() {
        let house = House::new(program);
        house.pipeline("sheet", SHEET);
        house.script("even", EVEN);
        assert_eq!(house.run("sheet"), [10, 5]);
        assert_eq!(house.run("sheet"), [0, 0]);
        house.pipeline("sheet", &SHEET.replace("count: 10", "count: 13"));
        assert_eq!(house.run("sheet"), [3, 1]);
        let checked = house.command(&["doctor"]).output().unwrap();
        let told = String::from_utf8_lossy(&checked.stdout).into_owned();
        assert!(told.contains("even, tap"), "{told}");
    }
}

#[test]
fn without_a_folder_no_program_is_run() {
    let house = House::new(Program::on_sqlite());
    house.pipeline("sheet", SHEET);
    let mut command = house.program.command(&["run", "sheet"]);
    let output = command.env("FITNESS_SCRIPTS_DIR", &house.scripts).output().unwrap();
    let told =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(!output.status.success() && told.contains("programs_not_allowed"), "{told}");
}

#[test]
fn a_program_ends_with_a_server_that_is_killed_and_its_run_goes_on_elsewhere() {
    let house = House::new(Program::on_sqlite());
    let leader = house.program.path("leader.txt");
    house.pipeline(
        "wait",
        "//! Waits once.\npipeline(\"wait\", #{});\nprocess::exec([], #{ program: \"wait\", key: [\"id\"] });\n",
    );
    // The first time it waits, the next time it does not.
    let leads = leader.display();
    house.script(
        "wait",
        &format!("if ! test -e {leads}; then echo $$ > {leads}.new; mv {leads}.new {leads}; exec sleep 1000; fi\necho '{{\"id\":1}}'"),
    );
    let killed = Process::quiet(hasty(house.command(&["run", "wait"])));
    let watch = Watch::new(&house.program);
    watch.until("the program has begun", |_| leader.exists());
    drop(killed);
    let group = Pid::from_raw(fs::read_to_string(&leader).unwrap().trim().parse().unwrap()).unwrap();
    watch.until("the program is gone", |_| test_kill_process_group(group).is_err());
    let _heir = Process::quiet(hasty(house.command(&["work", "--slots", "1"])));
    watch.until("the run is over", |watch| watch.runs()[0].state.is_over());
    let steps = watch.steps(&watch.runs()[0].id);
    assert_eq!(steps["process.exec"].artifact.as_ref().unwrap()["rows"], 1);
}

#[test]
fn a_tap_whose_server_is_killed_in_the_midst_of_it_tells_each_record_once() {
    for program in Program::on_both() {
        let house = House::new(program);
        let (held, got) = (house.program.path("held.txt"), house.program.path("got.txt"));
        let hold = format!("#{{ after: 10001, file: \"{}\" }}", held.display());
        let config = format!("#{{ count: 20000, hold: {hold} }}");
        let tap = format!("singer::tap(#{{ program: \"tap\", config: {config}, streams: [\"numbers\"] }})");
        let exec = "process::exec([counted], #{ program: \"keep\", key: [\"id\"] });";
        let head = "//! Counts far.\npipeline(\"far\", #{});\n";
        house.pipeline("far", &format!("{head}let counted = {tap};\n{exec}\n"));
        house.script("keep", &format!("exec tee -a {}", got.display()));
        let killed = Process::quiet(hasty(house.command(&["run", "far"])));
        let watch = Watch::new(&house.program);
        watch.until("the tap stands still, and some is stored", |watch| {
            held.exists() && watch.records_told() > 0
        });
        drop(killed);
        assert!(watch.records_told() < 20_000);
        let _heir = Process::quiet(hasty(house.command(&["work", "--slots", "1"])));
        watch.until("the run is over", |watch| watch.runs()[0].state.is_over());
        let steps = watch.steps(&watch.runs()[0].id);
        let rows =
            ["singer.tap", "process.exec"].map(|step| steps[step].artifact.as_ref().unwrap()["rows"].clone());
        assert_eq!(rows, [20_000, 20_000]);
        assert_eq!(watch.records_told(), 40_000);
        let got = fs::read_to_string(&got).unwrap();
        let distinct: BTreeSet<&str> = got.lines().collect();
        assert_eq!((got.lines().count(), distinct.len()), (20_000, 20_000));
    }
}

#[test]
fn what_a_program_says_is_in_the_sheet_of_its_step_and_its_secrets_are_not() {
    for program in Program::on_both() {
        let house = House::new(program);
        let file = house.programs.join("tap.json");
        fs::write(&file, r#"{"count": 2, "token": "hush-hush-hush"}"#).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        house.script("break", "echo 'ERROR why it broke' >&2; echo '{'");
        house.pipeline("said", SAID);
        let output = house.command(&["run", "said"]).output().unwrap();
        assert!(!output.status.success());
        let shown = house.command(&["runs", "show", "--json"]).output().unwrap().stdout;
        let run: Value = serde_json::from_slice(&shown).unwrap();
        let lines = run["log"].as_array().unwrap();
        for (step, text, level) in [
            ("singer.tap", "INFO counts to 2 with ***", "info"),
            ("process.exec", "ERROR why it broke", "warn"),
        ] {
            let line = lines.iter().find(|line| line["step"] == step && line["text"] == text);
            let found = line.map(|line| (&line["level"], &line["attempt"]));
            assert_eq!(found, Some((&json!(level), &json!(1))), "{lines:?}");
        }
        assert!(!String::from_utf8_lossy(&shown).contains("hush"), "{lines:?}");
    }
}

#[test]
fn no_program_keeps_a_server_from_answering_others() {
    let house = House::new(Program::on_sqlite());
    for (name, script, _) in BAD {
        house.script(name, script);
        let limits = "#{ time_s: 6, output_mib: 8, line_kib: 64 }";
        let step = format!("process::exec([], #{{ program: \"{name}\", limits: {limits} }});\n");
        house.pipeline(name, &format!("//! It should not.\npipeline(\"{name}\", #{{}});\n{step}"));
    }
    let variables =
        [("FITNESS_SCRIPTS_DIR", &*house.scripts), ("FITNESS_PROCESS_PROGRAMS", &*house.programs)];
    let mut server = house.program.serve_with(&variables);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let stop = Arc::new(AtomicBool::new(false));
        let others = tokio::spawn(keep_asking(server.url.clone(), stop.clone()));
        let http = reqwest::Client::new();
        for (name, _, code) in BAD {
            let url = format!("{}/api/v1/pipelines/{name}/runs", server.url);
            let started: Value = http.post(url).json(&json!({})).send().await.unwrap().json().await.unwrap();
            let run = format!("{}/api/v1/runs/{}", server.url, started["run"].as_str().unwrap());
            let ended = loop {
                let run: Value = http.get(&run).send().await.unwrap().json().await.unwrap();
                if run["state"] == "failed" {
                    break run;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            };
            assert_eq!(ended["steps"][0]["error_code"], code, "{name}: {ended}");
        }
        stop.store(true, Ordering::Relaxed);
        check_waits(others.await.unwrap(), BAD.len());
    });
    assert_eq!(server.stop(), Some(0));
}
