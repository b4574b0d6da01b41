//! JSON lines through a program and back, beside `cat` whose lines are read as JSON, and `cat` whose lines are only read.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Instant;

use anyhow::{Context, ensure};
use serde::de::IgnoredAny;

use crate::report::{Bar, Report};

const CAT: &str = "/bin/cat";
/// Lines of one round, and how often they are sent.
const LINES: usize = 10_000;
const TIMES: usize = 100;
const ROUNDS: usize = 5;

pub(crate) async fn lines_through_a_program(report: &mut Report) -> anyhow::Result<()> {
    let lines = lines();
    let total = LINES * TIMES;
    let (mut rates, mut bare, mut checked) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let bare_s = cat(&lines, |_| Ok(()))?;
        let checked_s = cat(&lines, |line| Ok(serde_json::from_slice::<IgnoredAny>(line).map(drop)?))?;
        let (before_s, began) = (spent_s()?, Instant::now());
        let heard = plugins::process::rehearse(Path::new(CAT), &lines, TIMES).await?;
        let (took_s, spent_s) = (began.elapsed().as_secs_f64(), spent_s()? - before_s);
        ensure!(heard == total as u64, "{heard} of {total} lines came back");
        rates.push(total as f64 / took_s);
        bare.push(spent_s / bare_s);
        checked.push(spent_s / checked_s);
    }
    report.spread("JSON lines through `cat` and back", rates, "lines/s", Bar::AtLeast(100_000.0));
    report.spread("CPU in units of `cat` whose lines are read as JSON", checked, "x", Bar::AtMost(2.0));
    report.spread("CPU in units of `cat` whose lines are only read", bare, "x", Bar::None);
    Ok(())
}

/// As a tap tells them: about 120 bytes each.
fn lines() -> Vec<u8> {
    let line = |id| {
        format!(
            "{{\"id\":{id},\"name\":\"Morning run number {id}\",\"start\":\"2026-06-20T06:00:00Z\",\"distance_m\":10000.5,\"elapsed_s\":3000}}\n"
        )
    };
    (0..LINES).map(line).collect::<String>().into_bytes()
}

/// CPU seconds that `cat` and we take for the lines, with a thread that writes and one that reads.
fn cat(lines: &[u8], look: impl Fn(&[u8]) -> anyhow::Result<()>) -> anyhow::Result<f64> {
    let before_s = spent_s()?;
    let mut cat = Command::new(CAT).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut stdin = cat.stdin.take().context("no stdin")?;
    let mut stdout = BufReader::with_capacity(256 * 1024, cat.stdout.take().context("no stdout")?);
    let read = thread::scope(|scope| {
        scope.spawn(move || (0..TIMES).try_for_each(|_| stdin.write_all(lines)));
        let (mut line, mut read) = (Vec::new(), 0);
        while stdout.read_until(b'\n', &mut line)? > 0 {
            read += line.len();
            look(&line)?;
            line.clear();
        }
        anyhow::Ok(read)
    })?;
    ensure!(cat.wait()?.success() && read == lines.len() * TIMES, "{read} bytes came back");
    Ok(spent_s()? - before_s)
}

/// CPU seconds of this process and of those that it waited for.
fn spent_s() -> anyhow::Result<f64> {
    // In hundredths of a second on every Linux.
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let behind_name = stat.rsplit_once(')').context("/proc/self/stat is odd")?.1;
    let ticks: Vec<f64> =
        behind_name.split_whitespace().skip(11).take(4).map(str::parse).collect::<Result<_, _>>()?;
    Ok(ticks.iter().sum::<f64>() / 100.0)
}
