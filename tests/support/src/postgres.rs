//! Throw-away PostgreSQL clusters from the system's binaries.

use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::watcher::Watcher;

const START_LIMIT: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(10);
const ATTEMPTS: u32 = 5;

/// A PostgreSQL server on the loopback; it stops, and its directory goes, with this value or with the process.
pub struct Cluster {
    url: String,
    place: Place,
    server: Child,
    watcher: Watcher,
}

/// Where a cluster lies, and whether it could be relied upon.
#[derive(Debug, Clone, Copy)]
pub struct Setup<'a> {
    /// The directory that its own is made in; the system's for temporary files where none is given.
    pub parent: Option<&'a Path>,
    /// Whether a commit waits for the disk, as it does where data is kept.
    pub is_durable: bool,
}

/// Where a cluster's programs and data are, who runs them, and how.
struct Place {
    binaries: PathBuf,
    data: PathBuf,
    account: Option<Account>,
    port: u16,
    is_durable: bool,
}

impl Cluster {
    /// Makes a cluster in a temporary directory and starts its server; nothing of it survives a power cut.
    pub fn start() -> Result<Cluster> {
        Cluster::start_with(Setup { parent: None, is_durable: false })
    }

    /// Makes a cluster as it is told to and starts its server.
    pub fn start_with(setup: Setup<'_>) -> Result<Cluster> {
        let binaries = binaries()?;
        let account = account()?;
        // Another process may take the free port before the server does.
        let mut failure = None;
        for _ in 0..ATTEMPTS {
            match start(&binaries, account, setup) {
                Ok(cluster) => return Ok(cluster),
                Err(error) => failure = Some(error),
            }
        }
        failure.map_or_else(|| bail!("no attempt was made"), Err)
    }

    /// The URL of the superuser's own database.
    #[must_use]
    pub fn admin_url(&self) -> &str {
        &self.url
    }

    /// Stops the server as a crash does and starts it again on the same port.
    pub fn crash_and_restart(&mut self) -> Result<()> {
        self.quit();
        self.server = self.place.spawn()?;
        wait_until_ready(&mut self.server, &self.place.data)
    }

    /// The same, but as a standby: it answers and takes no writes, until it is promoted.
    pub fn crash_into_standby(&mut self) -> Result<()> {
        std::fs::write(self.place.data.join("standby.signal"), "")?;
        self.crash_and_restart()
    }

    /// Lets a standby take writes, without a restart.
    pub fn promote(&self) -> Result<()> {
        let promoted = Command::new(self.place.binaries.join("psql"))
            .args(["--no-psqlrc", "--quiet", "--command", "SELECT pg_promote()"])
            .arg(&self.url)
            .stdin(Stdio::null())
            .output()?;
        ensure!(promoted.status.success(), "psql: {}", String::from_utf8_lossy(&promoted.stderr).trim());
        Ok(())
    }

    fn quit(&mut self) {
        if let Some(pid) = Pid::from_raw(self.server.id().cast_signed()) {
            // A server that has ended needs no signal.
            let _ = kill_process(pid, Signal::QUIT);
        }
        drop(self.server.wait());
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // The server is this process's child: unless it is waited for, the watcher sees it alive.
        self.quit();
        self.watcher.run_now();
    }
}

/// Makes a database that is dropped when the process ends.
pub fn fresh_database(admin_url: &str) -> Result<String> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    static DROPPED_LATER: Mutex<Vec<Watcher>> = Mutex::new(Vec::new());
    let name = format!("test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let psql = binaries()?.join("psql");
    let made = Command::new(&psql)
        .args(["--no-psqlrc", "--quiet", "--command"])
        .args([&format!("DROP DATABASE IF EXISTS {name}"), "--command", &format!("CREATE DATABASE {name}")])
        .arg(admin_url)
        .stdin(Stdio::null())
        .output()?;
    ensure!(made.status.success(), "psql: {}", String::from_utf8_lossy(&made.stderr).trim());
    let drop_it = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
    let watcher = Watcher::start(
        "\"$1\" --no-psqlrc --quiet --command \"$2\" \"$3\"",
        &[&psql.display().to_string(), &drop_it, admin_url],
    )?;
    DROPPED_LATER.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(watcher);
    Ok(with_database(admin_url, &name))
}

/// Puts another database into a URL.
fn with_database(url: &str, name: &str) -> String {
    let (address, query) = url.split_once('?').map_or((url, None), |(address, query)| (address, Some(query)));
    let start = address.find("://").map_or(0, |at| at + 3);
    let server = address[start..].find('/').map_or(address, |at| &address[..start + at]);
    query.map_or_else(|| format!("{server}/{name}"), |query| format!("{server}/{name}?{query}"))
}

/// PostgreSQL refuses to run as root.
#[derive(Clone, Copy)]
struct Account {
    uid: u32,
    gid: u32,
}

fn account() -> Result<Option<Account>> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let accounts = std::fs::read_to_string("/etc/passwd")?;
    let line = accounts
        .lines()
        .find(|line| line.starts_with("postgres:"))
        .context("there is no user `postgres` (Debian package `postgresql`)")?;
    let mut fields = line.split(':').skip(2);
    let mut id = || fields.next().and_then(|id| id.parse().ok()).context("the user `postgres` has no id");
    Ok(Some(Account { uid: id()?, gid: id()? }))
}

