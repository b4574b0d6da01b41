//! A server whose link to PostgreSQL breaks, and whose PostgreSQL goes down, again and again: no run is lost, none is done
//! twice, and nobody waits for an answer for ever.
//!
//! `PACELINE_DB_RESTARTS` says how often the database crashes.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;
use store::{Sql, Store};
use support::postgres::Cluster;
use support::proxy::{Link, Proxy};

use crate::chaos::{name, number_set, recording};
use crate::program::{Program, Server};

const LOCAL_IMPORT: &str = "FITNESS_ENABLE_LOCAL_ARTIFACT_IMPORT";
const USUAL_RESTARTS: u64 = 4;
const ATHLETES: usize = 5;
const BATCH: usize = 4;
const BROKEN: Duration = Duration::from_millis(400);
/// How long the pool may take to find working connections.
const RECOVERY: Duration = Duration::from_secs(5);
const STATEMENT_LIMIT: Duration = Duration::from_secs(30);

struct Stage {
    program: Program,
    server: Server,
    direct: Store,
    http: reqwest::Client,
    asked: usize,
}

impl Stage {
    /// A server that reaches the database by `way`, and a look at it past that.
    async fn set(way: &str, straight: &str) -> Self {
        let program = Program { db_url: way.to_owned(), ..Program::on_sqlite() };
        let terms = [
            (LOCAL_IMPORT, Path::new("1")),
            ("FITNESS_LEASE", Path::new("3s")),
            ("FITNESS_HEARTBEAT", Path::new("1s")),
            ("FITNESS_POLL", Path::new("100ms")),
        ];
        let server = program.serve_with(&terms);
        let direct = Store::open(&straight.parse().unwrap()).await.unwrap();
        for number in 0..ATHLETES {
            let new = fitness::records::athlete::Athlete {
                id: name(number),
                timezone: "UTC".to_owned(),
                created_ms: 0,
            };
            direct.write(move |tx| fitness::records::athlete::ensure(tx, &new)).await.unwrap();
        }
        let http = reqwest::Client::new();
        Self { program, server, direct, http, asked: 0 }
    }

    /// Asks for an import, again until it is accepted: the same file twice is imported once.
    async fn ask(&mut self) {
        let path = self.program.path(&format!("{}.gpx", self.asked));
        std::fs::write(&path, recording(self.asked)).unwrap();
        let url = format!("{}/api/v1/pipelines/import/runs", self.server.url);
        let body = json!({ "partition": name(self.asked % ATHLETES), "params": { "paths": [path] } });
        loop {
            let asked = Instant::now();
            let answer = self.http.post(&url).json(&body).send().await.unwrap();
            assert!(asked.elapsed() < STATEMENT_LIMIT + RECOVERY, "it took {:?}", asked.elapsed());
            match answer.status().as_u16() {
                202 => break,
                503 => {}
                other => panic!("{other}: {}", answer.text().await.unwrap()),
            }
        }
        self.asked += 1;
    }

    async fn ask_some(&mut self) {
        for _ in 0..BATCH {
            self.ask().await;
        }
    }

    /// Waits until the server answers from the database again.
    #[expect(clippy::print_stdout, reason = "figures for a person")]
    async fn recovers(&self, after: &str) {
        let mended = Instant::now();
        while self.status().await != 200 {
            assert!(mended.elapsed() < RECOVERY, "the pool is still broken after {after}");
        }
        println!("{after}: recovered after {:?}", mended.elapsed());
    }

    async fn status(&self) -> u16 {
        let answer = self.http.get(format!("{}/api/v1/runs?limit=1", self.server.url)).send().await.unwrap();
        answer.status().as_u16()
    }

    async fn count(&self, sql: &'static Sql) -> i64 {
        self.direct.read(|tx| tx.optional(sql, &[], |row| row.get(0))).await.unwrap().unwrap_or(0)
    }

