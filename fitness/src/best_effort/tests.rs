use proptest::prelude::*;

use super::*;
use crate::recording::{Channel, Samples};

/// A run of steps, each of so many seconds and metres.
fn run(steps: impl IntoIterator<Item = (f64, f64)>) -> Recording {
    let (mut time_ms, mut along) = (vec![0], vec![0.0]);
    for (seconds, meters) in steps {
        time_ms.push(time_ms.last().unwrap() + (seconds * 1000.0) as i64);
        along.push(along.last().unwrap() + meters);
    }
    Recording {
        sport: "running".to_owned(),
        samples: Samples { time_ms, channels: [(Channel::Distance, along)].into(), breaks: Vec::new() },
        ..Recording::default()
    }
}

fn seconds(efforts: &[BestEffort], meters: f64) -> Option<f64> {
    efforts.iter().find(|effort| effort.distance_m == meters).map(|effort| effort.elapsed_s)
}

fn check(steps: impl IntoIterator<Item = (f64, f64)>, meters: f64, wanted_s: Option<f64>) {
    let found = seconds(&of(&run(steps)), meters);
    let agrees = match (found, wanted_s) {
        (Some(found), Some(wanted)) => (found - wanted).abs() < 0.001,
        (found, wanted) => found == wanted,
    };
    assert!(agrees, "{found:?}, not {wanted_s:?}");
}

/// Finds the shortest stretch the slow way: every sample as an end, the other end interpolated.
fn by_trying_all(times: &[i64], along: &[f64], meters: f64) -> Option<f64> {
    let time_at = |way_m: f64, mut steps: std::ops::Range<usize>| {
        let step = steps.find(|&step| {
            along[step - 1] <= way_m && way_m <= along[step] && along[step - 1] < along[step]
        })?;
        let share = (way_m - along[step - 1]) / (along[step] - along[step - 1]);
        Some(times[step - 1] as f64 + share * (times[step] - times[step - 1]) as f64)
    };
    let begins = (0..times.len())
        .filter_map(|at| Some(time_at(along[at] + meters, at + 1..times.len())? - times[at] as f64));
    let ends =
        (0..times.len()).filter_map(|at| Some(times[at] as f64 - time_at(along[at] - meters, 1..at + 1)?));
    begins.chain(ends).min_by(f64::total_cmp).map(|lasts_ms| lasts_ms / 1000.0)
}

#[test]
fn the_distances_are_the_exact_ones() {
    let meters: Vec<f64> = DISTANCES.iter().map(|distance| distance.meters).collect();
    assert_eq!(
        meters,
        [
            400.0, 804.672, 1000.0, 1609.344, 3218.688, 5000.0, 10_000.0, 15_000.0, 20_000.0, 21_097.5,
            30_000.0, 42_195.0, 50_000.0
        ]
    );
}

#[test]
fn no_record_is_slower_than_the_pace_of_a_longer_one() {
    let speeds: Vec<f64> = DISTANCES.iter().map(|distance| distance.meters / distance.record_s).collect();
    assert!(speeds.is_sorted_by(|shorter, longer| *shorter >= longer - 1e-9), "{speeds:?}");
}

#[test]
fn an_even_run_has_the_same_pace_over_each_distance() {
    let efforts = of(&run([(1.0, 4.0); 1500]));
    let found: Vec<_> = efforts.iter().map(|effort| (effort.distance_m, effort.elapsed_s)).collect();
    let wanted = [400.0, 804.672, 1000.0, 1609.344, 3218.688, 5000.0];
    assert_eq!(found.len(), wanted.len());
    for ((meters, elapsed_s), wanted_m) in found.into_iter().zip(wanted) {
        assert_eq!(meters, wanted_m);
        assert!((elapsed_s - wanted_m / 4.0).abs() < 1e-6, "{meters} m in {elapsed_s} s");
    }
}

#[test]
fn the_fastest_part_is_found_where_it_is() {
    let steps = [vec![(1.0, 3.0); 300], vec![(1.0, 5.0); 200], vec![(1.0, 3.0); 300]].concat();
    let efforts = of(&run(steps));
    let kilometre = efforts.iter().find(|effort| effort.distance_m == 1000.0).unwrap();
    assert_eq!((kilometre.elapsed_s, kilometre.start_s), (200.0, 300.0));
}

#[test]
fn an_end_between_samples_is_interpolated() {
    // 5 km in 1,250 steps of 4 m; 1 km is met between two samples of 7 s.
    check([(7.0, 30.0); 100], 1000.0, Some(7000.0 / 30.0));
}

#[test]
fn the_begin_is_interpolated_where_that_is_faster() {
    let steps = [vec![(10.0, 30.0); 20], vec![(10.0, 45.0); 10], vec![(10.0, 20.0); 20]].concat();
    // The last sample of the fast part ends it: 450 m fast, no more is needed.
    check(steps.clone(), 400.0, Some(4000.0 / 45.0));
    // 550 m more at 3 m/s before it.
    check(steps, 1000.0, Some(100.0 + 550.0 / 3.0));
}

#[test]
fn a_pause_is_part_of_the_time() {
    let steps = [vec![(1.0, 4.0); 200], vec![(300.0, 0.0)], vec![(1.0, 4.0); 200]].concat();
    check(steps.clone(), 1000.0, Some(550.0));
    check(steps, 400.0, Some(100.0));
}

