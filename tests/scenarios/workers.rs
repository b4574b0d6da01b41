//! Many processes on one queue: they share it, hand over, and are not fooled by one that was only asleep.

use std::fs::File;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use engine::run::{RunState, StepState};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::crash::{DAYS, Watch, facts, import};
use crate::program::Program;

/// A process of the program that is killed when the test ends.
pub(crate) struct Process(Child);

impl Process {
    fn start(mut command: Command) -> Self {
        Self(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }

    /// Its log goes into the file.
    pub(crate) fn logging(mut command: Command, log: File) -> Self {
        Self(command.stdout(Stdio::null()).stderr(log).spawn().unwrap())
    }

    fn id(&self) -> u32 {
        self.0.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.0), signal).unwrap();
    }

    /// Asks it to stop, and answers its exit code.
    pub(crate) fn stop(mut self) -> Option<i32> {
        self.signal(Signal::TERM);
        self.0.wait().unwrap().code()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn worker(program: &Program) -> Process {
    Process::start(program.command(&["work", "--slots", "2"]))
}

#[test]
fn a_worker_takes_up_what_a_killed_process_left_and_signs_off_when_it_is_told_to_stop() {
    for program in Program::on_both() {
        program.demo(DAYS);
        program.succeed(&["db", "migrate"]);
        let watch = Watch::new(&program);
        let mut child = import(&program).spawn().unwrap();
        watch.until("some files are in", |watch| watch.files_done() > 0);
        child.kill().unwrap();
        child.wait().unwrap();
        let worker = worker(&program);
        watch.until("the worker is on the list", |_| {
            let mine = |line: &Value| line["process"] == worker.id() && line["runs"][0].is_string();
            program.lines(&["workers", "--json"]).iter().any(mine)
        });
        let asked = Instant::now();
        assert_eq!(worker.stop(), Some(0));
        assert!(asked.elapsed() < Duration::from_secs(10));
        let left = program.lines(&["workers", "--json"]);
        assert!(left.is_empty(), "{left:?}");
        let _second = self::worker(&program);
        watch.until("the run is over", |watch| watch.runs()[0].state.is_over());
        assert_eq!(facts(&program), facts_of_an_uncut_one());
    }
}

fn facts_of_an_uncut_one() -> (Vec<Value>, Vec<Value>) {
    let uncut = Program::on_sqlite();
    let folder = uncut.demo(DAYS);
    uncut.json(&["import", &folder.to_string_lossy(), "--json"]);
    facts(&uncut)
}

/// A command whose leases are short, so that a test need not wait long for one to run out.
pub(crate) fn hasty(mut command: Command) -> Command {
    command.env("FITNESS_LEASE", "3s").env("FITNESS_HEARTBEAT", "1s").env("FITNESS_POLL", "100ms");
    command
}

/// Stops a process at a moment when the others can go on: inside a transaction it would keep SQLite's write lock.
fn put_to_sleep(process: &Process, watch: &Watch) {
    loop {
        process.signal(Signal::STOP);
        if watch.can_write() {
            return;
        }
        process.signal(Signal::CONT);
    }
}

#[test]
fn a_worker_that_slept_longer_than_its_lease_writes_nothing_when_it_wakes() {
    let expected = facts_of_an_uncut_one();
    for program in Program::on_both() {
        program.demo(DAYS);
        program.succeed(&["db", "migrate"]);
        let watch = Watch::new(&program);
        let mut sleeper = Process::start(hasty(import(&program)));
        watch.until("some files are in", |watch| watch.files_done() > 0);
        put_to_sleep(&sleeper, &watch);
        let run = watch.runs().remove(0);
        assert_eq!(run.state, RunState::Running, "the run was over before its worker was stopped");

        let asleep = Instant::now();
        let _heir = Process::start(hasty(program.command(&["work"])));
        watch.until("the run is taken over", |watch| {
            watch.steps(&run.id)["files.read"].attempts.iter().any(|attempt| attempt.state == StepState::Lost)
        });
        assert!(asleep.elapsed() < Duration::from_secs(45));
        watch.until("the run is over", |watch| watch.runs()[0].state.is_over());
        let left = (format!("{:?}", watch.runs()), format!("{:?}", watch.steps(&run.id)), facts(&program));
        assert_eq!(left.2, expected);

        sleeper.signal(Signal::CONT);
        assert!(sleeper.0.wait().unwrap().success(), "it tells of the run, whoever finished it");
        let after = (format!("{:?}", watch.runs()), format!("{:?}", watch.steps(&run.id)), facts(&program));
        assert_eq!(after, left);
    }
}
