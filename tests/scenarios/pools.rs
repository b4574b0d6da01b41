//! Processes that share a pool: never too many at once, and none that died or sleeps keeps the others out.

use std::fs;

use engine::run::record::RunRecord;
use engine::run::{RunState, StepState};
use rustix::process::Signal;
use serde_json::Value;

use crate::crash::{DAYS, Watch, import};
use crate::program::Program;
use crate::workers::{Process, hasty, put_to_sleep};

const POOLED: &str = r#"//! Files, one reader at a time.
pipeline("import", #{ on_overlap: "queue", params: #{ paths: [], uploads: [] } });
pool("disk", #{ slots: 1, calls: 1000, per: "1d" });
files::read().pool("disk");
"#;

/// A program whose imports share a pool of one slot.
fn pooled(program: &Program, days: u32) {
    let scripts = program.path("scripts");
    fs::create_dir_all(scripts.join("pipelines")).unwrap();
    fs::write(scripts.join("pipelines/import.rhai"), POOLED).unwrap();
    program.demo(days);
    program.succeed(&["db", "migrate"]);
}

fn with_scripts(program: &Program, mut command: std::process::Command) -> Process {
    command.env("FITNESS_SCRIPTS_DIR", program.path("scripts"));
    Process::quiet(hasty(command))
}

fn import_for(program: &Program, athlete: &str) -> Process {
    let mut command = import(program);
    command.args(["--athlete", athlete]);
    with_scripts(program, command)
}

fn pool(program: &Program) -> Value {
    let mut command = program.command(&["pools", "--json"]);
    command.env("FITNESS_SCRIPTS_DIR", program.path("scripts"));
    serde_json::from_slice(&command.output().unwrap().stdout).unwrap()
}

#[test]
fn a_killed_process_and_one_that_sleeps_give_their_slot_to_the_next() {
    for (program, signal) in Program::on_both().into_iter().zip([Signal::KILL, Signal::STOP]) {
        pooled(&program, DAYS);
        let watch = Watch::new(&program);
        let first = import_for(&program, "one");
        watch.until("some files are in", |watch| watch.files_done() > 0);
        if signal == Signal::STOP {
            put_to_sleep(&first, &watch);
        } else {
            first.signal(signal);
        }
        let holder = watch.runs().remove(0);
        let _second = import_for(&program, "two");
        watch.until("the second run is there", |watch| watch.runs().len() == 2);
        let _heir = with_scripts(&program, program.command(&["work"]));
        watch.until("all are over", |watch| watch.runs().iter().all(|run| run.state == RunState::Succeeded));
        let attempts = &watch.steps(&holder.id)["files.read"].attempts;
        assert_eq!(attempts[0].state, StepState::Lost, "{attempts:?}");
        let left = pool(&program);
        assert_eq!((&left["holders"], &left["waiting"]), (&Value::from([0; 0]), &Value::from([0; 0])));
        let attempts = |run: &RunRecord| watch.steps(&run.id)["files.read"].attempts.len();
        let made: usize = watch.runs().iter().map(attempts).sum();
        assert!(made >= 3);
        assert_eq!(left["calls"]["used"], made, "each attempt paid, the lost one too");
    }
}

#[test]
fn two_processes_never_have_more_in_the_pool_than_it_holds() {
    for program in Program::on_both() {
        pooled(&program, DAYS / 4);
        let watch = Watch::new(&program);
        let _imports = ["one", "two", "three"].map(|athlete| import_for(&program, athlete));
        watch.until("all three are there", |watch| watch.runs().len() == 3);
        let mut most = 0;
        watch.until("all are over", |watch| {
            most = most.max(watch.in_pools());
            watch.runs().iter().all(|run| run.state == RunState::Succeeded)
        });
        assert!(most <= 1, "{most} at once");
        let attempt = |run: &RunRecord| watch.steps(&run.id)["files.read"].attempts.last().cloned().unwrap();
        let mut attempts: Vec<_> = watch.runs().iter().map(attempt).collect();
        attempts.sort_by_key(|attempt| attempt.started_ms);
        for pair in attempts.windows(2) {
            assert!(pair[0].finished_ms.unwrap() <= pair[1].started_ms, "at work at once: {pair:?}");
        }
    }
}
