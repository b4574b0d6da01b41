//! What a worker holds that has nothing to do, and how much more while it runs a thousand steps.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::Context;

use crate::cpu;
use crate::report::{Bar, Report};

/// The program that is a worker and nothing else.
const ENGINE: &str = "paceline-bench-engine";
/// How long it is left alone first.
const REST: Duration = Duration::from_secs(3);

pub(crate) fn at_rest_and_at_work(report: &mut Report) -> anyhow::Result<()> {
    // A program of its own, or its code would lie scattered among that of plugins and servers, and the kernel maps what
    // lies around.
    let engine = std::env::current_exe()?.with_file_name(ENGINE);
    let told = Command::new(&engine).stderr(Stdio::inherit()).output();
    let told = told.with_context(|| format!("`{}` cannot be run", engine.display()))?;
    let told = String::from_utf8(told.stdout)?;
    let (idle, peak) = told.trim().split_once(' ').context("the worker told no figures")?;
    let (idle, peak): (f64, f64) = (idle.parse()?, peak.parse()?);
    report.add("RSS of the engine at rest, SQLite", idle, "MiB", Bar::AtMost(20.0));
    report.add("RSS, growth at most during 1,000 steps", peak - idle, "MiB", Bar::AtMost(5.0));
    the_program(report)
}

/// The installed program with all plugins, where it was built beside this one.
fn the_program(report: &mut Report) -> anyhow::Result<()> {
    let what = "RSS of `paceline work` at rest, SQLite";
    let program = std::env::current_exe()?.with_file_name("paceline");
    if !program.is_file() {
        report.missing(what, "`cargo build --release -p paceline` has not been run");
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut worker = Command::new(program)
        .arg("work")
        .current_dir(root)
        .env_clear()
        .env("FITNESS_DATA_DIR", folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    std::thread::sleep(REST);
    let idle = cpu::rss_mib(&worker.id().to_string());
    worker.kill()?;
    worker.wait()?;
    report.add(what, idle?, "MiB", Bar::None);
    Ok(())
}
