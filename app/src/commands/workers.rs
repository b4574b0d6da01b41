//! `paceline workers`: who works on the queue.

use clap::Args;
use engine::clock::Clock;
use engine::queue::{self, WorkerRecord};
use jiff::tz::TimeZone;

use crate::cli::Form;
use crate::config::Config;
use crate::table::Side::{Left, Right};
use crate::table::Table;
use crate::{error, output, program, units};

const AFTER_HELP: &str = "\
Examples:
  paceline workers
  paceline workers --json           with the runs that each one holds";

/// Lists who works off the queue, and who was last heard of when
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Workers {
    #[command(flatten)]
    pub(crate) form: Form,
}

impl Workers {
    pub(crate) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        let store = program::store(config).await?;
        let workers = store.read(queue::workers).await?;
        if self.form.json {
            workers.iter().try_for_each(output::json)?;
        } else if workers.is_empty() {
            output::note("nobody works; `paceline serve` and `paceline work` do");
        } else {
            output::line(table(&workers, Clock::system().now_ms(), &TimeZone::system()).to_string())?;
        }
        Ok(error::DONE)
    }
}

fn table(workers: &[WorkerRecord], now_ms: i64, zone: &TimeZone) -> Table {
    let mut table = Table::new(&[
        ("Worker", Left),
        ("Host", Left),
        ("Process", Right),
        ("Since", Left),
        ("Last seen", Right),
        ("Runs", Right),
    ]);
    for worker in workers {
        table.row([
            worker.id.clone(),
            worker.host.clone(),
            worker.process.to_string(),
            units::local_time(worker.since_ms, None, zone),
            format!("{} ago", units::took(worker.seen_ms, now_ms.max(worker.seen_ms))),
            worker.runs.len().to_string(),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_is_one_line() {
        let worker = WorkerRecord {
            id: "0199c1a4-7c1e-7000-8000-5d1c0a3f9b21".to_owned(),
            host: "attic".to_owned(),
            process: 4711,
            since_ms: 1_709_335_800_000,
            seen_ms: 1_709_335_804_300,
            runs: vec!["a".to_owned(), "b".to_owned()],
        };
        let text = table(&[worker], 1_709_335_808_500, &TimeZone::UTC).to_string();
        let wanted =
            "0199c1a4-7c1e-7000-8000-5d1c0a3f9b21  attic     4711  2024-03-01 23:30  4.2 s ago     2";
        assert_eq!(text.lines().nth(1), Some(wanted));
    }
}
