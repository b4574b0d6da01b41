//! Prints what things cost, as ratios against a floor or a bar measured in the same run.

#![expect(clippy::disallowed_methods, reason = "a benchmark talks HTTP as any client does, and times itself")]

mod archive;
mod cpu;
mod demo;
mod executor;
mod history;
mod import;
mod insight;
mod noop;
mod report;
mod rules;

use report::Report;

fn main() -> anyhow::Result<()> {
    let only: Vec<String> = std::env::args().skip(1).collect();
    if let [archive::WRITE, path] = *only.iter().map(String::as_str).collect::<Vec<_>>() {
        return archive::write(path.as_ref());
    }
    let wanted = |name: &str| only.is_empty() || only.iter().any(|only| only == name);
    let runtime = tokio::runtime::Runtime::new()?;
    let mut report = Report::default();
    if wanted("executor") {
        // Without metrics, as the floor has none either.
        runtime.block_on(executor::in_memory(&mut report))?;
    }
    engine::telemetry::install()?;
    if wanted("executor") {
        runtime.block_on(executor::durable(&mut report))?;
    }
    if wanted("import") {
        runtime.block_on(import::hundred_files(&mut report))?;
    }
    if wanted("history") {
        runtime.block_on(history::one_more(&mut report))?;
    }
    if wanted("insight") {
        runtime.block_on(insight::daily(&mut report))?;
    }
    if wanted("rules") {
        runtime.block_on(rules::ten_years(&mut report))?;
    }
    report.add("peak RSS of all that", cpu::peak_rss_mib()?, "MiB", report::Bar::AtMost(100.0));
    if wanted("archive") {
        // Last, because it looks at a peak of its own.
        runtime.block_on(archive::whole_export(&mut report))?;
    }
    report.print();
    Ok(())
}
