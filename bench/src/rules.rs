//! Ten years of days, each asked of every shipped rule.

use std::path::Path;

use anyhow::ensure;
use engine::script::Library;
use insights::{History, Rules, backtest};
use jiff::ToSpan;
use jiff::civil::date;

use crate::cpu;
use crate::demo::Demo;
use crate::history::ride;
use crate::report::{Bar, Report};

const DAYS: i64 = 3_650;
const ROUNDS: usize = 5;

pub(crate) async fn ten_years(report: &mut Report) -> anyhow::Result<()> {
    let demo = Demo::new().await?;
    let folder = demo.folder.path().join("ten-years");
    std::fs::create_dir(&folder)?;
    // Three activities in two days.
    for number in 0..DAYS * 3 / 2 {
        std::fs::write(folder.join(format!("{number:05}.gpx")), ride(number))?;
    }
    demo.import(std::slice::from_ref(&folder)).await?;
    let first = date(2011, 3, 13);
    let days = (first, first.checked_add((DAYS - 1).days())?);
    let (read_s, history) =
        cpu::of(demo.engine.store().read(move |tx| History::between(tx, "me", days))).await;
    let history = history?;
    let library = Library::from_dir(&Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))?;
    let rules = Rules::of(&library, "rules/*.rhai");
    let mut seconds = Vec::new();
    for _ in 0..ROUNDS {
        let (took_s, advised) = cpu::of(async { backtest(&history, &rules, days) }).await;
        let advised = advised?;
        ensure!(advised.len() == DAYS as usize, "{} days were advised", advised.len());
        let spoke = advised.iter().filter(|day| day.rule.is_some()).count();
        ensure!(spoke == advised.len(), "only {spoke} days have advice");
        seconds.push(took_s);
    }
    report.add("3,650 days read, with their activities", read_s, "CPU s", Bar::None);
    report.add("3,650 days asked of the shipped rules", cpu::median(seconds), "CPU s", Bar::AtMost(1.0));
    Ok(())
}
