//! What rules would have advised on many past days, from facts that were read once.

mod after;
mod conflict;
mod difference;
mod of_rule;
mod query;
#[cfg(test)]
mod tests;

use engine::script::rule;
use jiff::civil::Date;

use crate::advice::Pick;
use crate::figures::Figures;
use crate::history::History;
use crate::insight::winner;
use crate::rules::{Rules, Ruling};

pub use after::{After, Followed, Means};
pub use conflict::Conflict;
pub use difference::{Difference, OtherPick};
pub use of_rule::{Asked, Backtest, Cost, Counts, Failure, Fire, Untested, of_rule};
pub use query::{BacktestFacts, BacktestParams, BacktestQuery};

/// What would have won on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advised {
    pub date: Date,
    /// The id of the rule; absent where none had anything to say.
    pub rule: Option<String>,
    pub pick: Option<Pick>,
}

/// Asks every rule about each day of a history from the first through the last. Runs script code; no answers
/// where the system gives it no thread.
pub fn backtest(
    history: &History,
    rules: &Rules,
    days: (Date, Date),
) -> Result<Vec<Advised>, serde_json::Error> {
    let advised = rule::panel(|panel| {
        let advise = |date: Date| {
            let day = serde_json::to_value(Figures::of(&history.on(date)))?;
            Ok(Advised::of(date, &rules.ask_in(panel, &day)))
        };
        self::days(days).map(advise).collect()
    });
    advised.unwrap_or_else(|| Ok(Vec::new()))
}

/// Each day from the first through the last.
fn days((first, last): (Date, Date)) -> impl Iterator<Item = Date> {
    std::iter::successors(Some(first), |day| day.tomorrow().ok()).take_while(move |day| *day <= last)
}

impl Advised {
    fn of(date: Date, rulings: &[Ruling]) -> Self {
        let won = winner(rulings).map(|place| &rulings[place]);
        Self {
            date,
            rule: won.map(|ruling| ruling.id.clone()),
            pick: won.and_then(Ruling::advice).map(|advice| advice.pick),
        }
    }
}
