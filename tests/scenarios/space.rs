//! A disk that is full and a database that takes no writes: the reason is told, nothing is damaged, and all goes on by
//! itself once there is room again.
//!
//! `PACELINE_SMALL_DISK` names an empty folder on a file system of some 20 MB, which is then filled in earnest; else the
//! size of files is limited.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use engine::run::RunState;
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use serde_json::{Value, json};
use store::Store;
use support::postgres::Cluster;

use crate::chaos::recording;
use crate::crash::{DAYS, Watch, facts, import};
use crate::program::{Program, Server};
use crate::workers::{Process, hasty};

/// Not a single page of the database.
const NO_ROOM: u64 = 4_096;
const NOBODY: u32 = 65_534;
const PATIENCE: Duration = Duration::from_secs(60);

/// What keeps the processes from writing.
enum Shortage {
    /// Of the size of files.
    Limit(Vec<Pid>),
    /// Of the disk, by this file on it.
    Ballast(PathBuf),
}

impl Shortage {
    fn new(program: &Program, processes: Vec<Pid>) -> Self {
        let is_small = small_disk().is_some();
        if is_small { Self::Ballast(program.path("ballast")) } else { Self::Limit(processes) }
    }

    fn begin(&self) {
        match self {
            Self::Limit(processes) => limit(processes, Some(NO_ROOM)),
            Self::Ballast(path) => fill(path),
        }
    }

    fn end(&self) {
        match self {
            Self::Limit(processes) => limit(processes, None),
            Self::Ballast(path) => std::fs::remove_file(path).unwrap(),
        }
    }
}

fn small_disk() -> Option<PathBuf> {
    std::env::var_os("PACELINE_SMALL_DISK").map(PathBuf::from)
}

fn limit(processes: &[Pid], bytes: Option<u64>) {
    for process in processes {
        // The hard limit stays, so that the other can be lifted by anybody.
        let limits = Rlimit { current: bytes, maximum: None };
        prlimit(Some(*process), Resource::Fsize, limits).unwrap();
    }
}

/// Writes until nothing more goes onto the disk, in large pieces and then in small ones.
fn fill(path: &Path) {
    use std::io::Write;
    let mut ballast = std::fs::File::create(path).unwrap();
    for piece in [1 << 20, 1 << 10, 1] {
        while ballast.write(&vec![1; piece]).is_ok_and(|written| written > 0) {}
    }
}

fn install() -> Program {
    let Some(disk) = small_disk() else { return Program::on_sqlite() };
    let folder = tempfile::tempdir_in(disk).unwrap();
    let db_url = format!("sqlite:{}", folder.path().join("paceline.db").display());
    Program { folder, db_url }
}

async fn upload(server: &Server, number: usize) -> (u16, Value) {
    let url = format!("{}/api/v1/uploads?name={number}.gpx", server.url);
    let request = reqwest::Client::new().post(url).header("x-paceline", "1").body(recording(number));
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn ask(server: &Server) -> (u16, Value) {
    let url = format!("{}/api/v1/pipelines/daily/runs", server.url);
    let answer = reqwest::Client::new().post(url).json(&json!({})).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

/// Uploads again until it works.
async fn heals(server: &Server, number: usize) -> Value {
    let began = Instant::now();
    loop {
        let (status, answer) = upload(server, number).await;
        if status == 200 {
            return answer;
        }
        assert!(began.elapsed() < PATIENCE, "{answer}");
    }
}

fn check_integrity(program: &Program) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let store = Store::open(&program.db_url.parse().unwrap()).await.unwrap();
        let findings = store.check().await.unwrap();
        assert!(findings.iter().all(|finding| finding.code != "integrity"), "{findings:?}");
    });
}

