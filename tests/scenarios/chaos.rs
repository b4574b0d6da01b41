//! Four workers and two servers on one PostgreSQL, while all of them are killed, stopped, woken and restarted at random;
//! in the end a ledger counts what must have happened once.
//!
//! `PACELINE_CHAOS_SECONDS` makes it longer, `PACELINE_CHAOS_RUNS` goes on until so many runs were asked for,
//! `PACELINE_CHAOS_PAUSE_MS` is the time between two disturbances, `PACELINE_CHAOS_SEED` repeats a run.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use engine::run::RunState;
use fitness::records::athlete::{self, Athlete};
use futures_util::future::join_all;
use rustix::process::Signal;
use serde_json::{Value, json};
use store::{Sql, Store};
use support::postgres::Cluster;
use tokio::time::sleep;

use crate::program::{Program, Server};
use crate::workers::{Process, hasty};

const WORKERS: usize = 4;
/// More than there are slots, because runs of one athlete go one after the other.
const ATHLETES: usize = 25;
/// Whoever carries a run out must allow it, not only whoever takes it in.
const LOCAL_IMPORT: &str = "FITNESS_ENABLE_LOCAL_ARTIFACT_IMPORT";
const USUAL_SECONDS: u64 = 15;
/// Runs that are asked for at once.
const BATCH: usize = 8;
/// Between two disturbances.
const BATCHES: usize = 8;
const USUAL_PAUSE_MS: u64 = 100;
/// While so many runs are waiting no more are asked for, so that there is work for as long as there is trouble.
const BACKLOG: i64 = 60;
/// As long as a lease and a poll may take at most: where no run ends for so long, all that is left is stuck.
const STUCK: Duration = Duration::from_secs(45);

/// A small generator of its own, so that a seed means the same for ever.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        // SplitMix64 (Steele, Lea and Flood, 2014).
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % sides
    }
}

/// What was done to the processes.
#[derive(Debug, Default)]
struct Ledger {
    /// Accepted by a server.
    asked: usize,
    /// Of these the answer never came, or was a failure.
    unanswered: usize,
    kills: usize,
    stops: usize,
    drains: usize,
    restarts: usize,
}

struct Stage {
    program: Program,
    cluster: Cluster,
    servers: Vec<Server>,
    workers: Vec<Process>,
    /// Workers that are stopped, and when they are woken.
    asleep: BTreeMap<usize, Instant>,
    logs: Vec<PathBuf>,
    http: reqwest::Client,
    dice: Dice,
    ledger: Ledger,
}

impl Stage {
    fn set(seed: u64) -> Self {
        let cluster = Cluster::start().unwrap();
        let program =
            Program { folder: tempfile::tempdir().unwrap(), db_url: cluster.admin_url().to_owned() };
        program.succeed(&["db", "migrate"]);
        let servers = (0..2).map(|_| program.serve_with(&[(LOCAL_IMPORT, Path::new("1"))]));
        let servers = servers.collect();
        let mut stage = Self {
            program,
            cluster,
            servers,
            workers: Vec::new(),
            asleep: BTreeMap::new(),
            logs: Vec::new(),
            http: reqwest::Client::builder().timeout(Duration::from_secs(20)).build().unwrap(),
            dice: Dice(seed),
            ledger: Ledger::default(),
        };
        for _ in 0..WORKERS {
            let worker = stage.worker();
            stage.workers.push(worker);
        }
        stage
    }

    fn worker(&mut self) -> Process {
        let path = self.program.path(&format!("worker{}.log", self.logs.len()));
        let log = File::create(&path).unwrap();
        self.logs.push(path);
        let mut command = hasty(self.program.command(&["work", "--slots", "3"]));
        command.env(LOCAL_IMPORT, "1");
        Process::logging(command, log)
    }

    async fn meet_athletes(&self) {
        let store = Store::open(&self.program.db_url.parse().unwrap()).await.unwrap();
        for number in 0..ATHLETES {
            let new = Athlete { id: name(number), timezone: "UTC".to_owned(), created_ms: 0 };
            store.write(move |tx| athlete::ensure(tx, &new)).await.unwrap();
        }
    }

