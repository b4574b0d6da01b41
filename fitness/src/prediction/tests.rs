use proptest::prelude::*;

use super::*;
use crate::vdot;

const MILE_M: f64 = 1609.344;
const HALF_M: f64 = 21_097.5;

fn today() -> Date {
    Date::constant(2026, 5, 30)
}

/// An effort so many days before today; each is an activity of its own.
fn ago(days: i64, meters: f64, seconds: f64) -> Effort {
    Effort::new(today().saturating_sub(days.days()), format!("{days:03}-{meters}"), (meters, seconds))
}

fn predict(efforts: &[Effort]) -> Predictions {
    let mut efforts = efforts.to_vec();
    efforts.sort_by(|one, other| (one.date, &one.activity).cmp(&(other.date, &other.activity)));
    predict_sorted(efforts)
}

fn predict_sorted(efforts: Vec<Effort>) -> Predictions {
    Predictions::of(
        today(),
        Scope::All,
        &Evidence { efforts, runs: 3, ..Evidence::default() },
        &Race::usual(),
    )
}

fn five_and_ten(efforts: &[Effort]) -> [Prediction; 2] {
    predict(efforts).items[..2].to_vec().try_into().unwrap()
}

fn check_close(found: f64, wanted: f64) {
    assert!((found - wanted).abs() <= 0.01, "{found}, not {wanted}");
}

#[test]
fn a_race_of_yesterday_predicts_itself_and_its_double() {
    let [five, ten] = five_and_ten(&[ago(1, 5000.0, 1200.0)]);
    check_close(five.seconds, 1200.0);
    check_close(five.pace_s_per_km, 240.0);
    // VDOT says 41:27.85 and Riegel 41:41.92.
    let methods: Vec<_> = ten.methods.iter().map(|said| (said.method, said.seconds, said.exponent)).collect();
    assert_eq!(methods, [(Method::Vdot, 2487.85, None), (Method::Riegel, 2501.92, Some(1.06))]);
    check_close(ten.seconds, (2487.85 + 2501.92) / 2.0);
}

#[test]
fn the_range_holds_both_methods_and_the_day_to_day_variation() {
    let [five, ten] = five_and_ten(&[ago(1, 5000.0, 1200.0)]);
    check_close(five.low, 1200.0 * 0.985);
    check_close(five.high, 1200.0 * 1.015);
    let [_, half] = five_and_ten(&[ago(1, HALF_M, 5400.0)]);
    for said in
        ten.methods.iter().map(|said| (said, &ten)).chain(half.methods.iter().map(|said| (said, &half)))
    {
        assert!(said.1.low <= said.0.seconds && said.0.seconds <= said.1.high, "{said:?}");
    }
}

#[test]
fn the_basis_is_told() {
    let [_, ten] = five_and_ten(&[ago(9, 5000.0, 1200.0), ago(3, 10_000.0, 3000.0)]);
    let basis = &ten.basis;
    assert_eq!(
        (basis.activity.as_str(), basis.date, basis.age_days),
        ("009-5000", Date::constant(2026, 5, 21), 9)
    );
    assert_eq!((basis.distance_m, basis.seconds, basis.vdot, basis.vdot_now), (5000.0, 1200.0, 49.81, 49.81));
    assert_eq!((basis.window_days, basis.hard_efforts, basis.newest_days), (90, 1, 9));
}

#[test]
fn the_last_ninety_days_come_first() {
    let fast_but_old = ago(91, 5000.0, 1100.0);
    let [five, _] = five_and_ten(&[fast_but_old.clone(), ago(90, 5000.0, 1200.0)]);
    assert_eq!((five.basis.age_days, five.basis.window_days), (90, 90));
    let [five, _] = five_and_ten(&[fast_but_old]);
    assert_eq!((five.basis.age_days, five.basis.window_days, five.confidence), (91, 365, Confidence::Low));
}

