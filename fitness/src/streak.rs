//! Days and weeks with training in a row.

use jiff::ToSpan;
use jiff::civil::Date;
use serde::Serialize;

use crate::volume::Span;

/// The streaks up to a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Streaks {
    pub days: Streak,
    pub weeks: Streak,
}

/// A streak that goes on, and the longest there was.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Streak {
    /// Up to today, or to what is over while today, or this week, has none yet.
    pub current: u32,
    pub longest: u32,
    /// The first and the last day of the longest; of equal ones the newest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub longest_from: Option<Date>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub longest_to: Option<Date>,
}

impl Streaks {
    /// The streaks of days with training, in their order and up to today.
    pub fn of(active: &[Date], today: Date) -> Self {
        let active: Vec<Date> = active.iter().copied().filter(|day| *day <= today).collect();
        let mut weeks: Vec<Date> = active.iter().map(|day| Span::Week.first_of(*day)).collect();
        weeks.dedup();
        let mut weekly = Streak::of(&weeks, Span::Week.first_of(today), 7);
        weekly.longest_to = weekly.longest_to.map(|monday| monday.saturating_add(6.days()).min(today));
        Self { days: Streak::of(&active, today, 1), weeks: weekly }
    }
}

impl Streak {
    /// Of dates that are `step` days apart where they follow each other.
    fn of(dates: &[Date], now: Date, step: i64) -> Self {
        let mut streak = Self::default();
        let mut run: Option<(Date, Date, u32)> = None;
        for date in dates {
            let (first, length) = match run {
                Some((_, last, _)) if last == *date => continue,
                Some((first, last, length)) if last.saturating_add(step.days()) == *date => {
                    (first, length + 1)
                }
                _ => (*date, 1),
            };
            run = Some((first, *date, length));
            if length >= streak.longest {
                streak.longest = length;
                (streak.longest_from, streak.longest_to) = (Some(first), Some(*date));
            }
        }
        let goes_on = |last: Date| last.saturating_add(step.days()) >= now;
        streak.current = run.filter(|(_, last, _)| goes_on(*last)).map_or(0, |(_, _, length)| length);
        streak
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    /// Days of May 2024, of which the 1st is a Wednesday.
    fn check(days: &[i8], today: i8, current: u32, longest: (u32, i8, i8)) {
        let active: Vec<Date> = days.iter().map(|day| date(2024, 5, *day)).collect();
        let found = Streaks::of(&active, date(2024, 5, today)).days;
        let (length, from, to) = longest;
        let wanted = Streak {
            current,
            longest: length,
            longest_from: (length > 0).then(|| date(2024, 5, from)),
            longest_to: (length > 0).then(|| date(2024, 5, to)),
        };
        assert_eq!(found, wanted);
    }

    #[test]
    fn a_morning_does_not_end_a_streak() {
        check(&[1, 2, 3], 3, 3, (3, 1, 3));
        check(&[1, 2, 3], 4, 3, (3, 1, 3));
        check(&[1, 2, 3], 5, 0, (3, 1, 3));
    }

    #[test]
    fn the_longest_is_kept_and_of_equals_the_newest() {
        check(&[1, 2, 3, 5, 6], 6, 2, (3, 1, 3));
        check(&[1, 2, 5, 6], 6, 2, (2, 5, 6));
        check(&[1, 1, 2, 2], 2, 2, (2, 1, 2));
        check(&[], 6, 0, (0, 1, 1));
    }

    #[test]
    fn what_lies_ahead_counts_nothing() {
        check(&[1, 2, 9], 2, 2, (2, 1, 2));
    }

    #[test]
    fn a_week_counts_with_one_day() {
        let active = [date(2024, 4, 29), date(2024, 5, 8), date(2024, 5, 19), date(2024, 6, 1)];
        let weeks = Streaks::of(&active, date(2024, 6, 2)).weeks;
        let longest = (weeks.longest_from.unwrap(), weeks.longest_to.unwrap());
        assert_eq!((weeks.current, weeks.longest), (1, 3));
        assert_eq!(longest, (date(2024, 4, 29), date(2024, 5, 19)));
    }
}
