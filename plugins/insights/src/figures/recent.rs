//! The last days of a history, counted back from the advised one.

use fitness::calendar::DayRow;
use fitness::week::{self, last, sum};

/// A load below this is never a hard day.
const LEAST_HARD_LOAD: f64 = 50.0;
/// How far a hard day stands above the other days with training.
const HARD_TIMES_USUAL: f64 = 1.3;
/// A hard day where nothing is known to compare with: an hour at threshold.
const HARD_WITHOUT_USUAL: f64 = 100.0;
/// How long a break is remembered after its end.
const BREAK_MEMORY_DAYS: usize = 14;
/// A day with less than this share of the usual load lets the body recover.
const EASY_SHARE_OF_USUAL: f64 = 0.5;

/// A history that has at least one day.
pub(crate) struct Recent<'a> {
    pub(super) all: &'a [DayRow],
    pub(crate) today: &'a DayRow,
    /// Days up to the last one that is over: today once there was training on it, else yesterday.
    over: &'a [DayRow],
}

impl<'a> Recent<'a> {
    pub(crate) fn of(days: &'a [DayRow]) -> Option<Self> {
        let (today, before) = days.split_last()?;
        let over = if today.activities > 0 { days } else { before };
        Some(Self { all: days, today, over })
    }

    /// The last `count` days that are over, where there are as many.
    pub(super) fn last(&self, count: usize) -> Option<&'a [DayRow]> {
        last(self.over, count)
    }

    /// The day so many days before the advised one.
    pub(crate) fn ago(&self, days: usize) -> Option<&'a DayRow> {
        self.all.iter().rev().nth(days)
    }

    /// Load of the last 7 days.
    pub(crate) fn week_load(&self) -> Option<f64> {
        self.last(7).map(sum)
    }

    /// Load of the 7 days before the last 7.
    pub(crate) fn week_load_before(&self) -> Option<f64> {
        self.last(14).map(|days| sum(&days[..7]))
    }

    /// How much more the last 7 days were than the 7 before, in percent.
    pub(crate) fn ramp_percent(&self) -> Option<f64> {
        let (week, before) = self.week_load().zip(self.week_load_before())?;
        (before > 0.0).then(|| 100.0 * (week - before) / before)
    }

    /// Mean of the last 7 days over the mean of the last 28.
    pub(crate) fn ratio(&self) -> Option<f64> {
        self.last(28).and_then(week::ratio)
    }

    pub(crate) fn monotony(&self) -> Option<f64> {
        self.last(7).and_then(week::monotony)
    }

    /// Foster's strain: the load of a week times its monotony.
    pub(crate) fn strain(&self) -> Option<f64> {
        Some(self.week_load()? * self.monotony()?)
    }

    pub(crate) fn week_hours(&self) -> Option<f64> {
        let days = self.last(7)?;
        Some(days.iter().map(|day| day.timer_s).sum::<f64>() / 3600.0)
    }

    /// Days with training in a row, up to the last one that is over.
    pub(super) fn days_in_a_row(&self) -> usize {
        self.over.iter().rev().take_while(|day| day.activities > 0).count()
    }

    /// Days in a row of which none was off, nor easier than half of the usual day with training.
    pub(super) fn days_since_easy(&self) -> usize {
        let month = &self.over[self.over.len().saturating_sub(28)..];
        let active: Vec<f64> = month.iter().filter(|day| day.activities > 0).map(|day| day.load).collect();
        let easy = EASY_SHARE_OF_USUAL * active.iter().sum::<f64>() / active.len().max(1) as f64;
        let is_work = |day: &&DayRow| day.activities > 0 && day.load >= easy;
        self.over.iter().rev().take_while(is_work).count()
    }

    pub(super) fn yesterday(&self) -> Option<&'a DayRow> {
        self.ago(1)
    }

    /// True where yesterday stood out from the days with training of the four weeks before it.
    pub(super) fn yesterday_was_hard(&self) -> bool {
        let [before @ .., yesterday, _] = self.all else {
            return false;
        };
        was_hard(before, yesterday)
    }

    /// Days since the last activity: 0 where there was one today.
    pub(super) fn days_since_active(&self) -> usize {
        self.all.iter().rev().take_while(|day| day.activities == 0).count().min(self.all.len() - 1)
    }

    /// The longest run of days without an activity that reached into the last two weeks, in its whole length.
    pub(super) fn longest_break_days(&self) -> usize {
        let recent_from = self.over.len().saturating_sub(BREAK_MEMORY_DAYS);
        let (mut longest, mut run) = (0, 0);
        for (place, day) in self.over.iter().enumerate() {
            run = if day.activities == 0 { run + 1 } else { 0 };
            if place >= recent_from {
                longest = longest.max(run);
            }
        }
        longest
    }
}

/// True where a day stood out from the days with training of the four weeks before it.
pub(crate) fn was_hard(before: &[DayRow], day: &DayRow) -> bool {
    let month = &before[before.len().saturating_sub(28)..];
    let active: Vec<f64> = month.iter().filter(|day| day.activities > 0).map(|day| day.load).collect();
    let limit = if active.is_empty() {
        HARD_WITHOUT_USUAL
    } else {
        HARD_TIMES_USUAL * active.iter().sum::<f64>() / active.len() as f64
    };
    day.load >= limit.max(LEAST_HARD_LOAD)
}

/// Minutes of a usual day with training, to five minutes; `None` without one.
pub(super) fn usual_minutes(days: &[DayRow]) -> Option<i64> {
    let mut minutes: Vec<f64> =
        days.iter().filter(|day| day.activities > 0).map(|day| day.timer_s / 60.0).collect();
    minutes.sort_by(f64::total_cmp);
    let middle = minutes.get(minutes.len() / 2)?;
    // The median: one long ride does not make every day long.
    Some(((middle / 5.0).round() as i64 * 5).max(20))
}