#[test]
fn an_effort_holds_for_four_weeks_and_fades_after() {
    let seconds = |days| five_and_ten(&[ago(days, 5000.0, 1200.0)])[0].seconds;
    assert_eq!(seconds(28), seconds(0));
    let vdot_now = vdot::of(5000.0, 1200.0) * 0.99;
    check_close(seconds(58), vdot::seconds(vdot_now, 5000.0));
}

#[test]
fn an_old_effort_leaves_a_wider_range() {
    let [fresh, old] = [2, 88].map(|days| five_and_ten(&[ago(days, 5000.0, 1200.0)])[0].clone());
    assert!(old.high - old.low > fresh.high - fresh.low);
    check_close(old.low, 1200.0);
}

#[test]
fn what_is_older_than_a_year_says_nothing() {
    assert_eq!(predict(&[ago(366, 5000.0, 1200.0)]).items, []);
    assert_eq!(predict(&[ago(365, 5000.0, 1200.0)]).items.len(), 4);
}

#[test]
fn what_comes_after_the_day_says_nothing() {
    assert_eq!(predict(&[ago(-1, 5000.0, 1200.0)]).items, []);
}

#[test]
fn two_hard_efforts_show_the_exponent() {
    let [_, ten] = five_and_ten(&[ago(5, 5000.0, 1200.0), ago(12, 10_000.0, 2520.0)]);
    let exponent = (2520.0_f64 / 1200.0).ln() / 2.0_f64.ln();
    assert_eq!(ten.basis.method, BasisMethod::VdotRiegelFitted);
    let told = ten.methods[1].exponent.unwrap();
    assert!((told - exponent).abs() < 0.0001, "{told}, not {exponent}");
}

#[test]
fn parts_of_one_race_show_no_exponent() {
    let of_one_race = |meters, seconds| Effort::new(today(), "race".to_owned(), (meters, seconds));
    let [_, ten] = five_and_ten(&[of_one_race(5000.0, 1200.0), of_one_race(10_000.0, 2430.0)]);
    assert_eq!((ten.basis.method, ten.basis.hard_efforts), (BasisMethod::VdotRiegel, 1));
}

#[test]
fn an_easy_long_run_shows_no_exponent() {
    let [_, ten] = five_and_ten(&[ago(5, 5000.0, 1200.0), ago(12, HALF_M, 7200.0)]);
    assert_eq!((ten.basis.method, ten.basis.hard_efforts), (BasisMethod::VdotRiegel, 1));
}

#[test]
fn the_change_is_since_28_days_before() {
    let [five, _] = five_and_ten(&[ago(40, 5000.0, 1230.0), ago(3, 5000.0, 1200.0)]);
    check_close(five.change_s.unwrap(), -30.0);
    let [five, _] = five_and_ten(&[ago(27, 5000.0, 1200.0)]);
    assert_eq!(five.change_s, None);
}

#[test]
fn confidence_grows_with_hard_efforts_and_falls_with_age() {
    let check = |efforts: &[Effort], wanted: Confidence| {
        assert_eq!(five_and_ten(efforts)[0].confidence, wanted, "{efforts:?}");
    };
    let race = |days| ago(days, 5000.0, 1200.0);
    check(&[race(3)], Confidence::Medium);
    check(&[race(43)], Confidence::Low);
    check(&[race(43), race(60)], Confidence::Medium);
    check(&[race(3), race(10), race(20), race(30)], Confidence::High);
    check(&[race(29), race(40), race(50), race(60)], Confidence::Medium);
    // Far from a half marathon to 5 km.
    check(&[ago(3, HALF_M, 5400.0)], Confidence::Low);
    // Only jogging of late, by the measure of the year.
    check(&[ago(3, 5000.0, 1800.0), race(120)], Confidence::Low);
}

#[test]
fn without_an_effort_it_says_what_is_missing() {
    let needs = |runs| {
        Predictions::of(today(), Scope::All, &Evidence { runs, ..Evidence::default() }, &Race::usual())
            .needs
            .unwrap()
    };
    assert_eq!(needs(0).code, Lack::NoRun);
    assert_eq!(
        needs(0).message,
        "needs one hard effort of a mile or more: there is no run in the last 365 days"
    );
    assert_eq!(needs(7).code, Lack::NoEffort);
    assert_eq!(
        needs(7).message,
        "needs one hard effort of a mile or more: none of the 7 runs of the last 365 days has a mile whose distance and \
         time are known"
    );
}

