//! What followed a day: not because of it, only after it.

use fitness::calendar::DayRow;
use fitness::daily_metric::{DailyMetrics, Name};
use jiff::ToSpan;
use jiff::civil::Date;
use serde::Serialize;

use crate::figures::{rounded, was_hard};
use crate::history::History;

/// So many days after a day are looked at.
pub(super) const DAYS: usize = 7;
/// A mean of what was measured in a week has so many values at least.
const LEAST_VALUES: usize = 3;

/// The seven days after a day, as far as they are known.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct After {
    /// How many of the seven there are by now.
    pub days_known: usize,
    pub load: f64,
    pub rest_days: usize,
    pub hard_days: usize,
    /// Form on the morning of the seventh day less form on that of the day itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tsb_change: Option<f64>,
    /// Mean of the seven days after less mean of the seven days up to the day, in beats a minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resting_hr_change: Option<f64>,
    /// The same of the heart-rate variability, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hrv_change: Option<f64>,
}

/// Means over many days.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Means {
    /// Over how many days; those whose next seven are not known yet are left out.
    pub days: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub load: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rest_days: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hard_days: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tsb_change: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resting_hr_change: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hrv_change: Option<f64>,
}

/// What followed the days on which the rule spoke, beside what followed all others.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Followed {
    pub fires: Means,
    pub others: Means,
}

/// What followed each day of a history.
pub(super) struct Aftermath<'a> {
    days: &'a [DayRow],
    hard: Vec<bool>,
    measured: &'a [DailyMetrics],
}

impl<'a> Aftermath<'a> {
    pub(super) fn of(history: &'a History) -> Self {
        let days = &history.days[..];
        let hard = days.iter().enumerate().map(|(place, day)| was_hard(&days[..place], day)).collect();
        Self { days, hard, measured: &history.measured }
    }

    pub(super) fn of_day(&self, date: Date) -> After {
        let next = self.days.partition_point(|day| day.date <= date);
        let end = (next + DAYS).min(self.days.len());
        let (after, hard) = (&self.days[next..end], &self.hard[next..end]);
        let day = next.checked_sub(1).map(|place| &self.days[place]).filter(|day| day.date == date);
        let seventh = after.get(DAYS - 1);
        After {
            days_known: after.len(),
            load: rounded(after.iter().map(|day| day.load).sum(), 1),
            rest_days: after.iter().filter(|day| day.activities == 0).count(),
            hard_days: hard.iter().filter(|is_hard| **is_hard).count(),
            tsb_change: day.zip(seventh).map(|(day, seventh)| rounded(seventh.tsb - day.tsb, 1)),
            resting_hr_change: self.change(date, Name::RestingHr),
            hrv_change: self.change(date, Name::Hrv),
        }
    }

    fn change(&self, date: Date, name: Name) -> Option<f64> {
        let week = i64::try_from(DAYS).unwrap_or(0).days();
        let (before, after) = (date.saturating_sub(week), date.saturating_add(week));
        let change = self.mean(name, (date, after))? - self.mean(name, (before, date))?;
        Some(rounded(change, 1))
    }

    /// The mean over the days after the first up to the last.
    fn mean(&self, name: Name, (first, last): (Date, Date)) -> Option<f64> {
        let place = |date: Date| self.measured.partition_point(|day| day.date <= date);
        let days = &self.measured[place(first)..place(last)];
        let values: Vec<f64> = days.iter().filter_map(|day| day.values.get(&name).copied()).collect();
        (values.len() >= LEAST_VALUES).then(|| values.iter().sum::<f64>() / values.len() as f64)
    }
}

impl Followed {
    /// Of days, with what followed each and whether the rule spoke on it.
    pub(super) fn of(days: impl Iterator<Item = (After, bool)>) -> Self {
        let whole = days.filter(|(after, _)| after.days_known == DAYS);
        let (fires, others): (Vec<_>, Vec<_>) = whole.partition(|(_, is_fire)| *is_fire);
        Self { fires: Means::of(&fires), others: Means::of(&others) }
    }
}

impl Means {
    fn of(days: &[(After, bool)]) -> Self {
        let mean = |of: fn(&After) -> Option<f64>| {
            let values: Vec<f64> = days.iter().filter_map(|(after, _)| of(after)).collect();
            (!values.is_empty()).then(|| rounded(values.iter().sum::<f64>() / values.len() as f64, 1))
        };
        Self {
            days: days.len(),
            load: mean(|after| Some(after.load)),
            rest_days: mean(|after| Some(after.rest_days as f64)),
            hard_days: mean(|after| Some(after.hard_days as f64)),
            tsb_change: mean(|after| after.tsb_change),
            resting_hr_change: mean(|after| after.resting_hr_change),
            hrv_change: mean(|after| after.hrv_change),
        }
    }
}
