//! What only a file can do: be full, read-only, damaged, shared with another process.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use store::{Durability, Error, Options, Result, Sql, Store, Url, Value, params};

use crate::{COUNT, CREATE, INSERT, count, insert, number, open, run};

const CHILD_URL: &str = "PACELINE_STORE_CHILD_URL";
const NOBODY: u32 = 65534;

#[tokio::test]
async fn new_file_is_for_its_owner_only() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a/b/fitness.db");
    let store = Store::open(&Url::sqlite(&path)).await.unwrap();
    run(&store, &CREATE).await.unwrap();
    for name in ["fitness.db", "fitness.db-wal"] {
        let mode = path.with_file_name(name).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[tokio::test]
async fn commit_waits_for_the_disk() {
    const SYNCHRONOUS: Sql = Sql::Both("PRAGMA synchronous");
    let store = open(&support::sqlite_url()).await;
    assert_eq!(store.write(|tx| number(tx, &SYNCHRONOUS)).await.unwrap(), 2);
}

#[tokio::test]
async fn commit_need_not_wait_for_the_disk() {
    const SYNCHRONOUS: Sql = Sql::Both("PRAGMA synchronous");
    let url = support::sqlite_url().parse().unwrap();
    let quick = Options { durability: Durability::Normal, ..Options::STANDARD };
    let store = Store::open_with(&url, quick).await.unwrap();
    assert_eq!(store.write(|tx| number(tx, &SYNCHRONOUS)).await.unwrap(), 1);
}

#[tokio::test]
async fn full_disk_is_told_and_heals() {
    const LIMIT: Sql = Sql::Both("PRAGMA max_page_count = 20");
    const UNLIMITED: Sql = Sql::Both("PRAGMA max_page_count = 1000000");
    const FILL: Sql = Sql::Both("INSERT INTO thing (id, content) VALUES ($1, $2)");
    let store = open(&support::sqlite_url()).await;
    run(&store, &CREATE).await.unwrap();
    store.write(|tx| number(tx, &LIMIT)).await.unwrap();
    let content = vec![7_u8; 200_000];
    let fill = move |tx: &mut store::Tx<'_>| tx.execute(&FILL, &params![1, &content]);
    let full = store.write(fill.clone()).await;
    assert_eq!(full.unwrap_err().code(), "storage_full");
    store.write(|tx| number(tx, &UNLIMITED)).await.unwrap();
    store.write(fill).await.unwrap();
    assert_eq!(count(&store).await, 1);
    assert!(store.check().await.unwrap().iter().all(|finding| finding.code != "integrity"));
}

#[tokio::test]
async fn full_disk_of_one_transaction_spares_its_neighbours() {
    const LIMIT: Sql = Sql::Both("PRAGMA max_page_count = 30");
    const FILL: Sql = Sql::Both("INSERT INTO thing (id, content) VALUES ($1, $2)");
    let store = open(&support::sqlite_url()).await;
    run(&store, &CREATE).await.unwrap();
    store.write(|tx| number(tx, &LIMIT)).await.unwrap();
    let writes = (0..60).map(|id| {
        let size = if id == 30 { 500_000 } else { 1 };
        store.write(move |tx| tx.execute(&FILL, &params![id, &vec![7_u8; size]]))
    });
    let done = futures_util::future::join_all(writes).await;
    assert!(matches!(done[30], Err(Error::Full(_))), "{:?}", done[30]);
    assert_eq!(count(&store).await, 59);
}

#[tokio::test]
async fn text_file_is_not_a_database() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("notes.txt");
    let text = "This is a list of things to do, and it is long enough to be looked at. ".repeat(20);
    std::fs::write(&path, &text).unwrap();
    let refused = Store::open(&Url::sqlite(&path)).await.unwrap_err();
    assert_eq!(refused.code(), "storage_corrupt");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}

#[tokio::test]
async fn replaced_file_is_another_database() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("fitness.db");
    let first = Store::open(&Url::sqlite(&path)).await.unwrap();
    run(&first, &CREATE).await.unwrap();
    for name in ["fitness.db", "fitness.db-wal", "fitness.db-shm"] {
        std::fs::remove_file(directory.path().join(name)).unwrap();
    }
    let second = Store::open(&Url::sqlite(&path)).await.unwrap();
    run(&second, &CREATE).await.unwrap();
    assert_eq!(count(&second).await, 0);
}

/// Opens and writes as a user who may not do everything, on a thread of its own.
fn open_without_rights(path: &Path) -> Result<Store> {
    let url = Url::sqlite(path);
    let open = move || {
        if rustix::process::geteuid().is_root() {
            let nobody = rustix::process::Uid::from_raw(NOBODY);
            rustix::thread::set_thread_res_uid(nobody, nobody, nobody).unwrap();
        }
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let store = Store::open(&url).await?;
            insert(&store, 1).await?;
            Ok(store)
        })
    };
    std::thread::spawn(open).join().unwrap()
}

fn check_read_only(refused: Result<Store>, path: &Path) {
    let refused = refused.unwrap_err();
    assert_eq!(refused.code(), "storage_read_only");
    assert!(refused.to_string().contains(path.to_str().unwrap()), "{refused}");
}

