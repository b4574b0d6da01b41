//! Ten years of days, each asked of every shipped rule, and a rule back-tested on them.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, ensure};
use engine::registry::QueryContext;
use engine::script::Library;
use insights::{History, Rules, backtest};
use jiff::ToSpan;
use jiff::civil::{Date, date};
use serde_json::json;

use crate::cpu;
use crate::demo::Demo;
use crate::history::ride;
use crate::report::{Bar, Report};

const DAYS: i64 = 3_650;
const ROUNDS: usize = 5;
/// As many as a back-test is held against; more are shipped.
const RULES: usize = 12;
/// The rule of which a draft is tested.
const TESTED: &str = "scripts/rules/streak.rhai";

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
    backtested(report, &demo, &library, days).await
}

/// A draft of one of twelve rules, as it is asked for: with the days read from the store.
async fn backtested(
    report: &mut Report,
    demo: &Demo,
    shipped: &Library,
    (from, to): (Date, Date),
) -> anyhow::Result<()> {
    let rules = shipped.matching("rules/*.rhai").into_iter().take(RULES);
    let rules = rules.map(|(path, text)| (path, text.to_owned()));
    let scripts = Arc::new(Library::from_texts(rules.collect()));
    ensure!(scripts.matching("rules/*.rhai").len() == RULES, "fewer than {RULES} rules are shipped");
    let saved = scripts.text(TESTED).with_context(|| format!("`{TESTED}` is none of them"))?;
    let draft = saved.replace("DAYS_IN_A_ROW = 10", "DAYS_IN_A_ROW = 9");
    ensure!(draft != saved, "the draft is the rule itself");
    let params = json!({
        "rule": { "name": "streak", "text": draft },
        "from": from.to_string(),
        "to": to.to_string(),
    });
    let query = demo.engine.registry().find_query("insights.backtest").context("nobody back-tests")?;
    let mut took = Vec::new();
    for _ in 0..ROUNDS {
        let ctx = QueryContext {
            partition: "me".to_owned(),
            clock: demo.engine.clock().clone(),
            scripts: scripts.clone(),
            mistakes: Vec::new(),
        };
        let started = Instant::now();
        let answer = query.ask(demo.engine.store(), ctx, params.clone()).await?;
        took.push(started.elapsed().as_secs_f64());
        ensure!(answer["days"] == DAYS, "not all days were tested: {}", answer["days"]);
        ensure!(!answer["saved"].is_null(), "the draft was not compared with the rule");
    }
    let what = "12 rules and a draft back-tested over 3,650 days, read too";
    report.spread(what, took, "s", Bar::AtMost(1.5));
    Ok(())
}
