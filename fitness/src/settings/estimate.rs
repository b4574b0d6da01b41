//! Estimates by month of what the athlete never gave, from the activities of earlier months.
//!
//! A month's estimate looks at the twelve months before it and never at itself, so history does not change
//! under the athlete's feet while the month goes on. After a longer break the last twelve months that had
//! something to say stand. Evidence of all of them: rules of thumb, which is why they are marked.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan;
use jiff::civil::Date;

use super::{Dated, Name, Source, Value};

/// Higher readings are a strap that lost the skin, or the cadence.
const PLAUSIBLE_MAX_BPM: f64 = 215.0;
/// Watts over 20 min: less is a file with gaps, more is a meter that needs its zero.
const PLAUSIBLE_WATTS: std::ops::RangeInclusive<f64> = 60.0..=550.0;
/// Easy months do not show the maximum; below this the highest reading is no evidence.
const LOWEST_MAX_BPM: f64 = 170.0;
/// Before the first activity with a heart rate, of somebody of unknown age: 220 less the age of thirty.
const DEFAULT_MAX_BPM: f64 = 190.0;
/// A resting heart rate shows in no activity.
pub(super) const DEFAULT_REST_BPM: f64 = 60.0;
/// Share of the heart-rate reserve at the lactate threshold, as Elevate assumes it.
const THRESHOLD_RESERVE: f64 = 0.85;
/// Share of the best 20 min power that an hour would hold (Allen and Coggan). Evidence: useful, a mean of many.
const HOUR_OF_20_MIN: f64 = 0.95;
/// Months that an estimate looks back on.
const WINDOW_MONTHS: i32 = 12;

/// The highest figures of one calendar month.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Peak {
    pub max_hr: Option<f64>,
    /// On the bicycle.
    pub best_20min_power: Option<f64>,
}

impl Peak {
    /// Takes one more activity's figures in; implausible ones do not count.
    pub fn include(&mut self, max_hr: Option<f64>, best_20min_power: Option<f64>) {
        let bpm = max_hr.filter(|bpm| *bpm <= PLAUSIBLE_MAX_BPM);
        let watts = best_20min_power.filter(|watts| PLAUSIBLE_WATTS.contains(watts));
        self.max_hr = larger(self.max_hr, bpm);
        self.best_20min_power = larger(self.best_20min_power, watts);
    }
}

fn larger(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    a.into_iter().chain(b).reduce(f64::max)
}

/// What is known of the heart apart from activities.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Heart {
    /// In years.
    pub(super) age: Option<f64>,
    pub(super) given_lthr: Option<f64>,
}

/// Maximum heart rate: the highest of twelve months, at least 170 (or what the age lets expect, where that is less) and
/// above a threshold that was given.
pub(super) fn hr_max(peaks: &BTreeMap<Date, Peak>, month: Date, heart: Heart) -> f64 {
    let expected = heart.age.map(max_of_age);
    let lowest = expected.map_or(LOWEST_MAX_BPM, |bpm| bpm.min(LOWEST_MAX_BPM));
    let seen = highest(peaks, month, |peak| peak.max_hr).map(|(_, bpm)| bpm.max(lowest));
    let estimate = seen.or(expected).unwrap_or(DEFAULT_MAX_BPM);
    heart.given_lthr.map_or(estimate, |lthr| estimate.max(lthr + 10.0))
}

/// Tanaka, Monahan and Seals 2001, J Am Coll Cardiol 37:153: 208 - 0.7 × age. Evidence: good on average over 351 studies;
/// one person differs by 10 bpm and more.
fn max_of_age(years: f64) -> f64 {
    (208.0 - 0.7 * years).round()
}

/// Threshold heart rate: 85 % of the reserve.
pub(super) fn lthr(rest_bpm: f64, max_bpm: f64) -> f64 {
    (rest_bpm + THRESHOLD_RESERVE * (max_bpm - rest_bpm)).round()
}

/// Threshold power: 95 % of the best 20 min of twelve months; nobody's default would fit, so there is none.
pub(super) fn ftp(peaks: &BTreeMap<Date, Peak>, month: Date) -> Option<f64> {
    highest(peaks, month, |peak| peak.best_20min_power).map(|(_, watts)| ftp_of(watts))
}

