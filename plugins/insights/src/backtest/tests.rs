//! Small rules over made-up loads.

use engine::script::Library;
use engine::script::rule::Rule;
use jiff::ToSpan;
use jiff::civil::date;

use super::of_rule::within;
use super::*;

/// A rule that applies where that is true.
fn rule(id: &str, applies: &str, (pick, weight): (&str, u8)) -> (String, String) {
    let text = format!(
        "//! A rule.\nfn applies(day) {{ {applies} }}\n\
         fn advise(day) {{ #{{ pick: \"{pick}\", weight: {weight}, why: \"So.\" }} }}\nfn examples() {{ [] }}"
    );
    (format!("scripts/rules/{id}.rhai"), text)
}

fn compiled((path, text): &(String, String)) -> Rule {
    Rule::compile(path, text).unwrap()
}

/// Forty days up to the last of May 2024, every fifth of them off.
fn history() -> History {
    let loads: Vec<f64> = (1..=40).map(|day| if day % 5 == 0 { 0.0 } else { 60.0 }).collect();
    History::of_loads(date(2024, 5, 31), &loads)
}

/// Tests a rule on the days of May up to one, among others.
fn tested(
    tested: &(String, String),
    saved: &[(String, String)],
    other: Option<&(String, String)>,
    last: i8,
) -> Backtest {
    let saved = Rules::of(&Library::from_texts(saved.iter().cloned().collect()), crate::RULES);
    let (rule, other) = (compiled(tested), other.map(compiled));
    let (history, days) = (history(), (date(2024, 5, 1), date(2024, 5, last)));
    let asked =
        Asked { history: &history, saved: &saved, rule: &rule, is_draft: true, other: other.as_ref(), days };
    of_rule(&asked).unwrap()
}

fn days_of(dates: impl IntoIterator<Item = Date>) -> Vec<i8> {
    dates.into_iter().map(Date::day).collect()
}

#[test]
fn a_rule_is_told_the_days_on_which_it_speaks() {
    // The 1st of May is the tenth of the forty days.
    let test = tested(&rule("mine", "day.load.today == 0.0", ("rest", 50)), &[], None, 20);
    assert_eq!(days_of(test.fires.iter().map(|fire| fire.date)), [1, 6, 11, 16]);
    let Counts { fires, wins, silent, missing, failed } = test.counts;
    assert_eq!((test.days, fires, wins, silent, missing, failed), (20, 4, 4, 16, 0, 0));
    assert!(test.fires.iter().all(|fire| fire.won && fire.winner == "mine" && fire.why == "So."));
    assert!(test.cost.total_ms > 0.0 && test.cost.p99_us > 0.0);
}

#[test]
fn a_draft_is_compared_with_what_is_saved() {
    let saved = rule("mine", "day.load.today == 0.0", ("rest", 50));
    let draft = rule("mine", "day.date >= \"2024-05-06\" && day.date <= \"2024-05-07\"", ("easy", 50));
    let test = tested(&draft, std::slice::from_ref(&saved), Some(&saved), 12);
    let difference = test.saved.unwrap();
    assert_eq!(difference.fires, 3);
    assert_eq!((days_of(difference.added), days_of(difference.removed)), (vec![7], vec![1, 11]));
    let changed = OtherPick { date: date(2024, 5, 6), was: Pick::Rest, is: Pick::Easy };
    assert_eq!(difference.changed, [changed]);
    assert_ne!(difference.version, test.version);
    assert!(test.conflicts.is_empty(), "the saved one does not stand beside its draft");
}

#[test]
fn what_followed_stops_at_today() {
    let test = tested(&rule("mine", "true", ("easy", 50)), &[], None, 31);
    let known = |day: usize| test.fires[day - 1].after.days_known;
    assert_eq!((known(24), known(25), known(31)), (7, 6, 0));
    let first = test.fires[0].after;
    assert_eq!((first.load, first.rest_days, first.hard_days), (360.0, 1, 0));
    assert!(first.tsb_change.is_some() && test.fires[24].after.tsb_change.is_none());
    assert_eq!((test.after.fires.days, test.after.others.days), (24, 0));
    assert_eq!(test.after.others.load, None);
}