#[test]
fn the_order_of_equals_does_not_decide() {
    let twins = ["b", "a"].map(|id| Effort::new(today(), id.to_owned(), (5000.0, 1200.0)));
    let of = |efforts: &[Effort]| predict_sorted(efforts.to_vec());
    let [there, back] = [[0, 1], [1, 0]].map(|order| of(&order.map(|index| twins[index].clone())));
    assert_eq!(there, back);
}

#[test]
fn predictions_survive_json() {
    let predictions = predict(&[ago(5, 5000.0, 1200.0), ago(50, 10_000.0, 2520.0)]);
    let text = serde_json::to_string(&predictions).unwrap();
    assert_eq!(serde_json::from_str::<Predictions>(&text).unwrap(), predictions);
}

fn item<'a>(predictions: &'a Predictions, distance: &str) -> &'a Prediction {
    predictions.items.iter().find(|item| item.distance == distance).unwrap()
}

fn with_ways(efforts: Vec<Effort>, weekly_m: f64) -> Predictions {
    // One run a week for twelve weeks.
    let ways = (0..12).rev().map(|week| (today() - (7 * week).days(), weekly_m)).collect();
    Predictions::of(today(), Scope::All, &Evidence { efforts, runs: 3, ways }, &Race::usual())
}

/// Forty miles a week.
const FORTY_MILES_M: f64 = 40.0 * MILE_M;

#[test]
fn a_half_marathon_and_forty_miles_a_week_predict_the_marathon_of_vickers() {
    let predictions = with_ways(vec![ago(1, HALF_M, 5400.0)], FORTY_MILES_M);
    let marathon = item(&predictions, "marathon");
    check_close(marathon.seconds, 3.0 * 3600.0 + 20.0 * 60.0 + 24.26);
    assert_eq!((marathon.basis.method, marathon.basis.weekly_km), (BasisMethod::Vickers, 64.37));
}

#[test]
fn two_races_predict_the_marathon_of_both_and_of_their_exponent() {
    let predictions = with_ways(vec![ago(20, 10_000.0, 2480.0), ago(1, HALF_M, 5400.0)], FORTY_MILES_M);
    let marathon = item(&predictions, "marathon");
    let methods: Vec<Method> = marathon.methods.iter().map(|said| said.method).collect();
    assert_eq!(methods, [Method::Vickers, Method::RiegelFitted]);
    let wanted = crate::vickers::from_two((10_000.0, 2480.0), (HALF_M, 5400.0), FORTY_MILES_M);
    check_close(marathon.methods[0].seconds, wanted);
    check_close(marathon.seconds, f64::midpoint(marathon.methods[0].seconds, marathon.methods[1].seconds));
}

#[test]
fn a_mile_alone_predicts_no_marathon_and_says_what_is_missing() {
    let predictions = predict(&[ago(1, MILE_M, 330.0)]);
    let names: Vec<&str> = predictions.items.iter().map(|item| item.distance.as_str()).collect();
    assert_eq!(names, ["5k", "10k", "half"]);
    assert_eq!((predictions.missing.len(), predictions.missing[0].needs.code), (1, Lack::NoLongEffort));
    assert_eq!(predictions.missing[0].distance, "marathon");
}

#[test]
fn critical_speed_speaks_where_it_holds() {
    // A mile in 5:00 and 5 km in 17:15, which are nearly as good as each other.
    let predictions = predict(&[ago(9, MILE_M, 300.0), ago(2, 5000.0, 1035.0)]);
    let said =
        |distance| item(&predictions, distance).methods.iter().map(|said| said.method).collect::<Vec<_>>();
    assert_eq!(said("5k"), [Method::Vdot, Method::RiegelFitted, Method::CriticalSpeed]);
    assert_eq!(said("half"), [Method::Vdot, Method::RiegelFitted]);
    let five = item(&predictions, "5k");
    let mut seconds: Vec<f64> = five.methods.iter().map(|said| said.seconds).collect();
    seconds.sort_unstable_by(f64::total_cmp);
    check_close(five.seconds, seconds[1]);
    assert_eq!(five.basis.method, BasisMethod::VdotRiegelFittedCriticalSpeed);
}

