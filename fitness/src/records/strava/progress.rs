//! How far the past is fetched, and how long the rest takes at the pace that is allowed.

use store::{Result, Tx};

use super::activity::{self, Counts};
use super::quota::{self, Bucket, Purpose, Span, Window};

const DAY_MS: i64 = 86_400_000;
/// Calls of a day that the hourly syncs and the sweep need.
const OF_SYNCS: u32 = 40;

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    pub activities: u32,
    /// Of which details and samples are there, as far as there are any.
    pub whole: u32,
    /// Calls that the rest needs.
    pub calls_left: u32,
    /// Activities that a day's quota is enough for.
    pub per_day: u32,
    /// When the rest is there at that pace once it goes on, in epoch milliseconds; nothing where it is there.
    pub done_ms: Option<i64>,
    /// When the past goes on where no call is left for it now, in epoch milliseconds.
    pub waits_until_ms: Option<i64>,
}

/// How far the past of an athlete is fetched.
pub fn of(tx: &mut Tx<'_>, athlete: &str, now_ms: i64) -> Result<Progress> {
    let counts = activity::counts(tx, athlete)?;
    Ok(Progress::at(&counts, &quota::windows(tx, now_ms)?, now_ms))
}

impl Progress {
    fn at(counts: &Counts, windows: &[Window], now_ms: i64) -> Self {
        let calls_left = counts.details_due + counts.streams_due;
        let of_day = windows
            .iter()
            .filter(|window| window.span == Span::Day && window.bucket == Bucket::Read)
            .map(|window| window.most)
            .min()
            .unwrap_or(0);
        let calls_a_day = of_day.saturating_sub(OF_SYNCS).max(1);
        let spent = windows
            .iter()
            .filter(|window| !window.has_left(Purpose::Past, now_ms))
            .map(|window| window.until_ms);
        let waits_until_ms = spent.max();
        // Before that no call is made, and none of the rest comes.
        let goes_on_ms = waits_until_ms.unwrap_or(now_ms);
        let left_ms = i64::from(calls_left) * DAY_MS / i64::from(calls_a_day);
        Self {
            activities: counts.activities,
            whole: counts.activities - counts.details_due.max(counts.streams_due).min(counts.activities),
            calls_left,
            per_day: calls_a_day / 2,
            done_ms: (calls_left > 0).then_some(goes_on_ms + left_ms),
            waits_until_ms,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(counts: Counts, used: u32, wanted: Progress) {
        let window = |bucket, span, most| Window { bucket, span, used, most, until_ms: 900_000 };
        let windows = [
            window(Bucket::Overall, Span::Day, 2_000),
            window(Bucket::Read, Span::Day, 1_000),
            window(Bucket::Read, Span::Quarter, 100),
        ];
        assert_eq!(Progress::at(&counts, &windows, 0), wanted);
    }

    #[test]
    fn the_rest_takes_as_long_as_the_quota_of_reads_makes_it() {
        let counts = Counts { activities: 700, details_due: 480, streams_due: 240, ..Counts::default() };
        let progress = Progress {
            activities: 700,
            whole: 220,
            calls_left: 720,
            per_day: 480,
            done_ms: Some(64_800_000),
            waits_until_ms: None,
        };
        check(counts, 5, progress);
        check(counts, 89, progress);
    }

    #[test]
    fn the_rest_begins_once_a_call_is_left_again() {
        let counts = Counts { activities: 1, details_due: 1, ..Counts::default() };
        let progress = Progress {
            activities: 1,
            whole: 0,
            calls_left: 1,
            per_day: 480,
            done_ms: Some(90_000),
            waits_until_ms: None,
        };
        check(counts, 89, progress);
        // The rest of a quarter is for what is new.
        check(counts, 90, Progress { done_ms: Some(990_000), waits_until_ms: Some(900_000), ..progress });
    }

    #[test]
    fn where_all_is_there_a_spent_window_changes_nothing() {
        let counts = Counts { activities: 1, ..Counts::default() };
        let progress = Progress {
            activities: 1,
            whole: 1,
            calls_left: 0,
            per_day: 480,
            done_ms: None,
            waits_until_ms: Some(900_000),
        };
        check(counts, 90, progress);
    }

    #[test]
    fn nothing_is_left_where_all_is_there() {
        let counts = Counts { activities: 3, ..Counts::default() };
        let progress = Progress {
            activities: 3,
            whole: 3,
            calls_left: 0,
            per_day: 480,
            done_ms: None,
            waits_until_ms: None,
        };
        check(counts, 0, progress);
    }
}
