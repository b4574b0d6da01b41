use proptest::prelude::*;

use super::*;

fn samples(time_ms: Vec<i64>, channels: Vec<(Channel, Vec<f64>)>) -> Samples {
    Samples { time_ms, channels: channels.into_iter().collect(), breaks: Vec::new() }
}

fn numbers(sport: &str, samples: &Samples) -> (Numbers, Again) {
    Recorded { sport, samples }.numbers()
}

/// An hour of running at 3 m/s and 150 bpm with a power meter, one sample a second.
fn hour() -> Samples {
    let seconds = || (0..=3600).map(f64::from);
    samples(
        (0..=3600).map(|second| second * 1000).collect(),
        vec![
            (Channel::Distance, seconds().map(|second| second * 3.0).collect()),
            (Channel::Altitude, seconds().map(|_| 400.0).collect()),
            (Channel::HeartRate, seconds().map(|_| 150.0).collect()),
            (Channel::Power, seconds().map(|_| 210.0).collect()),
        ],
    )
}

fn near(value: Option<f64>, wanted: f64) {
    assert!(value.is_some_and(|value| (value - wanted).abs() < 1e-3), "{value:?} is not {wanted}");
}

#[test]
fn a_steady_run_has_every_number() {
    let (numbers, again) = numbers("running", &hour());
    near(numbers.gap_minetti_mps, 3.0);
    near(numbers.gap_hr_mps, 3.0);
    near(numbers.ngp_mps, 3.0);
    assert!(numbers.lnp_w_per_kg.is_some_and(|watts| (3.0..5.0).contains(&watts)), "{numbers:?}");
    near(numbers.decoupling_pct, 0.0);
    near(numbers.efficiency_factor, 180.0 / 150.0);
    near(
        numbers.vdot,
        again
            .best_efforts
            .iter()
            .map(|effort| vdot::of(effort.distance_m, effort.elapsed_s))
            .fold(0.0, f64::max),
    );
    near(numbers.power_curve.as_ref().and_then(|curve| curve.at(3600)), 210.0);
    near(numbers.hr_curve.as_ref().and_then(|curve| curve.at(1200)), 150.0);
    near(numbers.pace_curve.as_ref().and_then(|curve| curve.at(300)), 3.0);
    near(numbers.power_seconds.map(|held| held.total_s()), 3600.0);
    near(numbers.speed_seconds.map(|held| held.zones(&[0.0, 299.0, 301.0])[1]), 3601.0);
    assert_eq!(again.best_efforts.len(), 7);
}

#[test]
fn a_pool_tells_a_length_at_a_time_and_the_speed_is_even_all_the_same() {
    let lengths = (0..=3600).map(|second| f64::from(second / 25 * 25)).collect();
    let pool = samples((0..=3600).map(|second| second * 1000).collect(), vec![(Channel::Distance, lengths)]);
    let (numbers, _) = numbers("swimming", &pool);
    let zones = numbers.speed_seconds.unwrap().zones(&[0.0, 70.0, 130.0]);
    assert!(zones[1] > 3500.0, "{zones:?}");
}

#[test]
fn a_ride_has_no_graded_speed_and_is_measured_by_power() {
    let (numbers, again) = numbers("cycling", &hour());
    assert_eq!((numbers.ngp_mps, numbers.gap_hr_mps, numbers.vdot), (None, None, None));
    assert_eq!(numbers.lnp_w_per_kg, None);
    near(numbers.efficiency_factor, 210.0 / 150.0);
    near(numbers.decoupling_pct, 0.0);
    assert!(again.best_efforts.is_empty() && numbers.pace_curve.is_some());
}

#[test]
fn nothing_recorded_is_unknown() {
    let found = numbers("running", &Samples::default());
    assert_eq!(found, (Numbers::default(), Again::default()));
}

#[test]
fn a_trainer_without_a_distance_has_a_decoupling() {
    let mut samples = hour();
    samples.channels.remove(&Channel::Distance);
    near(numbers("cycling", &samples).0.decoupling_pct, 0.0);
}

/// FORMULAS section 3: the device's clock runs on through a pause, and no record hides in it.
#[test]
fn stopped_time_makes_no_record() {
    let mut stopped = hour();
    stopped.time_ms.iter_mut().skip(600).for_each(|time| *time += 600_000);
    let way =
        |samples: &Samples, seconds| numbers("running", samples).0.pace_curve.unwrap().at(seconds).unwrap();
    let km = |samples: &Samples, index: usize| numbers("running", samples).1.best_efforts[index].elapsed_s;
    assert!(way(&stopped, 3600) < way(&hour(), 3600));
    // 10 km in an hour need the pause to be counted.
    assert!(
        (km(&hour(), 6) - 10_000.0 / 3.0).abs() < 0.1
            && (km(&stopped, 6) - 10_000.0 / 3.0 - 600.0).abs() < 1.5
    );
}

#[test]
fn a_jump_of_the_receiver_makes_no_record() {
    for sport in ["running", "cycling"] {
        let mut jumped = hour();
        let along = jumped.channels.get_mut(&Channel::Distance).unwrap();
        along.iter_mut().skip(1800).for_each(|meters| *meters += 800.0);
        let (numbers, _) = numbers(sport, &jumped);
        let fastest = numbers.pace_curve.unwrap().at(5).unwrap();
        assert!((fastest - 3.0).abs() < 0.01, "{sport}: {fastest}");
    }
}