/// The month and the reading that an estimate of a month rests on; nothing where it rests on none.
pub(super) fn evidence(peaks: &BTreeMap<Date, Peak>, name: Name, month: Date) -> Option<(Date, f64)> {
    match name {
        // Of a heart rate at the threshold, the maximum is what was seen.
        Name::HrMax | Name::Lthr => highest(peaks, month, |peak| peak.max_hr),
        Name::Ftp => highest(peaks, month, |peak| peak.best_20min_power),
        _ => None,
    }
}

/// Threshold power that a best 20 min shows.
pub(crate) fn ftp_of(best_20min_watts: f64) -> f64 {
    (HOUR_OF_20_MIN * best_20min_watts).round()
}

/// The highest figure of the window before a month, with the first month that has it.
fn highest(
    peaks: &BTreeMap<Date, Peak>,
    month: Date,
    figure: impl Fn(&Peak) -> Option<f64>,
) -> Option<(Date, f64)> {
    let (latest, _) = peaks.range(..month).rev().find(|(_, peak)| figure(peak).is_some())?;
    let window = earlier(month, WINDOW_MONTHS);
    let since = if *latest >= window { window } else { earlier(*latest, WINDOW_MONTHS - 1) };
    let figures = peaks.range(since..month).filter_map(|(month, peak)| Some((*month, figure(peak)?)));
    figures.reduce(|best, next| if next.1 > best.1 { next } else { best })
}

fn earlier(month: Date, months: i32) -> Date {
    month.saturating_sub(months.months())
}

/// The first day of the month.
pub(super) fn month_of(day: Date) -> Date {
    day.first_of_month()
}

/// The first day of the month after.
pub(super) fn month_after(month: Date) -> Date {
    month.saturating_add(1.month())
}

/// Ranges of days, each up to but without its second, in which two lists of dated settings do not lead to the same loads:
/// something that loads depend on has another value, or another source.
///
/// The loads of these days must be computed again, and no others.
pub fn differing(old: &[Dated], new: &[Dated]) -> Vec<(Date, Date)> {
    let days: BTreeSet<Date> = old.iter().chain(new).map(|dated| dated.from).collect();
    let mut ranges: Vec<(Date, Date)> = Vec::new();
    let ends = days.iter().skip(1).copied().chain([Date::MAX]);
    let (mut before, mut after) = (Steps::of(old), Steps::of(new));
    for (&start, end) in days.iter().zip(ends) {
        before.advance(start);
        after.advance(start);
        if before.now().eq(after.now()) {
            continue;
        }
        match ranges.last_mut() {
            Some(last) if last.1 == start => last.1 = end,
            _ => ranges.push((start, end)),
        }
    }
    ranges
}

/// Dated settings, followed day by day.
struct Steps {
    coming: std::iter::Peekable<std::vec::IntoIter<Dated>>,
    given: BTreeMap<Name, Value>,
    estimated: BTreeMap<Name, Value>,
}

impl Steps {
    fn of(dated: &[Dated]) -> Self {
        let mut sorted: Vec<Dated> =
            dated.iter().filter(|dated| dated.name.affects_load()).cloned().collect();
        sorted.sort_by_key(|dated| dated.from);
        Self { coming: sorted.into_iter().peekable(), given: BTreeMap::new(), estimated: BTreeMap::new() }
    }

    fn advance(&mut self, day: Date) {
        while let Some(dated) = self.coming.next_if(|dated| dated.from <= day) {
            let layer = match dated.source {
                Source::Given => &mut self.given,
                Source::Estimated => &mut self.estimated,
            };
            layer.insert(dated.name, dated.value);
        }
    }

    /// What holds: an estimate only where nothing was given.
    fn now(&self) -> impl Iterator<Item = (Name, Source, Value)> {
        Name::ALL.into_iter().filter_map(|name| {
            let given = self.given.get(&name).map(|value| (name, Source::Given, *value));
            given.or_else(|| self.estimated.get(&name).map(|value| (name, Source::Estimated, *value)))
        })
    }
}
