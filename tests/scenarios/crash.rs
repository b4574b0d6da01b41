//! A run that is cut leaves what an uncut one would have left, and a living one is left alone.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use engine::run::record::{self, Page, RunRecord};
use engine::run::{RunState, StepState};
use serde_json::Value;
use store::Store;

use crate::chaos::{Dice, number_set};
use crate::program::Program;

pub(crate) const DAYS: u32 = 60;

pub(crate) struct Watch {
    store: Store,
    runtime: tokio::runtime::Runtime,
}

impl Watch {
    pub(crate) fn new(program: &Program) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let store = runtime.block_on(Store::open(&program.db_url.parse().unwrap())).unwrap();
        Self { store, runtime }
    }

    pub(crate) fn runs(&self) -> Vec<RunRecord> {
        let page = Page { limit: 10, ..Page::default() };
        self.runtime.block_on(self.store.read(move |tx| record::runs(tx, &page))).unwrap()
    }

    pub(crate) fn children(&self, run: &str) -> Vec<RunRecord> {
        let page = Page { parent: Some(run.to_owned()), limit: 1000, ..Page::default() };
        self.runtime.block_on(self.store.read(move |tx| record::runs(tx, &page))).unwrap()
    }

    pub(crate) fn steps(&self, run: &str) -> BTreeMap<String, record::StepRecord> {
        let run = run.to_owned();
        let steps = self.runtime.block_on(self.store.read(move |tx| record::steps(tx, &run))).unwrap();
        steps.into_iter().map(|step| (step.step.clone(), step)).collect()
    }

    pub(crate) fn files_done(&self) -> i64 {
        const COUNT: store::Sql = store::Sql::Both("SELECT COUNT(*) FROM import_file");
        let read = self.store.read(|tx| tx.optional(&COUNT, &[], |row| row.get(0)));
        self.runtime.block_on(read).unwrap().unwrap_or(0)
    }

    /// How many records of programs from outside there are.
    pub(crate) fn records_told(&self) -> i64 {
        const COUNT: store::Sql = store::Sql::Both("SELECT COUNT(*) FROM outside_record");
        let read = self.store.read(|tx| tx.optional(&COUNT, &[], |row| row.get(0)));
        self.runtime.block_on(read).unwrap().unwrap_or(0)
    }

    /// How many steps are in a pool.
    pub(crate) fn in_pools(&self) -> i64 {
        const COUNT: store::Sql = store::Sql::Both("SELECT COUNT(*) FROM pool_use WHERE is_in");
        let read = self.store.read(|tx| tx.optional(&COUNT, &[], |row| row.get(0)));
        self.runtime.block_on(read).unwrap().unwrap_or(0)
    }

    /// Whether nobody keeps the others from writing.
    pub(crate) fn can_write(&self) -> bool {
        const NOTHING: store::Sql = store::Sql::Both("DELETE FROM worker WHERE id = 'nobody'");
        let write = self.store.write(|tx| tx.execute(&NOTHING, &[]));
        let limited = async { tokio::time::timeout(Duration::from_secs(1), write).await };
        matches!(self.runtime.block_on(limited), Ok(Ok(_)))
    }

    /// Whether no other process has a transaction open, in which it might hold rows for as long as it sleeps.
    pub(crate) fn is_at_rest(&self) -> bool {
        const OPEN: store::Sql = store::Sql::Both(
            "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() \
             AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND xact_start IS NOT NULL",
        );
        if self.store.backend() == store::Backend::Sqlite {
            return self.can_write();
        }
        let open = self.runtime.block_on(self.store.read(|tx| tx.optional(&OPEN, &[], |row| row.get(0))));
        open.unwrap() == Some(0_i64)
    }

    /// Whether a process that is stopped is in the midst of a transaction.
    pub(crate) fn is_inside_a_transaction(&self) -> bool {
        const OPEN: store::Sql = store::Sql::Both(
            "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() \
             AND pid <> pg_backend_pid() AND state = 'idle in transaction'",
        );
        if self.store.backend() == store::Backend::Sqlite {
            return !self.can_write();
        }
        let read = || self.runtime.block_on(self.store.read(|tx| tx.optional(&OPEN, &[], |row| row.get(0))));
        // The server may be about to answer: what stays open waits for the process.
        (0..3).all(|_| read().unwrap().unwrap_or(0) > 0)
    }

    pub(crate) fn is_over(&self, run: &str) -> bool {
        self.runs().iter().any(|record| record.id == run && record.state.is_over())
    }

    pub(crate) fn has_lost_attempt(&self, run: &str) -> bool {
        let steps = self.steps(run);
        steps.values().flat_map(|step| &step.attempts).any(|attempt| attempt.state == StepState::Lost)
    }

    /// Whether the process has a run.
    pub(crate) fn holds(&self, process: u32) -> bool {
        const HELD: store::Sql = store::Sql::Both(
            "SELECT COUNT(*) FROM job JOIN worker ON worker.id = job.worker WHERE worker.process_id = $1",
        );
        let held = move |tx: &mut store::Tx<'_>| {
            tx.optional(&HELD, &store::params![i64::from(process)], |row| row.get::<i64>(0))
        };
        self.runtime.block_on(self.store.read(held)).unwrap().unwrap_or(0) > 0
    }

    /// How many runs somebody holds, and how many workers are on the list.
    pub(crate) fn held_and_workers(&self) -> (i64, i64) {
        const HELD: store::Sql = store::Sql::Both(
            "SELECT (SELECT COUNT(*) FROM job WHERE worker IS NOT NULL), (SELECT COUNT(*) FROM worker)",
        );
        let read = self.store.read(|tx| tx.optional(&HELD, &[], |row| Ok((row.get(0)?, row.get(1)?))));
        self.runtime.block_on(read).unwrap().unwrap_or_default()
    }

    /// Waits for something that must come; the limit only keeps a broken test from running for ever.
    pub(crate) fn until(&self, what: &str, mut is_so: impl FnMut(&Self) -> bool) {
        let started = Instant::now();
        while !is_so(self) {
            assert!(started.elapsed() < Duration::from_secs(240), "waited in vain: {what}");
            // What is waited for needs the processor.
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

/// What the athlete sees, without the names of the folders.
pub(crate) fn facts(program: &Program) -> (Vec<Value>, Vec<Value>) {
    let mut activities = program.lines(&["activities", "--json"]);
    for activity in &mut activities {
        let file = activity["file"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        activity["file"] = file.into();
    }
    (activities, program.lines(&["days", "--json"]))
}

pub(crate) fn import(program: &Program) -> Command {
    let folder = program.path("demo");
    let mut command = program.command(&["import", &folder.to_string_lossy(), "--json"]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

#[test]
fn a_killed_import_is_resumed_by_the_next_process_and_leaves_what_an_uncut_one_leaves() {
    let uncut = Program::on_sqlite();
    let folder = uncut.demo(DAYS);
    uncut.json(&["import", &folder.to_string_lossy(), "--json"]);
    let expected = facts(&uncut);
    assert!(expected.0.len() > 20);
    for program in Program::on_both() {
        program.demo(DAYS);
        program.succeed(&["db", "migrate"]);
        let watch = Watch::new(&program);
        let mut child = import(&program).spawn().unwrap();
        watch.until("some files are in", |watch| watch.files_done() > 0);
        child.kill().unwrap();
        child.wait().unwrap();
        let cut = watch.runs().remove(0);
        assert_eq!(cut.state, RunState::Running, "the run was over before it was killed");

        let _server = program.serve();
        watch.until("the run is taken up", |watch| watch.runs()[0].state.is_over());
        assert_eq!(watch.runs()[0].state, RunState::Succeeded);
        let steps = watch.steps(&cut.id);
        let attempts: Vec<_> = steps["files.read"].attempts.iter().map(|attempt| attempt.state).collect();
        assert_eq!(attempts, [StepState::Lost, StepState::Succeeded]);
        assert_eq!(steps["rollup.days"].attempts.len(), 1);
        assert_eq!(facts(&program), expected);
    }
}

/// Kills an import whenever it has got something done, at most so often, and takes it up again; answers how often.
fn kill_again_and_again(program: &Program, most: u64, dice: &mut Dice) -> u64 {
    program.demo(DAYS);
    program.succeed(&["db", "migrate"]);
    let watch = Watch::new(program);
    let is_over = |watch: &Watch| watch.runs().first().is_some_and(|run| run.state.is_over());
    let mut child = import(program).spawn().unwrap();
    let mut kills = 0;
    while kills < most && !is_over(&watch) {
        let before = watch.files_done();
        watch.until("the import goes on", |watch| watch.files_done() > before || is_over(watch));
        // Not always right after a commit.
        let moment = Instant::now() + Duration::from_millis(dice.roll(15));
        while Instant::now() < moment {
            std::thread::yield_now();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
        let mut next = program.command(&["run", "daily"]);
        child = next.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    }
    let _ = child.kill();
    let _ = child.wait();
    program.succeed(&["run", "daily"]);
    kills
}

/// `PACELINE_KILLS` says how many.
#[test]
fn kills_amid_an_import_lose_nothing_and_double_nothing() {
    let seed = number_set("PACELINE_CHAOS_SEED", u64::from(std::process::id()));
    let (mut dice, mut left, mut imports) = (Dice(seed), number_set("PACELINE_KILLS", 20), 0);
    let uncut = Program::on_sqlite();
    let folder = uncut.demo(DAYS);
    let count = std::fs::read_dir(&folder).unwrap().count();
    uncut.succeed(&["import", &folder.to_string_lossy()]);
    let expected = facts(&uncut);
    assert_eq!(expected.0.len(), count);
    while left > 0 {
        let program = Program::on_sqlite();
        left -= kill_again_and_again(&program, left, &mut dice);
        assert_eq!(Watch::new(&program).files_done(), count as i64);
        assert_eq!(facts(&program), expected);
        imports += 1;
    }
    println!("seed {seed}, over {imports} imports");
}

#[test]
fn an_export_that_is_cut_again_and_again_ends_as_an_uncut_one() {
    let uncut = Program::on_sqlite();
    let export = uncut.export(DAYS);
    let imported = uncut.json(&["import", &export.to_string_lossy(), "--json"]);
    let entries = imported["files"].as_array().unwrap().len() as i64;
    let expected = facts(&uncut);
    assert!(imported["export"]["without_file"].as_u64().unwrap() > 0, "{}", imported["export"]);
    for program in Program::on_both() {
        let export = program.export(DAYS);
        program.succeed(&["db", "migrate"]);
        let watch = Watch::new(&program);
        let quiet = |arguments: &[&str]| {
            program.command(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
        };
        let is_over = |watch: &Watch| watch.runs().first().is_some_and(|run| run.state.is_over());
        let mut child = quiet(&["import", &export.to_string_lossy(), "--json"]);
        for _ in 0..6 {
            let before = watch.files_done();
            watch.until("the import goes on", |watch| watch.files_done() > before || is_over(watch));
            child.kill().unwrap();
            child.wait().unwrap();
            if is_over(&watch) {
                break;
            }
            child = quiet(&["run", "daily"]);
        }
        let _ = child.kill();
        let _ = child.wait();
        program.succeed(&["run", "daily"]);
        assert_eq!(watch.files_done(), entries);
        assert_eq!(facts(&program), expected);
    }
}

#[test]
fn a_process_that_starts_beside_a_living_one_leaves_its_runs_alone() {
    for program in Program::on_both() {
        program.demo(DAYS);
        program.succeed(&["db", "migrate"]);
        let watch = Watch::new(&program);
        let mut first = import(&program).spawn().unwrap();
        watch.until("some files are in", |watch| watch.files_done() > 0);
        let _server = program.serve();
        assert!(first.wait().unwrap().success());
        let run = watch.runs().into_iter().find(|run| run.pipeline == "import").unwrap();
        let steps = watch.steps(&run.id);
        let workers: std::collections::BTreeSet<_> =
            steps.values().flat_map(|step| &step.attempts).map(|attempt| attempt.worker.clone()).collect();
        assert_eq!(workers.len(), 1, "two workers had their hands on one run");
        assert!(steps.values().all(|step| step.attempts.len() == 1));
    }
}

#[test]
fn sigterm_hands_the_run_back_and_exits_with_success() {
    let program = Program::on_sqlite();
    let folder = program.demo(DAYS);
    program.succeed(&["db", "migrate"]);
    let watch = Watch::new(&program);
    let mut child = import(&program).spawn().unwrap();
    watch.until("some files are in", |watch| watch.files_done() > 0);
    child.kill().unwrap();
    child.wait().unwrap();
    let mut server = program.serve();
    assert_eq!(server.stop(), Some(0));
    let json = program.json(&["import", &folder.to_string_lossy(), "--json"]);
    assert_eq!(json["refused"], 0);
    assert!(watch.runs().iter().all(|run| run.state == RunState::Succeeded));
}