/// A recording of any shape: steps of up to so many seconds, speeds, grades, rates and powers that wander, with holes.
fn any_recording(longest_s: i64) -> impl Strategy<Value = Samples> {
    let sample = (1_i64..=longest_s, 0.0..8.0_f64, -1.0..1.0_f64, 40.0..210.0_f64, 0.0..900.0_f64, 0_u8..10);
    prop::collection::vec(sample, 2..400).prop_map(move |steps| {
        let (mut time, mut along, mut height) = (0, 0.0, 300.0);
        let mut columns = [const { Vec::<f64>::new() }; 4];
        let mut times = Vec::new();
        for (step_s, speed, climb, bpm, watts, hole) in steps {
            // Most steps are short, as on a device.
            let step_s = if step_s * 3 > longest_s * 2 { step_s } else { 1 + step_s % 4 };
            time += step_s * 1000;
            along += speed * step_s as f64;
            height += climb;
            times.push(time);
            let known = |at: u8, value: f64| if hole == at { f64::NAN } else { value };
            columns[0].push(along);
            columns[1].push(known(1, height));
            columns[2].push(known(2, bpm.round()));
            columns[3].push(known(3, watts.round()));
        }
        let channels = [Channel::Distance, Channel::Altitude, Channel::HeartRate, Channel::Power];
        samples(times, channels.into_iter().zip(columns).collect())
    })
}

fn all(numbers: &Numbers, again: &Again) -> Vec<f64> {
    let single = [
        numbers.xpower,
        numbers.gap_minetti_mps,
        numbers.gap_hr_mps,
        numbers.ngp_mps,
        numbers.lnp_w_per_kg,
        numbers.efficiency_factor,
        numbers.vdot,
        again.np,
        again.best_20min_power,
    ];
    let curves = [&numbers.power_curve, &numbers.hr_curve, &numbers.pace_curve];
    let points = curves.into_iter().flatten().flat_map(|curve| curve.0.values().copied());
    let efforts = again.best_efforts.iter().flat_map(|effort| [effort.elapsed_s, effort.start_s]);
    single.into_iter().flatten().chain(points).chain(efforts).collect()
}

/// The samples before and after a moment.
fn split(samples: &Samples, at: usize) -> [Samples; 2] {
    [(0, at), (at, samples.time_ms.len())].map(|(from, to)| Samples {
        time_ms: samples.time_ms[from..to].to_vec(),
        channels: samples
            .channels
            .iter()
            .map(|(channel, column)| (*channel, column[from..to].to_vec()))
            .collect(),
        breaks: Vec::new(),
    })
}

proptest! {
    #[test]
    fn no_number_is_negative_or_none(samples in any_recording(60), sport in prop::sample::select(vec!["running", "cycling", "swimming"])) {
        let (numbers, again) = numbers(sport, &samples);
        for value in all(&numbers, &again) {
            prop_assert!(value.is_finite() && value >= 0.0, "{value} among {numbers:?}");
        }
        prop_assert!(numbers.decoupling_pct.is_none_or(f64::is_finite));
    }

    #[test]
    fn curves_fall_with_the_duration(samples in any_recording(60)) {
        let (numbers, _) = numbers("running", &samples);
        // The energy of twice the time is at most twice that of the best half.
        for curve in [numbers.power_curve, numbers.hr_curve, numbers.pace_curve].into_iter().flatten() {
            for (short, long) in [(5, 10), (15, 30), (30, 60), (60, 120), (300, 600)] {
                if let (Some(short), Some(long)) = (curve.at(short), curve.at(long)) {
                    prop_assert!(long <= short + 0.002, "{long} after {short}");
                }
            }
        }
    }

    // Over a pause the way counts by the speed of the rest, which is another for each part: recordings without one.
    #[test]
    fn splitting_raises_no_best_effort(samples in any_recording(30), share in 0.1..0.9_f64) {
        let at = (samples.time_ms.len() as f64 * share) as usize;
        let (_, whole) = numbers("running", &samples);
        // A recording that is no run as a whole may be one in parts.
        prop_assume!(!whole.best_efforts.is_empty());
        for part in split(&samples, at) {
            for effort in numbers("running", &part).1.best_efforts {
                let before = whole.best_efforts.iter().find(|known| known.distance_m == effort.distance_m);
                prop_assert!(before.is_some_and(|before| before.elapsed_s <= effort.elapsed_s + 1e-6), "{before:?}, then {effort:?}");
            }
        }
    }

    #[test]
    fn thinning_to_smart_recording_moves_normalized_power_by_less_than_3_percent(
        levels in prop::collection::vec((30_i64..300, 80.0..400.0_f64), 10..30),
        noise in prop::collection::vec(-0.04..0.04_f64, 64),
    ) {
        let blocks = levels.iter().flat_map(|(seconds, watts)| (0..*seconds).map(move |_| *watts));
        let watts: Vec<f64> = blocks.zip(noise.iter().cycle()).map(|(watts, noise)| (watts * (1.0 + noise)).round()).collect();
        let times: Vec<i64> = (0..watts.len() as i64).map(|second| second * 1000).collect();
        // A device that records smartly keeps a sample where the power changes, and one each 7 s at least.
        let mut kept = vec![0];
        for second in 1..watts.len() {
            let last = *kept.last().unwrap();
            let changed = (watts[second] - watts[last]).abs() > 0.05 * watts[last];
            if changed || second - last >= 7 || second + 1 == watts.len() {
                kept.push(second);
            }
        }
        let thin_times: Vec<i64> = kept.iter().map(|&second| times[second]).collect();
        let thin_watts: Vec<f64> = kept.iter().map(|&second| watts[second]).collect();
        let (full, thin) = (power::normalized(&times, &watts).unwrap(), power::normalized(&thin_times, &thin_watts).unwrap());
        prop_assert!((full - thin).abs() < 0.03 * full, "{full} and {thin}");
    }
}
