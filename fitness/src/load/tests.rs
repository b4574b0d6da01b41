use std::collections::BTreeMap;

use super::*;
use crate::heart_rate::Sex;
use crate::settings::{Source, Zoned, Zones};

fn given<T>(value: T) -> Setting<T> {
    Setting { value, source: Source::Given }
}

fn settings(ftp: Option<Setting<f64>>) -> Settings {
    Settings {
        sex: given(Sex::Male),
        hr_rest: given(50.0),
        hr_max: given(190.0),
        lthr: Setting { value: 170.0, source: Source::Estimated },
        ftp,
        threshold_pace_s_per_km: None,
        css_s_per_100m: None,
        vt1: None,
        vt2: None,
        weight_kg: None,
        load_by: BTreeMap::new(),
        zones: BTreeMap::new(),
    }
}

/// An hour at 200 W and 150 bpm.
fn ride() -> Effort {
    Effort {
        sport: "cycling".to_owned(),
        timer_s: Some(3600.0),
        np: Some(200.0),
        hr_seconds: "150:3600".parse().ok(),
        ..Effort::default()
    }
}

fn of(effort: &Effort, settings: &Settings) -> Load {
    Load::of(effort, settings, &Edges::of(effort, settings))
}

fn check(effort: &Effort, ftp: Option<Setting<f64>>, wanted: (f64, LoadMethod, bool)) {
    let load = of(effort, &settings(ftp));
    let rounded = (load.load.unwrap() * 1000.0).round() / 1000.0;
    assert_eq!((rounded, load.method.unwrap(), load.estimated), wanted);
}

#[test]
fn power_comes_first() {
    check(&ride(), Some(given(250.0)), (64.0, LoadMethod::Power, false));
}

#[test]
fn heart_rate_serves_without_a_threshold_power() {
    check(&ride(), None, (63.343, LoadMethod::HeartRate, true));
}

#[test]
fn an_estimated_threshold_power_gives_way_to_what_the_effort_proves() {
    let ride = Effort { best_20min_power: Some(263.0), ..ride() };
    let easy = Setting { value: 150.0, source: Source::Estimated };
    check(&ride, Some(easy), (64.0, LoadMethod::Power, true));
    check(&ride, Some(given(150.0)), (177.778, LoadMethod::Power, false));
}

#[test]
fn watts_of_a_runner_do_not_count() {
    let run = Effort { sport: "running".to_owned(), ..ride() };
    check(&run, Some(given(250.0)), (63.343, LoadMethod::HeartRate, true));
}

#[test]
fn the_duration_is_the_last_resort() {
    let yoga = Effort { sport: "yoga".to_owned(), elapsed_s: Some(3600.0), ..Effort::default() };
    check(&yoga, None, (42.25, LoadMethod::Duration, false));
}

#[test]
fn a_strap_that_died_does_not_stand_for_the_ride() {
    let ride = Effort { hr_seconds: "150:600".parse().ok(), ..ride() };
    check(&ride, None, (42.25, LoadMethod::Duration, false));
}

#[test]
fn a_clock_left_running_is_a_day_at_most() {
    let hike = Effort { elapsed_s: Some(27.0 * 86_400.0), ..Effort::default() };
    check(&hike, None, (1014.0, LoadMethod::Duration, false));
}

#[test]
fn an_effort_without_time_has_no_load() {
    assert_eq!(of(&Effort::default(), &settings(None)), Load::default());
}

#[test]
fn every_load_is_kept_beside_the_chosen_one() {
    let load = of(&ride(), &settings(Some(given(250.0))));
    let numbers = [load.intensity, load.tss, load.trimp, load.hrtss];
    assert_eq!(
        numbers.map(|number| (number.unwrap() * 1000.0).round()),
        [800.0, 64_000.0, 108_095.0, 63_343.0]
    );
}

#[test]
fn a_trainer_is_a_bicycle() {
    assert!(is_cycling("fitness_equipment", Some("indoor_cycling")));
}

/// An hour of running at a normalized graded pace of 4:00/km.
fn run() -> Effort {
    Effort {
        sport: "running".to_owned(),
        timer_s: Some(3600.0),
        ngp_mps: Some(1000.0 / 240.0),
        hr_seconds: "150:3600".parse().ok(),
        perceived_exertion: Some(6.0),
        ..Effort::default()
    }
}

fn check_by(effort: &Effort, settings: &Settings, wanted: (f64, LoadMethod)) {
    let load = of(effort, settings);
    let rounded = (load.load.unwrap() * 1000.0).round() / 1000.0;
    assert_eq!((rounded, load.method.unwrap()), wanted);
}

#[test]
fn an_hour_at_four_minutes_with_a_threshold_of_3_50_scores_91_84() {
    let settings = Settings { threshold_pace_s_per_km: Some(given(230.0)), ..settings(None) };
    check_by(&run(), &settings, (91.840, LoadMethod::GradedPace));
}

#[test]
fn an_hour_of_swimming_at_95_percent_scores_85_737() {
    let settings = Settings { css_s_per_100m: Some(given(100.0)), ..settings(None) };
    let swim = Effort {
        sport: "swimming".to_owned(),
        moving_s: Some(3600.0),
        timer_s: Some(4000.0),
        distance_m: Some(3600.0 * 0.95),
        ..Effort::default()
    };
    // 85.7375, where the sheet cuts.
    check_by(&swim, &settings, (85.738, LoadMethod::SwimPace));
    let run = Effort { sport: "running".to_owned(), ..swim };
    assert_eq!(of(&run, &settings).stss, None);
}

