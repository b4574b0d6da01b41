//! Many processes on one queue: they share it, hand over, and are not fooled by one that was only asleep.

use std::fs::File;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use engine::run::{RunState, StepState};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::chaos::number_set;
use crate::crash::{DAYS, Watch, facts, import};
use crate::program::Program;

const DEFAULT_TERMS: &str = "PACELINE_DEFAULT_TERMS";

/// A process of the program that is killed when the test ends.
pub(crate) struct Process(Child);

impl Process {
    /// One whose log nobody reads.
    pub(crate) fn quiet(mut command: Command) -> Self {
        Self(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }

    /// Its log goes into the file.
    pub(crate) fn logging(mut command: Command, log: File) -> Self {
        Self(command.stdout(Stdio::null()).stderr(log).spawn().unwrap())
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.0)
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
    Process::quiet(program.command(&["work", "--slots", "2"]))
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

/// A command whose leases are short, so that a test need not wait long for one to run out. With
/// `PACELINE_DEFAULT_TERMS` set they are as long as a user's.
pub(crate) fn hasty(mut command: Command) -> Command {
    if number_set(DEFAULT_TERMS, 0) > 0 {
        return command;
    }
    command.env("FITNESS_LEASE", "3s").env("FITNESS_HEARTBEAT", "1s").env("FITNESS_POLL", "100ms");
    command
}

/// Stops a process at a moment when the others can go on: inside a transaction it would keep SQLite's write lock, or rows
/// of its run on PostgreSQL, where a long one may stay open for ten minutes.
pub(crate) fn put_to_sleep(process: &Process, watch: &Watch) {
    loop {
        process.signal(Signal::STOP);
        if watch.is_at_rest() {
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
        let mut sleeper = Process::quiet(hasty(import(&program)));
        watch.until("some files are in", |watch| watch.files_done() > 0);
        put_to_sleep(&sleeper, &watch);
        let run = watch.runs().remove(0);
        assert_eq!(run.state, RunState::Running, "the run was over before its worker was stopped");

        let asleep = Instant::now();
        let _heir = Process::quiet(hasty(program.command(&["work"])));
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

/// Stops a process in the midst of a transaction.
fn stop_inside_a_transaction(process: &Process, watch: &Watch, run: &str) {
    loop {
        process.signal(Signal::STOP);
        if watch.is_inside_a_transaction() {
            return;
        }
        assert!(!watch.is_over(run), "the run was over before its worker was caught in a transaction");
        process.signal(Signal::CONT);
        std::thread::yield_now();
    }
}

fn told(watch: &Watch, program: &Program, run: &str) -> String {
    format!("{:?} {:?} {:?}", watch.runs(), watch.steps(run), facts(program))
}

#[test]
fn a_worker_stopped_inside_a_transaction_on_postgresql_is_taken_over_and_writes_nothing_when_it_wakes() {
    let program = Program::on_postgres();
    program.demo(DAYS);
    program.succeed(&["db", "migrate"]);
    let watch = Watch::new(&program);
    let mut sleeper = Process::quiet(hasty(import(&program)));
    watch.until("some files are in", |watch| watch.files_done() > 0);
    let run = watch.runs().remove(0).id;
    stop_inside_a_transaction(&sleeper, &watch, &run);

    let asleep = Instant::now();
    let _heir = Process::quiet(hasty(program.command(&["work"])));
    watch.until("the run is taken over", |watch| watch.has_lost_attempt(&run));
    println!("taken over after {:?}", asleep.elapsed());
    assert!(asleep.elapsed() < Duration::from_secs(45));
    watch.until("the run is over", |watch| watch.is_over(&run));
    let left = told(&watch, &program, &run);
    assert_eq!(facts(&program), facts_of_an_uncut_one());

    sleeper.signal(Signal::CONT);
    assert!(sleeper.0.wait().unwrap().success(), "it tells of the run, whoever finished it");
    assert_eq!(told(&watch, &program, &run), left);
}

#[test]
fn a_worker_stopped_inside_a_transaction_on_sqlite_makes_the_others_busy_and_all_is_well_when_it_wakes() {
    let program = Program::on_sqlite();
    program.demo(DAYS);
    program.succeed(&["db", "migrate"]);
    let watch = Watch::new(&program);
    let mut sleeper = Process::quiet(hasty(import(&program)));
    watch.until("some files are in", |watch| watch.files_done() > 0);
    let run = watch.runs().remove(0).id;
    stop_inside_a_transaction(&sleeper, &watch, &run);

    let asleep = Instant::now();
    let _heir = Process::quiet(hasty(program.command(&["work"])));
    let refused = program.run(&["pipelines", "pause", "daily", "--json"]);
    assert!(!refused.status.success());
    let refused: Value = serde_json::from_slice(&refused.stdout).unwrap();
    assert_eq!(refused["error"]["code"], "store_busy", "{refused}");
    // Longer than one and a half of its leases of 3 s: the others were patient for that long.
    assert!(asleep.elapsed() > Duration::from_millis(4_500));

    sleeper.signal(Signal::CONT);
    assert!(sleeper.0.wait().unwrap().success(), "it tells of the run, whoever finished it");
    watch.until("the run is over", |watch| watch.is_over(&run));
    let steps = watch.steps(&run);
    let succeeded = steps
        .values()
        .map(|step| step.attempts.iter().filter(|attempt| attempt.state == StepState::Succeeded).count());
    assert!(succeeded.into_iter().all(|times| times == 1), "{steps:?}");
    assert_eq!(facts(&program), facts_of_an_uncut_one());
}