/// Finds the directory with the server's programs, the newest version first.
#[expect(clippy::disallowed_methods, reason = "the system's programs are found like a shell finds them")]
fn binaries() -> Result<PathBuf> {
    let mut directories: Vec<PathBuf> =
        std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default();
    let mut installed: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|versions| versions.flatten().map(|version| version.path().join("bin")).collect())
        .unwrap_or_default();
    installed.sort_by_key(|path| std::cmp::Reverse(version(path)));
    directories.extend(installed);
    directories.extend(configured());
    directories
        .into_iter()
        .find(|directory| ["initdb", "postgres", "psql"].iter().all(|name| directory.join(name).is_file()))
        .context("initdb and postgres were not found: install the Debian package `postgresql`")
}

fn version(binaries: &Path) -> u32 {
    let name = binaries.parent().and_then(Path::file_name).and_then(|name| name.to_str());
    name.and_then(|name| name.parse().ok()).unwrap_or(0)
}

fn configured() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").output().ok()?;
    Some(PathBuf::from(String::from_utf8(output.stdout).ok()?.trim()))
}

fn command(program: PathBuf, account: Option<Account>) -> Command {
    let mut command = Command::new(program);
    if let Some(account) = account {
        command.uid(account.uid).gid(account.gid);
    }
    // The directory of the tests may be closed to the account.
    command.current_dir("/").stdin(Stdio::null()).process_group(0);
    command
}

fn start(binaries: &Path, account: Option<Account>, setup: Setup<'_>) -> Result<Cluster> {
    const PREFIX: &str = "paceline-postgres-";
    let directory = match setup.parent {
        Some(parent) => TempDir::with_prefix_in(PREFIX, parent)?,
        None => TempDir::with_prefix(PREFIX)?,
    };
    if let Some(account) = account {
        chown(directory.path(), Some(account.uid), Some(account.gid))?;
    }
    initialize(binaries, &directory.path().join("data"), account)?;
    serve(binaries, directory.keep().join("data"), account, setup.is_durable)
}

fn initialize(binaries: &Path, data: &Path, account: Option<Account>) -> Result<()> {
    // A linguistic default order makes a forgotten `COLLATE "C"` visible; servers before 15 do not offer it.
    let linguistic = ["--locale-provider=icu", "--icu-locale=en"];
    for locale in [&linguistic[..], &[]] {
        let made = command(binaries.join("initdb"), account)
            .args([
                "--no-sync",
                "--no-instructions",
                "--auth=trust",
                "--username=postgres",
                "--encoding=UTF8",
            ])
            .args(["--locale=C.UTF-8"])
            .args(locale)
            .arg(data)
            .output()?;
        if made.status.success() {
            return Ok(());
        }
        if locale.is_empty() {
            bail!("initdb: {}", String::from_utf8_lossy(&made.stderr).trim());
        }
    }
    Ok(())
}

impl Place {
    fn spawn(&self) -> Result<Child> {
        let setting = |text: &str| ["-c".to_owned(), text.to_owned()];
        let is_durable = if self.is_durable { "on" } else { "off" };
        let server = command(self.binaries.join("postgres"), self.account)
            .arg("-D")
            .arg(&self.data)
            .args(["-h", "127.0.0.1", "-p", &self.port.to_string()])
            .args(setting("unix_socket_directories="))
            .args(setting(&format!("fsync={is_durable}")))
            .args(setting(&format!("full_page_writes={is_durable}")))
            .args(setting("max_connections=300"))
            .args(setting("shared_buffers=32MB"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        Ok(server)
    }
}

fn serve(binaries: &Path, data: PathBuf, account: Option<Account>, is_durable: bool) -> Result<Cluster> {
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let place = Place { binaries: binaries.to_owned(), data, account, port, is_durable };
    // QUIT is the immediate shutdown: nobody needs the data.
    let clean_up = r#"pid=$(head -n 1 "$1/data/postmaster.pid") && kill -QUIT "$pid" && n=0
        while kill -0 "$pid" && [ $n -lt 100 ]; do sleep 0.05; n=$((n + 1)); done; rm -rf "$1""#;
    let parent = place.data.parent().unwrap_or(&place.data).display().to_string();
    let watcher = Watcher::start(clean_up, &[&parent])?;
    let mut server = place.spawn()?;
    wait_until_ready(&mut server, &place.data)?;
    let url = format!("postgres://postgres@127.0.0.1:{port}/postgres");
    Ok(Cluster { url, place, server, watcher })
}

#[expect(clippy::disallowed_methods, reason = "the server tells its state in a file only")]
fn wait_until_ready(server: &mut Child, data: &Path) -> Result<()> {
    let start = Instant::now();
    while start.elapsed() < START_LIMIT {
        // The server writes its state into the eighth line.
        let state = std::fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
        if state.lines().nth(7).is_some_and(|state| ["ready", "standby"].contains(&state.trim())) {
            return Ok(());
        }
        if let Some(status) = server.try_wait()? {
            bail!("postgres ended with {status}");
        }
        std::thread::sleep(POLL);
    }
    bail!("postgres did not become ready in time")
}
