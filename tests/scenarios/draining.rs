//! A worker that is told to stop at any moment of a run ends in order, and leaves nothing that the next one waits for.
//!
//! `PACELINE_SIGTERMS` says how often.

use std::time::{Duration, Instant};

use engine::run::RunState;

use crate::chaos::{Dice, number_set};
use crate::crash::{DAYS, Watch, facts, import};
use crate::program::Program;
use crate::workers::Process;

const USUAL: u64 = 8;
/// A run of these files takes some times as long.
const LATEST_MS: u64 = 600;

/// An installation with a run in its queue that was cut off as it began.
fn begun(program: &Program) -> Watch {
    program.demo(DAYS);
    program.succeed(&["db", "migrate"]);
    let watch = Watch::new(program);
    let mut child = import(program).spawn().unwrap();
    watch.until("the run is there", |watch| !watch.runs().is_empty());
    child.kill().unwrap();
    child.wait().unwrap();
    watch
}

/// Tells workers to stop, one after the other, until the run is over; answers how many.
fn check(program: &Program, most: u64, dice: &mut Dice) -> u64 {
    let watch = begun(program);
    let run = watch.runs().remove(0).id;
    let mut told = 0;
    while told < most && !watch.is_over(&run) {
        let worker = Process::quiet(program.command(&["work"]));
        watch.until("the worker has the run", |watch| watch.holds(worker.id()) || watch.is_over(&run));
        let moment = Instant::now() + Duration::from_millis(dice.roll(LATEST_MS));
        while Instant::now() < moment {
            std::thread::yield_now();
        }
        let asked = Instant::now();
        assert_eq!(worker.stop(), Some(0));
        assert!(asked.elapsed() < Duration::from_secs(10), "it took {:?}", asked.elapsed());
        assert_eq!(watch.held_and_workers(), (0, 0), "a lease or a worker is left behind");
        told += 1;
    }
    let _last = Process::quiet(program.command(&["work"]));
    watch.until("the run is over", |watch| watch.is_over(&run));
    assert_eq!(watch.runs()[0].state, RunState::Succeeded);
    told
}

#[test]
fn a_worker_that_is_told_to_stop_ends_at_once_with_success_and_leaves_no_lease() {
    let seed = number_set("PACELINE_CHAOS_SEED", u64::from(std::process::id()));
    println!("seed {seed}");
    let mut dice = Dice(seed);
    let uncut = Program::on_sqlite();
    let folder = uncut.demo(DAYS);
    uncut.succeed(&["import", &folder.to_string_lossy()]);
    let expected = facts(&uncut);
    let (mut left, mut runs) = (number_set("PACELINE_SIGTERMS", USUAL), 0);
    while left > 0 {
        let program = if runs % 2 == 0 { Program::on_sqlite() } else { Program::on_postgres() };
        left -= check(&program, left, &mut dice);
        assert_eq!(facts(&program), expected);
        runs += 1;
    }
    println!("over {runs} runs");
}
