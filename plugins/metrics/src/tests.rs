//! Metrics proven by themselves, and the step on both databases.

mod house;
mod shipped;

use std::sync::Arc;
use std::time::{Duration, Instant};

use engine::clock::Clock;
use engine::registry::{QueryContext, Study};
use engine::script::formula::Argument;
use engine::script::rule::{self, Subject};
use engine::script::{Library, Series};
use engine::step::Step;
use house::{House, metric};
use serde_json::{Value, json};

use crate::compute::Compute;
use crate::metric::Reads;
use crate::proof;
use crate::{ListQuery, Metric};

/// Each scenario is a test of its own on SQLite, and on PostgreSQL one test has an athlete for each of them.
macro_rules! scenarios {
    ($($name:ident),* $(,)?) => {
        $(
            #[tokio::test]
            async fn $name() {
                let store = house::store(&support::sqlite_url()).await;
                scenario::$name(House::new(&store, stringify!($name)).await).await;
            }
        )*

        #[tokio::test]
        async fn every_scenario_holds_on_postgres() {
            let store = house::store(&support::postgres_url()).await;
            $( scenario::$name(House::new(&store, stringify!($name)).await).await; )*
        }
    };
}

scenarios![
    a_new_version_computes_the_past_anew_and_every_number_says_its_version,
    a_metric_that_is_gone_takes_its_numbers_along,
    a_step_that_asks_some_leaves_the_others_alone,
    a_metric_replaces_the_load_and_gives_it_back,
    what_a_metric_said_before_it_replaced_loads_is_no_load,
    a_setting_that_changes_reaches_the_metric,
    a_setting_that_a_metric_does_not_read_asks_nothing,
    a_metric_that_reads_the_day_is_told_apart_by_scope,
    a_bomb_in_a_metric_stops_at_its_limit_and_rests,
    a_second_run_asks_nothing,
    what_a_script_throws_keeps_no_other_metric_from_its_numbers,
    a_metric_whose_examples_do_not_hold_is_not_asked,
    what_no_load_can_be_stands_in_place_of_none,
    what_is_measured_while_days_are_asked_about_is_not_lost,
    a_metric_that_reads_a_load_by_any_name_follows_it,
    many_activities_are_asked_about_in_fewer_days_and_none_is_left_out,
    a_metric_that_breaks_keeps_its_loads_and_one_that_fails_gives_them_back,
];

const ABOUT: &str = r#"fn about() { #{ per: "activity", title: "T", unit: "u", aggregate: "sum" } }"#;
const LOAD: &str = r#"fn about() { #{ per: "activity", title: "T", unit: "u", aggregate: "sum", sports: ["running"], replaces_load: true } }"#;
const EXAMPLES: &str =
    r#"fn examples() { [#{ activity: #{ elapsed_s: 2.0 }, value: 2 }, #{ missing: "activity.elapsed_s" }] }"#;

/// A metric of days with this answer, which needs the load.
fn of_days(body: &str) -> String {
    let about = r#"fn about() { #{ per: "day", title: "T", unit: "u", aggregate: "max" } }"#;
    let examples = r#"fn examples() { [#{ day: #{ load: 3.0 }, value: 3 }, #{ missing: "day.load" }] }"#;
    format!("{about}\nfn value(day, athlete) {{ {body} }}\n{examples}")
}

/// The codes of what is wrong with a metric of these functions.
#[track_caller]
fn check(text: &str, wanted: &[&str]) {
    let found = proof::mistakes("scripts/metrics/m.rhai", text);
    let codes: Vec<&str> = found.iter().map(|found| found.code).collect();
    assert_eq!(codes, wanted, "{found:?}");
}

