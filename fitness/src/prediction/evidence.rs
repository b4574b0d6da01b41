//! All that the predictions of a day may look at.

use jiff::ToSpan;
use jiff::civil::Date;

use super::{Effort, LAST_WINDOW_DAYS};

/// The way of a week is the mean of so many weeks.
const WEEKS: i64 = 12;

/// Efforts, and how much was run around them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Evidence {
    /// By day and then by activity, over a mile to a marathon and of 210 s at least.
    pub efforts: Vec<Effort>,
    /// How many runs the last 365 days have.
    pub runs: u32,
    /// Metres run on each day with a run, by day.
    pub ways: Vec<(Date, f64)>,
}

impl Evidence {
    /// The efforts that may speak for a day, those of the day itself included.
    pub(super) fn up_to(&self, date: Date) -> &[Effort] {
        let first = date.saturating_sub(LAST_WINDOW_DAYS.days());
        let start = self.efforts.partition_point(|effort| effort.date < first);
        let end = self.efforts.partition_point(|effort| effort.date <= date);
        &self.efforts[start..end.max(start)]
    }

    /// Metres run in a week, as the mean of the twelve weeks up to a day.
    pub(super) fn weekly_m(&self, date: Date) -> f64 {
        let first = date.saturating_sub((7 * WEEKS - 1).days());
        let start = self.ways.partition_point(|(day, _)| *day < first);
        let run = self.ways[start..].iter().take_while(|(day, _)| *day <= date);
        run.map(|(_, meters)| meters).sum::<f64>() / WEEKS as f64
    }
}
