//! Every change of the clock of three zones in ten years, against counting minute by minute.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{DateTime, date};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use crate::schedule::{Cron, Rule, Timing};

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// A pattern, and what it means in the words of the test.
struct Pattern {
    text: &'static str,
    hours: fn(i8) -> bool,
    minutes: fn(i8) -> bool,
    days: fn(DateTime) -> bool,
    is_hourly: bool,
}

const EVERY_DAY: fn(DateTime) -> bool = |_| true;
const SUNDAY: fn(DateTime) -> bool = |wall| wall.weekday() == jiff::civil::Weekday::Sunday;

const PATTERNS: [Pattern; 10] = [
    pattern("30 2 * * *", |hour| hour == 2, |minute| minute == 30, EVERY_DAY),
    pattern("0 2 * * *", |hour| hour == 2, |minute| minute == 0, EVERY_DAY),
    pattern("45 1 * * 0", |hour| hour == 1, |minute| minute == 45, SUNDAY),
    pattern("0 3 * * *", |hour| hour == 3, |minute| minute == 0, EVERY_DAY),
    pattern("*/15 2 * * *", |hour| hour == 2, |minute| minute % 15 == 0, EVERY_DAY),
    pattern(
        "10,50 1-3 * * *",
        |hour| (1..=3).contains(&hour),
        |minute| [10, 50].contains(&minute),
        EVERY_DAY,
    ),
    pattern("0 */2 * * *", |hour| hour % 2 == 0, |minute| minute == 0, EVERY_DAY),
    hourly("0 * * * *", |minute| minute == 0),
    hourly("*/20 * * * *", |minute| minute % 20 == 0),
    hourly("37 0-23 * * *", |minute| minute == 37),
];

const fn pattern(
    text: &'static str,
    hours: fn(i8) -> bool,
    minutes: fn(i8) -> bool,
    days: fn(DateTime) -> bool,
) -> Pattern {
    Pattern { text, hours, minutes, days, is_hourly: false }
}

const fn hourly(text: &'static str, minutes: fn(i8) -> bool) -> Pattern {
    Pattern { text, hours: |_| true, minutes, days: EVERY_DAY, is_hourly: true }
}

impl Pattern {
    fn fits(&self, wall: DateTime) -> bool {
        (self.hours)(wall.hour()) && (self.minutes)(wall.minute()) && (self.days)(wall)
    }

    /// Looks at the wall each minute, and remembers what it showed before.
    fn count(&self, zone: &TimeZone, from: Timestamp, until: Timestamp) -> Vec<i64> {
        let mut shown = BTreeSet::new();
        let mut before = zone.to_datetime(from);
        let (mut slots, mut at) = (Vec::new(), from + MINUTE);
        while at <= until {
            let wall = zone.to_datetime(at);
            let comes = if self.is_hourly {
                self.fits(wall)
            } else {
                let mut skipped = before.series(1.minute()).skip(1).take_while(|skipped| *skipped < wall);
                let is_first = shown.insert(wall);
                skipped.any(|skipped| self.fits(skipped)) || (self.fits(wall) && is_first)
            };
            slots.extend(comes.then(|| at.as_millisecond()));
            before = wall;
            at += MINUTE;
        }
        slots
    }
}

/// The minutes at which the offset is another one than a minute before.
fn changes(zone: &TimeZone, from: Timestamp, until: Timestamp) -> Vec<Timestamp> {
    let half_hours = from.series(30.minutes()).take_while(|at| *at <= until);
    half_hours.filter(|at| zone.to_offset(*at) != zone.to_offset(*at - MINUTE)).collect()
}

fn check(zone: &str, wanted_changes: usize) {
    let zone = TimeZone::get(zone).unwrap();
    let begin = date(2026, 1, 1).at(0, 0, 0, 0).to_zoned(TimeZone::UTC).unwrap().timestamp();
    let end = date(2036, 1, 1).at(0, 0, 0, 0).to_zoned(TimeZone::UTC).unwrap().timestamp();
    let changes = changes(&zone, begin, end);
    assert_eq!(changes.len(), wanted_changes);
    for change in changes {
        let (from, until) = (change - 30.hours(), change + 30.hours());
        for pattern in &PATTERNS {
            let rule = Rule::new(Timing::Cron(Box::new(Cron::parse(pattern.text).unwrap())), zone.clone());
            let slots = rule.latest(from.as_millisecond(), until.as_millisecond(), usize::MAX);
            let found: Vec<i64> = slots.iter().map(|slot| slot.due_ms).collect();
            let wanted = pattern.count(&zone, from, until);
            assert_eq!(found, wanted, "`{}` in {zone:?} around {change}", pattern.text);
            let keys: BTreeMap<_, _> = slots.iter().map(|slot| (&slot.key, slot.due_ms)).collect();
            assert_eq!(keys.len(), slots.len(), "a key comes twice: {slots:?}");
            one_by_one(&rule, from, until, &found);
        }
    }
}

/// From every minute the next slot is the same one, wherever a scheduler begins to look.
fn one_by_one(rule: &Rule, from: Timestamp, until: Timestamp, slots: &[i64]) {
    for at in from.series(7.minutes()).take_while(|at| *at < until) {
        let at_ms = at.as_millisecond() + 1;
        let Some(next) = slots.iter().find(|slot| **slot > at_ms) else { return };
        assert_eq!(rule.next(at_ms).map(|slot| slot.due_ms), Some(*next), "after {at}");
    }
}

#[test]
fn no_change_of_the_clock_in_berlin_doubles_or_loses_a_slot() {
    check("Europe/Berlin", 20);
}

#[test]
fn no_change_of_the_clock_in_new_york_doubles_or_loses_a_slot() {
    check("America/New_York", 20);
}

#[test]
fn no_change_of_the_clock_by_half_an_hour_doubles_or_loses_a_slot() {
    check("Australia/Lord_Howe", 20);
}
