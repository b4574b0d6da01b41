//! When pipelines run by themselves: rules, the slots they name, and the scheduler that fills them.
//!
//! A slot is one occurrence of a rule for one partition. Each has a key, and a row of that key is written together
//! with the run, so that no slot runs twice however many schedulers there are and wherever a clock jumps.

mod catch_up;
pub(crate) mod followers;
pub(crate) mod freshness;
mod overview;
pub mod pause;
mod rule;
mod scheduler;
mod table;
mod wall;

#[cfg(test)]
mod tests;

use std::time::Duration;

use jiff::tz::TimeZone;
use serde::{Serialize, Serializer};

pub use catch_up::CatchUp;
pub use freshness::{Freshness, Lateness};
pub use overview::{DueInfo, PauseError, ScheduleInfo};
pub use rule::{Rule, Slot};
pub use scheduler::Scheduler;
pub use table::{Standing, standings};
pub use wall::{Cron, WrongCron};

pub(crate) const QUERIES: &[&[&store::Sql]] = &[freshness::QUERIES, pause::QUERIES, table::QUERIES];

/// When a pipeline runs by itself, as its script says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Schedule {
    pub timing: Timing,
    /// Where the wall is that a cron pattern means; the partition's own zone where none is named.
    #[serde(serialize_with = "name_of_zone")]
    pub time_zone: Option<TimeZone>,
    pub catch_up: CatchUp,
}

/// At what times.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Timing {
    /// On a grid that begins at the epoch.
    Every(Duration),
    /// When the clock on the wall shows what the pattern says.
    Cron(Box<Cron>),
}

impl Schedule {
    /// The rule for a partition that lives in a zone, or in none that is known.
    pub fn rule(&self, home: Option<&TimeZone>) -> Rule {
        let zone = self.time_zone.as_ref().or(home).cloned().unwrap_or(TimeZone::UTC);
        Rule::new(self.timing.clone(), zone)
    }
}

impl Schedule {
    pub(crate) fn info(&self) -> ScheduleInfo {
        let time_zone = self.time_zone.as_ref().and_then(TimeZone::iana_name).map(str::to_owned);
        let catch_up = self.catch_up.as_str();
        ScheduleInfo { rule: self.timing.to_string(), time_zone, catch_up, due: Vec::new() }
    }
}

impl std::fmt::Display for Timing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let seconds = match self {
            Self::Cron(cron) => return write!(f, "cron {cron}"),
            Self::Every(period) => period.as_secs(),
        };
        let units = [(86_400, "d"), (3_600, "h"), (60, "m")];
        let whole = units.into_iter().find(|(length, _)| seconds.is_multiple_of(*length));
        let (length, unit) = whole.unwrap_or((1, "s"));
        write!(f, "every {}{unit}", seconds / length)
    }
}

fn name_of_zone<S: Serializer>(zone: &Option<TimeZone>, serializer: S) -> Result<S::Ok, S::Error> {
    zone.as_ref().and_then(TimeZone::iana_name).serialize(serializer)
}