#[test]
fn standing_makes_no_record_and_spoils_none() {
    let steps = [vec![(1.0, 0.0); 600], vec![(1.0, 4.0); 250], vec![(1.0, 0.0); 600]].concat();
    check(steps, 1000.0, Some(250.0));
}

#[test]
fn a_run_that_is_too_short_has_no_effort() {
    check([(1.0, 4.0); 249], 1000.0, None);
    check([(1.0, 4.0); 250], 1000.0, Some(250.0));
}

#[test]
fn a_spike_makes_no_record() {
    for jump_m in [14.0, 60.0, 500.0, 40_000.0] {
        let steps = [vec![(1.0, 3.0); 300], vec![(1.0, jump_m)], vec![(1.0, 3.0); 300]].concat();
        // The second of the spike counts, its way does not.
        check(steps.clone(), 1000.0, Some(1000.0 / 3.0 + 1.0));
        check(steps, 400.0, Some(400.0 / 3.0));
    }
}

#[test]
fn a_spike_after_standing_makes_no_record() {
    let steps =
        [vec![(1.0, 3.0); 100], vec![(1.0, 0.0); 20], vec![(1.0, 100.0)], vec![(1.0, 3.0); 120]].concat();
    // Spread over the 21 s of standing the jump is 4.8 m/s, so a window cannot begin right before it.
    check(steps, 400.0, Some(21.0 + 300.0 / 3.0));
}

#[test]
fn distance_in_lumps_is_no_spike() {
    let steps = (0..1200).map(|second| (1.0, if second % 5 == 4 { 20.0 } else { 0.0 }));
    check(steps, 1000.0, Some(250.0));
}

#[test]
fn a_car_at_the_end_is_struck_out() {
    let steps = [vec![(1.0, 3.0); 1000], vec![(1.0, 9.0); 120]].concat();
    let efforts = of(&run(steps));
    assert!(seconds(&efforts, 1609.344).unwrap() > 500.0, "{efforts:?}");
}

#[test]
fn a_ride_that_is_called_a_run_has_no_efforts() {
    assert_eq!(of(&run([(1.0, 8.5); 3600])), []);
}

#[test]
fn a_drive_while_the_watch_was_paused_is_no_running() {
    let steps = [vec![(1.0, 3.0); 400], vec![(300.0, 1600.0)], vec![(1.0, 3.0); 400]].concat();
    check(steps, 1609.344, Some(300.0 + 1609.344 / 3.0));
}

#[test]
fn a_signal_that_was_lost_in_a_tunnel_keeps_its_way() {
    let steps = [vec![(1.0, 3.0); 300], vec![(60.0, 180.0)], vec![(1.0, 3.0); 300]].concat();
    check(steps, 1609.344, Some(1609.344 / 3.0));
}

#[test]
fn a_point_a_minute_is_a_run() {
    check([(60.0, 200.0); 30], 5000.0, Some(1500.0));
}

#[test]
fn only_what_is_done_on_foot_has_efforts() {
    for (sport, has) in
        [("running", true), ("walking", true), ("hiking", true), ("cycling", false), ("swimming", false)]
    {
        let recording = Recording { sport: sport.to_owned(), ..run([(1.0, 2.0); 600]) };
        assert_eq!(!of(&recording).is_empty(), has, "{sport}");
    }
}

#[test]
fn a_track_without_times_has_no_efforts() {
    let mut recording = run([(1.0, 4.0); 600]);
    recording.samples.time_ms.clear();
    assert_eq!(of(&recording), []);
}

/// Steps as a recorder writes them, at speeds that can be.
fn steps() -> impl Strategy<Value = Vec<(f64, f64)>> {
    let step = (1..30_u32, 0.0..6.0_f64)
        .prop_map(|(seconds, speed)| (f64::from(seconds), f64::from(seconds) * speed));
    proptest::collection::vec(step, 60..400)
}

proptest! {
    #[test]
    fn one_pass_finds_what_trying_all_finds(steps in steps()) {
        let recording = run(steps);
        let along = distance::along(&recording.samples).unwrap_or_default();
        for effort in of(&recording) {
            let wanted = by_trying_all(&recording.samples.time_ms, &along, effort.distance_m).unwrap();
            prop_assert!((effort.elapsed_s - wanted).abs() < 1e-6, "{} m: {} {wanted}", effort.distance_m, effort.elapsed_s);
        }
    }

    #[test]
    fn a_longer_distance_takes_longer(steps in steps()) {
        let efforts = of(&run(steps));
        prop_assert!(efforts.windows(2).all(|pair| pair[0].elapsed_s < pair[1].elapsed_s), "{efforts:?}");
    }

    #[test]
    fn no_effort_is_faster_than_anyone_ever_was(steps in proptest::collection::vec((1..10_u32, 0.0..300.0_f64), 60..400)) {
        let steps = steps.into_iter().map(|(seconds, meters)| (f64::from(seconds), meters));
        for effort in of(&run(steps)) {
            let distance = DISTANCES.iter().find(|distance| distance.meters == effort.distance_m).unwrap();
            prop_assert!(effort.elapsed_s >= distance.record_s, "{effort:?}");
        }
    }
}
