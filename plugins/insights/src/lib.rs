//! Evaluates the rules to an advice for a day, and says where fitness is going.

mod advice;
mod athlete;
mod check;
mod daily;
mod figures;
mod history;
mod insight;
mod query;
mod rules;
mod trend;

use engine::registry::{Registry, RegistryError};

pub use advice::{Advice, Pick};
pub use daily::{Daily, DailyAdvice, DailyConfig};
pub use figures::Figures;
pub use history::History;
pub use insight::{Counts, Insight, Judged, Today, Verdict};
pub use query::{DailyFacts, DailyParams, DailyQuery};
pub use rules::Rules;
pub use trend::{Trend, Word};

/// The rules that are asked unless a pipeline names others.
const RULES: &str = "rules/*.rhai";

/// Adds what this plugin offers.
pub fn register(registry: &mut Registry) -> Result<(), RegistryError> {
    registry.step::<Daily>()?;
    registry.study(DailyQuery::default())?;
    registry.check(check::LastInsight);
    registry.advice(|value| Advice::read(value.clone()).map(drop));
    Ok(())
}

#[cfg(test)]
mod tests;
