//! How often a run waits for the disk: its calls of `fsync` and `fdatasync`, as `strace` sees them.

use std::io::ErrorKind;
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};
use store::Durability;

use crate::executor;
use crate::noop;
use crate::report::{Bar, Report};

/// The argument under which this program is the one that is looked at.
pub(crate) const TRACED: &str = "--fan-on-full";
const BEGINS: &str = "the fan begins";
const ENDS: &str = "the fan has ended";

/// Runs the fan once, and says when.
#[expect(clippy::print_stderr, reason = "the words are looked for in the trace")]
pub(crate) async fn traced() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let engine = executor::engine(noop::FAN, &folder.path().join("bench.db"), Durability::Full).await?;
    let run = noop::enqueue(&engine).await?;
    eprintln!("{BEGINS}");
    let succeeded = executor::work(&engine, &run).await?;
    eprintln!("{ENDS}");
    ensure!(succeeded, "the run failed");
    Ok(())
}

pub(crate) fn count(report: &mut Report) -> anyhow::Result<()> {
    let what = "SQLite FULL, fan of 1,000: fsyncs of the run (strace)";
    let folder = tempfile::tempdir()?;
    let trace = folder.path().join("trace");
    let ran = Command::new("strace")
        .args(["-f", "-q", "-e", "trace=fsync,fdatasync,write", "-e", "signal=none", "-o"])
        .args([&trace, &std::env::current_exe()?])
        .arg(TRACED)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .output();
    let ran = match ran {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            report.missing(what, "`strace` is not installed");
            return Ok(());
        }
        ran => ran?,
    };
    let told = String::from_utf8_lossy(&ran.stderr).into_owned();
    if !told.contains(ENDS) {
        report.missing(what, told.trim());
        return Ok(());
    }
    let trace = std::fs::read_to_string(&trace)?;
    let (_, after) = trace.split_once(BEGINS).context("the trace does not show the beginning")?;
    let (run, _) = after.split_once(ENDS).context("the trace does not show the end")?;
    // A call that another thread interrupts has a second line, which says "resumed".
    let calls = run.lines().filter(|line| line.contains("fsync(") || line.contains("fdatasync(")).count();
    let fsyncs = calls.saturating_sub(executor::WORKER_COMMITS);
    report.add(what, fsyncs as f64, "", Bar::AtMost(10.0));
    Ok(())
}