#[test]
fn examples_prove_a_metric() {
    let value = "fn value(activity, athlete, streams, day) { activity.elapsed_s }";
    check(&format!("{ABOUT}\n{value}\n{EXAMPLES}"), &[]);
    let another = "fn value(activity, athlete, streams, day) { activity.elapsed_s * 2.0 }";
    check(&format!("{ABOUT}\n{another}\n{EXAMPLES}"), &["metric_unproven"]);
    let alone = r#"fn examples() { [#{ activity: #{ elapsed_s: 2.0 }, value: 2 }] }"#;
    check(&format!("{ABOUT}\n{value}\n{alone}"), &["metric_unproven"]);
    let unknown = r#"fn examples() { [#{ activities: #{}, value: 2 }] }"#;
    check(&format!("{ABOUT}\n{value}\n{unknown}"), &["metric_unproven"]);
    check(&format!("{ABOUT}\n{EXAMPLES}"), &["metric_incomplete"]);
    check(value, &["metric_incomplete", "metric_incomplete"]);
}

#[test]
fn what_a_metric_says_of_itself_is_checked() {
    for about in [
        r#"#{ per: "week", title: "T", unit: "u", aggregate: "sum" }"#,
        r#"#{ per: "activity", title: "", unit: "u", aggregate: "sum" }"#,
        r#"#{ per: "activity", title: "T", unit: "u", aggregate: "sum", colour: "red" }"#,
        r#"#{ per: "activity", title: "T", unit: "u", aggregate: "sum", replaces_load: true }"#,
        "7",
    ] {
        let text = format!(
            "fn about() {{ {about} }}\nfn value(activity, athlete, streams, day) {{ 1 }}\n{EXAMPLES}"
        );
        check(&text, &["metric_about"]);
    }
}

#[test]
fn a_step_asks_metrics_and_nothing_else() {
    for (pattern, is_fine) in [
        ("metrics/*.rhai", true),
        ("metrics/strain.rhai", true),
        ("rules/*.rhai", false),
        ("/metrics/*.rhai", false),
        ("metrics/../rules/*.rhai", false),
        ("metrics/*", false),
    ] {
        let config = serde_json::from_value(serde_json::json!({ "metrics": pattern })).unwrap();
        assert_eq!(Compute::build(config).is_ok(), is_fine, "{pattern}");
    }
}

#[test]
fn a_circle_is_refused() {
    for body in ["a.load * 2.0", "d.ctl", "if known(d, \"ctl\") { 1 } else { 2 }"] {
        let text = format!("{LOAD}\nfn value(a, b, c, d) {{ {body} }}\n{EXAMPLES}");
        check(&text, &["metric_circular"]);
    }
}

/// Which of the metrics, each for some sports, are in the way of another.
#[track_caller]
fn check_conflicts(metrics: &[(&str, &str)], wanted: &[&str]) {
    let text = |sports: &str| {
        let about = format!("per: \"activity\", title: \"T\", unit: \"u\", aggregate: \"sum\", {sports}");
        metric(&format!("fn about() {{ #{{ {about} }} }}"), "1.0")
    };
    let path = |name: &str| format!("scripts/metrics/{name}.rhai");
    let library =
        Library::from_texts(metrics.iter().map(|(name, sports)| (path(name), text(sports))).collect());
    let found = crate::catalog::conflicts(&library);
    let told: Vec<String> = found.iter().map(|found| format!("{} {}", found.path, found.code)).collect();
    let wanted: Vec<String> = wanted.iter().map(|name| format!("{} metric_conflict", path(name))).collect();
    assert_eq!(told, wanted, "{found:?}");
}

#[test]
fn two_metrics_that_replace_the_load_of_one_sport_are_told() {
    let running = "sports: [\"running\"], replaces_load: true";
    let assisted = "sports: [\"e_biking\"], replaces_load: true";
    let cycling = "sports: [\"cycling\"], replaces_load: true";
    check_conflicts(&[("a", running), ("b", cycling)], &[]);
    check_conflicts(&[("a", running), ("b", running), ("c", cycling)], &["b"]);
    check_conflicts(&[("a", assisted), ("b", cycling)], &["b"]);
    check_conflicts(&[("a", running), ("b", "sports: [\"running\"]")], &[]);
}

