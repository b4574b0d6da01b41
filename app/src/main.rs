//! Paceline: reads what you trained and says what to do today, and why.

mod cli;
mod commands;
mod config;
mod confirm;
mod crew;
mod error;
mod graph;
mod logging;
mod open_files;
mod output;
mod program;
mod progress;
mod question;
#[cfg(test)]
mod reference;
mod scripts;
mod signals;
#[cfg(feature = "otel")]
mod spans;
#[cfg(not(feature = "otel"))]
#[path = "no_spans.rs"]
mod spans;
mod table;
mod units;
mod walk;
mod work;

use std::process::ExitCode;

use clap::Parser;
use tracing::Level;

use cli::{Cli, Command};
use config::Config;
use error::Problem;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return ExitCode::from(cli::refuse(&error)),
    };
    let for_programs = cli.command.is_for_programs();
    match run(cli.command) {
        Ok(code) => ExitCode::from(code),
        Err(error) if error::is_closed_pipe(&error) => ExitCode::from(error::DONE),
        Err(error) => {
            let problem = Problem::of(&error);
            output::problem(&problem, for_programs);
            ExitCode::from(problem.exit)
        }
    }
}

fn run(command: Command) -> anyhow::Result<u8> {
    let config = Config::from_env()?;
    let usual = if command.is_a_server() { Level::INFO } else { Level::WARN };
    let _exporter = logging::start(&config, usual)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let ended = runtime.block_on(async {
        signals::survive_file_limit()?;
        command.run(&config).await
    });
    // A read of stdin or a resolver may still sit on a blocking thread; nobody waits for it.
    runtime.shutdown_background();
    ended
}
