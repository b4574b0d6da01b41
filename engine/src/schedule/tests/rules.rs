//! What rules mean, line by line.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::schedule::catch_up::Due;
use crate::schedule::{CatchUp, Cron, Rule, Timing, WrongCron};

fn every(seconds: u64) -> Rule {
    Rule::new(Timing::Every(Duration::from_secs(seconds)), TimeZone::UTC)
}

fn cron(text: &str, zone: &str) -> Rule {
    Rule::new(Timing::Cron(Box::new(Cron::parse(text).unwrap())), TimeZone::get(zone).unwrap())
}

fn ms(text: &str) -> i64 {
    text.parse::<Timestamp>().unwrap().as_millisecond()
}

#[track_caller]
fn check(rule: &Rule, after: &str, wanted: &[(&str, &str)]) {
    let mut slots = Vec::new();
    let mut after_ms = ms(after);
    for _ in wanted {
        let slot = rule.next(after_ms).unwrap();
        after_ms = slot.due_ms;
        slots.push((slot.key, Timestamp::from_millisecond(slot.due_ms).unwrap().to_string()));
    }
    let slots: Vec<_> = slots.iter().map(|(key, at)| (key.as_str(), at.as_str())).collect();
    assert_eq!(slots, wanted);
}

#[test]
fn a_grid_begins_at_the_epoch_and_not_at_the_start_of_the_program() {
    check(
        &every(3_600),
        "2026-11-22T10:17:03.5Z",
        &[("2026-11-22T11:00:00Z", "2026-11-22T11:00:00Z"), ("2026-11-22T12:00:00Z", "2026-11-22T12:00:00Z")],
    );
    check(&every(1), "1969-12-31T23:59:58.5Z", &[("1969-12-31T23:59:59Z", "1969-12-31T23:59:59Z")]);
}

#[test]
fn a_slot_is_over_at_its_own_moment() {
    check(&every(60), "2026-11-22T10:00:00Z", &[("2026-11-22T10:01:00Z", "2026-11-22T10:01:00Z")]);
    let daily = cron("30 4 * * *", "UTC");
    check(&daily, "2026-11-22T04:29:59.999Z", &[("2026-11-22T04:30", "2026-11-22T04:30:00Z")]);
    check(&daily, "2026-11-22T04:30:00Z", &[("2026-11-23T04:30", "2026-11-23T04:30:00Z")]);
    check(&daily, "2026-11-22T04:30:00.5Z", &[("2026-11-23T04:30", "2026-11-23T04:30:00Z")]);
}

#[test]
fn a_time_of_day_that_does_not_exist_comes_at_the_first_moment_after_the_gap() {
    check(
        &cron("30 2 * * *", "Europe/Berlin"),
        "2026-03-28T12:00:00Z",
        &[("2026-03-29T03:00", "2026-03-29T01:00:00Z"), ("2026-03-30T02:30", "2026-03-30T00:30:00Z")],
    );
}

#[test]
fn a_time_of_day_that_comes_twice_counts_once() {
    check(
        &cron("30 2 * * *", "Europe/Berlin"),
        "2026-10-24T12:00:00Z",
        &[("2026-10-25T02:30", "2026-10-25T00:30:00Z"), ("2026-10-26T02:30", "2026-10-26T01:30:00Z")],
    );
}

#[test]
fn an_hourly_pattern_runs_on_real_hours() {
    check(
        &cron("0 * * * *", "Europe/Berlin"),
        "2026-10-24T23:30:00Z",
        &[
            ("2026-10-25T02:00+02", "2026-10-25T00:00:00Z"),
            ("2026-10-25T02:00+01", "2026-10-25T01:00:00Z"),
            ("2026-10-25T03:00+01", "2026-10-25T02:00:00Z"),
        ],
    );
    check(
        &cron("0 * * * *", "Europe/Berlin"),
        "2026-03-29T00:30:00Z",
        &[("2026-03-29T03:00+02", "2026-03-29T01:00:00Z"), ("2026-03-29T04:00+02", "2026-03-29T02:00:00Z")],
    );
}

#[test]
fn a_leap_day_is_waited_for() {
    check(
        &cron("0 5 29 2 *", "UTC"),
        "2026-01-01T00:00:00Z",
        &[("2028-02-29T05:00", "2028-02-29T05:00:00Z")],
    );
}

#[test]
fn a_pattern_that_never_comes_is_told_from_one_that_cannot_be_read() {
    for never in ["0 0 30 2 *", "0 0 31 4,6,9,11 *"] {
        assert!(matches!(Cron::parse(never), Err(WrongCron::Never(_))), "{never}");
    }
    let long = "1,".repeat(200);
    for wrong in ["", "5", "61 * * * *", "* * * *", "0 0 5 * * *", "a b c d e", "*/0 * * * *", long.as_str()]
    {
        assert!(matches!(Cron::parse(wrong), Err(WrongCron::Unreadable { .. })), "{wrong}");
    }
    assert!(Cron::parse("@daily").is_ok());
}

const DOWN_FROM: &str = "2026-11-20T05:00:00Z";
const UP_AT: &str = "2026-11-20T09:30:00Z";

#[track_caller]
fn check_caught_up(catch_up: CatchUp, now: &str, wanted: &[&str], left_out: Option<&str>) {
    let Due { run, left_out: out } = catch_up.choose(&every(3_600), ms(DOWN_FROM), ms(now));
    let run: Vec<_> = run.iter().map(|slot| &slot.key[11..16]).collect();
    assert_eq!((run.as_slice(), out.as_ref().map(|slot| &slot.key[11..16])), (wanted, left_out));
}

#[test]
fn none_makes_up_for_nothing_but_takes_the_slot_that_is_on_time() {
    check_caught_up(CatchUp::None, UP_AT, &[], Some("05:00"));
    check_caught_up(CatchUp::None, "2026-11-20T09:00:02Z", &["09:00"], Some("05:00"));
    check_caught_up(CatchUp::None, "2026-11-20T05:00:00Z", &["05:00"], None);
}

#[test]
fn last_makes_up_for_the_latest_slot() {
    check_caught_up(CatchUp::Last, UP_AT, &["09:00"], Some("05:00"));
    check_caught_up(CatchUp::Last, "2026-11-20T05:59:00Z", &["05:00"], None);
}

#[test]
fn all_makes_up_for_each_slot_up_to_its_limit() {
    let all = ["05:00", "06:00", "07:00", "08:00", "09:00"];
    check_caught_up(CatchUp::All { limit: 24 }, UP_AT, &all, None);
    check_caught_up(CatchUp::All { limit: 2 }, UP_AT, &all[3..], Some("05:00"));
}

#[test]
fn a_long_downtime_costs_no_more_than_the_slots_that_are_wanted() {
    let slots = every(1).latest(0, ms("2026-11-20T00:00:00Z"), 3);
    assert_eq!(slots.len(), 3);
    let yearly = cron("0 5 29 2 *", "UTC").latest(0, ms("2026-11-20T00:00:00Z"), 2);
    let keys: Vec<_> = yearly.iter().map(|slot| slot.key.as_str()).collect();
    assert_eq!(keys, ["2020-02-29T05:00", "2024-02-29T05:00"]);
}