#[test]
fn a_race_in_heat_and_hills_is_worth_a_faster_one_on_a_cool_day() {
    // 145 °F of temperature and dew point cost 3.75 %, 200 m over 10 km 2 %.
    let (temperature_c, dew_point_c) = ((80.0 - 32.0) / 1.8, (65.0 - 32.0) / 1.8);
    let cost = Cost::of(Some((temperature_c, dew_point_c)), Some((200.0, 10_000.0)));
    assert_eq!((cost.told().heat_percent, cost.told().hills_percent), (Some(3.75), Some(2.06)));
    let hot = ago(1, 10_000.0, 2400.0).at(cost);
    let (hot_s, cool_s) =
        (five_and_ten(&[hot])[1].seconds, five_and_ten(&[ago(1, 10_000.0, 2400.0)])[1].seconds);
    check_close(hot_s, 2400.0 / (1.0375 * (1.0 + cost.hills_percent.unwrap() / 100.0)));
    assert!(hot_s < cool_s);
}

#[test]
fn a_flat_way_in_cool_air_costs_nothing_and_an_unknown_one_is_not_corrected() {
    let cool = Cost::of(Some((10.0, 5.0)), Some((0.0, 10_000.0)));
    assert_eq!((cool.heat_percent, cool.hills_percent), (Some(0.0), Some(0.0)));
    assert_eq!(Cost::of(None, None), Cost::default());
    check_close(ago(1, 5000.0, 1200.0).at(cool).level_s(), 1200.0);
}

#[test]
fn a_wind_that_hindered_counts_and_one_that_helped_does_not() {
    let in_wind = |percent| ago(1, 5000.0, 1200.0).at(Cost::default().against(Some(percent))).level_s();
    check_close(in_wind(2.0), 1200.0 / 1.02);
    check_close(in_wind(-3.0), 1200.0);
    check_close(in_wind(50.0), 1200.0 / 1.1);
    assert_eq!(Cost::default().against(Some(f64::NAN)).wind_percent, None);
}

/// Races over 5 km every four weeks, the oldest first, each the fifth of a percent faster than the one before.
fn season(count: i64) -> Vec<Effort> {
    let race =
        |place: i64| ago(28 * (count - 1 - place), 5000.0, 1200.0 * 0.998_f64.powi(place as i32)).raced(true);
    (0..count).map(race).collect()
}

#[test]
fn each_race_is_foretold_from_those_before_it() {
    let predictions = predict(&season(6));
    let five = item(&predictions, "5k");
    let backtest = five.backtest.as_ref().unwrap();
    assert_eq!((backtest.over.as_str(), backtest.tests, backtest.races), ("5k", 5, 5));
    assert_eq!(five.confidence, Confidence::High);
    // Each is 0.2 % faster than foretold.
    assert!(
        (backtest.error_pct - 0.2).abs() < 0.02 && (backtest.bias_pct - 0.2).abs() < 0.02,
        "{backtest:?}"
    );
    assert_eq!(five.backtest_error_pct, Some(backtest.error_pct));
}

#[test]
fn a_race_says_nothing_of_itself() {
    // Were the last race part of its own prediction, there would be no error.
    let mut races = season(2);
    races.push(ago(-1, 5000.0, 600.0));
    let backtest = item(&predict(&races), "5k").backtest.clone().unwrap();
    assert_eq!(backtest.tests, 1);
    assert!(backtest.error_pct > 0.15, "{backtest:?}");
    assert_eq!(item(&predict(&season(1)), "5k").backtest_error_pct, None);
}

