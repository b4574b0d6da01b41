//! `paceline pools`: what runs share of an upstream, who has it, and until when it is closed.

use clap::{Args, Subcommand};
use engine::Engine;
use engine::pool::{ClosedBy, PoolRecord, PoolState};
use jiff::tz::TimeZone;

use crate::cli::Form;
use crate::config::Config;
use crate::table::Side::{Left, Right};
use crate::table::Table;
use crate::{error, output, program, units};

const AFTER_HELP: &str = "\
Examples:
  paceline pools                    slots and calls that are taken, and what is closed
  paceline pools --json             with the steps that hold a slot
  paceline pools open strava        ends a cooldown";
const LIST_HELP: &str = "\
Example:
  paceline pools list --json";
const OPEN_HELP: &str = "\
Example:
  paceline pools open strava

Runs that were parked for it are taken up at once; calls that were spent stay spent.";

/// Shows what runs share of an upstream, and opens what is closed
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP, args_conflicts_with_subcommands = true)]
pub(crate) struct Pools {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    list: List,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Lists the pools
    List(List),
    /// Opens a pool that is closed
    Open(Open),
}

#[derive(Debug, Args)]
#[command(after_help = LIST_HELP)]
struct List {
    #[command(flatten)]
    form: Form,
}

#[derive(Debug, Args)]
#[command(after_help = OPEN_HELP)]
struct Open {
    /// The pool
    name: String,
    #[command(flatten)]
    form: Form,
}

impl Pools {
    pub(crate) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        let engine = program::engine(config, None).await?;
        match self.verb {
            Some(Verb::Open(open)) => open.run(&engine).await,
            Some(Verb::List(list)) => list.run(&engine).await,
            None => self.list.run(&engine).await,
        }
    }

    pub(crate) fn form(&self) -> Form {
        match &self.verb {
            Some(Verb::Open(open)) => open.form,
            Some(Verb::List(list)) => list.form,
            None => self.list.form,
        }
    }
}

impl List {
    async fn run(self, engine: &Engine) -> anyhow::Result<u8> {
        let pools = engine.pools().await?;
        if self.form.json {
            pools.iter().try_for_each(output::json)?;
        } else if pools.is_empty() {
            output::note("no pipeline sizes a pool; docs/SCRIPTS.md shows how");
        } else {
            output::line(table(&pools, &TimeZone::system()).to_string())?;
        }
        Ok(error::DONE)
    }
}

impl Open {
    async fn run(self, engine: &Engine) -> anyhow::Result<u8> {
        let pool = engine.open_pool(&self.name).await?;
        if self.form.json {
            output::json(&pool)?;
        } else {
            output::line(format!("`{}` is open", pool.name))?;
        }
        Ok(error::DONE)
    }
}

fn table(pools: &[PoolRecord], zone: &TimeZone) -> Table {
    let mut table = Table::new(&[
        ("Pool", Left),
        ("Slots", Right),
        ("Calls", Left),
        ("Waiting", Right),
        ("State", Left),
        ("Held by", Left),
    ]);
    for pool in pools {
        table.row([
            pool.name.clone(),
            slots(pool),
            calls(pool, zone),
            if pool.waiting.is_empty() { String::new() } else { pool.waiting.len().to_string() },
            state(pool, zone),
            holders(pool),
        ]);
    }
    table
}

fn slots(pool: &PoolRecord) -> String {
    let taken = pool.holders.len();
    pool.slots.map_or_else(|| taken.to_string(), |slots| format!("{taken} of {slots}"))
}

fn calls(pool: &PoolRecord, zone: &TimeZone) -> String {
    let told = pool.calls.as_ref().map(|calls| {
        format!("{} of {} to {}", calls.used, calls.of, units::local_time(calls.until_ms, None, zone))
    });
    told.unwrap_or_default()
}

fn state(pool: &PoolRecord, zone: &TimeZone) -> String {
    let until = pool.closed_until_ms.map(|ms| units::local_time(ms, None, zone)).unwrap_or_default();
    match (pool.state, pool.closed_by) {
        (PoolState::Open, _) => "open".to_owned(),
        (PoolState::Trial, _) => "one tries whether it is back".to_owned(),
        (PoolState::Closed, Some(ClosedBy::Upstream)) => format!("closed to {until} by its upstream"),
        (PoolState::Closed, _) => format!("closed to {until} after {} failures", pool.failures),
    }
}

fn holders(pool: &PoolRecord) -> String {
    let mut runs: Vec<&str> = pool.holders.iter().map(|holder| holder.run.as_str()).collect();
    runs.sort_unstable();
    runs.dedup();
    runs.join(", ")
}

#[cfg(test)]
mod tests {
    use engine::pool::{Calls, Holder};

    use super::*;

    fn pool() -> PoolRecord {
        PoolRecord {
            name: "strava".to_owned(),
            slots: Some(2),
            holders: vec![Holder { run: "0199c1a4".to_owned(), step: "a".to_owned(), since_ms: 0 }],
            waiting: vec!["0199c1a5".to_owned()],
            calls: Some(Calls { used: 40, of: 100, per_ms: 900_000, until_ms: 1_709_335_800_000 }),
            state: PoolState::Open,
            failures: 0,
            closed_until_ms: None,
            closed_by: None,
        }
    }

    fn check(pool: PoolRecord, wanted: &str) {
        assert_eq!(table(&[pool], &TimeZone::UTC).to_string().lines().nth(1), Some(wanted));
    }

    #[test]
    fn a_pool_is_one_line() {
        check(pool(), "strava  1 of 2  40 of 100 to 2024-03-01 23:30        1  open   0199c1a4");
        let unlimited = PoolRecord { slots: None, calls: None, waiting: Vec::new(), ..pool() };
        check(unlimited, "strava      1                  open   0199c1a4");
    }

    #[test]
    fn a_pool_that_is_closed_says_until_when_and_why() {
        let closed = PoolRecord {
            state: PoolState::Closed,
            failures: 5,
            closed_until_ms: Some(1_709_335_800_000),
            closed_by: Some(ClosedBy::Failures),
            ..pool()
        };
        assert_eq!(state(&closed, &TimeZone::UTC), "closed to 2024-03-01 23:30 after 5 failures");
        let refused = PoolRecord { closed_by: Some(ClosedBy::Upstream), ..closed };
        assert_eq!(state(&refused, &TimeZone::UTC), "closed to 2024-03-01 23:30 by its upstream");
    }
}
