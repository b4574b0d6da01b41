//! The program under test: its binary, in a folder of its own, on a database of its own.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

/// Where the weather service is asked.
pub(crate) const WEATHER: [&str; 3] = [
    "FITNESS_OPEN_METEO_FORECAST_URL",
    "FITNESS_OPEN_METEO_ARCHIVE_URL",
    "FITNESS_OPEN_METEO_HISTORICAL_URL",
];

/// An installation: environment and folder of one test.
pub(crate) struct Program {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) db_url: String,
}

impl Program {
    /// On the embedded database.
    pub(crate) fn on_sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let db_url = format!("sqlite:{}", folder.path().join("paceline.db").display());
        Self { folder, db_url }
    }

    /// One on each database.
    pub(crate) fn on_both() -> [Self; 2] {
        [Self::on_sqlite(), Self::on_postgres()]
    }

    /// On a server.
    pub(crate) fn on_postgres() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), db_url: support::postgres_url() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes the demo athlete's files of the last days before the end of October 2026.
    pub(crate) fn demo(&self, days: u32) -> PathBuf {
        let folder = self.path("demo");
        files::demo::write(&folder, 7, jiff::civil::date(2026, 10, 31), days).unwrap();
        folder
    }

    /// Writes the demo athlete's export of the last days before the end of October 2026.
    pub(crate) fn export(&self, days: u32) -> PathBuf {
        self.export_in(files::demo::Language::English, days)
    }

    pub(crate) fn export_in(&self, language: files::demo::Language, days: u32) -> PathBuf {
        let path = self.path("export.zip");
        let export = files::demo::Export {
            seed: 7,
            last_day: jiff::civil::date(2026, 10, 31),
            days,
            language,
            every_second: false,
        };
        files::demo::export(&path, &export).unwrap();
        path
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command
            .args(arguments)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("FITNESS_DB_URL", &self.db_url)
            .env("FITNESS_DATA_DIR", self.folder.path())
            .env("FITNESS_LOG_LEVEL", "info")
            .env("FITNESS_LOG", "json")
            // Nobody is there: no test asks the real service.
            .envs(WEATHER.map(|name| (name, "http://127.0.0.1:9")))
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Standard output of a command that must succeed.
    pub(crate) fn succeed(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "paceline {arguments:?} failed: {error}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// The one JSON object that a command prints.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.succeed(arguments)).unwrap()
    }

    /// The JSON objects that a command prints, one a line.
    pub(crate) fn lines(&self, arguments: &[&str]) -> Vec<Value> {
        self.succeed(arguments).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Starts the server on a free port and waits until it answers.
    pub(crate) fn serve(&self) -> Server {
        self.serve_with(&[])
    }

    /// The same with more in its environment.
    pub(crate) fn serve_with(&self, variables: &[(&str, &Path)]) -> Server {
        let mut command = self.command(&["serve", "--listen", "127.0.0.1:0"]);
        command.envs(variables.iter().copied());
        let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
        let address = log.by_ref().map_while(Result::ok).find_map(|line| address(&line));
        // The log is read on, or the server would stand still once the pipe is full.
        let path = self.path(&format!("server{}.log", child.id()));
        let mut kept = File::create(&path).unwrap();
        std::thread::spawn(move || {
            // The folder may go before the server does.
            log.map_while(Result::ok).for_each(|line| drop(writeln!(kept, "{line}")));
        });
        let url = format!("http://{}", address.expect("the server did not say where it listens"));
        Server { url, log: path, child }
    }
}

fn address(line: &str) -> Option<String> {
    let line: Value = serde_json::from_str(line).ok()?;
    line.pointer("/fields/address").or_else(|| line.get("address"))?.as_str().map(str::to_owned)
}

/// A server that is killed when the test ends.
pub(crate) struct Server {
    pub(crate) url: String,
    /// What it logged since it listens.
    pub(crate) log: PathBuf,
    child: Child,
}

impl Server {
    pub(crate) fn id(&self) -> rustix::process::Pid {
        rustix::process::Pid::from_child(&self.child)
    }

    /// Asks the server to stop, as a service manager does, and answers its exit code.
    pub(crate) fn stop(&mut self) -> Option<i32> {
        rustix::process::kill_process(self.id(), rustix::process::Signal::TERM).unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The binary, built with the same profile as the tests.
fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let folder = std::env::current_exe().unwrap().parent().and_then(Path::parent).unwrap().to_owned();
        // `cargo xtask test` builds it once for all tests; a single test builds it by itself.
        if std::env::var_os("PACELINE_IS_BUILT").is_none() {
            let built =
                Command::new(env!("CARGO")).args(["build", "--quiet", "-p", "paceline"]).status().unwrap();
            assert!(built.success(), "cannot build the program");
        }
        folder.join("paceline")
    })
}

/// The folder of real files, where it lies beside the project.
pub(crate) fn real_files() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    folder.is_dir().then_some(folder)
}
