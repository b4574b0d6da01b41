//! The project's own tools: `cargo xtask tidy` and `cargo xtask test`.

#![allow(
    clippy::disallowed_methods,
    reason = "a developer's tool may read the environment it was started in"
)]

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Parser, Subcommand};

mod run_tests;
mod tidy;

/// Checks and runs that only developers and CI need.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Checks what the compiler cannot: rooms, sizes, absences, migrations, error codes.
    Tidy,
    /// Runs every test against a throw-away PostgreSQL cluster and writes a JUnit file.
    ///
    /// Example: `cargo xtask test -- -p paceline-store`
    Test {
        /// Passed to `cargo nextest run` instead of `--workspace`.
        #[arg(last = true)]
        nextest: Vec<String>,
    },
}

fn main() -> anyhow::Result<ExitCode> {
    let root = workspace_root()?;
    match Cli::parse().command {
        Command::Tidy => tidy::report(&root),
        Command::Test { nextest } => run_tests::run(&root, &nextest),
    }
}

fn workspace_root() -> anyhow::Result<PathBuf> {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    Ok(here.parent().context("xtask lies in no workspace")?.to_path_buf())
}