    /// Asks both servers for imports of files that nobody has seen. Where no answer comes it is left at that: the run may
    /// be there or not, and is counted by what the database has.
    /// Answers whether all were accepted.
    async fn ask_some(&mut self) -> bool {
        let first = self.ledger.asked + self.ledger.unanswered;
        let requests = (first..first + BATCH).map(|number| self.ask(number));
        let accepted = join_all(requests).await.into_iter().filter(|accepted| *accepted).count();
        self.ledger.asked += accepted;
        self.ledger.unanswered += BATCH - accepted;
        accepted == BATCH
    }

    /// Whether the workers could do with more.
    async fn is_wanting(&self, open: &'static Sql) -> bool {
        self.try_count(open).await.unwrap_or(0) < BACKLOG
    }

    async fn ask(&self, number: usize) -> bool {
        let path = self.program.path(&format!("{number}.gpx"));
        std::fs::write(&path, recording(number)).unwrap();
        let server = &self.servers[number % self.servers.len()];
        let url = format!("{}/api/v1/pipelines/import/runs", server.url);
        let body = json!({ "partition": name(number % ATHLETES), "params": { "paths": [path] } });
        self.http.post(url).json(&body).send().await.is_ok_and(|answer| answer.status() == 202)
    }

    async fn disturb(&mut self) {
        let now = Instant::now();
        let awake: Vec<usize> =
            self.asleep.iter().filter(|(_, until)| **until <= now).map(|(w, _)| *w).collect();
        for worker in awake {
            self.wake(worker);
        }
        let victim = self.dice.roll(WORKERS as u64) as usize;
        match self.dice.roll(20) {
            0..=3 => {
                self.asleep.remove(&victim);
                self.workers[victim] = self.worker();
                self.ledger.kills += 1;
            }
            4..=6 if !self.asleep.contains_key(&victim) => {
                self.workers[victim].signal(Signal::STOP);
                self.asleep.insert(victim, now + Duration::from_millis(4_500));
                self.ledger.stops += 1;
            }
            7..=8 if !self.asleep.contains_key(&victim) => {
                let next = self.worker();
                let told = std::mem::replace(&mut self.workers[victim], next);
                let asked = Instant::now();
                assert_eq!(told.stop(), Some(0), "a worker that is told to stop ends in order");
                assert!(asked.elapsed() < Duration::from_secs(10));
                self.ledger.drains += 1;
            }
            9 => {
                self.cluster.crash_and_restart().unwrap();
                self.ledger.restarts += 1;
            }
            _ => {}
        }
    }

    fn wake(&mut self, worker: usize) {
        self.asleep.remove(&worker);
        self.workers[worker].signal(Signal::CONT);
    }

    /// Waits until nothing is left to do, and answers the state of every run.
    async fn settle(&mut self) -> BTreeMap<String, String> {
        const RUNS: Sql = Sql::Both(
            "SELECT id, state || COALESCE(' ' || error_code || ': ' || error, '') FROM run ORDER BY id",
        );
        for worker in 0..WORKERS {
            if self.asleep.contains_key(&worker) {
                self.wake(worker);
            }
        }
        let store = Store::open(&self.program.db_url.parse().unwrap()).await.unwrap();
        let (mut fewest, mut since) = (usize::MAX, Instant::now());
        loop {
            let runs =
                store.read(|tx| tx.query(&RUNS, &[], |row| Ok((row.get(0)?, row.get(1)?)))).await.unwrap();
            let runs: BTreeMap<String, String> = runs.into_iter().collect();
            let left = runs.values().filter(|state| ["queued", "running"].contains(&state.as_str())).count();
            if left == 0 {
                return runs;
            }
            if left < fewest {
                (fewest, since) = (left, Instant::now());
            }
            if since.elapsed() >= STUCK {
                self.tell_logs();
                panic!("{left} of {} runs are stuck", runs.len());
            }
            sleep(Duration::from_millis(200)).await;
        }
    }

    /// The last lines of each worker, for a person to find out why.
    #[expect(clippy::print_stdout, reason = "shown where the test fails")]
    fn tell_logs(&self) {
        for log in &self.logs {
            let text = std::fs::read_to_string(log).unwrap_or_default();
            let lines: Vec<&str> = text.lines().collect();
            println!("{}:\n{}", log.display(), lines[lines.len().saturating_sub(8)..].join("\n"));
        }
    }

    async fn count(&self, sql: &'static Sql) -> i64 {
        self.try_count(sql).await.unwrap()
    }