#[test]
fn a_broken_file_is_told_of_while_an_earlier_text_is_in_force() {
    let path = "scripts/metrics/m.rhai";
    let scripts = Arc::new(Library::from_texts([(path.to_owned(), metric(ABOUT, "1.0"))].into()));
    let mistakes = proof::mistakes(path, "fn about() {");
    let wanted: Vec<Value> = mistakes.iter().map(|found| json!(found.code)).collect();
    let ctx = QueryContext { partition: "me".to_owned(), clock: Clock::fixed(0), scripts, mistakes };
    let told = ListQuery.conclude(&ctx, Vec::new()).unwrap();
    let item = &told["items"][0];
    let codes: Vec<Value> =
        item["errors"].as_array().unwrap().iter().map(|error| error["code"].clone()).collect();
    assert!(item["unit"] == "u" && !wanted.is_empty(), "{told}");
    assert_eq!(codes, wanted);
}

#[test]
fn what_a_text_reads_of_activities_is_known_without_running_it() {
    let reads = |text: &str| Reads::of("scripts/metrics/m.rhai", text);
    let about = "fn about() { loop {} }";
    assert_eq!(reads(&metric(about, "streams.seconds()")), Some(Reads { streams: true, day: false }));
    assert_eq!(reads(&metric(about, "day.load")), Some(Reads { streams: false, day: true }));
    assert_eq!(reads(&of_days("day.load")), None);
    assert_eq!(reads("fn about() {"), None);
}

/// Asks a metric with this body about an hour of samples, and answers why there is no number.
fn stopped(body: &str) -> (Option<String>, Duration) {
    let metric = Metric::compile("scripts/metrics/m.rhai", &metric(ABOUT, body)).unwrap();
    let seconds: Vec<f64> = (0..3600).map(f64::from).collect();
    let streams = Series::new(seconds.clone(), [("power".to_owned(), seconds)].into()).unwrap();
    let nothing = || Argument::Map(Subject::new(&serde_json::json!({})));
    let arguments = [nothing(), nothing(), Argument::Series(streams), nothing()];
    let began = Instant::now();
    let said = rule::panel(|panel| metric.ask(panel, &arguments)).unwrap();
    (said.number.why, began.elapsed())
}

#[test]
fn no_metric_goes_beyond_its_limits() {
    for (body, stop) in [
        ("loop {}", "script_limit"),
        ("loop { try { loop {} } catch { } }", "script_limit"),
        ("let s = \"x\"; loop { s += s; }", "script_limit: string"),
        ("let a = []; loop { a.push(streams.slice(0, 3600)); }", "script_limit"),
        ("loop { streams.percentile(\"power\", 50); }", "script_limit"),
        ("streams.sum_of(\"power\", |v| { loop {} })", "script_limit"),
        ("eval(\"1\")", "eval"),
        ("sleep(100)", "cannot sleep"),
        ("0.0 / 0.0", "not a finite number"),
        ("streams", "a series"),
        ("\"seven\"", "a number or nothing"),
    ] {
        let (why, took) = match Metric::compile("scripts/metrics/m.rhai", &metric(ABOUT, body)) {
            Ok(_) => stopped(body),
            Err(found) => (Some(found[0].message.clone()), Duration::ZERO),
        };
        assert!(why.as_ref().is_some_and(|why| why.contains(stop)), "{body}: {why:?}");
        assert!(took < Duration::from_secs(10), "{body}: {took:?}");
    }
}

#[test]
fn a_reason_is_short_and_plain_whatever_the_script_throws() {
    let (why, _) = stopped("throw \"a\\u0000b\\nc\"");
    assert!(why.as_ref().is_some_and(|why| why.ends_with(": a b c")), "{why:?}");
    let (why, _) = stopped("let s = \"x\"; for turn in 0..10 { s += s; } throw s");
    assert_eq!(why.map(|why| why.chars().count()), Some(201));
}

mod scenario {
    use super::*;

