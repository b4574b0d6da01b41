use proptest::prelude::*;

use super::*;

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
    Predictions::of(today(), Scope::All, &efforts, 3, &Race::usual())
}

fn five_and_ten(efforts: &[Effort]) -> [Prediction; 2] {
    predict(efforts).items.try_into().unwrap()
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
    check_close(five.low_s, 1200.0 * 0.985);
    check_close(five.high_s, 1200.0 * 1.015);
    let [_, half] = five_and_ten(&[ago(1, HALF_M, 5400.0)]);
    for said in
        ten.methods.iter().map(|said| (said, &ten)).chain(half.methods.iter().map(|said| (said, &half)))
    {
        assert!(said.1.low_s <= said.0.seconds && said.0.seconds <= said.1.high_s, "{said:?}");
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
    assert!(old.high_s - old.low_s > fresh.high_s - fresh.low_s);
    check_close(old.low_s, 1200.0);
}

#[test]
fn what_is_older_than_a_year_says_nothing() {
    assert_eq!(predict(&[ago(366, 5000.0, 1200.0)]).items, []);
    assert_eq!(predict(&[ago(365, 5000.0, 1200.0)]).items.len(), 2);
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
    let needs = |runs| Predictions::of(today(), Scope::All, &[], runs, &Race::usual()).needs.unwrap();
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
    let of = |efforts: &[Effort]| Predictions::of(today(), Scope::All, efforts, 2, &Race::usual());
    let [there, back] = [[0, 1], [1, 0]].map(|order| of(&order.map(|index| twins[index].clone())));
    assert_eq!(there, back);
}

#[test]
fn predictions_survive_json() {
    let predictions = predict(&[ago(5, 5000.0, 1200.0), ago(50, 10_000.0, 2520.0)]);
    let text = serde_json::to_string(&predictions).unwrap();
    assert_eq!(serde_json::from_str::<Predictions>(&text).unwrap(), predictions);
}

fn efforts() -> impl Strategy<Value = Vec<Effort>> {
    let meters = prop::sample::select(vec![MILE_M, 5000.0, 10_000.0, HALF_M]);
    let effort = (0..400_i64, meters, 2.2..5.5_f64)
        .prop_map(|(days, meters, speed)| ago(days, meters, meters / speed));
    prop::collection::vec(effort, 1..40)
}

proptest! {
    #[test]
    fn the_estimate_lies_in_its_range(efforts in efforts()) {
        for item in predict(&efforts).items {
            prop_assert!(item.low_s < item.seconds && item.seconds < item.high_s, "{item:?}");
        }
    }

    #[test]
    fn ten_kilometres_take_more_than_twice_as_long_as_five(efforts in efforts()) {
        if let [five, ten] = predict(&efforts).items.as_slice() {
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
