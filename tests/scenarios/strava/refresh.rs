//! Two processes with one pair of tokens: one of them asks for the next pair, and nobody uses an old one.
//!
//! `PACELINE_REFRESH_ROUNDS` renews more often, `PACELINE_REFRESH_STRIDE` takes only every so manieth commit of one that
//! is killed: 1 takes each of them.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use store::{Sql, Store};
use upstream::strava::{ATHLETE, Rotation};
use upstream::{Call, Fault, Switch};

use super::Service;
use super::sync::now_ms;
use crate::chaos::number_set;
use crate::program::Program;
use crate::workers::hasty;

const USUAL_ROUNDS: u64 = 2;
const USUAL_STRIDE: u64 = 8;
/// So long the answer takes that both processes are there before it comes.
const TAKES: Duration = Duration::from_millis(2_500);
/// The pair is about to end, and whoever has asked for the next one is not waited for.
const ENDS: Sql = Sql::Both("UPDATE strava_connection SET expires_ms = 0, refreshing_until_ms = NULL");

const NOBODY_ASKS: Sql = Sql::Both("UPDATE strava_connection SET refreshing_until_ms = NULL");

/// A pair of processes that need a token, each in a run that waits for nobody else's.
struct Pair<'a> {
    service: &'a Service,
    program: &'a Program,
    scripts: PathBuf,
    store: Store,
}

impl<'a> Pair<'a> {
    fn new(service: &'a Service, program: &'a Program) -> Self {
        let scripts = program.path("scripts");
        fs::create_dir_all(scripts.join("pipelines")).unwrap();
        for name in ["one", "two"] {
            let script = format!(
                "//! What is new.\n\npipeline(\"{name}\", #{{ lock: \"{name}\" }});\n\nstrava::activities();\n"
            );
            fs::write(scripts.join(format!("pipelines/{name}.rhai")), script).unwrap();
        }
        service.upstream.strava().switch(|switches| switches.rotation = Rotation::Always);
        service.upstream.strava().grow(ATHLETE, 3, now_ms() - 3_600_000);
        service.connected(program);
        let store = service.runtime.block_on(Store::open(&program.db_url.parse().unwrap())).unwrap();
        Self { service, program, scripts, store }
    }

    fn command(&self, pipeline: &str) -> Command {
        let variables = self.service.variables.iter().map(|(name, value)| (*name, value.as_path()));
        let mut command = hasty(self.program.command(&["run", pipeline, "--json"]));
        command.envs(variables).env("FITNESS_SCRIPTS_DIR", &self.scripts);
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        command
    }

    fn start(&self, pipeline: &str) -> Child {
        self.command(pipeline).spawn().unwrap()
    }

    /// The next one who needs a token has to renew it first.
    fn age(&self) {
        self.service.upstream.strava().end_access(ATHLETE);
        let ended = self.service.runtime.block_on(self.store.write(|tx| tx.execute(&ENDS, &[])));
        assert_eq!(ended.unwrap(), 1);
        self.service.upstream.forget_calls();
    }

    /// How the service fails, or dawdles, when it is asked for tokens.
    fn fail(&self, fault: Fault, times: u32) {
        let path = Some("/strava/oauth/token".to_owned());
        self.service.upstream.fail_where(Switch {
            service: "strava".to_owned(),
            path,
            fault,
            times: Some(times),
        });
    }

    /// What was asked: for tokens, and with them.
    fn asked(&self) -> (Vec<Call>, Vec<Call>) {
        self.service.upstream.calls().into_iter().partition(|call| call.path.ends_with("/oauth/token"))
    }

    fn state(&self) -> Value {
        self.service.json(self.program, &["strava", "status", "--json"])["state"].clone()
    }
}

/// The run that a process told of, with its steps.
fn run_of(child: Child) -> Value {
    let output = child.wait_with_output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_default()
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap()
}