    pub(super) async fn what_a_script_throws_keeps_no_other_metric_from_its_numbers(house: House) {
        house.run(0).await;
        let thrown = metric(ABOUT, "throw \"a\\u0000b\"");
        let column = metric(ABOUT, "streams.mean(\"a\\u0000b\")");
        let fine = metric(ABOUT, "activity.elapsed_s");
        house.compute(&[("column", &column), ("fine", &fine), ("thrown", &thrown)]).await;
        assert_eq!(house.numbers("fine").await.len(), 1);
        for name in ["column", "thrown"] {
            assert_eq!(house.reasons(name).await.len(), 1, "{name}");
        }
    }

    pub(super) async fn a_new_version_computes_the_past_anew_and_every_number_says_its_version(house: House) {
        house.run(0).await;
        house.run(1).await;
        let first = metric(ABOUT, "activity.elapsed_s");
        house.compute(&[("m", &first)]).await;
        let before = house.numbers("m").await;
        assert_eq!(before.iter().map(|(value, _)| *value).collect::<Vec<_>>(), [3600.0, 3600.0]);
        let second = metric(ABOUT, "activity.elapsed_s / 60.0");
        house.compute(&[("m", &second)]).await;
        let after = house.numbers("m").await;
        assert_eq!(after.iter().map(|(value, _)| *value).collect::<Vec<_>>(), [60.0, 60.0]);
        assert!(before.iter().zip(&after).all(|(before, after)| before.1 != after.1));
    }

    pub(super) async fn a_second_run_asks_nothing(house: House) {
        house.run(0).await;
        let text = metric(ABOUT, "activity.elapsed_s");
        assert_eq!(house.compute(&[("m", &text)]).await, 1);
        assert_eq!(house.compute(&[("m", &text)]).await, 0);
        house.run(1).await;
        assert_eq!(house.compute(&[("m", &text)]).await, 1);
    }

    pub(super) async fn a_metric_that_is_gone_takes_its_numbers_along(house: House) {
        house.run(0).await;
        house.compute(&[("m", &metric(ABOUT, "1.0"))]).await;
        assert_eq!(house.numbers("m").await.len(), 1);
        house.compute(&[]).await;
        assert!(house.numbers("m").await.is_empty() && house.kept().await.is_empty());
    }

    pub(super) async fn a_step_that_asks_some_leaves_the_others_alone(house: House) {
        house.run(0).await;
        let text = metric(ABOUT, "1.0");
        let metrics = [("m", text.as_str()), ("n", text.as_str())];
        house.compute(&metrics).await;
        house.run(1).await;
        house.compute_some("metrics/m.rhai", &metrics).await;
        assert_eq!((house.numbers("m").await.len(), house.numbers("n").await.len()), (2, 1));
        house.compute(&metrics).await;
        assert_eq!(house.numbers("n").await.len(), 2);
    }

    pub(super) async fn a_metric_replaces_the_load_and_gives_it_back(house: House) {
        house.run(0).await;
        house.loads().await;
        let (chain, by) = house.load().await;
        let text = metric(LOAD, "activity.elapsed_s / 100.0");
        house.compute(&[("strain", &text)]).await;
        assert_eq!(house.load().await, (36.0, "own".to_owned()));
        // What computes loads does not undo it.
        house.touch(0).await;
        house.loads().await;
        assert_eq!(house.load().await, (36.0, "own".to_owned()));
        // The first by name of two for one sport.
        house.compute(&[("strain", &text), ("zeal", &metric(LOAD, "1.0"))]).await;
        assert_eq!(house.load().await.0, 36.0);
        house.compute(&[("zeal", &metric(LOAD, "1.0"))]).await;
        assert_eq!(house.load().await, (1.0, "own".to_owned()));
        house.compute(&[]).await;
        assert_eq!(house.load().await, (chain, by));
    }

    pub(super) async fn what_a_metric_said_before_it_replaced_loads_is_no_load(house: House) {
        for day in 0..=20 {
            house.run(day).await;
        }
        house.compute(&[("m", &metric(ABOUT, "7.0"))]).await;
        // It rests before the first day is reached.
        house.touch(0).await;
        let about = r#"fn about() { #{ per: "activity", title: "T", unit: "u", aggregate: "sum", sports: ["running"], replaces_load: true } }"#;
        house.compute(&[("m", &metric(about, "loop {}"))]).await;
        assert_eq!(house.kept().await, [("m".to_owned(), true)]);
        house.loads().await;
        assert_ne!(house.load().await.1, "own");
    }

