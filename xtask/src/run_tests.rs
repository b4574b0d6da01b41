//! Runs the tests with one throw-away PostgreSQL cluster for all of them.

use std::path::Path;
use std::process::{Command, ExitCode, ExitStatus};

use anyhow::{Context, ensure};
use support::memory::Memory;
use support::postgres::{Cluster, Setup};

/// Tests use this server instead of starting one each.
const DATABASE: &str = "FITNESS_TEST_DB_URL";

/// Scenarios take the binary as it is instead of building it each.
const BUILT: &str = "PACELINE_IS_BUILT";

/// Where temporary files go.
const TEMPORARY: &str = "TMPDIR";

/// All packages, with what is left out of the usual build too: each other selection would compile all crates once more.
const EVERYTHING: [&str; 3] = ["--workspace", "--features", "paceline/otel"];

/// Runs `cargo nextest run` under the profile `ci`, then what it leaves out, and answers with the exit code.
///
/// A run of the whole workspace builds the program by itself, for the tests beside it; one of a part may not.
pub(crate) fn run(root: &Path, arguments: &[String]) -> anyhow::Result<ExitCode> {
    ensure_nextest()?;
    if !arguments.is_empty() {
        build_program(root)?;
    }
    let mut nextest = Command::new("cargo");
    nextest.current_dir(root).args(["nextest", "run", "--profile", "ci"]);
    if arguments.is_empty() {
        nextest.args(EVERYTHING);
    }
    nextest.args(arguments).env(BUILT, "1");

    let memory = memory()?;
    if let Some(memory) = &memory {
        nextest.env(TEMPORARY, memory.path());
    }
    let cluster = start_cluster(memory.as_ref().map(Memory::path))?;
    if let Some(cluster) = &cluster {
        nextest.env(DATABASE, cluster.admin_url());
    }
    let status = nextest.status().context("cannot start `cargo nextest`")?;
    drop(cluster);
    if !status.success() || !arguments.is_empty() {
        return Ok(code(status));
    }
    Ok(code(examples(root).status().context("cannot start `cargo test`")?))
}

/// The examples in the documentation, which nextest does not run: some prove that what must not compile does not.
fn examples(root: &Path) -> Command {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(root).args(["test", "--quiet", "--doc"]).args(EVERYTHING);
    cargo
}

fn code(status: ExitStatus) -> ExitCode {
    status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from)
}

fn build_program(root: &Path) -> anyhow::Result<()> {
    let built =
        Command::new("cargo").current_dir(root).args(["build", "--quiet", "--package", "paceline"]).status();
    ensure!(built.context("cannot start `cargo build`")?.success(), "the program does not compile");
    Ok(())
}

fn memory() -> anyhow::Result<Option<Memory>> {
    if std::env::var_os(TEMPORARY).is_some() {
        return Ok(None);
    }
    Memory::folder().context("cannot make a folder in memory")
}

fn start_cluster(parent: Option<&Path>) -> anyhow::Result<Option<Cluster>> {
    if std::env::var_os(DATABASE).is_some() {
        return Ok(None);
    }
    Cluster::start_with(Setup { parent, is_durable: false })
        .map(Some)
        .context("cannot start a PostgreSQL for the tests; `make tools` installs it")
}

fn ensure_nextest() -> anyhow::Result<()> {
    let found =
        Command::new("cargo").args(["nextest", "--version"]).output().is_ok_and(|it| it.status.success());
    ensure!(found, "cargo-nextest is missing: `cargo install cargo-nextest --locked`, or `make tools`");
    Ok(())
}