#[test]
fn a_full_disk_is_told_damages_nothing_and_the_run_goes_on_once_there_is_space() {
    let uncut = Program::on_sqlite();
    let folder = uncut.demo(DAYS);
    uncut.succeed(&["import", &folder.to_string_lossy()]);
    let expected = facts(&uncut);

    let program = install();
    program.demo(DAYS);
    program.succeed(&["db", "migrate"]);
    let watch = Watch::new(&program);
    let mut child = import(&program).spawn().unwrap();
    watch.until("some files are in", |watch| watch.files_done() > 0);
    child.kill().unwrap();
    child.wait().unwrap();
    let run = watch.runs().remove(0).id;
    let terms = [("FITNESS_LEASE", "3s"), ("FITNESS_HEARTBEAT", "1s"), ("FITNESS_POLL", "100ms")];
    let server = program.serve_with(&terms.map(|(name, value)| (name, value.as_ref())));
    let worker = Process::quiet(hasty(program.command(&["work"])));
    let before = watch.files_done();
    watch.until("the run goes on", |watch| watch.files_done() > before || watch.is_over(&run));

    let shortage = Shortage::new(&program, vec![server.id(), worker.pid()]);
    shortage.begin();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        for (status, refused) in [upload(&server, 1).await, ask(&server).await] {
            assert_eq!((status, &refused["error"]["code"]), (507, &json!("storage_full")), "{refused}");
        }
        let runs = reqwest::get(format!("{}/api/v1/runs", server.url)).await.unwrap();
        assert_eq!(runs.status(), 200, "what is stored can still be read");
    });
    let is_over = watch.is_over(&run);
    check_integrity(&program);
    shortage.end();
    watch.until("the run is over", |watch| watch.is_over(&run));
    println!("the run was over before the disk was full: {is_over}");
    let ended = watch.runs().into_iter().find(|record| record.id == run).unwrap();
    assert_eq!(ended.state, RunState::Succeeded, "{ended:?}");
    assert_eq!(facts(&program), expected);
    let healed = runtime.block_on(heals(&server, 1));
    assert_eq!(healed["files"][0]["outcome"], "imported", "{healed}");
    check_integrity(&program);
}

#[test]
fn a_server_that_takes_no_writes_is_told_and_written_to_again_once_it_does() {
    let mut cluster = Cluster::start().unwrap();
    let program = Program { db_url: cluster.admin_url().to_owned(), ..Program::on_sqlite() };
    let server = program.serve();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let first = runtime.block_on(upload(&server, 1)).1;
    assert_eq!(first["files"][0]["outcome"], "imported", "{first}");
    cluster.crash_into_standby().unwrap();
    runtime.block_on(async {
        for (status, refused) in [upload(&server, 2).await, ask(&server).await] {
            assert_eq!((status, &refused["error"]["code"]), (503, &json!("storage_read_only")), "{refused}");
        }
        let runs = reqwest::get(format!("{}/api/v1/runs", server.url)).await.unwrap();
        assert_eq!(runs.status(), 200, "what is stored can still be read");
    });
    cluster.promote().unwrap();
    let healed = runtime.block_on(heals(&server, 2));
    assert_eq!(healed["files"][0]["outcome"], "imported", "{healed}");
    let watch = Watch::new(&program);
    watch.until("every run is over", |watch| watch.runs().iter().all(|run| run.state.is_over()));
    assert!(watch.runs().iter().all(|run| run.state == RunState::Succeeded), "{:?}", watch.runs());
}

/// Lets a command run as somebody who may not do everything.
fn without_rights(mut command: Command) -> Command {
    use std::os::unix::process::CommandExt;
    if rustix::process::geteuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}

fn protect(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_file_that_is_read_only_is_told_and_left_as_it_is() {
    let program = Program::on_sqlite();
    program.succeed(&["db", "migrate"]);
    let file = program.path("paceline.db");
    for (of_file, of_folder) in [(0o444, 0o777), (0o666, 0o555)] {
        protect(&file, of_file);
        protect(program.folder.path(), of_folder);
        let before = std::fs::read(&file).unwrap();
        for arguments in [&["serve", "--listen", "127.0.0.1:0"][..], &["work"], &["run", "daily"]] {
            let refused = without_rights(program.command(arguments)).output().unwrap();
            let text = String::from_utf8_lossy(&refused.stderr).into_owned();
            assert!(!refused.status.success() && text.contains("storage_read_only"), "{arguments:?}: {text}");
        }
        assert_eq!(std::fs::read(&file).unwrap(), before);
    }
    protect(program.folder.path(), 0o777);
    protect(&file, 0o666);
    program.succeed(&["run", "daily"]);
}