    async fn try_count(&self, sql: &'static Sql) -> store::Result<i64> {
        let store = Store::open(&self.program.db_url.parse()?).await?;
        Ok(store.read(|tx| tx.optional(sql, &[], |row| row.get(0))).await?.unwrap_or(0))
    }

    /// How often each run was finished, as those that did it tell.
    fn finishes(&self) -> BTreeMap<String, usize> {
        let mut finishes = BTreeMap::new();
        for log in self.servers.iter().map(|server| &server.log).chain(&self.logs) {
            let text = std::fs::read_to_string(log).unwrap();
            // A worker that was killed may have left half a line.
            for line in text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
                if line.to_string().contains("\"run finished\"") {
                    let run = line.pointer("/span/run.id").or_else(|| line.get("run.id"));
                    *finishes.entry(run.and_then(Value::as_str).unwrap().to_owned()).or_default() += 1;
                }
            }
        }
        finishes
    }
}

pub(crate) fn name(athlete: usize) -> String {
    format!("athlete{athlete}")
}

/// A minute on foot, each at another time of one October.
pub(crate) fn recording(number: usize) -> String {
    let (day, hour, minute) = (number % 28 + 1, number / 28 % 24, number / 672);
    let mut points = String::new();
    for second in 0..60 {
        let north = 47.0 + f64::from(second) * 0.000_03;
        points += &format!(
            "<trkpt lat=\"{north}\" lon=\"8.0\"><time>2026-10-{day:02}T{hour:02}:{minute:02}:{second:02}Z</time></trkpt>"
        );
    }
    format!(
        r#"<?xml version="1.0"?><gpx version="1.1" creator="t"><trk><trkseg>{points}</trkseg></trk></gpx>"#
    )
}

pub(crate) fn number_set(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

#[test]
fn whatever_happens_to_workers_and_database_each_run_ends_once_and_does_its_work_once() {
    const FILES: Sql = Sql::Both("SELECT COUNT(*) FROM import_file WHERE outcome = 'imported'");
    const ACTIVITIES: Sql = Sql::Both("SELECT COUNT(*) FROM activity");
    const OPEN: Sql = Sql::Both("SELECT COUNT(*) FROM run WHERE state IN ('queued', 'running')");
    const HELD: Sql = Sql::Both("SELECT (SELECT COUNT(*) FROM job) + (SELECT COUNT(*) FROM run_lock)");
    let seed = number_set("PACELINE_CHAOS_SEED", u64::from(std::process::id()));
    let seconds = number_set("PACELINE_CHAOS_SECONDS", USUAL_SECONDS);
    let most = usize::try_from(number_set("PACELINE_CHAOS_RUNS", 0)).unwrap();
    let pause = Duration::from_millis(number_set("PACELINE_CHAOS_PAUSE_MS", USUAL_PAUSE_MS));
    println!("seed {seed}");
    let mut stage = Stage::set(seed);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        stage.meet_athletes().await;
        let started = Instant::now();
        while started.elapsed() < Duration::from_secs(seconds) || stage.ledger.asked < most {
            // A database that is down has no count, and is asked all the same.
            // However fast the workers are, there is trouble between.
            for _ in 0..BATCHES {
                if !stage.is_wanting(&OPEN).await || !stage.ask_some().await {
                    break;
                }
            }
            stage.disturb().await;
            sleep(pause).await;
        }
        let runs = stage.settle().await;
        let finishes = stage.finishes();
        println!(
            "{:?}, {} runs in {:?}, the end of {} of them logged",
            stage.ledger,
            runs.len(),
            started.elapsed(),
            finishes.len(),
        );
        let failed: Vec<_> =
            runs.iter().filter(|(_, state)| *state != RunState::Succeeded.as_str()).collect();
        assert!(failed.is_empty(), "{failed:?}");
        assert!(runs.len() >= stage.ledger.asked, "an accepted run is gone");
        let twice: Vec<_> = finishes.into_iter().filter(|(_, times)| *times > 1).collect();
        assert!(twice.is_empty(), "finished more than once: {twice:?}");
        // A file that was asked for twice, because the first answer was lost, is imported once.
        let files = stage.count(&FILES).await;
        assert_eq!((files, stage.count(&ACTIVITIES).await), (files, files));
        assert!(files >= stage.ledger.asked as i64, "{files} files of {:?}", stage.ledger);
        assert_eq!(stage.count(&HELD).await, 0, "a job or a lock is left behind");
    });
}