#[test]
fn what_followed_is_told_beside_that_of_all_other_days() {
    let test = tested(&rule("mine", "day.load.today == 0.0", ("rest", 50)), &[], None, 20);
    // Of the seven days after a day off one is off, of those after two in four others two are.
    assert_eq!((test.after.fires.days, test.after.others.days), (4, 16));
    assert_eq!(test.after.fires.rest_days, Some(1.0));
    assert_eq!(test.after.others.rest_days, Some(1.5));
}

#[test]
fn of_two_rules_the_heavier_wins_and_both_hear_of_it() {
    let (light, heavy) =
        (rule("mine", "true", ("rest", 50)), rule("other", "day.load.today > 0.0", ("hard", 60)));
    let alike = rule("alike", "true", ("rest", 70));
    let test = tested(&light, &[light.clone(), heavy.clone()], None, 10);
    let conflict = &test.conflicts[0];
    assert_eq!((conflict.rule.as_str(), conflict.days, conflict.wins, conflict.loses), ("other", 8, 0, 8));
    assert_eq!((conflict.first.day(), conflict.last.day()), (2, 10));
    assert_eq!(test.counts.wins, 2);
    let test = tested(&heavy, &[light.clone(), heavy.clone()], None, 10);
    let conflict = &test.conflicts[0];
    assert_eq!((conflict.rule.as_str(), conflict.days, conflict.wins, conflict.loses), ("mine", 8, 8, 0));
    let test = tested(&light, &[heavy, alike], None, 10);
    let conflict = &test.conflicts[..];
    assert_eq!(
        (conflict.len(), conflict[0].wins, conflict[0].loses),
        (1, 0, 0),
        "a third one outweighs both"
    );
}

#[test]
fn of_equal_weights_the_first_by_id_wins() {
    let (mine, other) = (rule("mine", "true", ("rest", 50)), rule("other", "true", ("easy", 50)));
    assert_eq!(tested(&mine, std::slice::from_ref(&other), None, 5).counts.wins, 5);
    assert_eq!(tested(&other, &[mine], None, 5).counts.wins, 0);
}

#[test]
fn a_rule_that_misses_a_figure_is_counted_and_does_not_speak() {
    let test = tested(&rule("mine", "day.load.ratio > 0.0", ("easy", 50)), &[], None, 31);
    // Four weeks are known from the 19th on.
    assert_eq!((test.counts.missing, test.counts.fires), (18, 13));
    assert_eq!(test.fires[0].date, date(2024, 5, 19));
}

#[test]
fn a_rule_that_fails_on_some_days_says_on_which_first() {
    let broken = "if day.date == \"2024-05-03\" { 1 } else { false }";
    let test = tested(&rule("mine", broken, ("easy", 50)), &[], None, 5);
    let failure = test.failure.unwrap();
    assert_eq!((test.counts.failed, test.counts.silent, failure.date.day()), (1, 4, 3));
    assert!(failure.why.contains("scripts/rules/mine.rhai:2:"), "{}", failure.why);
}

#[test]
fn a_backtest_that_takes_too_long_says_how_far_it_came() {
    let (rule, saved) = (compiled(&rule("mine", "true", ("easy", 50))), Rules::of(&Library::default(), "x"));
    let (history, days) = (history(), (date(2024, 5, 1), date(2024, 5, 31)));
    let asked = Asked { history: &history, saved: &saved, rule: &rule, is_draft: true, other: None, days };
    let told = within(std::time::Duration::ZERO, &asked).unwrap_err().to_string();
    assert_eq!(told, "the back-test was given up after 0 s, with 0 of 31 days asked");
}

#[test]
fn what_was_measured_in_the_week_after_is_compared_with_the_week_before() {
    use fitness::daily_metric::{DailyMetrics, Name};
    let mut history = history();
    let measured = |back: i64| {
        let day = date(2024, 5, 31) - back.days();
        DailyMetrics { date: day, values: [(Name::RestingHr, if back >= 20 { 50.0 } else { 53.0 })].into() }
    };
    history.measured = (0..40).rev().map(measured).collect();
    let change = |day: i8| after::Aftermath::of(&history).of_day(date(2024, 5, day)).resting_hr_change;
    // The 11th is twenty days before the last of May.
    assert_eq!((change(3), change(11), change(20), change(31)), (Some(0.0), Some(3.0), Some(0.0), None));
}