fn protect(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[tokio::test]
async fn directory_that_takes_no_file_is_read_only() {
    let directory = tempfile::tempdir().unwrap();
    protect(directory.path(), 0o555);
    let path = directory.path().join("fitness.db");
    check_read_only(open_without_rights(&path), &path);
}

#[tokio::test]
async fn directory_that_takes_no_directory_is_read_only() {
    let directory = tempfile::tempdir().unwrap();
    protect(directory.path(), 0o555);
    let path = directory.path().join("data/fitness.db");
    check_read_only(open_without_rights(&path), &directory.path().join("data"));
}

/// A finished database without log files.
fn finished(path: &Path) -> Vec<u8> {
    let connection = rusqlite::Connection::open(path).unwrap();
    connection.execute_batch(CREATE.text(store::Backend::Sqlite)).unwrap();
    drop(connection);
    std::fs::read(path).unwrap()
}

#[tokio::test]
async fn protected_file_is_read_only_and_untouched() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("fitness.db");
    let bytes = finished(&path);
    protect(&path, 0o444);
    protect(directory.path(), 0o777);
    check_read_only(open_without_rights(&path), &path);
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
}

#[tokio::test]
async fn protected_directory_of_a_file_is_read_only_and_untouched() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("fitness.db");
    let bytes = finished(&path);
    protect(&path, 0o666);
    protect(directory.path(), 0o555);
    check_read_only(open_without_rights(&path), &path);
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
}

/// Writes beside three copies of itself in other processes.
#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::disallowed_methods, reason = "the copies of this test are told the file")]
async fn processes_share_one_file() {
    if let Ok(url) = std::env::var(CHILD_URL) {
        return write_many(&open(&url).await, std::process::id().into()).await;
    }
    let url = support::sqlite_url();
    let store = open(&url).await;
    run(&store, &CREATE).await.unwrap();
    let program = std::env::current_exe().unwrap();
    let start = || {
        Command::new(&program)
            .args(["--exact", "sqlite_file::processes_share_one_file"])
            .env(CHILD_URL, &url)
            .spawn()
            .unwrap()
    };
    let children = [start(), start(), start()];
    write_many(&store, 0).await;
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(count(&store).await, 4 * 300);
}

async fn write_many(store: &Store, process: i64) {
    for id in 0..300 {
        let row = [Value::Int(process * 1000 + id), Value::Text("x")];
        store.write(move |tx| tx.execute(&INSERT, &row)).await.unwrap();
        store.read(|tx| number(tx, &COUNT)).await.unwrap();
    }
}

/// What a copy of the test below does with the file: `paced`, `flat out` or `reads`, and how long.
const CHILD_ROLE: &str = "PACELINE_STORE_CHILD_ROLE";
const SHARE_SECONDS: &str = "PACELINE_SHARE_SECONDS";
const USUAL_SHARE_SECONDS: u64 = 3;
const PER_SECOND: u32 = 50;

#[expect(
    clippy::disallowed_methods,
    reason = "the length is the caller's, and copies of a test are told their part"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn share_time() -> Duration {
    let seconds = variable(SHARE_SECONDS).and_then(|text| text.parse().ok());
    Duration::from_secs(seconds.unwrap_or(USUAL_SHARE_SECONDS))
}

/// Four processes that write fifty times a second and one that reads, without and with one that writes flat out. None of
/// them ever sees the lock of another.
#[tokio::test(flavor = "multi_thread")]
async fn writers_and_a_reader_share_one_file_even_with_one_that_writes_flat_out() {
    if let (Some(url), Some(role)) = (variable(CHILD_URL), variable(CHILD_ROLE)) {
        return play(&open(&url).await, &role).await;
    }
    for greedy in [false, true] {
        let url = support::sqlite_url();
        let store = open(&url).await;
        run(&store, &CREATE).await.unwrap();
        let mut roles = vec!["paced", "paced", "paced", "paced", "reads"];
        roles.extend(greedy.then_some("flat out"));
        let children: Vec<_> = roles.iter().map(|role| (*role, start_child(&url, role))).collect();
        let mut told = Vec::new();
        for (role, child) in children {
            let output = child.wait_with_output().unwrap();
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(output.status.success(), "{role}: {text}{}", String::from_utf8_lossy(&output.stderr));
            told.extend(text.lines().filter(|line| line.contains("p99")).map(str::to_owned));
        }
        println!("greedy: {greedy}\n{}", told.join("\n"));
        assert_eq!(told.len(), roles.len());
        let paced = i64::from(PER_SECOND) * 4 * share_time().as_secs() as i64;
        let found = count(&store).await;
        assert!(if greedy { found > paced } else { found == paced }, "{found} rows, {paced} of the paced");
        assert!(store.check().await.unwrap().iter().all(|finding| finding.code != "integrity"));
    }
}

fn start_child(url: &str, role: &str) -> std::process::Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--nocapture"])
        .arg("sqlite_file::writers_and_a_reader_share_one_file_even_with_one_that_writes_flat_out")
        .env(CHILD_URL, url)
        .env(CHILD_ROLE, role)
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap()
}

#[expect(clippy::print_stdout, reason = "figures for a person")]
async fn play(store: &Store, role: &str) {
    let (began, length) = (Instant::now(), share_time());
    let mut beat = tokio::time::interval(Duration::from_secs(1) / PER_SECOND);
    let first = i64::from(std::process::id()) * 1_000_000;
    let mut took = Vec::new();
    let paced = PER_SECOND as usize * length.as_secs() as usize;
    while if role == "paced" { took.len() < paced } else { began.elapsed() < length } {
        if role != "flat out" {
            beat.tick().await;
        }
        let (id, asked) = (first + took.len() as i64, Instant::now());
        // Any refusal, `store_busy` above all, ends the process with a failure.
        if role == "reads" {
            store.read(|tx| number(tx, &COUNT)).await.unwrap();
        } else {
            insert(store, id).await.unwrap();
        }
        took.push(asked.elapsed());
    }
    took.sort();
    println!(
        "{role}: {} transactions, median {:?}, p99 {:?}",
        took.len(),
        took[took.len() / 2],
        took[took.len() * 99 / 100]
    );
}