#[test]
fn exertion_stands_before_the_duration() {
    let felt = Effort { hr_seconds: None, ngp_mps: None, ..run() };
    let load = of(&felt, &settings(None));
    assert_eq!((load.session_rpe, load.load, load.method), (Some(360.0), Some(75.0), Some(LoadMethod::Rpe)));
    let impossible = Effort { perceived_exertion: Some(11.0), ..felt };
    check_by(&impossible, &settings(None), (42.25, LoadMethod::Duration));
}

#[test]
fn the_athlete_may_set_another_order_for_a_sport() {
    let order = LoadOrder::parse("rpe,heart_rate").unwrap();
    let settings = Settings { load_by: [(LoadOf::Running, order)].into(), ..settings(Some(given(250.0))) };
    check_by(&run(), &settings, (75.0, LoadMethod::Rpe));
    check_by(&ride(), &settings, (64.0, LoadMethod::Power));
    check_by(&Effort { perceived_exertion: None, ..run() }, &settings, (63.343, LoadMethod::HeartRate));
}

#[test]
fn zones_hold_the_seconds_between_their_edges() {
    let ride =
        Effort { hr_seconds: "94:60,60".parse().ok(), power_seconds: "137:60,60".parse().ok(), ..ride() };
    let load = of(&ride, &settings(Some(given(250.0))));
    // 95 bpm is half of 190, and 55 % of 250 W are 137.5.
    assert_eq!(load.zones_hr_s.unwrap(), [60.0, 0.0, 0.0, 0.0, 0.0]);
    assert_eq!(load.zones_power_s.unwrap(), [60.0, 60.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    assert_eq!(load.zones_pace_s, None);
}

#[test]
fn zones_of_pace_are_shares_of_the_threshold_speed() {
    let settings = Settings { threshold_pace_s_per_km: Some(given(250.0)), ..settings(None) };
    let run = Effort { speed_seconds: "300:60".parse().ok(), ..run() };
    // 3 m/s are three quarters of the threshold of 4 m/s.
    assert_eq!(of(&run, &settings).zones_pace_s.unwrap(), [60.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
}

#[test]
fn lucia_needs_both_thresholds() {
    assert_eq!(of(&ride(), &settings(None)).trimp_lucia, None);
    let settings = Settings { vt1: Some(given(140.0)), vt2: Some(given(165.0)), ..settings(None) };
    assert_eq!(of(&ride(), &settings).trimp_lucia, Some(120.0));
}

/// FORMULAS section 3: the intensity goes unrounded into the score.
#[test]
fn an_intensity_of_82_96_percent_is_no_83() {
    let ride = Effort { np: Some(207.4), ..ride() };
    check(&ride, Some(given(250.0)), (68.824, LoadMethod::Power, false));
}

#[test]
fn time_is_counted_in_the_zones_that_the_athlete_set() {
    let mut settings = settings(Some(given(250.0)));
    let hr = |load: Load| load.zones_hr_s.unwrap();
    assert_eq!(hr(of(&ride(), &settings)), [0.0, 0.0, 3600.0, 0.0, 0.0]);
    settings.zones.insert(Zoned::HeartRate, Zones::new(Zoned::HeartRate, &[100.0, 160.0]).unwrap());
    assert_eq!(hr(of(&ride(), &settings)), [3600.0, 0.0]);
    let cycling = Zones::new(Zoned::HeartRateCycling, &[100.0, 120.0, 150.0]).unwrap();
    settings.zones.insert(Zoned::HeartRateCycling, cycling);
    assert_eq!(hr(of(&ride(), &settings)), [0.0, 0.0, 3600.0]);
    assert_eq!(hr(of(&Effort { sport: "running".to_owned(), ..ride() }, &settings)), [3600.0, 0.0]);
}

#[test]
fn zones_of_pace_are_speeds() {
    let mut settings = settings(None);
    let paces = Zones::new(Zoned::PaceRunning, &[400.0, 250.0]).unwrap();
    settings.zones.insert(Zoned::PaceRunning, paces);
    let run = Effort { sport: "running".to_owned(), ..Effort::default() };
    assert_eq!(Edges::of(&run, &settings).speed, Some(vec![2.5, 4.0]));
    assert_eq!(Edges::of(&ride(), &settings).speed, None);
}

/// 10 km in 50 min at 150 of 190, with the power of the threshold pace.
fn told_run() -> Effort {
    Effort {
        sport: "running".to_owned(),
        timer_s: Some(3600.0),
        moving_s: Some(3000.0),
        distance_m: Some(10_000.0),
        hr_seconds: "150:3000".parse().ok(),
        lnp_w_per_kg: Some(5.342_005),
        ..Effort::default()
    }
}

#[test]
fn an_hour_with_the_power_of_the_threshold_pace_is_a_govss_of_100() {
    let threshold = Settings { threshold_pace_s_per_km: Some(given(250.0)), ..settings(None) };
    let govss = of(&told_run(), &threshold).govss.unwrap();
    assert!((govss - 100.0).abs() < 1e-3, "{govss}");
    assert_eq!(of(&told_run(), &settings(None)).govss, None, "without a threshold pace");
    let walk = Effort { sport: "walking".to_owned(), ..told_run() };
    assert_eq!(of(&walk, &threshold).govss, None);
}

#[test]
fn a_running_index_is_that_of_the_time_in_motion() {
    let index = |effort: &Effort| of(effort, &settings(None)).running_index;
    assert!(index(&told_run()).is_some_and(|index| (index - 62.2892).abs() < 5e-4));
    let strap_died = Effort { hr_seconds: "150:600".parse().ok(), ..told_run() };
    assert_eq!(index(&strap_died), None);
    let ride = Effort { sport: "cycling".to_owned(), ..told_run() };
    assert_eq!(index(&ride), None);
    let few_samples = Effort { moving_s: Some(1500.0), ..told_run() };
    assert_eq!(index(&few_samples), None);
}
