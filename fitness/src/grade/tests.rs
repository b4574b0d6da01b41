use super::*;

/// A run at a steady speed on a steady grade, with a sample each so many seconds.
fn run(seconds: i64, every_s: i64, speed: f64, grade: f64) -> (Samples, Vec<f64>) {
    let at: Vec<i64> = (0..=seconds / every_s).map(|step| step * every_s).collect();
    let along: Vec<f64> = at.iter().map(|second| *second as f64 * speed).collect();
    let altitude = along.iter().map(|meters| 500.0 + meters * grade).collect();
    let samples = Samples {
        time_ms: at.iter().map(|second| second * 1000).collect(),
        channels: [(Channel::Altitude, altitude)].into(),
        breaks: Vec::new(),
    };
    (samples, along)
}

fn near(value: f64, wanted: f64, within: f64) {
    assert!((value - wanted).abs() <= within, "{value} is not {wanted}");
}

#[test]
fn the_cost_of_a_grade_is_that_of_the_polynomial() {
    let published =
        [(-0.20, 1.8000), (-0.10, 2.1517), (0.0, 3.6), (0.05, 4.6852), (0.10, 5.9682), (0.20, 9.0067)];
    for (grade, cost) in published {
        near(minetti_cost(grade), cost, 5e-5);
    }
    near(minetti_cost(0.45), 19.426, 5e-4);
    near(Model::Minetti.factor(0.10), 1.6578, 5e-5);
}

#[test]
fn the_polynomial_is_near_what_was_measured() {
    let measured = [(0.0, 3.40, 0.24), (0.45, 18.93, 1.74), (-0.20, 1.73, 0.36), (-0.45, 3.92, 0.81)];
    for (grade, cost, deviation) in measured {
        near(minetti_cost(grade), cost, deviation);
    }
}

#[test]
fn the_model_by_heart_rate_goes_through_its_points_and_on() {
    let on_the_chart = [
        (-0.30, 1.490),
        (-0.20, 1.085),
        (-0.16, 0.965),
        (-0.10, 0.875),
        (-0.05, 0.900),
        (0.0, 1.0),
        (0.05, 1.19),
        (0.10, 1.48),
        (0.20, 2.28),
        (0.30, 3.16),
        (0.40, 3.74),
    ];
    let between_and_beyond = [(0.025, 1.095), (0.45, 4.03)];
    for (grade, factor) in on_the_chart.into_iter().chain(between_and_beyond) {
        near(Model::HeartRate.factor(grade), factor, 1e-9);
    }
}

#[test]
fn the_default_gives_less_credit_downhill() {
    assert_eq!(Model::DEFAULT, Model::HeartRate);
    assert!(Model::HeartRate.factor(-0.15) > Model::Minetti.factor(-0.15));
}

#[test]
fn a_steady_climb_has_the_speed_times_its_factor() {
    for every_s in [1, 4, 7] {
        let (samples, along) = run(1200, every_s, 3.0, 0.10);
        let graded = Graded::of(&samples, &along);
        near(graded.mean(Model::Minetti).unwrap(), 3.0 * 1.6578, 0.04);
        near(graded.normalized(Model::HeartRate).unwrap(), 3.0 * 1.48, 0.04);
    }
}

#[test]
fn on_the_level_the_graded_speed_is_the_speed() {
    let (samples, along) = run(600, 1, 3.5, 0.0);
    let graded = Graded::of(&samples, &along);
    for model in [Model::Minetti, Model::HeartRate] {
        near(graded.mean(model).unwrap(), 3.5, 1e-9);
        near(graded.normalized(model).unwrap(), 3.5, 1e-9);
    }
}

#[test]
fn without_an_altitude_only_the_normalized_speed_is_known() {
    let (mut samples, along) = run(600, 1, 3.5, 0.0);
    samples.channels.clear();
    let graded = Graded::of(&samples, &along);
    assert_eq!(graded.mean(Model::HeartRate), None);
    near(graded.normalized(Model::HeartRate).unwrap(), 3.5, 1e-9);
}

#[test]
fn a_jump_of_the_receiver_is_no_speed() {
    let (samples, mut along) = run(600, 1, 3.0, 0.0);
    along.iter_mut().skip(300).for_each(|meters| *meters += 5000.0);
    let fastest = Graded::of(&samples, &along).speeds(Model::HeartRate).fold(0.0, f64::max);
    near(fastest, 12.0, 1e-9);
}

#[test]
fn a_pause_divides_and_counts_nothing() {
    let (mut samples, along) = run(600, 1, 3.0, 0.05);
    samples.time_ms.iter_mut().skip(300).for_each(|time| *time += 3_600_000);
    let graded = Graded::of(&samples, &along);
    assert_eq!(graded.pieces().iter().map(|piece| piece.speed.len()).collect::<Vec<_>>(), [300, 301]);
    near(graded.mean(Model::HeartRate).unwrap(), 3.0 * 1.19, 0.04);
}

#[test]
fn standing_makes_no_grade() {
    let (samples, _) = run(600, 1, 3.0, 0.10);
    let graded = Graded::of(&samples, &[0.0; 601]);
    assert_eq!(graded.mean(Model::HeartRate), None);
    assert!(graded.pieces()[0].grade.iter().all(|grade| *grade == 0.0));
}
