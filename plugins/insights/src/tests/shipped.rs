//! The rules in `scripts/rules` as they are shipped.

use std::path::Path;

use engine::script::Library;
use engine::script::rule::Rule;
use jiff::civil::{Date, date};

use crate::history::History;
use crate::insight::{Insight, Verdict};
use crate::rules::Rules;

/// A Wednesday.
const TODAY: Date = date(2024, 5, 1);

pub(super) fn library() -> Library {
    Library::from_dir(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")).unwrap()
}

fn insight(today: Date, loads: &[f64]) -> Insight {
    let rules = Rules::of(&library(), crate::RULES);
    let history = if loads.is_empty() { History::nothing(today) } else { History::of_loads(today, loads) };
    Insight::of(&history, &rules).unwrap()
}

/// The advice after these loads, the last of them today's.
fn check(today: Date, loads: &[&[f64]], wanted: &str) {
    let advice = insight(today, &loads.concat()).today.unwrap();
    let minutes = advice.minutes.map(|minutes| format!(" {minutes} min")).unwrap_or_default();
    assert_eq!(format!("{}: {}{minutes}", advice.rule, advice.pick.as_str()), wanted, "{}", advice.why);
}

#[test]
fn every_rule_proves_itself() {
    for (path, text) in library().matching(crate::RULES) {
        let rule = Rule::compile(&path, text).unwrap();
        assert_eq!(rule.prove(), Ok(()), "{path}");
    }
}

#[test]
fn fourteen_rules_are_shipped() {
    let insight = insight(TODAY, &[60.0]);
    let ids: Vec<&str> = insight.rules.iter().map(|rule| rule.id.as_str()).collect();
    let wanted = [
        "after_race",
        "come_back",
        "fatigue",
        "fresh_and_ready",
        "heat",
        "long_run_day",
        "monotony",
        "new_best",
        "polarization",
        "poor_recovery",
        "streak",
        "sudden_load",
        "taper",
        "wind",
    ];
    assert_eq!(ids, wanted);
}

#[test]
fn every_day_has_an_answer_and_no_rule_fails() {
    // A linear congruence, so that each run asks about the same days.
    let mut seed: u64 = 1;
    let mut next = |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    for length in 0..120_u64 {
        let loads: Vec<f64> =
            (0..length).map(|_| if next(3) == 0 { 0.0 } else { next(400) as f64 + 1.0 }).collect();
        let insight = insight(TODAY, &loads);
        assert!(insight.today.is_some(), "{loads:?}");
        let broken = insight.rules.iter().find(|rule| rule.verdict == Verdict::Failed);
        assert_eq!(broken, None, "{loads:?}");
    }
}

#[test]
fn weeks_far_above_fitness_ask_for_rest() {
    check(TODAY, &[&[50.0; 60], &[130.0; 10], &[0.0]], "fatigue: rest");
}

#[test]
fn a_week_above_the_usual_asks_for_an_easy_day() {
    check(TODAY, &[&[50.0; 60], &[75.0; 7], &[0.0]], "sudden_load: easy 40 min");
}

#[test]
fn a_three_week_break_asks_for_a_gentle_start() {
    check(TODAY, &[&[50.0; 60], &[0.0; 22]], "come_back: easy 30 min");
}

#[test]
fn the_day_after_a_come_back_is_off() {
    check(TODAY, &[&[50.0; 60], &[0.0; 21], &[30.0, 0.0]], "come_back: rest");
}

#[test]
fn a_fresh_weekday_is_for_a_hard_session() {
    check(TODAY, &[&[60.0; 60], &[0.0; 5]], "fresh_and_ready: hard 60 min");
}

#[test]
fn a_fresh_weekend_is_for_a_long_one() {
    check(date(2024, 5, 4), &[&[60.0; 60], &[0.0; 5]], "fresh_and_ready: long 90 min");
}

#[test]
fn a_day_like_every_other_is_steady() {
    let week = [60.0, 90.0, 0.0, 60.0, 70.0, 0.0, 60.0];
    check(TODAY, &[&week.repeat(30), &[0.0]], "fresh_and_ready: steady 60 min");
}

#[test]
fn the_first_weeks_keep_to_what_is_known() {
    let week = [60.0, 90.0, 0.0, 60.0, 70.0, 0.0, 60.0];
    check(TODAY, &[&week.repeat(3), &[0.0]], "fresh_and_ready: steady 40 min");
}

#[test]
fn a_week_of_equal_days_asks_for_a_shorter_one() {
    check(TODAY, &[&[50.0; 20], &[0.0], &[50.0; 8], &[0.0]], "monotony: easy 25 min");
}

#[test]
fn ten_days_in_a_row_ask_for_one_off() {
    check(TODAY, &[&[50.0; 20], &[0.0], &[50.0; 10], &[0.0]], "streak: rest");
}

#[test]
fn nothing_known_is_welcomed() {
    check(TODAY, &[], "come_back: easy 30 min");
}

#[test]
fn an_insight_reads_as_a_person_would_tell_it() {
    let loads = [[60.0; 60].as_slice(), &[95.0; 7], &[0.0]].concat();
    let insight = insight(TODAY, &loads);
    insta::assert_snapshot!(serde_json::to_string_pretty(&insight.canonical().unwrap()).unwrap());
}