#[test]
fn an_easy_run_is_not_foretold_and_a_slow_race_is() {
    let easy = ago(3, 5000.0, 1800.0);
    let tests = |last: Effort| {
        let mut efforts = season(4);
        efforts.insert(3, last);
        item(&predict(&efforts), "5k").backtest.as_ref().unwrap().tests
    };
    assert_eq!((tests(easy.clone()), tests(easy.raced(true))), (3, 4));
}

#[test]
fn a_distance_without_races_of_its_own_shows_the_error_over_all() {
    let predictions = predict(&season(6));
    let half = item(&predictions, "half").backtest.as_ref().unwrap();
    assert_eq!((half.over.as_str(), half.tests), ("all", 5));
}

#[test]
fn the_range_is_as_wide_as_predictions_were_off() {
    let races = (0..6).map(|place: i64| {
        ago(28 * (5 - place), 5000.0, if place % 2 == 0 { 1200.0 } else { 1320.0 }).raced(true)
    });
    let predictions = predict(&races.collect::<Vec<_>>());
    let five = item(&predictions, "5k");
    let error = five.backtest_error_pct.unwrap() / 100.0;
    assert!(error > 0.05, "{five:?}");
    assert_eq!(five.confidence, Confidence::Low, "four hard efforts, and tests that were far off");
    assert!(
        five.low <= five.seconds * (1.0 - error) + 0.01 && five.high >= five.seconds * (1.0 + error) - 0.01
    );
}

#[test]
fn however_far_off_predictions_were_nobody_is_expected_in_less_than_half_the_time() {
    let races = (0..8).map(|place: i64| {
        ago(28 * (7 - place), 5000.0, if place % 2 == 0 { 900.0 } else { 2700.0 }).raced(true)
    });
    let predictions = predict(&races.collect::<Vec<_>>());
    let five = item(&predictions, "5k");
    assert!(five.backtest_error_pct.unwrap() > 50.0, "{five:?}");
    check_close(five.low, five.seconds / 2.0);
}

fn efforts() -> impl Strategy<Value = Vec<Effort>> {
    let meters = prop::sample::select(vec![MILE_M, 5000.0, 10_000.0, HALF_M]);
    let effort = (0..400_i64, meters, 2.2..5.5_f64)
        .prop_map(|(days, meters, speed)| ago(days, meters, meters / speed));
    prop::collection::vec(effort, 1..40)
}

proptest! {
    #[test]
    fn every_number_is_one(efforts in efforts(), weekly_m in 0.0..200_000.0_f64) {
        let mut efforts = efforts;
        efforts.sort_by(|one, other| (one.date, &one.activity).cmp(&(other.date, &other.activity)));
        for item in with_ways(efforts, weekly_m).items {
            let numbers = [item.seconds, item.low, item.high, item.pace_s_per_km, item.basis.vdot_now];
            prop_assert!(numbers.iter().all(|number| number.is_finite() && *number > 0.0), "{item:?}");
            prop_assert!(item.backtest_error_pct.is_none_or(|error| error.is_finite() && error >= 0.0));
        }
    }

    #[test]
    fn the_estimate_lies_in_its_range(efforts in efforts()) {
        for item in predict(&efforts).items {
            prop_assert!(item.low < item.seconds && item.seconds < item.high, "{item:?}");
        }
    }

    #[test]
    fn ten_kilometres_take_more_than_twice_as_long_as_five(efforts in efforts()) {
        if let [five, ten, ..] = predict(&efforts).items.as_slice() {
            prop_assert!(ten.seconds > 2.0 * five.seconds, "{five:?} {ten:?}");
        }
    }

    #[test]
    fn a_faster_race_today_never_predicts_a_slower_one(seconds in 900.0..2400.0_f64, faster in 0.5..0.999_f64) {
        let [slow, fast] = [seconds, seconds * faster].map(|seconds| five_and_ten(&[ago(0, 5000.0, seconds)]));
        for (slow, fast) in slow.iter().zip(&fast) {
            prop_assert!(fast.seconds < slow.seconds);
        }
    }
}