    /// Every run succeeded, and every file is in once.
    #[expect(clippy::print_stdout, reason = "figures for a person")]
    async fn check_ledger(&self) {
        const OPEN: Sql = Sql::Both("SELECT COUNT(*) FROM run WHERE state IN ('queued', 'running')");
        const FAILED: Sql =
            Sql::Both("SELECT COUNT(*) FROM run WHERE state NOT IN ('queued', 'running', 'succeeded')");
        const RUNS: Sql = Sql::Both("SELECT COUNT(*) FROM run");
        const FILES: Sql = Sql::Both("SELECT COUNT(*) FROM import_file WHERE outcome = 'imported'");
        const ACTIVITIES: Sql = Sql::Both("SELECT COUNT(*) FROM activity");
        const HELD: Sql = Sql::Both("SELECT (SELECT COUNT(*) FROM job) + (SELECT COUNT(*) FROM run_lock)");
        let (began, mut left) = (Instant::now(), i64::MAX);
        while left > 0 {
            left = self.count(&OPEN).await;
            assert!(began.elapsed() < Duration::from_secs(60), "{left} runs are stuck");
        }
        let runs = self.count(&RUNS).await;
        println!("{} asked for, {runs} runs", self.asked);
        assert_eq!(self.count(&FAILED).await, 0);
        let asked = self.asked as i64;
        assert_eq!((self.count(&FILES).await, self.count(&ACTIVITIES).await), (asked, asked));
        assert!(runs >= asked, "an accepted run is gone");
        assert_eq!(self.count(&HELD).await, 0, "a job or a lock is left behind");
    }
}

#[test]
fn runs_go_on_whatever_the_link_to_the_database_does() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let straight = support::postgres_url();
        let proxy = Proxy::start(&straight).await.unwrap();
        let mut stage = Stage::set(&proxy.url, &straight).await;
        let mut ways = vec![Link::Reset, Link::SwallowCommits];
        ways.extend([1_000, 3_000, 7_000, 20_000].map(Link::CutAfter));
        for way in ways {
            stage.ask_some().await;
            proxy.set(way);
            let broken = Instant::now();
            while broken.elapsed() < BROKEN {
                stage.status().await;
            }
            proxy.set(Link::Whole);
            stage.recovers(&format!("{way:?}")).await;
        }
        stage.check_ledger().await;
    });
}

#[test]
fn a_link_that_falls_silent_hangs_no_request_for_longer_than_a_statement_may_take() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let straight = support::postgres_url();
        let proxy = Proxy::start(&straight).await.unwrap();
        let mut stage = Stage::set(&proxy.url, &straight).await;
        stage.ask_some().await;
        proxy.set(Link::Silent);
        let asked = Instant::now();
        let requests = (0..4).map(|_| stage.status());
        let answers = futures_util::future::join_all(requests).await;
        assert!(answers.iter().all(|status| *status == 503), "{answers:?}");
        println!("given up after {:?}", asked.elapsed());
        assert!(asked.elapsed() < STATEMENT_LIMIT + RECOVERY, "it took {:?}", asked.elapsed());
        proxy.set(Link::Whole);
        stage.recovers("silence").await;
        stage.check_ledger().await;
    });
}

#[test]
fn runs_go_on_although_the_database_crashes_and_ends_connections() {
    const END_OTHERS: Sql = Sql::Both(
        "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'",
    );
    let mut cluster = Cluster::start().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let url = cluster.admin_url().to_owned();
        let mut stage = Stage::set(&url, &url).await;
        for _ in 0..number_set("PACELINE_DB_RESTARTS", USUAL_RESTARTS) {
            stage.ask_some().await;
            tokio::task::block_in_place(|| cluster.crash_and_restart()).unwrap();
            stage.recovers("a crash").await;
            stage.ask_some().await;
            stage.direct.write(|tx| tx.query(&END_OTHERS, &[], |_| Ok(()))).await.unwrap();
            stage.recovers("the end of its connections").await;
        }
        stage.check_ledger().await;
    });
}
