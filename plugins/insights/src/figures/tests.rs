use jiff::civil::date;
use serde_json::{Value, json};

use super::*;

/// A Wednesday.
const TODAY: Date = date(2024, 5, 1);

/// The figures of a history whose last load is today's.
fn day(loads: &[f64]) -> Value {
    serde_json::to_value(Figures::of(&History::of_loads(TODAY, loads))).unwrap()
}

fn check(loads: &[f64], path: &str, wanted: impl Into<Value>) {
    assert_eq!(at(&day(loads), path), Some(&wanted.into()), "{path}");
}

fn check_unknown(loads: &[f64], path: &str) {
    assert_eq!(at(&day(loads), path), None, "{path}");
}

fn joined(parts: &[&[f64]]) -> Vec<f64> {
    parts.concat()
}

#[test]
fn nothing_known_leaves_only_the_date() {
    let nothing = History { today: TODAY, days: Vec::new() };
    let day = serde_json::to_value(Figures::of(&nothing)).unwrap();
    assert_eq!(day, json!({"date": "2024-05-01", "weekday": "wednesday"}));
}

#[test]
fn the_ratio_of_three_weeks_at_100_and_one_at_150_is_1_33() {
    check(&joined(&[&[100.0; 21], &[150.0; 7]]), "load.ratio", 1.33);
}

#[test]
fn the_ratio_is_unknown_before_the_28th_day() {
    check_unknown(&[100.0; 27], "load.ratio");
}

#[test]
fn today_counts_only_once_there_was_training_on_it() {
    check(&joined(&[&[100.0; 7], &[0.0]]), "load.week", 700.0);
    check(&joined(&[&[100.0; 7], &[50.0]]), "load.week", 650.0);
}

#[test]
fn monotony_takes_the_spread_of_all_seven_days() {
    check(&[50.0, 100.0, 0.0, 80.0, 60.0, 120.0, 10.0], "load.monotony", 1.46);
    check(&[50.0, 100.0, 0.0, 80.0, 60.0, 120.0, 0.0, 0.0], "load.monotony", 1.37);
}

#[test]
fn equal_days_are_the_most_monotonous_not_the_least() {
    check(&[60.0; 7], "load.monotony", 10.0);
}

#[test]
fn a_week_off_has_no_monotony() {
    check_unknown(&joined(&[&[60.0], &[0.0; 8]]), "load.monotony");
}

#[test]
fn six_weeks_end_the_warming_up() {
    check(&[50.0; 41], "history.warming_up", true);
    check(&[50.0; 42], "history.warming_up", false);
}

#[test]
fn fitness_after_42_days_of_100_shows_with_one_decimal() {
    check(&[100.0; 42], "form.ctl", 63.2);
    check(&[100.0; 42], "form.atl", 99.8);
}

#[test]
fn yesterday_is_hard_when_it_stood_out() {
    check(&joined(&[&[60.0; 20], &[80.0, 0.0]]), "yesterday.hard", true);
    check(&joined(&[&[60.0; 20], &[70.0, 0.0]]), "yesterday.hard", false);
}

#[test]
fn a_small_day_is_not_hard_whatever_it_stands_out_from() {
    check(&joined(&[&[10.0; 20], &[40.0, 0.0]]), "yesterday.hard", false);
}

#[test]
fn the_day_before_the_first_is_unknown() {
    check_unknown(&[80.0], "yesterday.hard");
    check_unknown(&[80.0], "load.yesterday");
}

#[test]
fn days_since_the_last_activity_count_from_today() {
    check(&[50.0, 0.0, 0.0], "rest.days_since", 2);
    check(&[50.0, 0.0, 60.0], "rest.days_since", 0);
}

#[test]
fn a_break_that_reached_into_the_last_two_weeks_has_its_whole_length() {
    let back = joined(&[&[50.0], &[0.0; 30], &[50.0; 10]]);
    check(&back, "rest.longest_break_days", 30);
}

#[test]
fn a_break_is_forgotten_after_two_weeks() {
    let back = joined(&[&[50.0], &[0.0; 30], &[50.0; 14]]);
    check(&back, "rest.longest_break_days", 0);
}

#[test]
fn a_day_that_is_not_over_makes_no_break() {
    check(&[50.0, 0.0], "rest.longest_break_days", 0);
}

#[test]
fn a_usual_session_is_the_median_to_five_minutes() {
    // A load of 1 lasts a minute here.
    check(&joined(&[&[42.0; 20], &[0.0; 5], &[300.0; 3]]), "usual.minutes", 40);
}

#[test]
fn what_is_unknown_is_named() {
    let unknown = unknown(&day(&[80.0; 7]));
    assert_eq!(unknown, ["form.ctl_four_weeks_ago", "load.four_weeks", "load.ratio", "usual.minutes"]);
}