    pub(super) async fn a_setting_that_changes_reaches_the_metric(house: House) {
        house.run(0).await;
        let text = metric(ABOUT, "athlete.weight_kg");
        house.compute(&[("m", &text)]).await;
        assert!(house.numbers("m").await.is_empty());
        assert_eq!(house.reasons("m").await, ["missing athlete.weight_kg"]);
        house.weigh(70.0).await;
        house.compute(&[("m", &text)]).await;
        assert_eq!(house.numbers("m").await[0].0, 70.0);
    }

    pub(super) async fn a_setting_that_a_metric_does_not_read_asks_nothing(house: House) {
        house.run(0).await;
        let reads = metric(ABOUT, "athlete.hr_max");
        let passes = metric(ABOUT, "if known(athlete, \"weight_kg\") { athlete.hr_max } else { 0.0 }");
        house.compute(&[("m", &reads)]).await;
        house.weigh(70.0).await;
        assert_eq!(house.compute(&[("m", &reads)]).await, 0);
        house.compute(&[("m", &passes)]).await;
        house.weigh(71.0).await;
        assert_eq!(house.compute(&[("m", &passes)]).await, 1);
    }

    pub(super) async fn a_metric_that_reads_the_day_is_told_apart_by_scope(house: House) {
        house.run(0).await;
        house.days([10.0, 4.0]).await;
        let of_day = of_days("day.load");
        let of_activity = metric(ABOUT, "day.load + activity.elapsed_s * 0.0");
        let metrics = [("d", of_day.as_str()), ("m", of_activity.as_str())];
        house.compute(&metrics).await;
        assert!(house.of_day("d").await.iter().all(Option::is_none), "days are asked about behind the days");
        house.compute_days(&metrics).await;
        assert_eq!(house.of_day("d").await, [Some(10.0), Some(4.0)]);
        assert_eq!(house.both("m").await, [Some(10.0), Some(4.0)]);
        house.days([20.0, 4.0]).await;
        house.compute_days(&metrics).await;
        assert_eq!(house.of_day("d").await, [Some(20.0), Some(4.0)]);
        assert_eq!(house.both("m").await, [Some(20.0), Some(4.0)]);
    }

    pub(super) async fn a_bomb_in_a_metric_stops_at_its_limit_and_rests(house: House) {
        for day in 0..25 {
            house.run(day).await;
        }
        let (bomb, fine) = (metric(ABOUT, "loop {}"), metric(ABOUT, "activity.elapsed_s"));
        let metrics = [("bomb", bomb.as_str()), ("fine", fine.as_str())];
        house.compute(&metrics).await;
        let reasons = house.reasons("bomb").await;
        assert_eq!(reasons.len(), 20, "{reasons:?}");
        assert!(reasons[0].contains("script_limit"), "{reasons:?}");
        assert_eq!(house.numbers("fine").await.len(), 25);
        assert_eq!(house.kept().await, [("bomb".to_owned(), true), ("fine".to_owned(), false)]);
        house.compute(&[("bomb", &fine)]).await;
        assert_eq!(house.numbers("bomb").await.len(), 25);
    }

    pub(super) async fn a_metric_whose_examples_do_not_hold_is_not_asked(house: House) {
        house.run(0).await;
        house.loads().await;
        let before = house.load().await;
        let unproven = |about: &str| {
            let value = "fn value(activity, athlete, streams, day) { activity.elapsed_s / 100.0 }";
            format!("{about}\n{value}\nfn examples() {{ [] }}")
        };
        house.compute(&[("m", &unproven(ABOUT)), ("strain", &unproven(LOAD))]).await;
        assert!(house.kept().await.is_empty());
        assert_eq!(house.load().await, before);
        // What an earlier text said stays.
        house.compute(&[("m", &metric(ABOUT, "7.0"))]).await;
        house.compute(&[("m", &unproven(ABOUT))]).await;
        assert_eq!(house.numbers("m").await.iter().map(|(value, _)| *value).collect::<Vec<_>>(), [7.0]);
    }

