//! Prints what things cost, as ratios against a floor or a bar measured in the same run.

#![expect(clippy::disallowed_methods, reason = "a benchmark talks HTTP as any client does, and times itself")]

mod archive;
mod backtest;
mod bystanders;
mod dashboard;
mod demo;
mod events;
mod executor;
mod fsync;
mod history;
mod import;
mod insight;
mod listening;
mod log;
mod memory;
mod million;
mod numbers;
mod past;
mod peers;
mod process;
mod queue;
mod report;
mod rules;
mod script;
mod seed;
mod server;
mod settings;
mod strava;
mod wakeup;
mod ways;
mod weather;
mod years;

use paceline_bench::{cpu, noop};
use report::Report;

fn main() -> anyhow::Result<()> {
    let only: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match *only.iter().map(String::as_str).collect::<Vec<_>>() {
        [archive::WRITE, path] => return archive::write(path.as_ref()),
        [backtest::COMMAND, path] => return backtest::of_a_list(path.as_ref()),
        [fsync::TRACED] => return runtime.block_on(fsync::traced()),
        _ => {}
    }
    let mut report = Report::default();
    runtime.block_on(all(&mut report, |name| only.is_empty() || only.iter().any(|only| only == name)))?;
    report.print();
    Ok(())
}

async fn all(report: &mut Report, wanted: impl Fn(&str) -> bool) -> anyhow::Result<()> {
    if wanted("executor") {
        // Without metrics, as the floor has none either.
        executor::in_memory(report).await?;
    }
    engine::telemetry::install()?;
    if wanted("executor") {
        executor::durable(report).await?;
        peers::tell(report);
    }
    if wanted("memory") {
        memory::at_rest_and_at_work(report)?;
    }
    if wanted("queue") {
        queue::against_a_bare_loop(report).await?;
    }
    if wanted("wakeup") {
        wakeup::from_commit_to_step(report).await?;
    }
    if wanted("log") {
        log::of_a_line(report)?;
    }
    if wanted("past") {
        past::list_and_open(report).await?;
    }
    if wanted("million") {
        million::of_steps(report).await?;
    }
    if wanted("import") {
        import::hundred_files(report).await?;
    }
    if wanted("numbers") {
        numbers::of_activities(report).await?;
    }
    if wanted("history") {
        history::one_more(report).await?;
    }
    if wanted("insight") {
        insight::daily(report).await?;
    }
    if wanted("dashboard") {
        dashboard::ten_thousand_activities(report).await?;
    }
    if wanted("weather") {
        weather::of_a_thousand_activities(report).await?;
    }
    if wanted("strava") {
        strava::of_a_history(report).await?;
    }
    if wanted("settings") {
        settings::five_thousand_activities(report).await?;
    }
    if wanted("rules") {
        rules::ten_years(report).await?;
    }
    if wanted("ways") {
        ways::of_a_history(report).await?;
    }
    if wanted("process") {
        process::lines_through_a_program(report).await?;
    }
    if wanted("script") {
        script::map_over_items(report).await?;
    }
    if wanted("bystanders") {
        bystanders::requests_beside_scripts(report).await?;
    }
    if wanted("events") {
        events::thousand_clients(report).await?;
        events::who_never_reads(report).await?;
    }
    report.add("peak RSS of all that", cpu::peak_rss_mib()?, "MiB", report::Bar::AtMost(100.0));
    if wanted("archive") {
        // Last, because it looks at a peak of its own.
        archive::whole_export(report).await?;
    }
    Ok(())
}
