use std::collections::BTreeSet;

use serde_json::json;

use super::*;

fn series(columns: &Value) -> Series {
    Series::of_json(columns).unwrap()
}

/// An hour in steps of ten seconds: the power goes up by one each step, and the heart rate is known from half on.
fn hour() -> Series {
    let seconds: Vec<f64> = (0..=360).map(|step| f64::from(step) * 10.0).collect();
    let power = seconds.iter().map(|second| second / 10.0).collect();
    let heart_rate = seconds.iter().map(|second| if *second < 1800.0 { f64::NAN } else { 150.0 }).collect();
    let columns = [("power".to_owned(), power), ("heart_rate".to_owned(), heart_rate)];
    Series::new(seconds, columns.into()).unwrap()
}

#[test]
fn a_value_holds_until_the_next_and_a_pause_counts_for_nothing() {
    let series = series(&json!({ "seconds": [0, 10, 30, 90, 100], "x": [1, 2, 4, 8, 9] }));
    let column = series.column("x").unwrap();
    assert_eq!((column.seconds_of(|_| true), column.sum()), (40.0, 10.0 + 40.0 + 80.0));
    assert_eq!(column.mean(), Some(3.25));
    assert_eq!(column.seconds_of(|value| value > 1.0), 30.0);
}

#[test]
fn what_is_not_known_is_passed_over() {
    let series = series(
        &json!({ "seconds": [0, 1, 2, 3], "x": [5, null, null, 7], "none": [null, null, null, null] }),
    );
    assert_eq!(series.column("x").and_then(Column::mean), Some(5.0));
    assert!(series.column("none").is_none() && series.column("y").is_none());
}

#[test]
fn the_best_mean_is_that_of_the_best_stretch() {
    let hour = hour();
    let power = hour.column("power").unwrap();
    // The last ten steps are those from the 350th to the 359th.
    assert_eq!(power.best_mean(100.0), Some(354.5));
    assert_eq!(power.best_mean(3600.0), Some(179.5));
    assert_eq!(power.best_mean(3600.1), None);
    let pause = series(&json!({ "seconds": [0, 10, 100, 110, 120], "x": [6, 6, 2, 2, 2] }));
    assert_eq!(pause.column("x").unwrap().best_mean(20.0), Some(3.0), "a pause counts as zero");
    assert_eq!(pause.column("x").unwrap().best_mean(5.0), Some(6.0), "a part of a value counts");
    let rise = series(&json!({ "seconds": [0, 8, 16], "x": [100, 200, 0] }));
    assert_eq!(rise.column("x").unwrap().best_mean(10.0), Some(180.0), "the best stretch ends with a value");
    let fall = series(&json!({ "seconds": [0, 8, 16], "x": [200, 100, 0] }));
    assert_eq!(
        fall.column("x").unwrap().best_mean(10.0),
        Some(180.0),
        "the best stretch begins with a value"
    );
}

#[test]
fn a_percentile_is_weighed_by_time() {
    let series = series(&json!({ "seconds": [0, 10, 20, 30], "x": [3, 1, 2, 9] }));
    let at = |percent| series.column("x").unwrap().percentile(percent);
    assert_eq!((at(0.0), at(33.0), at(50.0), at(100.0)), (Some(1.0), Some(1.0), Some(2.0), Some(3.0)));
}

#[test]
fn columns_that_go_together_and_apart_are_told_from_others() {
    let series = series(&json!({
        "seconds": [0, 1, 2, 3, 4], "up": [1, 2, 3, 4, 5], "down": [9, 7, 5, 3, 1], "even": [2, 2, 2, 2, 2],
    }));
    let of = |other: &str| {
        let (up, other) = (series.column("up").unwrap(), series.column(other).unwrap());
        correlation(up.seconds, up.values, other.values).map(|value| (value * 1e6).round() / 1e6)
    };
    assert_eq!((of("up"), of("down"), of("even")), (Some(1.0), Some(-1.0), Some(0.0)));
}

#[test]
fn a_slice_has_what_lies_between() {
    let half = hour().between(1800.0, 2400.0);
    assert_eq!((half.0.seconds.len(), half.column("heart_rate").and_then(Column::mean)), (60, Some(150.0)));
    assert!(hour().between(0.0, 600.0).column("heart_rate").is_none());
    assert_eq!(hour().between(20.0, 10.0).0.seconds.len(), 0);
}

#[test]
fn what_is_no_series_is_refused() {
    let cases = [
        (json!(1), Unusable::Form),
        (json!({ "x": [1] }), Unusable::Form),
        (json!({ "seconds": [0], "x": ["a"] }), Unusable::Form),
        (json!({ "seconds": [0, 1], "x": [1] }), Unusable::Length("x".to_owned())),
        (json!({ "seconds": [1, 0] }), Unusable::Order),
    ];
    for (value, wanted) in cases {
        assert_eq!(Series::of_json(&value), Err(wanted), "{value}");
    }
}

#[test]
fn the_documentation_has_each_function_and_no_other() {
    let docs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/SCRIPTS.md");
    let docs = std::fs::read_to_string(docs).unwrap();
    let (_, table) = docs.split_once("Samples are asked by functions").unwrap();
    let (table, _) = table.split_once("\n\nAn example").unwrap();
    // The first cell of a row has the calls, the second may have other words of code.
    let cells = table.lines().filter_map(|line| line.strip_prefix("| `")?.split(" | ").next());
    let calls = cells.flat_map(|cell| cell.split('`').step_by(2).map(str::to_owned).collect::<Vec<_>>());
    let name = |call: String| {
        let call = call.trim_start_matches("streams.");
        call.split('(').next().unwrap_or(call).to_owned()
    };
    let described: BTreeSet<String> = calls.map(name).filter(|name| !name.is_empty()).collect();
    let signatures = FUNCTIONS.gen_fn_signatures_with_mapper(Into::into);
    let known: BTreeSet<String> = signatures.map(name).collect();
    assert_eq!(described, known);
}
