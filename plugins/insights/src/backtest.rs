//! What rules would have advised on many past days, from facts that were read once.

use engine::script::rule;
use jiff::civil::Date;

use crate::advice::Pick;
use crate::figures::Figures;
use crate::history::History;
use crate::insight::winner;
use crate::rules::{Rules, Ruling};

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
    (first, last): (Date, Date),
) -> Result<Vec<Advised>, serde_json::Error> {
    let days = std::iter::successors(Some(first), |day| day.tomorrow().ok()).take_while(|day| *day <= last);
    let advised = rule::panel(|panel| {
        let advise = |date: Date| {
            let day = serde_json::to_value(Figures::of(&history.on(date)))?;
            Ok(Advised::of(date, &rules.ask_in(panel, &day)))
        };
        days.map(advise).collect()
    });
    advised.unwrap_or_else(|| Ok(Vec::new()))
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