#[test]
fn of_two_processes_that_need_a_token_at_once_one_renews_it_and_both_use_the_new_one() {
    let rounds = number_set("PACELINE_REFRESH_ROUNDS", USUAL_ROUNDS);
    for program in Program::on_both() {
        let service = Service::start(&program);
        let strava = service.upstream.strava();
        let pair = Pair::new(&service, &program);
        for round in 0..rounds {
            pair.age();
            pair.fail(Fault::Slow(millis(TAKES)), 1);
            let runs = [pair.start("one"), pair.start("two")].map(run_of);
            let (renewals, calls) = pair.asked();
            assert_eq!(renewals.len(), 1, "round {round}: {renewals:?}");
            let answered_ms = renewals[0].at_ms + i64::try_from(millis(TAKES)).unwrap();
            for run in &runs {
                assert_eq!(run["state"], "succeeded", "round {round}: {run}");
                // Both were at work while the new pair was on its way.
                assert!(run["started_ms"].as_i64().unwrap() < answered_ms, "round {round}: {run}");
            }
            let current = format!("Bearer {}", strava.tokens(ATHLETE).unwrap().access_token);
            assert!(calls.len() >= 2, "round {round}: {calls:?}");
            for call in &calls {
                assert_eq!(call.header("authorization"), Some(current.as_str()), "round {round}: {call:?}");
            }
        }
        assert_eq!((strava.stale_refreshes(), strava.misuse().unknown_refreshes), (0, 0));
        assert_eq!(pair.state(), "connected");
    }
}

#[test]
fn a_process_that_is_killed_before_it_kept_the_new_pair_costs_a_new_connection_and_no_loop() {
    for program in Program::on_both() {
        let service = Service::start(&program);
        let strava = service.upstream.strava();
        let pair = Pair::new(&service, &program);
        pair.age();
        let before = strava.tokens(ATHLETE).unwrap().refresh_token;
        pair.fail(Fault::Slow(60_000), 1);
        let mut first = pair.start("one");
        let deadline = Instant::now() + Duration::from_secs(30);
        // Strava has given the new pair away, and its answer is on the way.
        while strava.tokens(ATHLETE).unwrap().refresh_token == before {
            assert!(Instant::now() < deadline && first.try_wait().unwrap().is_none());
            std::thread::yield_now();
        }
        first.kill().unwrap();
        first.wait().unwrap();
        let ended = service.runtime.block_on(pair.store.write(|tx| tx.execute(&ENDS, &[])));
        assert_eq!(ended.unwrap(), 1, "as if it had been waited for");
        for pipeline in ["two", "two", "one"] {
            let run = run_of(pair.start(pipeline));
            assert_eq!(run["error_code"], "strava_needs_reauth", "{run}");
        }
        let (renewals, calls) = pair.asked();
        assert_eq!((renewals.len(), calls.len(), strava.stale_refreshes()), (2, 0, 1));
        assert_eq!(pair.state(), "needs_reauth");
        service.connected(&program);
        assert_eq!(run_of(pair.start("two"))["state"], "succeeded");
        assert_eq!((pair.state(), strava.stale_refreshes()), ("connected".into(), 1));
    }
}

/// The first one dies at a commit, of which one is that of the new pair, and the second one comes while it is at that.
#[test]
fn whenever_one_of_two_processes_dies_no_replaced_token_is_used_but_one_whose_answer_was_lost() {
    let stride = usize::try_from(number_set("PACELINE_REFRESH_STRIDE", USUAL_STRIDE)).unwrap();
    let (mut deaths, mut lost) = (0, 0);
    for commit in (1..).step_by(stride) {
        let program = Program::on_sqlite();
        let service = Service::start(&program);
        let strava = service.upstream.strava();
        let pair = Pair::new(&service, &program);
        pair.age();
        pair.fail(Fault::Slow(500), 1);
        let mut first = pair.command("one");
        let mut first = first.env("PACELINE_FAILPOINT", format!("before:{commit}")).spawn().unwrap();
        while pair.asked().0.is_empty() && first.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(5));
        }
        let second = pair.start("two");
        let first = first.wait_with_output().unwrap();
        if !first.status.success() {
            // As if half a minute had gone by.
            let over = pair.store.write(|tx| tx.execute(&NOBODY_ASKS, &[]));
            service.runtime.block_on(over).unwrap();
        }
        let second = run_of(second);
        let is_lost = second["error_code"] == "strava_needs_reauth";
        assert!(is_lost || second["state"] == "succeeded", "commit {commit}: {second}");
        let (renewals, _) = pair.asked();
        assert_eq!(strava.stale_refreshes(), u32::from(is_lost), "commit {commit}");
        assert_eq!(renewals.len(), 1 + usize::from(is_lost), "commit {commit}: {renewals:?}");
        assert_eq!(pair.state(), if is_lost { "needs_reauth" } else { "connected" }, "commit {commit}");
        lost += u32::from(is_lost);
        if first.status.success() {
            break;
        }
        deaths += 1;
    }
    println!("{deaths} deaths, {lost} answers lost.");
    assert!(deaths > 0 && (stride > 1 || lost > 0));
}