    pub(super) async fn what_no_load_can_be_stands_in_place_of_none(house: House) {
        house.run(0).await;
        house.loads().await;
        let before = house.load().await;
        for body in ["-1.0", "2000.5", "1.0e300"] {
            house.compute(&[("strain", &metric(LOAD, body))]).await;
            assert_eq!(house.load().await, before, "{body}");
            let reasons = house.reasons("strain").await;
            assert!(reasons[0].contains("a load is from 0 to 2000"), "{reasons:?}");
        }
        house.compute(&[("strain", &metric(LOAD, "2000.0"))]).await;
        assert_eq!(house.load().await.0, 2000.0);
        // Any other number is as large as it likes.
        house.compute(&[("m", &metric(ABOUT, "-1.0e300"))]).await;
        assert_eq!(house.numbers("m").await[0].0, -1.0e300);
    }

    pub(super) async fn what_is_measured_while_days_are_asked_about_is_not_lost(house: House) {
        house.run(0).await;
        house.days([10.0, 4.0]).await;
        let beats = "let beats = if known(day, \"resting_hr\") { day.resting_hr } else { 0.0 };";
        let text = of_days(&format!("{beats} day.load + beats"));
        let metrics = [("d", text.as_str())];
        house.compute_days(&metrics).await;
        house.days([20.0, 4.0]).await;
        house.compute_days_while_measured(&metrics, 48.0).await;
        assert_eq!(house.of_day("d").await, [Some(20.0), Some(4.0)]);
        house.compute_days(&metrics).await;
        assert_eq!(house.of_day("d").await, [Some(68.0), Some(52.0)]);
    }

    pub(super) async fn a_metric_that_reads_a_load_by_any_name_follows_it(house: House) {
        house.run(0).await;
        house.loads().await;
        let text = metric(ABOUT, "let key = \"lo\" + \"ad\"; activity.elapsed_s * 0.0 + activity[key]");
        house.compute(&[("m", &text)]).await;
        house.compute(&[("m", &text), ("strain", &metric(LOAD, "7.0"))]).await;
        assert_eq!(house.load().await.0, 7.0);
        assert_eq!(house.numbers("m").await.iter().map(|(value, _)| *value).collect::<Vec<_>>(), [7.0]);
    }

    pub(super) async fn many_activities_are_asked_about_in_fewer_days_and_none_is_left_out(house: House) {
        for day in 0..4 {
            house.run(day).await;
        }
        // How many days of ten, and how many activities.
        assert_eq!(house.activities(4).await, (10, 4));
        assert_eq!(house.activities(3).await, (3, 3));
        assert_eq!(house.activities(1).await, (1, 1));
        assert_eq!(house.activities(0).await, (1, 1));
    }

    pub(super) async fn a_metric_that_breaks_keeps_its_loads_and_one_that_fails_gives_them_back(
        house: House,
    ) {
        house.run(0).await;
        house.loads().await;
        let before = house.load().await;
        let own = (36.0, "own".to_owned());
        house.compute(&[("strain", &metric(LOAD, "36.0"))]).await;
        assert_eq!(house.load().await, own);
        let value = "fn value(activity, athlete, streams, day) { 7.0 }";
        let broken = format!("{LOAD}\n{value}\nfn examples() {{ [] }}");
        house.compute(&[("strain", &broken)]).await;
        house.touch(0).await;
        house.loads().await;
        assert_eq!(house.load().await, own);
        house.compute(&[("strain", &metric(LOAD, "throw \"no\""))]).await;
        assert_eq!(house.load().await, before);
        house.compute(&[("strain", &metric(LOAD, "36.0"))]).await;
        assert_eq!(house.load().await, own);
    }
}
