use proptest::prelude::*;

use super::*;

fn near(found: f64, wanted: f64, within: f64) {
    assert!((found - wanted).abs() < within, "{found}, not {wanted}");
}

/// 1500 m in 4:45 and 5000 m in 17:30.
fn runner() -> Critical {
    Critical::of(&[(285.0, 1500.0), (1050.0, 5000.0)]).unwrap()
}

#[test]
fn two_races_show_a_critical_speed() {
    near(runner().rate, 4.5752, 5e-5);
    near(runner().above, 196.08, 5e-3);
}

#[test]
fn ten_kilometres_would_take_35_42_86_and_are_not_promised() {
    let Critical { rate, above } = runner();
    near((10_000.0 - above) / rate, 35.0 * 60.0 + 42.86, 6e-3);
    assert_eq!(runner().seconds(10_000.0), None, "beyond half an hour the model is too fast");
    near(runner().seconds(5000.0).unwrap(), 1050.0, 1e-9);
}

#[test]
fn efforts_that_are_short_long_or_near_each_other_show_nothing() {
    assert_eq!(Critical::of(&[(285.0, 1500.0), (60.0, 400.0)]), None);
    assert_eq!(Critical::of(&[(285.0, 1500.0), (2400.0, 10_000.0)]), None);
    assert_eq!(Critical::of(&[(600.0, 2800.0), (1050.0, 5000.0)]), None);
    assert_eq!(Critical::of(&[]), None);
}

#[test]
fn a_long_effort_that_is_faster_than_a_short_one_makes_no_sense() {
    assert_eq!(Critical::of(&[(285.0, 1000.0), (1050.0, 6000.0)]), None);
}

#[test]
fn critical_power_is_the_same_line_in_joules() {
    // 400 W for 3 min, 320 W for 12 min.
    let power = Critical::of(&[(180.0, 400.0 * 180.0), (720.0, 320.0 * 720.0)]).unwrap();
    near(power.rate, 293.333, 1e-3);
    near(power.above, 19_200.0, 1e-6);
}

#[test]
fn three_parameters_are_found_again() {
    let (rate, above, peak) = (250.0, 20_000.0, 1000.0);
    let k = above / (peak - rate);
    let efforts = [5.0, 30.0, 60.0, 180.0, 300.0, 720.0, 1200.0].map(|t| (t, rate + above / (t + k)));
    let found = three_parameters(&efforts).unwrap();
    near(found.rate, rate, 1e-3);
    near(found.above, above, 1.0);
    near(found.peak, peak, 0.1);
}

#[test]
fn few_efforts_show_no_peak() {
    assert_eq!(three_parameters(&[(60.0, 500.0), (300.0, 350.0), (1200.0, 290.0)]), None);
    assert_eq!(three_parameters(&[(60.0, 300.0), (120.0, 300.0), (300.0, 300.0), (600.0, 300.0)]), None);
}

const RIDER: Critical = Critical { rate: 250.0, above: 20_000.0 };

#[test]
fn what_is_spent_above_comes_back_below() {
    let times: Vec<i64> = (0..=400).map(|second| second * 1000).collect();
    let watts: Vec<f64> = (0..=400).map(|second| if second < 100 { 350.0 } else { 150.0 }).collect();
    let balance = RIDER.balance(&times, &watts);
    near(balance[100], 10_000.0, 1e-6);
    // 300 s at 100 W below: 10,000 J missing shrink by e^(-100 x 300 / 20,000).
    near(balance[400], 20_000.0 - 10_000.0 * (-1.5_f64).exp(), 1e-6);
}

#[test]
fn a_pause_is_a_rest_and_a_missing_watt_is_none() {
    let balance = RIDER.balance(&[0, 30_000, 630_000, 631_000], &[450.0, 450.0, f64::NAN, 250.0]);
    near(balance[1], 14_000.0, 1e-6);
    let rested = RIDER.after(RIDER.after(14_000.0, 450.0, 30.0), 0.0, 570.0);
    near(balance[2], rested, 1e-6);
    assert!(balance[3] > balance[2]);
}

#[test]
fn a_dropout_is_no_rest() {
    let times = [0, 1_000, 2_000];
    let whole = RIDER.balance(&times, &[450.0; 3]);
    assert_eq!(RIDER.balance(&times, &[450.0, f64::NAN, 450.0]), whole);
}

proptest! {
    #[test]
    fn the_balance_is_never_more_than_there_is(watts in prop::collection::vec(0.0..900.0_f64, 1..300)) {
        let times: Vec<i64> = (0..watts.len() as i64).map(|second| second * 1000).collect();
        for left in RIDER.balance(&times, &watts) {
            prop_assert!(left.is_finite() && left <= RIDER.above + 1e-9);
        }
    }

    #[test]
    fn a_line_is_found_again(rate in 2.0..7.0_f64, above in 50.0..400.0_f64) {
        let found = Critical::of(&[180.0, 400.0, 900.0].map(|t| (t, rate * t + above))).unwrap();
        prop_assert!((found.rate - rate).abs() < 1e-6 && (found.above - above).abs() < 1e-3);
    }
}
