//! The program is killed at each of its commits in turn, before it and after it, and has to leave what an uncut one leaves.
//!
//! `PACELINE_FAILPOINT_STRIDE` takes only every so manieth commit: 1 takes each of them on both databases.
//! `PACELINE_FAILPOINT_DAYS` makes the import larger.

use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;

use engine::run::{RunState, StepState};

use crate::chaos::number_set;
use crate::crash::{Watch, facts};
use crate::program::Program;

const USUAL_DAYS: u64 = 3;
/// Of the commits on PostgreSQL, where a start takes longer.
const USUAL_STRIDE: u64 = 6;
const KILLED: i32 = 9;

/// Carries an import out that dies at that commit, and answers whether it did.
fn is_cut(program: &Program, failpoint: &str) -> bool {
    let folder = program.demo(days());
    let mut command = program.command(&["import", &folder.to_string_lossy(), "--json"]);
    command.env("PACELINE_FAILPOINT", failpoint).stdout(Stdio::null()).stderr(Stdio::null());
    let status = command.status().unwrap();
    assert!(status.success() || status.signal() == Some(KILLED), "at {failpoint}: {status}");
    !status.success()
}

/// Takes up what was cut off, without a word about what it was.
fn resume(program: &Program) {
    program.succeed(&["db", "migrate"]);
    let is_asked_for = !Watch::new(program).runs().is_empty();
    if is_asked_for {
        program.succeed(&["run", "daily"]);
    } else {
        let folder = program.path("demo");
        program.succeed(&["import", &folder.to_string_lossy()]);
    }
}

/// Steps of an import that are at work at once: advice, segments, routes, places and metrics of days.
const SIDE_BY_SIDE: usize = 5;

fn check_resumed(program: &Program, failpoint: &str) {
    let watch = Watch::new(program);
    let mut lost = 0;
    for run in watch.runs() {
        assert_eq!(run.state, RunState::Succeeded, "at {failpoint}: {run:?}");
        for step in watch.steps(&run.id).values() {
            let is_lost = |attempt: &&engine::run::record::AttemptRecord| attempt.state == StepState::Lost;
            lost += step.attempts.iter().filter(is_lost).count();
            assert!(step.attempts.len() <= 2, "at {failpoint}: {step:?}");
        }
    }
    assert!(lost <= SIDE_BY_SIDE, "at {failpoint}, {lost} steps ran again");
}

/// Walks through the commits of an import from the first migration to the last word about its run, and answers how many
/// deaths there were.
#[expect(clippy::print_stdout, reason = "figures for a person")]
fn check(install: impl Fn() -> Program, side: &str, stride: u64) -> u64 {
    let uncut = Program::on_sqlite();
    let folder = uncut.demo(days());
    uncut.succeed(&["import", &folder.to_string_lossy()]);
    let expected = facts(&uncut);
    let mut deaths = 0;
    for commit in (1..).step_by(usize::try_from(stride).unwrap()) {
        let (program, failpoint) = (install(), format!("{side}:{commit}"));
        if !is_cut(&program, &failpoint) {
            break;
        }
        deaths += 1;
        resume(&program);
        check_resumed(&program, &failpoint);
        assert_eq!(facts(&program), expected, "at {failpoint}");
    }
    println!("{deaths} deaths {side} a commit, every {stride}.");
    assert!(deaths * stride > 10, "an import has more commits than {deaths}");
    deaths
}

fn days() -> u32 {
    u32::try_from(number_set("PACELINE_FAILPOINT_DAYS", USUAL_DAYS)).unwrap()
}

fn stride(usual: u64) -> u64 {
    number_set("PACELINE_FAILPOINT_STRIDE", usual)
}

#[test]
fn an_import_that_dies_before_any_of_its_commits_leaves_what_an_uncut_one_leaves() {
    check(Program::on_sqlite, "before", stride(1));
}

#[test]
fn an_import_that_dies_after_any_of_its_commits_leaves_what_an_uncut_one_leaves() {
    check(Program::on_sqlite, "after", stride(1));
}

#[test]
fn the_same_holds_on_postgresql() {
    for side in ["before", "after"] {
        check(Program::on_postgres, side, stride(USUAL_STRIDE));
    }
}
