//! How long a metric is borne with in a run.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::metric::Said;

/// A metric that fails so often in a row, or is so often stopped by a limit in a run, is asked no more until its text
/// is another.
const PATIENCE: u32 = 20;
/// Once a metric was at work for so long in a run, the next run goes on with it.
const BUDGET: Duration = Duration::from_secs(120);

/// How a metric gets on in a run.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Trouble {
    /// Failures since it last answered.
    failures: u32,
    /// How often a limit stopped it, whatever it answered in between.
    stops: u32,
}

/// How long each metric was at work in a run.
#[derive(Debug, Default)]
pub(crate) struct Spent(Mutex<BTreeMap<String, Duration>>);

impl Trouble {
    /// Notes what a metric said of something, and answers whether it is asked no more.
    pub(crate) fn note(&mut self, said: &[Said]) -> bool {
        if said.iter().any(|said| said.has_failed) {
            self.failures += 1;
        } else if said.iter().all(|said| said.number.why.is_none()) {
            // What misses something it reads has proven nothing.
            self.failures = 0;
        }
        self.stops += u32::from(said.iter().any(was_stopped));
        self.failures.max(self.stops) >= PATIENCE
    }
}

fn was_stopped(said: &Said) -> bool {
    said.has_failed && said.number.why.as_ref().is_some_and(|why| why.contains("script_limit: "))
}

impl Spent {
    pub(crate) fn add(&self, metric: &str, time: Duration) {
        let mut spent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *spent.entry(metric.to_owned()).or_default() += time;
    }

    /// True where a metric is asked no more in this run.
    pub(crate) fn is_over(&self, metric: &str) -> bool {
        let spent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        spent.get(metric).is_some_and(|spent| *spent >= BUDGET)
    }
}

#[cfg(test)]
mod tests {
    use fitness::records::own_number::OwnNumber;

    use super::*;

    fn said(value: Option<f64>, why: Option<&str>, has_failed: bool) -> Said {
        Said { number: OwnNumber { value, why: why.map(str::to_owned) }, has_failed }
    }

    /// Whether a metric rests that says these in turn, so many times.
    #[track_caller]
    fn check(turns: &[Said], times: usize, wanted: bool) {
        let mut trouble = Trouble::default();
        let rests = turns.iter().cycle().take(turns.len() * times).any(|said| {
            // In the other scope it does not count.
            trouble.note(&[said.clone(), Said::default()])
        });
        assert_eq!(rests, wanted, "{turns:?}");
    }

    #[test]
    fn a_metric_rests_that_fails_in_a_row_or_is_stopped_again_and_again() {
        let number = said(Some(1.0), None, false);
        let missing = said(None, Some("missing streams.power"), false);
        let failed = said(None, Some("scripts/metrics/m.rhai:1:1: unknown property `a`"), true);
        let stopped = said(None, Some("scripts/metrics/m.rhai:1:1: script_limit: time"), true);
        check(std::slice::from_ref(&failed), 19, false);
        check(std::slice::from_ref(&failed), 20, true);
        check(&[failed.clone(), number.clone()], 100, false);
        check(&[failed, missing.clone()], 20, true);
        check(&[missing], 100, false);
        check(&[stopped.clone(), number.clone()], 19, false);
        check(&[stopped, number], 20, true);
    }

    #[test]
    fn a_metric_that_takes_its_time_leaves_the_rest_to_the_next_run() {
        let spent = Spent::default();
        spent.add("slow", BUDGET.saturating_sub(Duration::from_secs(1)));
        assert!(!spent.is_over("slow"));
        spent.add("slow", Duration::from_secs(1));
        assert!(spent.is_over("slow") && !spent.is_over("quick"));
    }
}
