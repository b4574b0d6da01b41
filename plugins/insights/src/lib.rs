//! Evaluates the rules to an advice for a day, and says where fitness is going.

mod advice;
mod athlete;
pub mod backtest;
mod basis;
mod best;
mod check;
mod contributors;
mod counted;
mod daily;
mod evaluate;
mod figures;
mod history;
mod insight;
mod outing;
mod predict;
mod query;
mod rules;
mod session;
mod trend;

use engine::registry::{Registry, RegistryError};

pub use advice::{Advice, Pick};
pub use backtest::{Advised, BacktestQuery, backtest};
pub use contributors::{Contributor, Usual};
pub use counted::{Counted, LeftOut, Sport};
pub use daily::{Daily, DailyAdvice, DailyConfig};
pub use evaluate::{Draft, EvaluateFacts, EvaluateParams, EvaluateQuery};
pub use figures::Figures;
pub use history::History;
pub use insight::{Counts, Insight, Judged, Next, Today, Verdict};
pub use predict::{PredictionsParams, PredictionsQuery};
pub use query::{DailyFacts, DailyParams, DailyQuery};
pub use rules::{Place, Rules};
pub use session::Cap;
pub use trend::{Trend, Word};

/// The rules that are asked unless a pipeline names others.
const RULES: &str = "rules/*.rhai";

/// Adds what this plugin offers.
pub fn register(registry: &mut Registry) -> Result<(), RegistryError> {
    registry.step::<Daily>()?;
    registry.study(DailyQuery::default())?;
    registry.study(EvaluateQuery::default())?;
    registry.study(BacktestQuery::default())?;
    registry.query(PredictionsQuery)?;
    registry.check(check::LastInsight);
    registry.advice(|value| Advice::read(value.clone()).map(drop));
    Ok(())
}

#[cfg(test)]
mod tests;
